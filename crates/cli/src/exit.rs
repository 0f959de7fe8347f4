//! Exit codes.

use openclaw_core::ModelErrorKind;
use openclaw_models::{ConnectError, SetupErrorKind};
use openclaw_protocol::parts::MessageOutcome;
use openclaw_protocol::results::agent::{AgentResult, ResultMeta};
use openclaw_runtime::{
    AgentError, AgentSetupErrorKind, ConversationError, StoreErrorKind, TurnErrorKind, TurnOutcome,
};

/// Why a run ended; each reason has one exit code.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum ExitReason {
    /// The run succeeded.
    Ok,
    /// The run failed.
    Failed,
    /// The command line is invalid.
    Usage,
    /// The config cannot be used.
    Config,
    /// No server can be reached.
    Unreachable,
    /// The server refused, or a person denied approval.
    Refused,
    /// The turn needs an answer or approval from a person.
    NeedsInput,
    /// The agent intentionally gave no reply.
    Silent,
    /// A limit or guard of the turn stopped the model.
    Stopped,
    /// Another process uses the session.
    InUse,
    /// The settings do not let the gateway start; to start it again would not help.
    ServiceConfig,
    /// A timeout of this program expired.
    TimedOut,
    /// The user interrupted the run.
    Interrupted,
    /// A program on a node ended with this code.
    Program(u8),
}

/// Every exit code with its meaning, for the generated documentation.
pub const EXIT_CODES: &[(u8, &str)] = &[
    (ExitReason::Ok.code(), "Success."),
    (ExitReason::Failed.code(), "The command failed; stderr, or `error` in the JSON, says why."),
    (ExitReason::Usage.code(), "The command line is invalid."),
    (ExitReason::Config.code(), "The config cannot be used; nothing was sent."),
    (ExitReason::Unreachable.code(), "No server answers at the address."),
    (ExitReason::Refused.code(), "The server refused the key, the model or the request."),
    (
        ExitReason::NeedsInput.code(),
        "The turn needs an answer of yours; the question is in the message.",
    ),
    (ExitReason::Silent.code(), "The agent decided not to reply."),
    (
        ExitReason::Stopped.code(),
        "The turn was stopped: a limit on its calls, invalid or repeated calls, or an endless answer.",
    ),
    (ExitReason::InUse.code(), "Another process uses the session; nothing was sent."),
    (
        ExitReason::ServiceConfig.code(),
        "The settings do not let the gateway start; a service manager must not start it again.",
    ),
    (ExitReason::TimedOut.code(), "A timeout expired; the message names it and where it is set."),
    (ExitReason::Interrupted.code(), "Stopped by Ctrl-C or a terminating signal."),
];

impl ExitReason {
    /// Returns the process exit code.
    #[must_use]
    pub const fn code(self) -> u8 {
        match self {
            Self::Ok => 0,
            Self::Failed => 1,
            Self::Usage => 2,
            Self::Config => 3,
            Self::Unreachable => 4,
            Self::Refused => 5,
            Self::NeedsInput => 6,
            Self::Silent => 7,
            Self::Stopped => 8,
            Self::InUse => 9,
            Self::ServiceConfig => 78,
            Self::TimedOut => 124,
            Self::Interrupted => 130,
            Self::Program(code) => code,
        }
    }

    /// Maps a failed model call to its exit reason.
    #[must_use]
    pub fn from_model_error(kind: ModelErrorKind) -> Self {
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

    /// Maps a turn's outcome to its exit reason.
    #[must_use]
    pub fn from_turn_outcome(outcome: &TurnOutcome) -> Self {
        match outcome {
            TurnOutcome::Reply { .. } => Self::Ok,
            TurnOutcome::NoReply => Self::Silent,
            TurnOutcome::NeedsInput { .. } => Self::NeedsInput,
            TurnOutcome::TimedOut { .. } => Self::TimedOut,
            TurnOutcome::Cancelled => Self::Interrupted,
            TurnOutcome::Failed(error) => Self::from_turn_error(error.kind()),
            _ => Self::Failed,
        }
    }

    fn from_turn_error(kind: TurnErrorKind) -> Self {
        match kind {
            TurnErrorKind::Model(kind) => Self::from_model_error(kind),
            TurnErrorKind::Refused => Self::Refused,
            TurnErrorKind::ModelCallLimit
            | TurnErrorKind::ToolCallLimit
            | TurnErrorKind::InvalidCalls
            | TurnErrorKind::RepeatedCalls
            | TurnErrorKind::Repetition(_) => Self::Stopped,
            _ => Self::Failed,
        }
    }

    /// Maps a session store error to its exit reason.
    #[must_use]
    pub fn from_store_error(kind: StoreErrorKind) -> Self {
        match kind {
            StoreErrorKind::InUse | StoreErrorKind::Busy => Self::InUse,
            StoreErrorKind::NotFound | StoreErrorKind::Ambiguous | StoreErrorKind::Invalid => {
                Self::Usage
            }
            _ => Self::Failed,
        }
    }

    /// Maps an error of opening a conversation to its exit reason.
    #[must_use]
    pub fn from_conversation_error(error: &ConversationError) -> Self {
        match error {
            ConversationError::Agent(error) => Self::from_agent_error(error),
            ConversationError::Store(error) => Self::from_store_error(error.kind()),
        }
    }

    /// Maps an error of building an agent to its exit reason.
    #[must_use]
    pub fn from_agent_error(error: &AgentError) -> Self {
        match error {
            AgentError::Connect(error) => Self::from_connect_error(error),
            AgentError::Setup(error) => match error.kind() {
                AgentSetupErrorKind::UnknownAgent => Self::Usage,
                AgentSetupErrorKind::Workspace => Self::Failed,
                _ => Self::Config,
            },
            _ => Self::Failed,
        }
    }

    /// Maps the result of a run elsewhere to its exit reason, as that of a run here.
    #[must_use]
    pub fn from_agent_result(result: &AgentResult) -> Self {
        let (outcome, last_message) = match &result.meta {
            ResultMeta::Turn(meta) => (&meta.outcome, meta.timings.model_calls.last()),
            ResultMeta::NoTurn(meta) => (&meta.outcome, None),
        };
        let is_refused = last_message.is_some_and(|last| last.outcome == MessageOutcome::Refused);
        match (outcome.as_str(), &result.error) {
            ("silent", _) => Self::Silent,
            ("needs_input", _) => Self::NeedsInput,
            ("timed_out", _) => Self::TimedOut,
            ("cancelled", _) => Self::Interrupted,
            (_, None) => Self::Ok,
            (_, Some(error)) if error.kind == "no_answer" && is_refused => Self::Refused,
            (_, Some(error)) => Self::from_error_kind(&error.kind),
        }
    }

    /// Maps the kind of an error, as JSON names it, to its exit reason.
    fn from_error_kind(kind: &str) -> Self {
        match kind {
            "connect" => Self::Unreachable,
            "timeout" => Self::TimedOut,
            "auth" | "unknown_model" | "rejected" | "rate_limited" | "context_overflow" => {
                Self::Refused
            }
            "call_limit" | "invalid_tool_calls" | "repeated_tool_calls" | "repetition" => {
                Self::Stopped
            }
            "session_in_use" => Self::InUse,
            "unknown_session" | "ambiguous_session" | "invalid_session" | "unknown_agent"
            | "invalid_reference" => Self::Usage,
            "no_model" | "unknown_provider" | "secret" | "provider" | "trace" | "unable"
            | "egress" | "restriction" | "tools" => Self::Config,
            _ => Self::Failed,
        }
    }

    /// Maps an error of connecting to a model to its exit reason.
    #[must_use]
    pub fn from_connect_error(error: &ConnectError) -> Self {
        match error {
            ConnectError::Model(error) => Self::from_model_error(error.kind()),
            ConnectError::Setup(error) => match error.kind() {
                SetupErrorKind::InvalidReference => Self::Usage,
                SetupErrorKind::UnknownModel => Self::Refused,
                _ => Self::Config,
            },
        }
    }
}

impl From<ExitReason> for std::process::ExitCode {
    fn from(exit: ExitReason) -> Self {
        Self::from(exit.code())
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;
    use std::time::Duration;

    use openclaw_core::TimeoutKind;
    use openclaw_runtime::TimeLimit;

    use super::*;

    #[test]
    fn every_outcome_of_a_turn_has_its_own_code_and_only_a_reply_is_a_success() {
        let limit = TimeLimit { duration: Duration::from_secs(1), source: "--timeout".into() };
        let outcomes = [
            (TurnOutcome::Reply { text: "Hi".to_owned(), truncated: false }, 0),
            (TurnOutcome::NeedsInput { question: "May it?".to_owned() }, 6),
            (TurnOutcome::NoReply, 7),
            (TurnOutcome::TimedOut { limit }, 124),
            (TurnOutcome::Cancelled, 130),
        ];
        for (outcome, code) in outcomes {
            assert_eq!(ExitReason::from_turn_outcome(&outcome).code(), code, "{outcome:?}");
        }
    }

    #[test]
    fn failures_are_distinguished_by_their_codes() {
        let after = Duration::from_secs(1);
        let timeout = ModelErrorKind::Timeout { kind: TimeoutKind::Total, after };
        for (kind, code) in [
            (TurnErrorKind::Empty, 1),
            (TurnErrorKind::ReasoningOnly, 1),
            (TurnErrorKind::ReasoningTruncated, 1),
            (TurnErrorKind::OutputLimitReached, 1),
            (TurnErrorKind::Journal, 1),
            (TurnErrorKind::Model(ModelErrorKind::Interrupted), 1),
            (TurnErrorKind::Model(ModelErrorKind::Connect), 4),
            (TurnErrorKind::Model(ModelErrorKind::Auth), 5),
            (TurnErrorKind::Refused, 5),
            (TurnErrorKind::ModelCallLimit, 8),
            (TurnErrorKind::ToolCallLimit, 8),
            (TurnErrorKind::InvalidCalls, 8),
            (TurnErrorKind::RepeatedCalls, 8),
            (TurnErrorKind::Model(timeout), 124),
        ] {
            assert_eq!(ExitReason::from_turn_error(kind).code(), code, "{kind:?}");
        }
    }

    #[test]
    fn a_store_that_does_not_serve_is_distinguished_from_a_session_that_is_in_use() {
        for (kind, code) in [
            (StoreErrorKind::InUse, 9),
            (StoreErrorKind::Busy, 9),
            (StoreErrorKind::NotFound, 2),
            (StoreErrorKind::Ambiguous, 2),
            (StoreErrorKind::Invalid, 2),
            (StoreErrorKind::DiskFull, 1),
            (StoreErrorKind::Damaged, 1),
            (StoreErrorKind::ForeignFile, 1),
            (StoreErrorKind::TooNew, 1),
        ] {
            assert_eq!(ExitReason::from_store_error(kind).code(), code, "{kind:?}");
        }
    }

    #[test]
    fn the_kind_of_an_error_has_the_code_of_the_error() {
        let after = Duration::from_secs(1);
        for kind in [
            ModelErrorKind::Connect,
            ModelErrorKind::Timeout { kind: TimeoutKind::Total, after },
            ModelErrorKind::Loading,
            ModelErrorKind::Overloaded,
            ModelErrorKind::RateLimited { retry_after: None },
            ModelErrorKind::Auth,
            ModelErrorKind::UnknownModel,
            ModelErrorKind::Rejected,
            ModelErrorKind::Protocol,
            ModelErrorKind::Interrupted,
            ModelErrorKind::AnswerTooLarge,
        ] {
            let expected = ExitReason::from_model_error(kind);
            assert_eq!(ExitReason::from_error_kind(kind.name()), expected, "{kind:?}");
        }
    }

    #[test]
    fn every_code_is_explained_once() {
        let codes: BTreeSet<u8> = EXIT_CODES.iter().map(|(code, _)| *code).collect();
        assert_eq!(codes.len(), EXIT_CODES.len());
        assert_eq!(codes, BTreeSet::from([0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 78, 124, 130]));
    }
}
