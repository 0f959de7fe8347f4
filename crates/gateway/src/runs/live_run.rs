//! A run while it goes on.

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use openclaw_protocol::events::WireEvent;
use openclaw_protocol::gateway::{ChatEvent, ChatState};
use openclaw_runtime::RunRecord;
use tokio::sync::{broadcast, watch};

use crate::run_result::RunEnd;

/// The events of a run that wait for a slow listener of the same process.
const MAX_WAITING_EVENTS: usize = 4096;

/// A run that is not over, or whose end somebody still waits for.
#[derive(Debug)]
pub(crate) struct LiveRun {
    pub(crate) id: String,
    pub(crate) session_key: String,
    pub(crate) accepted_at: u64,
    pub(super) started_at: AtomicU64,
    pub(super) ended_at: AtomicU64,
    seq: AtomicU64,
    pub(super) stop: watch::Sender<bool>,
    pub(super) end: watch::Sender<Option<Arc<RunEnd>>>,
    pub(super) events: broadcast::Sender<WireEvent>,
    /// Receives from the beginning, for the one that started the run.
    first_events: Mutex<Option<broadcast::Receiver<WireEvent>>>,
}

/// A run that was started now or before.
#[derive(Debug)]
pub(crate) enum StartedRun {
    /// It is not over.
    Live(Arc<LiveRun>),
    /// It ended before.
    Ended(Box<EndedRun>),
}

/// A run that is over.
#[derive(Debug)]
pub(crate) struct EndedRun {
    pub(crate) id: String,
    pub(crate) session_key: String,
    pub(crate) accepted_at: u64,
    pub(crate) started_at: Option<u64>,
    pub(crate) ended_at: Option<u64>,
    pub(crate) end: Arc<RunEnd>,
}

impl LiveRun {
    pub(super) fn new(record: &RunRecord) -> Self {
        let (events, first_events) = broadcast::channel(MAX_WAITING_EVENTS);
        Self {
            id: record.id.clone(),
            session_key: record.session_key.clone(),
            accepted_at: record.accepted_at,
            started_at: AtomicU64::new(0),
            ended_at: AtomicU64::new(0),
            seq: AtomicU64::new(0),
            stop: watch::Sender::new(false),
            end: watch::Sender::new(None),
            events,
            first_events: Mutex::new(Some(first_events)),
        }
    }

    pub(super) fn next_seq(&self) -> u64 {
        self.seq.fetch_add(1, Ordering::Relaxed) + 1
    }

    pub(super) fn chat_event(&self, state: ChatState) -> ChatEvent {
        ChatEvent {
            run_id: self.id.clone(),
            session_key: self.session_key.clone(),
            seq: self.next_seq(),
            state,
            delta_text: None,
            replace: None,
            message: None,
            error_message: None,
        }
    }

    /// Waits until the run is told to stop.
    pub(super) async fn wait_for_stop(&self) {
        // The sender lives as long as the run.
        let _ = self.stop.subscribe().wait_for(|stop| *stop).await;
    }

    /// Waits for the end.
    pub(crate) async fn wait_for_end(&self) -> Arc<RunEnd> {
        let mut end = self.end.subscribe();
        let ended = end.wait_for(Option::is_some).await;
        let ended = ended.ok().and_then(|end| end.clone());
        ended.unwrap_or_else(|| Arc::new(RunEnd::lost()))
    }

    /// The events: for the first caller from the beginning, for others from now on.
    pub(crate) fn subscribe(&self) -> broadcast::Receiver<WireEvent> {
        let first = self.first_events.lock().unwrap_or_else(PoisonError::into_inner).take();
        first.unwrap_or_else(|| self.events.subscribe())
    }

    /// Stops the run.
    pub(crate) fn stop(&self) {
        self.stop.send_replace(true);
    }

    /// When its turn began and when it ended, in milliseconds since the Unix epoch.
    pub(crate) fn times(&self) -> (Option<u64>, Option<u64>) {
        let read = |time: &AtomicU64| Some(time.load(Ordering::Acquire)).filter(|at| *at > 0);
        (read(&self.started_at), read(&self.ended_at))
    }
}
