//! Writes tools, calls and results as text, for servers without tool support.
//!
//! `tool_choice: "none"` with `tools` is no alternative: vLLM 0.32 then shows the tools to the
//! model, but earlier versions leave them out, a template without tools drops them silently, and
//! other servers refuse them all the same. Text in the system message always arrives. The format is
//! that of the Hermes family, which most models know and the dialects parse.

use std::borrow::Cow;
use std::fmt::Write;

use openclaw_core::{ChatRequest, ToolCall, ToolChoice, ToolSpec};
use serde_json::json;

const TOOL_PROMPT_HEAD: &str = "# Tools\n\nThese functions are available, one a line, each with the JSON Schema \
                    of its arguments:\n<tools>\n";
const TOOL_PROMPT_TAIL: &str = "</tools>\n\nTo call a function, end your message with this, outside of any \
                    code block:\n<tool_call>\n{\"name\": \"FUNCTION\", \"arguments\": {ARGUMENTS}}\
                    \n</tool_call>\nFor several calls, write several such blocks. The results come \
                    in the next message between <tool_response> and </tool_response>; never write \
                    them yourself.";

/// Describes the tools and how to call them; `None` without tools.
pub(super) fn describe_tools(tools: &[ToolSpec]) -> Option<String> {
    let mut text = TOOL_PROMPT_HEAD.to_owned();
    for tool in tools {
        let ToolSpec { name, description, parameters } = tool;
        let line = json!({
            "name": name.as_str(), "description": **description, "parameters": **parameters
        });
        // Writing to a String cannot fail.
        let _ = writeln!(text, "{line}");
    }
    text.push_str(TOOL_PROMPT_TAIL);
    (!tools.is_empty()).then_some(text)
}

/// The sentence that replaces a named tool choice, at the end of the user's message.
pub(super) fn forced_call_instruction(request: &ChatRequest) -> Option<String> {
    match &request.tool_choice {
        ToolChoice::Named(name) if request.tools.iter().any(|tool| tool.name == *name) => {
            Some(format!("Answer with one call of `{name}` and nothing else."))
        }
        _ => None,
    }
}

/// Appends calls to the model's text.
pub(super) fn append_calls<'a>(text: Cow<'a, str>, calls: &[&ToolCall]) -> Cow<'a, str> {
    if calls.is_empty() {
        return text;
    }
    let calls = calls.iter().map(|call| {
        let (name, arguments) = (call.name.as_str(), call.arguments.to_json());
        format!("<tool_call>\n{{\"name\": \"{name}\", \"arguments\": {arguments}}}\n</tool_call>")
    });
    let calls = calls.collect::<Vec<_>>().join("\n");
    let space = if text.is_empty() || text.ends_with('\n') { "" } else { "\n" };
    Cow::Owned(format!("{text}{space}{calls}"))
}

/// Wraps a tool result.
pub(super) fn wrap_result(text: &str) -> String {
    format!("<tool_response>\n{text}\n</tool_response>")
}
