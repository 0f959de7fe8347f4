//! Why an edit fails.

use std::fmt;

use crate::{path::KeyPath, text::Json5Value};

/// A failed edit; the text is unchanged.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EditError {
    kind: EditErrorKind,
    path: KeyPath,
}

/// The kind of a failed edit.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum EditErrorKind {
    /// The value to remove is not set.
    NotSet,
    /// A value on the path is neither an object nor a list.
    NotContainer {
        /// The path of that value.
        at: KeyPath,
        /// Its type, e.g. `an object` or `a string`.
        found: &'static str,
    },
    /// An index is beyond the place after the last element.
    OutOfRange {
        /// The list.
        at: KeyPath,
        /// Its number of elements.
        length: usize,
    },
    /// The whole document can neither be removed nor be anything but an object.
    WholeDocument,
    /// The new text would not hold exactly the intended values, or would exceed the parser's limits
    /// of size or depth.
    UnsafeEdit,
}

impl EditError {
    pub(super) fn new(kind: EditErrorKind, path: &KeyPath) -> Self {
        Self { kind, path: path.clone() }
    }

    /// The kind of the error.
    #[must_use]
    pub fn kind(&self) -> &EditErrorKind {
        &self.kind
    }

    /// The path of the value to change.
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
            EditErrorKind::WholeDocument => {
                f.write_str("replace the whole config by something other than an object")
            }
            EditErrorKind::UnsafeEdit => {
                write!(f, "change `{path}` in this text without changing anything else")
            }
        }
    }
}

impl std::error::Error for EditError {}

/// Names the type of a value.
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
