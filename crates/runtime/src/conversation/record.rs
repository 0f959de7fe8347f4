//! Records the start and the end of a turn.

use openclaw_agent_loop::{TurnEventSender, TurnOutcome, TurnReport};
use openclaw_store::{RequestPrefix, StoreError, TurnRecord};

use super::{Conversation, context};

impl Conversation {
    /// Records the system prompt and the tools before the first request.
    pub(super) async fn record_prefix(&self) -> Result<(), StoreError> {
        let system = Some(self.run.prompt.full_text().into());
        let tools = self.run.agent.tool_specs().clone();
        self.session.set_request_prefix(&RequestPrefix { system_prompt: system, tools }).await
    }

    /// Records how a turn ended.
    pub(super) async fn end_turn(&mut self, report: &TurnReport, events: TurnEventSender) {
        let info = self.run.model.model_info();
        self.context = context::context_use_after(report, &info).or(self.context);
        let turn = TurnRecord {
            outcome: outcome_name(&report.outcome).to_owned(),
            model: (report.first_token_after.is_some()).then(|| info.reference.to_string()),
            usage: report.usage,
            context_tokens: self.context.map(|context| context.tokens),
            duration: report.duration,
        };
        if let Err(error) = self.session.end_turn(&self.history, &turn).await {
            let hint = error.hint().map_or(String::new(), |hint| format!("; {hint}"));
            let warning = format!("how the turn ended is not recorded: failed to {error}{hint}");
            events.send_warning(warning).await;
        }
        self.refresh_resumable().await;
    }

    /// Marks a turn as started: if its future is dropped, it can be resumed.
    pub(super) fn mark_turn_started(&mut self) {
        (self.recovery.has_interrupted_turn, self.recovery.has_unanswered_turn) = (true, false);
    }

    /// Updates whether there is a turn to resume.
    pub(super) async fn refresh_resumable(&mut self) {
        self.recovery.has_interrupted_turn = self.session.has_interrupted_turn().await;
        self.recovery.has_unanswered_turn = self.session.has_unanswered_turn().await;
    }
}

/// The recorded name of an outcome.
fn outcome_name(outcome: &TurnOutcome) -> &'static str {
    match outcome {
        TurnOutcome::Reply { .. } => "reply",
        TurnOutcome::NoReply => "silent",
        TurnOutcome::NeedsInput { .. } => "needs_input",
        TurnOutcome::Cancelled => "cancelled",
        TurnOutcome::TimedOut { .. } => "timed_out",
        _ => "failed",
    }
}
