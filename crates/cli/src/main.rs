//! The `openclaw` binary.

use std::process::ExitCode;

fn main() -> ExitCode {
    // Before anything else: a supervisor starts with every command, and has to be quick.
    if let Some(exit_code) = openclaw_models::run_requested_supervisor(std::env::args_os()) {
        return exit_code;
    }
    openclaw_cli::run(std::env::args_os()).into()
}
