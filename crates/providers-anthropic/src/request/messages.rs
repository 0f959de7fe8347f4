//! Converts the conversation to messages in the one form that all servers accept.

use std::borrow::Cow;
use std::hash::Hasher as _;

use fnv::FnvHasher;
use openclaw_core::{ChatRequest, ImageContent, MessageRef, ToolCall};
use serde::Serialize;
use serde_json::Value;

use super::{CacheControl, RequestWriter};
use crate::thinking_cache::ThinkingBlock;

/// Replaces an empty user message, which servers refuse.
const EMPTY_USER_TEXT: &str = "(nothing)";

/// The messages of a request.
#[derive(Debug)]
pub(super) struct MessageList<'a> {
    pub(super) messages: Vec<RequestMessage<'a>>,
    /// Whether all messages with calls since the last user message have their thinking blocks.
    pub(super) includes_thinking: bool,
}

#[derive(Debug, Serialize)]
pub(super) struct RequestMessage<'a> {
    role: MessageRole,
    content: Vec<RequestBlock<'a>>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
enum MessageRole {
    User,
    Assistant,
}

/// A part of a message.
#[derive(Debug, Serialize)]
#[serde(untagged)]
pub(crate) enum RequestBlock<'a> {
    Thinking(ThinkingBlock),
    Content(ContentBlock<'a>),
}

#[derive(Debug, Serialize)]
pub(crate) struct ContentBlock<'a> {
    #[serde(flatten)]
    content: BlockContent<'a>,
    #[serde(skip_serializing_if = "Option::is_none")]
    cache_control: Option<CacheControl>,
}

#[derive(Debug, Serialize)]
#[serde(tag = "type", rename_all = "snake_case")]
enum BlockContent<'a> {
    Text {
        text: Cow<'a, str>,
    },
    ToolUse {
        id: Cow<'a, str>,
        name: &'a str,
        input: Value,
    },
    ToolResult {
        tool_use_id: Cow<'a, str>,
        #[serde(skip_serializing_if = "Option::is_none")]
        content: Option<ResultContent<'a>>,
    },
    Image {
        source: ImageSource<'a>,
    },
}

/// The content of a tool result.
#[derive(Debug, Serialize)]
#[serde(untagged)]
enum ResultContent<'a> {
    Text(&'a str),
    Blocks(Vec<BlockContent<'a>>),
}

#[derive(Debug, Serialize)]
struct ImageSource<'a> {
    #[serde(rename = "type")]
    kind: &'static str,
    media_type: &'static str,
    data: &'a str,
}

impl<'a> ResultContent<'a> {
    /// The text of a result, and its images; `None` when it has neither.
    fn new(text: &'a str, images: &'a [ImageContent]) -> Option<Self> {
        let has_text = !text.trim().is_empty();
        if images.is_empty() {
            return has_text.then_some(Self::Text(text));
        }
        let text = has_text.then_some(BlockContent::Text { text: Cow::Borrowed(text) });
        let images = images.iter().map(|image| BlockContent::Image {
            source: ImageSource {
                kind: "base64",
                media_type: image.format.media_type(),
                data: &image.base64,
            },
        });
        Some(Self::Blocks(text.into_iter().chain(images).collect()))
    }
}

impl<'a> RequestBlock<'a> {
    pub(super) fn from_text(text: Cow<'a, str>, cache_control: Option<CacheControl>) -> Self {
        Self::Content(ContentBlock { content: BlockContent::Text { text }, cache_control })
    }
}

impl<'a> From<BlockContent<'a>> for RequestBlock<'a> {
    fn from(content: BlockContent<'a>) -> Self {
        Self::Content(ContentBlock { content, cache_control: None })
    }
}

impl<'a> MessageList<'a> {
    pub(super) fn new(request: &'a ChatRequest, writer: RequestWriter<'a>) -> Self {
        let mut messages: Vec<_> = request.history.messages().collect();
        // An unfinished answer to continue must stay last.
        let unfinished_answer =
            messages.pop_if(|last| matches!(last, MessageRef::Assistant { .. }));
        let is_user = |message: &MessageRef<'_>| matches!(message, MessageRef::User(_));
        let last_user = messages.iter().rposition(is_user).unwrap_or_default();
        let mut list =
            Self { messages: Vec::with_capacity(messages.len()), includes_thinking: true };
        for (at, message) in messages.into_iter().enumerate() {
            match message {
                MessageRef::User(text) => list.push_user_message(text),
                MessageRef::Assistant { text, calls, .. } => {
                    list.push_assistant_message(text, &calls, (at > last_user).then_some(writer));
                }
                MessageRef::ToolResult { call, text, images } => {
                    let content = ResultContent::new(text, images);
                    let block =
                        BlockContent::ToolResult { tool_use_id: wire_call_id(call), content };
                    list.push_block(MessageRole::User, block.into());
                }
            }
        }
        // The suffix is sent only once, so the cache marker goes before it.
        if let Some(cache_control) = writer.cache_control
            && let Some(RequestBlock::Content(content)) =
                list.messages.last_mut().and_then(|message| message.content.last_mut())
        {
            content.cache_control = Some(cache_control);
        }
        if let Some(suffix) = request.suffix.as_deref().filter(|tail| !tail.trim().is_empty()) {
            list.push_block(MessageRole::User, RequestBlock::from_text(suffix.into(), None));
        }
        if let Some(MessageRef::Assistant { text, .. }) = unfinished_answer {
            // Servers refuse white space at the very end.
            list.push_assistant_message(text.trim_end(), &[], None);
        }
        list
    }

    fn push_user_message(&mut self, text: Cow<'a, str>) {
        let answers = self.messages.last().is_some_and(|last| last.role == MessageRole::User);
        if !text.trim().is_empty() {
            self.push_block(MessageRole::User, RequestBlock::from_text(text, None));
        } else if !answers {
            self.push_block(
                MessageRole::User,
                RequestBlock::from_text(EMPTY_USER_TEXT.into(), None),
            );
        }
    }

    /// Adds an assistant message; with its thinking blocks, if it belongs to the current turn.
    fn push_assistant_message(
        &mut self,
        text: &'a str,
        calls: &[&'a ToolCall],
        writer: Option<RequestWriter<'a>>,
    ) {
        if let Some(writer) = writer.filter(|_| !calls.is_empty()) {
            let thinking_blocks = writer.thinking_cache.find_blocks(text, calls);
            self.includes_thinking &= thinking_blocks.is_some();
            for thought in thinking_blocks.into_iter().flatten() {
                self.push_block(MessageRole::Assistant, RequestBlock::Thinking(thought));
            }
        }
        if !text.trim().is_empty() {
            self.push_block(MessageRole::Assistant, RequestBlock::from_text(text.into(), None));
        }
        for call in calls {
            let (name, input) = (call.name.as_str(), call.arguments.to_value());
            self.push_block(
                MessageRole::Assistant,
                BlockContent::ToolUse { id: wire_call_id(call), name, input }.into(),
            );
        }
    }

    fn push_block(&mut self, role: MessageRole, block: RequestBlock<'a>) {
        match self.messages.last_mut() {
            Some(last) if last.role == role => last.content.push(block),
            _ => self.messages.push(RequestMessage { role, content: vec![block] }),
        }
    }
}

/// Converts a call id to the characters that this API accepts. Different ids stay different.
fn wire_call_id(call: &ToolCall) -> Cow<'_, str> {
    let id = call.id.as_str();
    let is_allowed = |c: char| c.is_ascii_alphanumeric() || c == '_' || c == '-';
    if id.chars().all(is_allowed) {
        return Cow::Borrowed(id);
    }
    // FNV-1a: the result must be the same in every build and run, since it is sent to the server.
    let mut hasher = FnvHasher::default();
    hasher.write(id.as_bytes());
    let readable: String = id.chars().filter(|c| is_allowed(*c)).take(40).collect();
    Cow::Owned(format!("{readable}-{:016x}", hasher.finish()))
}
