//! A chat request: read as JSON, and checked in the order in which vLLM checks it.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use bytes::Bytes;
use hyper::StatusCode;
use serde_json::value::RawValue;
use serde_json::{Map, Value};

use crate::response::ApiError;
use crate::validate::{Issue, check_fields, syntax_error};

/// What the answer depends on.
#[derive(Debug)]
pub(crate) struct ChatRequest {
    pub(crate) fields: Map<String, Value>,
    pub(crate) messages: Vec<Value>,
    /// The `tools` array as the client wrote it.
    pub(crate) tools: Option<String>,
    pub(crate) choice: ToolChoice,
    pub(crate) stream: Option<StreamOptions>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum ToolChoice {
    None,
    Auto,
    Required,
    Named(String),
}

impl ToolChoice {
    /// Whether a call must be made.
    pub(crate) fn is_forced(&self) -> bool {
        matches!(self, Self::Required | Self::Named(_))
    }
}

#[derive(Debug, Clone, Copy)]
pub(crate) struct StreamOptions {
    pub(crate) include_usage: bool,
    pub(crate) continuous_usage: bool,
}

/// Reads a body that must be a JSON object.
pub(crate) fn parse_object(
    content_type: Option<&str>,
    body: &Bytes,
) -> Result<Map<String, Value>, ApiError> {
    let media = content_type.unwrap_or_default().split(';').next().unwrap_or_default().trim();
    if !media.eq_ignore_ascii_case("application/json") && !media.ends_with("+json") {
        let message =
            "1 validation error:\n  Unsupported Media Type: Only 'application/json' is allowed";
        return Err(invalid(message.to_owned(), None));
    }
    if body.is_empty() {
        return Err(invalid_fields(&[Issue::missing("body", "None")]));
    }
    match serde_json::from_slice(body) {
        Ok(Value::Object(fields)) => Ok(fields),
        Ok(other) => {
            let msg = "Input should be a valid dictionary or object to extract fields from";
            let issue =
                Issue::new("model_attributes_type", "body".to_owned(), msg.to_owned(), &other);
            Err(invalid_fields(&[issue]))
        }
        Err(error) => {
            let text = String::from_utf8_lossy(body);
            let (at, words) = syntax_error(&text).unwrap_or_else(|| {
                (error.column().saturating_sub(1), "Expecting value".to_owned())
            });
            Err(invalid_fields(&[Issue::json_invalid(at, words)]))
        }
    }
}

impl ChatRequest {
    /// Checks the fields of a body: their types, and those that contradict each other.
    pub(crate) fn new(mut fields: Map<String, Value>, body: &Bytes) -> Result<Self, ApiError> {
        let choice = check_combinations(&fields)?;
        let issues = check_fields(&fields);
        if !issues.is_empty() {
            return Err(invalid_fields(&issues));
        }
        let messages = match fields.remove("messages") {
            Some(Value::Array(messages)) => messages,
            _ => Vec::new(),
        };
        let has_tools = matches!(fields.get("tools"), Some(Value::Array(_)));
        let tools = if has_tools { raw_field(body, "tools") } else { None };
        let stream = is_true(&fields, "stream").then(|| {
            let options = fields.get("stream_options").and_then(Value::as_object);
            let has = |name| options.is_some_and(|options| is_true(options, name));
            let include_usage = has("include_usage");
            StreamOptions {
                include_usage,
                continuous_usage: include_usage && has("continuous_usage_stats"),
            }
        });
        Ok(Self { fields, messages, tools, choice, stream })
    }

    pub(crate) fn flag(&self, name: &str, default: bool) -> bool {
        self.fields.get(name).map_or(default, |_| is_true(&self.fields, name))
    }

    pub(crate) fn text(&self, name: &str) -> Option<&str> {
        self.fields.get(name).and_then(Value::as_str)
    }

    /// Names of the offered tools.
    pub(crate) fn tool_names(&self) -> impl Iterator<Item = &str> {
        let tools = self.fields.get("tools").and_then(Value::as_array).into_iter().flatten();
        tools.filter_map(|tool| tool.get("function")?.get("name")?.as_str())
    }

    /// Stop strings: one or a list.
    pub(crate) fn stops(&self) -> Vec<&str> {
        match self.fields.get("stop") {
            Some(Value::String(stop)) => vec![stop],
            Some(Value::Array(stops)) => stops.iter().filter_map(Value::as_str).collect(),
            _ => Vec::new(),
        }
    }
}

/// A field of a JSON object as its text stands there, white space and the order of keys included.
pub(crate) fn raw_field(body: &Bytes, name: &str) -> Option<String> {
    let fields: BTreeMap<String, &RawValue> = serde_json::from_slice(body).ok()?;
    fields.get(name).map(|raw| raw.get().to_owned())
}

fn check_combinations(fields: &Map<String, Value>) -> Result<ToolChoice, ApiError> {
    let given = |name: &str| fields.get(name).filter(|value| !value.is_null());
    if given("stream_options").is_some() && !is_true(fields, "stream") {
        let message = "Stream options can only be defined when `stream=True`.";
        return Err(ApiError::parameter(message, "stream_options", None));
    }
    if given("top_logprobs").is_some() && !is_true(fields, "logprobs") {
        let message = "when using `top_logprobs`, `logprobs` must be set to true.";
        return Err(ApiError::parameter(message, "top_logprobs", None));
    }
    check_tools(given("tools"), given("tool_choice"))
}

fn check_tools(tools: Option<&Value>, choice: Option<&Value>) -> Result<ToolChoice, ApiError> {
    let refuse = |message: &str| Err(ApiError::parameter(message, "tool_choice", None));
    let tools = tools.and_then(Value::as_array);
    if tools.is_some_and(Vec::is_empty) {
        let message = "`tools` must not be an empty array. Either provide at least one tool or omit \
                       the field entirely.";
        return Err(ApiError::parameter(message, "tools", None));
    }
    let choice = match (choice, tools) {
        (None, Some(_)) => return Ok(ToolChoice::Auto),
        (None, None) => return Ok(ToolChoice::None),
        (Some(Value::String(none)), _) if none == "none" => return Ok(ToolChoice::None),
        (Some(_), None) => return refuse("When using `tool_choice`, `tools` must be set."),
        (Some(choice), Some(_)) => choice,
    };
    match choice {
        Value::String(text) if text == "auto" => Ok(ToolChoice::Auto),
        Value::String(text) if text == "required" => Ok(ToolChoice::Required),
        Value::Object(_) => {
            let function =
                |tool: &Value| tool.get("function")?.get("name")?.as_str().map(str::to_owned);
            let Some(name) = function(choice) else {
                return refuse(
                    "Expected field `function` in `tool_choice`. Correct usage: \
                     `{\"type\": \"function\", \"function\": {\"name\": \"my_function\"}}`",
                );
            };
            if !tools.into_iter().flatten().any(|tool| function(tool).as_deref() == Some(&*name)) {
                return refuse(
                    "The tool specified in `tool_choice` does not match any of the specified `tools`",
                );
            }
            Ok(ToolChoice::Named(name))
        }
        other => {
            let shown = crate::python::input(other);
            let message = format!(
                "Invalid value for `tool_choice`: {shown}! Only named tools, \"none\", \"auto\" or \"required\" are supported."
            );
            Err(ApiError::parameter(&message, "tool_choice", Some(&shown)))
        }
    }
}

fn is_true(fields: &Map<String, Value>, name: &str) -> bool {
    match fields.get(name) {
        Some(Value::Number(number)) => number.as_i64() == Some(1),
        value => value.and_then(Value::as_bool).unwrap_or_default(),
    }
}

/// The refusal of a body that does not fit its schema: at most ten complaints are shown.
pub(crate) fn invalid_fields(issues: &[Issue]) -> ApiError {
    const SHOWN: usize = 10;
    let plural = if issues.len() == 1 { "" } else { "s" };
    let mut message = format!("{} validation error{plural}:", issues.len());
    for issue in issues.iter().take(SHOWN) {
        message.push_str("\n  ");
        message.push_str(&issue.line());
    }
    if let Some(more) = issues.len().checked_sub(SHOWN).filter(|more| *more > 0) {
        // Writing to a String cannot fail.
        let _ = write!(message, "\n  ...and {more} more errors");
    }
    invalid(message, issues.first().map(|issue| issue.loc().to_owned()))
}

fn invalid(message: String, param: Option<String>) -> ApiError {
    ApiError { status: StatusCode::BAD_REQUEST, message, kind: "Bad Request", param }
}

/// The refusal of a body that lacks a field.
pub(crate) fn missing(field: &str, given: usize) -> ApiError {
    let issue = Issue::missing(&format!("body.{field}"), &format!("<dict of {given} items>"));
    invalid_fields(&[issue])
}
