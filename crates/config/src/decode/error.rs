//! Decode errors, in the terms of a config file instead of Rust's.

use std::fmt;

use serde::de::{Error, Expected, Unexpected};

use super::suggestion;

/// A value does not have the type of its key.
#[derive(Debug)]
pub(super) struct DecodeError {
    /// The innermost value that does not fit; `None` until it is known.
    pub(super) node: Option<u32>,
    pub(super) message: String,
    pub(super) help: Option<String>,
}

impl DecodeError {
    pub(super) fn from_message(message: String) -> Self {
        Self { node: None, message, help: None }
    }

    /// Attributes the error to `node`, unless a value inside it is known already.
    pub(super) fn with_node(mut self, node: u32) -> Self {
        self.node.get_or_insert(node);
        self
    }
}

impl fmt::Display for DecodeError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)
    }
}

impl std::error::Error for DecodeError {}

impl Error for DecodeError {
    fn custom<T: fmt::Display>(message: T) -> Self {
        Self::from_message(message.to_string())
    }

    fn invalid_type(unexpected: Unexpected<'_>, expected: &dyn Expected) -> Self {
        Self::from_message(format!(
            "expected {}, found {}",
            describe_expected(expected),
            describe_unexpected(&unexpected)
        ))
    }

    fn invalid_value(unexpected: Unexpected<'_>, expected: &dyn Expected) -> Self {
        let found = match unexpected {
            Unexpected::Unsigned(number) => number.to_string(),
            Unexpected::Signed(number) => number.to_string(),
            Unexpected::Float(number) => number.to_string(),
            other => describe_unexpected(&other).to_owned(),
        };
        Self::from_message(format!("expected {}, found {found}", describe_expected(expected)))
    }

    fn unknown_variant(variant: &str, expected: &'static [&'static str]) -> Self {
        let message = format!("expected one of {}", quote_names(expected));
        let help = suggestion::nearest_name(variant, expected)
            .map(|name| format!("did you mean \"{name}\"?"));
        Self { help, ..Self::from_message(message) }
    }

    fn missing_field(field: &'static str) -> Self {
        Self::from_message(format!("`{field}` is missing"))
    }
}

/// Quotes the accepted names of an enum.
pub(super) fn quote_names(names: &[&str]) -> String {
    names.iter().map(|name| format!("\"{name}\"")).collect::<Vec<_>>().join(", ")
}

/// Names the type of a value, never its content, which may be a secret.
fn describe_unexpected(unexpected: &Unexpected<'_>) -> &'static str {
    match unexpected {
        Unexpected::Bool(_) => "a boolean",
        Unexpected::Unsigned(_) | Unexpected::Signed(_) | Unexpected::Float(_) => "a number",
        Unexpected::Str(_) | Unexpected::Char(_) => "a string",
        Unexpected::Unit | Unexpected::Option => "null",
        Unexpected::Seq => "an array",
        Unexpected::Map => "an object",
        _ => "something else",
    }
}

fn describe_expected(expected: &dyn Expected) -> String {
    let words = expected.to_string();
    match words.as_str() {
        "u8" => "a whole number from 0 to 255".to_owned(),
        "u16" => "a whole number from 0 to 65535".to_owned(),
        "u32" => format!("a whole number from 0 to {}", u32::MAX),
        "u64" | "usize" => "a whole number of 0 or more".to_owned(),
        "a nonzero u32" => format!("a whole number from 1 to {}", u32::MAX),
        "a nonzero u64" => "a whole number of 1 or more".to_owned(),
        "f32" | "f64" => "a number".to_owned(),
        "a sequence" => "an array".to_owned(),
        "a map" => "an object".to_owned(),
        other if other.starts_with("struct ") => "an object".to_owned(),
        _ => words,
    }
}
