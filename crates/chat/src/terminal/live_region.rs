//! The live region below the scrollback.

use openclaw_terminal::{EditorLayout, LiveRegion, TextStyle, clip_row, sanitize, wrap_words};
use tokio::time::Instant;

use super::{ChatTerminal, INPUT_PROMPT};

impl ChatTerminal {
    fn idle_status(&self) -> String {
        self.background_work.as_ref().map_or_else(|| self.status_line.clone(), format_work_status)
    }

    /// Builds the live region: the turn in progress, the status, a question and the input line.
    pub(super) fn live_region(&self) -> LiveRegion {
        let (columns, height) = self.screen.size();
        let dim = |text: &str| {
            let text = sanitize::escape_line(text);
            self.render_options.printer.style_text(TextStyle::Dim, clip_row(&text, columns))
        };
        let mut question_rows: Vec<String> = Vec::new();
        let mut prompt = INPUT_PROMPT.to_owned();
        if let Some((question, _)) = &self.pending_question {
            if question.subject.is_some() {
                let choices = wrap_words(&question.choices.to_string(), columns);
                question_rows.extend(choices.iter().map(|row| dim(row)));
            }
            let question_text = format!("{} [y/N] ", sanitize::escape_line(&question.text));
            if openclaw_terminal::row_width(&question_text) + 4 < columns {
                prompt = self.render_options.printer.style_text(TextStyle::Bold, question_text);
            } else {
                question_rows
                    .push(self.render_options.printer.style_text(TextStyle::Bold, question_text));
                "[y/N] ".clone_into(&mut prompt);
            }
        }
        let max_input_rows = (height / 2).max(1);
        let EditorLayout { rows: input, cursor } =
            self.editor.compute_layout(&prompt, columns, max_input_rows);
        let queued_rows = self.queued_messages.iter().map(|text| {
            dim(&format!("› {}  (waits for the model to be asked again)", text.replace('\n', " ")))
        });
        let queued_rows: Vec<String> = queued_rows.collect();
        let hint_row = self.hint_text.iter().map(|hint| dim(hint));
        let reserved_rows =
            question_rows.len() + input.len() + queued_rows.len() + hint_row.len() + 2;
        let mut rows: Vec<String> = Vec::new();
        match &self.turn_view {
            Some(view) => {
                if !view.is_inside_answer() {
                    rows.push(String::new());
                }
                rows.extend(view.live_rows(height.saturating_sub(reserved_rows)));
                let status = rows.pop();
                rows.extend(queued_rows);
                rows.extend(if self.pending_question.is_some() { None } else { status });
            }
            None => rows.extend([String::new(), dim(&self.idle_status())]),
        }
        rows.extend(question_rows);
        let input_start = rows.len();
        rows.extend(input);
        rows.extend(hint_row);
        LiveRegion { rows, cursor: Some((input_start + cursor.0, cursor.1)) }
    }
}

/// Formats the label of the running work and its elapsed time.
fn format_work_status(
    (label, started_at, note): &(&'static str, Instant, Option<String>),
) -> String {
    let seconds = started_at.elapsed().as_secs();
    let note = note.as_ref().map_or(String::new(), |note| format!(" · {note}"));
    format!("{label}, {seconds} s · Ctrl-C stops{note}")
}
