//! When a failed attempt is retried, and after which delay.

use std::hash::{BuildHasher, RandomState};
use std::time::{Duration, SystemTime};

use httpdate::parse_http_date;

use crate::HttpExchange;

/// How often and how fast a call is retried. The client retries nothing else, and nothing below it
/// retries.
///
/// Retried are the statuses 408, 429, 500, 502, 503, 504 and 529, and a connection that ended
/// before the first byte of a response. Not retried are a host that cannot be reached, an expired
/// timeout, and an exchange that a proxy ended at its idle timeout. The delay doubles from
/// `base_delay` to `max_delay`, less a random part of up to a half; a longer `Retry-After` takes
/// its place. An error is returned at once when the delay would outlast the total timeout.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RetryPolicy {
    /// The most attempts, the first included; 1 disables retries.
    pub max_attempts: u32,
    /// The delay before the second attempt.
    pub base_delay: Duration,
    /// The longest delay that the client chooses itself.
    pub max_delay: Duration,
    /// The longest `Retry-After` that is waited for; an error with a longer one is returned at
    /// once. `None` sets no limit.
    pub max_retry_after: Option<Duration>,
}

impl RetryPolicy {
    /// One attempt, no retry.
    pub const NEVER: Self = Self {
        max_attempts: 1,
        base_delay: Duration::ZERO,
        max_delay: Duration::ZERO,
        max_retry_after: None,
    };

    /// Returns whether the server's `Retry-After` is longer than the policy allows.
    pub(crate) fn exceeds_max_retry_after(&self, exchange: &HttpExchange) -> bool {
        let delays = exchange.retry_after.zip(self.max_retry_after);
        delays.is_some_and(|(wish, longest)| wish > longest)
    }

    /// The delay after the failed attempt number `failed`, counted from 1.
    pub(crate) fn retry_delay(&self, failed: u32, exchange: &HttpExchange) -> Duration {
        let factor = 2_u32.saturating_pow(failed.saturating_sub(1));
        let delay = self.base_delay.saturating_mul(factor).min(self.max_delay);
        let own = delay / 2 + (delay / 2).mul_f64(random_fraction());
        own.max(exchange.retry_after.unwrap_or_default())
    }
}

/// Returns whether a request with this status may succeed later.
pub(crate) fn is_transient(status: u16) -> bool {
    matches!(status, 408 | 429 | 500 | 502 | 503 | 504 | 529)
}

/// Reads a `Retry-After` header: a number of seconds, or a date. A date counts from the server's
/// own `Date` header where it sends one, because clocks differ; a past one is no wait.
pub(crate) fn parse_retry_after(
    value: &str,
    date: Option<&str>,
    now: SystemTime,
) -> Option<Duration> {
    let value = value.trim();
    if let Ok(seconds) = value.parse::<u32>() {
        return Some(Duration::from_secs(seconds.into()));
    }
    let now = date.and_then(|date| parse_http_date(date).ok()).unwrap_or(now);
    Some(parse_http_date(value).ok()?.duration_since(now).unwrap_or_default())
}

/// A random number in `0.0..=1.0` from the standard library's randomly keyed hasher, which is good
/// enough to spread retries out.
fn random_fraction() -> f64 {
    let [high, low, ..] = RandomState::new().hash_one(()).to_le_bytes();
    f64::from(u16::from_le_bytes([high, low])) / f64::from(u16::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pauses_double_up_to_the_maximum_and_are_spread() {
        let policy = RetryPolicy {
            max_attempts: 9,
            base_delay: Duration::from_millis(100),
            max_delay: Duration::from_secs(1),
            max_retry_after: None,
        };
        let none = HttpExchange::default();
        for (failed, full) in [(1, 100), (2, 200), (4, 800), (5, 1000), (40, 1000)] {
            let full = Duration::from_millis(full);
            let pauses: Vec<_> = (0..64).map(|_| policy.retry_delay(failed, &none)).collect();
            assert!(pauses.iter().all(|pause| (full / 2..=full).contains(pause)));
            assert!(pauses.iter().any(|pause| pause != pauses.first().unwrap()));
        }
    }

    #[test]
    fn a_wish_is_a_number_of_seconds_or_a_time() {
        let local = SystemTime::UNIX_EPOCH + Duration::from_secs(784_111_700);
        let at = "Sun, 06 Nov 1994 08:49:37 GMT";
        let later = "Sun, 06 Nov 1994 08:49:07 GMT";
        for (value, date, seconds) in [
            ("120", None, Some(120)),
            (" 0 ", Some(at), Some(0)),
            (at, None, Some(77)),
            (at, Some(later), Some(30)),
            (at, Some("yesterday"), Some(77)),
            (later, Some(at), Some(0)),
            // The two forms that only old servers send.
            ("Sunday, 06-Nov-94 08:49:37 GMT", None, Some(77)),
            ("Sun Nov  6 08:49:37 1994", None, Some(77)),
            ("Sun, 06 Nov 1994 08:49:37 CET", None, None),
            ("Sun, 31 Nov 1994 08:49:37 GMT", None, None),
            ("soon", Some(at), None),
            ("-1", None, None),
            ("", None, None),
        ] {
            let expected = seconds.map(Duration::from_secs);
            assert_eq!(parse_retry_after(value, date, local), expected, "{value:?} {date:?}");
        }
    }

    #[test]
    fn a_longer_wish_of_the_server_wins() {
        let asked = |seconds| HttpExchange {
            retry_after: Some(Duration::from_secs(seconds)),
            ..HttpExchange::default()
        };
        let policy = RetryPolicy {
            max_attempts: 2,
            base_delay: Duration::from_secs(4),
            max_delay: Duration::from_secs(4),
            max_retry_after: Some(Duration::from_secs(30)),
        };
        assert!(
            !policy.exceeds_max_retry_after(&asked(30))
                && policy.exceeds_max_retry_after(&asked(31))
        );
        assert!(!RetryPolicy::NEVER.exceeds_max_retry_after(&asked(3600)));
        assert_eq!(policy.retry_delay(1, &asked(30)), Duration::from_secs(30));
        assert!(policy.retry_delay(1, &asked(1)) >= Duration::from_secs(2));
    }
}
