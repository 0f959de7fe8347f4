//! The reason why an answer ended.

use std::fmt;

use serde::de::value::MapAccessDeserializer;
use serde::de::{MapAccess, SeqAccess, Visitor};
use serde::{Deserialize, Deserializer};
use serde_json::Value;

/// Texts in the place of a reason that are none.
const NO_REASONS: [&str; 4] = ["", "null", "none", "false"];

/// Reads the reason why an answer ended: a text or a number, or an object or a list with one.
/// `false`, an empty text, words for nothing and anything else are absent.
///
/// # Errors
/// When the input is not valid.
pub fn reason_field<'de, D: Deserializer<'de>>(
    deserializer: D,
) -> Result<Option<String>, D::Error> {
    let reason = deserializer.deserialize_any(ReasonVisitor)?;
    let says_nothing =
        |reason: &String| NO_REASONS.iter().any(|word| reason.trim().eq_ignore_ascii_case(word));
    Ok(reason.filter(|reason| !says_nothing(reason)))
}

/// Reads the reason of an end.
struct ReasonVisitor;

impl<'de> Visitor<'de> for ReasonVisitor {
    type Value = Option<String>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a reason")
    }

    absent_values!(None);

    fn visit_str<E>(self, text: &str) -> Result<Self::Value, E> {
        Ok(Some(text.to_owned()))
    }

    fn visit_bool<E>(self, value: bool) -> Result<Self::Value, E> {
        Ok(Some(value.to_string()))
    }

    numbers_as_text!(Some);

    fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<Self::Value, A::Error> {
        let value = Value::deserialize(MapAccessDeserializer::new(map))?;
        let reason = ["type", "reason", "finish_reason", "value"]
            .iter()
            .find_map(|key| value.get(*key)?.as_str());
        Ok(reason.map(str::to_owned))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<Self::Value, A::Error> {
        let mut reason = None;
        while let Some(value) = list.next_element::<Value>()? {
            reason = reason.or_else(|| value.as_str().map(str::to_owned));
        }
        Ok(reason)
    }
}
