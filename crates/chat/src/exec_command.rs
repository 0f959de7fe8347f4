//! `/exec`: shows and changes how commands run in the session.

use std::io;

use openclaw_runtime::{Conversation, ExecChangeError};
use openclaw_terminal::{OutputPrinter, TextStyle, sanitize};

use crate::controller::{ChatController, ChatFlow, WorkOutcome, run_interactively};
use crate::error_report::{print_agent_error, print_store_error};
use crate::options::ChatOutcome;

impl ChatController {
    /// Changes how commands run; without words, shows it.
    pub(super) async fn change_exec(&mut self, words: Option<String>) -> io::Result<ChatFlow> {
        if let Some(words) = words {
            self.terminal.start_work("changing how commands run");
            let work = Box::pin(self.conversation.change_exec(&words));
            let outcome = run_interactively(&mut self.terminal, work, || None).await?;
            self.terminal.end_work();
            match outcome {
                WorkOutcome::Done(Ok(())) => {}
                WorkOutcome::Done(Err(error)) => {
                    print_exec_error(&self.context.printer, &error);
                    return Ok(ChatFlow::Continue);
                }
                WorkOutcome::Stopped => {
                    self.terminal.print_note(TextStyle::Yellow, "stopped");
                    return Ok(ChatFlow::Continue);
                }
                WorkOutcome::Terminated => return Ok(ChatFlow::Quit(ChatOutcome::Interrupted)),
            }
        }
        self.terminal.print_note(TextStyle::Dim, &format_exec_settings(&self.conversation));
        Ok(ChatFlow::Continue)
    }
}

/// How commands run in the session, on one line.
pub(crate) fn format_exec_settings(conversation: &Conversation) -> String {
    let words = conversation.exec_settings().words();
    let words: Vec<String> = words
        .into_iter()
        .map(|(key, value)| format!("{key}={}", sanitize::escape_line(&value)))
        .collect();
    let source = if conversation.exec_overrides().is_empty() {
        "from the config"
    } else {
        "changed for this session; `/exec reset` returns to the config"
    };
    format!("commands: {} · {source}", words.join(" "))
}

/// Prints why commands run as before.
pub(crate) fn print_exec_error(printer: &OutputPrinter, error: &ExecChangeError) {
    match error {
        ExecChangeError::Agent(error) => print_agent_error(printer, error),
        ExecChangeError::Store(error) => print_store_error(printer, error),
        error => printer.print_error(error),
    }
}
