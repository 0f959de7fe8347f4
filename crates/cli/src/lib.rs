#![doc = include_str!("../README.md")]
//! The `openclaw` command line: arguments in, rendering and exit codes out.
//!
//! Arguments become settings in two steps: [`clap_command`] describes the arguments, and each
//! command resolves them against the config before it acts. Answers and JSON go to stdout, all else
//! to stderr, and every exit reason has a documented code.

mod args;
mod commands;
mod config_source;
mod diagnostic;
mod drop_in;
mod egress;
mod exit;
mod failure;
#[cfg(test)]
mod hint_flags;
mod json_answer;
mod log;
mod node_client;
mod program_log;
mod run;
mod stdin_text;
mod table;
mod wait;

pub use drop_in::{
    DropInRow, DropInState, DropInVerdict, drop_in_rows, drop_in_verdicts, find_drop_in,
};
pub use exit::{EXIT_CODES, ExitReason};
pub use run::run;

/// Returns the clap command, for generated documentation and completions.
#[must_use]
pub fn clap_command() -> clap::Command {
    <args::Cli as clap::CommandFactory>::command()
}
