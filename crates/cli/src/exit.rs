//! How the program ends.

use openclaw_core::ModelErrorKind;
use openclaw_runtime::{ConnectError, SetupErrorKind};

/// The end of a run; each has one exit code.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Exit {
    /// What was asked for was done.
    Ok,
    /// It was tried and failed.
    Failed,
    /// The command line makes no sense.
    Usage,
    /// The config cannot be used.
    Config,
    /// No server answers.
    Unreachable,
    /// The server, or a person, refused.
    Refused,
    /// A clock of this program ran out.
    TimedOut,
    /// A person stopped it.
    Interrupted,
}

/// Every exit code with its meaning, for the documentation.
pub const EXIT_CODES: &[(u8, &str)] = &[
    (Exit::Ok.code(), "What was asked for was done."),
    (Exit::Failed.code(), "It was tried and failed; stderr, or `error` in the JSON, says why."),
    (Exit::Usage.code(), "The command line makes no sense."),
    (Exit::Config.code(), "The config cannot be used; nothing was sent."),
    (Exit::Unreachable.code(), "No server answers at the address."),
    (Exit::Refused.code(), "The server refused the key, the model or the request."),
    (Exit::TimedOut.code(), "A clock ran out; the message names it and where it is set."),
    (Exit::Interrupted.code(), "Stopped by Ctrl-C."),
];

impl Exit {
    /// The code that the process ends with.
    #[must_use]
    pub const fn code(self) -> u8 {
        match self {
            Self::Ok => 0,
            Self::Failed => 1,
            Self::Usage => 2,
            Self::Config => 3,
            Self::Unreachable => 4,
            Self::Refused => 5,
            Self::TimedOut => 124,
            Self::Interrupted => 130,
        }
    }

    /// The end that a failed model call leads to.
    #[must_use]
    pub fn of_model_error(kind: ModelErrorKind) -> Self {
        match kind {
            ModelErrorKind::Connect => Self::Unreachable,
            ModelErrorKind::Timeout { .. } => Self::TimedOut,
            ModelErrorKind::Auth
            | ModelErrorKind::UnknownModel
            | ModelErrorKind::Rejected
            | ModelErrorKind::RateLimited { .. }
            | ModelErrorKind::ContextOverflow { .. } => Self::Refused,
            _ => Self::Failed,
        }
    }

    /// The end that a model that is not at hand leads to.
    #[must_use]
    pub fn of_connect_error(error: &ConnectError) -> Self {
        match error {
            ConnectError::Model(error) => Self::of_model_error(error.kind()),
            ConnectError::Setup(error) => match error.kind() {
                SetupErrorKind::InvalidReference | SetupErrorKind::UnknownAgent => Self::Usage,
                SetupErrorKind::UnknownModel => Self::Refused,
                SetupErrorKind::Workspace => Self::Failed,
                _ => Self::Config,
            },
        }
    }
}

impl From<Exit> for std::process::ExitCode {
    fn from(exit: Exit) -> Self {
        Self::from(exit.code())
    }
}
