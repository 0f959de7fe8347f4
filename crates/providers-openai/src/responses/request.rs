//! Writes a Responses request: the whole conversation as items, each time.
//!
//! No server-side state is used: no earlier answer is referenced, and none is stored. The content
//! is that of a chat completion, adapted to the same capabilities. One assistant message becomes
//! the items reasoning, message and calls, in the order in which servers merge them again.

use std::borrow::Cow;

use openclaw_core::{ChatRequest, ToolChoice};
use openclaw_provider::SerializedRequest;
use openclaw_transport::wire::{
    ChatContentPart, ChatMessage, ChatTool, ImageUrl, InputItem, InputMessage, InputPart,
    ItemStatus, ResponsesRequest, ResponsesTool, ResponsesToolChoice, UserPart,
};

use crate::capabilities::{ServerCapabilities, ServerFeature};
use crate::openai_servers::{VendorExtension, prompt_cache_key};
use crate::request::{MessageList, chat_tools, list_end_len};

/// Serialises the body of `POST …/responses`, streaming, without a limit for the answer.
pub(crate) fn serialize_responses_request(
    model: &str,
    request: &ChatRequest,
    capabilities: &ServerCapabilities,
) -> SerializedRequest {
    let tools: Vec<_> = chat_tools(request, capabilities)
        .into_iter()
        .flatten()
        .map(|it| to_responses_tool(it, capabilities))
        .collect();
    let forced_name = match &request.tool_choice {
        ToolChoice::Named(name) if !capabilities.is_unsupported(ServerFeature::ToolChoice) => {
            Some(name.as_str())
        }
        _ => None,
    };
    let forced_name = forced_name.filter(|name| tools.iter().any(|tool| tool.name == *name));
    let tool_choice = forced_name.map(|name| {
        if capabilities.is_unsupported(ServerFeature::NamedToolChoice) {
            ResponsesToolChoice::Required
        } else {
            ResponsesToolChoice::Function(Cow::Borrowed(name))
        }
    });
    let mut instructions = None;
    let mut input = Vec::new();
    let list = MessageList::new(request, capabilities);
    let volatile_text_len = list.volatile_text_len();
    let stable_messages = list.stable_messages;
    let mut stable_items = 0;
    for (at, message) in list.messages.into_iter().enumerate() {
        match message {
            ChatMessage::System { content } | ChatMessage::Developer { content }
                if input.is_empty() =>
            {
                instructions = Some(content);
            }
            message => push_input_items(message, &mut input),
        }
        if at < stable_messages {
            stable_items = input.len();
        }
    }
    let body = ResponsesRequest {
        model: Cow::Borrowed(model),
        stream: true,
        store: false,
        prompt_cache_key: capabilities
            .supports_extension(VendorExtension::PromptCacheKey)
            .then(|| prompt_cache_key(request)),
        max_output_tokens: None,
        instructions,
        tools,
        tool_choice,
        input,
    };
    // Serialising strings, numbers and JSON values cannot fail.
    let json = serde_json::to_vec(&body).unwrap_or_default();
    let volatile_items = body.input.get(stable_items..).unwrap_or_default();
    SerializedRequest::new(json, volatile_text_len + list_end_len(volatile_items))
        .with_images(&request.history)
}

fn to_responses_tool<'a>(
    ChatTool { kind, function }: ChatTool<'a>,
    capabilities: &ServerCapabilities,
) -> ResponsesTool<'a> {
    ResponsesTool {
        kind,
        name: function.name,
        description: function.description,
        parameters: function.parameters,
        strict: (!capabilities.is_unsupported(ServerFeature::StrictMode))
            .then(|| function.strict.unwrap_or_default()),
    }
}

fn push_input_items<'a>(message: ChatMessage<'a>, items: &mut Vec<InputItem<'a>>) {
    match message {
        ChatMessage::System { content } | ChatMessage::Developer { content } => {
            items.push(InputItem::Message(InputMessage::System { content }));
        }
        ChatMessage::User { content } => {
            items.push(InputItem::Message(InputMessage::User { content }));
        }
        ChatMessage::UserParts { content } => {
            let part = |part| match part {
                ChatContentPart::Text { text } => UserPart::InputText { text },
                ChatContentPart::ImageUrl { image_url: ImageUrl { url } } => {
                    UserPart::InputImage { image_url: url }
                }
            };
            let content = content.into_iter().map(part).collect();
            items.push(InputItem::Message(InputMessage::UserParts { content }));
        }
        ChatMessage::Assistant { content, reasoning, reasoning_content, tool_calls } => {
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
        ChatMessage::Tool { tool_call_id, content, .. } => {
            items.push(InputItem::FunctionCallOutput { call_id: tool_call_id, output: content });
        }
    }
}
