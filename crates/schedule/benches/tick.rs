//! The time that 10,000 jobs cost a tick of one second.

#![expect(clippy::unwrap_used, reason = "a bench fails by panicking")]

use criterion::{Criterion, criterion_group, criterion_main};
use jiff::tz::TimeZone;
use openclaw_schedule::{
    BackoffPolicy, CronExpression, JobAgenda, JobClock, JobDecision, JobSchedule, JobTiming,
    RunOutcome,
};

const JOBS: usize = 10_000;
const START_MS: i64 = 1_780_000_000_000;

fn make_schedules() -> Vec<JobSchedule> {
    let zone = TimeZone::posix("CET-1CEST,M3.5.0,M10.5.0/3").unwrap();
    let make = |index: usize| {
        if index.is_multiple_of(4) {
            let anchor = i64::try_from(index).unwrap() * 997;
            return JobSchedule::every(3_600_000, anchor).unwrap();
        }
        let text = format!("{} {} * * {}", index % 60, index % 24, index % 7);
        JobSchedule::Cron(Box::new(CronExpression::parse(&text, zone.clone()).unwrap()))
    };
    (0..JOBS).map(make).collect()
}

fn measure_ticks(criterion: &mut Criterion) {
    let schedules = make_schedules();
    let timing = |index: usize| JobTiming {
        schedule: schedules.get(index).unwrap(),
        offset_ms: 0,
        backoff: &BackoffPolicy::DEFAULT,
    };
    let mut clocks: Vec<JobClock> =
        (0..JOBS).map(|index| JobClock::start(timing(index), START_MS)).collect();
    let mut agenda = JobAgenda::new();
    for (index, clock) in clocks.iter().enumerate() {
        agenda.set_due(&index, clock.due_ms(timing(index)));
    }
    let mut now = START_MS;
    criterion.bench_function("tick_of_10000_jobs", |bencher| {
        bencher.iter(|| {
            now += 1000;
            for index in agenda.take_due(now) {
                let clock = clocks.get_mut(index).unwrap();
                if let JobDecision::Begin(slots) = clock.decide(timing(index), now) {
                    clock.begin_run(timing(index), slots);
                    clock.end_run(timing(index), RunOutcome::Succeeded, now);
                }
                agenda.set_due(&index, clock.due_ms(timing(index)));
            }
        });
    });
}

criterion_group!(benches, measure_ticks);
criterion_main!(benches);
