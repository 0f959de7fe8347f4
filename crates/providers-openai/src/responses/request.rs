//! Writes a request: the whole conversation as items, each time.
//!
//! Nothing is left with the server: no earlier answer is referred to, and none is stored. The
//! conversation is what a chat completion would send, with all that was learnt of the server, said
//! in other words: one message of the model becomes the items reasoning, message and calls, in the
//! order in which servers make one message of them again.

use std::borrow::Cow;

use bytes::Bytes;
use openclaw_core::{ChatRequest, ToolChoice};
use openclaw_transport::wire::{
    InputItem, InputMessage, InputPart, ItemStatus, Message, ResponsesRequest, ResponsesTool,
    ResponsesToolChoice, Tool,
};

use crate::knowledge::{Facts, Lack};
use crate::native::{Extra, cache_key};
use crate::request::{messages, tools};

/// The body of `POST …/responses`, streaming.
pub(crate) fn body(model: &str, request: &ChatRequest, cap: Option<u32>, facts: &Facts) -> Bytes {
    let tools: Vec<_> =
        tools(request, facts).into_iter().flatten().map(|it| tool(it, facts)).collect();
    let named = match &request.tool_choice {
        ToolChoice::Named(name) if !facts.lack(Lack::ToolChoice) => Some(name.as_str()),
        _ => None,
    };
    let named = named.filter(|name| tools.iter().any(|tool| tool.name == *name));
    let tool_choice = named.map(|name| {
        if facts.lack(Lack::NamedToolChoice) {
            ResponsesToolChoice::Required
        } else {
            ResponsesToolChoice::Function(Cow::Borrowed(name))
        }
    });
    let mut instructions = None;
    let mut input = Vec::new();
    for message in messages(request, facts) {
        match message {
            Message::System { content } | Message::Developer { content } if input.is_empty() => {
                instructions = Some(content);
            }
            message => write(message, &mut input),
        }
    }
    let body = ResponsesRequest {
        model: Cow::Borrowed(model),
        stream: true,
        store: false,
        prompt_cache_key: facts.takes(Extra::PromptCacheKey).then(|| cache_key(request)),
        max_output_tokens: cap,
        instructions,
        tools,
        tool_choice,
        input,
    };
    // Serialising strings, numbers and JSON values cannot fail.
    serde_json::to_vec(&body).map(Bytes::from).unwrap_or_default()
}

fn tool<'a>(Tool { kind, function }: Tool<'a>, facts: &Facts) -> ResponsesTool<'a> {
    ResponsesTool {
        kind,
        name: function.name,
        description: function.description,
        parameters: function.parameters,
        strict: (!facts.lack(Lack::Strict)).then(|| function.strict.unwrap_or_default()),
    }
}

fn write<'a>(message: Message<'a>, items: &mut Vec<InputItem<'a>>) {
    match message {
        Message::System { content } | Message::Developer { content } => {
            items.push(InputItem::Message(InputMessage::System { content }));
        }
        Message::User { content } => items.push(InputItem::Message(InputMessage::User { content })),
        Message::Assistant { content, reasoning, reasoning_content, tool_calls } => {
            items.extend(reasoning.or(reasoning_content).map(|text| InputItem::Reasoning {
                summary: [],
                content: [InputPart::ReasoningText { text }],
            }));
            items.extend(content.filter(|text| !text.is_empty()).map(|text| {
                let content = [InputPart::OutputText { text }];
                let status = ItemStatus::Completed;
                InputItem::Message(InputMessage::Assistant { status, content })
            }));
            items.extend(tool_calls.into_iter().map(|call| InputItem::FunctionCall {
                call_id: call.id,
                name: call.function.name,
                arguments: call.function.arguments,
            }));
        }
        Message::Tool { tool_call_id, content, .. } => {
            items.push(InputItem::FunctionCallOutput { call_id: tool_call_id, output: content });
        }
    }
}
