//! Lines of stdin, and questions to the person at a plain terminal.

use std::convert::Infallible;
use std::io;

use openclaw_terminal::{OutputPrinter, sanitize, terminal_size};
use tokio::sync::mpsc::UnboundedReceiver;

use crate::answer_lines::{StdinLines, discard_typed_lines, stdin_lines};
use crate::prompter::{PersonAnswer, PersonQuestion};

/// The lines of a plain chat: messages, and answers while a question waits.
#[derive(Debug)]
pub(super) struct PlainInput {
    lines: StdinLines,
    questions: UnboundedReceiver<PersonQuestion>,
    /// The question that waits for the next line.
    asked: Option<PersonQuestion>,
}

impl PlainInput {
    pub(super) fn new(questions: UnboundedReceiver<PersonQuestion>) -> Self {
        Self { lines: stdin_lines(), questions, asked: None }
    }

    /// The next line that is no answer; `None` at the end of the input. Cancel safe.
    pub(super) async fn next_line(&mut self) -> io::Result<Option<String>> {
        self.lines.next_line().await
    }

    /// Asks what there is to ask and takes the next lines as answers, for as long as it is awaited.
    /// Cancel safe: a question stays open, and one that is withdrawn takes no line.
    pub(super) async fn answer_questions(
        &mut self,
        printer: &OutputPrinter,
    ) -> io::Result<Infallible> {
        loop {
            let Some(asked) = &mut self.asked else {
                let Some(question) = self.questions.recv().await else {
                    std::future::pending().await
                };
                for row in question.subject_rows(terminal_size().0, printer) {
                    printer.print_rendered(&row);
                }
                ask(printer, &question, &mut self.lines);
                self.asked = Some(question);
                continue;
            };
            let line = tokio::select! {
                biased;
                () = asked.wait_until_withdrawn() => None,
                line = self.lines.next_line() => Some(line?),
            };
            let Some(question) = self.asked.take() else { continue };
            let answer = match line {
                None => {
                    printer.print_raw("\n");
                    printer.print_note("the question is withdrawn");
                    continue;
                }
                Some(None) => Some(PersonAnswer::No { reason: None }),
                Some(Some(line)) => question.choices.parse_answer(&line),
            };
            if let Some(answer) = answer {
                question.send_answer(answer);
            } else {
                ask(printer, &question, &mut self.lines);
                self.asked = Some(question);
            }
        }
    }

    /// Forgets the question that waits: the work that it belongs to is over.
    pub(super) fn drop_question(&mut self) {
        self.asked = None;
    }
}

/// Names the answers and asks. What was typed before is discarded.
fn ask(printer: &OutputPrinter, question: &PersonQuestion, lines: &mut StdinLines) {
    printer.print_rendered(&question.choices.to_string());
    discard_typed_lines(lines);
    printer.print_question(format_args!("{} [y/N]", sanitize::escape_line(&question.text)));
}
