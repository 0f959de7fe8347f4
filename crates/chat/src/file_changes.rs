//! The text about file changes of a turn that are shown or undone.

use std::fmt::Display;

use openclaw_core::FileChange;
use openclaw_runtime::{TurnDiff, UndoError, UndoReport};
use openclaw_terminal::{OutputPrinter, TextStyle, sanitize};

use crate::error_report;

/// What `/undo` undoes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum UndoScope {
    /// The last turn and its file changes.
    TurnAndFiles,
    /// The file changes only.
    FilesOnly,
    /// The last turn only; files stay as they are.
    TurnOnly,
}

/// What an undo did.
pub(crate) struct UndoneTurn {
    /// Whether a turn was taken out of the conversation.
    pub(crate) is_turn_undone: bool,
    /// What the user had said in that turn.
    pub(crate) message: Option<String>,
    /// What became of the files, as lines without control characters; empty without changes.
    pub(crate) file_text: String,
}

impl UndoScope {
    /// The scope that a word behind `/undo` names.
    pub(crate) fn from_word(word: &str) -> Option<Self> {
        match word {
            "files" => Some(Self::FilesOnly),
            "keep" => Some(Self::TurnOnly),
            _ => None,
        }
    }

    /// What became of the files; `None` is that no change was left to undo.
    pub(crate) fn describe_files(self, undone: Option<String>) -> String {
        match (self, undone) {
            (Self::TurnOnly, _) => "files stay as they are".to_owned(),
            (_, Some(text)) => text,
            (Self::FilesOnly, None) => "no file change is left to undo".to_owned(),
            (Self::TurnAndFiles, None) => String::new(),
        }
    }
}

/// What became of the files of an undone turn, as lines without control characters; empty when it
/// changed none and ran no command.
#[must_use]
pub fn describe_undo(report: &UndoReport) -> String {
    let quote = |paths: &[String]| {
        let quoted: Vec<String> =
            paths.iter().map(|path| format!("`{}`", sanitize::escape_line(path))).collect();
        quoted.join(", ")
    };
    let mut lines = Vec::new();
    if !report.restored.is_empty() {
        lines.push(format!("restored {}", quote(&report.restored)));
    }
    if !report.removed.is_empty() {
        lines.push(format!("removed {}, which the turn had created", quote(&report.removed)));
    }
    lines.extend(describe_commands(report.commands));
    lines.join("\n")
}

/// A line on what cannot be undone or shown; `None` when no command ran.
fn describe_commands(commands: usize) -> Option<String> {
    match commands {
        0 => None,
        1 => Some("1 command ran in the turn; what it changed is not known and stays".to_owned()),
        count => Some(format!(
            "{count} commands ran in the turn; what they changed is not known and stays"
        )),
    }
}

/// Prints why file changes were not undone, each file on its own line.
pub fn print_undo_error(printer: &OutputPrinter, error: &UndoError) {
    match error {
        UndoError::Conflicts(conflicts) => print_undo_conflicts(printer, conflicts),
        other => {
            printer.print_error(format_args!("failed to {other}"));
            error_report::print_causes(printer, other);
        }
    }
}

/// Prints which files keep changes from being undone.
pub(crate) fn print_undo_conflicts<T: Display>(printer: &OutputPrinter, conflicts: &[T]) {
    printer.print_error("failed to undo the file changes; nothing was changed");
    for conflict in conflicts {
        printer.print_indented(sanitize::escape_line(&conflict.to_string()));
    }
}

/// The diff of a turn, as rows with their style; control characters are escaped.
pub(crate) fn diff_rows(diff: &TurnDiff) -> Vec<(TextStyle, String)> {
    let mut rows = Vec::new();
    for change in &diff.changes {
        let FileChange { path, diff, added_lines, removed_lines, is_truncated } = change;
        let path = sanitize::escape_line(path);
        let counts = match (diff.is_empty(), is_truncated) {
            (true, true) => "not compared: no text, or too large".to_owned(),
            (true, false) => "as before the turn".to_owned(),
            _ => format!("+{added_lines} -{removed_lines}"),
        };
        rows.push((TextStyle::Bold, format!("{path}  {counts}")));
        for row in diff.lines() {
            let style = match row.as_bytes().first() {
                Some(b'+') => TextStyle::Green,
                Some(b'-') => TextStyle::Red,
                _ => TextStyle::Dim,
            };
            rows.push((style, sanitize::escape_line(row)));
        }
        if *is_truncated && !diff.is_empty() {
            rows.push((TextStyle::Dim, "… the diff is cut here".to_owned()));
        }
    }
    rows.extend(describe_commands(diff.commands).map(|line| (TextStyle::Dim, line)));
    rows
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_undo_names_what_it_did_and_what_it_cannot() {
        let report = UndoReport {
            restored: vec!["a".to_owned(), "b\u{1b}".to_owned()],
            removed: vec!["c".to_owned()],
            commands: 2,
        };
        let text = describe_undo(&report);
        assert!(text.starts_with("restored `a`, `b"), "{text}");
        assert!(text.contains("removed `c`, which the turn had created\n2 commands ran"), "{text}");
        assert!(!text.contains('\u{1b}'));
        assert_eq!(describe_undo(&UndoReport::default()), "");
    }

    #[test]
    fn a_diff_has_a_heading_for_each_file() {
        let change = |path: &str, diff: &str, is_truncated| FileChange {
            path: path.to_owned(),
            diff: diff.to_owned(),
            added_lines: 1,
            removed_lines: 2,
            is_truncated,
        };
        let changes = vec![
            change("a", "@@ -1 +1 @@\n-x\n+y\n", false),
            change("b", "", true),
            change("c", "", false),
        ];
        let rows: Vec<String> =
            diff_rows(&TurnDiff { changes, commands: 0 }).into_iter().map(|(_, row)| row).collect();
        assert_eq!(
            rows,
            [
                "a  +1 -2",
                "@@ -1 +1 @@",
                "-x",
                "+y",
                "b  not compared: no text, or too large",
                "c  as before the turn"
            ]
        );
    }
}
