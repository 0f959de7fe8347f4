//! Replays a session's log: reads the events that count and leaves out damaged ones.

use std::fmt;
use std::ops::RangeInclusive;
use std::sync::Arc;

use rusqlite::types::ValueRef;
use rusqlite::{Connection, Row, params};

use crate::StoreError;
use crate::event::{LogEvent, decode_event, event_checksum};
use crate::schema::MARK_FILTER;
use crate::session_state::SessionState;

/// Damaged events that were left out of a session. They stay in the log.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct DamageReport {
    /// The number of the first of them in the log.
    pub first_seq: u64,
    /// The number of the last of them, included.
    pub last_seq: u64,
    /// What is wrong with them.
    pub kind: DamageKind,
}

/// How an event is damaged.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum DamageKind {
    /// Its checksum does not match: it was changed.
    Checksum,
    /// This field does not fit the event's kind.
    InvalidField(&'static str),
    /// It is missing.
    Missing,
    /// It does not follow from earlier events, e.g. the result of a call that was not made.
    OutOfOrder,
}

impl fmt::Display for DamageReport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { first_seq: from, last_seq: to, kind: problem } = self;
        if from == to {
            write!(f, "event {from} of the session's log was left out: ")?;
        } else {
            write!(f, "events {from} to {to} of the session's log were left out: ")?;
        }
        match problem {
            DamageKind::Checksum => f.write_str("the checksum is wrong"),
            DamageKind::InvalidField(part) => write!(f, "{part} is not valid there"),
            DamageKind::Missing => f.write_str("missing"),
            DamageKind::OutOfOrder => f.write_str("out of order"),
        }
    }
}

/// The result of replaying a log.
#[derive(Debug)]
pub(crate) struct LogReplay {
    pub(crate) state: SessionState,
    pub(crate) last_seq: u64,
    pub(crate) damage: Vec<DamageReport>,
    /// How many events were read.
    pub(crate) events_read: usize,
}

/// Ranges of events that were retracted.
#[derive(Debug, Default)]
pub(crate) struct RetractedRanges(Vec<RangeInclusive<u64>>);

impl RetractedRanges {
    pub(crate) fn contains_seq(&self, seq: u64) -> bool {
        self.0.iter().any(|range| range.contains(&seq))
    }
}

/// A row of the event table.
pub(crate) struct StoredEvent<'a> {
    pub(crate) seq: u64,
    pub(crate) kind: &'a str,
    pub(crate) json: &'a str,
    /// Whether its checksum matches.
    pub(crate) is_intact: bool,
}

/// The columns that [`StoredEvent::from_row`] reads.
pub(crate) const EVENT_COLUMNS: &str = "seq, kind, at, crc, json";

/// Replays a session's log as if `retracted` had been recorded already.
pub(crate) fn read(
    connection: &Connection,
    session: i64,
    retracted: Option<RangeInclusive<u64>>,
) -> Result<LogReplay, StoreError> {
    let fail = StoreError::from_sql_error("read the session");
    let transaction = connection.unchecked_transaction().map_err(fail)?;
    let mut reader = LogReader {
        connection: &transaction,
        session,
        retracted: RetractedRanges(retracted.into_iter().collect()),
        damage: Vec::new(),
    };
    let log = reader.replay_log().map_err(fail)?;
    Ok(log)
}

/// The ranges of retracted events of a session.
pub(crate) fn retracted_ranges(
    connection: &Connection,
    session: i64,
) -> Result<RetractedRanges, StoreError> {
    let (retracted, damage) = (RetractedRanges::default(), Vec::new());
    let mut reader = LogReader { connection, session, retracted, damage };
    reader.collect_retractions().map_err(StoreError::from_sql_error("read the session"))?;
    Ok(reader.retracted)
}

struct LogReader<'a> {
    connection: &'a Connection,
    session: i64,
    retracted: RetractedRanges,
    damage: Vec<DamageReport>,
}

impl LogReader<'_> {
    fn replay_log(&mut self) -> rusqlite::Result<LogReplay> {
        let last: i64 = self.connection.query_row(
            "SELECT last_seq FROM session WHERE n = ?1",
            [self.session],
            |row| row.get(0),
        )?;
        self.collect_retractions()?;
        let mut prefix = None;
        self.visit_marks("prefix", |_, event| match event {
            LogEvent::RequestPrefix(it) => {
                prefix = Some(Arc::new(it));
                MarkResult::Stop
            }
            _ => MarkResult::Continue,
        })?;
        let mut base = None;
        self.visit_marks("compacted", |seq, event| match event {
            LogEvent::Compacted { first_kept_seq: from, .. } if (1..=seq).contains(&from) => {
                base = Some((from, seq));
                MarkResult::Stop
            }
            _ => MarkResult::Invalid,
        })?;
        let (mut state, last_seq, read) =
            self.replay_events(base, u64::try_from(last).unwrap_or(0))?;
        state.request_prefix = prefix;
        state.turn_open = self.last_live_seq("user")? > self.last_live_seq("turn")?;
        let mut fell_short = false;
        self.visit_marks("turn", |_, event| match event {
            LogEvent::TurnEnd(turn) => {
                fell_short = turn.ended_without_reply();
                MarkResult::Stop
            }
            _ => MarkResult::Continue,
        })?;
        state.ended_without_reply = fell_short;
        Ok(LogReplay {
            state,
            last_seq,
            damage: std::mem::take(&mut self.damage),
            events_read: read,
        })
    }

    fn collect_retractions(&mut self) -> rusqlite::Result<()> {
        self.visit_marks("undone", |_, event| match event {
            LogEvent::Retracted { first_seq: from, last_seq: to, .. } => {
                MarkResult::Retract(from..=to)
            }
            _ => MarkResult::Continue,
        })
    }

    /// Visits the events of one kind that are not retracted, from the last to the first.
    fn visit_marks(
        &mut self,
        kind: &str,
        mut visit_event: impl FnMut(u64, LogEvent) -> MarkResult,
    ) -> rusqlite::Result<()> {
        let connection = self.connection;
        let mut select = connection.prepare(&format!(
            "SELECT {EVENT_COLUMNS} FROM event WHERE session = ?1 AND kind = ?2 AND {MARK_FILTER}
             ORDER BY seq DESC"
        ))?;
        let mut rows = select.query(params![self.session, kind])?;
        while let Some(row) = rows.next()? {
            let Some(stored) = StoredEvent::from_row(row)? else { continue };
            // A retraction is never retracted itself.
            if kind != "undone" && self.retracted.contains_seq(stored.seq) {
                continue;
            }
            // Damage is reported when the replay reaches the event.
            let event = stored.is_intact.then(|| decode_event(stored.kind, stored.json));
            if let Some(Ok(Some(event))) = event {
                match visit_event(stored.seq, event) {
                    MarkResult::Stop => break,
                    MarkResult::Retract(range) => self.retracted.0.push(range),
                    MarkResult::Invalid | MarkResult::Continue => {}
                }
            }
        }
        Ok(())
    }

    /// The number of the last event of a kind that is not retracted; 0 when there is none.
    fn last_live_seq(&self, kind: &str) -> rusqlite::Result<u64> {
        let connection = self.connection;
        let mut select = connection.prepare(&format!(
            "SELECT seq FROM event WHERE session = ?1 AND kind = ?2 AND {MARK_FILTER} ORDER BY seq DESC"
        ))?;
        let mut rows = select.query(params![self.session, kind])?;
        while let Some(row) = rows.next()? {
            let seq = row.get::<_, i64>(0)?.unsigned_abs();
            if !self.retracted.contains_seq(seq) {
                return Ok(seq);
            }
        }
        Ok(0)
    }

    /// Replays the events from the first kept step of the last compaction on, or from the start.
    fn replay_events(
        &mut self,
        base: Option<(u64, u64)>,
        last: u64,
    ) -> rusqlite::Result<(SessionState, u64, usize)> {
        let (first, compaction) = base.unwrap_or((1, 0));
        let mut state =
            base.map_or_else(SessionState::default, |_| SessionState::from_kept_steps());
        let (mut next, mut read) = (first, 0);
        let connection = self.connection;
        let mut select = connection.prepare(&format!(
            "SELECT {EVENT_COLUMNS} FROM event WHERE session = ?1 AND seq >= ?2 ORDER BY seq"
        ))?;
        let from = i64::try_from(first).unwrap_or(i64::MAX);
        let mut rows = select.query([self.session, from])?;
        while let Some(row) = rows.next()? {
            read += 1;
            let seq = row.get::<_, i64>(0)?.unsigned_abs();
            let stored = StoredEvent::from_row(row)?.filter(|stored| stored.is_intact);
            if stored.is_none() && seq > last {
                // A damaged event's number may be wrong too.
                self.add_damage(DamageReport {
                    first_seq: seq,
                    last_seq: seq,
                    kind: DamageKind::Checksum,
                });
                continue;
            }
            self.report_missing(next, seq);
            next = seq + 1;
            if self.retracted.contains_seq(seq) {
                continue;
            }
            let problem = match stored {
                Some(stored) => match decode_event(stored.kind, stored.json) {
                    Ok(None | Some(LogEvent::Retracted { .. } | LogEvent::RequestPrefix(_))) => {
                        continue;
                    }
                    Ok(Some(LogEvent::Compacted { summary, .. })) if seq == compaction => {
                        state.finish_compaction(seq, summary);
                        continue;
                    }
                    Ok(Some(LogEvent::Compacted { .. })) if seq < compaction => continue,
                    Ok(Some(event)) => match state.apply_event(seq, event) {
                        Ok(()) => continue,
                        Err(_) => DamageKind::OutOfOrder,
                    },
                    Err(part) => DamageKind::InvalidField(part),
                },
                None => DamageKind::Checksum,
            };
            self.add_damage(DamageReport { first_seq: seq, last_seq: seq, kind: problem });
        }
        self.report_missing(next, last + 1);
        Ok((state, last.max(next - 1), read))
    }

    /// Reports the events from `next` up to `seq` as missing, unless they were retracted.
    fn report_missing(&mut self, mut next: u64, seq: u64) {
        while next < seq {
            if let Some(void) = self.retracted.0.iter().find(|void| void.contains(&next)) {
                next = void.end().saturating_add(1);
                continue;
            }
            let range_starts = self.retracted.0.iter().map(|void| *void.start());
            let end = range_starts.filter(|start| *start > next).min().unwrap_or(seq).min(seq);
            self.add_damage(DamageReport {
                first_seq: next,
                last_seq: end - 1,
                kind: DamageKind::Missing,
            });
            next = end;
        }
    }

    /// Adds a report, merged into the last one when it continues that.
    fn add_damage(&mut self, note: DamageReport) {
        match self.damage.last_mut() {
            Some(last) if last.kind == note.kind && last.last_seq + 1 == note.first_seq => {
                last.last_seq = note.last_seq;
            }
            _ => self.damage.push(note),
        }
    }
}

/// What to do after an event of interest was read.
enum MarkResult {
    /// Stop; no other event is needed.
    Stop,
    /// Retract this range.
    Retract(RangeInclusive<u64>),
    /// The event is damaged.
    Invalid,
    Continue,
}

impl<'a> StoredEvent<'a> {
    /// Reads a row; `None` when a column has a type that the store never writes.
    pub(crate) fn from_row(row: &'a Row<'_>) -> rusqlite::Result<Option<Self>> {
        let (seq, at, crc) = (row.get::<_, i64>(0)?, row.get::<_, i64>(2)?, row.get::<_, i64>(3)?);
        let (kind, json) = (text_value(row.get_ref(1)?), text_value(row.get_ref(4)?));
        let (Some((kind, json)), Ok(seq)) = (kind.zip(json), u64::try_from(seq)) else {
            return Ok(None);
        };
        let intact = i64::from(event_checksum(seq, at, kind, json)) == crc;
        Ok(Some(Self { seq, kind, json, is_intact: intact }))
    }
}

fn text_value(value: ValueRef<'_>) -> Option<&str> {
    match value {
        ValueRef::Text(bytes) => std::str::from_utf8(bytes).ok(),
        _ => None,
    }
}
