//! Asks the person at the terminal before a command runs.

use std::io::IsTerminal;

use async_trait::async_trait;
use openclaw_config::{ExecAsk, ExecSecurity};
use openclaw_core::{ApprovalDecision, Approver, ToolCall, ToolEffect};
use tokio::io::{AsyncBufReadExt, BufReader};

use crate::chat::Prompter;
use crate::printer::Printer;
use crate::sanitize;

/// Approves file tools in the workspace, and decides on commands by `tools.exec`. There is no
/// allowlist yet, so every command needs approval, and so does every call with another effect.
/// Without a terminal to ask on, the call is refused, or the turn ends with the question when `ask`
/// is `always`.
#[derive(Debug, Clone)]
pub(crate) struct TerminalApprover {
    pub(crate) printer: Printer,
    /// Runs commands without asking, unless `security` denies them. Calls with another effect are
    /// asked about all the same.
    pub(crate) auto_approve: bool,
    /// The commands that may run at all, from `tools.exec.security`.
    pub(crate) security: ExecSecurity,
    /// When to ask, from `tools.exec.ask`.
    pub(crate) ask_mode: ExecAsk,
    /// Asks within the chat; `None` to ask on stderr.
    pub(crate) prompter: Option<Prompter>,
}

#[async_trait]
impl Approver for TerminalApprover {
    async fn review_call(&self, _call: &ToolCall, effect: &ToolEffect) -> ApprovalDecision {
        match effect {
            ToolEffect::Read { .. } | ToolEffect::Write { .. } => ApprovalDecision::Allow,
            ToolEffect::Exec { command, directory } => {
                self.review_command(command, directory).await
            }
            ToolEffect::Fetch { url } => self.review_other(&format!("fetch {url}")).await,
            ToolEffect::Other { description } => self.review_other(description).await,
            _ => ApprovalDecision::Deny {
                reason: "this kind of call needs an approval that cannot be given here".to_owned(),
            },
        }
    }
}

impl TerminalApprover {
    async fn review_command(&self, command: &str, directory: &str) -> ApprovalDecision {
        match (self.security, self.ask_mode) {
            (ExecSecurity::Deny, _) => {
                deny_call("commands are switched off by `tools.exec.security`")
            }
            _ if self.auto_approve => ApprovalDecision::Allow,
            (ExecSecurity::Full, ExecAsk::Off) => ApprovalDecision::Allow,
            (ExecSecurity::Allowlist, ExecAsk::Off) => deny_call(
                "`tools.exec.security` allows listed commands only, none is listed, and \
                 `tools.exec.ask` is `off`",
            ),
            _ => {
                let location =
                    if directory == "." { String::new() } else { format!(" in {directory}") };
                let subject = format!("run{location}: {command}");
                let question = format!("May this command run: {command}");
                self.ask_user("command", &subject, question).await
            }
        }
    }

    /// `action` is what the call does, as a verb and its object.
    async fn review_other(&self, action: &str) -> ApprovalDecision {
        self.ask_user("call", action, format!("May this call run: {action}")).await
    }

    /// Asks whether a `kind` of call, e.g. a command, may run; `open_question` is left to whoever
    /// takes up the turn when a person must be asked and none can be.
    async fn ask_user(&self, kind: &str, subject: &str, open_question: String) -> ApprovalDecision {
        let subject = sanitize::escape_line(subject);
        let question = format!("allow this {kind}?");
        if let Some(person) = &self.prompter {
            let is_allowed = person.ask_yes_no(Some(subject), question).await;
            return decision_from_answer(kind, is_allowed);
        }
        if !std::io::stdin().is_terminal() || !self.printer.stderr_is_terminal {
            if self.ask_mode == ExecAsk::Always {
                return ApprovalDecision::NeedsInput { question: open_question };
            }
            // The option is for commands alone.
            let hint =
                if kind == "command" { " (`--yes` allows commands without asking)" } else { "" };
            return deny_call(&format!(
                "running a {kind} needs a person's approval, and there is no terminal to ask on{hint}"
            ));
        }
        self.printer.print_rendered(&subject);
        self.printer.print_question(format_args!("{question} [y/N]"));
        let mut line = String::new();
        let read = BufReader::new(tokio::io::stdin()).read_line(&mut line).await;
        decision_from_answer(kind, read.is_ok() && matches!(line.trim(), "y" | "Y" | "yes"))
    }
}

fn decision_from_answer(kind: &str, is_allowed: bool) -> ApprovalDecision {
    if is_allowed {
        ApprovalDecision::Allow
    } else {
        deny_call(&format!("the user did not allow this {kind}"))
    }
}

fn deny_call(reason: &str) -> ApprovalDecision {
    ApprovalDecision::Deny { reason: reason.to_owned() }
}

#[cfg(test)]
mod tests;
