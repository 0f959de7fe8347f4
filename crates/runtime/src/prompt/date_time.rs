//! The current time for the model, at the end of each request whose last message is the user's.

use std::fmt;
use std::sync::Arc;
use std::time::{SystemTime, UNIX_EPOCH};

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
        f.write_str("Clock")
    }
}

/// The time of a clock to the minute, as a request suffix.
pub(crate) fn time_suffix(clock: PromptClock) -> RequestSuffix {
    Arc::new(move || format_time((clock.0)()))
}

const WEEKDAYS: [&str; 7] =
    ["Thursday", "Friday", "Saturday", "Sunday", "Monday", "Tuesday", "Wednesday"];

/// E.g. `[It is Saturday, 2026-11-21 06:10 UTC.]`.
fn format_time(now: SystemTime) -> String {
    // A clock before the epoch was never set.
    let minutes = now.duration_since(UNIX_EPOCH).unwrap_or_default().as_secs() / 60;
    let days = minutes / (24 * 60);
    let weekday =
        usize::try_from(days % 7).ok().and_then(|day| WEEKDAYS.get(day)).unwrap_or(&"a day");
    let (year, month, day) = civil_date(days);
    let (hour, minute) = (minutes / 60 % 24, minutes % 60);
    format!("[It is {weekday}, {year}-{month:02}-{day:02} {hour:02}:{minute:02} UTC.]")
}

/// The date of a day counted from 1970-01-01. Years are taken to begin in March, so that a leap day
/// is the last day of a year. 400 years always have the same number of days.
fn civil_date(days: u64) -> (u64, u64, u64) {
    const BEFORE_1970: u64 = 719_468;
    const DAYS_OF_400_YEARS: u64 = 146_097;
    let days = days + BEFORE_1970;
    let (eras, day) = (days / DAYS_OF_400_YEARS, days % DAYS_OF_400_YEARS);
    let year = (day - day / 1_460 + day / 36_524 - day / 146_096) / 365;
    let day = day - (365 * year + year / 4 - year / 100);
    // From March on, every five months have 153 days.
    let month = (5 * day + 2) / 153;
    let date = day - (153 * month + 2) / 5 + 1;
    let is_next_year = month >= 10;
    let month = if is_next_year { month - 9 } else { month + 3 };
    (eras * 400 + year + u64::from(is_next_year), month, date)
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

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
        assert_eq!(civil_date(0), (1970, 1, 1));
    }

    #[test]
    fn each_day_follows_the_one_before() {
        let mut before = civil_date(0);
        for days in 1..150_000 {
            let (year, month, day) = civil_date(days);
            let is_next = (year, month, day) == (before.0, before.1, before.2 + 1)
                || (year, month, day) == (before.0, before.1 + 1, 1) && before.2 >= 28
                || (year, month, day) == (before.0 + 1, 1, 1) && before.1 == 12 && before.2 == 31;
            assert!(is_next && day <= 31 && month <= 12, "{before:?} {year}-{month}-{day}");
            before = (year, month, day);
        }
    }
}
