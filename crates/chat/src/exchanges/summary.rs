//! One-line summaries of a traced exchange.

use std::time::{SystemTime, UNIX_EPOCH};

use openclaw_models::{ExchangeOutcome, TraceRecord};

/// Returns the outcome of an exchange in a word or two.
#[must_use]
pub fn outcome_text(record: &TraceRecord) -> String {
    let status = record.response.as_ref().map(|response| response.status);
    match (&record.end, status) {
        (None, _) => "cut short".to_owned(),
        (Some(end), _) if end.how == ExchangeOutcome::Dropped => "given up".to_owned(),
        (Some(_), Some(_)) if record.is_refused() => "refused".to_owned(),
        (Some(end), _) if end.how == ExchangeOutcome::Failed => match &end.error {
            Some(error) if error.clock.is_some() => "timed out".to_owned(),
            _ => "failed".to_owned(),
        },
        (Some(_), _) if record.summarize_answer().error.is_some() => "error inside".to_owned(),
        (Some(_), _) => "ok".to_owned(),
    }
}

/// Returns the cells of a table row: number, age, model or route, status, outcome, prompt, answer,
/// time to the first token and total time.
#[must_use]
pub fn table_row(record: &TraceRecord) -> [String; 9] {
    let what = record.model_name().filter(|_| record.request.streams);
    let what = what.unwrap_or_else(|| format!("{} {}", record.request.method, url_path(record)));
    let (prompt, answer) = match record.summarize_answer().usage {
        Some((input, output)) => (format!("{input} tok"), format!("{output} tok")),
        None => (format_bytes(prompt_bytes(record)), format_bytes(answer_bytes(record))),
    };
    let status = record.response.as_ref().map(|response| response.status.to_string());
    [
        record.number.to_string(),
        format_seconds(seconds_ago(record)),
        what,
        status.unwrap_or_else(|| "-".to_owned()),
        outcome_text(record),
        prompt,
        answer,
        record.first_token_ms().map_or_else(|| "-".to_owned(), format_millis),
        record.end.as_ref().map_or_else(|| "-".to_owned(), |end| format_millis(end.ms)),
    ]
}

/// Returns the size of the request's body, in bytes.
#[must_use]
pub fn prompt_bytes(record: &TraceRecord) -> u64 {
    record.request.body.as_ref().map_or(0, |body| body.size)
}

/// Returns the size of the answer so far, in bytes.
#[must_use]
pub fn answer_bytes(record: &TraceRecord) -> u64 {
    let data = record.events.iter().filter_map(|event| event.data.as_ref());
    let so_far = || data.map(|data| u64::try_from(data.len()).unwrap_or_default()).sum();
    record.end.as_ref().map_or_else(so_far, |end| end.bytes)
}

fn url_path(record: &TraceRecord) -> &str {
    let url = record.request.url.as_str();
    let rest = url.split_once("://").map_or(url, |(_, rest)| rest);
    rest.find('/').and_then(|at| rest.get(at..)).unwrap_or("/")
}

/// Returns how long ago the request was sent, in seconds.
#[must_use]
pub fn seconds_ago(record: &TraceRecord) -> u64 {
    let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default().as_millis();
    u64::try_from(now).unwrap_or_default().saturating_sub(record.request.at) / 1_000
}

/// Formats an age, given in seconds.
pub(super) fn format_seconds(seconds: u64) -> String {
    match seconds {
        0..60 => format!("{seconds} s"),
        60..3_600 => format!("{} min", seconds / 60),
        3_600..172_800 => format!("{} h", seconds / 3_600),
        _ => format!("{} d", seconds / 86_400),
    }
}

/// Formats a number of milliseconds.
#[must_use]
pub fn format_millis(ms: f64) -> String {
    if ms < 10.0 {
        format!("{ms:.1} ms")
    } else if ms < 1_000.0 {
        format!("{ms:.0} ms")
    } else {
        format!("{:.1} s", ms / 1e3)
    }
}

/// Formats a number of bytes.
pub(super) fn format_bytes(count: u64) -> String {
    match count {
        0..10_000 => format!("{count} B"),
        10_000..10_000_000 => format!("{} kB", count / 1_000),
        _ => format!("{} MB", count / 1_000_000),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_and_sizes_are_written_as_people_do() {
        assert_eq!([5, 65, 7_300, 200_000].map(format_seconds), ["5 s", "1 min", "2 h", "2 d"]);
        assert_eq!([1.25, 85.2, 1_234.0].map(format_millis), ["1.2 ms", "85 ms", "1.2 s"]);
        assert_eq!([12, 12_345, 12_345_678].map(format_bytes), ["12 B", "12 kB", "12 MB"]);
    }
}
