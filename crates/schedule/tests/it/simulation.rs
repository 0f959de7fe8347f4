//! Jobs over 10,000 simulated days: with daylight saving, wrong clocks, restarts, kills and a model
//! that dies.

use std::collections::BTreeSet;

use openclaw_schedule::{
    BackoffPolicy, CronExpression, JobClock, JobDecision, JobSchedule, JobTiming, RunOutcome,
    SlotRange,
};
use proptest::prelude::*;

use crate::paris;

const MINUTE: i64 = 60_000;
const DAY: i64 = 24 * 60 * MINUTE;

/// The days of one case; with 40 cases they are 10,000.
const DAYS_PER_CASE: i64 = 250;

/// What happens between two looks at the job.
#[derive(Debug, Clone)]
enum Happening {
    /// Time passes, in minutes.
    Pass(i64),
    /// The clock of the machine is set, by minutes.
    SetClock(i64),
    /// The program ends in order, and starts again.
    Restart,
    /// The program is killed: a run that goes on is interrupted.
    Kill,
    /// The model dies or comes back.
    Model(bool),
    /// The next runs fail or succeed, and take a time in minutes.
    Runs { fail: bool, minutes: i64 },
}

fn happenings() -> impl Strategy<Value = Vec<Happening>> {
    let one = prop_oneof![
        12 => (1i64..200).prop_map(Happening::Pass),
        2 => (200i64..4000).prop_map(Happening::Pass),
        1 => Just(Happening::Restart),
        1 => Just(Happening::Kill),
        1 => any::<bool>().prop_map(Happening::Model),
        2 => (any::<bool>(), 0i64..300).prop_map(|(fail, minutes)| Happening::Runs { fail, minutes }),
    ];
    prop::collection::vec(one, 20..120)
}

fn wrong_clocks() -> impl Strategy<Value = Vec<Happening>> {
    let one = prop_oneof![
        12 => (1i64..200).prop_map(Happening::Pass),
        2 => (-500_000i64..500_000).prop_map(Happening::SetClock),
        2 => (-90i64..90).prop_map(Happening::SetClock),
        1 => Just(Happening::Restart),
        1 => Just(Happening::Kill),
        1 => any::<bool>().prop_map(Happening::Model),
        2 => (any::<bool>(), 0i64..300).prop_map(|(fail, minutes)| Happening::Runs { fail, minutes }),
    ];
    prop::collection::vec(one, 20..120)
}

fn schedules() -> impl Strategy<Value = JobSchedule> {
    let expressions = prop::sample::select(vec![
        "30 2 * * *",
        "*/20 * * * *",
        "0 * * * *",
        "0 9 13 * 5",
        "15 1-3 * * SUN",
        "45 23 L * *",
    ]);
    prop_oneof![
        (1i64..3000, 0i64..DAY).prop_map(|(minutes, anchor)| {
            JobSchedule::every(minutes * MINUTE, anchor).unwrap()
        }),
        expressions.prop_map(|text| {
            JobSchedule::Cron(Box::new(CronExpression::parse(text, paris()).unwrap()))
        }),
        (0i64..DAYS_PER_CASE)
            .prop_map(|day| JobSchedule::At { at_ms: 1_770_000_000_000 + day * DAY + 1 }),
    ]
}

/// A job in a world with a store: what is kept in `clock` and `names` survives a kill.
struct World {
    schedule: JobSchedule,
    offset_ms: i64,
    clock: JobClock,
    /// The unique key of the store.
    names: BTreeSet<i64>,
    /// The runs that began, with the time that the clock showed.
    begun: Vec<(SlotRange, i64)>,
    /// Whether they did anything.
    skipped: Vec<bool>,
    /// When the run that goes on ends, by a clock that nobody sets.
    running_until: Option<i64>,
    true_ms: i64,
    clock_error_ms: i64,
    is_model_up: bool,
    fails: bool,
    run_minutes: i64,
}

impl World {
    fn now_ms(&self) -> i64 {
        self.true_ms + self.clock_error_ms
    }

    fn timing(&self) -> (JobSchedule, i64) {
        (self.schedule.clone(), self.offset_ms)
    }

    fn with_clock<T>(&mut self, change: impl FnOnce(&mut JobClock, JobTiming<'_>) -> T) -> T {
        let (schedule, offset_ms) = self.timing();
        let backoff = &BackoffPolicy::DEFAULT;
        change(&mut self.clock, JobTiming { schedule: &schedule, offset_ms, backoff })
    }

    fn end_run(&mut self, outcome: RunOutcome) {
        let now = self.now_ms();
        self.running_until = None;
        self.with_clock(|clock, timing| clock.end_run(timing, outcome, now));
    }

    /// What the gateway does at each look.
    fn look(&mut self) {
        if self.running_until.is_some_and(|until| until <= self.true_ms) {
            let outcome = if self.fails { RunOutcome::Failed } else { RunOutcome::Succeeded };
            self.end_run(outcome);
        }
        while self.running_until.is_none() {
            let now = self.now_ms();
            let decision = self.with_clock(|clock, timing| clock.decide(timing, now));
            let JobDecision::Begin(slots) = decision else { break };
            if !self.names.insert(slots.last_ms) {
                self.with_clock(|clock, timing| clock.pass_over(timing, slots));
                continue;
            }
            self.with_clock(|clock, timing| clock.begin_run(timing, slots));
            self.begun.push((slots, now));
            self.skipped.push(!self.is_model_up);
            if self.is_model_up {
                self.running_until = Some(self.true_ms + self.run_minutes * MINUTE);
                if self.run_minutes == 0 {
                    self.end_run(RunOutcome::Succeeded);
                }
            } else {
                self.end_run(RunOutcome::Skipped);
            }
        }
    }

    fn happen(&mut self, happening: &Happening) {
        match happening {
            Happening::Pass(minutes) => self.true_ms += minutes * MINUTE,
            Happening::SetClock(minutes) => {
                self.clock_error_ms += minutes * MINUTE;
                if *minutes < 0 {
                    self.realign();
                }
            }
            Happening::Restart => {
                if let Some(until) = self.running_until {
                    self.true_ms = self.true_ms.max(until);
                    self.end_run(RunOutcome::Succeeded);
                }
                self.realign();
            }
            Happening::Kill => {
                if self.running_until.is_some() {
                    self.end_run(RunOutcome::Failed);
                }
                self.realign();
            }
            Happening::Model(is_up) => self.is_model_up = *is_up,
            Happening::Runs { fail, minutes } => {
                (self.fails, self.run_minutes) = (*fail, *minutes);
            }
        }
        self.look();
    }

    fn realign(&mut self) {
        let now = self.now_ms();
        self.with_clock(|clock, timing| clock.realign(timing, now));
    }
}

fn simulate(schedule: &JobSchedule, offset_ms: i64, happenings: &[Happening]) -> World {
    let start = 1_770_000_000_000;
    let timing = JobTiming { schedule, offset_ms, backoff: &BackoffPolicy::DEFAULT };
    let mut world = World {
        clock: JobClock::start(timing, start),
        schedule: schedule.clone(),
        offset_ms,
        names: BTreeSet::new(),
        begun: Vec::new(),
        skipped: Vec::new(),
        running_until: None,
        true_ms: start,
        clock_error_ms: 0,
        is_model_up: true,
        fails: false,
        run_minutes: 1,
    };
    for happening in happenings.iter().cycle() {
        if world.true_ms > start + DAYS_PER_CASE * DAY {
            break;
        }
        world.happen(happening);
        // Time always passes.
        world.true_ms += 7 * MINUTE;
    }
    // The last run ends, and what is due begins.
    world.is_model_up = true;
    world.fails = false;
    for _ in 0..2 {
        world.true_ms += 2 * DAY;
        world.look();
    }
    world
}

/// All slots of a schedule in a span, one after the other.
fn slots_between(schedule: &JobSchedule, start: i64, until: i64) -> Vec<i64> {
    let mut slots = Vec::new();
    let mut at = start;
    while let Some(next) = schedule.next_slot_after(at).filter(|next| *next <= until) {
        slots.push(next);
        at = next;
    }
    slots
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 40, ..ProptestConfig::default() })]

    #[test]
    fn no_slot_is_lost_or_doubled(
        schedule in schedules(),
        offset_minutes in 0i64..5,
        happenings in happenings(),
    ) {
        let world = simulate(&schedule, offset_minutes * MINUTE, &happenings);
        let until = world.now_ms() - offset_minutes * MINUTE;
        let slots = slots_between(&schedule, 1_770_000_000_000, until);
        let mut expected = slots.iter().copied().peekable();
        let mut has_done_something = false;
        for ((range, at), skipped) in world.begun.iter().zip(&world.skipped) {
            // No run begins before its slots.
            prop_assert!(*at >= range.last_ms + offset_minutes * MINUTE);
            if schedule.is_one_shot() {
                // It is repeated only as long as nothing happened.
                prop_assert!(!has_done_something);
                has_done_something |= !skipped;
                continue;
            }
            prop_assert_eq!(expected.peek().copied(), Some(range.first_ms));
            let mut count = 0u32;
            while expected.next_if(|slot| *slot <= range.last_ms).is_some() {
                count += 1;
            }
            prop_assert_eq!(count.min(1000), range.count.min(1000));
        }
        if schedule.is_one_shot() {
            prop_assert!(has_done_something || world.begun.len() == 25, "{:?}", world.begun);
        } else {
            // What is left came while the last run went on, or after it.
            let last_run = world.begun.last().map_or(0, |(_, at)| *at);
            prop_assert!(expected.all(|slot| slot > last_run - offset_minutes * MINUTE));
        }
    }

}

proptest! {
    #![proptest_config(ProptestConfig { cases: 15, ..ProptestConfig::default() })]

    #[test]
    fn whatever_the_clock_shows_no_slot_runs_twice_and_no_job_sleeps(
        schedule in schedules(),
        happenings in wrong_clocks(),
    ) {
        let world = simulate(&schedule, 0, &happenings);
        let names: BTreeSet<i64> = world.begun.iter().map(|(range, _)| range.last_ms).collect();
        prop_assert_eq!(names.len(), world.begun.len());
        for (range, at) in &world.begun {
            prop_assert!(range.last_ms <= *at && range.first_ms <= range.last_ms);
        }
        if !schedule.is_one_shot() && world.running_until.is_none() {
            let next = schedule.next_slot_after(world.now_ms()).unwrap();
            prop_assert!(world.clock.next_slot_ms.unwrap() <= next);
        }
    }
}
