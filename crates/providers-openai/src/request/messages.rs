//! Converts the conversation to chat messages.

use std::borrow::Cow;

use openclaw_core::{ChatRequest, ImageContent, MessageRef, ReasoningContent, ToolCall};
use openclaw_transport::wire;
use serde::Serialize;

use super::text_tools;
use crate::capabilities::{ServerCapabilities, ServerFeature};
use crate::openai_servers::{self, VendorExtension};
use crate::reasoning_tags;
use crate::responses::REASONING_SUMMARY;

/// The assistant message between a tool result and the user, where the template requires one.
const ASSISTANT_BRIDGE: &str = "I have the results.";

/// The messages of a request: the system prompt, if any, the history, and the request's suffix.
#[must_use]
pub fn chat_messages<'a>(
    request: &'a ChatRequest,
    capabilities: &ServerCapabilities,
) -> Vec<wire::ChatMessage<'a>> {
    MessageList::new(request, capabilities).messages
}

/// The messages of a request, divided into what the next request repeats and what is sent once.
#[derive(Debug)]
pub(crate) struct MessageList<'a> {
    pub(crate) messages: Vec<wire::ChatMessage<'a>>,
    /// How many messages the next request begins with. The last one may go on with text that is
    /// sent once.
    pub(crate) stable_messages: usize,
    /// The bytes of the last stable message's text that the next request repeats, if the text goes
    /// on after them.
    stable_text_len: Option<usize>,
}

impl<'a> MessageList<'a> {
    pub(crate) fn new(request: &'a ChatRequest, capabilities: &ServerCapabilities) -> Self {
        write_messages(request, capabilities)
    }

    /// The bytes at the end of the last stable message, as JSON, that are sent once.
    pub(crate) fn volatile_text_len(&self) -> usize {
        let last_stable = self.stable_messages.checked_sub(1).and_then(|at| self.messages.get(at));
        match (last_stable, self.stable_text_len) {
            (Some(wire::ChatMessage::User { content }), Some(len)) => {
                let volatile_text = content.get(len..).unwrap_or_default();
                // The text's opening quote stands before the stable part.
                json_len(volatile_text) - 1 + "}".len()
            }
            _ => 0,
        }
    }
}

/// The length of a value as JSON, in bytes.
pub(crate) fn json_len(value: &(impl Serialize + ?Sized)) -> usize {
    serde_json::to_vec(value).map_or(1, |json| json.len())
}

fn write_messages<'a>(
    request: &'a ChatRequest,
    capabilities: &ServerCapabilities,
) -> MessageList<'a> {
    let has_text_tools = capabilities.uses_text_tools();
    let mut writer = MessageWriter {
        capabilities,
        has_text_tools,
        messages: Vec::new(),
        pending_images: Vec::new(),
    };
    let system_prompt =
        request.system_prompt.as_deref().filter(|text| !text.is_empty()).map(Cow::Borrowed);
    let tool_prompt = has_text_tools
        .then(|| text_tools::describe_tools(&request.tools))
        .flatten()
        .map(Cow::Owned);
    let system_text = match (system_prompt, tool_prompt) {
        (Some(system), Some(offer)) => Some(Cow::Owned(format!("{system}\n\n{offer}"))),
        (system, offer) => system.or(offer),
    };
    let is_system_in_user = capabilities.is_unsupported(ServerFeature::SystemRole);
    if let Some(content) = system_text {
        writer.messages.push(if is_system_in_user {
            wire::ChatMessage::User { content }
        } else if capabilities.supports_extension(VendorExtension::DeveloperRole) {
            wire::ChatMessage::Developer { content }
        } else {
            wire::ChatMessage::System { content }
        });
    }
    let mut history_messages: Vec<_> = request.history.messages().collect();
    // An unfinished answer to continue must stay last.
    let unfinished_answer =
        history_messages.pop_if(|last| matches!(last, MessageRef::Assistant { .. }));
    for message in history_messages {
        writer.write_message(message);
    }
    writer.flush_images();
    let stable_messages = writer.messages.len();
    let stable_text_len = match writer.messages.last() {
        Some(wire::ChatMessage::User { content }) => Some(content.len()),
        _ => None,
    };
    if let Some(instruction) =
        has_text_tools.then(|| text_tools::forced_call_instruction(request)).flatten()
    {
        writer.push_user(Cow::Owned(instruction));
    }
    if let Some(suffix) = request.suffix.as_deref().filter(|tail| !tail.is_empty()) {
        writer.push_user(Cow::Borrowed(suffix));
    }
    let has_same_length = |message: &wire::ChatMessage<'_>| match message {
        wire::ChatMessage::User { content } => Some(content.len()) == stable_text_len,
        _ => true,
    };
    let is_text_continued = stable_messages
        .checked_sub(1)
        .and_then(|at| writer.messages.get(at))
        .is_some_and(|last| !has_same_length(last));
    let has_volatile_text = is_text_continued || writer.messages.len() > stable_messages;
    if let Some(unfinished_answer) = unfinished_answer {
        writer.write_message(unfinished_answer);
    }
    MessageList {
        stable_messages: if has_volatile_text { stable_messages } else { writer.messages.len() },
        stable_text_len: stable_text_len.filter(|_| is_text_continued),
        messages: writer.messages,
    }
}

struct MessageWriter<'f, 'a> {
    capabilities: &'f ServerCapabilities,
    /// Whether calls and results are sent as text.
    has_text_tools: bool,
    messages: Vec<wire::ChatMessage<'a>>,
    /// The images of the results before, which follow the last of them: a result itself can't have
    /// any.
    pending_images: Vec<(&'a ToolCall, &'a [ImageContent])>,
}

impl<'a> MessageWriter<'_, 'a> {
    fn write_message(&mut self, message: MessageRef<'a>) {
        if let MessageRef::ToolResult { call, images, .. } = &message {
            if !images.is_empty() {
                self.pending_images.push((*call, *images));
            }
        } else {
            self.flush_images();
        }
        match message {
            MessageRef::User(content) => self.push_user(content),
            MessageRef::Assistant { text, reasoning, calls } => {
                let (content, reasoning) = inline_tagged_reasoning(text, reasoning);
                self.push_assistant(content, reasoning, &calls);
            }
            MessageRef::ToolResult { text, .. } if self.has_text_tools => {
                self.push_user(Cow::Owned(text_tools::wrap_result(text)));
            }
            MessageRef::ToolResult { call, text, .. } => self.push_tool_result(call, text),
        }
    }

    /// Adds a user message with the images of the results before it.
    fn flush_images(&mut self) {
        if self.pending_images.is_empty() {
            return;
        }
        let mut content = Vec::new();
        for (call, images) in std::mem::take(&mut self.pending_images) {
            let text =
                format!("The image that `{}` returned ({}):", call.name, self.sent_call_id(call));
            content.push(wire::ChatContentPart::Text { text: Cow::Owned(text) });
            content.extend(images.iter().map(|image| wire::ChatContentPart::ImageUrl {
                image_url: wire::ImageUrl { url: image.to_data_url() },
            }));
        }
        self.push_bridge();
        self.messages.push(wire::ChatMessage::UserParts { content });
    }

    /// Adds a user message, or appends to the user message right before.
    fn push_user(&mut self, content: Cow<'a, str>) {
        self.push_bridge();
        match self.messages.last_mut() {
            Some(wire::ChatMessage::User { content: before }) => {
                before.to_mut().push_str("\n\n");
                before.to_mut().push_str(&content);
            }
            _ => self.messages.push(wire::ChatMessage::User { content }),
        }
    }

    /// Adds the message between a tool result and the user, where one is required.
    fn push_bridge(&mut self) {
        let is_after_result = matches!(self.messages.last(), Some(wire::ChatMessage::Tool { .. }));
        if is_after_result && self.capabilities.is_unsupported(ServerFeature::UserAfterToolResult) {
            self.messages.push(wire::ChatMessage::Assistant {
                content: Some(Cow::Borrowed(ASSISTANT_BRIDGE)),
                reasoning: None,
                reasoning_content: None,
                tool_calls: Vec::new(),
            });
        }
    }

    fn push_assistant(
        &mut self,
        content: Cow<'a, str>,
        reasoning: Option<&'a ReasoningContent>,
        calls: &[&'a ToolCall],
    ) {
        let content =
            if self.has_text_tools { text_tools::append_calls(content, calls) } else { content };
        let needs_content = self.capabilities.is_unsupported(ServerFeature::ContentParts);
        // A summary is not the model's reasoning itself.
        let reasoning = reasoning.filter(|thought| thought.field != REASONING_SUMMARY);
        let (content, reasoning) = match reasoning {
            Some(thought)
                if self.capabilities.supports_extension(VendorExtension::ThinkingAsText) =>
            {
                (Cow::Owned(inline_reasoning(thought, &content)), None)
            }
            reasoning => (
                content,
                reasoning
                    .filter(|_| !self.capabilities.is_unsupported(ServerFeature::ReasoningField)),
            ),
        };
        let thought = reasoning.map(|thought| Cow::Borrowed(thought.text.as_str()));
        let uses_reasoning_content =
            reasoning.is_some_and(|thought| thought.field == "reasoning_content");
        let (reasoning, reasoning_content) =
            if uses_reasoning_content { (None, thought) } else { (thought, None) };
        // One call per message: each further call follows the result of the previous one.
        let max_calls = if self.capabilities.is_unsupported(ServerFeature::ParallelToolCalls) {
            1
        } else {
            usize::MAX
        };
        let calls = if self.has_text_tools { &[] } else { calls };
        self.messages.push(wire::ChatMessage::Assistant {
            content: (needs_content || !content.is_empty()).then_some(content),
            reasoning,
            reasoning_content,
            tool_calls: calls.iter().take(max_calls).map(|call| self.to_chat_call(call)).collect(),
        });
    }

    fn push_tool_result(&mut self, call: &'a ToolCall, text: &'a str) {
        let tool_call_id = self.sent_call_id(call);
        if self.capabilities.is_unsupported(ServerFeature::ParallelToolCalls)
            && matches!(self.messages.last(), Some(wire::ChatMessage::Tool { .. }))
        {
            let needs_content = self.capabilities.is_unsupported(ServerFeature::ContentParts);
            self.messages.push(wire::ChatMessage::Assistant {
                content: needs_content.then_some(Cow::Borrowed("")),
                reasoning: None,
                reasoning_content: None,
                tool_calls: vec![self.to_chat_call(call)],
            });
        }
        let name = self.capabilities.is_unsupported(ServerFeature::UnnamedToolResult);
        let name = name.then(|| Cow::Borrowed(call.name.as_str()));
        let content = Cow::Borrowed(text);
        self.messages.push(wire::ChatMessage::Tool { tool_call_id, name, content });
    }

    fn to_chat_call(&self, call: &'a ToolCall) -> wire::ChatToolCall<'a> {
        wire::ChatToolCall {
            id: self.sent_call_id(call),
            kind: wire::CallKind::Function,
            function: wire::FunctionCall {
                name: Cow::Borrowed(call.name.as_str()),
                arguments: Cow::Owned(call.arguments.to_json()),
            },
        }
    }

    fn sent_call_id(&self, call: &'a ToolCall) -> Cow<'a, str> {
        let id = call.id.as_str();
        if self.capabilities.is_unsupported(ServerFeature::AnyCallIdFormat) {
            Cow::Owned(short_id(id))
        } else {
            Cow::Borrowed(id)
        }
    }
}

/// Returns the text of an answer, and the reasoning for its field: reasoning from tags goes back
/// between them.
fn inline_tagged_reasoning<'a>(
    text: &'a str,
    reasoning: Option<&'a ReasoningContent>,
) -> (Cow<'a, str>, Option<&'a ReasoningContent>) {
    match reasoning.map(|r| (r, reasoning_tags::close_tag_for(&r.field))) {
        Some((ReasoningContent { text: thought, field: open }, Some(close))) => {
            let thought = thought.trim();
            (Cow::Owned(format!("{open}\n{thought}\n{close}\n\n{text}")), None)
        }
        _ => (Cow::Borrowed(text), reasoning),
    }
}

/// Puts reasoning before the text.
fn inline_reasoning(thought: &ReasoningContent, text: &str) -> String {
    let thought = format!("<thinking>\n{}\n</thinking>", thought.text.trim());
    if text.is_empty() { thought } else { format!("{thought}\n\n{text}") }
}

/// Replaces an id by nine letters and digits derived from it. Collisions are unlikely: 36⁹ is more
/// than 2⁴⁶.
fn short_id(id: &str) -> String {
    if is_short_id(id) {
        return id.to_owned();
    }
    let mut hash = openai_servers::fnv1a_hash(id.bytes());
    let digit = |_| {
        let digit = u32::try_from(hash % 36).unwrap_or_default();
        hash /= 36;
        char::from_digit(digit, 36).unwrap_or('0')
    };
    (0..9).map(digit).collect()
}

/// Returns whether an id has nine letters and digits.
pub(crate) fn is_short_id(id: &str) -> bool {
    id.len() == 9 && id.bytes().all(|byte| byte.is_ascii_alphanumeric())
}
