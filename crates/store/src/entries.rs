//! A session's log for whoever reads it, without holding the session.

use openclaw_core::{AssistantMessage, Summary, ToolCallId, ToolOutput};
use rusqlite::{Row, params};

use crate::event::{Event, TurnRecord, decode};
use crate::log::{self, COLUMNS, Stored};
use crate::{SessionId, Store, StoreError, catalogue};

/// One event of a session's log.
#[derive(Debug, Clone, PartialEq)]
pub struct LogEntry {
    /// Its number in the log, from 1.
    pub number: u64,
    /// When it was recorded, in milliseconds of Unix time.
    pub at: u64,
    /// Whether it counts; false when it was taken back or left out as damaged.
    pub counts: bool,
    /// What it says.
    pub content: LogContent,
}

/// What an event of a log says.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub enum LogContent {
    /// The user said something.
    User(String),
    /// The model said something.
    Assistant(AssistantMessage),
    /// A call was begun.
    Dispatched(ToolCallId),
    /// A call got its result.
    Result(ToolCallId, ToolOutput),
    /// What was said before, all but so many steps, was replaced by a summary. It stays in the log.
    Compacted {
        /// How many steps were kept.
        keep: usize,
        /// What stands for the others.
        summary: Summary,
    },
    /// A turn ended.
    Turn(TurnRecord),
    /// The event is damaged, or of a kind that is not known here.
    Unreadable,
}

impl Store {
    /// Reads a session's log in order, whether or not somebody uses the session. What is of use to
    /// the program alone, e.g. what requests begin with, is left out.
    ///
    /// # Errors
    /// When there is no such session, or it cannot be read.
    pub fn entries(
        &self,
        id: &SessionId,
        each: &mut dyn FnMut(LogEntry),
    ) -> Result<(), StoreError> {
        let fail = StoreError::sql("read the session");
        self.0.readers.read(|connection| {
            let transaction = connection.unchecked_transaction().map_err(fail)?;
            let n = catalogue::number(&transaction, id)?;
            let n = n.ok_or_else(|| StoreError::not_found(id.as_str()))?;
            let voids = log::voids(&transaction, n)?;
            let mut select = transaction
                .prepare(&format!("SELECT {COLUMNS} FROM event WHERE session = ?1 ORDER BY seq"))
                .map_err(fail)?;
            let mut rows = select.query(params![n]).map_err(fail)?;
            while let Some(row) = rows.next().map_err(fail)? {
                let Some(mut entry) = entry(row).map_err(fail)? else { continue };
                entry.counts &= !voids.has(entry.number);
                each(entry);
            }
            Ok(())
        })
    }
}

/// `None` for what is of no use to a reader.
fn entry(row: &Row<'_>) -> rusqlite::Result<Option<LogEntry>> {
    let (number, at) = (row.get::<_, i64>(0)?.unsigned_abs(), row.get::<_, i64>(2)?.unsigned_abs());
    let stored = Stored::of(row)?.filter(|stored| stored.intact);
    let event = stored.and_then(|stored| decode(stored.kind, stored.json).ok().flatten());
    let content = match event {
        Some(Event::User(text)) => LogContent::User(text),
        Some(Event::Assistant(message)) => LogContent::Assistant(message),
        Some(Event::Dispatched(id)) => LogContent::Dispatched(id),
        Some(Event::Result(id, output)) => LogContent::Result(id, output),
        Some(Event::Compacted { keep, summary, .. }) => LogContent::Compacted { keep, summary },
        Some(Event::Turn(turn)) => LogContent::Turn(turn),
        Some(Event::Intent(_) | Event::Prefix(_) | Event::Undone { .. }) => return Ok(None),
        None => LogContent::Unreadable,
    };
    let counts = content != LogContent::Unreadable;
    Ok(Some(LogEntry { number, at, counts, content }))
}
