//! The request of the Responses API as a chat completion.

use serde_json::{Map, Value, json};

use super::object::ResponseItem;

/// The fields that both APIs have, by the same name.
const SAME_FIELDS: [&str; 9] = [
    "model",
    "stream",
    "temperature",
    "top_p",
    "user",
    "parallel_tool_calls",
    "seed",
    "stop",
    "chat_template_kwargs",
];

/// Makes the chat of a request.
///
/// # Errors
/// What is wrong with it, as a sentence.
pub(super) fn chat_from_response(body: &Value) -> Result<Value, String> {
    if body.get("background").and_then(Value::as_bool) == Some(true) {
        return Err("`background` is not supported; use `stream`.".to_owned());
    }
    let mut chat = Map::new();
    for name in SAME_FIELDS {
        if let Some(value) = body.get(name).filter(|value| !value.is_null()) {
            chat.insert(name.to_owned(), value.clone());
        }
    }
    let mut messages = Vec::new();
    if let Some(instructions) = body.get("instructions").and_then(Value::as_str) {
        messages.push(json!({ "role": "system", "content": instructions }));
    }
    match body.get("input") {
        Some(Value::String(text)) => messages.push(json!({ "role": "user", "content": text })),
        Some(Value::Array(items)) => {
            for (index, item) in items.iter().enumerate() {
                let message = read_item(item);
                messages.extend(message.map_err(|what| format!("`input[{index}]` {what}."))?);
            }
        }
        _ => return Err("`input` is missing, or neither a text nor a list.".to_owned()),
    }
    chat.insert("messages".to_owned(), messages.into());
    if let Some(tools) = body.get("tools").and_then(Value::as_array).filter(|it| !it.is_empty()) {
        let tools = tools.iter().enumerate().map(|(index, tool)| {
            read_tool(tool).ok_or_else(|| {
                format!("`tools[{index}]` is no function; only functions are supported.")
            })
        });
        let tools: Vec<Value> = tools.collect::<Result<_, _>>()?;
        chat.insert("tools".to_owned(), tools.into());
    }
    if let Some(choice) = body.get("tool_choice").filter(|choice| !choice.is_null()) {
        chat.insert("tool_choice".to_owned(), choice.clone());
    }
    if let Some(limit) = body.get("max_output_tokens").filter(|limit| !limit.is_null()) {
        chat.insert("max_tokens".to_owned(), limit.clone());
    }
    if let Some(effort) = body.pointer("/reasoning/effort").filter(|effort| !effort.is_null()) {
        chat.insert("reasoning_effort".to_owned(), effort.clone());
    }
    if let Some(format) = read_text_format(body.pointer("/text/format"))? {
        chat.insert("response_format".to_owned(), format);
    }
    Ok(chat.into())
}

/// The message of an item; `None` for one that only its server can read.
fn read_item(item: &Value) -> Result<Option<Value>, String> {
    let text = |key: &str| item.get(key).and_then(Value::as_str);
    match text("type").unwrap_or("message") {
        "message" => {
            let role = text("role").ok_or("has no `role`")?;
            let content = item.get("content").cloned().unwrap_or_default();
            Ok(Some(json!({ "role": role, "content": content })))
        }
        "function_call" => {
            let id = text("call_id").ok_or("has no `call_id`")?;
            let call = json!({
                "id": id,
                "type": "function",
                "function": {
                    "name": text("name").unwrap_or_default(),
                    "arguments": text("arguments").unwrap_or_default(),
                },
            });
            Ok(Some(json!({ "role": "assistant", "content": null, "tool_calls": [call] })))
        }
        "function_call_output" => {
            let id = text("call_id").ok_or("has no `call_id`")?;
            let output = item.get("output").cloned().unwrap_or_default();
            Ok(Some(json!({ "role": "tool", "tool_call_id": id, "content": output })))
        }
        "reasoning" => Ok(None),
        other => Err(format!(
            "is of the type `{}`; messages, function calls and their outputs are supported",
            other.escape_debug()
        )),
    }
}

fn read_tool(tool: &Value) -> Option<Value> {
    if tool.get("type").and_then(Value::as_str) != Some("function") {
        return None;
    }
    let mut function = tool.as_object()?.clone();
    function.remove("type");
    Some(json!({ "type": "function", "function": function }))
}

fn read_text_format(format: Option<&Value>) -> Result<Option<Value>, String> {
    let Some(format) = format.filter(|format| !format.is_null()) else { return Ok(None) };
    match format.get("type").and_then(Value::as_str) {
        Some("text") => Ok(None),
        Some("json_object") => Ok(Some(json!({ "type": "json_object" }))),
        Some("json_schema") => {
            let mut schema = format.as_object().cloned().unwrap_or_default();
            schema.remove("type");
            Ok(Some(json!({ "type": "json_schema", "json_schema": schema })))
        }
        _ => Err("`text.format.type` is none of text, json_object and json_schema.".to_owned()),
    }
}

/// The messages of the output of a response.
pub(super) fn output_messages(items: &[ResponseItem]) -> Vec<Value> {
    let messages = items.iter().map(|item| match item {
        ResponseItem::Message { text, .. } => json!({ "role": "assistant", "content": text }),
        ResponseItem::Call { call, .. } => json!({
            "role": "assistant",
            "content": null,
            "tool_calls": [{
                "id": call.id,
                "type": "function",
                "function": { "name": call.name, "arguments": call.arguments },
            }],
        }),
    });
    messages.collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_request_becomes_the_chat_that_means_the_same() {
        let body = json!({
            "model": "vllm/tiny", "instructions": "Be brief.", "max_output_tokens": 9,
            "input": [
                { "role": "user", "content": [{ "type": "input_text", "text": "Hi" }] },
                { "type": "reasoning", "summary": [] },
                { "type": "function_call", "call_id": "c", "name": "look", "arguments": "{}" },
                { "type": "function_call_output", "call_id": "c", "output": "seen" },
            ],
            "tools": [{ "type": "function", "name": "look", "parameters": { "type": "object" } }],
            "text": { "format": { "type": "json_schema", "name": "n", "schema": {} } },
            "reasoning": { "effort": "low" },
        });
        let chat = chat_from_response(&body).unwrap();
        let roles: Vec<&str> = chat["messages"]
            .as_array()
            .unwrap()
            .iter()
            .map(|message| message["role"].as_str().unwrap())
            .collect();
        assert_eq!(roles, ["system", "user", "assistant", "tool"]);
        assert_eq!(chat["tools"][0]["function"]["name"], "look");
        assert_eq!(chat["max_tokens"], 9);
        assert_eq!(chat["reasoning_effort"], "low");
        assert_eq!(chat["response_format"]["json_schema"]["name"], "n");
    }

    #[test]
    fn what_is_not_supported_is_named() {
        for (body, said) in [
            (json!({}), "`input` is missing"),
            (json!({ "input": "x", "background": true }), "`background`"),
            (json!({ "input": [{ "type": "item_reference", "id": "x" }] }), "`input[0]`"),
            (json!({ "input": "x", "tools": [{ "type": "web_search" }] }), "`tools[0]`"),
            (json!({ "input": "x", "text": { "format": { "type": "x" } } }), "`text.format.type`"),
        ] {
            let problem = chat_from_response(&body).unwrap_err();
            assert!(problem.contains(said), "{body}: {problem}");
        }
    }
}
