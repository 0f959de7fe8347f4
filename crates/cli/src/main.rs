//! The `openclaw` binary.

use std::process::ExitCode;

use openclaw_cli::ExitReason;
use openclaw_terminal::{OutputPrinter, OutputVerbosity};

fn main() -> ExitCode {
    // Before anything else: a supervisor starts with every command, and has to be quick.
    if let Some(exit_code) = openclaw_process::run_requested_supervisor(std::env::args_os()) {
        return exit_code;
    }
    // The environment may hold keys, and a command of a model has the same user.
    if let Err(error) = openclaw_process::hide_from_other_processes() {
        let printer = OutputPrinter::new(OutputVerbosity::Normal, true);
        printer.print_error(format_args!("failed to hide the keys from commands: {error}"));
        return ExitReason::Failed.into();
    }
    openclaw_cli::run(std::env::args_os()).into()
}
