//! What is recorded around a turn.

use openclaw_agent_loop::{TurnOutcome, TurnReport};
use openclaw_store::{Prefix, StoreError, TurnRecord};

use super::{Conversation, context};

impl Conversation {
    /// Records what requests begin with, before the first of them.
    pub(super) async fn keep_prefix(&self) -> Result<(), StoreError> {
        let system = Some(self.run.prompt.text().into());
        let tools = self.run.agent.tools().clone();
        self.session.set_prefix(&Prefix { system, tools }).await
    }

    /// Records how a turn ended.
    pub(super) async fn end(&mut self, report: &TurnReport) {
        let info = self.run.model.info();
        self.context = context::after(report, &info).or(self.context);
        let turn = TurnRecord {
            outcome: name(&report.outcome).to_owned(),
            model: (report.first_token_after.is_some()).then(|| info.reference.to_string()),
            usage: report.usage,
            context: self.context.map(|context| context.tokens),
            duration: report.duration,
        };
        if let Err(error) = self.session.end_turn(&self.history, &turn).await {
            let hint = error.hint().map_or(String::new(), |hint| format!("; {hint}"));
            let notice = format!("how the turn ended is not recorded: failed to {error}{hint}");
            self.runtime.connector.notices.push(notice);
        }
        self.look_for_turn().await;
    }

    /// Notes that a turn runs: if it is dropped, it can be taken up.
    pub(super) fn is_under_way(&mut self) {
        (self.found.unfinished_turn, self.found.unanswered_turn) = (true, false);
    }

    /// Notes whether there is a turn to take up.
    pub(super) async fn look_for_turn(&mut self) {
        self.found.unfinished_turn = self.session.unfinished_turn().await;
        self.found.unanswered_turn = self.session.unanswered_turn().await;
    }
}

/// The name under which an outcome is recorded.
fn name(outcome: &TurnOutcome) -> &'static str {
    match outcome {
        TurnOutcome::Reply { .. } => "reply",
        TurnOutcome::Silent => "silent",
        TurnOutcome::NeedsInput { .. } => "needs_input",
        TurnOutcome::Cancelled => "cancelled",
        TurnOutcome::TimedOut { .. } => "timed_out",
        _ => "failed",
    }
}
