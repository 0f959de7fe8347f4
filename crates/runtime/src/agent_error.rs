//! Errors of setting up an agent and its model.

use std::error::Error;
use std::fmt;

use openclaw_models::{ConnectError, SetupError};

/// A problem in the setup of an agent.
pub type AgentSetupError = SetupError<AgentSetupErrorKind>;

/// The kind of a problem in the setup of an agent.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum AgentSetupErrorKind {
    /// The config has no such agent.
    UnknownAgent,
    /// The workspace cannot be used.
    Workspace,
    /// The config has a restriction that this program cannot enforce.
    Restriction,
    /// The tools cannot be offered together.
    Tools,
}

impl AgentSetupErrorKind {
    /// The name used in JSON, e.g. `unknown_agent`.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::UnknownAgent => "unknown_agent",
            Self::Workspace => "workspace",
            Self::Restriction => "restriction",
            Self::Tools => "tools",
        }
    }
}

/// Why an agent cannot be built: a problem in its setup, or its model cannot be connected.
///
/// Its text is a lower-case fragment that fits "failed to {…}".
#[derive(Debug)]
#[non_exhaustive]
pub enum AgentError {
    /// A problem in the setup of the agent.
    Setup(AgentSetupError),
    /// The model cannot be connected.
    Connect(ConnectError),
}

impl fmt::Display for AgentError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Setup(error) => error.fmt(f),
            Self::Connect(error) => error.fmt(f),
        }
    }
}

impl Error for AgentError {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        match self {
            Self::Setup(error) => error.source(),
            Self::Connect(error) => error.source(),
        }
    }
}

impl From<AgentSetupError> for AgentError {
    fn from(error: AgentSetupError) -> Self {
        Self::Setup(error)
    }
}

impl From<ConnectError> for AgentError {
    fn from(error: ConnectError) -> Self {
        Self::Connect(error)
    }
}
