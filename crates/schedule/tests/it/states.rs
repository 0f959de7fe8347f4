//! The states of one job.

use openclaw_schedule::{
    BackoffPolicy, JobAgenda, JobClock, JobDecision, JobSchedule, JobTiming, RunOutcome,
};

const MINUTE: i64 = 60_000;

fn timing(schedule: &JobSchedule) -> JobTiming<'_> {
    JobTiming { schedule, offset_ms: 0, backoff: &BackoffPolicy::DEFAULT }
}

fn every_minute() -> JobSchedule {
    JobSchedule::every(MINUTE, 0).unwrap()
}

#[test]
fn missed_slots_are_made_up_for_by_one_run() {
    let schedule = every_minute();
    let timing = timing(&schedule);
    let mut clock = JobClock::start(timing, 0);
    let JobDecision::Begin(slots) = clock.decide(timing, 90 * MINUTE + 1) else { panic!() };
    assert_eq!((slots.first_ms, slots.last_ms, slots.count), (MINUTE, 90 * MINUTE, 90));
    clock.begin_run(timing, slots);
    assert_eq!(clock.decide(timing, 90 * MINUTE + 2), JobDecision::Wait { until_ms: 91 * MINUTE });
}

#[test]
fn failures_in_a_row_wait_longer_and_a_success_ends_that() {
    let schedule = every_minute();
    let timing = timing(&schedule);
    let mut clock = JobClock::start(timing, 0);
    let mut now = 0;
    for pause in [30_000, MINUTE, 5 * MINUTE, 15 * MINUTE, 60 * MINUTE, 60 * MINUTE] {
        now = clock.due_ms(timing).unwrap();
        let JobDecision::Begin(slots) = clock.decide(timing, now) else { panic!() };
        clock.begin_run(timing, slots);
        clock.end_run(timing, RunOutcome::Failed, now);
        let due = clock.due_ms(timing).unwrap();
        assert_eq!(due, (now + pause).max(slots.last_ms + MINUTE));
    }
    assert_eq!(clock.failures, 6);
    let now = now + 60 * MINUTE;
    let JobDecision::Begin(slots) = clock.decide(timing, now) else { panic!() };
    clock.begin_run(timing, slots);
    clock.end_run(timing, RunOutcome::Succeeded, now);
    assert_eq!((clock.failures, clock.due_ms(timing)), (0, Some(slots.last_ms + MINUTE)));
}

#[test]
fn a_one_shot_runs_once_and_is_repeated_only_when_nothing_happened() {
    let schedule = JobSchedule::At { at_ms: 1000 };
    let timing = timing(&schedule);
    for outcome in [RunOutcome::Succeeded, RunOutcome::Failed] {
        let mut clock = JobClock::start(timing, 5000);
        let JobDecision::Begin(slots) = clock.decide(timing, 5000) else { panic!() };
        assert_eq!((slots.last_ms, slots.count), (1000, 1));
        clock.begin_run(timing, slots);
        clock.end_run(timing, outcome, 6000);
        assert_eq!(clock.decide(timing, i64::MAX), JobDecision::Finished);
    }
    let mut clock = JobClock::start(timing, 0);
    let (mut now, mut names) = (1000, Vec::new());
    while let JobDecision::Begin(slots) = clock.decide(timing, now) {
        names.push(slots.last_ms);
        clock.begin_run(timing, slots);
        clock.end_run(timing, RunOutcome::Skipped, now);
        now = clock.due_ms(timing).unwrap_or(now);
    }
    assert_eq!(names.len(), 25);
    names.dedup();
    assert_eq!(names.len(), 25);
}

#[test]
fn a_repetition_with_a_name_that_was_used_gets_another() {
    let schedule = JobSchedule::At { at_ms: 1000 };
    let timing = timing(&schedule);
    let mut clock = JobClock::start(timing, 0);
    let JobDecision::Begin(slots) = clock.decide(timing, 1000) else { panic!() };
    clock.begin_run(timing, slots);
    clock.end_run(timing, RunOutcome::Skipped, 1000);
    let JobDecision::Begin(again) = clock.decide(timing, 31_000) else { panic!() };
    clock.pass_over(timing, again);
    assert_eq!(clock.next_slot_ms, Some(31_001));
    let mut first = JobClock::start(timing, 0);
    first.pass_over(timing, slots);
    assert_eq!(first.next_slot_ms, None);
}

#[test]
fn a_clock_that_was_a_year_ahead_makes_no_job_wait_for_a_year() {
    let year = 365 * 24 * 60 * MINUTE;
    let schedule = every_minute();
    let timing = timing(&schedule);
    let mut clock = JobClock::start(timing, 0);
    let JobDecision::Begin(slots) = clock.decide(timing, year) else { panic!() };
    clock.begin_run(timing, slots);
    clock.end_run(timing, RunOutcome::Failed, year);
    clock.realign(timing, 10 * MINUTE);
    assert_eq!(clock.due_ms(timing), Some(11 * MINUTE));
}

#[test]
fn an_offset_makes_a_job_later_and_changes_no_slot() {
    let schedule = every_minute();
    let timing = JobTiming { offset_ms: 20_000, ..timing(&schedule) };
    let clock = JobClock::start(timing, 0);
    assert_eq!(clock.decide(timing, 79_999), JobDecision::Wait { until_ms: 80_000 });
    let JobDecision::Begin(slots) = clock.decide(timing, 130_000) else { panic!() };
    assert_eq!((slots.last_ms, slots.count), (MINUTE, 1));
}

#[test]
fn the_agenda_gives_due_jobs_once_in_their_order() {
    let mut agenda = JobAgenda::new();
    for (id, due) in [("a", 30), ("b", 10), ("c", 20), ("d", 40)] {
        agenda.set_due(&id, Some(due));
    }
    agenda.set_due(&"b", Some(25));
    agenda.set_due(&"d", None);
    assert_eq!((agenda.next_due_ms(), agenda.due_ms(&"b")), (Some(20), Some(25)));
    assert_eq!(agenda.take_due(25), ["c", "b"]);
    assert!(agenda.take_due(29).is_empty());
    assert_eq!(agenda.take_due(30), ["a"]);
    assert_eq!(agenda.next_due_ms(), None);
}
