//! The times that schedules have.

use jiff::tz::TimeZone;
use openclaw_schedule::{CronExpression, JobSchedule, ScheduleError};
use proptest::prelude::*;

use crate::{paris, paris_millis, show_in_paris};

fn next_times(expression: &str, after: &str, count: usize) -> Vec<String> {
    let expression = CronExpression::parse(expression, paris()).unwrap();
    let mut at = paris_millis(after);
    let mut times = Vec::new();
    for _ in 0..count {
        at = expression.next_slot_after(at).unwrap();
        times.push(show_in_paris(at));
    }
    times
}

#[test]
fn daylight_saving_neither_loses_nor_doubles_a_time_of_day() {
    for (expression, after, expected) in [
        // The clock goes from 02:00 to 03:00 on 29 March 2026.
        (
            "30 2 * * *",
            "2026-03-28T03:00",
            vec!["2026-03-29T03:00:00+02:00", "2026-03-30T02:30:00+02:00"],
        ),
        (
            "0 * * * *",
            "2026-03-29T00:30",
            vec![
                "2026-03-29T01:00:00+01:00",
                "2026-03-29T03:00:00+02:00",
                "2026-03-29T04:00:00+02:00",
            ],
        ),
        // It goes from 03:00 back to 02:00 on 25 October 2026.
        (
            "30 2 * * *",
            "2026-10-24T03:00",
            vec!["2026-10-25T02:30:00+02:00", "2026-10-26T02:30:00+01:00"],
        ),
        (
            "*/30 * * * *",
            "2026-10-25T01:45",
            vec![
                "2026-10-25T02:00:00+02:00",
                "2026-10-25T02:30:00+02:00",
                "2026-10-25T02:00:00+01:00",
                "2026-10-25T02:30:00+01:00",
                "2026-10-25T03:00:00+01:00",
            ],
        ),
    ] {
        assert_eq!(next_times(expression, after, expected.len()), expected, "{expression}");
    }
}

#[test]
fn expressions_have_the_meaning_of_the_original() {
    for (expression, expected) in [
        // A day matches when either day field does.
        (
            "0 9 13 * 5",
            vec![
                "2026-01-02T09:00:00+01:00",
                "2026-01-09T09:00:00+01:00",
                "2026-01-13T09:00:00+01:00",
            ],
        ),
        // And when both do with `+`.
        ("0 9 13 * +5", vec!["2026-02-13T09:00:00+01:00", "2026-03-13T09:00:00+01:00"]),
        ("15 30 6 * * MON", vec!["2026-01-05T06:30:15+01:00"]),
        ("0 0 L * *", vec!["2026-01-31T00:00:00+01:00", "2026-02-28T00:00:00+01:00"]),
        ("0 8 * * 1#1", vec!["2026-01-05T08:00:00+01:00", "2026-02-02T08:00:00+01:00"]),
        ("@daily", vec!["2026-01-02T00:00:00+01:00"]),
        ("0 0 29 2 *", vec!["2028-02-29T00:00:00+01:00"]),
    ] {
        assert_eq!(
            next_times(expression, "2026-01-01T12:00", expected.len()),
            expected,
            "{expression}"
        );
    }
}

#[test]
fn a_text_without_a_time_is_refused() {
    for text in ["", "* * * *", "61 * * * *", "* * * * * * *", "x", "0 0 30 2 *", "@never"] {
        let error = CronExpression::parse(text, TimeZone::UTC).unwrap_err();
        let message = error.to_string();
        assert!(message.contains("cron expression"), "{text}: {message}");
    }
    let long = "1,".repeat(200) + "1 * * * *";
    assert!(CronExpression::parse(&long, TimeZone::UTC).is_err());
    assert_eq!(JobSchedule::every(0, 5).unwrap_err(), ScheduleError::EmptyInterval);
}

#[test]
fn full_hours_are_known() {
    let is_hourly = |text| CronExpression::parse(text, TimeZone::UTC).unwrap().is_hourly();
    assert!(is_hourly("0 * * * *") && is_hourly("0 */2 * * *") && is_hourly("0 0 * * * *"));
    assert!(!is_hourly("5 * * * *") && !is_hourly("0 9 * * *") && !is_hourly("* * * * *"));
}

proptest! {
    #[test]
    fn the_slots_of_a_span_are_those_that_follow_one_another(
        minute in 0u32..60,
        hours in prop::sample::select(vec!["*", "2", "*/5", "1-3", "0,23"]),
        start in 1_750_000_000_000i64..1_850_000_000_000,
        days in 1i64..80,
    ) {
        let expression = CronExpression::parse(&format!("{minute} {hours} * * *"), paris()).unwrap();
        let schedule = JobSchedule::Cron(Box::new(expression));
        let until = start + days * 86_400_000;
        let first = schedule.next_slot_after(start).unwrap();
        let mut slots = vec![first];
        while let Some(next) = schedule.next_slot_after(*slots.last().unwrap()).filter(|it| *it <= until) {
            slots.push(next);
        }
        let range = schedule.slots_up_to(first, until);
        prop_assert_eq!(range.last_ms, *slots.last().unwrap());
        prop_assert_eq!(usize::try_from(range.count).unwrap(), slots.len().min(1000));
    }
}
