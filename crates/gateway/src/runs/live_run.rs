//! A run while it goes on.

use std::collections::{HashSet, VecDeque};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Instant;

use openclaw_protocol::events::WireEvent;
use openclaw_protocol::gateway::{
    AgentEvent, AgentEventsResult, ChatEvent, ChatState, LiveRunEntry,
};
use openclaw_runtime::{RunRecord, SteeringQueue};
use tokio::sync::{broadcast, watch};

use crate::run_result::RunEnd;

/// The events of a run that wait for a slow listener of the same process.
const MAX_WAITING_EVENTS: usize = 4096;

/// The most bytes of the events of a run that are kept for clients that come back.
const MAX_KEPT_EVENT_BYTES: usize = 4 << 20;

/// The events of a run, for clients that come back.
#[derive(Debug, Default)]
struct KeptEvents {
    /// Each with its size as JSON.
    events: VecDeque<(AgentEvent, usize)>,
    bytes: usize,
    /// The number of the last event that is no longer kept; 0 without one.
    dropped_seq: u64,
}

/// A run that is not over, or whose end somebody still waits for.
#[derive(Debug)]
pub(crate) struct LiveRun {
    pub(crate) id: String,
    pub(crate) session_key: String,
    /// What the model is told; `None` finishes the turn that has no answer.
    message: Option<String>,
    pub(crate) accepted_at: u64,
    pub(super) created_at: Instant,
    pub(super) started_at: AtomicU64,
    pub(super) ended_at: AtomicU64,
    seq: AtomicU64,
    pub(super) stop: watch::Sender<bool>,
    pub(super) end: watch::Sender<Option<Arc<RunEnd>>>,
    pub(super) events: broadcast::Sender<WireEvent>,
    /// Receives from the beginning, for the one that started the run.
    first_events: Mutex<Option<broadcast::Receiver<WireEvent>>>,
    kept_events: Mutex<KeptEvents>,
    /// What users send while the turn runs.
    pub(super) steering: SteeringQueue,
    /// The keys of the messages that were sent; `None` once the turn is over.
    steering_keys: Mutex<Option<HashSet<String>>>,
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
    pub(super) fn new(record: &RunRecord, message: Option<String>) -> Self {
        let (events, first_events) = broadcast::channel(MAX_WAITING_EVENTS);
        Self {
            id: record.id.clone(),
            session_key: record.session_key.clone(),
            message,
            accepted_at: record.accepted_at,
            created_at: Instant::now(),
            started_at: AtomicU64::new(0),
            ended_at: AtomicU64::new(0),
            seq: AtomicU64::new(0),
            stop: watch::Sender::new(false),
            end: watch::Sender::new(None),
            events,
            first_events: Mutex::new(Some(first_events)),
            kept_events: Mutex::default(),
            steering: SteeringQueue::default(),
            steering_keys: Mutex::new(Some(HashSet::new())),
        }
    }

    /// Describes it for a client that did not start it.
    pub(super) fn describe(&self) -> LiveRunEntry {
        LiveRunEntry {
            run_id: self.id.clone(),
            message: self.message.clone(),
            accepted_at: self.accepted_at,
        }
    }

    pub(super) fn next_seq(&self) -> u64 {
        self.seq.fetch_add(1, Ordering::Relaxed) + 1
    }

    /// Keeps an event for clients that come back. `size` is its length as JSON.
    pub(super) fn keep_event(&self, event: AgentEvent, size: usize) {
        let mut kept = self.kept_events.lock().unwrap_or_else(PoisonError::into_inner);
        kept.events.push_back((event, size));
        kept.bytes += size;
        while kept.bytes > MAX_KEPT_EVENT_BYTES {
            let Some((dropped, size)) = kept.events.pop_front() else { break };
            kept.bytes -= size;
            kept.dropped_seq = dropped.seq;
        }
    }

    /// The events after one of them, as far as they are kept.
    pub(crate) fn events_after(&self, seq: u64) -> AgentEventsResult {
        let kept = self.kept_events.lock().unwrap_or_else(PoisonError::into_inner);
        let events = kept.events.iter().filter(|(event, _)| event.seq > seq);
        AgentEventsResult {
            events: events.map(|(event, _)| event.clone()).collect(),
            is_incomplete: kept.dropped_seq > seq,
        }
    }

    /// Gives the turn a message, once for each key; returns false when the turn is over.
    pub(crate) fn steer(&self, message: String, key: String) -> bool {
        let mut keys = self.steering_keys.lock().unwrap_or_else(PoisonError::into_inner);
        let Some(keys) = keys.as_mut() else { return false };
        if keys.insert(key) {
            self.steering.push_message(message);
        }
        true
    }

    /// Takes no further messages; returns those that the turn did not take.
    pub(super) fn end_steering(&self) -> Vec<String> {
        self.steering_keys.lock().unwrap_or_else(PoisonError::into_inner).take();
        self.steering.take_pending()
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
