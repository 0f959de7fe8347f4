//! Why work on a conversation failed, here or in a gateway.

use openclaw_client::ClientError;
use openclaw_models::ConnectError;
use openclaw_protocol::results::errors::ErrorReport;
use openclaw_runtime::{
    AgentError, ConversationError, StoreError, StoreErrorKind, TurnError, TurnOutcome, UndoError,
};

use crate::context::CommandContext;
use crate::error_report;
use crate::file_changes::{print_undo_conflicts, print_undo_error};
use crate::gateway_error::print_gateway_error;
use crate::options::ChatOutcome;

/// Why work on a conversation failed.
#[derive(Debug)]
pub(crate) enum WorkError {
    /// The agent or its model cannot be used.
    Agent(AgentError),
    /// The session cannot be used.
    Store(StoreError),
    /// A compaction failed.
    Turn(TurnError),
    /// File changes cannot be shown or undone.
    Undo(UndoError),
    /// Files are not as the turn left them, each with its reason. Nothing was changed.
    UndoConflicts(Vec<String>),
    /// How commands run was not changed; a sentence.
    ExecRefused(String),
    /// The gateway could not be asked, or refused.
    Gateway(ClientError),
    /// The gateway could not be heard before the end of a run, which may go on.
    RunOutOfSight(ClientError),
    /// The user left a run before its gateway said what came of it.
    RunLeft,
}

impl WorkError {
    /// Prints it with what a person can do.
    pub(crate) fn print(&self, context: &CommandContext) {
        let printer = &context.printer;
        match self {
            Self::Agent(error) => error_report::print_agent_error(printer, error),
            Self::Store(error) if error.kind() == StoreErrorKind::InUse => {
                let hint = "`--wait 10m` waits until it is free; `--session KEY` uses another \
                            session.";
                error_report::print_store_error_with_hint(printer, error, Some(hint));
            }
            Self::Store(error) => error_report::print_store_error(printer, error),
            Self::Turn(error) => match error.model_error() {
                Some(error) => error_report::print_model_error(printer, error),
                None => error_report::print_turn_error(printer, error),
            },
            Self::Undo(error) => print_undo_error(printer, error),
            Self::UndoConflicts(conflicts) => print_undo_conflicts(printer, conflicts),
            Self::ExecRefused(text) => printer.print_error(text),
            Self::Gateway(error) => match work_failure(error) {
                Some(report) => error_report::print_error_report(printer, &report),
                None => print_gateway_error(context, error),
            },
            Self::RunOutOfSight(error) => {
                print_gateway_error(context, error);
                printer.print_hint(
                    "The turn may go on in the gateway; a chat that is begun anew \
                                    shows it.",
                );
            }
            Self::RunLeft => {
                printer.print_warning("the gateway did not say that it stopped the turn");
            }
        }
    }

    /// How a plain chat ends whose last line failed like this.
    pub(crate) fn into_outcome(self) -> ChatOutcome {
        match self {
            Self::Agent(error) => ChatOutcome::Failed(ConversationError::Agent(error)),
            Self::Store(error) => ChatOutcome::Failed(ConversationError::Store(error)),
            Self::Turn(error) => ChatOutcome::TurnEnded(TurnOutcome::Failed(error)),
            Self::Undo(_) | Self::UndoConflicts(_) => ChatOutcome::Quit,
            Self::ExecRefused(_) => ChatOutcome::InvalidInput,
            Self::Gateway(error) | Self::RunOutOfSight(error) => {
                ChatOutcome::GatewayFailed(Box::new(error))
            }
            Self::RunLeft => ChatOutcome::Interrupted,
        }
    }
}

/// What a gateway told of work that it did and that failed; `None` when it is another error.
pub(crate) fn work_failure(error: &ClientError) -> Option<ErrorReport> {
    let ClientError::Refused { error, .. } = error else { return None };
    let report = error.details.as_ref()?.get("error")?.clone();
    serde_json::from_value(report).ok()
}

impl From<AgentError> for WorkError {
    fn from(error: AgentError) -> Self {
        Self::Agent(error)
    }
}

impl From<ConnectError> for WorkError {
    fn from(error: ConnectError) -> Self {
        Self::Agent(error.into())
    }
}

impl From<StoreError> for WorkError {
    fn from(error: StoreError) -> Self {
        Self::Store(error)
    }
}

impl From<ConversationError> for WorkError {
    fn from(error: ConversationError) -> Self {
        match error {
            ConversationError::Agent(error) => Self::Agent(error),
            ConversationError::Store(error) => Self::Store(error),
        }
    }
}

impl From<TurnError> for WorkError {
    fn from(error: TurnError) -> Self {
        Self::Turn(error)
    }
}

impl From<UndoError> for WorkError {
    fn from(error: UndoError) -> Self {
        Self::Undo(error)
    }
}

impl From<ClientError> for WorkError {
    fn from(error: ClientError) -> Self {
        Self::Gateway(error)
    }
}
