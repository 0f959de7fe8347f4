//! The session of a conversation in the store, and the others of its folder to go on with.

use std::sync::Arc;

use openclaw_store::{SessionId, SessionInfo, StoreError};

use super::folder_session::session_folder;
use super::{Conversation, ConversationError, ConversationOptions, SessionTarget};
use crate::offload::run_blocking;

impl Conversation {
    /// What the store has about the session of this conversation.
    ///
    /// # Errors
    /// When the store cannot be read.
    pub async fn session_info(&self) -> Result<SessionInfo, StoreError> {
        let (store, id) = (self.store.clone(), self.session.id().clone());
        run_blocking(move || store.find_session(id.as_str())).await
    }

    /// The sessions of this agent in the folder of this conversation, the last used first.
    ///
    /// # Errors
    /// When the store cannot be read.
    pub async fn folder_sessions(&self) -> Result<Vec<SessionInfo>, StoreError> {
        let (runtime, store) = (self.runtime.clone(), self.store.clone());
        let agent = self.agent_id.clone();
        let folder = self.options.workspace.clone().or_else(|| session_folder(self.session.key()));
        run_blocking(move || runtime.folder_sessions(&store, &agent, folder.as_deref())).await
    }

    /// Goes on with another session, with the same options otherwise. Background commands of the
    /// session so far end.
    ///
    /// # Errors
    /// When it cannot be opened, as for
    /// [`open_conversation`](crate::Runtime::open_conversation); the conversation is then unchanged.
    pub async fn switch_session(&mut self, id: SessionId) -> Result<(), ConversationError> {
        if id == *self.session.id() {
            return Ok(());
        }
        let options = ConversationOptions {
            target: Some(SessionTarget::Id(id)),
            agent: Some(self.agent_id.clone()),
            model: self.options.model.clone(),
            workspace: self.options.workspace.clone(),
            time_limit: self.options.time_limit.clone(),
            approver: Arc::clone(&self.options.approver),
        };
        *self = Box::pin(self.root.open_conversation_in(self.store.clone(), options)).await?;
        Ok(())
    }
}
