//! The rows of a turn that are still changing, with its status row.

use openclaw_terminal::{TextStyle, clip_row, sanitize};

use super::activity::RunningTool;
use super::{RenderOptions, TurnView};
use crate::number_format;
use crate::progress::format_duration;
use crate::reasoning::ReasoningDisplay;
use crate::scrollback::split_rows;

/// What turns while something is waited for.
const SPINNER_FRAMES: [char; 10] = ['⠋', '⠙', '⠹', '⠸', '⠼', '⠴', '⠦', '⠧', '⠇', '⠏'];

impl TurnView {
    /// The rows that are still changing, at most so many; the last of them is the status.
    pub(crate) fn live_rows(&self, max_rows: usize) -> Vec<String> {
        let RenderOptions { printer, reasoning, columns } = &self.render_options;
        let columns = *columns;
        let dim = |text: String| printer.style_text(TextStyle::Dim, text);
        let mut output_rows: Vec<String> = Vec::new();
        if let Some(answer) = &self.answer {
            let pending = answer.pending_lines();
            if !pending.is_empty() {
                output_rows.extend(split_rows(&pending));
            }
        }
        if let Some(thoughts) = &self.reasoning_buffer {
            let line = sanitize::escape_line(thoughts.current_line());
            let row = match reasoning {
                ReasoningDisplay::Off => None,
                ReasoningDisplay::Short => {
                    Some(format!("  {}", clip_start(&line, columns.saturating_sub(3))))
                }
                ReasoningDisplay::Full => Some(sanitize::escape_line(thoughts.unfinished_line()))
                    .filter(|rest| !rest.is_empty()),
            };
            output_rows.extend(row.map(dim));
        }
        for RunningTool { label, started_at, .. } in &self.running_tools {
            let label = sanitize::escape_line(label).replace('\n', "\\n");
            let row = format!("● {label} ({} s)", started_at.elapsed().as_secs());
            output_rows.push(printer.style_text(TextStyle::Bold, clip_row(&row, columns)));
        }
        if !output_rows.is_empty() {
            output_rows.push(String::new());
        }
        output_rows.push(dim(clip_row(&self.status_row(), columns)));
        output_rows.split_off(output_rows.len().saturating_sub(max_rows.max(1)))
    }

    /// What the turn is at, since when, how fast, and how full the window is.
    pub(super) fn status_row(&self) -> String {
        let frame = usize::try_from(self.started_at.elapsed().as_millis() / 100).unwrap_or(0);
        let spinner = SPINNER_FRAMES.get(frame % SPINNER_FRAMES.len()).copied().unwrap_or('·');
        let label = match (self.is_stopping, self.running_tools.is_empty()) {
            (true, _) => "stopping",
            (false, false) => "running",
            (false, true) => &self.activity.label,
        };
        let seconds = self.activity.started_at.elapsed().as_secs();
        let limit = self.activity.limit.filter(|_| *label == self.activity.label);
        let limit =
            limit.map_or(String::new(), |limit| format!(" of at most {}", format_duration(limit)));
        let mut parts = vec![format!("{spinner} {label}, {seconds} s{limit}")];
        parts.extend(self.activity.note.clone());
        parts.extend(self.token_rate.format_rate());
        parts.extend((!self.is_stopping).then(|| "Ctrl-C stops".to_owned()));
        parts.extend(Some(self.model.reference.clone()).filter(|name| !name.is_empty()));
        if let Some(context) = self.context_use {
            let cached = context.cached_tokens.filter(|cached| *cached > 0);
            let cached =
                cached.map(|cached| format!(", {} cached", number_format::format_tokens(cached)));
            parts.push(number_format::format_context_use(context) + &cached.unwrap_or_default());
        }
        sanitize::escape_line(&parts.join(" · "))
    }
}

/// The end of a line, as much of it as there is room for.
pub(super) fn clip_start(line: &str, cells: usize) -> String {
    let mut start = 0;
    while openclaw_terminal::row_width(line.get(start..).unwrap_or_default()) > cells {
        start += line.get(start..).and_then(|rest| rest.chars().next()).map_or(1, char::len_utf8);
    }
    let mark = if start > 0 { "…" } else { "" };
    format!("{mark}{}", line.get(start..).unwrap_or_default())
}
