//! The `openclaw` command line: arguments in, rendering and exit codes out.
//!
//! Arguments become settings in two steps: [`command`] describes what can be typed, and each
//! command resolves what was typed against the config before it acts. Answers and JSON go to
//! stdout, all else to stderr, and every end has a documented exit code.

mod approve;
mod args;
mod chat;
mod commands;
mod diagnostic;
mod egress;
mod exit;
mod found;
mod interrupt;
mod log;
mod printer;
mod progress;
mod report;
mod run;
mod table;
mod times;
mod visible;
mod waiting;

pub use exit::{EXIT_CODES, Exit};
pub use run::run;

/// The command as clap sees it, for generated documentation and completions.
#[must_use]
pub fn command() -> clap::Command {
    <args::Cli as clap::CommandFactory>::command()
}
