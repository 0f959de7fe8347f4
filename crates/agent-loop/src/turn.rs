//! The loop of one turn: call the model, answer its tool calls, repeat.

use std::collections::HashSet;
use std::time::Duration;

use openclaw_core::{
    AnswerOutcome, AssistantMessage, EmittedToolCall, History, HistoryError, InvalidToolCall,
    JournalEntry, MessageRef, ModelErrorKind, TokenUsage, ToolCall, ToolCallId, ToolName,
    ToolOutput,
};
use tokio::time::Instant;

use crate::compaction::{self, CompactionPlan};
use crate::invalid_calls::{self, InvalidCallTracker, RecoveryPlan};
use crate::model_call::{ModelCallOutcome, RepetitiveAnswer};
use crate::output_budget::{self, OutputBudget};
use crate::report::add_usage;
use crate::{
    Agent, CallRepeatTracker, CompactionReport, RepromptReason, SteeringQueue, TurnError,
    TurnErrorKind, TurnEvent, TurnEventSender, TurnInput, TurnOutcome, TurnReport,
};

/// A running turn.
pub(crate) struct ActiveTurn<'a> {
    pub(crate) agent: &'a Agent,
    pub(crate) history: &'a mut History,
    pub(crate) events: TurnEventSender,
    /// Messages that the user sends while the turn runs.
    pub(crate) steering: Option<&'a SteeringQueue>,
    pub(crate) stats: TurnStats,
    /// The calls that were started; one that is still open may have had an effect.
    pub(crate) dispatched_calls: HashSet<ToolCallId>,
    /// The bytes that the context window has left for tool results.
    pub(crate) output_budget: OutputBudget,
    pub(crate) call_repeats: CallRepeatTracker,
    /// A call that ends the turn because it is repeated, and how often it was made.
    pub(crate) repeated_call: Option<(ToolCall, u32)>,
    /// The question that the user must answer before a call can be decided on.
    pub(crate) pending_question: Option<String>,
    /// The tool that the next request forces.
    pub(crate) forced_tool: Option<ToolName>,
    /// Why the model was called again since its last usable message.
    pub(crate) reprompts: Vec<RepromptReason>,
    invalid_calls: InvalidCallTracker,
    compaction_guard: compaction::CompactionGuard,
    /// Whether the history was already compacted because the server found a request too large.
    compacted_after_overflow: bool,
}

/// The counts and times of a turn so far.
pub(crate) struct TurnStats {
    started: Instant,
    first_token_after: Option<Duration>,
    usage: TokenUsage,
    last_usage: Option<TokenUsage>,
    pub(crate) cacheable_tokens: u32,
    pub(crate) model_calls: u32,
    pub(crate) tool_calls: u32,
    compactions: u32,
}

impl<'a> ActiveTurn<'a> {
    pub(crate) fn new(agent: &'a Agent, history: &'a mut History, events: TurnEventSender) -> Self {
        let stats = TurnStats {
            started: Instant::now(),
            first_token_after: None,
            usage: TokenUsage::default(),
            last_usage: None,
            cacheable_tokens: 0,
            model_calls: 0,
            tool_calls: 0,
            compactions: 0,
        };
        Self {
            agent,
            history,
            events,
            steering: None,
            stats,
            dispatched_calls: HashSet::new(),
            output_budget: OutputBudget::default(),
            call_repeats: CallRepeatTracker::default(),
            repeated_call: None,
            pending_question: None,
            forced_tool: None,
            reprompts: Vec::new(),
            invalid_calls: InvalidCallTracker::default(),
            compaction_guard: compaction::CompactionGuard::default(),
            compacted_after_overflow: false,
        }
    }

    /// Runs from the turn's input to a reply or a failure.
    pub(crate) async fn run_turn(
        &mut self,
        opening: TurnInput<'_>,
    ) -> Result<TurnOutcome, TurnError> {
        match opening {
            TurnInput::Message(input) => self.push_user_message(input).await?,
            TurnInput::Resume(repeats) => self.resume_turn(repeats)?,
        }
        self.run_model_loop().await
    }

    /// Continues an interrupted turn.
    fn resume_turn(&mut self, repeats: Option<CallRepeatTracker>) -> Result<(), TurnError> {
        let last = self.history.messages().last();
        if !matches!(last, Some(MessageRef::User(_) | MessageRef::ToolResult { .. })) {
            return Err(TurnError::from_history(HistoryError::NothingToAnswer));
        }
        let tools = &self.agent.tools;
        self.call_repeats =
            repeats.unwrap_or_else(|| CallRepeatTracker::from_history(self.history, tools));
        Ok(())
    }

    /// Records a user message and adds it to the history.
    async fn push_user_message(&mut self, text: &str) -> Result<(), TurnError> {
        self.record_entry(JournalEntry::UserMessage(text)).await?;
        self.history.push_user_message(text);
        Ok(())
    }

    /// Adds the steering messages that came since the last model call.
    async fn apply_steering(&mut self) -> Result<(), TurnError> {
        let Some(steering) = self.steering else { return Ok(()) };
        while let Some(said) = steering.next_message() {
            self.push_user_message(said.text()).await?;
            let text = said.into_recorded();
            // The user may want a call repeated, or another tool than the forced one.
            self.call_repeats = CallRepeatTracker::default();
            self.invalid_calls = InvalidCallTracker::default();
            self.forced_tool = None;
            self.events.send_event(TurnEvent::SteeringApplied { text }).await;
        }
        Ok(())
    }

    /// Returns whether the turn goes on after a reply: steering messages are pending, and the limit
    /// of model calls is not reached.
    fn has_pending_steering(&self) -> bool {
        self.stats.model_calls < self.agent.limits.max_model_calls
            && self.steering.is_some_and(|steering| !steering.is_empty())
    }

    async fn run_model_loop(&mut self) -> Result<TurnOutcome, TurnError> {
        loop {
            self.apply_steering().await?;
            if self.agent.limits.compaction.is_some()
                && compaction::is_compaction_due(self.agent, self.history).await
            {
                self.compact_history().await?;
                self.apply_steering().await?;
            }
            let (message, outcome) = match self.call_model().await {
                Ok(ModelCallOutcome::Complete(message, outcome)) => (message, outcome),
                Ok(ModelCallOutcome::Repetitive(repeating)) => {
                    return Err(self.stop_on_repetition(repeating).await?);
                }
                Err(error) => {
                    self.compact_after_overflow(error).await?;
                    continue;
                }
            };
            self.compacted_after_overflow = false;
            if let Err(kind) = check_answer(&message, outcome) {
                self.prepare_reprompt(kind).await?;
                continue;
            }
            self.reprompts.clear();
            if message.calls.is_empty() {
                let replied = self.commit_reply(message, outcome).await?;
                if self.has_pending_steering() {
                    continue;
                }
                return Ok(replied);
            }
            let give_up = self.process_calls(message).await?;
            if let Some(question) = self.pending_question.take() {
                return Ok(TurnOutcome::NeedsInput { question });
            }
            if let Some((call, times)) = give_up {
                return Err(TurnError::invalid_calls(call, times));
            }
            if let Some((call, times)) = self.repeated_call.take() {
                return Err(TurnError::repeated_calls(&call, times));
            }
            let limit = self.agent.limits.max_tool_calls;
            if self.stats.tool_calls > limit {
                return Err(TurnError::limit_reached(TurnErrorKind::ToolCallLimit, limit));
            }
        }
    }

    /// Compacts a conversation that the server found too large, at most once per turn; returns any
    /// other failure as it is.
    async fn compact_after_overflow(&mut self, error: TurnError) -> Result<(), TurnError> {
        let is_overflow =
            matches!(error.kind(), TurnErrorKind::Model(ModelErrorKind::ContextOverflow { .. }));
        let may =
            is_overflow && !self.compacted_after_overflow && self.agent.limits.compaction.is_some();
        if !may || self.compact_history().await?.is_none() {
            return Err(error);
        }
        self.compacted_after_overflow = true;
        Ok(())
    }

    /// Replaces the beginning of the conversation by a summary, if that cuts enough.
    pub(crate) async fn compact_history(&mut self) -> Result<Option<CompactionReport>, TurnError> {
        self.events.send_event(TurnEvent::CompactionStarted).await;
        let guard = &mut self.compaction_guard;
        let compacted =
            compaction::plan_compaction(self.agent, self.history, guard, &self.events).await;
        let Some(CompactionPlan { kept_steps: keep, summary, report, usage }) = compacted else {
            return Ok(None);
        };
        if let Some(usage) = usage {
            add_usage(&mut self.stats.usage, usage);
        }
        let mut history = self.history.clone();
        history.apply_summary(keep, summary.clone()).map_err(TurnError::from_history)?;
        self.record_entry(JournalEntry::Compacted { kept_steps: keep, summary: &summary }).await?;
        *self.history = history;
        self.stats.compactions += 1;
        self.events.send_event(TurnEvent::CompactionFinished(report)).await;
        Ok(Some(report))
    }

    /// Records the last message of a turn and returns the outcome.
    async fn commit_reply(
        &mut self,
        message: AssistantMessage,
        outcome: AnswerOutcome,
    ) -> Result<TurnOutcome, TurnError> {
        let text = message.text.clone();
        self.commit_message(message).await?;
        if self.agent.no_reply_marker.as_deref().is_some_and(|word| text.trim() == word.trim()) {
            return Ok(TurnOutcome::NoReply);
        }
        Ok(TurnOutcome::Reply { text, truncated: outcome == AnswerOutcome::Truncated })
    }

    /// Records a message with calls and answers them all. Returns the invalid call that ends the
    /// turn, if there is one.
    async fn process_calls(
        &mut self,
        mut message: AssistantMessage,
    ) -> Result<Option<(InvalidToolCall, u32)>, TurnError> {
        let tools = &self.agent.tools;
        let RecoveryPlan { recoveries: steps, forced_tool: force, aborting_call: give_up } =
            self.invalid_calls.plan_recovery(tools, &message.calls);
        let mut broken = Vec::new();
        for call in &mut message.calls {
            if let EmittedToolCall::Invalid(call) = call {
                broken.push((call.name.clone(), call.problem.clone()));
                let expected = invalid_calls::describe_expected_arguments(tools, &call.name);
                call.problem = format!("{} {expected}", call.problem);
            }
        }
        self.forced_tool = force;
        let calls = self.commit_message(message).await?;
        for ((name, problem), step) in broken.into_iter().zip(steps) {
            self.events
                .send_event(TurnEvent::ToolCallInvalid { name, problem, recovery: step })
                .await;
        }
        self.answer_calls(calls).await?;
        Ok(give_up)
    }

    /// Prepares to call the model once more after an unusable message, or fails.
    async fn prepare_reprompt(&mut self, kind: TurnErrorKind) -> Result<(), TurnError> {
        let why = match kind {
            TurnErrorKind::Empty => RepromptReason::Empty,
            TurnErrorKind::ReasoningOnly => RepromptReason::ReasoningOnly,
            other => return Err(TurnError::no_answer(other)),
        };
        let exhausted = self.stats.model_calls >= self.agent.limits.max_model_calls;
        if exhausted || self.reprompts.contains(&why) {
            return Err(TurnError::no_answer(kind));
        }
        self.reprompts.push(why);
        self.events.send_event(TurnEvent::ModelReprompted { reason: why }).await;
        Ok(())
    }

    /// Keeps the text before a repetition, and returns the turn's error.
    async fn stop_on_repetition(
        &mut self,
        repeating: RepetitiveAnswer,
    ) -> Result<TurnError, TurnError> {
        let RepetitiveAnswer { part, sample, text: said } = repeating;
        let event = TurnEvent::RepetitionDetected { part, sample: sample.clone() };
        let message = AssistantMessage::from_text(said.trim_end());
        let kept = (!message.is_empty()).then(|| message.text.clone());
        if kept.is_some() {
            self.commit_message(message).await?;
        }
        self.events.send_event(event).await;
        Ok(TurnError::endless_repetition(part, sample, kept))
    }

    /// Answers open calls as interrupted, so that the model learns why: `why` fits "because {…}".
    ///
    /// Not recorded: an open call in the journal is what happened, and the journal may be what the
    /// turn was waiting for.
    pub(crate) fn interrupt_open_calls(&mut self, why: &str) {
        if self.stats.model_calls == 0 {
            return; // The open calls are an earlier turn's.
        }
        let open: Vec<ToolCallId> = self.history.open_calls().map(|call| call.id.clone()).collect();
        for id in open {
            let text = if self.dispatched_calls.contains(&id) {
                format!(
                    "This call was interrupted because {why}. It may or may not have had an \
                     effect; check before you repeat it."
                )
            } else {
                format!("This call was not run: {why}.")
            };
            // Resolving an open call cannot fail.
            let _ = self.history.resolve_call(&id, ToolOutput::from_error(text));
        }
    }

    pub(crate) fn into_report(self, outcome: TurnOutcome) -> TurnReport {
        let tally = self.stats;
        TurnReport {
            outcome,
            usage: tally.usage,
            last_usage: tally.last_usage,
            cacheable_tokens: tally.cacheable_tokens,
            model_calls: tally.model_calls,
            tool_calls: tally.tool_calls,
            compactions: tally.compactions,
            duration: tally.started.elapsed(),
            first_token_after: tally.first_token_after,
            call_repeats: self.call_repeats,
        }
    }

    pub(crate) async fn record_entry(&self, entry: JournalEntry<'_>) -> Result<(), TurnError> {
        self.agent.journal.append_entry(entry).await.map_err(TurnError::from_journal)
    }

    /// Updates the budget for tool results from the usage of the last answer.
    pub(crate) fn update_output_budget(&mut self, usage: Option<TokenUsage>) {
        self.output_budget = OutputBudget::after_answer(self.agent, usage, || {
            output_budget::request_bytes(self.agent, self.history)
        });
    }

    /// Records a complete message, adds it to the history and returns the calls to answer.
    async fn commit_message(
        &mut self,
        message: AssistantMessage,
    ) -> Result<Vec<ToolCall>, TurnError> {
        // Checked first: a message that the history refuses must not be recorded.
        let message =
            self.history.prepare_assistant_message(message).map_err(TurnError::from_history)?;
        self.record_entry(JournalEntry::AssistantMessage(&message)).await?;
        self.history.push_assistant_message(message).map_err(TurnError::from_history)
    }
}

impl TurnStats {
    /// Records the time of the first content.
    pub(crate) fn mark_first_token(&mut self) {
        let started = self.started;
        self.first_token_after.get_or_insert_with(|| started.elapsed());
    }

    /// Adds the usage of one model call.
    pub(crate) fn record_usage(&mut self, usage: TokenUsage) {
        add_usage(&mut self.usage, usage);
        self.last_usage = Some(usage);
    }
}

/// Refuses a message that the turn cannot use. Decided from the content: the reported outcome alone
/// is not trusted.
fn check_answer(message: &AssistantMessage, outcome: AnswerOutcome) -> Result<(), TurnErrorKind> {
    let reasoned = || message.reasoning.as_ref().is_some_and(|r| !r.text.trim().is_empty());
    if outcome == AnswerOutcome::Refused {
        return Err(TurnErrorKind::Refused);
    }
    if !message.is_empty() {
        return Ok(());
    }
    Err(match outcome {
        AnswerOutcome::ReasoningTruncated => TurnErrorKind::ReasoningTruncated,
        AnswerOutcome::ReasoningOnly => TurnErrorKind::ReasoningOnly,
        AnswerOutcome::Truncated if !reasoned() => TurnErrorKind::OutputLimitReached,
        _ if reasoned() => TurnErrorKind::ReasoningOnly,
        _ => TurnErrorKind::Empty,
    })
}
