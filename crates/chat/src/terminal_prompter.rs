//! Asks the person at the terminal before a call runs.

use std::io::IsTerminal;

use async_trait::async_trait;
use openclaw_runtime::{ApprovalAnswer, ApprovalKind, ApprovalPrompter, ApprovalRequest};
use openclaw_terminal::{OutputPrinter, TextStyle, terminal_size, wrap_words};

use crate::prompter::{AnswerChoices, ChatPrompter, PersonAnswer, ask_at_terminal, wrap_subject};

/// Asks on stderr and reads the answer from stdin, if both are a terminal.
#[derive(Debug, Clone)]
pub(crate) struct TerminalPrompter {
    pub(crate) printer: OutputPrinter,
}

#[async_trait]
impl ApprovalPrompter for TerminalPrompter {
    async fn request_approval(&self, request: &ApprovalRequest) -> ApprovalAnswer {
        let printer = &self.printer;
        if !std::io::stdin().is_terminal() || !printer.stderr_is_terminal {
            // The option is for commands alone.
            let hint = match request.kind {
                ApprovalKind::Command if !request.is_final => {
                    " (`--yes` allows commands without asking)"
                }
                _ => "",
            };
            let reason = format!("there is no terminal to ask on{hint}");
            return ApprovalAnswer::Unavailable { reason };
        }
        let choices = request_choices(request);
        let rows = wrap_subject(&request_subject(request), terminal_size().0).into_iter();
        let rows: Vec<String> = rows.map(|row| row.styled(printer)).collect();
        printer.print_rendered(&rows.join("\n"));
        let rows = wrap_words(&choices.to_string(), terminal_size().0).join("\n");
        printer.print_rendered(&printer.style_text(TextStyle::Dim, rows));
        loop {
            let question = format!("{} [y/N]", request_question(request));
            let Some(line) = ask_at_terminal(printer, question).await else {
                return ApprovalAnswer::Deny { reason: None };
            };
            match choices.parse_answer(&line) {
                Some(answer) => return to_approval_answer(answer),
                None => printer.print_rendered(&choices.to_string()),
            }
        }
    }
}

/// Asks within the chat.
#[async_trait]
impl ApprovalPrompter for ChatPrompter {
    async fn request_approval(&self, request: &ApprovalRequest) -> ApprovalAnswer {
        let subject = Some(request_subject(request));
        let choices = request_choices(request);
        to_approval_answer(self.ask_person(subject, request_question(request), choices).await)
    }
}

/// What would run and why a person is asked, safe to print.
fn request_subject(request: &ApprovalRequest) -> String {
    let what = match request.kind {
        ApprovalKind::Command => "the agent wants to run a command",
        _ => "the agent wants to make a call",
    };
    format!("{what}\n{}asked because {}", request.display, request.reason_line())
}

fn request_question(request: &ApprovalRequest) -> String {
    format!("allow this {}?", request.kind)
}

fn request_choices(request: &ApprovalRequest) -> AnswerChoices {
    AnswerChoices {
        always: request.can_allow_always(),
        programs: !request.sandboxed_programs().is_empty(),
        reason: true,
    }
}

fn to_approval_answer(answer: PersonAnswer) -> ApprovalAnswer {
    match answer {
        PersonAnswer::Yes => ApprovalAnswer::Allow,
        PersonAnswer::Always => ApprovalAnswer::AllowAlways,
        PersonAnswer::YesFor { scope, time } => ApprovalAnswer::AllowFor { scope, time },
        PersonAnswer::No { reason } => ApprovalAnswer::Deny { reason },
    }
}

#[cfg(test)]
mod tests;
