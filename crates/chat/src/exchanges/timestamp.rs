//! Formats timestamps.

use std::time::SystemTime;

use jiff::Timestamp;
use jiff::tz::Offset;

/// Formats a time in UTC, as `2026-11-21 05:47:07`; `ms` is since the Unix epoch.
#[must_use]
pub fn format_utc(ms: u64) -> String {
    let ms = i64::try_from(ms).unwrap_or(i64::MAX);
    let time = Timestamp::from_millisecond(ms).unwrap_or(Timestamp::MAX);
    // Not by a format string, whose parser and tables would be in the binary.
    let time = Offset::UTC.to_datetime(time);
    let (year, month, day) = (time.year(), time.month(), time.day());
    let (hour, minute, second) = (time.hour(), time.minute(), time.second());
    format!("{year:04}-{month:02}-{day:02} {hour:02}:{minute:02}:{second:02}")
}

/// Formats a time that is near in UTC, as `14:30 UTC`, or `2026-11-21 14:30 UTC` when that is
/// another day than today.
#[must_use]
pub fn format_time_of_day(time: SystemTime) -> String {
    let utc_time = |time: SystemTime| {
        let ms = time.duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default().as_millis();
        format_utc(u64::try_from(ms).unwrap_or(u64::MAX))
    };
    let (time, now) = (utc_time(time), utc_time(SystemTime::now()));
    let (date, clock) = time.split_once(' ').unwrap_or_default();
    let clock = clock.get(..5).unwrap_or_default();
    if now.starts_with(date) { format!("{clock} UTC") } else { format!("{date} {clock} UTC") }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_written_as_calendars_have_them() {
        for (ms, text) in [
            (0, "1970-01-01 00:00:00"),
            (951_782_400_000, "2000-02-29 00:00:00"),
            (1_795_241_164_195, "2026-11-21 06:06:04"),
            (4_107_542_399_999, "2100-02-28 23:59:59"),
        ] {
            assert_eq!(format_utc(ms), text);
        }
    }
}
