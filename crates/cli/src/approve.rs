//! Asks the person at the terminal before a command runs.

use std::io::IsTerminal;

use async_trait::async_trait;
use openclaw_core::{Approver, Effect, ToolCall, Verdict};
use tokio::io::{AsyncBufReadExt, BufReader};

use crate::printer::Printer;
use crate::visible;

/// Lets file tools work in the workspace and asks before each command. Without a terminal to ask
/// on, a command is refused unless `--yes` was given.
#[derive(Debug)]
pub(crate) struct TerminalApprover {
    pub(crate) printer: Printer,
    /// Whether commands run without asking.
    pub(crate) yes: bool,
}

#[async_trait]
impl Approver for TerminalApprover {
    async fn decide(&self, _call: &ToolCall, effect: &Effect) -> Verdict {
        match effect {
            Effect::Read { .. } | Effect::Write { .. } => Verdict::Allow,
            Effect::Exec { .. } if self.yes => Verdict::Allow,
            Effect::Exec { command, directory } => self.ask(command, directory).await,
            _ => Verdict::Deny {
                reason: "this kind of call needs an approval that cannot be given here".to_owned(),
            },
        }
    }
}

impl TerminalApprover {
    async fn ask(&self, command: &str, directory: &str) -> Verdict {
        if !std::io::stdin().is_terminal() || !self.printer.stderr_is_terminal {
            let reason = "running a command needs a person's approval, and there is no terminal to \
                          ask on (`--yes` allows commands without asking)";
            return Verdict::Deny { reason: reason.to_owned() };
        }
        let place = if directory == "." { String::new() } else { format!(" in {directory}") };
        self.printer.rendered(&visible::line(&format!("run{place}: {command}")));
        self.printer.question("allow this command? [y/N]");
        let mut line = String::new();
        let read = BufReader::new(tokio::io::stdin()).read_line(&mut line).await;
        if read.is_ok() && matches!(line.trim(), "y" | "Y" | "yes") {
            return Verdict::Allow;
        }
        Verdict::Deny { reason: "the user did not allow this command".to_owned() }
    }
}
