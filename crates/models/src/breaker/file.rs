//! The file format, and when a breaker opens and closes.

use std::collections::BTreeMap;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use serde::{Deserialize, Serialize};

use super::{BreakerFailure, Cooldown, OpenBreaker, is_unreachable};

/// The format version. Files with another version are discarded.
const FORMAT_VERSION: u32 = 1;

/// This many consecutive failures of one kind open a breaker.
const FAILURE_THRESHOLD: u32 = 2;

/// Failures further apart than this, in seconds, are not consecutive.
const FAILURE_WINDOW_SECONDS: u64 = 600;

/// How long a breaker stays open the first time and at most, in seconds. The time doubles with each
/// opening, but not for servers on this machine or the local network: whoever restarts one expects
/// it to be used again soon.
const OPEN_SECONDS: (u64, u64) = (15, 300);

/// Entries older than this, in seconds, are removed.
const EXPIRY_SECONDS: u64 = 86_400;

/// The longest stored reason, in bytes.
const MAX_REASON_BYTES: usize = 300;

/// The breakers by name.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub(super) struct BreakerFile {
    format: u32,
    #[serde(default)]
    breakers: BTreeMap<String, BreakerState>,
}

/// The failures of one model or server. Times are Unix times in seconds.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub(super) struct BreakerState {
    config: String,
    kind: String,
    reason: String,
    failures: u32,
    at: u64,
    /// How often the breaker has opened.
    opened: u32,
    /// When it closes; 0 if it never opened.
    until: u64,
}

/// A failure to record.
#[derive(Debug, Clone, Copy)]
pub(super) struct FailureRecord<'a> {
    pub(super) config: &'a str,
    pub(super) failure: BreakerFailure<'a>,
    /// Whether the server is on this machine or the local network.
    pub(super) is_near: bool,
}

impl BreakerFile {
    /// Reads the file; empty when it does not have this format.
    pub(super) fn parse_text(text: &str) -> Self {
        let contents: Option<Self> = serde_json::from_str(text).ok();
        contents.filter(|contents| contents.format == FORMAT_VERSION).unwrap_or_default()
    }

    pub(super) fn into_text(mut self, now: u64) -> String {
        self.format = FORMAT_VERSION;
        // Distance in either direction: entries from the future were written before the clock was
        // set back.
        self.breakers.retain(|_, breaker| now.abs_diff(breaker.at) < EXPIRY_SECONDS);
        // Serializing strings, numbers and maps with string keys cannot fail.
        let mut text = serde_json::to_string_pretty(&self).unwrap_or_default();
        text.push('\n');
        text
    }

    pub(super) fn find_breaker(&self, name: &str, config: &str) -> Option<&BreakerState> {
        self.breakers.get(name).filter(|breaker| breaker.has_config(config))
    }

    pub(super) fn has_breaker(&self, name: &str) -> bool {
        self.breakers.contains_key(name)
    }

    pub(super) fn iter(&self) -> impl Iterator<Item = (&str, &BreakerState)> {
        self.breakers.iter().map(|(name, breaker)| (name.as_str(), breaker))
    }

    /// Removes the matching breakers, and returns how many they were.
    pub(super) fn remove_matching(&mut self, fits: impl Fn(&str) -> bool) -> usize {
        let before = self.breakers.len();
        self.breakers.retain(|name, _| !fits(name));
        before - self.breakers.len()
    }

    /// Records a failure, and opens the breaker when there were enough.
    pub(super) fn record_failure(&mut self, name: String, failed: FailureRecord<'_>, now: u64) {
        let FailureRecord { config, failure: BreakerFailure { kind, problem: reason }, is_near } =
            failed;
        let breaker = self.breakers.entry(name).or_default();
        let in_a_row = breaker.has_config(config)
            && breaker.kind == kind
            && now.abs_diff(breaker.at.max(breaker.until)) < FAILURE_WINDOW_SECONDS;
        if !in_a_row {
            *breaker = BreakerState {
                config: config.to_owned(),
                kind: kind.to_owned(),
                ..BreakerState::default()
            };
        }
        reason
            .get(..reason.floor_char_boundary(MAX_REASON_BYTES))
            .unwrap_or_default()
            .clone_into(&mut breaker.reason);
        breaker.failures = breaker.failures.saturating_add(1);
        breaker.at = now;
        // While it is open, a model is tried only because no other is left: that must not extend
        // it.
        if breaker.failures >= FAILURE_THRESHOLD && !breaker.is_open(now) {
            let (first, most) = OPEN_SECONDS;
            let most = if is_near { first } else { most };
            let time = first.saturating_mul(2_u64.saturating_pow(breaker.opened)).min(most);
            breaker.opened = breaker.opened.saturating_add(1);
            breaker.until = now.saturating_add(time);
        }
    }
}

impl BreakerState {
    pub(super) fn has_config(&self, config: &str) -> bool {
        self.config == config
    }

    pub(super) fn is_open(&self, now: u64) -> bool {
        // If the system clock was set back, the breaker must not stay open beyond the maximum.
        now < self.until && self.until - now <= OPEN_SECONDS.1
    }

    pub(super) fn has_tripped(&self) -> bool {
        self.until > 0
    }

    /// Returns the cooldown; `None` unless the breaker is open.
    pub(super) fn active_cooldown(&self, name: &str, now: u64) -> Option<Cooldown> {
        self.is_open(now).then(|| Cooldown {
            remaining: Duration::from_secs(self.until - now),
            problem: self.reason.clone(),
            is_unreachable: is_unreachable(name, &self.kind),
        })
    }

    pub(super) fn to_open_breaker(&self, name: &str, now: u64, is_near: bool) -> OpenBreaker {
        let remaining = self.is_open(now).then(|| Duration::from_secs(self.until - now));
        OpenBreaker {
            name: name.to_owned(),
            is_watched: is_near && is_unreachable(name, &self.kind),
            kind: self.kind.clone(),
            reason: self.reason.clone(),
            failures: self.failures,
            age: Duration::from_secs(now.saturating_sub(self.at)),
            remaining,
        }
    }
}

/// The current Unix time in seconds.
pub(super) fn unix_now() -> u64 {
    SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |time| time.as_secs())
}
