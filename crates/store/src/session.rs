//! A session that is held: its journal, and the history that the journal amounts to.

use std::ops::RangeInclusive;
use std::sync::Arc;

use async_trait::async_trait;
use openclaw_core::{History, Journal, JournalEntry, JournalError};
use rusqlite::{Connection, params};
use tokio::sync::Mutex;

use crate::append::Batch;
use crate::error::Fault;
use crate::event::{Event, Prefix, TurnRecord, Why};
use crate::fold::{Fold, Unfinished};
use crate::lease::Lease;
use crate::log::{self, Note};
use crate::schema::MARKS;
use crate::store::Inner;
use crate::{SessionId, SessionKey, StoreError, files};

/// The outcome of a turn that never ended.
const INTERRUPTED: &str = "interrupted";

/// A session that nobody else can use until this and its clones are dropped. It is the
/// [`Journal`] of its turns: an entry is on the disk when `append` returns.
///
/// Cancelling any call leaves the session as the log has it, with the entry or without.
#[derive(Debug, Clone)]
pub struct Session(Arc<Held>);

#[derive(Debug)]
struct Held {
    // What is being written holds all of this, so that the lock is given back after it.
    mirror: Arc<Mutex<Mirror>>,
    n: i64,
    id: SessionId,
    key: SessionKey,
    _lease: Lease,
    store: Arc<Inner>,
}

/// What the log amounts to, kept beside it.
#[derive(Debug)]
struct Mirror {
    fold: Fold,
    last_seq: u64,
}

/// A session as it was found.
#[derive(Debug)]
pub struct Loaded {
    /// The session.
    pub session: Session,
    /// The conversation so far; legal whatever the log is like.
    pub history: History,
    /// The calls that were open when the last process ended. They are answered in the history, so
    /// that the model knows; the user is to be told too.
    pub unfinished: Vec<Unfinished>,
    /// Whether the last turn did not end and the model has yet to answer: it can be taken up
    /// again with the history as it is.
    pub unfinished_turn: bool,
    /// Whether the last turn ended as failed, timed out or cancelled and the model has yet to
    /// answer: it can be taken up again like one that did not end.
    pub unanswered_turn: bool,
    /// What was left out of the log because it cannot be right.
    pub notes: Vec<Note>,
    /// A copy of the whole file, made before anything was left out.
    pub backup: Option<std::path::PathBuf>,
    /// What requests of this session begin with; `None` until it is recorded.
    pub prefix: Option<Arc<Prefix>>,
    /// How many events were read, which is not all of them when the conversation was compacted.
    pub events_read: usize,
}

impl Session {
    /// Reads a session that is held, and answers what its last process left open.
    pub(crate) fn load(
        store: Arc<Inner>,
        (n, id, key): (i64, SessionId, SessionKey),
        lease: Lease,
    ) -> Result<Loaded, StoreError> {
        let found = store.readers.read(|connection| log::read(connection, n, None))?;
        let log::Log { mut fold, last_seq, notes, read } = found;
        let mut events: Vec<Event> = Vec::new();
        let backup = if notes.is_empty() { None } else { Some(store.back_up()?) };
        for Note { from, to, .. } in &notes {
            events.push(Event::Undone { from: *from, to: *to, why: Why::Damage });
        }
        let (unfinished, answers) = fold.interrupted();
        events.extend(answers);
        let batch = Batch::new(&events, last_seq, files::now()).with_turn_open(fold.turn_open);
        for (seq, event) in (last_seq + 1..).zip(events) {
            // Answers to open calls fit.
            let _ = fold.apply(seq, event);
        }
        let new_last = batch.last_seq().unwrap_or(last_seq);
        if !batch.is_empty() {
            store.writer.write(move |connection| batch.write(connection, n, last_seq))?;
        }
        let (history, prefix) = (fold.history().clone(), fold.prefix.clone());
        let (unfinished_turn, unanswered_turn) = (fold.is_unfinished(), fold.is_unanswered());
        let mirror = Arc::new(Mutex::new(Mirror { fold, last_seq: new_last }));
        let session = Self(Arc::new(Held { mirror, n, id, key, _lease: lease, store }));
        let events_read = read;
        Ok(Loaded {
            session,
            history,
            unfinished,
            unfinished_turn,
            unanswered_turn,
            notes,
            backup,
            prefix,
            events_read,
        })
    }

    /// The session's id.
    #[must_use]
    pub fn id(&self) -> &SessionId {
        &self.0.id
    }

    /// The key that led to the session when it was made.
    #[must_use]
    pub fn key(&self) -> &SessionKey {
        &self.0.key
    }

    /// The conversation as the log has it.
    pub async fn history(&self) -> History {
        self.0.mirror.lock().await.fold.history().clone()
    }

    /// As [`Loaded::unfinished_turn`], now.
    pub async fn unfinished_turn(&self) -> bool {
        self.0.mirror.lock().await.fold.is_unfinished()
    }

    /// As [`Loaded::unanswered_turn`], now.
    pub async fn unanswered_turn(&self) -> bool {
        self.0.mirror.lock().await.fold.is_unanswered()
    }

    /// What requests of this session begin with; `None` until it is recorded.
    pub async fn prefix(&self) -> Option<Arc<Prefix>> {
        self.0.mirror.lock().await.fold.prefix.clone()
    }

    /// Records what requests begin with from now on; nothing when that is recorded already.
    ///
    /// # Errors
    /// When it is not durable.
    pub async fn set_prefix(&self, prefix: &Prefix) -> Result<(), StoreError> {
        self.write(|mirror| match &mirror.fold.prefix {
            Some(before) if **before == *prefix => Ok(Vec::new()),
            _ => Ok(vec![Event::Prefix(prefix.clone())]),
        })
        .await
    }

    /// Prepares a new turn and returns the history to run it on. A turn before it that did not
    /// end is ended as interrupted.
    ///
    /// # Errors
    /// When the disk is nearly full; nothing is changed then. When it cannot be written.
    pub async fn begin_turn(&self) -> Result<History, StoreError> {
        files::check_space(&self.0.store.path)?;
        self.write(|mirror| {
            let (_, mut events) = mirror.fold.interrupted();
            if mirror.fold.turn_open {
                let outcome = INTERRUPTED.to_owned();
                events.push(Event::Turn(TurnRecord { outcome, ..TurnRecord::default() }));
            }
            Ok(events)
        })
        .await?;
        Ok(self.history().await)
    }

    /// Prepares to take the last turn up again and returns the history to run it on, with open
    /// calls answered as interrupted; `None` when the model has answered.
    ///
    /// # Errors
    /// As for [`begin_turn`](Self::begin_turn).
    pub async fn resume_turn(&self) -> Result<Option<History>, StoreError> {
        if !(self.unfinished_turn().await || self.unanswered_turn().await) {
            return Ok(None);
        }
        files::check_space(&self.0.store.path)?;
        self.write(|mirror| Ok(mirror.fold.interrupted().1)).await?;
        Ok(Some(self.history().await))
    }

    /// Records how a turn ended. Calls that are open get the results that `history`, on which the
    /// turn was run, has for them, so that both stay the same.
    ///
    /// # Errors
    /// When it is not durable.
    pub async fn end_turn(&self, history: &History, turn: &TurnRecord) -> Result<(), StoreError> {
        self.write(|mirror| {
            let (_, answers) = mirror.fold.interrupted();
            let answers = answers.into_iter().map(|answer| match answer {
                Event::Result(id, output) => {
                    let output = mirror.fold.result_in(history, &id).unwrap_or(output);
                    Event::Result(id, output)
                }
                other => other,
            });
            Ok(answers.chain([Event::Turn(turn.clone())]).collect())
        })
        .await
    }

    /// Takes back the last turn, with all that was said since it began, and returns the history
    /// that is left; `None` when there is no turn. The log keeps it. What its tools did stays
    /// done.
    ///
    /// # Errors
    /// When the log cannot be read or written.
    pub async fn undo_turn(&self) -> Result<Option<History>, StoreError> {
        self.undo(Why::Turn, last_turn).await
    }

    /// Takes back the last compaction and returns the history with what it had replaced; `None`
    /// when there is none.
    ///
    /// # Errors
    /// When the log cannot be read or written.
    pub async fn undo_compaction(&self) -> Result<Option<History>, StoreError> {
        self.undo(Why::Compaction, last_compaction).await
    }

    async fn undo(
        &self,
        why: Why,
        find: fn(&Live, u64) -> Option<RangeInclusive<u64>>,
    ) -> Result<Option<History>, StoreError> {
        let Held { mirror, n, store, .. } = &*self.0;
        let n = *n;
        let mut mirror = Arc::clone(mirror).lock_owned().await;
        let last_seq = mirror.last_seq;
        let live = store.readers.read(|connection| Live::read(connection, n))?;
        let Some(range) = find(&live, last_seq) else { return Ok(None) };
        let mut undone = vec![Event::Undone { from: *range.start(), to: *range.end(), why }];
        let log = store.readers.read(|connection| log::read(connection, n, Some(range)))?;
        let history = log.fold.history().clone();
        // What was said since may fit nothing any more, and then counts no more either.
        let unfit = log.notes.iter();
        undone.extend(unfit.map(|note| Event::Undone { from: note.from, to: note.to, why }));
        let batch = Batch::new(&undone, last_seq, files::now());
        let batch = batch.with_turn_open(log.fold.turn_open);
        let last_seq_now = batch.last_seq().unwrap_or(last_seq);
        store
            .writer
            .write_and(
                move |connection| batch.write(connection, n, last_seq),
                move |()| *mirror = Mirror { fold: log.fold, last_seq: last_seq_now },
            )
            .await?;
        Ok(Some(history))
    }

    /// Writes the events that `make` says. The mirror follows when they are durable, even when
    /// nobody waits for that any more.
    async fn write(
        &self,
        make: impl FnOnce(&Mirror) -> Result<Vec<Event>, StoreError>,
    ) -> Result<(), StoreError> {
        let Held { mirror, n, store, .. } = &*self.0;
        let n = *n;
        let mut mirror = Arc::clone(mirror).lock_owned().await;
        let last_seq = mirror.last_seq;
        let mut events = make(&mirror)?;
        if events.is_empty() {
            return Ok(());
        }
        let mut fold = mirror.fold.clone();
        for (seq, event) in (last_seq + 1..).zip(&mut events) {
            let unfit = |_| StoreError::new(Fault::Unfit);
            if let Event::Assistant(message) = event {
                *message = fold.push_assistant(seq, message.clone()).map_err(unfit)?;
            } else {
                fold.apply(seq, event.clone()).map_err(unfit)?;
            }
        }
        let batch = Batch::new(&events, last_seq, files::now());
        let new_last = batch.last_seq().unwrap_or(last_seq);
        // Held by the lease as long as anything is written for it.
        let held = Arc::clone(&self.0);
        let write = move |connection: &Connection| batch.write(connection, n, last_seq);
        store
            .writer
            .write_and(write, move |()| {
                *mirror = Mirror { fold, last_seq: new_last };
                drop(mirror);
                held
            })
            .await?;
        Ok(())
    }

    async fn entry(&self, entry: JournalEntry<'_>) -> Result<(), StoreError> {
        self.write(|mirror| {
            let unfit = |_| StoreError::new(Fault::Unfit);
            // Entries name calls as the history does.
            let logged = |id| mirror.fold.logged(id).map_err(unfit);
            let event = match entry {
                JournalEntry::User(text) => Event::User(text.to_owned()),
                JournalEntry::Assistant(message) => Event::Assistant(message.clone()),
                JournalEntry::Intent(call) => Event::Intent(logged(&call.id)?),
                JournalEntry::Dispatched(id) => Event::Dispatched(logged(id)?),
                JournalEntry::Result(id, output) => Event::Result(logged(id)?, output.clone()),
                JournalEntry::Compacted { keep, summary } => {
                    let own = mirror.last_seq + 1;
                    let kept = if keep == 0 { None } else { mirror.fold.origin_of_last(keep) };
                    let from = kept.unwrap_or(own);
                    Event::Compacted { from, keep, summary: summary.clone() }
                }
                _ => return Ok(Vec::new()),
            };
            let mut events = match event {
                // What is open is answered now, as the history does, but knowing which was begun.
                Event::User(_) | Event::Assistant(_) => mirror.fold.interrupted().1,
                _ => Vec::new(),
            };
            events.push(event);
            Ok(events)
        })
        .await
    }
}

#[async_trait]
impl Journal for Session {
    async fn append(&self, entry: JournalEntry<'_>) -> Result<(), JournalError> {
        self.entry(entry).await.map_err(|error| JournalError(Box::new(error)))
    }
}

/// Where the marks of a session are that were not undone, in order.
#[derive(Debug, Default)]
struct Live {
    users: Vec<u64>,
    turns: Vec<u64>,
    compactions: Vec<u64>,
}

impl Live {
    fn read(connection: &Connection, session: i64) -> Result<Self, StoreError> {
        let fail = StoreError::sql("read the session");
        let voids = log::voids(connection, session)?;
        let mut live = Self::default();
        for (kind, list) in [
            ("user", &mut live.users),
            ("turn", &mut live.turns),
            ("compacted", &mut live.compactions),
        ] {
            let mut select = connection
                .prepare(&format!(
                    "SELECT seq FROM event WHERE session = ?1 AND kind = ?2 AND {MARKS}
                     ORDER BY seq"
                ))
                .map_err(fail)?;
            let seqs = select.query_map(params![session, kind], |row| row.get::<_, i64>(0));
            for seq in seqs.map_err(fail)? {
                let seq = seq.map_err(fail)?.unsigned_abs();
                if !voids.has(seq) {
                    list.push(seq);
                }
            }
        }
        Ok(live)
    }
}

/// The last turn: from what the user said first after the turn before it, to the end.
fn last_turn(live: &Live, last_seq: u64) -> Option<RangeInclusive<u64>> {
    let last_user = live.users.last()?;
    let before = live.turns.iter().rev().find(|turn| *turn < last_user).copied().unwrap_or(0);
    let first = live.users.iter().find(|user| **user > before)?;
    Some(*first..=last_seq)
}

fn last_compaction(live: &Live, _: u64) -> Option<RangeInclusive<u64>> {
    live.compactions.last().map(|seq| *seq..=*seq)
}
