//! Asks the person at the terminal before a call runs.

use std::io::IsTerminal;

use async_trait::async_trait;
use openclaw_protocol::gateway::QuestionedCall;
use openclaw_runtime::{ApprovalAnswer, ApprovalKind, ApprovalPrompter, ApprovalRequest};
use openclaw_terminal::{OutputPrinter, TextStyle, sanitize, terminal_size, wrap_words};

use crate::answer_lines::AnswerLines;
use crate::prompter::{AnswerChoices, ChatPrompter, PersonAnswer, ask_at_terminal, wrap_subject};

/// Why nobody is asked without a terminal.
pub(crate) const NO_TERMINAL: &str = "there is no terminal to ask on";

/// Asks on stderr and reads the answer from stdin, if both are a terminal.
#[derive(Debug, Clone)]
pub(crate) struct TerminalPrompter {
    pub(crate) printer: OutputPrinter,
}

/// What a person is asked about a call of this program, or of a run of a gateway.
#[derive(Debug, Clone)]
pub(crate) struct CallPrompt {
    /// What would run and why a person is asked, safe to print.
    pub(crate) subject: String,
    pub(crate) question: String,
    pub(crate) choices: AnswerChoices,
}

impl TerminalPrompter {
    /// Whether there is a terminal to ask on.
    pub(crate) fn can_ask(&self) -> bool {
        std::io::stdin().is_terminal() && self.printer.stderr_is_terminal
    }

    /// Asks until there is an answer; no answer is no.
    pub(crate) async fn ask(&self, prompt: &CallPrompt) -> PersonAnswer {
        self.show(prompt);
        loop {
            let question = format!("{} [y/N]", prompt.question);
            let Some(line) = ask_at_terminal(&self.printer, question).await else {
                return PersonAnswer::No { reason: None };
            };
            if let Some(answer) = self.read_answer(prompt, &line) {
                return answer;
            }
        }
    }

    /// The same with lines that a question takes only while it waits for them: one that is withdrawn,
    /// when the future is dropped, takes none.
    pub(crate) async fn ask_with_lines(
        &self,
        prompt: &CallPrompt,
        lines: &AnswerLines,
    ) -> PersonAnswer {
        self.show(prompt);
        loop {
            let question = format!("{} [y/N]", prompt.question);
            let Some(line) = lines.ask(&self.printer, &question).await else {
                return PersonAnswer::No { reason: None };
            };
            if let Some(answer) = self.read_answer(prompt, &line) {
                return answer;
            }
        }
    }

    fn show(&self, prompt: &CallPrompt) {
        let (printer, choices) = (&self.printer, prompt.choices);
        let rows = wrap_subject(&prompt.subject, terminal_size().0).into_iter();
        let rows: Vec<String> = rows.map(|row| row.styled(printer)).collect();
        printer.print_rendered(&rows.join("\n"));
        let rows = wrap_words(&choices.to_string(), terminal_size().0).join("\n");
        printer.print_rendered(&printer.style_text(TextStyle::Dim, rows));
    }

    /// The answer of a line; tells the choices again without one.
    fn read_answer(&self, prompt: &CallPrompt, line: &str) -> Option<PersonAnswer> {
        let answer = prompt.choices.parse_answer(line);
        if answer.is_none() {
            self.printer.print_rendered(&prompt.choices.to_string());
        }
        answer
    }
}

#[async_trait]
impl ApprovalPrompter for TerminalPrompter {
    async fn request_approval(&self, request: &ApprovalRequest) -> ApprovalAnswer {
        if !self.can_ask() {
            // The option is for commands alone.
            let hint = match request.kind {
                ApprovalKind::Command if !request.is_final => {
                    " (`--yes` allows commands without asking)"
                }
                _ => "",
            };
            let reason = format!("{NO_TERMINAL}{hint}");
            return ApprovalAnswer::Unavailable { reason };
        }
        to_approval_answer(self.ask(&CallPrompt::from_request(request)).await)
    }
}

/// Asks within the chat.
#[async_trait]
impl ApprovalPrompter for ChatPrompter {
    async fn request_approval(&self, request: &ApprovalRequest) -> ApprovalAnswer {
        let CallPrompt { subject, question, choices } = CallPrompt::from_request(request);
        to_approval_answer(self.ask_person(Some(subject), question, choices).await)
    }
}

impl CallPrompt {
    fn from_request(request: &ApprovalRequest) -> Self {
        Self::new(
            request.kind == ApprovalKind::Command,
            &request.display,
            &request.reason_line(),
            AnswerChoices {
                always: request.can_allow_always(),
                programs: !request.sandboxed_programs().is_empty(),
                reason: true,
            },
        )
    }

    /// The question of a gateway about a call of one of its runs.
    pub(crate) fn from_gateway(call: &QuestionedCall) -> Self {
        let lines = call.display.lines();
        let display: String =
            lines.flat_map(|line| [sanitize::escape_line(line), "\n".to_owned()]).collect();
        Self::new(
            call.kind == "command",
            &display,
            &sanitize::escape_row(&call.reason),
            AnswerChoices {
                always: call.can_allow_always,
                programs: !call.sandboxed_programs.is_empty(),
                reason: true,
            },
        )
    }

    fn new(is_command: bool, display: &str, reason: &str, choices: AnswerChoices) -> Self {
        let (what, noun) = if is_command {
            ("the agent wants to run a command", "command")
        } else {
            ("the agent wants to make a call", "call")
        };
        Self {
            subject: format!("{what}\n{display}asked because {reason}"),
            question: format!("allow this {noun}?"),
            choices,
        }
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
