//! Key paths in tables: `models.providers.*.baseUrl`, where `*` is any key or any element.

use crate::path::{KeyPath, Segment};

/// One step of a path that is being walked.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Step<'n> {
    Key(&'n str),
    Index(usize),
}

/// How a path stands to a pattern.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Fit {
    /// The path is what the pattern names.
    Exact,
    /// The path is below what the pattern names.
    Below,
    /// What the pattern names is below the path.
    Above,
    /// Neither leads to the other.
    Apart,
}

impl Step<'_> {
    /// Whether one step of a pattern is this step.
    pub(crate) fn fits(&self, pattern: &str) -> bool {
        pattern == "*" || matches!(self, Self::Key(key) if *key == pattern)
    }
}

pub(crate) fn fit(pattern: &str, steps: &[Step<'_>]) -> Fit {
    let mut wanted = pattern.split('.');
    for step in steps {
        match wanted.next() {
            Some(pattern) if step.fits(pattern) => {}
            Some(_) => return Fit::Apart,
            None => return Fit::Below,
        }
    }
    if wanted.next().is_some() { Fit::Above } else { Fit::Exact }
}

pub(crate) fn path_of(steps: &[Step<'_>]) -> KeyPath {
    steps
        .iter()
        .map(|step| match step {
            Step::Key(key) => Segment::Key((*key).to_owned()),
            Step::Index(index) => Segment::Index(*index),
        })
        .collect()
}

pub(crate) fn steps_of(path: &KeyPath) -> Vec<Step<'_>> {
    path.segments()
        .iter()
        .map(|segment| match segment {
            Segment::Key(key) => Step::Key(key),
            Segment::Index(index) => Step::Index(*index),
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_star_is_any_key_or_element() {
        for (path, expected) in [
            ("models.providers.a.models[3].id", Fit::Exact),
            ("models.providers.a.models[3].id.x", Fit::Below),
            ("models.providers.a", Fit::Above),
            ("models.mode", Fit::Apart),
        ] {
            let path: KeyPath = path.parse().unwrap();
            assert_eq!(fit("models.providers.*.models.*.id", &steps_of(&path)), expected, "{path}");
            assert_eq!(path_of(&steps_of(&path)), path);
        }
        assert_eq!(fit("a", &[]), Fit::Above);
    }
}
