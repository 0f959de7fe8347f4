//! What is below what stays.

use openclaw_terminal::{Layout, Live, clip};
use tokio::time::Instant;

use super::{Desk, PROMPT};
use crate::printer::Style;

impl Desk {
    fn idle_status(&self) -> String {
        self.work.as_ref().map_or_else(|| self.status.clone(), work_status)
    }

    /// What is below what stays: what is still changing, the status, what is asked, the input.
    pub(super) fn live(&self) -> Live {
        let (columns, height) = self.screen.size();
        let dim = |text: &str| self.printer.paint(Style::Dim, clip(text, columns));
        let mut below: Vec<String> = Vec::new();
        let mut prompt = PROMPT.to_owned();
        if let Some((question, _)) = &self.question {
            let about = question.about.iter().flat_map(|about| about.lines());
            below.extend(about.map(|row| self.printer.paint(Style::Bold, format!("? {row}"))));
            let ask = format!("{} [y/N] ", question.text);
            if openclaw_terminal::width(&ask) + 4 < columns {
                prompt = self.printer.paint(Style::Bold, ask);
            } else {
                below.push(self.printer.paint(Style::Bold, ask));
                "[y/N] ".clone_into(&mut prompt);
            }
        }
        let most = (height / 2).max(1);
        let Layout { rows: input, cursor } = self.editor.layout(&prompt, columns, most);
        let queued = self.queued.iter().map(|text| {
            dim(&format!("› {}  (waits for the model to be asked again)", text.replace('\n', " ")))
        });
        let queued: Vec<String> = queued.collect();
        let hint = self.hint.iter().map(|hint| dim(hint));
        let taken = below.len() + input.len() + queued.len() + hint.len() + 2;
        let mut rows: Vec<String> = Vec::new();
        match &self.view {
            Some(view) => {
                if !view.is_amid_answer() {
                    rows.push(String::new());
                }
                rows.extend(view.live(height.saturating_sub(taken)));
                let status = rows.pop();
                rows.extend(queued);
                rows.extend(if self.question.is_some() { None } else { status });
            }
            None => rows.extend([String::new(), dim(&self.idle_status())]),
        }
        rows.extend(below);
        let first = rows.len();
        rows.extend(input);
        rows.extend(hint);
        Live { rows, cursor: Some((first + cursor.0, cursor.1)) }
    }
}

/// Says what is done and since when.
fn work_status((what, since, note): &(&'static str, Instant, Option<String>)) -> String {
    let seconds = since.elapsed().as_secs();
    let note = note.as_ref().map_or(String::new(), |note| format!(" · {note}"));
    format!("{what}, {seconds} s · Ctrl-C stops{note}")
}
