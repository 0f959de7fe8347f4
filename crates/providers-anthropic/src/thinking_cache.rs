//! A cache of thinking blocks that may have to be sent back.
//!
//! A server that thinks between tool calls wants its thinking back with the results, unchanged and
//! with its signature; a history keeps only the text. So the last blocks are cached here, by the
//! message that they led to.

use std::collections::VecDeque;
use std::hash::{DefaultHasher, Hash, Hasher};
use std::sync::{Mutex, PoisonError};

use openclaw_core::ToolCall;
use serde::Serialize;

/// The most messages whose thinking is cached.
const MAX_MESSAGES: usize = 64;

/// A thinking block, unchanged.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(tag = "type", rename_all = "snake_case")]
pub(crate) enum ThinkingBlock {
    Thinking { thinking: String, signature: String },
    RedactedThinking { data: String },
}

/// The thinking blocks of the last messages.
#[derive(Debug, Default)]
pub(crate) struct ThinkingCache(Mutex<VecDeque<(u64, Vec<ThinkingBlock>)>>);

impl ThinkingCache {
    /// Stores the thinking blocks that a message began with.
    pub(crate) fn store_blocks(&self, text: &str, calls: &[&ToolCall], blocks: Vec<ThinkingBlock>) {
        let mut entries = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if entries.len() >= MAX_MESSAGES {
            entries.pop_front();
        }
        entries.push_back((message_key(text, calls), blocks));
    }

    /// Returns the thinking blocks that a message began with, if they are cached.
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
