//! Schedules in time zones, and jobs over thousands of simulated days.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

mod expressions;
mod simulation;
mod states;

use jiff::civil::DateTime;
use jiff::tz::TimeZone;

/// The zone of Paris, with the rules of today.
fn paris() -> TimeZone {
    TimeZone::posix("CET-1CEST,M3.5.0,M10.5.0/3").unwrap()
}

/// A time of Paris in milliseconds since the Unix epoch; of two, the earlier one.
fn paris_millis(text: &str) -> i64 {
    let civil: DateTime = text.parse().unwrap();
    let zoned = paris().to_ambiguous_zoned_datetime(civil).earlier().unwrap();
    zoned.timestamp().as_millisecond()
}

/// A time as Paris shows it.
fn show_in_paris(millis: i64) -> String {
    let timestamp = jiff::Timestamp::from_millisecond(millis).unwrap();
    timestamp.to_zoned_datetime(paris()).strftime("%Y-%m-%dT%H:%M:%S%:z").to_string()
}
