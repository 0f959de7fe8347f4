//! Asks the person at the terminal before a command runs.

use std::io::IsTerminal;

use async_trait::async_trait;
use openclaw_config::{ExecAsk, ExecSecurity};
use openclaw_core::{ApprovalDecision, Approver, ToolCall, ToolEffect};
use tokio::io::{AsyncBufReadExt, BufReader};

use crate::chat::Prompter;
use crate::printer::Printer;
use crate::sanitize;

/// The question asked before a command runs.
const APPROVAL_QUESTION: &str = "allow this command?";

/// Approves file tools in the workspace, and decides on commands by `tools.exec`. There is no
/// allowlist yet, so every command needs approval. Without a terminal to ask on, the call is
/// refused, or the turn ends with the question when `ask` is `always`.
#[derive(Debug, Clone)]
pub(crate) struct TerminalApprover {
    pub(crate) printer: Printer,
    /// Runs commands without asking, unless `security` denies them.
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
