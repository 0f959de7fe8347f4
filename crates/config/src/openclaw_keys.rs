//! The keys of OpenClaw 2026.4.22 and 2026.9.6, as a table of paths instead of types.
//!
//! The table is consulted for keys without a typed field: such a key is accepted and kept when the
//! table has it. A line is a path and a letter. `*` is any key of a map, and `[]` any element. `o`
//! is an object without other keys, `m` a map with any keys, `a` a list, `s` a string, `n` a
//! number, `b` a boolean and `x` one of several types. The paths below a path follow it directly.

use std::sync::LazyLock;

use crate::pattern::PathSegmentRef;

static KEY_TABLE: LazyLock<Vec<KeyLine>> = LazyLock::new(|| {
    let lines = include_str!("../data/known-keys.txt").lines();
    lines.filter_map(|line| line.rsplit_once(' ')).collect()
});

/// A path and its type letter.
type KeyLine = (&'static str, &'static str);

/// A position in the table.
#[derive(Debug, Clone, Copy)]
pub(crate) struct KnownKeys {
    /// The path of the position; empty for the top level.
    path: &'static str,
    kind: &'static str,
    descendants: &'static [KeyLine],
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
        Self { path: "", kind: "o", descendants: &KEY_TABLE }
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
            self.descendants.iter().map(|line| self.line_segment(line)).collect();
        keys.dedup();
        keys.retain(|key| !matches!(*key, "*" | "[]"));
        keys
    }

    fn find_child(&self, name: &str) -> Option<Self> {
        let start = self.descendants.partition_point(|line| self.line_segment(line) < name);
        let from = self.descendants.get(start..)?;
        let length = from.partition_point(|line| self.line_segment(line) == name);
        let ((path, kind), descendants) = from.get(..length)?.split_first()?;
        Some(Self { path, kind, descendants })
    }

    /// The path segment that leads from this position to a line below it.
    fn line_segment(&self, (path, _): &KeyLine) -> &'static str {
        let rest = path.get(self.path.len()..).unwrap_or_default();
        if rest.starts_with("[]") {
            return "[]";
        }
        let rest = rest.strip_prefix('.').unwrap_or(rest);
        rest.split(['.', '[']).next().unwrap_or_default()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{KeyPath, pattern::to_segment_refs};

    #[test]
    fn the_table_has_every_path_behind_the_one_above_it() {
        let mut seen = std::collections::BTreeSet::new();
        let order = |path: &str| path.replace('[', "\0").replace('.', "\u{1}");
        for window in KEY_TABLE.windows(2) {
            assert!(order(window[0].0) < order(window[1].0), "{window:?}");
        }
        for (path, kind) in KEY_TABLE.iter() {
            let above = match path.strip_suffix("[]") {
                Some(list) => list,
                None => path.rsplit_once('.').map_or("", |(above, _)| above),
            };
            assert!(above.is_empty() || seen.contains(above), "{path}");
            assert!(matches!(*kind, "o" | "m" | "a" | "s" | "n" | "b" | "x"), "{path} {kind}");
            seen.insert(*path);
        }
        assert!(KEY_TABLE.len() > 1_800);
    }

    #[test]
    fn every_path_of_the_table_is_found() {
        for (path, _) in KEY_TABLE.iter() {
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
