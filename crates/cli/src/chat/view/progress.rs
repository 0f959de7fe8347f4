//! What a turn is at, and how fast.

use std::time::{Duration, Instant};

use crate::chat::numbers;

/// How long nothing may come without the pace being none.
const LULL: Duration = Duration::from_secs(2);

/// What the turn is at.
#[derive(Debug)]
pub(super) struct Doing {
    pub(super) what: String,
    pub(super) since: Instant,
    /// How long at most.
    pub(super) limit: Option<Duration>,
    /// What is known besides, e.g. `2 ahead`.
    pub(super) note: Option<String>,
}

/// How fast the model writes.
#[derive(Debug, Default)]
pub(super) struct Pace {
    since: Option<Instant>,
    last: Option<Instant>,
    pieces: u32,
    bytes: usize,
    /// How long the messages that are whole took from their first content.
    pub(super) before: Duration,
}

impl Doing {
    pub(super) fn new(what: &str) -> Self {
        Self { what: what.to_owned(), since: Instant::now(), limit: None, note: None }
    }
}

impl Pace {
    pub(super) fn count(&mut self, text: &str) {
        let now = Instant::now();
        self.since.get_or_insert(now);
        self.last = Some(now);
        self.pieces += 1;
        self.bytes += text.len();
    }

    /// Begins with another message.
    pub(super) fn restart(&mut self) {
        *self = Self { before: self.before, ..Self::default() };
    }

    /// About how fast it is, while something comes: a piece is a token for most servers, and a token rarely more than
    /// four bytes.
    pub(super) fn now(&self) -> Option<String> {
        let tokens = self.pieces.max(u32::try_from(self.bytes / 5).unwrap_or(u32::MAX));
        let since = self.since?.elapsed();
        self.last.filter(|last| last.elapsed() < LULL)?;
        let pace = numbers::pace(tokens, since).filter(|_| since > Duration::from_millis(500));
        pace.map(|pace| format!("≈{pace}"))
    }
}
