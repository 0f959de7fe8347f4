//! Another program with the command line of openclaw in it: `embedded_cli openclaw models list`.
#![expect(clippy::print_stdout, reason = "an example prints")]

use std::process::ExitCode;

fn main() -> ExitCode {
    // Each command of the agent runs under a supervisor: this program, started a second time.
    if let Some(exit_code) = openclaw_process::run_requested_supervisor(std::env::args_os()) {
        return exit_code;
    }
    // The first argument is the name of the program in its messages.
    let args: Vec<_> = std::env::args_os().skip(1).collect();
    if args.first().is_some_and(|name| name == "openclaw") {
        return openclaw_cli::run(args).into();
    }
    println!("This program does something else. `openclaw ARGUMENTS` is the command line.");
    ExitCode::SUCCESS
}
