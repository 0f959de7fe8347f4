//! The course of one turn: ask, answer the calls, ask again.

use std::time::Duration;

use openclaw_core::{
    AssistantMessage, BrokenCall, EmittedCall, History, HistoryError, JournalEntry, MessageRef,
    ModelErrorKind, Outcome, ToolCall, ToolCallId, ToolName, ToolOutput, Usage,
};
use tokio::time::Instant;

use crate::compaction::{self, Compacted};
use crate::ladder::{self, Climb, Ladder};
use crate::model_call::{Answer, Repeating};
use crate::report::add_usage;
use crate::room::{self, Room};
use crate::{
    Agent, AskedAgain, CallRepeats, Compaction, EventSender, Opening, Steering, TurnError,
    TurnErrorKind, TurnEvent, TurnOutcome, TurnReport,
};

/// A turn under way.
pub(crate) struct Turn<'a> {
    pub(crate) agent: &'a Agent,
    pub(crate) history: &'a mut History,
    pub(crate) events: EventSender,
    /// What the user says meanwhile.
    pub(crate) steering: Option<&'a Steering>,
    pub(crate) tally: Tally,
    /// The calls that were run; while one is open it may have had an effect.
    pub(crate) dispatched: Vec<ToolCallId>,
    /// What the window has left for results.
    pub(crate) room: Room,
    pub(crate) repeats: CallRepeats,
    /// A call that goes on being repeated, and how often it was made.
    pub(crate) repeated: Option<(ToolCall, u32)>,
    /// What a person has to answer before a call is decided on.
    pub(crate) question: Option<String>,
    /// The tool that the next request names.
    pub(crate) force: Option<ToolName>,
    /// Why the model was asked again since its last usable message.
    pub(crate) asked_again: Vec<AskedAgain>,
    ladder: Ladder,
    compactions: compaction::Guard,
    /// The request was too large, and the conversation was made to fit since.
    overflowed: bool,
}

/// What a turn took so far.
pub(crate) struct Tally {
    started: Instant,
    first_token_after: Option<Duration>,
    usage: Usage,
    last_usage: Option<Usage>,
    pub(crate) cacheable: u32,
    pub(crate) model_calls: u32,
    pub(crate) tool_calls: u32,
    compactions: u32,
}

impl<'a> Turn<'a> {
    pub(crate) fn new(agent: &'a Agent, history: &'a mut History, events: EventSender) -> Self {
        let tally = Tally {
            started: Instant::now(),
            first_token_after: None,
            usage: Usage::default(),
            last_usage: None,
            cacheable: 0,
            model_calls: 0,
            tool_calls: 0,
            compactions: 0,
        };
        Self {
            agent,
            history,
            events,
            steering: None,
            tally,
            dispatched: Vec::new(),
            room: Room::default(),
            repeats: CallRepeats::default(),
            repeated: None,
            question: None,
            force: None,
            asked_again: Vec::new(),
            ladder: Ladder::default(),
            compactions: compaction::Guard::default(),
            overflowed: false,
        }
    }

    /// Runs from its opening to an answer or a failure.
    pub(crate) async fn run(&mut self, opening: Opening<'_>) -> Result<TurnOutcome, TurnError> {
        match opening {
            Opening::Say(input) => self.say(input).await?,
            Opening::Resume(repeats) => self.take_up(repeats)?,
        }
        self.go_on().await
    }

    /// Takes up what a turn left that was interrupted.
    fn take_up(&mut self, repeats: Option<CallRepeats>) -> Result<(), TurnError> {
        let last = self.history.messages().last();
        if !matches!(last, Some(MessageRef::User(_) | MessageRef::ToolResult { .. })) {
            return Err(TurnError::history(HistoryError::NothingToAnswer));
        }
        let toolbox = &self.agent.toolbox;
        self.repeats = repeats.unwrap_or_else(|| CallRepeats::of_history(self.history, toolbox));
        Ok(())
    }

    /// Adds what the user says.
    async fn say(&mut self, text: &str) -> Result<(), TurnError> {
        self.record(JournalEntry::User(text)).await?;
        self.history.push_user(text);
        Ok(())
    }

    /// Adds what the user said since the last model call.
    async fn hear(&mut self) -> Result<(), TurnError> {
        let Some(steering) = self.steering else { return Ok(()) };
        while let Some(said) = steering.next() {
            self.say(said.text()).await?;
            let text = said.heard();
            // What was done before may be right now, and what was insisted on may be wrong.
            self.repeats = CallRepeats::default();
            self.ladder = Ladder::default();
            self.force = None;
            self.events.send(TurnEvent::Steered { text }).await;
        }
        Ok(())
    }

    /// Whether the turn goes on after a reply: there is something that the model has not heard,
    /// and it can still be asked.
    fn is_steered_on(&self) -> bool {
        self.tally.model_calls < self.agent.limits.model_calls
            && self.steering.is_some_and(|steering| !steering.is_empty())
    }

    async fn go_on(&mut self) -> Result<TurnOutcome, TurnError> {
        loop {
            self.hear().await?;
            if self.agent.limits.compaction.is_some()
                && compaction::is_due(self.agent, self.history).await
            {
                self.compact().await?;
                self.hear().await?;
            }
            let (message, outcome) = match self.ask().await {
                Ok(Answer::Whole(message, outcome)) => (message, outcome),
                Ok(Answer::Repeating(repeating)) => return Err(self.stop(repeating).await?),
                Err(error) => {
                    self.make_fit(error).await?;
                    continue;
                }
            };
            self.overflowed = false;
            if let Err(kind) = check(&message, outcome) {
                self.ask_again(kind).await?;
                continue;
            }
            self.asked_again.clear();
            if message.calls.is_empty() {
                let replied = self.reply(message, outcome).await?;
                if self.is_steered_on() {
                    continue;
                }
                return Ok(replied);
            }
            let give_up = self.take_calls(message).await?;
            if let Some(question) = self.question.take() {
                return Ok(TurnOutcome::NeedsInput { question });
            }
            if let Some((call, times)) = give_up {
                return Err(TurnError::broken(call, times));
            }
            if let Some((call, times)) = self.repeated.take() {
                return Err(TurnError::repeated(&call, times));
            }
            let limit = self.agent.limits.tool_calls;
            if self.tally.tool_calls > limit {
                return Err(TurnError::limit(TurnErrorKind::ToolCallLimit, limit));
            }
        }
    }

    /// Makes a conversation fit that the server found too large, once; any other failure stays
    /// one.
    async fn make_fit(&mut self, error: TurnError) -> Result<(), TurnError> {
        let is_overflow =
            matches!(error.kind(), TurnErrorKind::Model(ModelErrorKind::ContextOverflow { .. }));
        let may = is_overflow && !self.overflowed && self.agent.limits.compaction.is_some();
        if !may || self.compact().await?.is_none() {
            return Err(error);
        }
        self.overflowed = true;
        Ok(())
    }

    /// Puts a summary in the place of the conversation's beginning, if that helps.
    pub(crate) async fn compact(&mut self) -> Result<Option<Compaction>, TurnError> {
        self.events.send(TurnEvent::Compacting).await;
        let guard = &mut self.compactions;
        let compacted = compaction::compact(self.agent, self.history, guard, &self.events).await;
        let Some(Compacted { keep, summary, report, usage }) = compacted else { return Ok(None) };
        if let Some(usage) = usage {
            add_usage(&mut self.tally.usage, usage);
        }
        let mut history = self.history.clone();
        history.compact(keep, summary.clone()).map_err(TurnError::history)?;
        self.record(JournalEntry::Compacted { keep, summary: &summary }).await?;
        *self.history = history;
        self.tally.compactions += 1;
        self.events.send(TurnEvent::Compacted(report)).await;
        Ok(Some(report))
    }

    /// Keeps a last message.
    async fn reply(
        &mut self,
        message: AssistantMessage,
        outcome: Outcome,
    ) -> Result<TurnOutcome, TurnError> {
        let text = message.text.clone();
        self.keep(message).await?;
        if self.agent.silent.as_deref().is_some_and(|word| text.trim() == word.trim()) {
            return Ok(TurnOutcome::Silent);
        }
        Ok(TurnOutcome::Reply { text, truncated: outcome == Outcome::Truncated })
    }

    /// Keeps a message with calls and answers them all. Returns the broken call that is one too
    /// many.
    async fn take_calls(
        &mut self,
        mut message: AssistantMessage,
    ) -> Result<Option<(BrokenCall, u32)>, TurnError> {
        let toolbox = &self.agent.toolbox;
        let Climb { steps, force, give_up } = self.ladder.climb(toolbox, &message.calls);
        let mut broken = Vec::new();
        for call in &mut message.calls {
            if let EmittedCall::Broken(call) = call {
                broken.push((call.name.clone(), call.problem.clone()));
                let expected = ladder::expected(toolbox, &call.name);
                call.problem = format!("{} {expected}", call.problem);
            }
        }
        self.force = force;
        let calls = self.keep(message).await?;
        for ((name, problem), step) in broken.into_iter().zip(steps) {
            self.events.send(TurnEvent::CallBroken { name, problem, step }).await;
        }
        self.answer(calls).await?;
        Ok(give_up)
    }

    /// Prepares to ask once more after a message with nothing in it, or fails.
    async fn ask_again(&mut self, kind: TurnErrorKind) -> Result<(), TurnError> {
        let why = match kind {
            TurnErrorKind::Empty => AskedAgain::Empty,
            TurnErrorKind::ReasoningOnly => AskedAgain::ReasoningOnly,
            other => return Err(TurnError::no_answer(other)),
        };
        let exhausted = self.tally.model_calls >= self.agent.limits.model_calls;
        if exhausted || self.asked_again.contains(&why) {
            return Err(TurnError::no_answer(kind));
        }
        self.asked_again.push(why);
        self.events.send(TurnEvent::AskedAgain { why }).await;
        Ok(())
    }

    /// Keeps what was said before a repetition, and says how the turn ends.
    async fn stop(&mut self, repeating: Repeating) -> Result<TurnError, TurnError> {
        let Repeating { part, sample, said } = repeating;
        let event = TurnEvent::Repetition { part, sample: sample.clone() };
        let message = AssistantMessage::text(said.trim_end());
        let kept = (!message.is_empty()).then(|| message.text.clone());
        if kept.is_some() {
            self.keep(message).await?;
        }
        self.events.send(event).await;
        Ok(TurnError::repetition(part, sample, kept))
    }

    /// Answers what was left open, so that the model learns why: `why` fits "because {…}".
    ///
    /// Nothing is written to the journal: it holds a call without a result, which is what
    /// happened, and it may be what the turn was waiting for.
    pub(crate) fn interrupt(&mut self, why: &str) {
        if self.tally.model_calls == 0 {
            return; // What is open is of an earlier turn.
        }
        let open: Vec<ToolCallId> = self.history.open_calls().map(|call| call.id.clone()).collect();
        for id in open {
            let text = if self.dispatched.contains(&id) {
                format!(
                    "This call was interrupted because {why}. It may or may not have had an \
                     effect; check before you repeat it."
                )
            } else {
                format!("This call was not run: {why}.")
            };
            // An open call takes a result.
            let _ = self.history.resolve(&id, ToolOutput::error(text));
        }
    }

    pub(crate) fn into_report(self, outcome: TurnOutcome) -> TurnReport {
        let tally = self.tally;
        TurnReport {
            outcome,
            usage: tally.usage,
            last_usage: tally.last_usage,
            cacheable: tally.cacheable,
            model_calls: tally.model_calls,
            tool_calls: tally.tool_calls,
            compactions: tally.compactions,
            duration: tally.started.elapsed(),
            first_token_after: tally.first_token_after,
            repeats: self.repeats,
        }
    }

    pub(crate) async fn record(&self, entry: JournalEntry<'_>) -> Result<(), TurnError> {
        self.agent.journal.append(entry).await.map_err(TurnError::journal)
    }

    /// Measures the room for results after what the server counted for the last answer.
    pub(crate) fn measure(&mut self, usage: Option<Usage>) {
        self.room = Room::after(self.agent, usage, || room::said(self.agent, self.history));
    }

    /// Records a whole message, adds it to the history and returns the calls to answer.
    async fn keep(&mut self, message: AssistantMessage) -> Result<Vec<ToolCall>, TurnError> {
        // On a copy first: what the history would refuse is not recorded either.
        let mut history = self.history.clone();
        let calls = history.push_assistant(message.clone()).map_err(TurnError::history)?;
        self.record(JournalEntry::Assistant(&message)).await?;
        *self.history = history;
        Ok(calls)
    }
}

impl Tally {
    /// Notes that content arrived.
    pub(crate) fn content(&mut self) {
        let started = self.started;
        self.first_token_after.get_or_insert_with(|| started.elapsed());
    }

    /// Adds what the server counted for one model call.
    pub(crate) fn count(&mut self, usage: Usage) {
        add_usage(&mut self.usage, usage);
        self.last_usage = Some(usage);
    }
}

/// Refuses a message with which the turn cannot go on. Decided from the content: an outcome that
/// claims a reply is not believed when there is none.
fn check(message: &AssistantMessage, outcome: Outcome) -> Result<(), TurnErrorKind> {
    let reasoned = || message.reasoning.as_ref().is_some_and(|r| !r.text.trim().is_empty());
    if outcome == Outcome::Refused {
        return Err(TurnErrorKind::Refused);
    }
    if !message.is_empty() {
        return Ok(());
    }
    Err(match outcome {
        Outcome::ReasoningCut => TurnErrorKind::ReasoningCut,
        Outcome::ReasoningOnly => TurnErrorKind::ReasoningOnly,
        Outcome::Truncated if !reasoned() => TurnErrorKind::CutOff,
        _ if reasoned() => TurnErrorKind::ReasoningOnly,
        _ => TurnErrorKind::Empty,
    })
}
