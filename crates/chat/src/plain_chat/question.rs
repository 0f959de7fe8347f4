//! Asks a person at a plain terminal.

use std::io;

use openclaw_terminal::{discard_type_ahead, sanitize, terminal_size};
use tokio::io::{AsyncBufReadExt, BufReader, Lines, Stdin};

use crate::context::CommandContext;
use crate::prompter::{PersonAnswer, PersonQuestion};

/// Asks on stderr and reads the answer from the next line.
pub(super) async fn ask_on_stderr(
    context: &CommandContext,
    lines: &mut Lines<BufReader<Stdin>>,
    question: PersonQuestion,
) -> io::Result<()> {
    let (printer, choices) = (&context.printer, question.choices);
    for row in question.subject_rows(terminal_size().0, printer) {
        printer.print_rendered(&row);
    }
    let mut answer = None;
    while answer.is_none() {
        printer.print_rendered(&choices.to_string());
        discard_typed_lines(lines.get_mut());
        printer.print_question(format_args!("{} [y/N]", sanitize::escape_line(&question.text)));
        answer = match lines.next_line().await? {
            Some(line) => choices.parse_answer(&line),
            None => Some(PersonAnswer::No { reason: None }),
        };
    }
    question.send_answer(answer.unwrap_or(PersonAnswer::No { reason: None }));
    Ok(())
}

/// Discards what was typed before a question.
fn discard_typed_lines(reader: &mut BufReader<Stdin>) {
    let buffered_bytes = reader.buffer().len();
    reader.consume(buffered_bytes);
    discard_type_ahead();
}
