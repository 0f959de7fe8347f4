//! Why an edit cannot be made.

use std::fmt;

use crate::{path::KeyPath, text::Json5Value};

/// An edit cannot be made; the text is as it was.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EditError {
    kind: EditErrorKind,
    path: KeyPath,
}

/// Why an edit cannot be made.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum EditErrorKind {
    /// What should be removed is not set.
    NotSet,
    /// Something on the way has no keys, or no elements.
    NotContainer {
        /// Where it is.
        at: KeyPath,
        /// What it is: `an object`, `a string`.
        found: &'static str,
    },
    /// An index is beyond the place behind the last element.
    OutOfRange {
        /// The list.
        at: KeyPath,
        /// How many elements it has.
        length: usize,
    },
    /// The whole document cannot be removed, nor be anything but an object.
    WholeDocument,
    /// The new text would not hold exactly the values that are meant; also for a document that
    /// would be too large or too deep to be read.
    UnsafeEdit,
}

impl EditError {
    pub(super) fn new(kind: EditErrorKind, path: &KeyPath) -> Self {
        Self { kind, path: path.clone() }
    }

    /// Why the edit cannot be made.
    #[must_use]
    pub fn kind(&self) -> &EditErrorKind {
        &self.kind
    }

    /// The value that should be changed.
    #[must_use]
    pub fn path(&self) -> &KeyPath {
        &self.path
    }
}

impl fmt::Display for EditError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let path = &self.path;
        match &self.kind {
            EditErrorKind::NotSet => write!(f, "unset `{path}`, which is not set"),
            EditErrorKind::NotContainer { at, found } => {
                write!(f, "set `{path}`: `{at}` is {found}")
            }
            EditErrorKind::OutOfRange { at, length } => {
                write!(f, "set `{path}`: `{at}` has {length} elements, `{at}[+]` appends one")
            }
            EditErrorKind::WholeDocument => f.write_str("replace the whole config by this"),
            EditErrorKind::UnsafeEdit => {
                write!(f, "change `{path}` in this text without changing anything else")
            }
        }
    }
}

impl std::error::Error for EditError {}

/// Names the kind of a value.
pub(super) fn describe_kind(value: &Json5Value) -> &'static str {
    match value {
        Json5Value::Null => "null",
        Json5Value::Bool(_) => "a boolean",
        Json5Value::Unsigned(_) | Json5Value::Negative(_) | Json5Value::Float(_) => "a number",
        Json5Value::Text(_) => "a string",
        Json5Value::Array(_) => "a list",
        Json5Value::Object(_) => "an object",
    }
}
