//! A value that is put into a document.

use std::fmt;

use crate::text::{self, Entry, Node, Value};

/// A value to set.
///
/// It is written in the style of the document it comes into. `Debug` does not show it: it may be
/// a secret.
#[derive(Clone)]
pub struct NewValue(Value);

/// A text is not a JSON5 value.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("read the value as JSON5: {message}")]
pub struct InvalidValue {
    message: String,
}

impl NewValue {
    /// Reads JSON5.
    ///
    /// # Errors
    ///
    /// When the text is not one JSON5 value.
    pub fn parse(json5: &str) -> Result<Self, InvalidValue> {
        match text::read_value(json5) {
            Ok(node) => Ok(Self(node.value)),
            Err(diagnostic) => Err(InvalidValue { message: diagnostic.message }),
        }
    }

    /// Takes a text as a string.
    pub fn string(text: impl Into<String>) -> Self {
        Self(Value::Text(text.into()))
    }

    /// Whether it is a string.
    #[must_use]
    pub fn is_string(&self) -> bool {
        matches!(self.0, Value::Text(_))
    }

    pub(super) fn value(&self) -> &Value {
        &self.0
    }
}

impl From<Value> for NewValue {
    fn from(value: Value) -> Self {
        Self(value)
    }
}

impl From<serde_json::Value> for NewValue {
    fn from(json: serde_json::Value) -> Self {
        Self(of_json(json))
    }
}

fn of_json(json: serde_json::Value) -> Value {
    let node = |json| super::model::unplaced(of_json(json));
    match json {
        serde_json::Value::Null => Value::Null,
        serde_json::Value::Bool(value) => Value::Bool(value),
        serde_json::Value::Number(number) => match (number.as_u64(), number.as_i64()) {
            (Some(number), _) => Value::Unsigned(number),
            (None, Some(number)) => Value::Negative(number),
            (None, None) => Value::Float(number.as_f64().unwrap_or(f64::NAN)),
        },
        serde_json::Value::String(text) => Value::Text(text),
        serde_json::Value::Array(elements) => {
            Value::Array(elements.into_iter().map(node).collect::<Vec<Node>>())
        }
        serde_json::Value::Object(entries) => {
            let entries = entries.into_iter();
            Value::Object(entries.map(|(key, json)| Entry::unplaced(key, node(json))).collect())
        }
    }
}

impl fmt::Debug for NewValue {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "NewValue({})", super::error::kind_of(&self.0))
    }
}
