//! The chat template: how a conversation becomes a prompt, in the Hermes/Qwen manner.

use serde_json::Value;

use crate::python;
use crate::tokenizer::{IM_END, IM_START, encode_into};

const TOOLS_HEAD: &str = "# Tools\nYou may call functions.\n<tools>\n";
const TOOLS_TAIL: &str = "</tools>\nAnswer a call as\n<tool_call>\n{\"name\": <function-name>, \
                          \"arguments\": <args-json-object>}\n</tool_call>";

/// What is rendered besides the messages.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Rendering<'a> {
    pub(crate) messages: &'a [Value],
    /// The `tools` array as the client wrote it: the order of keys is part of the prompt.
    pub(crate) tools: Option<&'a str>,
    pub(crate) add_generation_prompt: bool,
    pub(crate) continue_final_message: bool,
}

/// Renders a conversation to token ids.
pub(crate) fn render(rendering: Rendering<'_>) -> Vec<u32> {
    let mut ids = Vec::new();
    let mut messages = rendering.messages;
    if let Some(tools) = rendering.tools {
        let mut system = String::new();
        if let Some((first, rest)) = messages.split_first()
            && role(first) == "system"
        {
            messages = rest;
            system = content(first);
            system.push_str("\n\n");
        }
        system.push_str(TOOLS_HEAD);
        system.push_str(&python::redump(tools).unwrap_or_default());
        system.push_str(TOOLS_TAIL);
        message(&mut ids, "system", &system, true);
    }
    for (index, each) in messages.iter().enumerate() {
        let ends = index + 1 < messages.len() || !rendering.continue_final_message;
        match role(each) {
            "tool" => {
                let text = format!("<tool_response>\n{}\n</tool_response>", content(each));
                message(&mut ids, "user", &text, ends);
            }
            role => message(&mut ids, role, &said(each), ends),
        }
    }
    if rendering.add_generation_prompt {
        ids.push(IM_START);
        encode_into(&mut ids, "assistant\n");
    }
    ids
}

fn message(ids: &mut Vec<u32>, role: &str, text: &str, ends: bool) {
    ids.push(IM_START);
    encode_into(ids, role);
    encode_into(ids, "\n");
    encode_into(ids, text);
    if ends {
        ids.push(IM_END);
        encode_into(ids, "\n");
    }
}

fn role(message: &Value) -> &str {
    match message.get("role").and_then(Value::as_str) {
        Some("developer") => "system",
        role => role.unwrap_or_default(),
    }
}

/// A message's text: the string, or its text parts joined with newlines. Empty if null or absent.
pub(crate) fn content(message: &Value) -> String {
    match message.get("content") {
        Some(Value::String(text)) => text.clone(),
        Some(Value::Array(parts)) => {
            let texts = parts.iter().filter_map(|part| part.get("text").and_then(Value::as_str));
            texts.collect::<Vec<_>>().join("\n")
        }
        _ => String::new(),
    }
}

fn said(message: &Value) -> String {
    let mut text = content(message);
    for call in message.get("tool_calls").and_then(Value::as_array).into_iter().flatten() {
        let function = call.get("function").unwrap_or(&Value::Null);
        let field = |name: &str| function.get(name).and_then(Value::as_str).unwrap_or_default();
        let name = Value::from(field("name"));
        let arguments = field("arguments");
        text.push_str("\n<tool_call>\n{\"name\": ");
        text.push_str(&name.to_string());
        text.push_str(", \"arguments\": ");
        text.push_str(arguments);
        text.push_str("}\n</tool_call>");
    }
    text
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn text(messages: &Value, tools: Option<&str>, generate: bool, proceed: bool) -> String {
        let messages = messages.as_array().expect("an array");
        let rendering = Rendering {
            messages,
            tools,
            add_generation_prompt: generate,
            continue_final_message: proceed,
        };
        render(rendering).into_iter().map(crate::tokenizer::decode).collect()
    }

    #[test]
    fn a_conversation_with_a_call_is_rendered() {
        let messages = json!([
            {"role": "user", "content": [{"type": "text", "text": "a"}, {"type": "text", "text": "b"}]},
            {"role": "assistant", "content": null,
             "tool_calls": [{"function": {"name": "f", "arguments": "{}"}}]},
            {"role": "tool", "content": "r"},
        ]);
        assert_eq!(
            text(&messages, None, true, false),
            "<|im_start|>user\na\nb<|im_end|>\n<|im_start|>assistant\n\n<tool_call>\n\
             {\"name\": \"f\", \"arguments\": {}}\n</tool_call><|im_end|>\n<|im_start|>user\n\
             <tool_response>\nr\n</tool_response><|im_end|>\n<|im_start|>assistant\n"
        );
    }

    #[test]
    fn tools_join_the_system_message_in_the_client_s_order() {
        let messages =
            json!([{"role": "system", "content": "S"}, {"role": "user", "content": "u"}]);
        let shown = text(&messages, Some("[{\"b\":1,\"a\":2}]"), false, false);
        assert!(shown.starts_with("<|im_start|>system\nS\n\n# Tools\n"), "{shown}");
        assert!(shown.contains("[{\"b\": 1, \"a\": 2}]"), "{shown}");
        assert_eq!(shown.matches("system").count(), 1);
    }

    #[test]
    fn a_continued_message_has_no_end() {
        let messages = json!([{"role": "assistant", "content": "Hello  \n"}]);
        assert_eq!(text(&messages, None, false, true), "<|im_start|>assistant\nHello  \n");
    }
}
