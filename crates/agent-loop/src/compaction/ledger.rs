//! What happened, kept by code: a summary in a model's words forgets failures and commands.

use openclaw_core::{Effect, Step, ToolCall, ToolOutput};

use crate::toolbox::Toolbox;

/// The most lines that are kept.
const LINES: usize = 120;
/// The most bytes of a command or a message in a line.
const PART_BYTES: usize = 200;

/// The lines for the steps that a summary replaces: those of an earlier summary as they are, then
/// what the calls did, in order. A line that says the same as an earlier one takes its place.
pub(crate) fn of<'a>(toolbox: &Toolbox, steps: impl Iterator<Item = Step<'a>>) -> Vec<String> {
    let mut lines: Vec<String> = Vec::new();
    let mut left_out = 0;
    for step in steps {
        match step {
            Step::Summary(summary) => {
                for line in &summary.ledger {
                    match left_out_by(line) {
                        Some(count) => left_out += count,
                        None => lines.push(line.clone()),
                    }
                }
            }
            Step::User(_) => {}
            Step::Assistant { calls, .. } => {
                for (call, output) in calls {
                    if let Some(line) = line(toolbox, call, output) {
                        lines.retain(|earlier| *earlier != line);
                        lines.push(line);
                    }
                }
            }
        }
    }
    let surplus = lines.len().saturating_sub(LINES);
    if surplus + left_out > 0 {
        lines.drain(..surplus);
        lines.insert(0, self::left_out(surplus + left_out));
    }
    lines
}

/// The line for entries that there is no room for.
pub(crate) fn left_out(count: usize) -> String {
    format!("{count} earlier entries are left out")
}

/// How many entries a line says are left out.
fn left_out_by(line: &str) -> Option<usize> {
    line.strip_suffix(" earlier entries are left out")?.parse().ok()
}

/// What a call did, if that is worth a line: reading is not, unless it failed.
fn line(toolbox: &Toolbox, call: &ToolCall, output: Option<&ToolOutput>) -> Option<String> {
    let effect = toolbox.get(&call.name).and_then(|tool| tool.plan(call).ok());
    let end = match output {
        None => "interrupted; it may have had an effect".to_owned(),
        Some(output) if output.is_error => {
            let first = output.text.lines().find(|line| !line.trim().is_empty());
            format!("failed: {}", part(first.unwrap_or("without a word")))
        }
        Some(output) => output.summary.clone().unwrap_or_else(|| "done".to_owned()),
    };
    let failed = output.is_none_or(|output| output.is_error);
    let what = match effect {
        Some(Effect::Read { .. }) if !failed => return None,
        Some(Effect::Read { path }) => format!("read `{}`", part(&path)),
        Some(Effect::Write { path }) => format!("wrote `{}`", part(&path)),
        Some(Effect::Exec { command, .. }) => format!("ran `{}`", part(&command)),
        _ => format!("called `{}` with {}", call.name, part(&call.arguments.to_json())),
    };
    Some(format!("{what}: {end}"))
}

/// A text as a part of one line, cut where it is long.
fn part(text: &str) -> String {
    let line = text.split_whitespace().collect::<Vec<_>>().join(" ");
    if line.len() <= PART_BYTES {
        return line;
    }
    let end = line.floor_char_boundary(PART_BYTES);
    format!("{}…", line.split_at(end).0)
}
