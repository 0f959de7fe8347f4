//! A chat on a terminal, or line by line without one.
//!
//! Finished lines are written to the scrollback and never change. Below them is the live region
//! with the unfinished text, the status and the input. A line that is entered while a turn runs is
//! a steering message to that turn. Without a terminal each line is a message, and the output is
//! plain text.

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
