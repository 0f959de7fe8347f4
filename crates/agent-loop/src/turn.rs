//! The course of one turn: ask, answer the calls, ask again.

use std::time::Duration;

use openclaw_core::{
    AssistantMessage, EmittedCall, History, JournalEntry, Outcome, ToolCall, ToolCallId,
    ToolOutput, Usage,
};
use tokio::time::Instant;

use crate::report::add_usage;
use crate::{
    Agent, EventSender, Limit, TurnError, TurnErrorKind, TurnEvent, TurnOutcome, TurnReport,
};

/// A turn under way.
pub(crate) struct Turn<'a> {
    pub(crate) agent: &'a Agent,
    pub(crate) history: &'a mut History,
    pub(crate) events: EventSender,
    pub(crate) tally: Tally,
    /// The last call that was run; while it is open it may have had an effect.
    pub(crate) dispatched: Option<ToolCallId>,
}

/// What a turn took so far.
pub(crate) struct Tally {
    started: Instant,
    first_token_after: Option<Duration>,
    usage: Usage,
    last_usage: Option<Usage>,
    pub(crate) model_calls: u32,
    pub(crate) tool_calls: u32,
}

impl<'a> Turn<'a> {
    pub(crate) fn new(agent: &'a Agent, history: &'a mut History, events: EventSender) -> Self {
        let tally = Tally {
            started: Instant::now(),
            first_token_after: None,
            usage: Usage::default(),
            last_usage: None,
            model_calls: 0,
            tool_calls: 0,
        };
        Self { agent, history, events, tally, dispatched: None }
    }

    /// Runs to an answer or a failure.
    pub(crate) async fn run(&mut self, input: &str) -> Result<TurnOutcome, TurnError> {
        self.record(JournalEntry::User(input)).await?;
        self.history.push_user(input);
        loop {
            let (message, outcome) = self.ask().await?;
            check(&message, outcome)?;
            if message.calls.is_empty() {
                let text = message.text.clone();
                self.keep(message).await?;
                return Ok(TurnOutcome::Reply { text, truncated: outcome == Outcome::Truncated });
            }
            for call in self.keep(message).await? {
                self.answer(call).await?;
            }
            let limit = self.agent.limits.tool_calls;
            if self.tally.tool_calls > limit {
                return Err(TurnError::limit(TurnErrorKind::ToolCallLimit, limit));
            }
        }
    }

    /// Answers what the turn's clock left open, so that the model learns why.
    ///
    /// Nothing is written to the journal: it holds a call without a result, which is what
    /// happened, and it may be what the turn was waiting for.
    pub(crate) fn interrupt(&mut self, limit: &Limit) {
        if self.tally.model_calls == 0 {
            return; // What is open is of an earlier turn.
        }
        let open: Vec<ToolCallId> = self.history.open_calls().map(|call| call.id.clone()).collect();
        for id in open {
            let text = if self.dispatched.as_ref() == Some(&id) {
                format!(
                    "This call was interrupted because the turn's time ran out ({limit}). It may \
                     or may not have had an effect; check before you repeat it."
                )
            } else {
                format!("This call was not run: the turn's time ran out ({limit}).")
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
            model_calls: tally.model_calls,
            tool_calls: tally.tool_calls,
            duration: tally.started.elapsed(),
            first_token_after: tally.first_token_after,
        }
    }

    pub(crate) async fn record(&self, entry: JournalEntry<'_>) -> Result<(), TurnError> {
        self.agent.journal.append(entry).await.map_err(TurnError::journal)
    }

    /// Records a whole message, adds it to the history and returns the calls to answer.
    async fn keep(&mut self, message: AssistantMessage) -> Result<Vec<ToolCall>, TurnError> {
        // On a copy first: what the history would refuse is not recorded either.
        let mut history = self.history.clone();
        let calls = history.push_assistant(message.clone()).map_err(TurnError::history)?;
        self.record(JournalEntry::Assistant(&message)).await?;
        *self.history = history;
        for call in message.calls {
            if let EmittedCall::Broken(call) = call {
                let (name, problem) = (call.name, call.problem);
                self.events.send(TurnEvent::CallBroken { name, problem }).await;
            }
        }
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

/// Fails for a message with which the turn cannot go on. Decided from the content: an outcome
/// that claims a reply is not believed when there is none.
fn check(message: &AssistantMessage, outcome: Outcome) -> Result<(), TurnError> {
    let reasoned = || message.reasoning.as_ref().is_some_and(|r| !r.text.trim().is_empty());
    if outcome == Outcome::Refused {
        return Err(TurnError::no_answer(TurnErrorKind::Refused));
    }
    if message.is_empty() {
        let reasoned = outcome == Outcome::ReasoningOnly || reasoned();
        let kind = if reasoned { TurnErrorKind::ReasoningOnly } else { TurnErrorKind::Empty };
        return Err(TurnError::no_answer(kind));
    }
    Ok(())
}
