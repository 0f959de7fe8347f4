//! `/exec`: how a session runs commands, where that differs from the config.

use openclaw_store::StoreError;
use thiserror::Error;

use super::{AgentSession, Conversation};
use crate::agent_error::AgentError;
use crate::exec_overrides::{ExecOverrides, ExecSettings};
use crate::offload::run_blocking;

/// Why a session goes on running commands as before.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum ExecChangeError {
    /// The words are not understood, or would allow more than the config does. A sentence.
    #[error("{0}")]
    Refused(String),
    /// The agent cannot run commands like that.
    #[error(transparent)]
    Agent(#[from] AgentError),
    /// The change cannot be recorded.
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl Conversation {
    /// How commands run in this session.
    #[must_use]
    pub fn exec_settings(&self) -> ExecSettings {
        self.runtime.exec_settings(&self.agent_id)
    }

    /// What the session changes of the config.
    #[must_use]
    pub fn exec_overrides(&self) -> &ExecOverrides {
        &self.exec_overrides
    }

    /// Changes how commands run in this session from now on, by the words of `/exec`; see
    /// [`ExecOverrides::with_words`]. Recorded in the session.
    ///
    /// # Errors
    /// When the words are not understood, when the policy would be wider than the config, when
    /// there is no such node, and when the change cannot be recorded; nothing changes then.
    pub async fn change_exec(&mut self, words: &str) -> Result<(), ExecChangeError> {
        let overrides = self.exec_overrides.with_words(words).map_err(ExecChangeError::Refused)?;
        let runtime = self
            .base_runtime
            .checked_with_overrides(&overrides, &self.agent_id)
            .map_err(ExecChangeError::Refused)?;
        ExecOverrides::check_node_words(words, &runtime.exec_settings(&self.agent_id))
            .map_err(ExecChangeError::Refused)?;
        runtime.check_node_change(&self.agent_id).await.map_err(ExecChangeError::Refused)?;
        let prefix = self.session.request_prefix().await;
        let session = self.session.clone();
        let connected = self.run.model_connection();
        let runs = self.run.command_runs.clone();
        let around =
            AgentSession { session: &session, prefix: prefix.as_deref(), command_runs: runs };
        let run = self.build_agent(&runtime, connected, around).await?;
        let (store, id) = (self.store.clone(), session.id().clone());
        let recorded = overrides.to_recorded();
        run_blocking(move || store.set_command_settings(&id, &recorded)).await?;
        (self.run, self.runtime, self.exec_overrides) = (run, runtime, overrides);
        Ok(())
    }
}
