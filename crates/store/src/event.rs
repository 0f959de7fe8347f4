//! The events of a session's log: one per row, as JSON.

mod decode;
mod encode;

use std::sync::Arc;
use std::time::Duration;

use openclaw_core::{
    AssistantMessage, ConversationSummary, TokenUsage, ToolCallId, ToolOutput, ToolSpec,
};

use crate::crc::compute_crc32c;

pub(crate) use decode::decode_event;

/// One event of a log, decoded.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum LogEvent {
    UserMessage(String),
    /// Its calls have the ids of the history.
    AssistantMessage(AssistantMessage),
    CallIntent(ToolCallId),
    CallDispatched(ToolCallId),
    CallResult(ToolCallId, ToolOutput),
    Compacted {
        /// The event of the first kept step, or of the compaction itself when none was kept.
        first_kept_seq: u64,
        kept_steps: usize,
        summary: ConversationSummary,
    },
    RequestPrefix(RequestPrefix),
    TurnEnd(TurnRecord),
    /// The events from `first_seq` to `last_seq`, both included, no longer count.
    Retracted {
        first_seq: u64,
        last_seq: u64,
        reason: RetractionReason,
    },
}

/// Why events were retracted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum RetractionReason {
    Turn,
    Compaction,
    Damage,
}

/// What every request of a session begins with. Recorded so that a resumed session sends the same
/// bytes, which the server may still have in its prefix cache.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct RequestPrefix {
    /// The system prompt.
    pub system_prompt: Option<Arc<str>>,
    /// The tools, in the order they are sent.
    pub tools: Arc<[ToolSpec]>,
}

/// The end of a turn.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct TurnRecord {
    /// The name of the outcome, e.g. `reply` or `cancelled`.
    pub outcome: String,
    /// The model that answered, as the user names it; `None` when none did.
    pub model: Option<String>,
    /// Token usage over all model calls of the turn, as the servers counted.
    pub usage: TokenUsage,
    /// The tokens in the context window after the turn: the last request and its answer.
    pub context_tokens: Option<u32>,
    /// How long the turn took.
    pub duration: Duration,
}

impl TurnRecord {
    /// Returns whether the turn may be resumed to get an answer.
    pub(crate) fn ended_without_reply(&self) -> bool {
        matches!(self.outcome.as_str(), "failed" | "timed_out" | "cancelled")
    }
}

/// An event in its stored form.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct EventRecord {
    /// From 1, without gaps.
    pub(crate) seq: u64,
    pub(crate) kind: String,
    pub(crate) json: String,
    /// Unix time in milliseconds.
    pub(crate) recorded_at: i64,
}

impl EventRecord {
    pub(crate) fn new(seq: u64, recorded_at: i64, event: &LogEvent) -> Self {
        Self { seq, kind: event.kind().to_owned(), json: event.to_json(), recorded_at }
    }

    pub(crate) fn compute_crc(&self) -> u32 {
        event_checksum(self.seq, self.recorded_at, &self.kind, &self.json)
    }
}

/// The checksum of an event, with its number and time.
pub(crate) fn event_checksum(seq: u64, at: i64, kind: &str, json: &str) -> u32 {
    let header_bytes = [seq.to_le_bytes(), at.to_le_bytes()].concat();
    compute_crc32c(&[&header_bytes, kind.as_bytes(), b"\n", json.as_bytes()])
}

impl LogEvent {
    /// The name of the event's kind.
    pub(crate) fn kind(&self) -> &'static str {
        match self {
            Self::UserMessage(_) => "user",
            Self::AssistantMessage(_) => "assistant",
            Self::CallIntent(_) => "intent",
            Self::CallDispatched(_) => "dispatched",
            Self::CallResult(..) => "result",
            Self::Compacted { .. } => "compacted",
            Self::RequestPrefix(_) => "prefix",
            Self::TurnEnd(_) => "turn",
            Self::Retracted { .. } => "undone",
        }
    }
}

impl RetractionReason {
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
