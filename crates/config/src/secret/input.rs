//! How a secret is written in a config.

use std::{borrow::Cow, fmt, time::Duration};

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use secrecy::{ExposeSecret as _, SecretString};
use serde::{
    Deserialize, Deserializer,
    de::{Error, MapAccess, Visitor, value::MapAccessDeserializer},
};

use super::{SecretErrorKind, is_variable_name};
use crate::{decode::SECRET_TYPE_NAME, defaults::SECRET_COMMAND_SECONDS, env::Env};

/// A secret as written in a config; [`SecretInput::resolve_secret`] gets its value.
///
/// It is a text, in which `${VAR}` and `${VAR:-default}` are replaced, or an object: `{source:
/// "env", id: "VAR"}`, `{source: "file", path: "~/key"}`, `{source: "exec", command: ["pass",
/// "show", "key"]}` or `{source, provider, id}` with one of `secrets.providers`. A text that is the name of a set variable, such as `VLLM_API_KEY`, stands for
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
    /// A file, or the text at a JSON pointer in it.
    File {
        path: String,
        pointer: Option<String>,
    },
    Exec(Vec<String>),
    /// A secret of one of `secrets.providers`.
    Stored(SecretLocator),
    Command(Box<SecretCommand>),
    /// A reference that cannot be followed, and why.
    Unusable(String),
}

/// Where a secret of one of `secrets.providers` is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct SecretLocator {
    pub(crate) kind: SecretReferenceKind,
    /// The name of the provider; `None` is the default one of the kind.
    pub(crate) provider: Option<String>,
    pub(crate) id: String,
}

/// A command that answers with a secret.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct SecretCommand {
    /// The program and its arguments; never empty.
    pub words: Vec<String>,
    /// The secret that is asked for on standard input, and its provider. `None` for a command whose
    /// whole output is the secret.
    pub request: Option<SecretRequest>,
    /// The longest it may take.
    pub time_limit: Duration,
    /// The names of variables that it gets besides the basic ones.
    pub passed_variables: Vec<String>,
    /// Variables that are set for it, by name.
    pub variables: Vec<(String, String)>,
    /// Folders that the program must be in, if there are any.
    pub trusted_dirs: Vec<String>,
    /// Whether the program may be a symbolic link.
    pub allows_symlink: bool,
    /// Whether other users may be able to change the program.
    pub allows_insecure_path: bool,
}

/// A request for a secret in the protocol of `secrets.providers`.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct SecretRequest {
    /// The name of the provider.
    pub provider: String,
    /// The id of the secret.
    pub id: String,
    /// Whether the answer must be JSON. Otherwise a plain text is the secret.
    pub json_only: bool,
}

/// The kind of a place that a secret is in.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum SecretReferenceKind {
    /// An environment variable.
    Env,
    /// A file.
    File,
    /// The output of a command.
    Exec,
}

/// The object form; its keys are [`REFERENCE_FIELDS`].
#[derive(Deserialize)]
struct SecretReference {
    source: SecretReferenceKind,
    id: Option<String>,
    path: Option<String>,
    command: Option<Vec<String>>,
    provider: Option<String>,
}

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

    /// Whether it is a variable that is not set: `${VAR}`, a reference, or a text that looks like
    /// the name of one.
    #[must_use]
    pub fn names_unset_variable(&self, env: &Env) -> bool {
        let is_name = match &self.0 {
            SecretForm::Text(text) => {
                let text = text.expose_secret();
                is_variable_name(text) && text.contains('_') && env.get(text).is_none()
            }
            _ => false,
        };
        let error = self.resolve_secret(env).err();
        is_name || error.is_some_and(|error| error.kind() == SecretErrorKind::UnsetVariable)
    }

    /// Reads the object form from JSON; `None` for anything else.
    pub(super) fn from_json(value: &serde_json::Value) -> Option<Self> {
        let reference = SecretReference::deserialize(value).ok()?;
        reference.try_into().ok()
    }

    /// The command that answers with the secret, for a caller that may run commands; `None` for
    /// every other form.
    #[must_use]
    pub fn exec_command(&self) -> Option<SecretCommand> {
        match &self.0 {
            SecretForm::Exec(words) => Some(SecretCommand {
                words: words.clone(),
                request: None,
                time_limit: Duration::from_secs(SECRET_COMMAND_SECONDS),
                passed_variables: Vec::new(),
                variables: Vec::new(),
                trusted_dirs: Vec::new(),
                allows_symlink: true,
                allows_insecure_path: true,
            }),
            SecretForm::Command(command) => Some((**command).clone()),
            _ => None,
        }
    }
}

impl TryFrom<SecretReference> for SecretInput {
    type Error = &'static str;

    fn try_from(reference: SecretReference) -> Result<Self, &'static str> {
        let SecretReference { source: kind, id, path, command, provider } = reference;
        let command = command.filter(|words| !words.is_empty());
        Ok(Self(match (kind, path, command, id) {
            (SecretReferenceKind::File, Some(path), ..) => SecretForm::File { path, pointer: None },
            (SecretReferenceKind::Exec, _, Some(words), _) => SecretForm::Exec(words),
            (SecretReferenceKind::Env, _, _, Some(id)) if provider.is_none() => SecretForm::Env(id),
            (_, _, _, Some(id)) => SecretForm::Stored(SecretLocator { kind, provider, id }),
            (SecretReferenceKind::Env, ..) => {
                return Err("`id` is missing: the name of the variable");
            }
            (SecretReferenceKind::File, ..) => {
                return Err("`path` is missing: the file of the secret");
            }
            (SecretReferenceKind::Exec, ..) => {
                return Err("`command` is missing: its words in a list");
            }
        }))
    }
}

impl fmt::Debug for SecretInput {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self.0 {
            SecretForm::Text(_) => "SecretInput(text)",
            SecretForm::Env(_) => "SecretInput(env)",
            SecretForm::File { .. } => "SecretInput(file)",
            SecretForm::Exec(_) | SecretForm::Command(_) => "SecretInput(exec)",
            SecretForm::Stored(_) | SecretForm::Unusable(_) => "SecretInput(stored)",
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
                    "description": "A secret of one of `secrets.providers`: the JSON pointer to it \
                                    in the provider's file, or its name for the provider's command.",
                    "properties": {
                        "source": { "enum": ["file", "exec"] },
                        "id": { "type": "string" },
                        "provider": { "type": "string" }
                    },
                    "required": ["source", "id"],
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
