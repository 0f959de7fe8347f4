//! Asks the person at the terminal before a command runs.

use std::io::IsTerminal;

use async_trait::async_trait;
use openclaw_config::{ExecAsk, ExecSecurity};
use openclaw_core::{ApprovalDecision, Approver, ToolCall, ToolEffect};
use tokio::io::{AsyncBufReadExt, BufReader};

use crate::chat::Prompter;
use crate::printer::Printer;
use crate::sanitize;

/// What a person is asked before a command runs.
const APPROVAL_QUESTION: &str = "allow this command?";

/// Lets file tools work in the workspace and sees to commands as `tools.exec` says: there is no list
/// of allowed ones yet, so that every command is one to ask about. Without a terminal to ask on it is
/// refused, or the turn ends with the question where a person must always be asked.
#[derive(Debug, Clone)]
pub(crate) struct TerminalApprover {
    pub(crate) printer: Printer,
    /// Whether commands run without asking, unless they are switched off.
    pub(crate) auto_approve: bool,
    /// Which commands may run at all.
    pub(crate) security: ExecSecurity,
    /// When a person is asked.
    pub(crate) ask_mode: ExecAsk,
    /// Who is asked where a conversation has the terminal.
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
            _ => self.ask_user(command, directory).await,
        }
    }

    async fn ask_user(&self, command: &str, directory: &str) -> ApprovalDecision {
        let location = if directory == "." { String::new() } else { format!(" in {directory}") };
        let subject = sanitize::escape_line(&format!("run{location}: {command}"));
        if let Some(person) = &self.prompter {
            return decision_from_answer(
                person.ask_yes_no(Some(subject), APPROVAL_QUESTION.to_owned()).await,
            );
        }
        if !std::io::stdin().is_terminal() || !self.printer.stderr_is_terminal {
            if self.ask_mode == ExecAsk::Always {
                return ApprovalDecision::NeedsInput {
                    question: format!("May this command run: {command}"),
                };
            }
            let reason = "running a command needs a person's approval, and there is no terminal to \
                          ask on (`--yes` allows commands without asking)";
            return deny_call(reason);
        }
        self.printer.print_rendered(&subject);
        self.printer.print_question(format_args!("{APPROVAL_QUESTION} [y/N]"));
        let mut line = String::new();
        let read = BufReader::new(tokio::io::stdin()).read_line(&mut line).await;
        decision_from_answer(read.is_ok() && matches!(line.trim(), "y" | "Y" | "yes"))
    }
}

fn decision_from_answer(is_allowed: bool) -> ApprovalDecision {
    if is_allowed {
        ApprovalDecision::Allow
    } else {
        deny_call("the user did not allow this command")
    }
}

fn deny_call(reason: &str) -> ApprovalDecision {
    ApprovalDecision::Deny { reason: reason.to_owned() }
}
