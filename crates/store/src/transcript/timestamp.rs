//! Times as transcripts write them.

use serde_json::Value;

/// Reads a time as Unix milliseconds: a number of them, or a text like `2026-01-05T10:20:30.123Z`.
pub(super) fn parse_timestamp(value: &Value) -> Option<i64> {
    match value {
        Value::Number(number) => number.as_i64(),
        Value::String(text) => parse_utc_time(text),
        _ => None,
    }
}

fn parse_utc_time(text: &str) -> Option<i64> {
    let (date, time) = text.strip_suffix('Z')?.split_once('T')?;
    let mut date = date.splitn(3, '-').map(|part| part.parse::<i64>().ok());
    let (year, month, day) = (date.next()??, date.next()??, date.next()??);
    let (time, fraction) = time.split_once('.').unwrap_or((time, "0"));
    let mut time = time.splitn(3, ':').map(|part| part.parse::<i64>().ok());
    let (hour, minute, second) = (time.next()??, time.next()??, time.next()??);
    let millis: i64 = format!("{fraction:0<3}").get(..3)?.parse().ok()?;
    let is_valid = (1970..10_000).contains(&year)
        && (1..=12).contains(&month)
        && (1..=31).contains(&day)
        && (0..24).contains(&hour)
        && (0..60).contains(&minute)
        && (0..61).contains(&second);
    let seconds = ((days_since_epoch(year, month, day) * 24 + hour) * 60 + minute) * 60 + second;
    is_valid.then_some(seconds * 1000 + millis)
}

/// The days from 1970-01-01 to a date of the Gregorian calendar, counted in years from March on.
fn days_since_epoch(year: i64, month: i64, day: i64) -> i64 {
    let year = if month <= 2 { year - 1 } else { year };
    let month = (month + 9) % 12;
    let day_of_year = (153 * month + 2) / 5 + day - 1;
    365 * year + year / 4 - year / 100 + year / 400 + day_of_year - 719_468
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_time_is_a_number_or_a_text_in_utc() {
        for (value, expected) in [
            (json!(1_767_608_430_123_i64), Some(1_767_608_430_123)),
            (json!("2026-01-05T10:20:30.123Z"), Some(1_767_608_430_123)),
            (json!("2026-01-05T10:20:30Z"), Some(1_767_608_430_000)),
            (json!("1970-01-01T00:00:00.5Z"), Some(500)),
            (json!("2024-02-29T00:00:00Z"), Some(1_709_164_800_000)),
            (json!("2026-13-05T10:20:30Z"), None),
            (json!("yesterday"), None),
            (json!("2026-01-05T10:20:30+02:00"), None),
            (json!(null), None),
        ] {
            assert_eq!(parse_timestamp(&value), expected, "{value}");
        }
    }
}
