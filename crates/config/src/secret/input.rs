//! How a secret is written in a config.

use std::{borrow::Cow, fmt};

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use secrecy::SecretString;
use serde::{
    Deserialize, Deserializer,
    de::{Error, MapAccess, Visitor, value::MapAccessDeserializer},
};

use crate::decode::SECRET_TYPE_NAME;

/// A secret as written in a config; [`SecretInput::resolve_secret`] gets its value.
///
/// It is a text, in which `${VAR}` and `${VAR:-default}` are replaced, or an object: `{source:
/// "env", id: "VAR"}`, `{source: "file", path: "~/key"}` or `{source: "exec", command: ["pass",
/// "show", "key"]}`. A text that is the name of a set variable, such as `VLLM_API_KEY`, stands for
/// that variable.
///
/// `Debug` never shows a value, and there is no `Serialize`. `Deserialize` works only with this
/// crate's deserializer, which accepts a text for the struct.
#[derive(Clone)]
pub struct SecretInput(pub(super) SecretForm);

#[derive(Clone)]
pub(super) enum SecretForm {
    Text(SecretString),
    Env(String),
    File(String),
    Exec(Vec<String>),
}

#[derive(Clone, Copy, Deserialize)]
#[serde(rename_all = "lowercase")]
enum SecretReferenceKind {
    Env,
    File,
    Exec,
}

/// The object form; its keys are [`REFERENCE_FIELDS`].
#[derive(Deserialize)]
struct SecretReference {
    source: SecretReferenceKind,
    id: Option<String>,
    path: Option<String>,
    command: Option<Vec<String>>,
}

/// `provider` is accepted without effect.
const REFERENCE_FIELDS: &[&str] = &["source", "id", "path", "command", "provider"];

impl SecretInput {
    /// Creates a secret from a text as written in a config.
    #[must_use]
    pub fn from_text(text: impl Into<String>) -> Self {
        Self(SecretForm::Text(SecretString::from(text.into())))
    }

    /// Creates a reference to an environment variable.
    #[must_use]
    pub fn from_env(variable: impl Into<String>) -> Self {
        Self(SecretForm::Env(variable.into()))
    }

    /// The program and its arguments whose output is the secret, for a caller that may run
    /// commands; `None` for every other form. Never empty.
    #[must_use]
    pub fn exec_command(&self) -> Option<&[String]> {
        match &self.0 {
            SecretForm::Exec(words) => Some(words),
            _ => None,
        }
    }
}

impl TryFrom<SecretReference> for SecretInput {
    type Error = &'static str;

    fn try_from(reference: SecretReference) -> Result<Self, &'static str> {
        let SecretReference { source, id, path, command } = reference;
        Ok(Self(match source {
            SecretReferenceKind::Env => {
                SecretForm::Env(id.ok_or("`id` is missing: the name of the variable")?)
            }
            SecretReferenceKind::File => {
                SecretForm::File(path.ok_or("`path` is missing: the file of the secret")?)
            }
            SecretReferenceKind::Exec => SecretForm::Exec(
                command
                    .filter(|words| !words.is_empty())
                    .ok_or("`command` is missing: its words in a list")?,
            ),
        }))
    }
}

impl fmt::Debug for SecretInput {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self.0 {
            SecretForm::Text(_) => "SecretInput(text)",
            SecretForm::Env(_) => "SecretInput(env)",
            SecretForm::File(_) => "SecretInput(file)",
            SecretForm::Exec(_) => "SecretInput(exec)",
        })
    }
}

impl<'de> Deserialize<'de> for SecretInput {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_struct(SECRET_TYPE_NAME, REFERENCE_FIELDS, SecretInputVisitor)
    }
}

struct SecretInputVisitor;

impl<'de> Visitor<'de> for SecretInputVisitor {
    type Value = SecretInput;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a string or an object with `source`")
    }

    fn visit_str<E>(self, text: &str) -> Result<SecretInput, E> {
        Ok(SecretInput::from_text(text))
    }

    fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<SecretInput, A::Error> {
        let reference = SecretReference::deserialize(MapAccessDeserializer::new(map))?;
        reference.try_into().map_err(A::Error::custom)
    }
}

impl JsonSchema for SecretInput {
    fn schema_name() -> Cow<'static, str> {
        SECRET_TYPE_NAME.into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({
            "description": "A secret: a text, in which `${VAR}` and `${VAR:-default}` are filled \
                            in from the environment, or a reference to where the secret is.",
            "anyOf": [
                { "type": "string" },
                {
                    "type": "object",
                    "description": "The value of an environment variable.",
                    "properties": {
                        "source": { "const": "env" }, "id": { "type": "string" }, "provider": { "type": "string" }
                    },
                    "required": ["source", "id"],
                    "additionalProperties": false
                },
                {
                    "type": "object",
                    "description": "The content of a file.",
                    "properties": {
                        "source": { "const": "file" }, "path": { "type": "string" }, "provider": { "type": "string" }
                    },
                    "required": ["source", "path"],
                    "additionalProperties": false
                },
                {
                    "type": "object",
                    "description": "The output of a command.",
                    "properties": {
                        "source": { "const": "exec" },
                        "command": { "type": "array", "items": { "type": "string" }, "minItems": 1 },
                        "provider": { "type": "string" }
                    },
                    "required": ["source", "command"],
                    "additionalProperties": false
                }
            ]
        })
    }
}
