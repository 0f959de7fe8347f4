//! Questions in place of the input line.

use std::io;

use openclaw_terminal::{LineEditor, TextStyle, sanitize};

use super::ChatTerminal;
use crate::prompter::{PersonAnswer, PersonQuestion};
use crate::scrollback::RowKind;

impl ChatTerminal {
    /// Puts a question in place of the input line, its subject into the scrollback, and discards
    /// what was typed before.
    pub(super) fn show_question(&mut self, question: PersonQuestion) -> io::Result<()> {
        let rows = question.subject_rows(self.render_options.columns, &self.render_options.printer);
        if !rows.is_empty() {
            self.scrollback.request_gap();
            self.scrollback.push_rows(RowKind::Notice, &rows.join("\n"));
        }
        let editor = std::mem::take(&mut self.editor);
        self.pending_question = Some((question, editor));
        self.key_input.discard_type_ahead();
        self.draw_screen()
    }

    /// Answers a pending question with no.
    pub(crate) fn refuse_question(&mut self) {
        if self.pending_question.as_ref().is_some_and(|(question, _)| question.is_withdrawn()) {
            self.withdraw_question();
        }
        if let Some((question, editor)) = self.pending_question.take() {
            self.editor = editor;
            self.finish_question(question, PersonAnswer::No { reason: None });
        }
    }

    /// Takes a question away that nobody waits for any more, with what was typed for it.
    pub(super) fn withdraw_question(&mut self) {
        let Some((question, editor)) = self.pending_question.take() else { return };
        self.editor = editor;
        self.key_input.discard_type_ahead();
        self.print_note(TextStyle::Dim, &format!("? {} – withdrawn", question.text));
    }

    pub(super) fn answer_question(&mut self, line: &str) {
        let Some((question, editor)) = self.pending_question.take() else { return };
        if let Some(answer) = question.choices.parse_answer(line) {
            self.editor = editor;
            self.finish_question(question, answer);
        } else {
            self.show_hint(format!("one of these, and Enter: {}", question.choices));
            self.pending_question = Some((question, editor));
        }
    }

    fn finish_question(&mut self, question: PersonQuestion, answer: PersonAnswer) {
        let note = sanitize::escape_line(&format!("? {} – {answer}", question.text));
        self.print_note(TextStyle::Dim, &note);
        question.send_answer(answer);
    }
}

/// Waits until nobody waits for the answer to the pending question any more.
pub(super) async fn withdrawal(pending: &mut Option<(PersonQuestion, LineEditor)>) {
    match pending {
        Some((question, _)) => question.wait_until_withdrawn().await,
        None => std::future::pending().await,
    }
}
