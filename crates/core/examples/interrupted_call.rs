//! A history is a valid request at any time: an interrupted tool call is answered.
//! `cargo run -p openclaw-core --example interrupted_call`.

use std::error::Error;
use std::io::{self, Write as _};

use openclaw_core::{
    AssistantMessage, History, MessageRef, ToolArguments, ToolCall, ToolCallId, ToolName,
};

fn main() -> Result<(), Box<dyn Error>> {
    let mut history = History::new();
    history.push_user_message("What is in main.py?");
    let (id, name) = (ToolCallId::from_number(1), ToolName::from_model("read"));
    let call = ToolCall { id, name, arguments: ToolArguments::default() };
    history.push_assistant_message(AssistantMessage::from_call(call))?;
    history.push_user_message("Never mind. What is in lib.py?");
    let mut out = io::stdout();
    for message in history.messages() {
        match message {
            MessageRef::User(text) => writeln!(out, "user: {text}")?,
            MessageRef::Assistant { text, calls, .. } => {
                let names: Vec<_> = calls.iter().map(|call| call.name.as_str()).collect();
                writeln!(out, "assistant: {text}[calls {}]", names.join(", "))?;
            }
            MessageRef::ToolResult { text, .. } => writeln!(out, "tool: {text}")?,
        }
    }
    Ok(())
}
