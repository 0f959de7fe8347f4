//! Deserialisers of single fields that accept what servers really send.
//!
//! None of them fails for a value of another type: the field is then read as far as its meaning is
//! clear, and is absent otherwise. So an incidental field never fails a whole event.

#[macro_use]
mod visits;
mod content;
mod reason;

use std::fmt;
use std::marker::PhantomData;

use serde::de::value::{MapAccessDeserializer, StrDeserializer};
use serde::de::{DeserializeOwned, Error as _, IgnoredAny, MapAccess, SeqAccess, Visitor};
use serde::{Deserialize, Deserializer};
use serde_json::Value;

use crate::json_repair::parse_lenient_json;

pub use self::reason::reason_field;

pub(crate) use self::content::{ContentTexts, reasoning_field};

/// Reads a text. A number or a Boolean becomes its text; anything else is absent.
///
/// # Errors
/// When the input is not valid.
pub fn text_field<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<String>, D::Error> {
    deserializer.deserialize_any(TextVisitor { keeps_json: false })
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

/// Reads an object. Of a list the first object is read. A text is read if a `T` may be one, and
/// anything else is absent.
///
/// # Errors
/// When the input is not valid, or the object is not a `T`.
pub fn object_field<'de, D, T>(deserializer: D) -> Result<Option<T>, D::Error>
where
    D: Deserializer<'de>,
    T: DeserializeOwned,
{
    let visitor = ListVisitor { splits_map: false, element: PhantomData };
    Ok(deserializer.deserialize_any(visitor)?.into_iter().next())
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

/// Reads a list of objects. A single object is a list of one, one with numbers as its keys is a list
/// of its values, and JSON inside a text is read as itself. Elements that are no objects are left
/// out, unless a `T` may be a text, and anything else is an empty list.
///
/// # Errors
/// When the input is not valid, or an object is not a `T`.
pub fn list_field<'de, D, T>(deserializer: D) -> Result<Vec<T>, D::Error>
where
    D: Deserializer<'de>,
    T: DeserializeOwned,
{
    deserializer.deserialize_any(ListVisitor { splits_map: true, element: PhantomData })
}

/// Reads an object, or a text in its place.
///
/// # Errors
/// When the input is neither, or the object is not an `R`.
pub(crate) fn object_or_text<'de, D, R, T>(
    deserializer: D,
    from_text: fn(String) -> T,
) -> Result<T, D::Error>
where
    D: Deserializer<'de>,
    R: Deserialize<'de>,
    T: From<R>,
{
    deserializer.deserialize_any(ObjectOrText { from_text, raw: PhantomData::<R> })
}

struct ObjectOrText<R, T> {
    from_text: fn(String) -> T,
    raw: PhantomData<R>,
}

impl<'de, R: Deserialize<'de>, T: From<R>> Visitor<'de> for ObjectOrText<R, T> {
    type Value = T;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object or a text")
    }

    fn visit_str<E>(self, text: &str) -> Result<T, E> {
        Ok((self.from_text)(text.to_owned()))
    }

    fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<T, A::Error> {
        R::deserialize(MapAccessDeserializer::new(map)).map(T::from)
    }
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

    numbers_as_text!(Some);

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

/// Reads a list of objects, or what stands for one.
struct ListVisitor<T> {
    /// Whether an object with numbers as its keys is a list.
    splits_map: bool,
    element: PhantomData<T>,
}

impl<T: DeserializeOwned> ListVisitor<T> {
    /// Reads a text: JSON, or an element that may be a text.
    fn read_text(&self, text: &str) -> Vec<T> {
        if self.splits_map && text.trim_start().starts_with(['{', '[']) {
            let value = parse_lenient_json(text).ok();
            let visitor = Self { splits_map: true, element: PhantomData };
            return value.and_then(|it| it.deserialize_any(visitor).ok()).unwrap_or_default();
        }
        let element = T::deserialize(StrDeserializer::<serde::de::value::Error>::new(text));
        element.into_iter().collect()
    }
}

impl<'de, T: DeserializeOwned> Visitor<'de> for ListVisitor<T> {
    type Value = Vec<T>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a list of objects")
    }

    absent_values!(Vec::new());

    fn visit_str<E>(self, text: &str) -> Result<Self::Value, E> {
        Ok(self.read_text(text))
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
        let map = MapAccessDeserializer::new(map);
        if !self.splits_map {
            return Ok(vec![T::deserialize(map)?]);
        }
        let elements = split_numbered(Value::deserialize(map)?).into_iter();
        elements.map(|value| T::deserialize(value).map_err(A::Error::custom)).collect()
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<Self::Value, A::Error> {
        let mut objects = Vec::new();
        while let Some(ElementObjects(found)) = list.next_element::<ElementObjects<T>>()? {
            objects.extend(found);
        }
        Ok(objects)
    }
}

/// The values of an object whose keys are all numbers, each with its number as its index unless it
/// has one; the object itself otherwise.
fn split_numbered(value: Value) -> Vec<Value> {
    match value {
        Value::Object(map)
            if !map.is_empty()
                && map.iter().all(|(key, it)| key.parse::<u32>().is_ok() && it.is_object()) =>
        {
            let mut elements = Vec::new();
            for (key, mut value) in map {
                if let Value::Object(element) = &mut value {
                    element.entry("index").or_insert(Value::String(key));
                }
                elements.push(value);
            }
            elements
        }
        value => vec![value],
    }
}

/// The objects that one element of a list holds.
struct ElementObjects<T>(Vec<T>);

impl<'de, T: DeserializeOwned> Deserialize<'de> for ElementObjects<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let visitor = ListVisitor { splits_map: false, element: PhantomData };
        deserializer.deserialize_any(visitor).map(Self)
    }
}

#[cfg(test)]
mod tests;
