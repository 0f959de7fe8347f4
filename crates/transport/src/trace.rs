//! What was said on the wire: the last exchanges, kept in memory and, when asked, on disk.
//!
//! A client that takes part in a [`Trace`] has every attempt written down: the request, the head
//! of the answer, each event with its time, and the end. Secrets are taken out by their value
//! before anything is kept. Files are written by a thread of their own, line by line as things
//! happen, so that a program that is killed leaves what had arrived; no request waits for the
//! disk or fails because of it. A client that takes no part pays one look at an empty field for
//! each event and allocates nothing.

mod base64;
pub(crate) mod connects;
mod disk;
mod facts;
mod record;
pub(crate) mod recorder;
mod scrub;
mod store;

use std::collections::VecDeque;
use std::fmt;
use std::path::PathBuf;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use secrecy::SecretString;

use disk::Disk;
pub use facts::{Answer, TracedCall};
use record::Line;
pub use record::{
    Body, End, Ended, Gap, Record, TracedError, TracedEvent, TracedRequest, TracedResponse,
};
use scrub::Scrubber;
pub use store::TraceStore;

/// The part of all that may be kept that a single body, or the events of one answer, may have.
const PART: u64 = 8;

/// How much a trace keeps.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct TraceLimits {
    /// The most exchanges.
    pub keep: usize,
    /// The most bytes of all together; one body may have an eighth.
    pub bytes: u64,
}

/// The last exchanges of all clients that take part. Clones share them.
#[derive(Clone)]
pub struct Trace(Arc<Inner>);

struct Inner {
    limits: TraceLimits,
    ring: Mutex<VecDeque<Arc<Entry>>>,
    scrubber: Mutex<Arc<Scrubber>>,
    last_number: AtomicU64,
    disk: Option<Disk>,
}

/// An exchange in memory.
pub(crate) struct Entry {
    /// 0 until the file that gives it is there.
    number: AtomicU64,
    record: Mutex<Record>,
    /// About how many bytes it has.
    size: AtomicUsize,
}

/// How a client takes part in a trace.
#[derive(Debug, Clone)]
pub struct Traced {
    /// The trace.
    pub trace: Trace,
    /// The environment variables that secret headers are set from: the header's name in lower
    /// case, and the variable. The key's header is `authorization`.
    pub variables: Vec<(String, String)>,
}

impl Trace {
    /// Keeps exchanges in memory only.
    #[must_use]
    pub fn in_memory(limits: TraceLimits) -> Self {
        Self::new(limits, None)
    }

    /// Keeps exchanges in a folder too, which is made when the first one comes. The limits hold
    /// for each of the two places.
    #[must_use]
    pub fn on_disk(limits: TraceLimits, folder: PathBuf) -> Self {
        Self::new(limits, Some(Disk::new(folder, limits)))
    }

    fn new(limits: TraceLimits, disk: Option<Disk>) -> Self {
        Self(Arc::new(Inner {
            limits,
            ring: Mutex::default(),
            scrubber: Mutex::default(),
            last_number: AtomicU64::new(0),
            disk,
        }))
    }

    /// The exchanges that are kept in memory, the oldest first; also those that are under way.
    #[must_use]
    pub fn records(&self) -> Vec<Record> {
        self.0.ring().iter().map(|entry| entry.record()).collect()
    }

    /// The number of the last exchange of a model's answer, or else of the last of all. Where
    /// there is a folder, it is known once the exchange is on disk.
    #[must_use]
    pub fn last_number(&self) -> Option<u64> {
        let ring = self.0.ring();
        let streams = |entry: &&Arc<Entry>| entry.lock().request.streams;
        let last = ring.iter().rev().find(streams).or_else(|| ring.back())?;
        Some(last.number.load(Ordering::Acquire)).filter(|number| *number > 0)
    }

    /// Takes these out of whatever is kept from now on.
    pub fn hide<'a>(&self, secrets: impl IntoIterator<Item = &'a SecretString>) {
        let mut scrubber = self.0.scrubber.lock().unwrap_or_else(PoisonError::into_inner);
        *scrubber = Arc::new(scrubber.and(secrets));
    }

    /// A text without the secrets of all clients that take part.
    #[must_use]
    pub fn scrubbed(&self, text: &str) -> String {
        self.0.scrubber().text(text)
    }

    /// Waits until all that happened is on disk, but no longer than so; false when it is not.
    #[must_use]
    pub fn flush(&self, longest: Duration) -> bool {
        self.0.disk.as_ref().is_none_or(|disk| disk.flush(longest))
    }

    /// Takes the one thing to be said when the disk does not take what is written.
    #[must_use]
    pub fn take_problem(&self) -> Option<String> {
        self.0.disk.as_ref()?.take_problem()
    }
}

impl Inner {
    fn ring(&self) -> MutexGuard<'_, VecDeque<Arc<Entry>>> {
        self.ring.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn scrubber(&self) -> Arc<Scrubber> {
        Arc::clone(&self.scrubber.lock().unwrap_or_else(PoisonError::into_inner))
    }

    /// The most bytes of one body.
    fn body_limit(&self) -> usize {
        usize::try_from(self.limits.bytes / PART).unwrap_or(usize::MAX)
    }

    /// Adds an exchange and forgets old ones.
    fn add(&self, record: Record) -> Arc<Entry> {
        let in_memory = if self.disk.is_none() {
            self.last_number.fetch_add(1, Ordering::Relaxed) + 1
        } else {
            0
        };
        let entry = Arc::new(Entry {
            number: AtomicU64::new(in_memory),
            record: Mutex::new(record),
            size: AtomicUsize::new(0),
        });
        self.ring().push_back(Arc::clone(&entry));
        entry
    }

    fn forget_old(&self) {
        let mut ring = self.ring();
        let size = |entry: &Arc<Entry>| entry.size.load(Ordering::Relaxed);
        let mut bytes: usize = ring.iter().map(size).sum();
        let most = usize::try_from(self.limits.bytes).unwrap_or(usize::MAX);
        while ring.len() > self.limits.keep.max(1) || (bytes > most && ring.len() > 1) {
            bytes -= ring.pop_front().as_ref().map_or(0, size);
        }
    }
}

impl Entry {
    fn lock(&self) -> MutexGuard<'_, Record> {
        self.record.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn record(&self) -> Record {
        Record { number: self.number.load(Ordering::Acquire), ..self.lock().clone() }
    }

    fn push(&self, line: Line, size: usize) {
        self.size.fetch_add(size, Ordering::Relaxed);
        self.lock().push(line);
    }
}

impl fmt::Debug for Trace {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Trace").field("limits", &self.0.limits).finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests;
