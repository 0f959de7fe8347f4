//! What the checks ask. Short questions with short answers.

use std::fmt::Write;

use serde_json::{Value, json};

/// The tool that is offered.
pub(super) const TOOL_NAME: &str = "report";

/// A plain question.
pub(super) fn plain_question() -> Value {
    user_message("Reply with the one word: ready")
}

/// A question with an answer of a few dozen pieces.
pub(super) fn counting_question() -> Value {
    user_message("Count from 1 to 30 in figures, with spaces between them and nothing else.")
}

/// A question that makes a model think that does so.
pub(super) fn sum_question() -> Value {
    user_message("What is 17 + 25? Answer with the number only.")
}

/// A question with an answer that takes long.
pub(super) fn long_question() -> Value {
    user_message("Count from 1 to 2000 in figures, with spaces between them and nothing else.")
}

/// A question that a tool answers.
pub(super) fn call_question() -> Value {
    user_message("Call the tool `report` with `ok` set to true. Do not answer in words.")
}

/// The tool, with arguments that are quick to write.
pub(super) fn tool_list(strict: bool) -> Value {
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
        super::probe::set_field(&mut function, "strict", json!(true));
    }
    json!([{ "type": "function", "function": function }])
}

/// A conversation in which the tool was called and has answered.
pub(super) fn called_history() -> Value {
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

/// A prompt of about so many bytes that nobody sent before, for it begins with `mark`.
pub(super) fn lengthy_prompt(mark: &str, bytes: usize) -> Value {
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

/// A conversation of one message.
fn user_message(text: &str) -> Value {
    json!([{ "role": "user", "content": text }])
}
