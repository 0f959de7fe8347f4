//! The arguments of `edit`: one replacement or several, in the spellings that models know.

use std::borrow::Cow;
use std::fmt;

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::de::value::{MapAccessDeserializer, SeqAccessDeserializer};
use serde::de::{Deserialize, Deserializer, Error, MapAccess, SeqAccess, Visitor};

use crate::edit::replacement::TextEdit;

#[derive(Debug, serde::Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct EditArguments {
    /// Relative to the workspace
    pub(super) path: String,
    /// Exact text; must occur once unless `all`
    #[serde(alias = "oldText", alias = "old_string")]
    old_text: Option<String>,
    #[serde(alias = "newText", alias = "new_string")]
    new_text: Option<String>,
    /// Replace every occurrence
    #[serde(alias = "replaceAll", alias = "replace_all")]
    all: Option<bool>,
    /// Several at once
    edits: Option<EditList>,
}

impl EditArguments {
    /// The edits, at least one.
    ///
    /// # Errors
    /// When there is none or one is incomplete, as a sentence for the model.
    pub(super) fn text_edits(&self) -> Result<Vec<TextEdit<'_>>, &'static str> {
        let all = self.all.unwrap_or(false);
        let mut edits = Vec::new();
        match (&self.old_text, &self.new_text) {
            (Some(old_text), Some(new_text)) => edits.push(TextEdit { old_text, new_text, all }),
            (None, None) => {}
            (Some(_), None) => return Err("`old_text` needs a `new_text`"),
            (None, Some(_)) => return Err("`new_text` needs an `old_text`"),
        }
        for edit in self.edits.iter().flat_map(|edits| &edits.0) {
            let EditItem { old_text, new_text, all: own } = edit;
            edits.push(TextEdit { old_text, new_text, all: own.unwrap_or(all) });
        }
        if edits.is_empty() {
            return Err("there is nothing to replace: give `old_text` and `new_text`, or `edits`");
        }
        Ok(edits)
    }
}

#[derive(Debug, serde::Deserialize)]
#[serde(deny_unknown_fields)]
struct EditItem {
    #[serde(alias = "oldText", alias = "old_string")]
    old_text: String,
    #[serde(alias = "newText", alias = "new_string")]
    new_text: String,
    #[serde(alias = "replaceAll", alias = "replace_all")]
    all: Option<bool>,
}

/// A list of edits; also one edit alone, and either as a text of JSON, as some parsers of tool
/// calls leave nested values.
#[derive(Debug)]
struct EditList(Vec<EditItem>);

impl<'de> Deserialize<'de> for EditList {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct EditListVisitor;

        impl<'de> Visitor<'de> for EditListVisitor {
            type Value = EditList;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a list of edits")
            }

            fn visit_seq<A: SeqAccess<'de>>(self, edits: A) -> Result<EditList, A::Error> {
                Vec::deserialize(SeqAccessDeserializer::new(edits)).map(EditList)
            }

            fn visit_map<A: MapAccess<'de>>(self, edit: A) -> Result<EditList, A::Error> {
                let edit = EditItem::deserialize(MapAccessDeserializer::new(edit))?;
                Ok(EditList(vec![edit]))
            }

            fn visit_str<E: Error>(self, text: &str) -> Result<EditList, E> {
                let invalid = || E::invalid_type(serde::de::Unexpected::Str(text), &self);
                if !text.trim_start().starts_with(['[', '{']) {
                    return Err(invalid());
                }
                serde_json::from_str(text).map_err(|_| invalid())
            }
        }

        deserializer.deserialize_any(EditListVisitor)
    }
}

impl JsonSchema for EditList {
    fn schema_name() -> Cow<'static, str> {
        "EditList".into()
    }

    fn json_schema(_generator: &mut SchemaGenerator) -> Schema {
        json_schema!({
            "type": "array",
            "items": {
                "type": "object",
                "properties": {"old_text": {"type": "string"}, "new_text": {"type": "string"}},
                "required": ["old_text", "new_text"],
                "additionalProperties": false,
            },
        })
    }
}
