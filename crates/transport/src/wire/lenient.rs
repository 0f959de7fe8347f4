//! Deserialisers of single fields that accept what servers really send.
//!
//! None of them fails for a value of another type: the field is then read as far as its meaning is
//! clear, and is absent otherwise. So an incidental field never fails a whole event.

use std::fmt;
use std::marker::PhantomData;

use serde::de::value::MapAccessDeserializer;
use serde::de::{DeserializeOwned, IgnoredAny, MapAccess, SeqAccess, Visitor};
use serde::{Deserialize, Deserializer};
use serde_json::Value;

/// Reads a text. A number or a Boolean becomes its text; anything else is absent.
///
/// # Errors
/// When the input is not valid.
pub fn text_field<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<String>, D::Error> {
    deserializer.deserialize_any(TextVisitor { keeps_json: false })
}

/// Reads the reason why an answer ended: a text or a number. `false`, an empty text and anything
/// else are absent.
///
/// # Errors
/// When the input is not valid.
pub fn reason_field<'de, D: Deserializer<'de>>(
    deserializer: D,
) -> Result<Option<String>, D::Error> {
    Ok(text_field(deserializer)?.filter(|reason| !reason.is_empty() && reason != "false"))
}

/// Reads a text of JSON. An object or a list becomes its JSON text; otherwise as [`text_field`].
///
/// # Errors
/// When the input is not valid.
pub fn json_text_field<'de, D: Deserializer<'de>>(
    deserializer: D,
) -> Result<Option<String>, D::Error> {
    deserializer.deserialize_any(TextVisitor { keeps_json: true })
}

/// Reads a count. A number may be written as text or with a fraction of zero; what is negative or
/// does not fit is absent.
///
/// # Errors
/// When the input is not valid.
pub fn count_field<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<u32>, D::Error> {
    deserializer.deserialize_any(CountVisitor)
}

/// As [`count_field`], with zero for an absent one.
///
/// # Errors
/// When the input is not valid.
pub fn count_or_zero<'de, D: Deserializer<'de>>(deserializer: D) -> Result<u32, D::Error> {
    Ok(count_field(deserializer)?.unwrap_or_default())
}

/// Reads an object. Of a list the first object is read; anything else is absent.
///
/// # Errors
/// When the input is not valid, or the object is not a `T`.
pub fn object_field<'de, D, T>(deserializer: D) -> Result<Option<T>, D::Error>
where
    D: Deserializer<'de>,
    T: DeserializeOwned,
{
    Ok(list_field(deserializer)?.into_iter().next())
}

/// As [`object_field`], with the default for an absent one.
///
/// # Errors
/// As [`object_field`].
pub fn object_or_default<'de, D, T>(deserializer: D) -> Result<T, D::Error>
where
    D: Deserializer<'de>,
    T: DeserializeOwned + Default,
{
    Ok(object_field(deserializer)?.unwrap_or_default())
}

/// Reads a list of objects. A single object is a list of one; elements that are no objects are left
/// out, and anything else is an empty list.
///
/// # Errors
/// When the input is not valid, or an object is not a `T`.
pub fn list_field<'de, D, T>(deserializer: D) -> Result<Vec<T>, D::Error>
where
    D: Deserializer<'de>,
    T: DeserializeOwned,
{
    deserializer.deserialize_any(ListVisitor(PhantomData))
}

/// The texts of a message's content, which may be a text, a part, or a list of parts.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(crate) struct ContentTexts {
    /// The visible text.
    pub(crate) text: Option<String>,
    /// The text of thinking parts.
    pub(crate) reasoning: Option<String>,
    /// The text of refusal parts.
    pub(crate) refusal: Option<String>,
}

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

/// Implements the visits that end in an absent value.
macro_rules! absent_values {
    ($absent:expr) => {
        fn visit_unit<E>(self) -> Result<Self::Value, E> {
            Ok($absent)
        }

        fn visit_none<E>(self) -> Result<Self::Value, E> {
            Ok($absent)
        }
    };
}

struct TextVisitor {
    keeps_json: bool,
}

impl<'de> Visitor<'de> for TextVisitor {
    type Value = Option<String>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a text")
    }

    absent_values!(None);

    fn visit_str<E>(self, text: &str) -> Result<Self::Value, E> {
        Ok(Some(text.to_owned()))
    }

    fn visit_string<E>(self, text: String) -> Result<Self::Value, E> {
        Ok(Some(text))
    }

    fn visit_bool<E>(self, value: bool) -> Result<Self::Value, E> {
        Ok(Some(value.to_string()))
    }

    fn visit_u64<E>(self, number: u64) -> Result<Self::Value, E> {
        Ok(Some(number.to_string()))
    }

    fn visit_i64<E>(self, number: i64) -> Result<Self::Value, E> {
        Ok(Some(number.to_string()))
    }

    fn visit_f64<E>(self, number: f64) -> Result<Self::Value, E> {
        Ok(Some(number.to_string()))
    }

    fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<Self::Value, A::Error> {
        let value = Value::deserialize(MapAccessDeserializer::new(map))?;
        Ok(self.keeps_json.then(|| value.to_string()))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<Self::Value, A::Error> {
        let mut values = Vec::new();
        while let Some(value) = list.next_element::<Value>()? {
            values.push(value);
        }
        Ok(self.keeps_json.then(|| Value::Array(values).to_string()))
    }
}

struct CountVisitor;

impl<'de> Visitor<'de> for CountVisitor {
    type Value = Option<u32>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a count")
    }

    absent_values!(None);

    fn visit_u64<E>(self, number: u64) -> Result<Self::Value, E> {
        Ok(u32::try_from(number).ok())
    }

    fn visit_i64<E>(self, number: i64) -> Result<Self::Value, E> {
        Ok(u32::try_from(number).ok())
    }

    fn visit_f64<E>(self, number: f64) -> Result<Self::Value, E> {
        // The text of a whole number has no fraction, so this accepts 12.0 and refuses 1.5.
        Ok(number.to_string().parse().ok())
    }

    fn visit_str<E>(self, text: &str) -> Result<Self::Value, E> {
        let text = text.trim();
        match text.parse() {
            Ok(count) => Ok(Some(count)),
            Err(_) => {
                Ok(text.parse::<f64>().ok().and_then(|number| number.to_string().parse().ok()))
            }
        }
    }

    fn visit_bool<E>(self, _value: bool) -> Result<Self::Value, E> {
        Ok(None)
    }

    fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<Self::Value, A::Error> {
        IgnoredAny.visit_map(map).map(|_| None)
    }

    fn visit_seq<A: SeqAccess<'de>>(self, list: A) -> Result<Self::Value, A::Error> {
        IgnoredAny.visit_seq(list).map(|_| None)
    }
}

struct ListVisitor<T>(PhantomData<T>);

impl<'de, T: DeserializeOwned> Visitor<'de> for ListVisitor<T> {
    type Value = Vec<T>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a list of objects")
    }

    absent_values!(Vec::new());

    fn visit_str<E>(self, _text: &str) -> Result<Self::Value, E> {
        Ok(Vec::new())
    }

    fn visit_bool<E>(self, _value: bool) -> Result<Self::Value, E> {
        Ok(Vec::new())
    }

    fn visit_u64<E>(self, _number: u64) -> Result<Self::Value, E> {
        Ok(Vec::new())
    }

    fn visit_i64<E>(self, _number: i64) -> Result<Self::Value, E> {
        Ok(Vec::new())
    }

    fn visit_f64<E>(self, _number: f64) -> Result<Self::Value, E> {
        Ok(Vec::new())
    }

    fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<Self::Value, A::Error> {
        Ok(vec![T::deserialize(MapAccessDeserializer::new(map))?])
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<Self::Value, A::Error> {
        let mut objects = Vec::new();
        while let Some(Objects(found)) = list.next_element::<Objects<T>>()? {
            objects.extend(found);
        }
        Ok(objects)
    }
}

/// The objects that one element of a list holds.
struct Objects<T>(Vec<T>);

impl<'de, T: DeserializeOwned> Deserialize<'de> for Objects<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        list_field(deserializer).map(Self)
    }
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

    fn visit_u64<E>(self, number: u64) -> Result<Self::Value, E> {
        Ok(ContentTexts::from(number.to_string()))
    }

    fn visit_i64<E>(self, number: i64) -> Result<Self::Value, E> {
        Ok(ContentTexts::from(number.to_string()))
    }

    fn visit_f64<E>(self, number: f64) -> Result<Self::Value, E> {
        Ok(ContentTexts::from(number.to_string()))
    }

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

#[cfg(test)]
mod tests;
