//! The sub-agents of a conversation.

use std::borrow::Cow;
use std::sync::Arc;

use openclaw_agent_loop::{TurnEventSender, TurnOutcome, TurnReport};
use openclaw_store::{Session, StoreError};

use super::Conversation;
use crate::offload::run_blocking;
use crate::runtime::Runtime;
use crate::subagents::{DeskOptions, SessionDesk, describe_ends};

impl Conversation {
    /// The sub-agents that run or wait in this program, by their names.
    #[must_use]
    pub fn running_subagents(&self) -> Vec<String> {
        self.runtime.subagents.child_names(self.session.id())
    }

    /// Cancels the sub-agents of this session, and waits for their ends for a short time. Returns
    /// their names.
    pub async fn cancel_subagents(&self) -> Vec<String> {
        self.runtime.subagents.cancel_children(self.session.id()).await
    }

    /// Cancels the sub-agents when the turn was cancelled, and says so.
    pub(super) async fn cancel_subagents_after(
        &self,
        report: &TurnReport,
        events: &TurnEventSender,
    ) {
        if !matches!(report.outcome, TurnOutcome::Cancelled) {
            return;
        }
        let cancelled = self.cancel_subagents().await;
        if !cancelled.is_empty() {
            let names = cancelled.join(", ");
            events
                .send_warning(format!("the sub-agents of this session were cancelled: {names}"))
                .await;
        }
    }

    /// Adds what the model does not know yet: the ends of its background commands and of its
    /// sub-agents.
    pub(super) async fn add_notices<'a>(
        &self,
        message: &'a str,
    ) -> Result<Cow<'a, str>, StoreError> {
        let message = self.add_exit_notices(message);
        let (store, id) = (self.store.clone(), self.session.id().clone());
        let ended = run_blocking(move || store.take_child_ends(&id)).await?;
        let notices = describe_ends(&ended);
        Ok(if notices.is_empty() { message } else { format!("{message}\n\n{notices}").into() })
    }

    pub(super) fn session_desk(&self, runtime: &Runtime, session: &Session) -> SessionDesk {
        SessionDesk::new(DeskOptions {
            root: (*self.root).clone(),
            runtime: runtime.clone(),
            store: self.store.clone(),
            agent: self.agent_id.clone(),
            session_id: session.id().clone(),
            session_key: session.key().clone(),
            workspace: self.workspace.clone(),
            depth: self.depth,
            approver: Arc::clone(&self.options.approver),
            model: None,
        })
    }
}
