//! `chat.history`: the messages of a session in pieces of limited size.

use std::ops::ControlFlow;

use openclaw_protocol::gateway::{ChatHistoryParams, ChatHistoryResult, ChatMessage, GatewayError};
use openclaw_runtime::{LogContent, LogEntry};
use serde_json::Value;

use crate::methods::{ConnectedClient, encode};
use crate::runs::{offload, store_failure};

/// The messages when the client does not say.
const DEFAULT_HISTORY: usize = 200;

/// The most messages.
const MAX_HISTORY: usize = 1000;

/// The most bytes of the texts of an answer.
const MAX_HISTORY_BYTES: usize = 4 << 20;

/// The most bytes of one text.
const MAX_TEXT_BYTES: usize = 128 << 10;

/// The newest messages of a session, as far as they fit.
#[derive(Debug, Default)]
struct HistoryPiece {
    /// The newest first.
    messages: Vec<ChatMessage>,
    bytes: usize,
    /// The number of the oldest one in the log.
    oldest: Option<u64>,
    is_truncated: bool,
}

impl ConnectedClient {
    /// Reads the newest messages of a session, or those before a cursor. One request of a connection
    /// at a time, so that no client takes all threads that read.
    pub(crate) async fn read_history(
        &self,
        params: ChatHistoryParams,
    ) -> Result<Value, GatewayError> {
        let ChatHistoryParams { session_key, session_id, limit, before } = params;
        let limit = limit.unwrap_or(DEFAULT_HISTORY).clamp(1, MAX_HISTORY);
        let store = self.state.store.clone();
        let key = self.state.runs.complete_key(&session_key);
        let _one = self.history_lock.lock().await;
        let read = offload(move || {
            let info = match session_id {
                Some(id) => Some(store.find_session(&id)?),
                None => store.current_session(&key.parse()?)?,
            };
            let mut piece = HistoryPiece::default();
            let id = info.as_ref().map(|info| info.id.as_str().to_owned());
            if let Some(info) = info {
                store.read_entries_backwards(&info.id, before, &mut |entry| {
                    piece.add(&entry, limit)
                })?;
            }
            // Encoded here as well, because it is large.
            Ok(encode(&piece.into_result(session_key, id)))
        });
        read.await.map_err(|error| store_failure(&error))?
    }
}

impl HistoryPiece {
    /// Adds the entry before those that were added, unless it does not fit.
    fn add(&mut self, entry: &LogEntry, limit: usize) -> ControlFlow<()> {
        let Some(message) = to_message(entry) else { return ControlFlow::Continue(()) };
        let bytes = self.bytes + message.text.len();
        let has_room = self.messages.len() < limit && bytes <= MAX_HISTORY_BYTES;
        if !has_room && !self.messages.is_empty() {
            self.is_truncated = true;
            return ControlFlow::Break(());
        }
        (self.bytes, self.oldest) = (bytes, Some(entry.seq));
        self.messages.push(message);
        ControlFlow::Continue(())
    }

    fn into_result(mut self, session_key: String, id: Option<String>) -> ChatHistoryResult {
        self.messages.reverse();
        ChatHistoryResult {
            session_key,
            session_id: id,
            messages: self.messages,
            truncated: self.is_truncated,
            cursor: self.oldest.filter(|_| self.is_truncated),
        }
    }
}

fn to_message(entry: &LogEntry) -> Option<ChatMessage> {
    if !entry.is_active {
        return None;
    }
    let (role, text) = match &entry.content {
        LogContent::UserMessage(text) => ("user", text),
        LogContent::AssistantMessage(message) if !message.text.is_empty() => {
            ("assistant", &message.text)
        }
        LogContent::CallResult(_, output) => ("tool", &output.text),
        _ => return None,
    };
    let kept = text.floor_char_boundary(MAX_TEXT_BYTES);
    Some(ChatMessage {
        role: role.to_owned(),
        text: text.get(..kept).unwrap_or_default().to_owned(),
        timestamp: entry.recorded_at,
        omitted_bytes: Some(text.len() - kept).filter(|omitted| *omitted > 0),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn entry(seq: u64, bytes: usize) -> LogEntry {
        let content = LogContent::UserMessage("x".repeat(bytes));
        LogEntry { seq, recorded_at: seq, is_active: true, content }
    }

    #[test]
    fn a_long_history_comes_in_pieces_without_a_gap() {
        let log: Vec<LogEntry> = (1..=100).map(|seq| entry(seq, 100 << 10)).collect();
        let (mut before, mut seen) = (u64::MAX, Vec::new());
        loop {
            let mut piece = HistoryPiece::default();
            let older = log.iter().rev().filter(|entry| entry.seq < before);
            let _ = older.map(|entry| piece.add(entry, 1000)).find(ControlFlow::is_break);
            let result = piece.into_result(String::new(), None);
            let bytes: usize = result.messages.iter().map(|message| message.text.len()).sum();
            assert!(bytes <= MAX_HISTORY_BYTES, "{bytes}");
            let times: Vec<u64> = result.messages.iter().map(|it| it.timestamp).collect();
            seen.splice(0..0, times);
            match result.cursor {
                Some(cursor) => before = cursor,
                None => break assert!(!result.truncated),
            }
        }
        assert_eq!(seen, (1..=100).collect::<Vec<u64>>());
    }

    #[test]
    fn a_text_that_is_too_long_is_cut_and_says_so() {
        let mut piece = HistoryPiece::default();
        assert!(piece.add(&entry(1, 30 << 20), 10).is_continue());
        let message = &piece.messages[0];
        assert_eq!(message.text.len() + message.omitted_bytes.unwrap(), 30 << 20);
        assert_eq!(message.text.len(), MAX_TEXT_BYTES);
    }
}
