//! A session whose lease is held: its journal, and the history replayed from it.

mod live_marks;

use std::ops::RangeInclusive;
use std::sync::Arc;

use async_trait::async_trait;
use openclaw_core::{History, Journal, JournalEntry, JournalError};
use rusqlite::Connection;
use tokio::sync::Mutex;

use crate::error::{SessionName, StoreFault};
use crate::event::{LogEvent, RequestPrefix, RetractionReason, TurnRecord};
use crate::event_batch::EventBatch;
use crate::lease::SessionLease;
use crate::log::{self, DamageReport};
use crate::session_state::{InterruptedCall, SessionState};
use crate::store::StoreInner;
use crate::thread::run_on_thread;
use crate::{SessionId, SessionKey, StoreError, files};

use self::live_marks::LiveMarks;

/// The outcome of a turn that never ended.
const INTERRUPTED_OUTCOME: &str = "interrupted";

/// A session that nobody else can use until this and its clones are dropped. It is the [`Journal`]
/// of its turns: an entry is durable when `append_entry` returns.
///
/// Cancelling any call leaves the session consistent with the log, with or without the entry.
#[derive(Debug, Clone)]
pub struct Session(Arc<SessionInner>);

#[derive(Debug)]
struct SessionInner {
    // A pending write holds a reference to all of this, so that the lease is released after it.
    cached: Arc<Mutex<CachedState>>,
    row_id: i64,
    key: SessionKey,
    name: SessionName,
    _lease: SessionLease,
    store: Arc<StoreInner>,
}

/// The replayed state of the log, cached.
#[derive(Debug)]
struct CachedState {
    state: SessionState,
    last_seq: u64,
}

/// A session as it was loaded.
#[derive(Debug)]
pub struct LoadedSession {
    /// The session.
    pub session: Session,
    /// The conversation so far; legal even if the log is damaged.
    pub history: History,
    /// Calls that the last process left open; the history has them as interrupted.
    pub interrupted_calls: Vec<InterruptedCall>,
    /// Whether the last turn did not end and can be resumed with the history as it is.
    pub has_interrupted_turn: bool,
    /// Whether the last turn ended without an answer of the model and can be resumed too.
    pub has_unanswered_turn: bool,
    /// Damaged events that were left out.
    pub damage: Vec<DamageReport>,
    /// A copy of the whole file, made before anything was left out.
    pub backup: Option<std::path::PathBuf>,
    /// What requests of this session begin with; `None` until it is recorded.
    pub request_prefix: Option<Arc<RequestPrefix>>,
    /// How many events were read; fewer than the log has when the conversation was compacted.
    pub events_read: usize,
}

impl Session {
    /// Loads a session whose lease is held, and answers the calls that its last process left open.
    ///
    /// # Errors
    /// When the session cannot be read or written. The error does not name the session.
    pub(crate) fn load(
        store: Arc<StoreInner>,
        row_id: i64,
        id: SessionId,
        key: SessionKey,
        lease: SessionLease,
    ) -> Result<LoadedSession, StoreError> {
        let name = SessionName { id, key: Some(key.clone()) };
        let found = store.readers.read(|connection| log::read(connection, row_id, None))?;
        let log::LogReplay { mut state, last_seq, damage, events_read } = found;
        let mut events: Vec<LogEvent> = Vec::new();
        let backup = if damage.is_empty() { None } else { Some(store.back_up_database()?) };
        for DamageReport { first_seq, last_seq, .. } in &damage {
            events.push(LogEvent::Retracted {
                first_seq: *first_seq,
                last_seq: *last_seq,
                reason: RetractionReason::Damage,
            });
        }
        let (interrupted_calls, answers) = state.interrupted_calls();
        events.extend(answers);
        let batch = EventBatch::new(&events, last_seq, files::unix_millis())
            .with_turn_open(state.turn_open);
        for (seq, event) in (last_seq + 1..).zip(events) {
            // Results of open calls always apply.
            let _ = state.apply_event(seq, event);
        }
        let new_last = batch.last_seq().unwrap_or(last_seq);
        if !batch.is_empty() {
            store.writer.write(move |connection| batch.write(connection, row_id, last_seq))?;
        }
        let (history, request_prefix) = (state.history().clone(), state.request_prefix.clone());
        let (has_interrupted_turn, has_unanswered_turn) =
            (state.has_interrupted_turn(), state.has_unanswered_turn());
        let cached = Arc::new(Mutex::new(CachedState { state, last_seq: new_last }));
        let session =
            Self(Arc::new(SessionInner { cached, row_id, key, name, _lease: lease, store }));
        Ok(LoadedSession {
            session,
            history,
            interrupted_calls,
            has_interrupted_turn,
            has_unanswered_turn,
            damage,
            backup,
            request_prefix,
            events_read,
        })
    }

    /// The session's id.
    #[must_use]
    pub fn id(&self) -> &SessionId {
        &self.0.name.id
    }

    /// The key that the session was created with.
    #[must_use]
    pub fn key(&self) -> &SessionKey {
        &self.0.key
    }

    /// The conversation, as replayed from the log.
    pub async fn history(&self) -> History {
        self.0.cached.lock().await.state.history().clone()
    }

    /// The present value of [`LoadedSession::has_interrupted_turn`].
    pub async fn has_interrupted_turn(&self) -> bool {
        self.0.cached.lock().await.state.has_interrupted_turn()
    }

    /// The present value of [`LoadedSession::has_unanswered_turn`].
    pub async fn has_unanswered_turn(&self) -> bool {
        self.0.cached.lock().await.state.has_unanswered_turn()
    }

    /// What requests of this session begin with; `None` until it is recorded.
    pub async fn request_prefix(&self) -> Option<Arc<RequestPrefix>> {
        self.0.cached.lock().await.state.request_prefix.clone()
    }

    /// Records what requests begin with from now on, unless the same is recorded already.
    ///
    /// # Errors
    /// When it could not be made durable.
    pub async fn set_request_prefix(&self, prefix: &RequestPrefix) -> Result<(), StoreError> {
        self.write_events(|cached| match &cached.state.request_prefix {
            Some(before) if **before == *prefix => Ok(Vec::new()),
            _ => Ok(vec![LogEvent::RequestPrefix(prefix.clone())]),
        })
        .await
    }

    /// Records an unfinished turn as interrupted; returns the history for the next turn.
    ///
    /// # Errors
    /// When the disk is nearly full, which changes nothing, or when the write fails.
    pub async fn begin_turn(&self) -> Result<History, StoreError> {
        self.check_free_space().await?;
        self.write_events(|cached| {
            let (_, mut events) = cached.state.interrupted_calls();
            if cached.state.turn_open {
                let outcome = INTERRUPTED_OUTCOME.to_owned();
                events.push(LogEvent::TurnEnd(TurnRecord { outcome, ..TurnRecord::default() }));
            }
            Ok(events)
        })
        .await?;
        Ok(self.history().await)
    }

    /// Answers open calls as interrupted and returns the history to resume; `None` if answered.
    ///
    /// # Errors
    /// As for [`begin_turn`](Self::begin_turn).
    pub async fn resume_turn(&self) -> Result<Option<History>, StoreError> {
        if !(self.has_interrupted_turn().await || self.has_unanswered_turn().await) {
            return Ok(None);
        }
        self.check_free_space().await?;
        self.write_events(|cached| Ok(cached.state.interrupted_calls().1)).await?;
        Ok(Some(self.history().await))
    }

    /// Records how a turn ended. Open calls get the results that `history` has for them.
    ///
    /// # Errors
    /// When it could not be made durable.
    pub async fn end_turn(&self, history: &History, turn: &TurnRecord) -> Result<(), StoreError> {
        self.write_events(|cached| {
            let (_, answers) = cached.state.interrupted_calls();
            let answers = answers.into_iter().map(|answer| match answer {
                LogEvent::CallResult(id, output) => {
                    let output = cached.state.result_from_history(history, &id).unwrap_or(output);
                    LogEvent::CallResult(id, output)
                }
                other => other,
            });
            Ok(answers.chain([LogEvent::TurnEnd(turn.clone())]).collect())
        })
        .await
    }

    /// Retracts the last turn and returns the history before it; `None` without a turn. The events
    /// stay in the log, and the effects of its tools are not undone.
    ///
    /// # Errors
    /// When the log cannot be read or written.
    pub async fn undo_turn(&self) -> Result<Option<History>, StoreError> {
        self.retract_range(RetractionReason::Turn, LiveMarks::last_turn_range).await
    }

    /// Retracts the last compaction and returns the history before it; `None` without one.
    ///
    /// # Errors
    /// When the log cannot be read or written.
    pub async fn undo_compaction(&self) -> Result<Option<History>, StoreError> {
        self.retract_range(RetractionReason::Compaction, LiveMarks::last_compaction_range).await
    }

    async fn retract_range(
        &self,
        reason: RetractionReason,
        find_range: fn(&LiveMarks, u64) -> Option<RangeInclusive<u64>>,
    ) -> Result<Option<History>, StoreError> {
        let SessionInner { cached, row_id, name, store, .. } = &*self.0;
        let row_id = *row_id;
        let mut cached = Arc::clone(cached).lock_owned().await;
        let last_seq = cached.last_seq;
        let readers = Arc::clone(store);
        let retracted_log = run_on_thread(move || {
            let live = readers.readers.read(|connection| LiveMarks::read(connection, row_id))?;
            let Some(range) = find_range(&live, last_seq) else { return Ok(None) };
            let log = readers
                .readers
                .read(|connection| log::read(connection, row_id, Some(range.clone())))?;
            Ok(Some((range, log)))
        })
        .await
        .map_err(|error| error.with_session(name))?;
        let Some((range, log)) = retracted_log else { return Ok(None) };
        let mut retractions =
            vec![LogEvent::Retracted { first_seq: *range.start(), last_seq: *range.end(), reason }];
        let history = log.state.history().clone();
        // Later events may not apply any more; those are retracted too.
        let unfit = log.damage.iter();
        retractions.extend(unfit.map(|note| LogEvent::Retracted {
            first_seq: note.first_seq,
            last_seq: note.last_seq,
            reason,
        }));
        let batch = EventBatch::new(&retractions, last_seq, files::unix_millis());
        let batch = batch.with_turn_open(log.state.turn_open);
        let last_seq_now = batch.last_seq().unwrap_or(last_seq);
        store
            .writer
            .write_and_apply(
                move |connection| batch.write(connection, row_id, last_seq),
                move |()| *cached = CachedState { state: log.state, last_seq: last_seq_now },
            )
            .await
            .map_err(|error| error.with_session(name))?;
        Ok(Some(history))
    }

    async fn check_free_space(&self) -> Result<(), StoreError> {
        let store = Arc::clone(&self.0.store);
        run_on_thread(move || files::check_free_space(&store.path)).await
    }

    /// Writes events, then updates the cached state even if the caller was cancelled.
    async fn write_events(
        &self,
        build_events: impl FnOnce(&CachedState) -> Result<Vec<LogEvent>, StoreError>,
    ) -> Result<(), StoreError> {
        self.try_write_events(build_events).await.map_err(|error| error.with_session(&self.0.name))
    }

    /// Writes events like [`write_events`](Self::write_events); its errors do not name the session.
    ///
    /// The events are checked before the write and applied after it, so that neither needs a copy
    /// of the state, and an entry costs the same in a session of any length.
    async fn try_write_events(
        &self,
        build_events: impl FnOnce(&CachedState) -> Result<Vec<LogEvent>, StoreError>,
    ) -> Result<(), StoreError> {
        let SessionInner { cached, row_id, store, .. } = &*self.0;
        let row_id = *row_id;
        let mut cached = Arc::clone(cached).lock_owned().await;
        let last_seq = cached.last_seq;
        let prepared = build_events(&cached)?.into_iter().map(|event| {
            let unfit = |_| StoreError::new(StoreFault::OutOfOrder);
            cached.state.prepare_event(event).map_err(unfit)
        });
        let events: Vec<LogEvent> = prepared.collect::<Result<_, _>>()?;
        if events.is_empty() {
            return Ok(());
        }
        let batch = EventBatch::new(&events, last_seq, files::unix_millis());
        // Keeps the lease until the write is done.
        let session = Arc::clone(&self.0);
        let write = move |connection: &Connection| batch.write(connection, row_id, last_seq);
        store
            .writer
            .write_and_apply(write, move |()| {
                for event in events {
                    cached.last_seq += 1;
                    let seq = cached.last_seq;
                    let applied = cached.state.apply_event(seq, event);
                    debug_assert_eq!(applied, Ok(()), "the event was checked before the write");
                }
                drop(cached);
                session
            })
            .await?;
        Ok(())
    }

    async fn record_entry(&self, entry: JournalEntry<'_>) -> Result<(), StoreError> {
        self.write_events(|cached| {
            let unfit = |_| StoreError::new(StoreFault::OutOfOrder);
            // Entries name calls by their ids in the history.
            let logged_id = |id| cached.state.find_logged_id(id).map_err(unfit);
            let event = match entry {
                JournalEntry::UserMessage(text) => LogEvent::UserMessage(text.to_owned()),
                JournalEntry::AssistantMessage(message) => {
                    LogEvent::AssistantMessage(message.clone())
                }
                JournalEntry::CallIntent(call) => LogEvent::CallIntent(logged_id(&call.id)?),
                JournalEntry::CallDispatched(id) => LogEvent::CallDispatched(logged_id(id)?),
                JournalEntry::CallResult(id, output) => {
                    LogEvent::CallResult(logged_id(id)?, output.clone())
                }
                JournalEntry::Compacted { kept_steps: keep, summary } => {
                    let own_seq = cached.last_seq + 1;
                    let kept_seq = if keep == 0 { None } else { cached.state.first_kept_seq(keep) };
                    let from = kept_seq.unwrap_or(own_seq);
                    LogEvent::Compacted {
                        first_kept_seq: from,
                        kept_steps: keep,
                        summary: summary.clone(),
                    }
                }
                _ => return Ok(Vec::new()),
            };
            let mut events = match event {
                // Answers open calls like the history does, but knows which were started.
                LogEvent::UserMessage(_) | LogEvent::AssistantMessage(_) => {
                    cached.state.interrupted_calls().1
                }
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
    async fn append_entry(&self, entry: JournalEntry<'_>) -> Result<(), JournalError> {
        let owner = || self.0.name.to_string();
        self.record_entry(entry).await.map_err(|error| JournalError::new(owner(), error))
    }
}
