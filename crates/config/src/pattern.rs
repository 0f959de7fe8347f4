//! Patterns of key paths, e.g. `models.providers.*.baseUrl`, where `*` is any key or index.

use crate::path::{KeyPath, PathSegment};

/// A borrowed path segment.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum PathSegmentRef<'n> {
    Key(&'n str),
    Index(usize),
}

/// The relation of a path to a pattern.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum PathRelation {
    /// The path matches the pattern.
    Equal,
    /// The path is below a match.
    Descendant,
    /// The path is above a match.
    Ancestor,
    /// Neither contains the other.
    Disjoint,
}

impl PathSegmentRef<'_> {
    /// Whether a segment of a pattern matches this segment.
    pub(crate) fn matches_pattern(&self, pattern: &str) -> bool {
        pattern == "*" || matches!(self, Self::Key(key) if *key == pattern)
    }
}

pub(crate) fn compare_to_pattern(pattern: &str, steps: &[PathSegmentRef<'_>]) -> PathRelation {
    let mut expected = pattern.split('.');
    for step in steps {
        match expected.next() {
            Some(pattern) if step.matches_pattern(pattern) => {}
            Some(_) => return PathRelation::Disjoint,
            None => return PathRelation::Descendant,
        }
    }
    if expected.next().is_some() { PathRelation::Ancestor } else { PathRelation::Equal }
}

pub(crate) fn to_key_path(steps: &[PathSegmentRef<'_>]) -> KeyPath {
    steps
        .iter()
        .map(|step| match step {
            PathSegmentRef::Key(key) => PathSegment::Key((*key).to_owned()),
            PathSegmentRef::Index(index) => PathSegment::Index(*index),
        })
        .collect()
}

pub(crate) fn to_segment_refs(path: &KeyPath) -> Vec<PathSegmentRef<'_>> {
    path.segments()
        .iter()
        .map(|segment| match segment {
            PathSegment::Key(key) => PathSegmentRef::Key(key),
            PathSegment::Index(index) => PathSegmentRef::Index(*index),
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_star_is_any_key_or_element() {
        for (path, expected) in [
            ("models.providers.a.models[3].id", PathRelation::Equal),
            ("models.providers.a.models[3].id.x", PathRelation::Descendant),
            ("models.providers.a", PathRelation::Ancestor),
            ("models.mode", PathRelation::Disjoint),
        ] {
            let path: KeyPath = path.parse().unwrap();
            assert_eq!(
                compare_to_pattern("models.providers.*.models.*.id", &to_segment_refs(&path)),
                expected,
                "{path}"
            );
            assert_eq!(to_key_path(&to_segment_refs(&path)), path);
        }
        assert_eq!(compare_to_pattern("a", &[]), PathRelation::Ancestor);
    }
}
