//! Writes events together with the changes that they make to the session's row.

use rusqlite::{Connection, params};

use crate::StoreError;
use crate::error::StoreFault;
use crate::event::{EventRecord, LogEvent, TurnRecord};

/// The longest title, in characters.
const MAX_TITLE_CHARS: usize = 80;

/// Events to write in order, and the changes that they make to the session's row.
#[derive(Debug, Clone, Default)]
pub(crate) struct EventBatch {
    records: Vec<EventRecord>,
    title: Option<String>,
    turns: Vec<TurnRecord>,
    turn_open: Option<bool>,
}

impl EventBatch {
    /// Makes a batch of events that follow `last_seq`.
    pub(crate) fn new(events: &[LogEvent], last_seq: u64, at: i64) -> Self {
        let mut batch = Self::default();
        for (seq, event) in (last_seq + 1..).zip(events) {
            batch.push(EventRecord::new(seq, at, event), event);
        }
        batch
    }

    /// Adds an event in its stored form.
    pub(crate) fn push(&mut self, record: EventRecord, event: &LogEvent) {
        self.records.push(record);
        match event {
            LogEvent::UserMessage(text) => {
                self.turn_open = Some(true);
                if self.title.is_none() {
                    self.title = title_from_text(text);
                }
            }
            LogEvent::TurnEnd(turn) => {
                self.turn_open = Some(false);
                self.turns.push(turn.clone());
            }
            _ => {}
        }
    }

    /// Adds an event of an unknown kind.
    pub(crate) fn push_unknown(&mut self, record: EventRecord) {
        self.records.push(record);
    }

    /// Overrides whether the session's row has an open turn.
    pub(crate) fn with_turn_open(mut self, open: bool) -> Self {
        self.turn_open = Some(open);
        self
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.records.is_empty()
    }

    /// The number of the last event, if there is one.
    pub(crate) fn last_seq(&self) -> Option<u64> {
        self.records.last().map(|record| record.seq)
    }

    /// When the first and the last event were recorded; `None` without events.
    pub(crate) fn time_span(&self) -> Option<(i64, i64)> {
        let times = || self.records.iter().map(|record| record.recorded_at);
        Some((times().min()?, times().max()?))
    }

    /// Writes the batch to a session whose last event is `last_seq`.
    ///
    /// # Errors
    /// When the session has another last event or was deleted, or when the write fails.
    pub(crate) fn write(
        &self,
        connection: &Connection,
        session: i64,
        last_seq: u64,
    ) -> Result<(), StoreError> {
        let fail = StoreError::from_sql_error("write to the session");
        let mut insert = connection
            .prepare(
                "INSERT INTO event (session, seq, kind, at, crc, json)
                 VALUES (?1, ?2, ?3, ?4, ?5, ?6)",
            )
            .map_err(fail)?;
        for record in &self.records {
            let (seq, crc) = (seq_to_sql(record.seq), record.compute_crc());
            insert
                .execute(params![session, seq, record.kind, record.recorded_at, crc, record.json])
                .map_err(fail)?;
        }
        let usage = |count: fn(&TurnRecord) -> u32| -> i64 {
            self.turns.iter().map(|turn| i64::from(count(turn))).sum()
        };
        let last = |read_field: fn(&TurnRecord) -> Option<&str>| {
            self.turns.iter().rev().find_map(read_field)
        };
        let changed = connection
            .execute(
                "UPDATE session SET
                    last_seq = ?2,
                    updated_at = max(updated_at, ?3),
                    title = coalesce(title, ?4),
                    turn_open = coalesce(?5, turn_open),
                    turns = turns + ?6,
                    model = coalesce(?7, model),
                    input_tokens = input_tokens + ?8,
                    output_tokens = output_tokens + ?9,
                    cached_tokens = cached_tokens + ?10,
                    context_tokens = coalesce(?11, context_tokens)
                 WHERE n = ?1 AND last_seq <= ?12",
                params![
                    session,
                    seq_to_sql(self.last_seq().unwrap_or(last_seq)),
                    self.records.last().map_or(0, |record| record.recorded_at),
                    self.title,
                    self.turn_open,
                    i64::try_from(self.turns.len()).unwrap_or(i64::MAX),
                    last(|turn| turn.model.as_deref()),
                    usage(|turn| turn.usage.input_tokens),
                    usage(|turn| turn.usage.output_tokens),
                    usage(|turn| turn.usage.cached_tokens.unwrap_or(0)),
                    self.turns.iter().rev().find_map(|turn| turn.context_tokens),
                    seq_to_sql(last_seq),
                ],
            )
            .map_err(fail)?;
        if changed == 1 { Ok(()) } else { Err(StoreError::new(StoreFault::Conflict)) }
    }
}

fn seq_to_sql(seq: u64) -> i64 {
    i64::try_from(seq).unwrap_or(i64::MAX)
}

/// The first line of a user message, cut to [`MAX_TITLE_CHARS`].
fn title_from_text(text: &str) -> Option<String> {
    let line = text.lines().map(str::trim).find(|line| !line.is_empty())?;
    let line: String = line.chars().filter(|c| !c.is_control()).collect();
    let short: String = line.chars().take(MAX_TITLE_CHARS).collect();
    Some(if short.len() < line.len() { format!("{short}…") } else { short })
}
