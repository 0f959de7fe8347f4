//! Traces of the traffic: the last exchanges, kept in memory and, when asked, on disk.
//!
//! A client with a [`Trace`] records every attempt: the request, the response headers, each event
//! with its time, and the end. Secrets are removed by their value before anything is kept. A thread
//! writes the files, line by line as things happen, so that a killed program leaves what had
//! arrived; no request waits for the disk or fails because of it. A client without a trace pays one
//! check per event and allocates nothing.

pub(crate) mod connections;
mod disk;
mod record;
pub(crate) mod recorder;
mod scrub;
mod store;
mod summary;

use std::collections::VecDeque;
use std::fmt;
use std::path::PathBuf;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use secrecy::SecretString;

use disk::DiskWriterHandle;
use record::TraceLine;
pub use record::{
    ExchangeEnd, ExchangeOutcome, OmittedEvents, TraceRecord, TracedBody, TracedError, TracedEvent,
    TracedRequest, TracedResponse,
};
use scrub::SecretScrubber;
pub use store::TraceStore;
pub use summary::{AnswerSummary, TracedCall};

/// One body, or the events of one response, may take this fraction of `max_bytes`.
const BODY_BYTES_DIVISOR: u64 = 8;

/// The size limits of a trace.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct TraceLimits {
    /// The most exchanges kept.
    pub max_exchanges: usize,
    /// The most bytes of all exchanges together; one body may take an eighth of them.
    pub max_bytes: u64,
}

/// The last exchanges of all clients that share it. Clones are handles of the same trace.
#[derive(Clone)]
pub struct Trace(Arc<TraceState>);

struct TraceState {
    limits: TraceLimits,
    ring: Mutex<VecDeque<Arc<TraceEntry>>>,
    scrubber: Mutex<Arc<SecretScrubber>>,
    last_number: AtomicU64,
    disk: Option<DiskWriterHandle>,
}

/// An exchange in memory.
pub(crate) struct TraceEntry {
    /// The number of the exchange; 0 until its file exists, which determines it.
    number: AtomicU64,
    record: Mutex<TraceRecord>,
    /// Its approximate size in bytes.
    size: AtomicUsize,
}

/// The trace of a client, and where its secrets come from.
#[derive(Debug, Clone)]
pub struct TraceOptions {
    /// The trace to record into.
    pub trace: Trace,
    /// The environment variables that secret headers are set from, as pairs of the lower-case
    /// header name and the variable. The API key's header is `authorization`.
    pub variables: Vec<(String, String)>,
}

impl Trace {
    /// Keeps exchanges in memory only.
    #[must_use]
    pub fn in_memory(limits: TraceLimits) -> Self {
        Self::new(limits, None)
    }

    /// Keeps exchanges in a folder too, created with the first one. The limits apply to memory and
    /// folder separately.
    #[must_use]
    pub fn on_disk(limits: TraceLimits, folder: PathBuf) -> Self {
        Self::new(limits, Some(DiskWriterHandle::new(folder, limits)))
    }

    fn new(limits: TraceLimits, disk: Option<DiskWriterHandle>) -> Self {
        Self(Arc::new(TraceState {
            limits,
            ring: Mutex::default(),
            scrubber: Mutex::default(),
            last_number: AtomicU64::new(0),
            disk,
        }))
    }

    /// The exchanges kept in memory, oldest first; those under way are included.
    #[must_use]
    pub fn recent_records(&self) -> Vec<TraceRecord> {
        self.0.lock_ring().iter().map(|entry| entry.snapshot_record()).collect()
    }

    /// The number of the last streamed exchange, or else of the last of all. With a folder, it is
    /// `None` until the exchange is on disk.
    #[must_use]
    pub fn last_number(&self) -> Option<u64> {
        let ring = self.0.lock_ring();
        let streams = |entry: &&Arc<TraceEntry>| entry.lock_record().request.streams;
        let last = ring.iter().rev().find(streams).or_else(|| ring.back())?;
        Some(last.number.load(Ordering::Acquire)).filter(|number| *number > 0)
    }

    /// Adds secrets to remove from everything recorded from now on.
    pub fn add_secrets<'a>(&self, secrets: impl IntoIterator<Item = &'a SecretString>) {
        let mut scrubber = self.0.scrubber.lock().unwrap_or_else(PoisonError::into_inner);
        *scrubber = Arc::new(scrubber.with_secrets(secrets));
    }

    /// Removes the secrets of all clients that share the trace from a text.
    #[must_use]
    pub fn scrub_text(&self, text: &str) -> String {
        self.0.current_scrubber().scrub_text(text)
    }

    /// Waits until everything recorded is on disk. Returns false when `timeout` passes first.
    #[must_use]
    pub fn flush_to_disk(&self, timeout: Duration) -> bool {
        self.0.disk.as_ref().is_none_or(|disk| disk.flush_within(timeout))
    }

    /// Returns the first problem of writing to disk, once.
    #[must_use]
    pub fn take_disk_problem(&self) -> Option<String> {
        self.0.disk.as_ref()?.take_problem_text()
    }
}

impl TraceState {
    fn lock_ring(&self) -> MutexGuard<'_, VecDeque<Arc<TraceEntry>>> {
        self.ring.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn current_scrubber(&self) -> Arc<SecretScrubber> {
        Arc::clone(&self.scrubber.lock().unwrap_or_else(PoisonError::into_inner))
    }

    /// The most bytes of one body.
    fn body_limit(&self) -> usize {
        usize::try_from(self.limits.max_bytes / BODY_BYTES_DIVISOR).unwrap_or(usize::MAX)
    }

    /// Adds an exchange to the ring in memory.
    fn add_entry(&self, record: TraceRecord) -> Arc<TraceEntry> {
        let in_memory = if self.disk.is_none() {
            self.last_number.fetch_add(1, Ordering::Relaxed) + 1
        } else {
            0
        };
        let entry = Arc::new(TraceEntry {
            number: AtomicU64::new(in_memory),
            record: Mutex::new(record),
            size: AtomicUsize::new(0),
        });
        self.lock_ring().push_back(Arc::clone(&entry));
        entry
    }

    fn evict_old_entries(&self) {
        let mut ring = self.lock_ring();
        let size = |entry: &Arc<TraceEntry>| entry.size.load(Ordering::Relaxed);
        let mut bytes: usize = ring.iter().map(size).sum();
        let most = usize::try_from(self.limits.max_bytes).unwrap_or(usize::MAX);
        while ring.len() > self.limits.max_exchanges.max(1) || (bytes > most && ring.len() > 1) {
            bytes -= ring.pop_front().as_ref().map_or(0, size);
        }
    }
}

impl TraceEntry {
    fn lock_record(&self) -> MutexGuard<'_, TraceRecord> {
        self.record.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn snapshot_record(&self) -> TraceRecord {
        TraceRecord { number: self.number.load(Ordering::Acquire), ..self.lock_record().clone() }
    }

    fn push_line(&self, line: TraceLine, size: usize) {
        self.size.fetch_add(size, Ordering::Relaxed);
        self.lock_record().apply_line(line);
    }
}

impl fmt::Debug for Trace {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Trace").field("limits", &self.0.limits).finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests;
