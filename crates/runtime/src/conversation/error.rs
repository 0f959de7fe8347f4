//! Errors of opening a conversation.

use std::error::Error;
use std::fmt;

use openclaw_models::ConnectError;
use openclaw_store::StoreError;

use crate::agent_error::{AgentError, AgentSetupError};

/// Why a conversation cannot be opened or started.
#[derive(Debug)]
pub enum ConversationError {
    /// The agent cannot be built.
    Agent(AgentError),
    /// The session cannot be used.
    Store(StoreError),
}

impl fmt::Display for ConversationError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Agent(error) => error.fmt(f),
            Self::Store(error) => error.fmt(f),
        }
    }
}

impl Error for ConversationError {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        match self {
            Self::Agent(error) => error.source(),
            Self::Store(error) => error.source(),
        }
    }
}

impl From<AgentError> for ConversationError {
    fn from(error: AgentError) -> Self {
        Self::Agent(error)
    }
}

impl From<AgentSetupError> for ConversationError {
    fn from(error: AgentSetupError) -> Self {
        Self::Agent(error.into())
    }
}

impl From<ConnectError> for ConversationError {
    fn from(error: ConnectError) -> Self {
        Self::Agent(error.into())
    }
}

impl From<StoreError> for ConversationError {
    fn from(error: StoreError) -> Self {
        Self::Store(error)
    }
}
