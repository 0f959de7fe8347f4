//! Asks the person at the terminal before a call runs.

use std::io::IsTerminal;

use async_trait::async_trait;
use openclaw_runtime::{ApprovalAnswer, ApprovalKind, ApprovalRequest, Prompter};
use openclaw_terminal::{Printer, sanitize};
use tokio::io::{AsyncBufReadExt, BufReader};

use crate::prompter::ChatPrompter;

/// Asks on stderr and reads the answer from stdin, if both are a terminal.
#[derive(Debug, Clone)]
pub(crate) struct TerminalPrompter {
    pub(crate) printer: Printer,
}

#[async_trait]
impl Prompter for TerminalPrompter {
    async fn request_approval(&self, request: &ApprovalRequest) -> ApprovalAnswer {
        if !std::io::stdin().is_terminal() || !self.printer.stderr_is_terminal {
            // The option is for commands alone.
            let hint = match request.kind {
                ApprovalKind::Command => " (`--yes` allows commands without asking)",
                _ => "",
            };
            let reason = format!("there is no terminal to ask on{hint}");
            return ApprovalAnswer::Unavailable { reason };
        }
        self.printer.print_rendered(&request_subject(request));
        self.printer.print_question(format_args!("{} [y/N]", request_question(request)));
        let mut line = String::new();
        let read = BufReader::new(tokio::io::stdin()).read_line(&mut line).await;
        to_answer(read.is_ok() && matches!(line.trim(), "y" | "Y" | "yes"))
    }
}

/// Asks within the chat.
#[async_trait]
impl Prompter for ChatPrompter {
    async fn request_approval(&self, request: &ApprovalRequest) -> ApprovalAnswer {
        let subject = Some(request_subject(request));
        to_answer(self.ask_yes_no(subject, request_question(request)).await)
    }
}

/// What would run, as a verb and its object, safe to print.
fn request_subject(request: &ApprovalRequest) -> String {
    // On one line only what can't pretend to be another line of the question.
    let is_plain = |char: char| char == ' ' || char.is_ascii_graphic();
    if let Some(display) = request.display.as_ref().filter(|_| !request.text.chars().all(is_plain))
    {
        return display.trim_end().to_owned();
    }
    let text = &request.text;
    let subject = match (request.kind, request.directory.as_deref()) {
        (ApprovalKind::Command, None | Some(".")) => format!("run: {text}"),
        (ApprovalKind::Command, Some(directory)) => format!("run in {directory}: {text}"),
        _ => text.clone(),
    };
    sanitize::escape_line(&subject)
}

fn request_question(request: &ApprovalRequest) -> String {
    format!("allow this {}?", request.kind)
}

fn to_answer(is_allowed: bool) -> ApprovalAnswer {
    if is_allowed { ApprovalAnswer::Allow } else { ApprovalAnswer::Deny { reason: None } }
}

#[cfg(test)]
mod tests;
