//! Messages of a model, its tool calls, and tool outputs.

use std::borrow::Cow;

use serde_json::{Map, Value};

use crate::{ImageContent, ToolCallId, ToolName};

/// One message of a model, assembled from its stream.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct AssistantMessage {
    /// The visible answer; reasoning and calls are not in it.
    pub text: String,
    /// The reasoning, if the server sent any.
    pub reasoning: Option<ReasoningContent>,
    /// The calls, in the order the model made them.
    pub calls: Vec<EmittedToolCall>,
}

impl AssistantMessage {
    /// A message with visible text only.
    pub fn from_text(text: impl Into<String>) -> Self {
        Self { text: text.into(), ..Self::default() }
    }

    /// A message with one valid call only.
    #[must_use]
    pub fn from_call(call: ToolCall) -> Self {
        Self { calls: vec![EmittedToolCall::Valid(call)], ..Self::default() }
    }

    /// Returns whether there is neither visible text nor a call.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.text.trim().is_empty() && self.calls.is_empty()
    }
}

/// The reasoning of one message.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ReasoningContent {
    /// The reasoning text.
    pub text: String,
    /// Where the reasoning was found, so that it is sent back the same way: a wire field
    /// (`reasoning` or `reasoning_content`), or the tag that opened it in the text (e.g.
    /// `<think>`).
    pub field: Cow<'static, str>,
}

/// A tool call as a model emitted it: valid, or invalid and never run.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum EmittedToolCall {
    /// A complete call whose arguments are a JSON object.
    Valid(ToolCall),
    /// A call that was cut off or whose arguments are not a JSON object.
    Invalid(InvalidToolCall),
}

impl EmittedToolCall {
    /// The identifier that the call's result refers to.
    #[must_use]
    pub fn id(&self) -> &ToolCallId {
        match self {
            Self::Valid(call) => &call.id,
            Self::Invalid(call) => &call.id,
        }
    }

    pub(crate) fn id_mut(&mut self) -> &mut ToolCallId {
        match self {
            Self::Valid(call) => &mut call.id,
            Self::Invalid(call) => &mut call.id,
        }
    }
}

/// A call to a tool. The tool may not exist, and may not accept the arguments.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ToolCall {
    /// The identifier that the result refers to.
    pub id: ToolCallId,
    /// The name of the tool.
    pub name: ToolName,
    /// The arguments.
    pub arguments: ToolArguments,
}

/// A call that cannot be run. The model gets an error result that quotes the raw arguments.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct InvalidToolCall {
    /// The identifier that the error result refers to.
    pub id: ToolCallId,
    /// The tool's name; characters that names cannot have are replaced.
    pub name: ToolName,
    /// The raw text that the model wrote as arguments.
    pub raw_arguments: String,
    /// What is wrong with the call, as a sentence for the model.
    pub problem: String,
}

/// The arguments of a call: always a JSON object, always serialised with sorted keys.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct ToolArguments(Map<String, Value>);

/// Why a text is not valid as tool arguments.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ArgumentsParseError {
    /// The text is not JSON, or has something after the JSON value.
    #[error("not valid JSON at line {line}, column {column}")]
    NotJson {
        /// The line of the fault, from 1.
        line: usize,
        /// The column of the fault, from 1; 0 at the end of the text.
        column: usize,
    },
    /// The text is JSON of another type.
    #[error("a JSON {found}, not an object")]
    NotObject {
        /// The type that was found.
        found: &'static str,
    },
}

impl ToolArguments {
    /// Parses the arguments text of a model. Blank text and `null`, which servers send for a call
    /// without arguments, become the empty object. Half a surrogate pair becomes U+FFFD.
    ///
    /// # Errors
    /// When the text is not one JSON object.
    pub fn parse_json(text: &str) -> Result<Self, ArgumentsParseError> {
        if text.trim().is_empty() {
            return Ok(Self::default());
        }
        let parsed = serde_json::from_str(text).or_else(|error| {
            match replace_lone_surrogates(text).map(|text| serde_json::from_str(&text)) {
                Some(Ok(value)) => Ok(value),
                _ => Err(error),
            }
        });
        let value: Value = parsed.map_err(|error| ArgumentsParseError::NotJson {
            line: error.line(),
            column: error.column(),
        })?;
        match value {
            Value::Object(map) => Ok(Self(map)),
            Value::Null => Ok(Self::default()),
            Value::Bool(_) => Err(ArgumentsParseError::NotObject { found: "boolean" }),
            Value::Number(_) => Err(ArgumentsParseError::NotObject { found: "number" }),
            Value::String(_) => Err(ArgumentsParseError::NotObject { found: "string" }),
            Value::Array(_) => Err(ArgumentsParseError::NotObject { found: "array" }),
        }
    }

    /// The arguments as a map.
    #[must_use]
    pub fn as_map(&self) -> &Map<String, Value> {
        &self.0
    }

    /// The arguments as a JSON value.
    #[must_use]
    pub fn to_value(&self) -> Value {
        Value::Object(self.0.clone())
    }

    /// The canonical JSON text: keys sorted, no white space.
    #[must_use]
    pub fn to_json(&self) -> String {
        // Displaying a `Value` cannot fail and writes compact JSON.
        Value::Object(self.0.clone()).to_string()
    }
}

impl From<Map<String, Value>> for ToolArguments {
    fn from(map: Map<String, Value>) -> Self {
        Self(map)
    }
}

/// The result of a tool call. A failed tool returns one too: the model reads the text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ToolOutput {
    /// The text for the model.
    pub text: String,
    /// The images for the model, which the text describes.
    pub images: Vec<ImageContent>,
    /// Whether the tool failed.
    pub is_error: bool,
    /// One line for a person, e.g. `12 lines`; never sent to the model.
    pub summary: Option<String>,
    /// A digest of the tool's own output when `text` differs from it (it was cut, or something was
    /// added). Equal outputs have equal digests, across processes too.
    pub original_digest: Option<u64>,
}

impl ToolOutput {
    /// The result of a tool that succeeded.
    pub fn from_text(text: impl Into<String>) -> Self {
        Self {
            text: text.into(),
            images: Vec::new(),
            is_error: false,
            summary: None,
            original_digest: None,
        }
    }

    /// The result of a tool that failed.
    pub fn from_error(text: impl Into<String>) -> Self {
        Self { is_error: true, ..Self::from_text(text) }
    }

    /// Adds an image, which the text describes.
    #[must_use]
    pub fn with_image(mut self, image: ImageContent) -> Self {
        self.images.push(image);
        self
    }

    /// Adds a one-line summary for people.
    #[must_use]
    pub fn with_summary(mut self, summary: impl Into<String>) -> Self {
        self.summary = Some(summary.into());
        self
    }
}

/// Replaces the escapes of surrogates without their other half, which no text can hold. `None` if
/// there are none.
fn replace_lone_surrogates(json: &str) -> Option<String> {
    let mut replaced = String::with_capacity(json.len());
    let mut has_lone = false;
    let mut rest = json;
    while let Some((before, escape)) = rest.split_once('\\') {
        replaced.push_str(before);
        let half = escaped_unit(escape);
        let is_pair = matches!(half, Some(0xD800..=0xDBFF))
            && escape
                .get(ESCAPED_UNIT..)
                .and_then(|next| next.strip_prefix('\\'))
                .is_some_and(|next| matches!(escaped_unit(next), Some(0xDC00..=0xDFFF)));
        let len = match half {
            Some(0xD800..=0xDFFF) if is_pair => 2 * ESCAPED_UNIT + 1,
            Some(0xD800..=0xDFFF) => {
                has_lone = true;
                replaced.push(char::REPLACEMENT_CHARACTER);
                rest = escape.get(ESCAPED_UNIT..)?;
                continue;
            }
            _ => escape.chars().next().map_or(0, char::len_utf8),
        };
        replaced.push('\\');
        let (escape, behind) = escape.split_at_checked(len)?;
        replaced.push_str(escape);
        rest = behind;
    }
    replaced.push_str(rest);
    has_lone.then_some(replaced)
}

/// The length of `u` and four hexadecimal digits.
const ESCAPED_UNIT: usize = 5;

/// The unit of UTF-16 that an escape stands for; its backslash is left out.
fn escaped_unit(escape: &str) -> Option<u32> {
    let digits = escape.strip_prefix('u')?.get(..4)?;
    u32::from_str_radix(digits, 16).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn half_a_surrogate_pair_is_replaced_and_nothing_else() {
        for (written, expected) in [
            (r"a\ud83d", "a\u{fffd}"),
            (r"\ude42 b", "\u{fffd} b"),
            (r"\ud83d\ude42 \ud83d!", "🙂 \u{fffd}!"),
            (r"\ud83d\n\\ud83d", "\u{fffd}\n\\ud83d"),
            (r"\ud83d\ud83d\ude42", "\u{fffd}🙂"),
        ] {
            let text = format!(r#"{{"a": "{written}"}}"#);
            let arguments = ToolArguments::parse_json(&text).unwrap();
            assert_eq!(arguments.to_value()["a"], expected, "{text}");
        }
        for text in [r#"{"a": "\ud83d"#, r#"{"a": "\ud8"}"#, r#"{"a": "\x"}"#] {
            assert!(ToolArguments::parse_json(text).is_err(), "{text}");
        }
    }

    #[test]
    fn arguments_are_an_object_or_refused() {
        assert_eq!(ToolArguments::parse_json("").unwrap().to_json(), "{}");
        assert_eq!(ToolArguments::parse_json(" null ").unwrap().to_json(), "{}");
        assert_eq!(
            ToolArguments::parse_json(r#"{"b": 1, "a": "x"}"#).unwrap().to_json(),
            r#"{"a":"x","b":1}"#
        );
        for (text, found) in
            [("true", "boolean"), ("1.5", "number"), ("\"{}\"", "string"), ("[]", "array")]
        {
            assert_eq!(
                ToolArguments::parse_json(text),
                Err(ArgumentsParseError::NotObject { found })
            );
        }
        for text in ["{\"cmd\": \"ls\"", "{} }", "{\"a\":\"\u{1}\"}", "19.21E-"] {
            assert!(matches!(
                ToolArguments::parse_json(text),
                Err(ArgumentsParseError::NotJson { .. })
            ));
        }
    }
}
