//! The prompts of the checks: short questions with short answers.

use std::fmt::Write;
use std::sync::Arc;

use openclaw_core::{ToolName, ToolSpec};
use serde_json::{Value, json};

/// The name of the offered tool.
pub(crate) const TOOL_NAME: &str = "report";

/// A plain question.
pub(crate) fn plain_question() -> Value {
    user_message("Reply with the one word: ready")
}

/// A question whose answer has a few dozen deltas.
pub(crate) fn counting_question() -> Value {
    user_message("Count from 1 to 30 in figures, with spaces between them and nothing else.")
}

/// A question that makes a reasoning model think.
pub(crate) fn sum_question() -> Value {
    user_message("What is 17 + 25? Answer with the number only.")
}

/// A question with a long answer.
pub(crate) fn long_question() -> Value {
    user_message("Count from 1 to 2000 in figures, with spaces between them and nothing else.")
}

/// A question that needs the tool.
pub(crate) fn call_question() -> Value {
    user_message("Call the tool `report` with `ok` set to true. Do not answer in words.")
}

/// The tool, with short arguments.
pub(crate) fn tool_list(strict: bool) -> Value {
    let mut function = json!({
        "name": TOOL_NAME,
        "description": "Reports whether all is well.",
        "parameters": {
            "type": "object",
            "properties": { "ok": { "type": "boolean" } },
            "required": ["ok"],
            "additionalProperties": false,
        },
    });
    if strict {
        crate::probe::set_field(&mut function, "strict", json!(true));
    }
    json!([{ "type": "function", "function": function }])
}

/// The tool as the providers take it.
pub(crate) fn tool_specs() -> Arc<[ToolSpec]> {
    let tools = tool_list(false);
    let function = tools.pointer("/0/function");
    let spec = function.zip(ToolName::new(TOOL_NAME).ok()).and_then(|(function, name)| {
        Some(ToolSpec {
            name,
            description: function.get("description")?.as_str()?.into(),
            parameters: Arc::new(function.get("parameters")?.clone()),
        })
    });
    spec.into_iter().collect()
}

/// A conversation with a tool call and its result.
pub(crate) fn called_history() -> Value {
    json!([
        { "role": "user", "content": "Call the tool `report` with `ok` set to true." },
        {
            "role": "assistant",
            "tool_calls": [{
                "id": "call_1",
                "type": "function",
                "function": { "name": TOOL_NAME, "arguments": "{\"ok\":true}" },
            }],
        },
        { "role": "tool", "tool_call_id": "call_1", "content": "All is well." },
    ])
}

/// A prompt of about `bytes` bytes that no cache has, because it begins with the unique `mark`.
pub(crate) fn lengthy_prompt(mark: &str, bytes: usize) -> Value {
    let mut text = format!("Note {mark}.\n");
    for line in 1.. {
        if text.len() >= bytes {
            break;
        }
        // Writing to a string cannot fail.
        let _ = writeln!(text, "{line}. The harbour was calm and the boats came home early.");
    }
    text.push_str("Reply with the one word: ready");
    user_message(&text)
}

/// A conversation of one user message.
fn user_message(text: &str) -> Value {
    json!([{ "role": "user", "content": text }])
}
