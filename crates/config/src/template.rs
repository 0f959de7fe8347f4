//! Text with `${VAR}` and `${VAR:-default}`, resolved from an [`Env`] when it is used.

use std::{borrow::Cow, fmt};

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::Deserialize;

use crate::{env::Env, text::has_credential};

/// A text that may refer to environment variables.
///
/// `${VAR}` is the value of a variable, `${VAR:-text}` is `text` when the variable is not set or
/// empty, and `$${` is a literal `${`. Variables are read only by [`EnvString::resolve_variables`].
///
/// `Debug` redacts addresses that may contain a password.
#[derive(Clone, PartialEq, Eq, Deserialize)]
pub struct EnvString(String);

/// The largest text that variables make, in bytes: more than any value needs, and a text that names a
/// long variable often cannot grow without bounds.
pub(crate) const MAX_RESOLVED_BYTES: usize = 1 << 20;

/// Why the variables of a text have no values.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum TemplateError {
    /// It refers to a variable that is not set.
    #[error("read the environment variable {variable}, which is not set")]
    UnsetVariable {
        /// The name of the variable.
        variable: String,
    },
    /// The text would be too large.
    #[error(
        "fill in the environment variable {variable}: the value would have more than \
         {MAX_RESOLVED_BYTES} bytes"
    )]
    TooLarge {
        /// The name of the variable that makes it so.
        variable: String,
    },
}

impl TemplateError {
    /// The variable.
    #[must_use]
    pub fn variable(&self) -> &str {
        match self {
            Self::UnsetVariable { variable } | Self::TooLarge { variable } => variable,
        }
    }
}

impl EnvString {
    /// Replaces the variables.
    ///
    /// # Errors
    ///
    /// When a variable without a default is not set, and when the text would be too large.
    pub fn resolve_variables(&self, env: &Env) -> Result<String, TemplateError> {
        resolve_template(&self.0, env).map(|filled| filled.text)
    }

    /// The text as written in the config.
    #[must_use]
    pub fn raw_text(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for EnvString {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let shown = if has_credential(&self.0) { "***" } else { &self.0 };
        f.debug_tuple("EnvString").field(&shown).finish()
    }
}

impl From<&str> for EnvString {
    fn from(text: &str) -> Self {
        Self(text.to_owned())
    }
}

impl JsonSchema for EnvString {
    fn schema_name() -> Cow<'static, str> {
        "EnvString".into()
    }

    fn inline_schema() -> bool {
        true
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({ "type": "string" })
    }
}

/// A resolved text and the variables that it used.
pub(crate) struct ResolvedTemplate {
    pub(crate) text: String,
    pub(crate) variables: Vec<String>,
}

pub(crate) fn resolve_template(
    template: &str,
    env: &Env,
) -> Result<ResolvedTemplate, TemplateError> {
    let mut text = String::with_capacity(template.len());
    let mut variables = Vec::new();
    let mut rest = template;
    while let Some(dollar) = rest.find('$') {
        let (before, reference) = rest.split_at(dollar);
        text.push_str(before);
        if let Some(escaped) = reference.strip_prefix("$${") {
            text.push_str("${");
            rest = escaped;
        } else if let Some((name, default, after)) = parse_reference(reference) {
            match (env.get(name), default) {
                (None, None) => {
                    return Err(TemplateError::UnsetVariable { variable: name.to_owned() });
                }
                (None | Some(""), Some(default)) => text.push_str(default),
                (Some(value), _) if text.len() + value.len() > MAX_RESOLVED_BYTES => {
                    return Err(TemplateError::TooLarge { variable: name.to_owned() });
                }
                (Some(value), _) => {
                    text.push_str(value);
                    variables.push(name.to_owned());
                }
            }
            rest = after;
        } else {
            text.push('$');
            rest = reference.get(1..).unwrap_or_default();
        }
    }
    text.push_str(rest);
    Ok(ResolvedTemplate { text, variables })
}

/// Parses `${NAME}` or `${NAME:-default}`; returns its parts and the rest of the text.
fn parse_reference(text: &str) -> Option<(&str, Option<&str>, &str)> {
    let (inner, after) = text.strip_prefix("${")?.split_once('}')?;
    let (name, default) = match inner.split_once(":-") {
        Some((name, default)) => (name, Some(default)),
        None => (inner, None),
    };
    is_env_name(name).then_some((name, default, after))
}

fn is_env_name(text: &str) -> bool {
    text.starts_with(|c: char| c.is_ascii_alphabetic() || c == '_')
        && text.chars().all(|c| c.is_ascii_alphanumeric() || c == '_')
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn references_are_filled_in_and_the_rest_stays() {
        let env = Env::from_pairs([("HOST", "box"), ("EMPTY", "")]);
        for (template, expected) in [
            ("http://${HOST}:8000/v1", Ok("http://box:8000/v1")),
            ("${HOST}${HOST}", Ok("boxbox")),
            ("${MISSING:-local}", Ok("local")),
            ("${EMPTY:-local}", Ok("local")),
            ("${EMPTY}", Ok("")),
            ("${HOST:-local}", Ok("box")),
            ("${MISSING:-}", Ok("")),
            ("$${HOST} $HOST ${} ${1} ${HOST", Ok("${HOST} $HOST ${} ${1} ${HOST")),
            ("${MISSING}", Err("MISSING")),
        ] {
            let filled = EnvString::from(template).resolve_variables(&env);
            let filled = filled.as_ref().map(String::as_str).map_err(TemplateError::variable);
            assert_eq!(filled, expected, "{template}");
        }
    }

    #[test]
    fn a_text_does_not_grow_without_bounds() {
        let env = Env::from_pairs([("LONG", "x".repeat(100_000).as_str()), ("SHORT", "x")]);
        let laughs = EnvString::from("${LONG}".repeat(100_000).as_str());
        let error = laughs.resolve_variables(&env).unwrap_err();
        assert_eq!(error, TemplateError::TooLarge { variable: "LONG".to_owned() });
        let many = EnvString::from("${SHORT}".repeat(100_000).as_str());
        assert_eq!(many.resolve_variables(&env).unwrap().len(), 100_000);
    }

    proptest! {
        #[test]
        fn a_text_without_references_is_itself(text in "[^$]*") {
            prop_assert_eq!(EnvString::from(text.as_str()).resolve_variables(&Env::default()), Ok(text));
        }

        #[test]
        fn any_text_is_filled_in_or_an_error(text in ".*") {
            let _ = EnvString::from(text.as_str()).resolve_variables(&Env::default());
        }
    }
}
