//! The keys of OpenClaw 2026.4.22 and 2026.9.6, as a table of paths instead of types.
//!
//! It is looked at for keys that no type reads: such a key is accepted and kept when the table
//! has it. One line is a path and a letter: `*` is any key of a map and `[]` any element; `o` is
//! an object that has no other keys, `m` one that may have any, `a` a list, `s` a string, `n` a
//! number, `b` a boolean and `x` one of several. A path is followed at once by all below it.

use std::sync::LazyLock;

use crate::pattern::Step;

static TABLE: LazyLock<Vec<Line>> = LazyLock::new(|| {
    let lines = include_str!("../data/known-keys.txt").lines();
    lines.filter_map(|line| line.rsplit_once(' ')).collect()
});

/// A path and its letter.
type Line = (&'static str, &'static str);

/// A place in the table.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Known {
    /// The path of the place; empty for the top.
    path: &'static str,
    kind: &'static str,
    below: &'static [Line],
}

/// What the table says of a key.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Lookup {
    /// It is in the table.
    Known(Known),
    /// It is in something that may have any key.
    Anything,
    /// It is in something that has other keys only.
    Unknown,
}

impl Known {
    fn top() -> Self {
        Self { path: "", kind: "o", below: &TABLE }
    }

    /// Looks up a path from the top.
    pub(crate) fn at(steps: &[Step<'_>]) -> Lookup {
        let mut place = Self::top();
        for step in steps {
            match place.step(step) {
                Lookup::Known(below) => place = below,
                other => return other,
            }
        }
        Lookup::Known(place)
    }

    /// Looks up a key or an element of this place.
    pub(crate) fn step(&self, step: &Step<'_>) -> Lookup {
        let found = match step {
            Step::Key(key) => self.child(key).or_else(|| self.child("*")),
            Step::Index(_) => self.child("[]"),
        };
        match (found, step, self.kind) {
            (Some(known), ..) => Lookup::Known(known),
            (None, Step::Key(_), "o") => Lookup::Unknown,
            _ => Lookup::Anything,
        }
    }

    /// The keys that it may have by name, in the order of the alphabet.
    pub(crate) fn keys(&self) -> Vec<&'static str> {
        let mut keys: Vec<_> = self.below.iter().map(|line| self.segment(line)).collect();
        keys.dedup();
        keys.retain(|key| !matches!(*key, "*" | "[]"));
        keys
    }

    fn child(&self, name: &str) -> Option<Self> {
        let start = self.below.partition_point(|line| self.segment(line) < name);
        let from = self.below.get(start..)?;
        let length = from.partition_point(|line| self.segment(line) == name);
        let ((path, kind), below) = from.get(..length)?.split_first()?;
        Some(Self { path, kind, below })
    }

    /// The step that leads from here to a line below.
    fn segment(&self, (path, _): &Line) -> &'static str {
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
    use crate::{KeyPath, pattern::steps_of};

    #[test]
    fn the_table_has_every_path_behind_the_one_above_it() {
        let mut seen = std::collections::BTreeSet::new();
        let order = |path: &str| path.replace('[', "\0").replace('.', "\u{1}");
        for window in TABLE.windows(2) {
            assert!(order(window[0].0) < order(window[1].0), "{window:?}");
        }
        for (path, kind) in TABLE.iter() {
            let above = match path.strip_suffix("[]") {
                Some(list) => list,
                None => path.rsplit_once('.').map_or("", |(above, _)| above),
            };
            assert!(above.is_empty() || seen.contains(above), "{path}");
            assert!(matches!(*kind, "o" | "m" | "a" | "s" | "n" | "b" | "x"), "{path} {kind}");
            seen.insert(*path);
        }
        assert!(TABLE.len() > 1_800);
    }

    #[test]
    fn every_path_of_the_table_is_found() {
        for (path, _) in TABLE.iter() {
            let path: KeyPath = path.replace("[]", "[7]").parse().unwrap();
            assert!(matches!(Known::at(&steps_of(&path)), Lookup::Known(_)), "{path}");
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
            let found = match Known::at(&steps_of(&path)) {
                Lookup::Known(_) => "known",
                Lookup::Anything => "anything",
                Lookup::Unknown => "unknown",
            };
            assert_eq!(found, expected, "{path}");
        }
    }
}
