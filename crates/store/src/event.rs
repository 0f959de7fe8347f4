//! What a session's log holds: one event a row, as JSON.

mod decode;
mod encode;
mod reasoning;

use std::sync::Arc;
use std::time::Duration;

use openclaw_core::{AssistantMessage, Summary, ToolCallId, ToolOutput, ToolSpec, Usage};

use crate::crc::crc32c;

pub(crate) use decode::decode;

/// One event, in the words of the conversation.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Event {
    User(String),
    /// With the ids that its calls have in the history.
    Assistant(AssistantMessage),
    Intent(ToolCallId),
    Dispatched(ToolCallId),
    Result(ToolCallId, ToolOutput),
    Compacted {
        /// The event of the first step that was kept, or the compaction itself.
        from: u64,
        keep: usize,
        summary: Summary,
    },
    Prefix(Prefix),
    Turn(TurnRecord),
    /// Events of these numbers, both included, count no more.
    Undone {
        from: u64,
        to: u64,
        why: Why,
    },
}

/// Why events count no more.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Why {
    Turn,
    Compaction,
    Damage,
}

/// What every request of a session begins with. Kept so that a session that is taken up again sends
/// the same bytes, of which a server may still know the beginning.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Prefix {
    /// The system prompt.
    pub system: Option<Arc<str>>,
    /// The tools, in the order they are sent.
    pub tools: Arc<[ToolSpec]>,
}

/// How a turn ended.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct TurnRecord {
    /// The outcome's name, e.g. `reply` or `cancelled`.
    pub outcome: String,
    /// The model that answered, as the user names it; `None` when none did.
    pub model: Option<String>,
    /// What the servers counted, over all model calls of the turn.
    pub usage: Usage,
    /// The tokens of the last request and its answer: how full the window is.
    pub context: Option<u32>,
    /// How long the turn took.
    pub duration: Duration,
}

impl TurnRecord {
    /// Whether what was said may still be answered by taking the turn up.
    pub(crate) fn fell_short(&self) -> bool {
        matches!(self.outcome.as_str(), "failed" | "timed_out" | "cancelled")
    }
}

/// An event as it is stored.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Record {
    /// From 1, without gaps.
    pub(crate) seq: u64,
    pub(crate) kind: String,
    pub(crate) json: String,
    /// Unix time in milliseconds.
    pub(crate) at: i64,
}

impl Record {
    pub(crate) fn new(seq: u64, at: i64, event: &Event) -> Self {
        Self { seq, kind: event.kind().to_owned(), json: event.to_json(), at }
    }

    pub(crate) fn crc(&self) -> u32 {
        checksum(self.seq, self.at, &self.kind, &self.json)
    }
}

/// The checksum of an event and its place.
pub(crate) fn checksum(seq: u64, at: i64, kind: &str, json: &str) -> u32 {
    let place = [seq.to_le_bytes(), at.to_le_bytes()].concat();
    crc32c(&[&place, kind.as_bytes(), b"\n", json.as_bytes()])
}

impl Event {
    /// The name of the event's kind.
    pub(crate) fn kind(&self) -> &'static str {
        match self {
            Self::User(_) => "user",
            Self::Assistant(_) => "assistant",
            Self::Intent(_) => "intent",
            Self::Dispatched(_) => "dispatched",
            Self::Result(..) => "result",
            Self::Compacted { .. } => "compacted",
            Self::Prefix(_) => "prefix",
            Self::Turn(_) => "turn",
            Self::Undone { .. } => "undone",
        }
    }
}

impl Why {
    const ALL: [Self; 3] = [Self::Turn, Self::Compaction, Self::Damage];

    fn name(self) -> &'static str {
        match self {
            Self::Turn => "turn",
            Self::Compaction => "compaction",
            Self::Damage => "damage",
        }
    }
}

#[cfg(test)]
mod tests;
