//! A value to put into a document.

use std::fmt;

use crate::text::{self, Json5Node, Json5Value, ObjectEntry};

/// A value to set.
///
/// It is written in the style of the document. `Debug` does not show it, because it may be a
/// secret.
#[derive(Clone)]
pub struct NewValue(Json5Value);

/// A text that is not a JSON5 value.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("read the value as JSON5: {message}")]
pub struct InvalidValue {
    message: String,
}

impl NewValue {
    /// Parses JSON5.
    ///
    /// # Errors
    ///
    /// When the text is not one JSON5 value.
    pub fn parse(json5: &str) -> Result<Self, InvalidValue> {
        match text::parse_value(json5) {
            Ok(node) => Ok(Self(node.value)),
            Err(diagnostic) => Err(InvalidValue { message: diagnostic.message }),
        }
    }

    /// Creates a string value.
    pub fn from_string(text: impl Into<String>) -> Self {
        Self(Json5Value::Text(text.into()))
    }

    /// Whether it is a string.
    #[must_use]
    pub fn is_string(&self) -> bool {
        matches!(self.0, Json5Value::Text(_))
    }

    pub(super) fn value(&self) -> &Json5Value {
        &self.0
    }
}

impl From<Json5Value> for NewValue {
    fn from(value: Json5Value) -> Self {
        Self(value)
    }
}

impl From<serde_json::Value> for NewValue {
    fn from(json: serde_json::Value) -> Self {
        Self(from_json_value(json))
    }
}

fn from_json_value(json: serde_json::Value) -> Json5Value {
    let node = |json| super::model::unplaced_node(from_json_value(json));
    match json {
        serde_json::Value::Null => Json5Value::Null,
        serde_json::Value::Bool(value) => Json5Value::Bool(value),
        serde_json::Value::Number(number) => match (number.as_u64(), number.as_i64()) {
            (Some(number), _) => Json5Value::Unsigned(number),
            (None, Some(number)) => Json5Value::Negative(number),
            (None, None) => Json5Value::Float(number.as_f64().unwrap_or(f64::NAN)),
        },
        serde_json::Value::String(text) => Json5Value::Text(text),
        serde_json::Value::Array(elements) => {
            Json5Value::Array(elements.into_iter().map(node).collect::<Vec<Json5Node>>())
        }
        serde_json::Value::Object(entries) => {
            let entries = entries.into_iter();
            Json5Value::Object(
                entries.map(|(key, json)| ObjectEntry::without_span(key, node(json))).collect(),
            )
        }
    }
}

impl fmt::Debug for NewValue {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "NewValue({})", super::error::describe_kind(&self.0))
    }
}
