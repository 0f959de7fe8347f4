//! Makes a tool's JSON Schema from a typed struct, and decodes a model's arguments into the struct.

use std::fmt;
use std::sync::Arc;

use openclaw_core::{InvalidToolArguments, ToolCall, ToolName, ToolOutput, ToolSpec};
use schemars::generate::SchemaSettings;
use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::de::{Deserialize, Deserializer, Error, Visitor};
use serde_json::Value;

use crate::workspace::{RelativePath, ToolPathError, Workspace, shorten_text};

/// The longest description of a problem, in bytes; it may quote the model.
const MAX_PROBLEM_BYTES: usize = 400;

/// Makes the spec of a tool with arguments `A`. The schema has only what a model and a decoding
/// grammar need: no titles, no formats, no `null` for optional values.
pub(crate) fn tool_spec<A: JsonSchema>(name: &str, description: &str) -> ToolSpec {
    let settings = SchemaSettings::draft2020_12().with(|settings| {
        settings.meta_schema = None;
        settings.inline_subschemas = true;
    });
    let mut parameters = settings.into_generator().into_root_schema_for::<A>().to_value();
    if let Some(root) = parameters.as_object_mut() {
        root.remove("title");
        root.remove("description");
        let properties = root.get_mut("properties").and_then(Value::as_object_mut);
        for property in properties.into_iter().flat_map(serde_json::Map::values_mut) {
            simplify_property(property);
        }
    }
    ToolSpec {
        name: ToolName::from_model(name),
        description: description.into(),
        parameters: Arc::new(parameters),
    }
}

fn simplify_property(property: &mut Value) {
    let Some(property) = property.as_object_mut() else { return };
    property.remove("default");
    if let Some(Value::Array(types)) = property.get_mut("type") {
        types.retain(|kind| kind != "null");
        if let [one] = types.as_slice() {
            let one = one.clone();
            property.insert("type".to_owned(), one);
        }
    }
}

/// Decodes the arguments of a call. `null` for an optional value counts as missing.
pub(crate) fn decode_arguments<'a, A: Deserialize<'a>>(
    spec: &ToolSpec,
    call: &'a ToolCall,
) -> Result<A, InvalidToolArguments> {
    serde_path_to_error::deserialize(call.arguments.as_map()).map_err(|error| {
        let path = error.path().to_string();
        let cause = error.into_inner().to_string();
        // The cause itself names an unknown or missing key.
        let problem = if path == "." || cause.contains(" field `") {
            cause
        } else {
            format!("`{path}`: {cause}")
        };
        InvalidToolArguments {
            tool: spec.name.clone(),
            problem: shorten_text(&problem, MAX_PROBLEM_BYTES),
        }
    })
}

/// Resolves a path argument. A path outside the workspace is an invalid argument.
pub(crate) fn resolve_argument(
    spec: &ToolSpec,
    workspace: &Workspace,
    path: &str,
) -> Result<RelativePath, InvalidToolArguments> {
    workspace.resolve_path(path).map_err(|refusal| InvalidToolArguments {
        tool: spec.name.clone(),
        problem: refusal.to_string(),
    })
}

/// Converts a tool's result to its output.
pub(crate) fn into_output(result: Result<ToolOutput, ToolPathError>) -> ToolOutput {
    result.unwrap_or_else(|refusal| ToolOutput::from_error(refusal.to_string()))
}

/// A whole number as in JSON Schema's `integer`, so `5.0` is one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct WholeNumber(i64);

impl WholeNumber {
    /// The number; `None` when it is not positive: models send 0 or -1 for "not given".
    pub(crate) fn as_positive(self) -> Option<u64> {
        u64::try_from(self.0).ok().filter(|number| *number > 0)
    }
}

impl<'de> Deserialize<'de> for WholeNumber {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct WholeNumberVisitor;

        impl Visitor<'_> for WholeNumberVisitor {
            type Value = WholeNumber;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a whole number")
            }

            fn visit_i64<E: Error>(self, number: i64) -> Result<WholeNumber, E> {
                Ok(WholeNumber(number))
            }

            fn visit_u64<E: Error>(self, number: u64) -> Result<WholeNumber, E> {
                Ok(WholeNumber(i64::try_from(number).unwrap_or(i64::MAX)))
            }

            #[expect(clippy::cast_possible_truncation, reason = "`as` saturates, as is meant")]
            fn visit_f64<E: Error>(self, number: f64) -> Result<WholeNumber, E> {
                if number.fract() == 0.0 {
                    Ok(WholeNumber(number as i64))
                } else {
                    Err(E::invalid_type(serde::de::Unexpected::Float(number), &self))
                }
            }
        }

        deserializer.deserialize_any(WholeNumberVisitor)
    }
}

impl JsonSchema for WholeNumber {
    fn schema_name() -> std::borrow::Cow<'static, str> {
        "WholeNumber".into()
    }

    fn json_schema(_generator: &mut SchemaGenerator) -> Schema {
        json_schema!({ "type": "integer" })
    }
}
