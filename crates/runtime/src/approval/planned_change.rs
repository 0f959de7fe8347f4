//! The change of a protected file, for the person who decides about it.

use std::fmt::Write as _;

use openclaw_core::FileChange;
use openclaw_exec_policy::render_lines_for_approval;

/// The line before a diff in a request's display. No line of a call's own text can look like it.
pub const DIFF_LABEL: &str = "diff:";

/// The most lines of a diff in a question.
const MAX_SHOWN_LINES: usize = 200;

/// Shows a change as lines that are marked as the call's own, with the number of those left out.
pub(super) fn render_planned_change(change: Option<&FileChange>) -> String {
    let Some(change) = change else {
        return "diff: none can be made, so the call will fail\n".to_owned();
    };
    let FileChange { diff, added_lines, removed_lines, is_truncated, .. } = change;
    if diff.is_empty() {
        let why =
            if *is_truncated { "no text, or too large" } else { "the content stays as it is" };
        return format!("diff: none, {why}\n");
    }
    let shown: Vec<&str> = diff.lines().take(MAX_SHOWN_LINES).collect();
    let shown_changes = shown.iter().filter(|line| line.starts_with(['+', '-'])).count();
    let left_out = (added_lines + removed_lines).saturating_sub(shown_changes);
    let mut text = render_lines_for_approval(DIFF_LABEL.trim_end_matches(':'), shown);
    if left_out > 0 {
        // Writing to a string can't fail.
        let _ = writeln!(text, "{left_out} changed lines are left out here");
    }
    let _ = writeln!(text, "{added_lines} lines added, {removed_lines} removed");
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    fn change(diff: &str, added_lines: usize, is_truncated: bool) -> FileChange {
        let path = "a".to_owned();
        FileChange { path, diff: diff.to_owned(), added_lines, removed_lines: 1, is_truncated }
    }

    #[test]
    fn a_diff_is_shown_escaped_and_marked() {
        let diff = "@@ -1 +1 @@\n-old\n+new\u{1b}[2K\u{202e}\n+diff:\n";
        assert_eq!(
            render_planned_change(Some(&change(diff, 2, false))),
            "diff:\n  | @@ -1 +1 @@\n  | -old\n  | +new\\e[2K\\u{202e}\n  | +diff:\n2 lines \
             added, 1 removed\n"
        );
    }

    #[test]
    fn lines_that_are_left_out_are_counted() {
        let diff = "@@ -0,0 +1,500 @@\n".to_owned() + &"+line\n".repeat(500);
        let shown = render_planned_change(Some(&change(&diff, 5000, true)));
        assert_eq!(shown.lines().filter(|line| line.starts_with("  | +")).count(), 199);
        assert!(
            shown.contains("\n4802 changed lines are left out here\n5000 lines added"),
            "{shown}"
        );
        for (change, why) in [
            (Some(change("", 0, true)), "diff: none, no text, or too large\n"),
            (Some(change("", 0, false)), "diff: none, the content stays as it is\n"),
            (None, "diff: none can be made, so the call will fail\n"),
        ] {
            assert_eq!(render_planned_change(change.as_ref()), why);
        }
    }
}
