//! Reads a session's log without the session lease.

use std::ops::ControlFlow;

use openclaw_core::{AssistantMessage, ConversationSummary, ToolCallId, ToolOutput};
use rusqlite::{Row, params};

use crate::event::{LogEvent, TurnRecord, decode_event};
use crate::log::{self, EVENT_COLUMNS, StoredEvent};
use crate::{SessionId, Store, StoreError, catalogue};

/// One event of a session's log.
#[derive(Debug, Clone, PartialEq)]
pub struct LogEntry {
    /// The event's number in the log, from 1.
    pub seq: u64,
    /// When it was recorded, in milliseconds of Unix time.
    pub recorded_at: u64,
    /// False when the event was retracted or is left out as damaged.
    pub is_active: bool,
    /// The content of the event.
    pub content: LogContent,
}

/// The content of a log event.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub enum LogContent {
    /// A user message.
    UserMessage(String),
    /// A message of the model.
    AssistantMessage(AssistantMessage),
    /// A call was started.
    CallDispatched(ToolCallId),
    /// A call got its result.
    CallResult(ToolCallId, ToolOutput),
    /// A summary replaced all but the last `kept_steps` steps. The replaced events stay in the log.
    Compacted {
        /// How many steps were kept.
        kept_steps: usize,
        /// The summary of the replaced steps.
        summary: ConversationSummary,
    },
    /// A turn ended.
    TurnEnd(TurnRecord),
    /// The event is damaged, or of a kind that this version does not know.
    Unreadable,
}

impl Store {
    /// Reads a session's log in order, even while the session is in use. Leaves out internal
    /// events, e.g. the request prefix.
    ///
    /// # Errors
    /// When there is no such session, or it cannot be read.
    pub fn read_entries(
        &self,
        id: &SessionId,
        on_entry: &mut dyn FnMut(LogEntry),
    ) -> Result<(), StoreError> {
        let fail = StoreError::from_sql_error("read the session");
        self.0.read_session(id, |connection| {
            let transaction = connection.unchecked_transaction().map_err(fail)?;
            let row_id = catalogue::session_row_id(&transaction, id)?;
            let row_id = row_id.ok_or_else(|| StoreError::not_found(id.as_str()))?;
            let retracted = log::retracted_ranges(&transaction, row_id)?;
            let mut select = transaction
                .prepare(&format!(
                    "SELECT {EVENT_COLUMNS} FROM event WHERE session = ?1 ORDER BY seq"
                ))
                .map_err(fail)?;
            let mut rows = select.query(params![row_id]).map_err(fail)?;
            while let Some(row) = rows.next().map_err(fail)? {
                let Some(mut entry) = entry_from_row(row).map_err(fail)? else { continue };
                entry.is_active &= !retracted.contains_seq(entry.seq);
                on_entry(entry);
            }
            Ok(())
        })
    }
}

impl Store {
    /// Reads a session's log backwards, from the entry before `before` or from the last one, until
    /// `on_entry` breaks. Leaves out what [`read_entries`](Self::read_entries) leaves out.
    ///
    /// # Errors
    /// When there is no such session, or it cannot be read.
    pub fn read_entries_backwards(
        &self,
        id: &SessionId,
        before: Option<u64>,
        on_entry: &mut dyn FnMut(LogEntry) -> ControlFlow<()>,
    ) -> Result<(), StoreError> {
        let fail = StoreError::from_sql_error("read the session");
        let before = before.and_then(|seq| i64::try_from(seq).ok()).unwrap_or(i64::MAX);
        self.0.read_session(id, |connection| {
            let transaction = connection.unchecked_transaction().map_err(fail)?;
            let row_id = catalogue::session_row_id(&transaction, id)?;
            let row_id = row_id.ok_or_else(|| StoreError::not_found(id.as_str()))?;
            let retracted = log::retracted_ranges(&transaction, row_id)?;
            let mut select = transaction
                .prepare(&format!(
                    "SELECT {EVENT_COLUMNS} FROM event WHERE session = ?1 AND seq < ?2
                     ORDER BY seq DESC"
                ))
                .map_err(fail)?;
            let mut rows = select.query(params![row_id, before]).map_err(fail)?;
            while let Some(row) = rows.next().map_err(fail)? {
                let Some(mut entry) = entry_from_row(row).map_err(fail)? else { continue };
                entry.is_active &= !retracted.contains_seq(entry.seq);
                if on_entry(entry).is_break() {
                    break;
                }
            }
            Ok(())
        })
    }
}

/// Returns `None` for internal events.
fn entry_from_row(row: &Row<'_>) -> rusqlite::Result<Option<LogEntry>> {
    let (seq, recorded_at) =
        (row.get::<_, i64>(0)?.unsigned_abs(), row.get::<_, i64>(2)?.unsigned_abs());
    let stored = StoredEvent::from_row(row)?.filter(|stored| stored.is_intact);
    let event = stored.and_then(|stored| decode_event(stored.kind, stored.json).ok().flatten());
    let content = match event {
        Some(LogEvent::UserMessage(text)) => LogContent::UserMessage(text),
        Some(LogEvent::AssistantMessage(message)) => LogContent::AssistantMessage(message),
        Some(LogEvent::CallDispatched(id)) => LogContent::CallDispatched(id),
        Some(LogEvent::CallResult(id, output)) => LogContent::CallResult(id, output),
        Some(LogEvent::Compacted { kept_steps, summary, .. }) => {
            LogContent::Compacted { kept_steps, summary }
        }
        Some(LogEvent::TurnEnd(turn)) => LogContent::TurnEnd(turn),
        Some(LogEvent::CallIntent(_) | LogEvent::RequestPrefix(_) | LogEvent::Retracted { .. }) => {
            return Ok(None);
        }
        None => LogContent::Unreadable,
    };
    let is_active = content != LogContent::Unreadable;
    Ok(Some(LogEntry { seq, recorded_at, is_active, content }))
}
