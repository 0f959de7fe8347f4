//! Lines of the terminal as answers to questions.
//!
//! A read of the terminal cannot be taken back. What a read that was begun for a withdrawn question
//! gets is kept, so that the next question discards it or the next message is it.

use std::sync::Arc;

use futures_util::FutureExt as _;
use openclaw_terminal::{OutputPrinter, discard_type_ahead};
use tokio::io::{AsyncBufReadExt, BufReader, Lines, Stdin};
use tokio::sync::Mutex;

/// The lines of stdin.
pub(crate) type StdinLines = Lines<BufReader<Stdin>>;

/// The lines that a person answers with.
#[derive(Debug, Clone)]
pub(crate) struct AnswerLines(Arc<Mutex<StdinLines>>);

impl AnswerLines {
    pub(crate) fn new() -> Self {
        Self(Arc::new(Mutex::new(stdin_lines())))
    }

    /// Asks on stderr and waits for a line; `None` when there is none to be had. What was typed
    /// before is discarded. A future that is dropped takes no line.
    pub(crate) async fn ask(&self, printer: &OutputPrinter, question: &str) -> Option<String> {
        let mut lines = self.0.lock().await;
        discard_typed_lines(&mut lines);
        printer.print_question(question);
        lines.next_line().await.ok()?
    }
}

/// The lines of stdin, to be read from now on.
pub(crate) fn stdin_lines() -> StdinLines {
    BufReader::new(tokio::io::stdin()).lines()
}

/// Discards what was typed before a question.
pub(crate) fn discard_typed_lines(lines: &mut StdinLines) {
    discard_type_ahead();
    let reader = lines.get_mut();
    loop {
        let Some(Ok(typed)) = reader.fill_buf().now_or_never() else { return };
        let bytes = typed.len();
        if bytes == 0 {
            return;
        }
        reader.consume(bytes);
    }
}
