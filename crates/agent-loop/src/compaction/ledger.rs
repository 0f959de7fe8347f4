//! The ledger: a record of calls, written by code, because model summaries omit failures and
//! commands.

use openclaw_core::{HistoryStep, ToolCall, ToolEffect, ToolOutput};

use crate::tool_registry::ToolRegistry;

/// The most lines that are kept.
const MAX_LINES: usize = 120;
/// The most bytes of a command or a message in a line.
const MAX_PART_BYTES: usize = 200;

/// Builds the ledger for the steps that a summary replaces: the lines of an earlier summary, then
/// what the calls did, in order. A repeated line moves to the end.
pub(crate) fn build_ledger<'a>(
    tools: &ToolRegistry,
    steps: impl Iterator<Item = HistoryStep<'a>>,
) -> Vec<String> {
    let mut lines: Vec<String> = Vec::new();
    let mut left_out = 0;
    for step in steps {
        match step {
            HistoryStep::Summary(summary) => {
                for line in &summary.ledger {
                    match parse_omission_line(line) {
                        Some(count) => left_out += count,
                        None => lines.push(line.clone()),
                    }
                }
            }
            HistoryStep::User(_) => {}
            HistoryStep::Assistant { calls, .. } => {
                for (call, output) in calls {
                    if let Some(line) = call_line(tools, call, output) {
                        lines.retain(|earlier| *earlier != line);
                        lines.push(line);
                    }
                }
            }
        }
    }
    let surplus = lines.len().saturating_sub(MAX_LINES);
    if surplus + left_out > 0 {
        lines.drain(..surplus);
        lines.insert(0, self::omission_line(surplus + left_out));
    }
    lines
}

/// The line that stands for omitted entries.
pub(crate) fn omission_line(count: usize) -> String {
    format!("{count} earlier entries are left out")
}

/// How many entries a line stands for.
pub(crate) fn count_entries(line: &str) -> usize {
    parse_omission_line(line).unwrap_or(1)
}

/// Reads how many entries an omission line stands for.
fn parse_omission_line(line: &str) -> Option<usize> {
    line.strip_suffix(" earlier entries are left out")?.parse().ok()
}

/// What a call did; `None` for calls that only read, unless they failed.
fn call_line(tools: &ToolRegistry, call: &ToolCall, output: Option<&ToolOutput>) -> Option<String> {
    let effect = tools.planned_effect(call);
    let end = match output {
        None => "interrupted; it may have had an effect".to_owned(),
        Some(output) if output.is_error => {
            let first = output.text.lines().find(|line| !line.trim().is_empty());
            format!("failed: {}", line_excerpt(first.unwrap_or("without a word")))
        }
        Some(output) => output.summary.clone().unwrap_or_else(|| "done".to_owned()),
    };
    let failed = output.is_none_or(|output| output.is_error);
    let what = match effect {
        Some(
            ToolEffect::Read { .. }
            | ToolEffect::Inspect { .. }
            | ToolEffect::Fetch { .. }
            | ToolEffect::OwnCommand { .. },
        ) if !failed => return None,
        Some(ToolEffect::Read { path }) => format!("read `{}`", line_excerpt(&path)),
        Some(ToolEffect::Write { path, .. }) => format!("wrote `{}`", line_excerpt(&path)),
        Some(ToolEffect::Exec { command, node, .. }) => {
            let place =
                node.map_or_else(String::new, |node| format!(" on `{}`", line_excerpt(&node)));
            format!("ran `{}`{place}", line_excerpt(&command))
        }
        Some(ToolEffect::Fetch { url }) => format!("fetched `{}`", line_excerpt(&url)),
        _ => format!("called `{}` with {}", call.name, line_excerpt(&call.arguments.to_json())),
    };
    Some(format!("{what}: {end}"))
}

/// A text as part of one line, cut to [`MAX_PART_BYTES`].
fn line_excerpt(text: &str) -> String {
    let line = text.split_whitespace().collect::<Vec<_>>().join(" ");
    if line.len() <= MAX_PART_BYTES {
        return line;
    }
    let end = line.floor_char_boundary(MAX_PART_BYTES);
    format!("{}…", line.split_at(end).0)
}
