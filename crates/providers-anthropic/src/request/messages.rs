//! The conversation as messages in the one legal form.

use std::borrow::Cow;

use openclaw_core::{ChatRequest, MessageRef, ToolCall};
use serde::Serialize;
use serde_json::Value;

use super::{CacheMark, Writer};
use crate::thoughts::Thought;

/// Stands for what the user said when that is nothing: an empty text is refused.
const NOTHING: &str = "(nothing)";

/// The messages of a request.
#[derive(Debug)]
pub(super) struct Messages<'a> {
    pub(super) messages: Vec<Message<'a>>,
    /// Whether no message since the user last spoke lacks the thoughts that led to its calls.
    pub(super) shows_thoughts: bool,
}

#[derive(Debug, Serialize)]
pub(super) struct Message<'a> {
    role: Role,
    content: Vec<Block<'a>>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
enum Role {
    User,
    Assistant,
}

/// A part of a message.
#[derive(Debug, Serialize)]
#[serde(untagged)]
pub(crate) enum Block<'a> {
    Thought(Thought),
    Said(Said<'a>),
}

#[derive(Debug, Serialize)]
pub(crate) struct Said<'a> {
    #[serde(flatten)]
    what: What<'a>,
    #[serde(skip_serializing_if = "Option::is_none")]
    cache_control: Option<CacheMark>,
}

#[derive(Debug, Serialize)]
#[serde(tag = "type", rename_all = "snake_case")]
enum What<'a> {
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
        content: Option<&'a str>,
    },
}

impl<'a> Block<'a> {
    pub(super) fn text(text: Cow<'a, str>, cache_control: Option<CacheMark>) -> Self {
        Self::Said(Said { what: What::Text { text }, cache_control })
    }
}

impl<'a> From<What<'a>> for Block<'a> {
    fn from(what: What<'a>) -> Self {
        Self::Said(Said { what, cache_control: None })
    }
}

impl<'a> Messages<'a> {
    pub(super) fn new(request: &'a ChatRequest, writer: Writer<'a>) -> Self {
        let mut said: Vec<_> = request.history.messages().collect();
        // An answer that is to be continued stays the last.
        let begun = said.pop_if(|last| matches!(last, MessageRef::Assistant { .. }));
        let is_user = |message: &MessageRef<'_>| matches!(message, MessageRef::User(_));
        let turn = said.iter().rposition(is_user).unwrap_or_default();
        let mut this = Self { messages: Vec::with_capacity(said.len()), shows_thoughts: true };
        for (at, message) in said.into_iter().enumerate() {
            match message {
                MessageRef::User(text) => this.user(text),
                MessageRef::Assistant { text, calls, .. } => {
                    this.assistant(text, &calls, (at > turn).then_some(writer));
                }
                MessageRef::ToolResult { call, text } => {
                    let content = (!text.trim().is_empty()).then_some(text);
                    let what = What::ToolResult { tool_use_id: id(call), content };
                    this.push(Role::User, what.into());
                }
            }
        }
        // The tail never comes again: what the server is to keep ends before it.
        if let Some(mark) = writer.mark
            && let Some(Block::Said(said)) =
                this.messages.last_mut().and_then(|message| message.content.last_mut())
        {
            said.cache_control = Some(mark);
        }
        if let Some(tail) = request.tail.as_deref().filter(|tail| !tail.trim().is_empty()) {
            this.push(Role::User, Block::text(tail.into(), None));
        }
        if let Some(MessageRef::Assistant { text, .. }) = begun {
            // White space at the very end is refused.
            this.assistant(text.trim_end(), &[], None);
        }
        this
    }

    fn user(&mut self, text: Cow<'a, str>) {
        let answers = self.messages.last().is_some_and(|last| last.role == Role::User);
        if !text.trim().is_empty() {
            self.push(Role::User, Block::text(text, None));
        } else if !answers {
            self.push(Role::User, Block::text(NOTHING.into(), None));
        }
    }

    /// Adds what the model said; with its thoughts, if it belongs to the turn of a writer.
    fn assistant(&mut self, text: &'a str, calls: &[&'a ToolCall], writer: Option<Writer<'a>>) {
        if let Some(writer) = writer.filter(|_| !calls.is_empty()) {
            let thoughts = writer.thoughts.of(text, calls);
            self.shows_thoughts &= thoughts.is_some();
            for thought in thoughts.into_iter().flatten() {
                self.push(Role::Assistant, Block::Thought(thought));
            }
        }
        if !text.trim().is_empty() {
            self.push(Role::Assistant, Block::text(text.into(), None));
        }
        for call in calls {
            let (name, input) = (call.name.as_str(), call.arguments.to_value());
            self.push(Role::Assistant, What::ToolUse { id: id(call), name, input }.into());
        }
    }

    fn push(&mut self, role: Role, block: Block<'a>) {
        match self.messages.last_mut() {
            Some(last) if last.role == role => last.content.push(block),
            _ => self.messages.push(Message { role, content: vec![block] }),
        }
    }
}

/// The id of a call in the letters that this API takes. Ids that differ stay different.
fn id(call: &ToolCall) -> Cow<'_, str> {
    let id = call.id.as_str();
    let is_allowed = |c: char| c.is_ascii_alphanumeric() || c == '_' || c == '-';
    if id.chars().all(is_allowed) {
        return Cow::Borrowed(id);
    }
    // FNV-1a: what is sent must not depend on the program's own hasher.
    let hash = id.bytes().fold(0xcbf2_9ce4_8422_2325_u64, |hash, byte| {
        (hash ^ u64::from(byte)).wrapping_mul(0x0000_0100_0000_01b3)
    });
    let kept: String = id.chars().filter(|c| is_allowed(*c)).take(40).collect();
    Cow::Owned(format!("{kept}-{hash:016x}"))
}
