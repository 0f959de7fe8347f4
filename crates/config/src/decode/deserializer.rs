//! A serde deserializer over the tree, which knows the keys a struct may have and blames the
//! innermost value that does not fit.

use std::cell::RefCell;

use serde::{
    de::{
        DeserializeSeed, Deserializer, Error, IntoDeserializer, MapAccess, SeqAccess, Unexpected,
        Visitor,
    },
    forward_to_deserialize_any,
};

use super::{Findings, SECRET, refusal, refusal::Refusal};
use crate::text::{Entry, Node, Value};

#[derive(Clone, Copy)]
pub(super) struct NodeDeserializer<'n> {
    node: &'n Node,
    findings: &'n RefCell<Findings>,
}

impl<'n> NodeDeserializer<'n> {
    pub(super) fn new(node: &'n Node, findings: &'n RefCell<Findings>) -> Self {
        Self { node, findings }
    }

    /// Gives `128e3` and `600.0` as the whole numbers they are.
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "only exact whole numbers below 2^53 are converted"
    )]
    fn whole<V: Visitor<'n>>(self, visitor: V) -> Result<V::Value, Refusal> {
        const EXACT: f64 = 9_007_199_254_740_992.0;
        match self.node.value {
            Value::Float(number) if number.fract() == 0.0 && number.abs() < EXACT => {
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

impl Findings {
    fn is_refused(&self, node: &Node) -> bool {
        self.refused.contains(&node.id)
    }
}

macro_rules! whole_numbers {
    ($($method:ident)*) => {$(
        fn $method<V: Visitor<'n>>(self, visitor: V) -> Result<V::Value, Refusal> {
            self.whole(visitor)
        }
    )*};
}

impl<'n> Deserializer<'n> for NodeDeserializer<'n> {
    type Error = Refusal;

    fn deserialize_any<V: Visitor<'n>>(self, visitor: V) -> Result<V::Value, Refusal> {
        let findings = self.findings;
        match &self.node.value {
            Value::Null => visitor.visit_unit(),
            Value::Bool(value) => visitor.visit_bool(*value),
            Value::Unsigned(value) => visitor.visit_u64(*value),
            Value::Negative(value) => visitor.visit_i64(*value),
            Value::Float(value) if value.is_finite() => visitor.visit_f64(*value),
            Value::Float(_) => Err(Refusal::of("expected a finite number".to_owned())),
            Value::Text(value) => visitor.visit_borrowed_str(value),
            Value::Array(elements) => {
                visitor.visit_seq(Elements { rest: elements.iter(), findings })
            }
            Value::Object(entries) => visitor.visit_map(Entries {
                rest: entries.iter(),
                value: None,
                fields: None,
                findings,
            }),
        }
        .map_err(|refusal| refusal.blame(self.node.id))
    }

    fn deserialize_struct<V: Visitor<'n>>(
        self,
        name: &'static str,
        fields: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Refusal> {
        if name == SECRET {
            self.findings.borrow_mut().secrets.insert(self.node.id);
        }
        let entries = match &self.node.value {
            Value::Object(entries) => entries,
            // A derived struct would read an array as its fields in order.
            Value::Array(_) => {
                let refusal = Refusal::invalid_type(Unexpected::Seq, &visitor);
                return Err(refusal.blame(self.node.id));
            }
            _ => return self.deserialize_any(visitor),
        };
        let entries = Entries {
            rest: entries.iter(),
            value: None,
            fields: Some(fields),
            findings: self.findings,
        };
        visitor.visit_map(entries).map_err(|refusal| refusal.blame(self.node.id))
    }

    fn deserialize_enum<V: Visitor<'n>>(
        self,
        _name: &'static str,
        variants: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Refusal> {
        match &self.node.value {
            Value::Text(name) => visitor.visit_enum(name.as_str().into_deserializer()),
            other => {
                let expected = format!("one of {}", refusal::list(variants));
                Err(Refusal::invalid_type(unexpected(other), &expected.as_str()))
            }
        }
        .map_err(|refusal: Refusal| refusal.blame(self.node.id))
    }

    fn deserialize_option<V: Visitor<'n>>(self, visitor: V) -> Result<V::Value, Refusal> {
        match self.node.value {
            Value::Null => visitor.visit_none(),
            _ => visitor.visit_some(self),
        }
    }

    fn deserialize_newtype_struct<V: Visitor<'n>>(
        self,
        _name: &'static str,
        visitor: V,
    ) -> Result<V::Value, Refusal> {
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

fn unexpected(value: &Value) -> Unexpected<'_> {
    match value {
        Value::Null => Unexpected::Unit,
        Value::Bool(value) => Unexpected::Bool(*value),
        Value::Unsigned(value) => Unexpected::Unsigned(*value),
        Value::Negative(value) => Unexpected::Signed(*value),
        Value::Float(value) => Unexpected::Float(*value),
        Value::Text(value) => Unexpected::Str(value),
        Value::Array(_) => Unexpected::Seq,
        Value::Object(_) => Unexpected::Map,
    }
}

struct Elements<'n> {
    rest: std::slice::Iter<'n, Node>,
    findings: &'n RefCell<Findings>,
}

impl<'n> SeqAccess<'n> for Elements<'n> {
    type Error = Refusal;

    fn next_element_seed<T: DeserializeSeed<'n>>(
        &mut self,
        seed: T,
    ) -> Result<Option<T::Value>, Refusal> {
        let findings = self.findings;
        self.rest.find(|node| !findings.borrow().is_refused(node)).map_or(Ok(None), |node| {
            seed.deserialize(NodeDeserializer { node, findings })
                .map(Some)
                .map_err(|refusal| refusal.blame(node.id))
        })
    }
}

struct Entries<'n> {
    rest: std::slice::Iter<'n, Entry>,
    value: Option<&'n Node>,
    /// Absent for a map, which may have any key.
    fields: Option<&'static [&'static str]>,
    findings: &'n RefCell<Findings>,
}

impl Entries<'_> {
    fn is_wanted(
        fields: Option<&'static [&'static str]>,
        findings: &RefCell<Findings>,
        entry: &Entry,
    ) -> bool {
        match fields {
            _ if findings.borrow().is_refused(&entry.node) => false,
            Some(fields) if !fields.contains(&entry.key.as_str()) => {
                findings.borrow_mut().untyped.insert(entry.node.id, fields);
                false
            }
            _ => true,
        }
    }
}

impl<'n> MapAccess<'n> for Entries<'n> {
    type Error = Refusal;

    fn next_key_seed<K: DeserializeSeed<'n>>(
        &mut self,
        seed: K,
    ) -> Result<Option<K::Value>, Refusal> {
        let (fields, findings) = (self.fields, self.findings);
        let Some(entry) = self.rest.find(|entry| Self::is_wanted(fields, findings, entry)) else {
            return Ok(None);
        };
        self.value = Some(&entry.node);
        let key: serde::de::value::StrDeserializer<'_, Refusal> =
            entry.key.as_str().into_deserializer();
        seed.deserialize(key).map(Some).map_err(|refusal| refusal.blame(entry.node.id))
    }

    fn next_value_seed<T: DeserializeSeed<'n>>(&mut self, seed: T) -> Result<T::Value, Refusal> {
        let node = self.value.take().ok_or_else(|| Refusal::of("a key has no value".to_owned()))?;
        seed.deserialize(NodeDeserializer { node, findings: self.findings })
            .map_err(|refusal| refusal.blame(node.id))
    }
}
