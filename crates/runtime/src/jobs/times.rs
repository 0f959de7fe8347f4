//! The times of jobs as people write them.

use jiff::Timestamp;
use jiff::civil::DateTime;
use jiff::tz::{Offset, TimeZone};
use openclaw_protocol::jobs::JobTimes;
use openclaw_schedule::{CronExpression, JobSchedule};

/// The shortest interval, in milliseconds.
const MIN_INTERVAL_MS: u64 = 1000;

/// Reads a duration such as `90s`, `10m`, `1h30m` or `2d`, in milliseconds.
#[must_use]
pub fn parse_duration_ms(text: &str) -> Option<u64> {
    let mut rest = text.trim();
    let mut total = 0u64;
    while !rest.is_empty() {
        let digits = rest.bytes().take_while(u8::is_ascii_digit).count();
        let (number, behind) = rest.split_at_checked(digits)?;
        let letters = behind.bytes().take_while(u8::is_ascii_alphabetic).count();
        let (unit, behind) = behind.split_at_checked(letters)?;
        let each = match unit {
            "ms" => 1,
            "s" => 1000,
            "m" => 60_000,
            "h" => 3_600_000,
            "d" => 86_400_000,
            "w" => 604_800_000,
            _ => return None,
        };
        total = total.checked_add(number.parse::<u64>().ok()?.checked_mul(each)?)?;
        rest = behind.trim_start();
    }
    (total > 0).then_some(total)
}

/// The schedule of a job, and how much later it begins.
pub(super) fn read_times(id: &str, times: &JobTimes) -> Result<(JobSchedule, i64), String> {
    match times {
        JobTimes::At { at, .. } => {
            let timestamp: Timestamp =
                at.parse().map_err(|error| format!("read the time `{at}`: {error}"))?;
            Ok((JobSchedule::At { at_ms: timestamp.as_millisecond() }, 0))
        }
        JobTimes::Every { every_ms, anchor_ms, .. } => {
            if *every_ms < MIN_INTERVAL_MS {
                return Err(format!("use an interval of less than {MIN_INTERVAL_MS} ms"));
            }
            let every = i64::try_from(*every_ms).map_err(|_| "use so long an interval")?;
            let schedule = JobSchedule::every(every, anchor_ms.unwrap_or_default());
            Ok((schedule.map_err(|error| error.to_string())?, 0))
        }
        JobTimes::Cron { expr, tz, stagger_ms, .. } => {
            let zone = find_zone(tz.as_deref())?;
            let expression =
                CronExpression::parse(expr, zone).map_err(|error| error.to_string())?;
            let schedule = JobSchedule::Cron(Box::new(expression));
            Ok((schedule, spread_offset(id, stagger_ms.unwrap_or_default())))
        }
        _ => Err("use a schedule of another kind than `at`, `every` and `cron`".to_owned()),
    }
}

/// The time zone with a name; without one, that of the machine.
pub(super) fn find_zone(name: Option<&str>) -> Result<TimeZone, String> {
    match name {
        None => Ok(TimeZone::system()),
        Some(name) => TimeZone::get(name)
            .map_err(|_| format!("find the time zone `{}` on this machine", name.escape_debug())),
    }
}

/// A part of a span that differs from job to job, and is always the same for one.
fn spread_offset(id: &str, span_ms: u64) -> i64 {
    if span_ms == 0 {
        return 0;
    }
    // FNV-1a.
    let hash = id.bytes().fold(0xcbf2_9ce4_8422_2325_u64, |hash, byte| {
        (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3)
    });
    i64::try_from((hash ^ (hash >> 32)) % span_ms).unwrap_or_default()
}

/// A time for once: ISO 8601, where a missing zone is UTC or the one that is given, or a duration from
/// now.
pub(super) fn parse_at(text: &str, zone: Option<&str>, now_ms: i64) -> Result<Timestamp, String> {
    let text = text.trim();
    let relative = text.strip_prefix("in ").or_else(|| text.strip_prefix('+')).unwrap_or(text);
    if let Some(duration) = parse_duration_ms(relative) {
        let at = i64::try_from(duration).ok().and_then(|duration| now_ms.checked_add(duration));
        let at = at.and_then(|at| Timestamp::from_millisecond(at).ok());
        return at.ok_or_else(|| format!("use the time `{text}`"));
    }
    if let Ok(timestamp) = text.parse::<Timestamp>() {
        return Ok(timestamp);
    }
    let civil: DateTime = text.replacen(' ', "T", 1).parse().map_err(|_| {
        let text: String = text.chars().take(80).collect();
        format!("read the time `{}`: write it as `2026-12-24T18:00` or `20m`", text.escape_debug())
    })?;
    let zone = match zone {
        Some(name) => find_zone(Some(name))?,
        None => TimeZone::fixed(Offset::UTC),
    };
    let zoned = zone.to_ambiguous_zoned_datetime(civil).compatible();
    Ok(zoned.map_err(|error| format!("use the time `{text}`: {error}"))?.timestamp())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn durations_are_read() {
        for (text, expected) in [
            ("90s", Some(90_000)),
            ("1h30m", Some(5_400_000)),
            ("2d", Some(172_800_000)),
            ("1w", Some(604_800_000)),
            ("500ms", Some(500)),
            ("", None),
            ("0m", None),
            ("10", None),
            ("m", None),
            ("10 m", Some(0)),
            ("99999999999999999999d", None),
        ] {
            let expected = expected.filter(|ms| *ms > 0);
            assert_eq!(parse_duration_ms(text), expected, "{text}");
        }
    }

    #[test]
    fn a_time_without_a_zone_is_utc_unless_one_is_given() {
        let at = |text, zone| parse_at(text, zone, 0).map(|at| at.to_string());
        assert_eq!(at("2026-12-24T18:00", None).unwrap(), "2026-12-24T18:00:00Z");
        assert_eq!(at("2026-12-24 18:00:30+01:00", None).unwrap(), "2026-12-24T17:00:30Z");
        let berlin = at("2026-07-01T18:00", Some("Europe/Berlin"));
        assert_eq!(berlin.unwrap(), "2026-07-01T16:00:00Z");
        assert_eq!(at("+20m", None).unwrap(), "1970-01-01T00:20:00Z");
        assert!(at("tomorrow", None).is_err() && at("2026-07-01T18:00", Some("Mars/X")).is_err());
    }

    #[test]
    fn hourly_jobs_are_spread_and_each_stays_where_it_is() {
        let offsets: Vec<i64> =
            (0..20).map(|id| spread_offset(&format!("job-{id}"), 300_000)).collect();
        assert!(offsets.iter().all(|offset| (0..300_000).contains(offset)));
        let different: std::collections::BTreeSet<_> = offsets.iter().collect();
        assert!(different.len() > 15);
        assert_eq!(spread_offset("job-1", 300_000), offsets[1]);
        assert_eq!(spread_offset("job-1", 0), 0);
    }
}
