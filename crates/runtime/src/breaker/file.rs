//! The shape of the file, and how a breaker opens and closes.

use std::collections::BTreeMap;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use serde::{Deserialize, Serialize};

use super::{BreakerFailure, Cooldown, OpenBreaker, is_unreachable};

/// The shape that is written; a file of another one begins anew.
const FORMAT_VERSION: u32 = 1;

/// So many failures of a kind in a row open a breaker.
const FAILURE_THRESHOLD: u32 = 2;

/// Failures that are further apart than this, in seconds, are not in a row.
const FAILURE_WINDOW_SECONDS: u64 = 600;

/// How long it stays open the first time and at most, in seconds; each time it is doubled, except
/// where the server is near: whoever sees to that expects it to be used again soon.
const OPEN_SECONDS: (u64, u64) = (15, 300);

/// What was not heard of for so long, in seconds, is forgotten.
const EXPIRY_SECONDS: u64 = 86_400;

/// So many bytes of a reason are kept.
const MAX_REASON_BYTES: usize = 300;

/// What is remembered, by the name of what failed.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub(super) struct BreakerFile {
    format: u32,
    #[serde(default)]
    breakers: BTreeMap<String, BreakerState>,
}

/// The failures of one model or server. Times are seconds since 1970.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub(super) struct BreakerState {
    config: String,
    kind: String,
    reason: String,
    failures: u32,
    at: u64,
    /// How often it opened.
    opened: u32,
    /// Until when it is open; 0 while it is closed.
    until: u64,
}

/// A failure of something that is set up so.
#[derive(Debug, Clone, Copy)]
pub(super) struct FailureRecord<'a> {
    pub(super) config: &'a str,
    pub(super) failure: BreakerFailure<'a>,
    /// Whether the server is on this machine or in its network.
    pub(super) is_near: bool,
}

impl BreakerFile {
    /// Reads the file; what is not one of this shape holds nothing.
    pub(super) fn parse_text(text: &str) -> Self {
        let contents: Option<Self> = serde_json::from_str(text).ok();
        contents.filter(|contents| contents.format == FORMAT_VERSION).unwrap_or_default()
    }

    pub(super) fn into_text(mut self, now: u64) -> String {
        self.format = FORMAT_VERSION;
        // What is dated in the future is of a clock that was set back, and is no newer.
        self.breakers.retain(|_, breaker| now.abs_diff(breaker.at) < EXPIRY_SECONDS);
        // Texts, numbers and maps with texts as keys can always be written.
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

    /// Removes what fits, and tells how many that were.
    pub(super) fn remove_matching(&mut self, fits: impl Fn(&str) -> bool) -> usize {
        let before = self.breakers.len();
        self.breakers.retain(|name, _| !fits(name));
        before - self.breakers.len()
    }

    /// Notes a failure.
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
        // What is tried while it is open, because nothing else is left, proves nothing new.
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
        // A clock that was set back does not keep it open for longer than ever asked for.
        now < self.until && self.until - now <= OPEN_SECONDS.1
    }

    pub(super) fn has_tripped(&self) -> bool {
        self.until > 0
    }

    /// What it asks for; `None` unless it is open.
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

/// The time now, in seconds since 1970.
pub(super) fn unix_now() -> u64 {
    SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |time| time.as_secs())
}
