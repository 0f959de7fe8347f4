//! The types of a request's fields, checked and reported as pydantic does.

use serde_json::{Map, Value};

use crate::python;

/// One complaint about one place in the body.
#[derive(Debug)]
pub(crate) struct Issue {
    kind: &'static str,
    loc: String,
    msg: String,
    input: String,
    context: Option<(&'static str, String)>,
}

#[derive(Debug, Clone, Copy)]
pub(super) enum Kind {
    Text,
    Int,
    Float,
    Bool,
    List,
    Dict,
    Effort,
}

const OPTIONAL: &[(&str, Kind)] = &[
    ("model", Kind::Text),
    ("frequency_penalty", Kind::Float),
    ("logprobs", Kind::Bool),
    ("top_logprobs", Kind::Int),
    ("max_tokens", Kind::Int),
    ("max_completion_tokens", Kind::Int),
    ("n", Kind::Int),
    ("presence_penalty", Kind::Float),
    ("response_format", Kind::Dict),
    ("seed", Kind::Int),
    ("stream", Kind::Bool),
    ("stream_options", Kind::Dict),
    ("temperature", Kind::Float),
    ("top_p", Kind::Float),
    ("tools", Kind::List),
    ("reasoning_effort", Kind::Effort),
    ("include_reasoning", Kind::Bool),
    ("parallel_tool_calls", Kind::Bool),
    ("user", Kind::Text),
    ("top_k", Kind::Int),
    ("min_p", Kind::Float),
    ("repetition_penalty", Kind::Float),
    ("min_tokens", Kind::Int),
    ("ignore_eos", Kind::Bool),
    ("echo", Kind::Bool),
    ("add_generation_prompt", Kind::Bool),
    ("continue_final_message", Kind::Bool),
    ("request_id", Kind::Text),
    ("cache_salt", Kind::Text),
];

const INPUT_OPTIONAL: &[(&str, Kind)] = &[
    ("model", Kind::Text),
    ("instructions", Kind::Text),
    ("max_output_tokens", Kind::Int),
    ("stream", Kind::Bool),
    ("store", Kind::Bool),
    ("background", Kind::Bool),
    ("temperature", Kind::Float),
    ("top_p", Kind::Float),
    ("tools", Kind::List),
    ("parallel_tool_calls", Kind::Bool),
    ("previous_response_id", Kind::Text),
    ("include_reasoning", Kind::Bool),
    ("seed", Kind::Int),
    ("request_id", Kind::Text),
];

/// Checks a chat request's fields, `messages` first. Empty if all are well typed.
pub(crate) fn check_fields(body: &Map<String, Value>) -> Vec<Issue> {
    let mut issues = Vec::new();
    match body.get("messages") {
        None => {
            issues
                .push(Issue::missing("body.messages", &format!("<dict of {} items>", body.len())));
        }
        Some(Value::Array(messages)) => {
            for (index, message) in messages.iter().enumerate() {
                check_message(index, message, &mut issues);
            }
        }
        Some(other) => issues.push(Issue::list("body.messages".to_owned(), other)),
    }
    issues.extend(check_named(body, OPTIONAL));
    issues
}

/// Checks the fields of a Responses request, `input` first; the kinds of its items are not looked
/// at. Empty if all are well typed.
pub(crate) fn check_input(body: &Map<String, Value>) -> Vec<Issue> {
    let loc = || "body.input".to_owned();
    let mut issues = match body.get("input") {
        None => {
            // The choice of no tool is filled in before.
            let has_tools =
                body.get("tools").and_then(Value::as_array).is_some_and(|t| !t.is_empty());
            let filled = usize::from(!has_tools && !body.contains_key("tool_choice"));
            let shown = format!("<dict of {} items>", body.len() + filled);
            vec![Issue::missing("body.input", &shown)]
        }
        Some(Value::String(_) | Value::Array(_)) => Vec::new(),
        Some(other) => {
            let msg = "Input should be a valid string".to_owned();
            vec![Issue::new("string_type", loc(), msg, other), Issue::list(loc(), other)]
        }
    };
    issues.extend(check_named(body, INPUT_OPTIONAL));
    issues
}

pub(super) fn check_named(body: &Map<String, Value>, fields: &[(&str, Kind)]) -> Vec<Issue> {
    let given = fields.iter().filter_map(|(name, kind)| {
        let value = body.get(*name).filter(|value| !value.is_null())?;
        check(&format!("body.{name}"), *kind, value)
    });
    given.collect()
}

fn check(loc: &str, kind: Kind, value: &Value) -> Option<Issue> {
    let (name, msg) = match (kind, value) {
        (Kind::Text, Value::String(_))
        | (Kind::Float, Value::Number(_))
        | (Kind::Bool, Value::Bool(_))
        | (Kind::List, Value::Array(_))
        | (Kind::Dict, Value::Object(_)) => return None,
        (Kind::Int, Value::Number(number)) if is_whole(number) => return None,
        (Kind::Int, Value::String(text)) if text.trim().parse::<i64>().is_ok() => return None,
        (Kind::Float, Value::String(text)) if text.trim().parse::<f64>().is_ok() => return None,
        (Kind::Bool, Value::Number(number)) if matches!(number.as_i64(), Some(0 | 1)) => {
            return None;
        }
        (Kind::Text, _) => ("string_type", "Input should be a valid string"),
        (Kind::Int, Value::String(_)) => {
            ("int_parsing", "Input should be a valid integer, unable to parse string as an integer")
        }
        (Kind::Int, Value::Number(_)) => (
            "int_from_float",
            "Input should be a valid integer, got a number with a fractional part",
        ),
        (Kind::Int, _) => ("int_type", "Input should be a valid integer"),
        (Kind::Float, Value::String(_)) => {
            ("float_parsing", "Input should be a valid number, unable to parse string as a number")
        }
        (Kind::Float, _) => ("float_type", "Input should be a valid number"),
        (Kind::Bool, Value::String(_) | Value::Number(_)) => {
            ("bool_parsing", "Input should be a valid boolean, unable to interpret input")
        }
        (Kind::Bool, _) => ("bool_type", "Input should be a valid boolean"),
        (Kind::List, _) => return Some(Issue::list(loc.to_owned(), value)),
        (Kind::Dict, _) => ("dict_type", "Input should be a valid dictionary"),
        (Kind::Effort, _) => return check_effort(loc, value),
    };
    Some(Issue::new(name, loc.to_owned(), msg.to_owned(), value))
}

fn is_whole(number: &serde_json::Number) -> bool {
    !number.is_f64() || number.as_f64().is_some_and(|value| value.fract() == 0.0)
}

fn check_effort(loc: &str, value: &Value) -> Option<Issue> {
    const EFFORTS: [&str; 7] = ["none", "minimal", "low", "medium", "high", "xhigh", "max"];
    if value.as_str().is_some_and(|effort| EFFORTS.contains(&effort)) {
        return None;
    }
    let expected = "'none', 'minimal', 'low', 'medium', 'high', 'xhigh' or 'max'";
    Some(literal(loc.to_owned(), expected, value))
}

/// The complaint about a value that is none of those listed.
pub(super) fn literal(loc: String, expected: &str, value: &Value) -> Issue {
    let issue = Issue::new("literal_error", loc, format!("Input should be {expected}"), value);
    Issue { context: Some(("expected", expected.to_owned())), ..issue }
}

fn check_message(index: usize, message: &Value, issues: &mut Vec<Issue>) {
    let loc = format!("body.messages.{index}");
    let Some(fields) = message.as_object() else {
        let msg = "Input should be a valid dictionary".to_owned();
        issues.push(Issue::new("dict_type", loc, msg, message));
        return;
    };
    let Some(role) = fields.get("role") else {
        let shown = python::input(message);
        issues.push(Issue::missing(&format!("{loc}.role"), &shown));
        return;
    };
    let role = python::input(role);
    let content = fields.get("content");
    let is_empty = matches!(content, None | Some(Value::Null));
    if role != "assistant" && is_empty {
        issues.extend(null_content(&loc, &role));
    } else if !is_empty && !matches!(content, Some(Value::String(_) | Value::Array(_))) {
        let value = content.unwrap_or(&Value::Null);
        let msg = "Input should be a valid string".to_owned();
        issues.push(Issue::new("string_type", format!("{loc}.content"), msg, value));
    }
}

/// The complaints of every message type about a message without content, up to those shown; the
/// rest only count.
fn null_content(loc: &str, role: &str) -> Vec<Issue> {
    const COMPLAINTS: usize = 19;
    let mut issues = Vec::with_capacity(COMPLAINTS);
    for (name, literal) in [
        ("Developer", "developer"),
        ("System", "system"),
        ("User", "user"),
        ("Assistant", "assistant"),
        ("Tool", "tool"),
    ] {
        let at = |field: &str| format!("{loc}.ChatCompletion{name}MessageParam.{field}");
        if literal != "assistant" {
            let msg = "Input should be a valid string".to_owned();
            issues.push(Issue::new("string_type", at("content"), msg, &Value::Null));
            let msg = "Input should be iterable".to_owned();
            issues.push(Issue::new("iterable_type", at("content"), msg, &Value::Null));
        }
        if literal != role {
            let expected = format!("'{literal}'");
            let msg = format!("Input should be {expected}");
            let issue = Issue::new("literal_error", at("role"), msg, &Value::from(role));
            issues.push(Issue { context: Some(("expected", expected)), ..issue });
        }
    }
    issues.resize_with(COMPLAINTS, || Issue::missing(loc, "None"));
    issues
}

impl Issue {
    pub(crate) fn new(kind: &'static str, loc: String, msg: String, input: &Value) -> Self {
        Self { kind, loc, msg, input: python::input(input), context: None }
    }

    pub(crate) fn json_invalid(at: usize, error: String) -> Self {
        let input = "<dict of 0 items>".to_owned();
        let (loc, msg) = (format!("body.{at}"), "JSON decode error".to_owned());
        Self { kind: "json_invalid", loc, msg, input, context: Some(("error", error)) }
    }

    pub(crate) fn missing(loc: &str, input: &str) -> Self {
        let (loc, msg) = (loc.to_owned(), "Field required".to_owned());
        Self { kind: "missing", loc, msg, input: input.to_owned(), context: None }
    }

    pub(super) fn list(loc: String, value: &Value) -> Self {
        Self::new("list_type", loc, "Input should be a valid list".to_owned(), value)
    }

    /// Where it is, as the error's `param` names it.
    pub(crate) fn loc(&self) -> &str {
        &self.loc
    }

    /// The complaint as one line of the error message.
    pub(crate) fn line(&self) -> String {
        let [loc, msg, input] = [&self.loc, &self.msg, &self.input].map(|text| python::repr(text));
        let context = self.context.as_ref().map_or_else(String::new, |(name, value)| {
            format!(", 'ctx': {{'{name}': {}}}", python::repr(value))
        });
        format!(
            "{{'type': '{}', 'loc': {loc}, 'msg': {msg}, 'input': {input}{context}}}",
            self.kind
        )
    }
}
