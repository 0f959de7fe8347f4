//! The keys of OpenClaw 2026.4.22 and 2026.9.6, as a table of paths instead of types.
//!
//! The table is consulted for keys without a typed field: such a key is accepted and kept when the
//! table has it. A line is a path and a letter. `*` is any key of a map, and `[]` any element. `o`
//! is an object without other keys, `m` a map with any keys, `a` a list, `s` a string, `n` a
//! number, `b` a boolean and `x` one of several types. The paths below a path follow it directly.
//! `=` and another path mean that the value is as the one there, with the keys below it.

use crate::pattern::PathSegmentRef;

/// The lines of the table. They are searched as text, because parsing them all would cost more than
/// the few look-ups of a start.
const KEY_TABLE: &str = include_str!("../data/known-keys.txt");

/// A position in the table.
#[derive(Debug, Clone, Copy)]
pub(crate) struct KnownKeys {
    /// The path of the position; empty for the top level.
    path: &'static str,
    kind: &'static str,
    /// The lines of the paths below it.
    descendants: &'static str,
}

/// The result of looking up a key.
#[derive(Debug, Clone, Copy)]
pub(crate) enum KeyLookup {
    /// It is in the table.
    Known(KnownKeys),
    /// It is inside a map that may have any key.
    Anything,
    /// It is inside an object that has other keys only.
    Unknown,
}

impl KnownKeys {
    fn root_table() -> Self {
        Self { path: "", kind: "o", descendants: KEY_TABLE }
    }

    /// Looks up a path from the top level.
    pub(crate) fn lookup_path(steps: &[PathSegmentRef<'_>]) -> KeyLookup {
        let mut current = Self::root_table();
        for step in steps {
            match current.lookup_step(step) {
                KeyLookup::Known(below) => current = below,
                other => return other,
            }
        }
        KeyLookup::Known(current)
    }

    /// Looks up a key or an element below this position.
    pub(crate) fn lookup_step(&self, step: &PathSegmentRef<'_>) -> KeyLookup {
        let found = match step {
            PathSegmentRef::Key(key) => self.find_child(key).or_else(|| self.find_child("*")),
            PathSegmentRef::Index(_) => self.find_child("[]"),
        };
        match (found, step, self.kind) {
            (Some(known), ..) => KeyLookup::Known(known),
            (None, PathSegmentRef::Key(_), "o") => KeyLookup::Unknown,
            _ => KeyLookup::Anything,
        }
    }

    /// The type of the value; `None` when it may be one of several.
    pub(crate) fn expected_type(&self) -> Option<&'static str> {
        Some(match self.kind {
            "o" | "m" => "an object",
            "a" => "an array",
            "s" => "a string",
            "n" => "a number",
            "b" => "a boolean",
            _ => return None,
        })
    }

    /// The named keys below this position, in alphabetical order.
    pub(crate) fn child_keys(&self) -> Vec<&'static str> {
        let mut keys: Vec<_> =
            self.descendants.lines().map(|line| self.line_segment(line)).collect();
        keys.dedup();
        keys.retain(|key| !matches!(*key, "*" | "[]"));
        keys
    }

    fn find_child(&self, name: &str) -> Option<Self> {
        let start = partition_lines(self.descendants, |line| self.line_segment(line) < name);
        let from = self.descendants.get(start..)?;
        let end = partition_lines(from, |line| self.line_segment(line) == name);
        let found = from.get(..end)?;
        let (line, descendants) = found.split_once('\n')?;
        let (path, kind) = line.rsplit_once(' ')?;
        match kind.strip_prefix('=') {
            Some(other) => Self::find_path(other),
            None => Some(Self { path, kind, descendants }),
        }
    }

    /// Finds a path that is written as in the table.
    fn find_path(path: &'static str) -> Option<Self> {
        let steps = path.split('.').flat_map(|step| {
            let elements = step.match_indices("[]").map(|_| "[]");
            std::iter::once(step.trim_end_matches("[]")).chain(elements)
        });
        steps.into_iter().try_fold(Self::root_table(), |current, step| current.find_child(step))
    }

    /// The path segment that leads from this position to a line below it.
    fn line_segment(&self, line: &'static str) -> &'static str {
        let rest = line.get(self.path.len()..).unwrap_or_default();
        if rest.starts_with("[]") {
            return "[]";
        }
        let rest = rest.strip_prefix('.').unwrap_or(rest);
        rest.split(['.', '[', ' ']).next().unwrap_or_default()
    }
}

/// The offset of the first line that `is_before` does not hold for, in sorted lines that each end
/// in a line break.
fn partition_lines(lines: &'static str, is_before: impl Fn(&'static str) -> bool) -> usize {
    let (mut start, mut end) = (0, lines.len());
    while let Some(rest) = lines.get(start..end).filter(|rest| !rest.is_empty()) {
        let (before, _) = rest.as_bytes().split_at(rest.len() / 2);
        let line_start = before.iter().rposition(|byte| *byte == b'\n').map_or(0, |at| at + 1);
        let line = rest.get(line_start..).and_then(|rest| rest.lines().next()).unwrap_or_default();
        if is_before(line) {
            start += line_start + line.len() + 1;
        } else {
            end = start + line_start;
        }
    }
    start
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{KeyPath, pattern::to_segment_refs};

    #[test]
    fn the_table_has_every_path_behind_the_one_above_it() {
        let mut seen = std::collections::BTreeSet::new();
        let order = |path: &str| path.replace('[', "\0").replace('.', "\u{1}");
        let lines = || KEY_TABLE.lines().map(|line| line.rsplit_once(' ').unwrap());
        for ((path, _), (next, _)) in lines().zip(lines().skip(1)) {
            assert!(order(path) < order(next), "{path} {next}");
        }
        for (path, kind) in lines() {
            let above = match path.strip_suffix("[]") {
                Some(list) => list,
                None => path.rsplit_once('.').map_or("", |(above, _)| above),
            };
            assert!(above.is_empty() || seen.contains(above), "{path}");
            let is_as = kind.strip_prefix('=').is_some_and(|at| KnownKeys::find_path(at).is_some());
            let is_kind = matches!(kind, "o" | "m" | "a" | "s" | "n" | "b" | "x");
            assert!(is_as || is_kind, "{path} {kind}");
            seen.insert(path);
        }
        assert!(seen.len() > 1_800);
        assert!(KEY_TABLE.ends_with('\n'));
    }

    #[test]
    fn every_path_of_the_table_is_found() {
        for line in KEY_TABLE.lines() {
            let (path, _) = line.rsplit_once(' ').unwrap();
            let path: KeyPath = path.replace("[]", "[7]").parse().unwrap();
            assert!(
                matches!(KnownKeys::lookup_path(&to_segment_refs(&path)), KeyLookup::Known(_)),
                "{path}"
            );
        }
    }

    #[test]
    fn a_key_is_known_or_not_or_free() {
        for (path, expected) in [
            ("browser.enabled", "known"),
            ("browser.enabld", "unknown"),
            ("agents.list[0].tools.exec.safeBinProfiles.rg.deniedFlags[2]", "anything"),
            ("agents.entries.main.heartbeat.every", "known"),
            ("channels.telegram.botToken", "anything"),
            ("plugins.entries.vllm.enabled", "anything"),
            ("gatway", "unknown"),
            ("tools.media.image.models[0].request.tls.cert.source", "known"),
            ("tools.media.image.scope.rules[0].match.chanel", "unknown"),
        ] {
            let path: KeyPath = path.parse().unwrap();
            let found = match KnownKeys::lookup_path(&to_segment_refs(&path)) {
                KeyLookup::Known(_) => "known",
                KeyLookup::Anything => "anything",
                KeyLookup::Unknown => "unknown",
            };
            assert_eq!(found, expected, "{path}");
        }
    }
}
