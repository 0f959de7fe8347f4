//! The tools of a turn: the running tools, and the rows of their output and results.

use std::time::Instant;

use openclaw_core::{FileChange, ToolCall, ToolCallId, ToolEffect};

use super::TurnView;
use super::activity::RunningTool;
use crate::progress::describe_call;
use crate::scrollback::{RowKind, ScrollbackBuffer, split_rows};
use openclaw_terminal::{TextStyle, sanitize};

/// The most rows of a diff that are shown unless everything is.
const MAX_DIFF_ROWS: usize = 24;

impl TurnView {
    pub(super) fn add_running_tool(&mut self, call: &ToolCall, effect: &ToolEffect) {
        self.running_tools.push(RunningTool {
            id: call.id.clone(),
            label: describe_call(call.name.as_str(), effect),
            started_at: Instant::now(),
        });
    }

    /// Removes a tool that finished, and returns its label; `None` when it was not running.
    pub(super) fn remove_running_tool(&mut self, id: &ToolCallId) -> Option<String> {
        let position = self.running_tools.iter().position(|tool| tool.id == *id)?;
        Some(self.running_tools.remove(position).label)
    }

    pub(super) fn print_tool_output(&self, text: &str, out: &mut ScrollbackBuffer) {
        let text = sanitize::escape_prose(text);
        let indented_rows: Vec<String> =
            split_rows(&text).map(|row| format!("    {row}")).collect();
        self.print_notice(TextStyle::Dim, &indented_rows.join("\n"), out);
    }

    /// Prints the diff of a change: its first rows, or all of it when the output is verbose.
    pub(super) fn print_file_change(&self, change: &FileChange, out: &mut ScrollbackBuffer) {
        let is_verbose = self.render_options.printer.is_verbose();
        let max_rows = if is_verbose { usize::MAX } else { MAX_DIFF_ROWS };
        let mut rows = change.diff.lines();
        for row in rows.by_ref().take(max_rows) {
            let style = match row.as_bytes().first() {
                Some(b'+') => TextStyle::Green,
                Some(b'-') => TextStyle::Red,
                _ => TextStyle::Dim,
            };
            self.print_notice(style, &format!("    {}", sanitize::escape_line(row)), out);
        }
        let omitted_rows = rows.count();
        if omitted_rows > 0 || change.is_truncated {
            let (added, removed) = (change.added_lines, change.removed_lines);
            let text = format!("    … {added} lines added and {removed} removed in all");
            self.print_notice(TextStyle::Dim, &text, out);
        }
    }

    pub(super) fn print_tool_result(
        &self,
        is_error: bool,
        label: &str,
        result: &str,
        out: &mut ScrollbackBuffer,
    ) {
        let (mark, style) =
            if is_error { ("✗", TextStyle::Yellow) } else { ("✓", TextStyle::Green) };
        let printer = &self.render_options.printer;
        let result =
            printer.style_text(TextStyle::Dim, sanitize::escape_line(&format!("· {result}")));
        let mark = printer.style_text(style, mark);
        out.push_rows(
            RowKind::Notice,
            &format!("{mark} {} {result}", sanitize::escape_line(label)),
        );
    }
}
