//! Detects the idle timeout of a proxy between client and server.
//!
//! A model that reads a long prompt sends nothing, and a proxy closes an exchange that was idle for
//! its timeout, usually a round number of seconds. A retry would have the server read the prompt
//! again and end at the same timeout.

use std::time::Duration;

use crate::HttpExchange;

/// Common idle timeouts of proxies, in seconds.
const PROXY_TIMEOUT_SECONDS: [u64; 15] =
    [30, 50, 55, 60, 75, 90, 100, 120, 180, 240, 300, 600, 900, 1800, 3600];

/// After a shorter wait a proxy reports that the server is down, not that it was idle.
const MIN_PROXY_TIMEOUT: Duration = Duration::from_secs(10);

/// The client's measure starts at another moment than the proxy's: it may be shorter by this,
const EARLY_TOLERANCE: Duration = Duration::from_millis(250);

/// or longer by this.
const LATE_TOLERANCE: Duration = Duration::from_millis(1500);

impl HttpExchange {
    /// The idle timeout with which a proxy seems to have ended the exchange; `None` where nothing
    /// suggests one. The sign is status 504 or 524, or an exchange that ended after a common proxy
    /// timeout without data.
    #[must_use]
    pub fn likely_proxy_timeout(&self) -> Option<Duration> {
        match self.status {
            Some(504 | 524) if self.idle_for >= MIN_PROXY_TIMEOUT => {
                Some(Duration::from_secs(self.idle_for.as_secs()))
            }
            None | Some(200..=299 | 502) => {
                let fits = |limit: &Duration| {
                    (limit.saturating_sub(EARLY_TOLERANCE)..*limit + LATE_TOLERANCE)
                        .contains(&self.idle_for)
                };
                PROXY_TIMEOUT_SECONDS.into_iter().map(Duration::from_secs).find(fits)
            }
            Some(_) => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_proxy_is_known_by_its_status_or_by_its_round_number() {
        for (status, milliseconds, seconds) in [
            (None, 60_010, Some(60)),
            (None, 59_900, Some(60)),
            (Some(200), 120_900, Some(120)),
            (Some(502), 50_000, Some(50)),
            (Some(504), 37_000, Some(37)),
            (Some(524), 100_200, Some(100)),
            (Some(504), 9_000, None),
            (Some(502), 37_000, None),
            (None, 0, None),
            (None, 5_000, None),
            (None, 62_000, None),
            (Some(200), 41_300, None),
            (Some(500), 60_000, None),
            (Some(400), 60_000, None),
        ] {
            let silent = Duration::from_millis(milliseconds);
            let exchange = HttpExchange { status, idle_for: silent, ..HttpExchange::default() };
            let expected = seconds.map(Duration::from_secs);
            assert_eq!(exchange.likely_proxy_timeout(), expected, "{status:?} after {silent:?}");
        }
    }
}
