//! Reading a session's log: only what counts, and leaving out what cannot be right.

use std::fmt;
use std::ops::RangeInclusive;
use std::sync::Arc;

use rusqlite::types::ValueRef;
use rusqlite::{Connection, Row, params};

use crate::StoreError;
use crate::event::{Event, checksum, decode};
use crate::fold::Fold;
use crate::schema::MARKS;

/// Events that were left out of a session, because they cannot be right. The log keeps them.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Note {
    /// The first of them, by its number in the log.
    pub from: u64,
    /// The last of them.
    pub to: u64,
    /// What is wrong with them.
    pub problem: Problem,
}

/// What is wrong with an event.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Problem {
    /// Its checksum is another: it was changed.
    Checksum,
    /// This part of it is not as events of its kind have it.
    Form(&'static str),
    /// It is not there.
    Missing,
    /// It fits nothing that was before it, e.g. the result of a call that was not made.
    OutOfOrder,
}

impl fmt::Display for Note {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { from, to, problem } = self;
        if from == to {
            write!(f, "event {from} of the session's log was left out: ")?;
        } else {
            write!(f, "events {from} to {to} of the session's log were left out: ")?;
        }
        match problem {
            Problem::Checksum => f.write_str("the checksum is wrong"),
            Problem::Form(part) => write!(f, "{part} is not valid there"),
            Problem::Missing => f.write_str("missing"),
            Problem::OutOfOrder => f.write_str("out of order"),
        }
    }
}

/// What a log amounts to.
#[derive(Debug)]
pub(crate) struct Log {
    pub(crate) fold: Fold,
    pub(crate) last_seq: u64,
    pub(crate) notes: Vec<Note>,
    /// How many events were read.
    pub(crate) read: usize,
}

/// Events that count no more.
#[derive(Debug, Default)]
pub(crate) struct Voids(Vec<RangeInclusive<u64>>);

impl Voids {
    pub(crate) fn has(&self, seq: u64) -> bool {
        self.0.iter().any(|range| range.contains(&seq))
    }
}

/// A row of the event table.
pub(crate) struct Stored<'a> {
    pub(crate) seq: u64,
    pub(crate) kind: &'a str,
    pub(crate) json: &'a str,
    /// Whether its checksum is right.
    pub(crate) intact: bool,
}

/// What [`Stored::of`] reads.
pub(crate) const COLUMNS: &str = "seq, kind, at, crc, json";

/// Reads a session's log, as if `undone` were recorded already.
pub(crate) fn read(
    connection: &Connection,
    session: i64,
    undone: Option<RangeInclusive<u64>>,
) -> Result<Log, StoreError> {
    let fail = StoreError::sql("read the session");
    let transaction = connection.unchecked_transaction().map_err(fail)?;
    let mut reading = Reading {
        connection: &transaction,
        session,
        voids: Voids(undone.into_iter().collect()),
        notes: Vec::new(),
    };
    let log = reading.log().map_err(fail)?;
    Ok(log)
}

/// The events of a session that count no more.
pub(crate) fn voids(connection: &Connection, session: i64) -> Result<Voids, StoreError> {
    let (voids, notes) = (Voids::default(), Vec::new());
    let mut reading = Reading { connection, session, voids, notes };
    reading.undone().map_err(StoreError::sql("read the session"))?;
    Ok(reading.voids)
}

struct Reading<'a> {
    connection: &'a Connection,
    session: i64,
    voids: Voids,
    notes: Vec<Note>,
}

impl Reading<'_> {
    fn log(&mut self) -> rusqlite::Result<Log> {
        let last: i64 = self.connection.query_row(
            "SELECT last_seq FROM session WHERE n = ?1",
            [self.session],
            |row| row.get(0),
        )?;
        self.undone()?;
        let mut prefix = None;
        self.marked("prefix", |_, event| match event {
            Event::Prefix(it) => {
                prefix = Some(Arc::new(it));
                Found::Last
            }
            _ => Found::Nothing,
        })?;
        let mut base = None;
        self.marked("compacted", |seq, event| match event {
            Event::Compacted { from, .. } if (1..=seq).contains(&from) => {
                base = Some((from, seq));
                Found::Last
            }
            _ => Found::Wrong,
        })?;
        let (mut fold, last_seq, read) = self.fold(base, u64::try_from(last).unwrap_or(0))?;
        fold.prefix = prefix;
        fold.turn_open = self.last_live("user")? > self.last_live("turn")?;
        let mut fell_short = false;
        self.marked("turn", |_, event| match event {
            Event::Turn(turn) => {
                fell_short = turn.fell_short();
                Found::Last
            }
            _ => Found::Nothing,
        })?;
        fold.fell_short = fell_short;
        Ok(Log { fold, last_seq, notes: std::mem::take(&mut self.notes), read })
    }

    fn undone(&mut self) -> rusqlite::Result<()> {
        self.marked("undone", |_, event| match event {
            Event::Undone { from, to, .. } => Found::Void(from..=to),
            _ => Found::Nothing,
        })
    }

    /// Looks at the live events of one kind, the last first.
    fn marked(
        &mut self,
        kind: &str,
        mut look: impl FnMut(u64, Event) -> Found,
    ) -> rusqlite::Result<()> {
        let connection = self.connection;
        let mut select = connection.prepare(&format!(
            "SELECT {COLUMNS} FROM event WHERE session = ?1 AND kind = ?2 AND {MARKS}
             ORDER BY seq DESC"
        ))?;
        let mut rows = select.query(params![self.session, kind])?;
        while let Some(row) = rows.next()? {
            let Some(stored) = Stored::of(row)? else { continue };
            // What undoes something was never undone itself.
            if kind != "undone" && self.voids.has(stored.seq) {
                continue;
            }
            // Anything wrong is told when it is met again in its place.
            let event = stored.intact.then(|| decode(stored.kind, stored.json));
            if let Some(Ok(Some(event))) = event {
                match look(stored.seq, event) {
                    Found::Last => break,
                    Found::Void(range) => self.voids.0.push(range),
                    Found::Wrong | Found::Nothing => {}
                }
            }
        }
        Ok(())
    }

    /// The last live event of a kind; 0 when there is none.
    fn last_live(&self, kind: &str) -> rusqlite::Result<u64> {
        let connection = self.connection;
        let mut select = connection.prepare(&format!(
            "SELECT seq FROM event WHERE session = ?1 AND kind = ?2 AND {MARKS} ORDER BY seq DESC"
        ))?;
        let mut rows = select.query(params![self.session, kind])?;
        while let Some(row) = rows.next()? {
            let seq = row.get::<_, i64>(0)?.unsigned_abs();
            if !self.voids.has(seq) {
                return Ok(seq);
            }
        }
        Ok(0)
    }

    /// Folds the events from the first that counts on: that of the steps which the last compaction
    /// kept.
    fn fold(
        &mut self,
        base: Option<(u64, u64)>,
        last: u64,
    ) -> rusqlite::Result<(Fold, u64, usize)> {
        let (first, compaction) = base.unwrap_or((1, 0));
        let mut fold = base.map_or_else(Fold::default, |_| Fold::on_kept_steps());
        let (mut next, mut read) = (first, 0);
        let connection = self.connection;
        let mut select = connection.prepare(&format!(
            "SELECT {COLUMNS} FROM event WHERE session = ?1 AND seq >= ?2 ORDER BY seq"
        ))?;
        let from = i64::try_from(first).unwrap_or(i64::MAX);
        let mut rows = select.query([self.session, from])?;
        while let Some(row) = rows.next()? {
            read += 1;
            let seq = row.get::<_, i64>(0)?.unsigned_abs();
            let stored = Stored::of(row)?.filter(|stored| stored.intact);
            if stored.is_none() && seq > last {
                // Its number is as doubtful as the rest of it.
                self.note(Note { from: seq, to: seq, problem: Problem::Checksum });
                continue;
            }
            self.missing(next, seq);
            next = seq + 1;
            if self.voids.has(seq) {
                continue;
            }
            let problem = match stored {
                Some(stored) => match decode(stored.kind, stored.json) {
                    Ok(None | Some(Event::Undone { .. } | Event::Prefix(_))) => continue,
                    Ok(Some(Event::Compacted { summary, .. })) if seq == compaction => {
                        fold.compacted(seq, summary);
                        continue;
                    }
                    Ok(Some(Event::Compacted { .. })) if seq < compaction => continue,
                    Ok(Some(event)) => match fold.apply(seq, event) {
                        Ok(()) => continue,
                        Err(_) => Problem::OutOfOrder,
                    },
                    Err(part) => Problem::Form(part),
                },
                None => Problem::Checksum,
            };
            self.note(Note { from: seq, to: seq, problem });
        }
        self.missing(next, last + 1);
        Ok((fold, last.max(next - 1), read))
    }

    /// Notes the events from `next` on that should be there before `seq`.
    fn missing(&mut self, mut next: u64, seq: u64) {
        while next < seq {
            if let Some(void) = self.voids.0.iter().find(|void| void.contains(&next)) {
                next = void.end().saturating_add(1);
                continue;
            }
            let voids = self.voids.0.iter().map(|void| *void.start());
            let end = voids.filter(|start| *start > next).min().unwrap_or(seq).min(seq);
            self.note(Note { from: next, to: end - 1, problem: Problem::Missing });
            next = end;
        }
    }

    /// Adds a note, to the one before where it goes on with it.
    fn note(&mut self, note: Note) {
        match self.notes.last_mut() {
            Some(last) if last.problem == note.problem && last.to + 1 == note.from => {
                last.to = note.to;
            }
            _ => self.notes.push(note),
        }
    }
}

/// What an event that was looked for says.
enum Found {
    /// No other needs to be looked at.
    Last,
    /// These count no more.
    Void(RangeInclusive<u64>),
    /// It cannot be right.
    Wrong,
    Nothing,
}

impl<'a> Stored<'a> {
    /// The row; `None` when it has values that no row of ours has.
    pub(crate) fn of(row: &'a Row<'_>) -> rusqlite::Result<Option<Self>> {
        let (seq, at, crc) = (row.get::<_, i64>(0)?, row.get::<_, i64>(2)?, row.get::<_, i64>(3)?);
        let (kind, json) = (text(row.get_ref(1)?), text(row.get_ref(4)?));
        let (Some((kind, json)), Ok(seq)) = (kind.zip(json), u64::try_from(seq)) else {
            return Ok(None);
        };
        let intact = i64::from(checksum(seq, at, kind, json)) == crc;
        Ok(Some(Self { seq, kind, json, intact }))
    }
}

fn text(value: ValueRef<'_>) -> Option<&str> {
    match value {
        ValueRef::Text(bytes) => std::str::from_utf8(bytes).ok(),
        _ => None,
    }
}
