//! The current time for the model, at the end of each request whose last message is the user's.

use std::fmt;
use std::sync::Arc;
use std::time::SystemTime;

use jiff::Timestamp;
use jiff::tz::Offset;
use openclaw_agent_loop::RequestSuffix;

/// The clock for prompts.
#[derive(Clone)]
pub(crate) struct PromptClock(pub(crate) Arc<dyn Fn() -> SystemTime + Send + Sync>);

impl Default for PromptClock {
    fn default() -> Self {
        Self(Arc::new(SystemTime::now))
    }
}

impl fmt::Debug for PromptClock {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("PromptClock")
    }
}

/// The time of a clock to the minute, as a request suffix.
pub(crate) fn time_suffix(clock: PromptClock) -> RequestSuffix {
    Arc::new(move || format_time((clock.0)()))
}

/// E.g. `[It is Saturday, 2026-11-21 06:10 UTC.]`.
fn format_time(now: SystemTime) -> String {
    // A clock before the epoch was never set.
    let time = Timestamp::try_from(now).unwrap_or(Timestamp::UNIX_EPOCH);
    let time = Offset::UTC.to_datetime(time);
    let (year, month, day) = (time.year(), time.month(), time.day());
    let (weekday, hour, minute) = (time.weekday(), time.hour(), time.minute());
    format!("[It is {weekday:?}, {year:04}-{month:02}-{day:02} {hour:02}:{minute:02} UTC.]")
}

#[cfg(test)]
mod tests {
    use std::time::{Duration, UNIX_EPOCH};

    use super::*;

    #[test]
    fn times_are_said_as_the_calendar_has_them() {
        for (seconds, expected) in [
            (0, "[It is Thursday, 1970-01-01 00:00 UTC.]"),
            (951_782_399, "[It is Monday, 2000-02-28 23:59 UTC.]"),
            (951_782_400, "[It is Tuesday, 2000-02-29 00:00 UTC.]"),
            (1_709_251_199, "[It is Thursday, 2024-02-29 23:59 UTC.]"),
            (1_795_241_445, "[It is Saturday, 2026-11-21 06:10 UTC.]"),
            (4_107_542_400, "[It is Monday, 2100-03-01 00:00 UTC.]"),
        ] {
            assert_eq!(
                format_time(UNIX_EPOCH + Duration::from_secs(seconds)),
                expected,
                "{seconds}"
            );
        }
    }
}
