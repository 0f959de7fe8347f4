//! Silence that somebody in between cuts off.
//!
//! A proxy gives up a server that is silent for as long as it was set to, which is a round number
//! of seconds, and a model that reads a long prompt is silent. The same request would be cut off
//! again at the same place, after the server had read the same prompt again.

use std::time::Duration;

use crate::ExchangeInfo;

/// After how many seconds of silence proxies commonly give up.
const PROXY_TIMEOUT_SECONDS: [u64; 15] =
    [30, 50, 55, 60, 75, 90, 100, 120, 180, 240, 300, 600, 900, 1800, 3600];

/// A shorter silence is not what a proxy gave up: it says so of a server that is not there.
const MIN_PROXY_TIMEOUT: Duration = Duration::from_secs(10);

/// The clocks of two machines do not start at one moment: so much earlier,
const EARLY_TOLERANCE: Duration = Duration::from_millis(250);

/// and so much later than the proxy's the own measure may end.
const LATE_TOLERANCE: Duration = Duration::from_millis(1500);

impl ExchangeInfo {
    /// After how long a silence a proxy in between ended the exchange; `None` where it does not
    /// look as if one did. A proxy says so by the status 504 or 524; otherwise an exchange looks
    /// so that ended without a word of the server, at a round number of seconds.
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
            let exchange = ExchangeInfo { status, idle_for: silent, ..ExchangeInfo::default() };
            let expected = seconds.map(Duration::from_secs);
            assert_eq!(exchange.likely_proxy_timeout(), expected, "{status:?} after {silent:?}");
        }
    }
}
