//! A Responses request: checked as vLLM checks it, and made a conversation.

use hyper::StatusCode;
use serde_json::{Map, Value, json};

use crate::chat::{ChatRequest, StreamOptions, ToolChoice, invalid_fields};
use crate::engine::Engine;
use crate::response::ApiError;
use crate::validate::{Issue, check_input};

/// Reads a body as a request for the same conversation in a chat completion.
pub(crate) fn read(
    engine: &Engine,
    mut fields: Map<String, Value>,
) -> Result<ChatRequest, ApiError> {
    let choice = tool_choice(&fields)?;
    let issues = check_input(&fields);
    if !issues.is_empty() {
        return Err(invalid_fields(&issues));
    }
    let messages = match fields.remove("input") {
        Some(Value::String(text)) => vec![json!({"role": "user", "content": text})],
        Some(Value::Array(items)) => {
            let goes_on = items.last().is_some_and(is_unfinished);
            fields.insert("continue_final_message".to_owned(), goes_on.into());
            fields.insert("add_generation_prompt".to_owned(), (!goes_on).into());
            conversation(&items)?
        }
        _ => Vec::new(),
    };
    let instructions = fields.get("instructions").and_then(Value::as_str);
    let system = instructions.map(|text| json!({"role": "system", "content": text}));
    let messages = system.into_iter().chain(messages).collect();
    let tools = chat_tools(&fields);
    let written = tools.as_ref().map(Value::to_string);
    if let Some(tools) = tools {
        fields.insert("tools".to_owned(), tools);
    }
    let has_tools = written.is_some();
    // Without a parser the choice is not refused: it has no effect.
    let choice = if has_tools && engine.setup.auto_tool_choice { choice } else { ToolChoice::None };
    let streams = fields.get("stream").and_then(Value::as_bool).unwrap_or_default();
    let options = StreamOptions { include_usage: true, continuous_usage: false };
    let stream = streams.then_some(options);
    Ok(ChatRequest { fields, messages, tools: written, choice, stream })
}

/// Refuses what would need answers to be kept.
pub(crate) fn check_memory(request: &ChatRequest) -> Result<(), ApiError> {
    if request.flag("background", false) {
        let message = "This vLLM engine does not support `store=True` and therefore does not \
                       support the background mode. To enable these features, set the environment \
                       variable `VLLM_ENABLE_RESPONSES_API_STORE=1` when launching the vLLM server.";
        return Err(ApiError {
            status: StatusCode::BAD_REQUEST,
            message: message.to_owned(),
            kind: "invalid_request_error",
            param: Some("background".to_owned()),
        });
    }
    request.text("previous_response_id").map_or(Ok(()), |id| Err(not_kept(id)))
}

/// The refusal of an answer that is not kept, as none is.
pub(crate) fn not_kept(id: &str) -> ApiError {
    ApiError {
        status: StatusCode::NOT_FOUND,
        message: format!("Response with id '{id}' not found."),
        kind: "invalid_request_error",
        param: Some("response_id".to_owned()),
    }
}

fn tool_choice(fields: &Map<String, Value>) -> Result<ToolChoice, ApiError> {
    let refuse = |message| Err(ApiError::parameter(message, "tool_choice", None));
    let tools = fields.get("tools").and_then(Value::as_array).map_or(&[][..], Vec::as_slice);
    let choice = fields.get("tool_choice").unwrap_or(&Value::Null);
    match choice.as_str() {
        Some("none") => Ok(ToolChoice::None),
        Some("required") if tools.is_empty() => {
            refuse("Tool choice 'required' must be specified with 'tools' parameter.")
        }
        Some("required") => Ok(ToolChoice::Required),
        None if choice.is_object() => {
            let name = choice.get("name").and_then(Value::as_str).unwrap_or_default();
            if tools.iter().any(|tool| tool.get("name").is_some_and(|other| other == name)) {
                Ok(ToolChoice::Named(name.to_owned()))
            } else {
                refuse("Tool choice 'function' not found in 'tools' parameter.")
            }
        }
        _ => Ok(ToolChoice::Auto),
    }
}

/// The tools as a chat completion has them; `None` when there are none.
fn chat_tools(fields: &Map<String, Value>) -> Option<Value> {
    let tools = fields.get("tools")?.as_array()?.iter().map(|tool| {
        let mut function = tool.as_object().cloned().unwrap_or_default();
        function.remove("type");
        json!({"type": "function", "function": function})
    });
    let tools: Vec<_> = tools.collect();
    (!tools.is_empty()).then(|| tools.into())
}

fn is_unfinished(item: &Value) -> bool {
    let text = |name: &str| item.get(name).and_then(Value::as_str);
    matches!(text("type"), None | Some("message" | "reasoning"))
        && matches!(text("status"), Some("in_progress" | "incomplete"))
}

/// The messages of a list of items. What the model said in several of them in a row is one.
fn conversation(items: &[Value]) -> Result<Vec<Value>, ApiError> {
    let mut messages: Vec<Value> = Vec::new();
    for (at, item) in items.iter().enumerate() {
        let field = |name: &str| item.get(name).cloned().unwrap_or_default();
        let kind = item.get("type").and_then(Value::as_str);
        let role = item.get("role").and_then(Value::as_str);
        let (name, value) = match (kind, role) {
            (None | Some("message"), Some("assistant")) => {
                ("content", first_text(&field("content")))
            }
            (None | Some("message"), Some(_)) => {
                messages.push(item.clone());
                continue;
            }
            (Some("reasoning"), _) => ("reasoning", reasoning(at, item)?),
            (Some("function_call"), _) => {
                let function = json!({"name": field("name"), "arguments": field("arguments")});
                let call =
                    json!({"id": field("call_id"), "type": "function", "function": function});
                ("tool_calls", json!([call]))
            }
            (Some("function_call_output"), _) => {
                let (id, content) = (field("call_id"), field("output"));
                messages.push(json!({"role": "tool", "content": content, "tool_call_id": id}));
                continue;
            }
            (kind, _) => {
                let message = format!("Unsupported input item type: {}", kind.unwrap_or("None"));
                return Err(ApiError::parameter(&message, "input", None));
            }
        };
        let before = messages.last_mut().filter(|before| before["role"] == "assistant");
        match before.and_then(Value::as_object_mut) {
            Some(before) if !before.contains_key(name) => {
                drop(before.insert(name.to_owned(), value));
            }
            Some(before) if name == "tool_calls" => {
                if let (Some(Value::Array(calls)), Value::Array(more)) =
                    (before.get_mut(name), value)
                {
                    calls.extend(more);
                }
            }
            _ => {
                let mut message = json!({"role": "assistant"});
                if let Some(fields) = message.as_object_mut() {
                    fields.insert(name.to_owned(), value);
                }
                messages.push(message);
            }
        }
    }
    Ok(messages)
}

fn first_text(content: &Value) -> Value {
    match content {
        Value::Array(parts) => parts.first().and_then(|part| part.get("text")).cloned(),
        text => Some(text.clone()),
    }
    .unwrap_or_default()
}

fn reasoning(at: usize, item: &Value) -> Result<Value, ApiError> {
    if item.get("encrypted_content").is_some_and(Value::is_string) {
        return Err(ApiError::parameter("Encrypted content is not supported.", "input", None));
    }
    if !item.get("summary").is_some_and(Value::is_array) {
        let loc = format!("body.input.{at}.ResponseReasoningItemParam.summary");
        let given = item.as_object().map_or(0, Map::len);
        return Err(invalid_fields(&[Issue::missing(&loc, &format!("<dict of {given} items>"))]));
    }
    let content = item.get("content").map(first_text).filter(|text| !text.is_null());
    Ok(content.unwrap_or_else(|| first_text(item.get("summary").unwrap_or(&Value::Null))))
}
