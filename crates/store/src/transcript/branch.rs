//! Selects the entries of a transcript that count.

use std::collections::HashMap;

use serde_json::Value;

use crate::import::SourceLine;

/// The entries from the root to the last entry, along the parents of the last one. An unknown
/// parent is replaced by the previous entry of the file.
pub(super) fn active_branch(lines: &[SourceLine]) -> Vec<&SourceLine> {
    let text = |line: &SourceLine, key: &str| -> Option<String> {
        Some(line.value.as_ref()?.get(key)?.as_str()?.to_owned())
    };
    let is_entry = |line: &&SourceLine| {
        line.value.is_some() && text(line, "type").as_deref() != Some("session")
    };
    let entries: Vec<&SourceLine> = lines.iter().filter(is_entry).collect();
    let ids =
        entries.iter().enumerate().filter_map(|(index, line)| Some((text(line, "id")?, index)));
    let ids: HashMap<String, usize> = ids.collect();
    let mut branch = Vec::new();
    let mut next = entries.len().checked_sub(1);
    while let Some(index) = next {
        let Some(line) = entries.get(index) else { break };
        branch.push(*line);
        let parent = line.value.as_ref().and_then(|entry| entry.get("parentId"));
        let known = match parent {
            Some(Value::String(parent)) => ids.get(parent).copied(),
            // A null parent marks the root.
            Some(Value::Null) if index == 0 => break,
            _ => None,
        };
        // A parent always comes earlier in the file, so the loop ends.
        next = known.filter(|parent| *parent < index).or(index.checked_sub(1));
    }
    let header = lines
        .iter()
        .filter(|line| line.value.is_some() && text(line, "type").as_deref() == Some("session"));
    header.take(1).chain(branch.into_iter().rev()).collect()
}
