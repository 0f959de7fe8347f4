//! Key paths, e.g. `models.providers.vllm.models[0].contextWindow`.

use std::{fmt, str::FromStr};

/// A segment of a [`KeyPath`].
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum PathSegment {
    /// A key of an object.
    Key(String),
    /// An element of an array, counted from 0.
    Index(usize),
}

/// The keys and indexes from the top level of a config to a value.
///
/// Segments are separated by dots, and indexes are in brackets; a key that is not a plain word is
/// written `["in quotes"]`. The empty path is the whole document.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Default)]
pub struct KeyPath(Vec<PathSegment>);

/// A text that is not a key path, with the byte offset of the error.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("read the key path: it is not valid from byte {at} on")]
pub struct InvalidKeyPath {
    /// The byte offset of the first unexpected character.
    pub at: usize,
}

impl KeyPath {
    /// The path of the whole document.
    #[must_use]
    pub fn root() -> Self {
        Self::default()
    }

    /// The path of a provider.
    #[must_use]
    pub fn for_provider(id: &str) -> Self {
        Self::root().with_key("models").with_key("providers").with_key(id)
    }

    /// Appends a key.
    #[must_use]
    pub fn with_key(mut self, key: impl Into<String>) -> Self {
        self.0.push(PathSegment::Key(key.into()));
        self
    }

    /// Appends an index.
    #[must_use]
    pub fn with_index(mut self, index: usize) -> Self {
        self.0.push(PathSegment::Index(index));
        self
    }

    /// The segments from the top level down.
    #[must_use]
    pub fn segments(&self) -> &[PathSegment] {
        &self.0
    }

    /// Whether this is the whole document.
    #[must_use]
    pub fn is_root(&self) -> bool {
        self.0.is_empty()
    }

    /// The path of the object or list that this is in; `None` for the whole config.
    #[must_use]
    pub fn parent(&self) -> Option<Self> {
        let (_, above) = self.0.split_last()?;
        Some(above.iter().cloned().collect())
    }

    pub(crate) fn push(&mut self, segment: PathSegment) {
        self.0.push(segment);
    }

    pub(crate) fn pop(&mut self) {
        self.0.pop();
    }
}

impl FromIterator<PathSegment> for KeyPath {
    fn from_iter<I: IntoIterator<Item = PathSegment>>(segments: I) -> Self {
        Self(segments.into_iter().collect())
    }
}

fn is_bare_key(key: &str) -> bool {
    !key.is_empty()
        && key.chars().all(|c| c.is_ascii_alphanumeric() || matches!(c, '_' | '$' | '-'))
}

impl fmt::Display for KeyPath {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (position, segment) in self.0.iter().enumerate() {
            match segment {
                PathSegment::Index(index) => write!(f, "[{index}]")?,
                PathSegment::Key(key) if is_bare_key(key) => {
                    write!(f, "{}{key}", if position == 0 { "" } else { "." })?;
                }
                PathSegment::Key(key) => {
                    write!(f, "[\"{}\"]", key.replace('\\', "\\\\").replace('"', "\\\""))?;
                }
            }
        }
        Ok(())
    }
}

impl FromStr for KeyPath {
    type Err = InvalidKeyPath;

    /// Parses what `Display` writes. A key after a dot may also contain `/`, `:` and similar
    /// characters.
    fn from_str(text: &str) -> Result<Self, InvalidKeyPath> {
        let mut path = Self::root();
        let mut rest = text;
        while !rest.is_empty() {
            let invalid = InvalidKeyPath { at: text.len() - rest.len() };
            let (segment, after) = if let Some(quoted) = rest.strip_prefix("[\"") {
                parse_quoted_key(quoted).ok_or(invalid)?
            } else if let Some(bracketed) = rest.strip_prefix('[') {
                let (digits, after) = bracketed.split_once(']').ok_or(invalid)?;
                (PathSegment::Index(digits.parse().map_err(|_| invalid)?), after)
            } else {
                let bare = match (rest.strip_prefix('.'), path.is_root()) {
                    (Some(after_dot), false) => after_dot,
                    (None, true) => rest,
                    _ => return Err(invalid),
                };
                let end = bare.find(['.', '[', ']', '"']).unwrap_or(bare.len());
                let (key, after) = bare.split_at(end);
                if key.is_empty() {
                    return Err(invalid);
                }
                (PathSegment::Key(key.to_owned()), after)
            };
            path.push(segment);
            rest = after;
        }
        Ok(path)
    }
}

/// Parses `key"]` with backslash escapes; returns it and the rest of the text.
fn parse_quoted_key(text: &str) -> Option<(PathSegment, &str)> {
    let mut key = String::new();
    let mut chars = text.chars();
    loop {
        match chars.next()? {
            '\\' => key.push(chars.next()?),
            '"' => return Some((PathSegment::Key(key), chars.as_str().strip_prefix(']')?)),
            other => key.push(other),
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn a_path_reads_like_the_keys_in_the_file() {
        let path = KeyPath::root()
            .with_key("models")
            .with_key("providers")
            .with_key("vllm")
            .with_key("models")
            .with_index(0);
        assert_eq!(path.to_string(), "models.providers.vllm.models[0]");
        let quoted =
            KeyPath::root().with_key("models").with_key("vllm/llama-3.3").with_key("alias");
        assert_eq!(quoted.to_string(), r#"models["vllm/llama-3.3"].alias"#);
    }

    #[test]
    fn what_is_no_path_is_refused_with_its_place() {
        for (text, at) in [(".a", 0), ("a..b", 1), ("a[", 1), ("a[x]", 1), ("a]", 1), ("a[0]b", 4)]
        {
            assert_eq!(text.parse::<KeyPath>(), Err(InvalidKeyPath { at }), "{text}");
        }
    }

    proptest! {
        #[test]
        fn any_path_is_read_back(segments in prop::collection::vec(prop_oneof![
            ".*".prop_map(PathSegment::Key), any::<usize>().prop_map(PathSegment::Index)
        ], 0..6)) {
            let path: KeyPath = segments.into_iter().collect();
            prop_assert_eq!(path.to_string().parse::<KeyPath>(), Ok(path));
        }

        #[test]
        fn any_text_is_a_path_or_an_error(text in ".*") {
            let _ = text.parse::<KeyPath>();
        }
    }
}
