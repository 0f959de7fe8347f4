//! Thoughts that may have to be shown again.
//!
//! A server that thinks between its calls wants its thoughts back with the results, exactly as they
//! came and with the signature that it gave them; a conversation keeps their text alone. So the
//! last ones are kept here, by the message that they led to.

use std::collections::VecDeque;
use std::hash::{DefaultHasher, Hash, Hasher};
use std::sync::{Mutex, PoisonError};

use openclaw_core::ToolCall;
use serde::Serialize;

/// How many messages' thoughts are kept.
const MAX_MESSAGES: usize = 64;

/// A thought as it came.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(tag = "type", rename_all = "snake_case")]
pub(crate) enum ThinkingBlock {
    Thinking { thinking: String, signature: String },
    RedactedThinking { data: String },
}

/// The thoughts of the last messages.
#[derive(Debug, Default)]
pub(crate) struct ThinkingCache(Mutex<VecDeque<(u64, Vec<ThinkingBlock>)>>);

impl ThinkingCache {
    /// Keeps the thoughts that a message began with.
    pub(crate) fn store_blocks(&self, text: &str, calls: &[&ToolCall], blocks: Vec<ThinkingBlock>) {
        let mut entries = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if entries.len() >= MAX_MESSAGES {
            entries.pop_front();
        }
        entries.push_back((message_key(text, calls), blocks));
    }

    /// The thoughts that a message began with, if they are known.
    pub(crate) fn find_blocks(
        &self,
        text: &str,
        calls: &[&ToolCall],
    ) -> Option<Vec<ThinkingBlock>> {
        let entries = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let key = message_key(text, calls);
        entries.iter().rev().find(|(other, _)| *other == key).map(|(_, thoughts)| thoughts.clone())
    }
}

fn message_key(text: &str, calls: &[&ToolCall]) -> u64 {
    let mut hasher = DefaultHasher::new();
    text.hash(&mut hasher);
    for call in calls {
        (&call.id, &call.name, call.arguments.to_json()).hash(&mut hasher);
    }
    hasher.finish()
}
