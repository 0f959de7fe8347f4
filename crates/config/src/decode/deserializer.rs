//! A serde deserializer over the value tree. It knows the keys of each struct, and attributes an
//! error to the innermost value that does not fit.

use std::cell::RefCell;

use serde::{
    de::{
        DeserializeSeed, Deserializer, Error, IntoDeserializer, MapAccess, SeqAccess, Unexpected,
        Visitor,
    },
    forward_to_deserialize_any,
};

use super::{DecodeFindings, SECRET_TYPE_NAME, error, error::DecodeError};
use crate::text::{Json5Node, Json5Value, ObjectEntry};

#[derive(Clone, Copy)]
pub(super) struct NodeDeserializer<'n> {
    node: &'n Json5Node,
    findings: &'n RefCell<DecodeFindings>,
}

impl<'n> NodeDeserializer<'n> {
    pub(super) fn new(node: &'n Json5Node, findings: &'n RefCell<DecodeFindings>) -> Self {
        Self { node, findings }
    }

    /// Passes `128e3` and `600.0` on as integers.
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "only exact whole numbers below 2^53 are converted"
    )]
    fn deserialize_whole_number<V: Visitor<'n>>(self, visitor: V) -> Result<V::Value, DecodeError> {
        const MAX_EXACT_INTEGER: f64 = 9_007_199_254_740_992.0;
        match self.node.value {
            Json5Value::Float(number)
                if number.fract() == 0.0 && number.abs() < MAX_EXACT_INTEGER =>
            {
                if number < 0.0 {
                    visitor.visit_i64(number as i64)
                } else {
                    visitor.visit_u64(number as u64)
                }
            }
            _ => self.deserialize_any(visitor),
        }
    }
}

impl DecodeFindings {
    fn is_rejected(&self, node: &Json5Node) -> bool {
        self.rejected.contains(&node.id)
    }
}

macro_rules! whole_numbers {
    ($($method:ident)*) => {$(
        fn $method<V: Visitor<'n>>(self, visitor: V) -> Result<V::Value, DecodeError> {
            self.deserialize_whole_number(visitor)
        }
    )*};
}

impl<'n> Deserializer<'n> for NodeDeserializer<'n> {
    type Error = DecodeError;

    fn deserialize_any<V: Visitor<'n>>(self, visitor: V) -> Result<V::Value, DecodeError> {
        let findings = self.findings;
        match &self.node.value {
            Json5Value::Null => visitor.visit_unit(),
            Json5Value::Bool(value) => visitor.visit_bool(*value),
            Json5Value::Unsigned(value) => visitor.visit_u64(*value),
            Json5Value::Negative(value) => visitor.visit_i64(*value),
            Json5Value::Float(value) if value.is_finite() => visitor.visit_f64(*value),
            Json5Value::Float(_) => {
                Err(DecodeError::from_message("expected a finite number".to_owned()))
            }
            Json5Value::Text(value) => visitor.visit_borrowed_str(value),
            Json5Value::Array(elements) => {
                visitor.visit_seq(NodeSeqAccess { remaining: elements.iter(), findings })
            }
            Json5Value::Object(entries) => visitor.visit_map(NodeMapAccess {
                remaining: entries.iter(),
                pending_value: None,
                fields: None,
                findings,
            }),
        }
        .map_err(|refusal| refusal.with_node(self.node.id))
    }

    fn deserialize_struct<V: Visitor<'n>>(
        self,
        name: &'static str,
        fields: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, DecodeError> {
        if name == SECRET_TYPE_NAME {
            self.findings.borrow_mut().secrets.insert(self.node.id);
        }
        let entries = match &self.node.value {
            Json5Value::Object(entries) => entries,
            // A derived struct would read an array as its fields in order.
            Json5Value::Array(_) => {
                let refusal = DecodeError::invalid_type(Unexpected::Seq, &visitor);
                return Err(refusal.with_node(self.node.id));
            }
            _ => return self.deserialize_any(visitor),
        };
        let entries = NodeMapAccess {
            remaining: entries.iter(),
            pending_value: None,
            fields: Some(fields),
            findings: self.findings,
        };
        visitor.visit_map(entries).map_err(|refusal| refusal.with_node(self.node.id))
    }

    fn deserialize_enum<V: Visitor<'n>>(
        self,
        _name: &'static str,
        variants: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, DecodeError> {
        match &self.node.value {
            Json5Value::Text(name) => visitor.visit_enum(name.as_str().into_deserializer()),
            other => {
                let expected = format!("one of {}", error::quote_names(variants));
                Err(DecodeError::invalid_type(unexpected_value(other), &expected.as_str()))
            }
        }
        .map_err(|refusal: DecodeError| refusal.with_node(self.node.id))
    }

    fn deserialize_option<V: Visitor<'n>>(self, visitor: V) -> Result<V::Value, DecodeError> {
        match self.node.value {
            Json5Value::Null => visitor.visit_none(),
            _ => visitor.visit_some(self),
        }
    }

    fn deserialize_newtype_struct<V: Visitor<'n>>(
        self,
        _name: &'static str,
        visitor: V,
    ) -> Result<V::Value, DecodeError> {
        visitor.visit_newtype_struct(self)
    }

    whole_numbers! {
        deserialize_i8 deserialize_i16 deserialize_i32 deserialize_i64
        deserialize_u8 deserialize_u16 deserialize_u32 deserialize_u64
    }

    forward_to_deserialize_any! {
        <W: Visitor<'n>>
        bool i128 u128 f32 f64 char str string bytes byte_buf unit unit_struct seq tuple
        tuple_struct map identifier ignored_any
    }
}

fn unexpected_value(value: &Json5Value) -> Unexpected<'_> {
    match value {
        Json5Value::Null => Unexpected::Unit,
        Json5Value::Bool(value) => Unexpected::Bool(*value),
        Json5Value::Unsigned(value) => Unexpected::Unsigned(*value),
        Json5Value::Negative(value) => Unexpected::Signed(*value),
        Json5Value::Float(value) => Unexpected::Float(*value),
        Json5Value::Text(value) => Unexpected::Str(value),
        Json5Value::Array(_) => Unexpected::Seq,
        Json5Value::Object(_) => Unexpected::Map,
    }
}

struct NodeSeqAccess<'n> {
    remaining: std::slice::Iter<'n, Json5Node>,
    findings: &'n RefCell<DecodeFindings>,
}

impl<'n> SeqAccess<'n> for NodeSeqAccess<'n> {
    type Error = DecodeError;

    fn next_element_seed<T: DeserializeSeed<'n>>(
        &mut self,
        seed: T,
    ) -> Result<Option<T::Value>, DecodeError> {
        let findings = self.findings;
        self.remaining.find(|node| !findings.borrow().is_rejected(node)).map_or(Ok(None), |node| {
            seed.deserialize(NodeDeserializer { node, findings })
                .map(Some)
                .map_err(|refusal| refusal.with_node(node.id))
        })
    }
}

struct NodeMapAccess<'n> {
    remaining: std::slice::Iter<'n, ObjectEntry>,
    pending_value: Option<&'n Json5Node>,
    /// `None` for a map, which may have any key.
    fields: Option<&'static [&'static str]>,
    findings: &'n RefCell<DecodeFindings>,
}

impl NodeMapAccess<'_> {
    fn accept_entry(
        fields: Option<&'static [&'static str]>,
        findings: &RefCell<DecodeFindings>,
        entry: &ObjectEntry,
    ) -> bool {
        match fields {
            _ if findings.borrow().is_rejected(&entry.node) => false,
            Some(fields) if !fields.contains(&entry.key.as_str()) => {
                findings.borrow_mut().unknown_fields.insert(entry.node.id, fields);
                false
            }
            _ => true,
        }
    }
}

impl<'n> MapAccess<'n> for NodeMapAccess<'n> {
    type Error = DecodeError;

    fn next_key_seed<K: DeserializeSeed<'n>>(
        &mut self,
        seed: K,
    ) -> Result<Option<K::Value>, DecodeError> {
        let (fields, findings) = (self.fields, self.findings);
        let Some(entry) = self.remaining.find(|entry| Self::accept_entry(fields, findings, entry))
        else {
            return Ok(None);
        };
        self.pending_value = Some(&entry.node);
        let key: serde::de::value::StrDeserializer<'_, DecodeError> =
            entry.key.as_str().into_deserializer();
        seed.deserialize(key).map(Some).map_err(|refusal| refusal.with_node(entry.node.id))
    }

    fn next_value_seed<T: DeserializeSeed<'n>>(
        &mut self,
        seed: T,
    ) -> Result<T::Value, DecodeError> {
        let node = self
            .pending_value
            .take()
            .ok_or_else(|| DecodeError::from_message("a key has no value".to_owned()))?;
        seed.deserialize(NodeDeserializer { node, findings: self.findings })
            .map_err(|refusal| refusal.with_node(node.id))
    }
}
