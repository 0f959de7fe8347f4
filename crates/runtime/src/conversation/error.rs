//! Errors of opening a conversation.

use std::error::Error;
use std::fmt;

use openclaw_store::StoreError;

use openclaw_models::ConnectError;

/// Why a conversation cannot be opened or started.
#[derive(Debug)]
pub enum ConversationError {
    /// The model cannot be connected.
    Connect(ConnectError),
    /// The session cannot be used.
    Store(StoreError),
}

impl fmt::Display for ConversationError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Connect(error) => error.fmt(f),
            Self::Store(error) => error.fmt(f),
        }
    }
}

impl Error for ConversationError {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        match self {
            Self::Connect(error) => error.source(),
            Self::Store(error) => error.source(),
        }
    }
}

impl From<ConnectError> for ConversationError {
    fn from(error: ConnectError) -> Self {
        Self::Connect(error)
    }
}

impl From<StoreError> for ConversationError {
    fn from(error: StoreError) -> Self {
        Self::Store(error)
    }
}
