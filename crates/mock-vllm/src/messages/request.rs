//! A Messages request: checked as vLLM checks it, and made a conversation.

use bytes::Bytes;
use serde_json::{Map, Value, json};

use crate::chat::{
    ChatRequest, StreamOptions, ToolChoice, check_length, find_model, invalid_fields, parse_object,
    render_checked,
};
use crate::engine::Engine;
use crate::response::ApiError;
use crate::validate::check_messages;

/// Reads a body as a request for the same conversation in a chat completion.
pub(crate) fn read(mut fields: Map<String, Value>) -> Result<ChatRequest, ApiError> {
    let issues = check_messages(&fields, true);
    if !issues.is_empty() {
        return Err(invalid_fields(&issues));
    }
    let messages = conversation(&fields);
    let tools = chat_tools(&fields);
    let choice = tool_choice(&fields, tools.as_ref())?;
    let written = tools.as_ref().map(Value::to_string);
    if let Some(tools) = tools {
        fields.insert("tools".to_owned(), tools);
    }
    let alone = fields.get("tool_choice").and_then(|it| it.get("disable_parallel_tool_use"));
    let alone = alone.and_then(Value::as_bool).unwrap_or_default();
    fields.insert("parallel_tool_calls".to_owned(), (!alone).into());
    if let Some(stops) = fields.remove("stop_sequences") {
        fields.insert("stop".to_owned(), stops);
    }
    if let Some(most) = fields.remove("max_tokens") {
        fields.insert("max_completion_tokens".to_owned(), most);
    }
    let streams = fields.get("stream").and_then(Value::as_bool).unwrap_or_default();
    let options = StreamOptions { include_usage: true, continuous_usage: true };
    let stream = streams.then_some(options);
    Ok(ChatRequest { fields, messages, tools: written, choice, stream })
}

/// Counts the tokens of a body's prompt.
pub(crate) fn count(
    engine: &Engine,
    content_type: Option<&str>,
    body: &Bytes,
) -> Result<String, ApiError> {
    let fields = parse_object(content_type, body)?;
    let issues = check_messages(&fields, false);
    if !issues.is_empty() {
        return Err(invalid_fields(&issues));
    }
    let (model, window) = find_model(engine, fields.get("model").and_then(Value::as_str))?;
    let tools = chat_tools(&fields).map(|tools| tools.to_string());
    let messages = conversation(&fields);
    let prompt = render_checked(&messages, tools.as_deref(), &model, |_, default| default)?;
    let count = u32::try_from(prompt.len()).unwrap_or(u32::MAX);
    check_length(count, window)?;
    Ok(format!(
        "{{\"input_tokens\":{count},\"context_management\":{{\"original_input_tokens\":{count}}}}}"
    ))
}

fn tool_choice(fields: &Map<String, Value>, tools: Option<&Value>) -> Result<ToolChoice, ApiError> {
    let Some(tools) = tools.and_then(Value::as_array) else { return Ok(ToolChoice::None) };
    let choice = fields.get("tool_choice").unwrap_or(&Value::Null);
    match choice.get("type").and_then(Value::as_str) {
        Some("none") => Ok(ToolChoice::None),
        Some("any") => Ok(ToolChoice::Required),
        Some("tool") => {
            let name = choice.get("name").and_then(Value::as_str).unwrap_or_default();
            let is_name =
                |tool: &Value| tool.pointer("/function/name").is_some_and(|other| other == name);
            if tools.iter().any(is_name) {
                Ok(ToolChoice::Named(name.to_owned()))
            } else {
                let message =
                    format!("The tool with name '{name}' is not found in the tools list.");
                Err(ApiError::bad_request(message))
            }
        }
        _ => Ok(ToolChoice::Auto),
    }
}

/// The tools as a chat completion has them; `None` when there are none.
fn chat_tools(fields: &Map<String, Value>) -> Option<Value> {
    let tools = fields.get("tools")?.as_array()?.iter().map(|tool| {
        let field = |name: &str| tool.get(name).cloned().unwrap_or_default();
        json!({"type": "function", "function": {
            "name": field("name"), "description": field("description"),
            "parameters": field("input_schema"), "strict": field("strict"),
        }})
    });
    let tools: Vec<_> = tools.collect();
    (!tools.is_empty()).then(|| tools.into())
}

/// The messages of a body: results of tools come before what else the user says with them.
fn conversation(fields: &Map<String, Value>) -> Vec<Value> {
    let mut messages = Vec::new();
    let system = match fields.get("system") {
        Some(Value::String(text)) => text.clone(),
        Some(blocks) => texts(blocks).concat(),
        None => String::new(),
    };
    if !system.is_empty() {
        messages.push(json!({"role": "system", "content": system}));
    }
    for message in fields.get("messages").and_then(Value::as_array).into_iter().flatten() {
        let content = message.get("content").unwrap_or(&Value::Null);
        if content.is_string() {
            messages.push(message.clone());
        } else {
            let role = message.get("role").and_then(Value::as_str).unwrap_or_default();
            write(role, content, &mut messages);
        }
    }
    messages
}

fn write(role: &str, content: &Value, messages: &mut Vec<Value>) {
    let mut said = Map::from_iter([("role".to_owned(), Value::from(role))]);
    let mut calls = Vec::new();
    let mut thought = String::new();
    for block in content.as_array().into_iter().flatten() {
        let field = |name: &str| block.get(name).cloned().unwrap_or_default();
        match block.get("type").and_then(Value::as_str) {
            Some("thinking") => thought.push_str(field("thinking").as_str().unwrap_or_default()),
            Some("tool_use") => {
                let arguments = field("input").to_string();
                let function = json!({"name": field("name"), "arguments": arguments});
                calls.push(json!({"id": field("id"), "type": "function", "function": function}));
            }
            Some("tool_result") => {
                let content = match field("content") {
                    Value::String(text) => text,
                    blocks => texts(&blocks).join("\n"),
                };
                let id = field("tool_use_id");
                messages.push(json!({"role": "tool", "tool_call_id": id, "content": content}));
            }
            _ => {}
        }
    }
    if !thought.is_empty() {
        said.insert("reasoning".to_owned(), thought.into());
    }
    if !calls.is_empty() {
        said.insert("tool_calls".to_owned(), calls.into());
    }
    let texts = texts(content);
    match &texts[..] {
        [] => {}
        [text] => drop(said.insert("content".to_owned(), text.clone().into())),
        texts => {
            let part = |text: &String| json!({"type": "text", "text": text});
            said.insert("content".to_owned(), texts.iter().map(part).collect());
        }
    }
    if role != "user" || said.contains_key("content") {
        messages.push(said.into());
    }
}

/// The texts of a list of blocks, without the empty ones.
fn texts(blocks: &Value) -> Vec<String> {
    let blocks = blocks.as_array().into_iter().flatten();
    let texts = blocks.filter_map(|block| block.get("text")?.as_str());
    texts.filter(|text| !text.is_empty()).map(str::to_owned).collect()
}
