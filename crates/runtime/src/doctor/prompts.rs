//! What the checks ask. Short questions with short answers.

use std::fmt::Write;

use serde_json::{Value, json};

/// The tool that is offered.
pub(super) const TOOL: &str = "report";

/// A plain question.
pub(super) fn plain() -> Value {
    user("Reply with the one word: ready")
}

/// A question with an answer of a few dozen pieces.
pub(super) fn counting() -> Value {
    user("Count from 1 to 30 in figures, with spaces between them and nothing else.")
}

/// A question that makes a model think that does so.
pub(super) fn sum() -> Value {
    user("What is 17 + 25? Answer with the number only.")
}

/// A question with an answer that takes long.
pub(super) fn long() -> Value {
    user("Count from 1 to 2000 in figures, with spaces between them and nothing else.")
}

/// A question that a tool answers.
pub(super) fn call() -> Value {
    user("Call the tool `report` with `ok` set to true. Do not answer in words.")
}

/// The tool, with arguments that are quick to write.
pub(super) fn tools(strict: bool) -> Value {
    let mut function = json!({
        "name": TOOL,
        "description": "Reports whether all is well.",
        "parameters": {
            "type": "object",
            "properties": { "ok": { "type": "boolean" } },
            "required": ["ok"],
            "additionalProperties": false,
        },
    });
    if strict {
        super::probe::with(&mut function, "strict", json!(true));
    }
    json!([{ "type": "function", "function": function }])
}

/// A conversation in which the tool was called and has answered.
pub(super) fn called() -> Value {
    json!([
        { "role": "user", "content": "Call the tool `report` with `ok` set to true." },
        {
            "role": "assistant",
            "tool_calls": [{
                "id": "call_1",
                "type": "function",
                "function": { "name": TOOL, "arguments": "{\"ok\":true}" },
            }],
        },
        { "role": "tool", "tool_call_id": "call_1", "content": "All is well." },
    ])
}

/// A prompt of about so many bytes that nobody sent before, for it begins with `mark`.
pub(super) fn lengthy(mark: &str, bytes: usize) -> Value {
    let mut text = format!("Note {mark}.\n");
    for line in 1.. {
        if text.len() >= bytes {
            break;
        }
        // Writing to a string cannot fail.
        let _ = writeln!(text, "{line}. The harbour was calm and the boats came home early.");
    }
    text.push_str("Reply with the one word: ready");
    user(&text)
}

/// A conversation of one message.
fn user(text: &str) -> Value {
    json!([{ "role": "user", "content": text }])
}
