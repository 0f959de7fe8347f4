//! Prints a failure and returns its exit reason.

use openclaw_chat::error_report;
use openclaw_models::ConnectError;
use openclaw_runtime::AgentError;
use openclaw_terminal::OutputPrinter;

use crate::exit::ExitReason;

/// Prints why an agent cannot be built and returns the exit reason.
pub(crate) fn print_agent_error(printer: &OutputPrinter, error: &AgentError) -> ExitReason {
    error_report::print_agent_error(printer, error);
    ExitReason::from_agent_error(error)
}

/// Prints why no model can be reached and returns the exit reason.
pub(crate) fn print_connect_error(printer: &OutputPrinter, error: &ConnectError) -> ExitReason {
    error_report::print_connect_error(printer, error);
    ExitReason::from_connect_error(error)
}
