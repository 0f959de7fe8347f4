//! The content of a message: a text, a part, or a list of parts.

use std::fmt;

use serde::de::value::MapAccessDeserializer;
use serde::de::{MapAccess, SeqAccess, Visitor};
use serde::{Deserialize, Deserializer};
use serde_json::Value;

/// The texts of a message's content, which may be a text, a part, or a list of parts.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(crate) struct ContentTexts {
    /// The visible text.
    pub(crate) text: Option<String>,
    /// The text of thinking parts.
    pub(crate) reasoning: Option<String>,
    /// The text of refusal parts.
    pub(crate) refusal: Option<String>,
    /// Parts that are tool calls.
    pub(crate) calls: Vec<Value>,
}

/// The kinds of parts that are tool calls, without separators and case.
const CALL_KINDS: [&str; 3] = ["tooluse", "toolcall", "functioncall"];

impl<'de> Deserialize<'de> for ContentTexts {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(ContentVisitor)
    }
}

/// Reads the text of reasoning, which may be a text, a part, or a list of parts.
pub(crate) fn reasoning_field<'de, D: Deserializer<'de>>(
    deserializer: D,
) -> Result<Option<String>, D::Error> {
    let texts = ContentTexts::deserialize(deserializer)?;
    Ok(match (texts.reasoning, texts.text) {
        (Some(reasoning), Some(text)) => Some(reasoning + &text),
        (reasoning, text) => reasoning.or(text),
    })
}

struct ContentVisitor;

impl<'de> Visitor<'de> for ContentVisitor {
    type Value = ContentTexts;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a text or its parts")
    }

    absent_values!(ContentTexts::default());

    fn visit_str<E>(self, text: &str) -> Result<Self::Value, E> {
        Ok(ContentTexts::from(text.to_owned()))
    }

    fn visit_string<E>(self, text: String) -> Result<Self::Value, E> {
        Ok(ContentTexts::from(text))
    }

    fn visit_bool<E>(self, _value: bool) -> Result<Self::Value, E> {
        Ok(ContentTexts::default())
    }

    numbers_as_text!(ContentTexts::from);

    fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<Self::Value, A::Error> {
        let mut texts = ContentTexts::default();
        texts.add_part(&Value::deserialize(MapAccessDeserializer::new(map))?);
        Ok(texts)
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<Self::Value, A::Error> {
        let mut texts = ContentTexts::default();
        while let Some(part) = list.next_element::<Value>()? {
            texts.add_part(&part);
        }
        Ok(texts)
    }
}

impl From<String> for ContentTexts {
    fn from(text: String) -> Self {
        Self { text: Some(text), ..Self::default() }
    }
}

impl ContentTexts {
    fn add_part(&mut self, part: &Value) {
        let kind = part.get("type").and_then(Value::as_str).unwrap_or_default();
        let letters: String = kind.chars().filter(char::is_ascii_alphabetic).collect();
        if CALL_KINDS.iter().any(|call| letters.eq_ignore_ascii_case(call)) {
            return self.calls.push(part.clone());
        }
        let field = if kind.contains("think") || kind.contains("reason") || kind.contains("thought")
        {
            &mut self.reasoning
        } else if kind == "refusal" {
            &mut self.refusal
        } else {
            &mut self.text
        };
        let mut text = String::new();
        push_part_text(part, &mut text);
        if !text.is_empty() {
            field.get_or_insert_default().push_str(&text);
        }
    }
}

/// Appends the text of a part: of the first of its usual keys that has one.
fn push_part_text(part: &Value, text: &mut String) {
    const TEXT_KEYS: [&str; 8] =
        ["text", "thinking", "reasoning", "refusal", "content", "summary", "value", "thought"];
    match part {
        Value::String(piece) => text.push_str(piece),
        Value::Array(parts) => parts.iter().for_each(|part| push_part_text(part, text)),
        Value::Object(object) => {
            let value = TEXT_KEYS.iter().find_map(|key| {
                object
                    .get(*key)
                    .filter(|value| value.is_string() || value.is_array() || value.is_object())
            });
            if let Some(value) = value {
                push_part_text(value, text);
            }
        }
        Value::Null | Value::Bool(_) | Value::Number(_) => {}
    }
}
