//! Parses the dates in HTTP headers.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

const MONTHS: [&str; 12] =
    ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];

/// Reads a date such as `Sun, 06 Nov 1994 08:49:37 GMT`, the one form that servers may still send.
/// The day of the week is ignored. `None` for any other text, and for a date before 1970.
pub(super) fn parse_http_date(text: &str) -> Option<SystemTime> {
    let (_, rest) = text.trim().split_once(", ")?;
    let mut parts = rest.split(' ');
    let day: u64 = parse_digits(parts.next()?, 2)?;
    let month = parts.next()?;
    let month = MONTHS.iter().position(|name| *name == month)?;
    let year: u64 = parse_digits(parts.next()?, 4)?;
    let mut clock = parts.next()?.split(':');
    let mut part = |below: u64| parse_digits(clock.next()?, 2).filter(|part| *part < below);
    // A minute may have a leap second.
    let (hour, minute, second) = (part(24)?, part(60)?, part(61)?);
    if clock.next().is_some() || parts.next()? != "GMT" || parts.next().is_some() {
        return None;
    }
    let month_days = days_before(month + 1, year) - days_before(month, year);
    if day == 0 || day > month_days {
        return None;
    }
    let years = (1970..year).map(|year| 365 + u64::from(is_leap(year))).sum::<u64>();
    let days = years + days_before(month, year) + day - 1;
    let seconds = ((days * 24 + hour) * 60 + minute) * 60 + second;
    (year >= 1970).then(|| UNIX_EPOCH + Duration::from_secs(seconds))
}

/// The days of a year before its month with this index, from 0; index 12 gives the whole year.
fn days_before(month: usize, year: u64) -> u64 {
    const DAYS: [u64; 12] = [31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31];
    DAYS.iter().take(month).sum::<u64>() + u64::from(month > 1 && is_leap(year))
}

fn is_leap(year: u64) -> bool {
    year.is_multiple_of(4) && (!year.is_multiple_of(100) || year.is_multiple_of(400))
}

/// Reads a number of exactly `digits` digits.
fn parse_digits(text: &str, digits: usize) -> Option<u64> {
    let fits = text.len() == digits && text.bytes().all(|byte| byte.is_ascii_digit());
    fits.then(|| text.parse().ok()).flatten()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_read_to_the_second() {
        for (text, expected) in [
            ("Thu, 01 Jan 1970 00:00:00 GMT", Some(0)),
            ("Sun, 06 Nov 1994 08:49:37 GMT", Some(784_111_777)),
            ("Tue, 29 Feb 2000 23:59:59 GMT", Some(951_868_799)),
            ("Wed, 01 Mar 2000 00:00:00 GMT", Some(951_868_800)),
            ("Sat, 21 Nov 2026 05:43:03 GMT", Some(1_795_239_783)),
            ("Sat, 31 Dec 2016 23:59:60 GMT", Some(1_483_228_800)),
            ("  Fri, 31 Dec 2100 23:59:59 GMT ", Some(4_133_980_799)),
            ("Mon, 29 Feb 2100 00:00:00 GMT", None),
            ("Mon, 00 Jan 2024 00:00:00 GMT", None),
            ("Mon, 31 Apr 2024 00:00:00 GMT", None),
            ("Mon, 01 Jan 1969 00:00:00 GMT", None),
            ("Mon, 1 Jan 2024 00:00:00 GMT", None),
            ("Mon, 01 Jan 2024 24:00:00 GMT", None),
            ("Mon, 01 Jan 2024 00:60:00 GMT", None),
            ("Mon, 01 Jan 2024 00:00:00 CET", None),
            ("Mon, 01 Jan 2024 00:00:00 GMT x", None),
            ("Sunday, 06-Nov-94 08:49:37 GMT", None),
            ("Sun Nov  6 08:49:37 1994", None),
            ("120", None),
            ("", None),
        ] {
            let expected = expected.map(|seconds| UNIX_EPOCH + Duration::from_secs(seconds));
            assert_eq!(parse_http_date(text), expected, "{text:?}");
        }
    }
}
