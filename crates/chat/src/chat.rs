//! A conversation at a terminal, or line by line without one.
//!
//! What is final is written above and stays; below it is a live part with what is still changing,
//! the status and the input. What is typed while a turn runs is said to it. Without a terminal each
//! line is a message, and what is written is plain.

use std::io::{self, IsTerminal};

use crate::context::CommandContext;
use crate::options::{ChatOptions, ChatOutcome};
use crate::{plain_chat, startup};

/// Runs a chat until the user quits or the input ends, and prints why it failed.
///
/// # Errors
/// When reading from stdin or writing to stdout fails.
pub async fn run_chat(context: &CommandContext, options: &ChatOptions) -> io::Result<ChatOutcome> {
    let has_terminal = io::stdin().is_terminal() && context.printer.stdout_is_terminal;
    if options.plain || !has_terminal {
        plain_chat::run(context, options).await
    } else {
        startup::run(context, options).await
    }
}
