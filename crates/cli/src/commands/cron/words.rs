//! Jobs and times in words.

use std::time::Duration;

use serde_json::Value;

use super::now_ms;

/// A text in a JSON value; empty without one.
pub(super) fn text(value: &Value, pointer: &str) -> String {
    value.pointer(pointer).and_then(Value::as_str).unwrap_or_default().to_owned()
}

/// The status of a job, with how its last run ended.
pub(super) fn describe_outcome(job: &Value) -> String {
    let (status, outcome) = (text(job, "/status"), text(job, "/state/lastOutcome"));
    let failures = job.pointer("/state/consecutiveErrors").and_then(Value::as_u64);
    let failures = failures.filter(|failures| *failures > 1);
    let mut line = match outcome.as_str() {
        "" | "ok" => status,
        outcome if status == "error" => outcome.to_owned(),
        outcome => format!("{status} ({outcome})"),
    };
    if let Some(failures) = failures {
        line = format!("{line}, {failures} times in a row");
    }
    line
}

/// When a job runs.
pub(super) fn describe_schedule(job: &Value) -> String {
    let number = |key: &str| job.pointer(&format!("/schedule/{key}")).and_then(Value::as_u64);
    match text(job, "/schedule/kind").as_str() {
        "at" => format!("at {}", text(job, "/schedule/at")),
        "every" => {
            let every = number("everyMs").unwrap_or_default();
            format!("every {}", duration_in_words(Duration::from_millis(every)))
        }
        _ => {
            let zone = text(job, "/schedule/tz");
            format!("{} {zone}", text(job, "/schedule/expr")).trim_end().to_owned()
        }
    }
}

/// A time as its distance from now.
pub(super) fn in_words(at_ms: i64) -> String {
    let distance = at_ms.saturating_sub(now_ms());
    let words = duration_in_words(Duration::from_millis(distance.unsigned_abs()));
    if distance >= 0 { format!("in {words}") } else { format!("{words} ago") }
}

fn duration_in_words(duration: Duration) -> String {
    let seconds = duration.as_secs();
    let (days, hours, minutes) = (seconds / 86_400, seconds / 3600 % 24, seconds / 60 % 60);
    match (days, hours, minutes) {
        (0, 0, 0) => format!("{seconds}s"),
        (0, 0, minutes) => format!("{minutes}m"),
        (0, hours, 0) => format!("{hours}h"),
        (0, hours, minutes) => format!("{hours}h{minutes}m"),
        (days, 0, _) => format!("{days}d"),
        (days, hours, _) => format!("{days}d{hours}h"),
    }
}
