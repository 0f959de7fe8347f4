//! Asks the person at the terminal before a command runs.

use std::io::IsTerminal;

use async_trait::async_trait;
use openclaw_config::{ExecAsk, ExecSecurity};
use openclaw_core::{Approver, Effect, ToolCall, Verdict};
use tokio::io::{AsyncBufReadExt, BufReader};

use crate::chat::Person;
use crate::printer::Printer;
use crate::visible;

/// What a person is asked before a command runs.
const QUESTION: &str = "allow this command?";

/// Lets file tools work in the workspace and sees to commands as `tools.exec` says: there is no list
/// of allowed ones yet, so that every command is one to ask about. Without a terminal to ask on it is
/// refused, or the turn ends with the question where a person must always be asked.
#[derive(Debug, Clone)]
pub(crate) struct TerminalApprover {
    pub(crate) printer: Printer,
    /// Whether commands run without asking, unless they are switched off.
    pub(crate) yes: bool,
    /// Which commands may run at all.
    pub(crate) security: ExecSecurity,
    /// When a person is asked.
    pub(crate) ask: ExecAsk,
    /// Who is asked where a conversation has the terminal.
    pub(crate) person: Option<Person>,
}

#[async_trait]
impl Approver for TerminalApprover {
    async fn decide(&self, _call: &ToolCall, effect: &Effect) -> Verdict {
        match effect {
            Effect::Read { .. } | Effect::Write { .. } => Verdict::Allow,
            Effect::Exec { command, directory } => self.command(command, directory).await,
            _ => Verdict::Deny {
                reason: "this kind of call needs an approval that cannot be given here".to_owned(),
            },
        }
    }
}

impl TerminalApprover {
    async fn command(&self, command: &str, directory: &str) -> Verdict {
        match (self.security, self.ask) {
            (ExecSecurity::Deny, _) => denied("commands are switched off by `tools.exec.security`"),
            _ if self.yes => Verdict::Allow,
            (ExecSecurity::Full, ExecAsk::Off) => Verdict::Allow,
            (ExecSecurity::Allowlist, ExecAsk::Off) => denied(
                "`tools.exec.security` allows listed commands only, none is listed, and \
                 `tools.exec.ask` is `off`",
            ),
            _ => self.ask(command, directory).await,
        }
    }

    async fn ask(&self, command: &str, directory: &str) -> Verdict {
        let place = if directory == "." { String::new() } else { format!(" in {directory}") };
        let about = visible::line(&format!("run{place}: {command}"));
        if let Some(person) = &self.person {
            return verdict(person.agrees(Some(about), QUESTION.to_owned()).await);
        }
        if !std::io::stdin().is_terminal() || !self.printer.stderr_is_terminal {
            if self.ask == ExecAsk::Always {
                return Verdict::NeedsInput {
                    question: format!("May this command run: {command}"),
                };
            }
            let reason = "running a command needs a person's approval, and there is no terminal to \
                          ask on (`--yes` allows commands without asking)";
            return denied(reason);
        }
        self.printer.rendered(&about);
        self.printer.question(format_args!("{QUESTION} [y/N]"));
        let mut line = String::new();
        let read = BufReader::new(tokio::io::stdin()).read_line(&mut line).await;
        verdict(read.is_ok() && matches!(line.trim(), "y" | "Y" | "yes"))
    }
}

fn verdict(is_allowed: bool) -> Verdict {
    if is_allowed { Verdict::Allow } else { denied("the user did not allow this command") }
}

fn denied(reason: &str) -> Verdict {
    Verdict::Deny { reason: reason.to_owned() }
}
