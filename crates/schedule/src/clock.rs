//! The state of one job in time, and what follows from it.

use crate::schedule::JobSchedule;

/// The slots that one run covers. Times are in milliseconds since the Unix epoch.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub struct SlotRange {
    /// The first slot.
    pub first_ms: i64,
    /// The last slot, which names the run.
    pub last_ms: i64,
    /// How many slots there are; a thousand may be more.
    pub count: u32,
}

/// What a job is decided by, besides its clock.
#[derive(Debug, Clone, Copy)]
pub struct JobTiming<'a> {
    /// Its slots.
    pub schedule: &'a JobSchedule,
    /// How much later than its slots it begins, so that jobs do not begin all at once.
    pub offset_ms: i64,
    /// How long it pauses after failures.
    pub backoff: &'a BackoffPolicy,
}

/// The pauses after failures in a row; the last one counts for all further ones.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BackoffPolicy {
    /// The pauses, in milliseconds.
    pub pauses_ms: [i64; 5],
    /// How often a one-shot that was skipped is tried again.
    pub max_retries: u32,
}

/// The state of a job in time. The caller keeps it between runs of the program.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct JobClock {
    /// The first slot that no run covers yet; `None` when there is none.
    pub next_slot_ms: Option<i64>,
    /// The job does not begin before this time.
    pub held_until_ms: Option<i64>,
    /// The failures in a row.
    pub failures: u32,
    /// How often a one-shot was skipped.
    pub retries: u32,
}

/// What to do with a job now.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum JobDecision {
    /// Nothing before a time.
    Wait {
        /// The time, in milliseconds since the Unix epoch.
        until_ms: i64,
    },
    /// Begin one run for these slots.
    Begin(SlotRange),
    /// There is no further slot.
    Finished,
}

/// How a run ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RunOutcome {
    /// It did what it was to do.
    Succeeded,
    /// It did not.
    Failed,
    /// It did not begin, and nothing happened.
    Skipped,
}

impl BackoffPolicy {
    /// 30 seconds, then 1, 5, 15 and 60 minutes.
    pub const DEFAULT: Self =
        Self { pauses_ms: [30_000, 60_000, 300_000, 900_000, 3_600_000], max_retries: 24 };

    /// The pause after some failures in a row; 0 after none.
    #[must_use]
    pub fn pause_ms(&self, failures: u32) -> i64 {
        let Some(index) = failures.checked_sub(1) else { return 0 };
        let index = usize::try_from(index).unwrap_or(usize::MAX);
        let last = self.pauses_ms.last().copied().unwrap_or_default();
        self.pauses_ms.get(index).copied().unwrap_or(last)
    }
}

impl JobClock {
    /// The clock of a job that begins to be scheduled now. A one-shot runs even when its time is over.
    #[must_use]
    pub fn start(timing: JobTiming<'_>, now_ms: i64) -> Self {
        let next_slot_ms = match timing.schedule {
            JobSchedule::At { at_ms } => Some(*at_ms),
            schedule => schedule.next_slot_after(now_ms),
        };
        Self { next_slot_ms, ..Self::default() }
    }

    /// When the job is due; `None` when it has no further slot.
    #[must_use]
    pub fn due_ms(&self, timing: JobTiming<'_>) -> Option<i64> {
        let due = self.next_slot_ms?.saturating_add(timing.offset_ms);
        Some(self.held_until_ms.map_or(due, |held| due.max(held)))
    }

    /// What to do now with a job that does not run.
    #[must_use]
    pub fn decide(&self, timing: JobTiming<'_>, now_ms: i64) -> JobDecision {
        let (Some(first), Some(due)) = (self.next_slot_ms, self.due_ms(timing)) else {
            return JobDecision::Finished;
        };
        if due > now_ms {
            return JobDecision::Wait { until_ms: due };
        }
        let until = now_ms.saturating_sub(timing.offset_ms).max(first);
        JobDecision::Begin(timing.schedule.slots_up_to(first, until))
    }

    /// Notes that a run for these slots begins.
    pub fn begin_run(&mut self, timing: JobTiming<'_>, slots: SlotRange) {
        self.next_slot_ms = match timing.schedule {
            JobSchedule::At { .. } => None,
            schedule => schedule.next_slot_after(slots.last_ms),
        };
        self.held_until_ms = None;
    }

    /// Notes that a run with the name of these slots began before. The repetition of a one-shot is then
    /// given another name.
    pub fn pass_over(&mut self, timing: JobTiming<'_>, slots: SlotRange) {
        let is_repetition = timing.schedule.is_one_shot() && self.retries > 0;
        self.begin_run(timing, slots);
        if is_repetition {
            self.next_slot_ms = slots.last_ms.checked_add(1);
        }
    }

    /// Notes how a run ended. A one-shot that was skipped gets a further slot.
    pub fn end_run(&mut self, timing: JobTiming<'_>, outcome: RunOutcome, now_ms: i64) {
        match outcome {
            RunOutcome::Succeeded => {
                (self.failures, self.retries, self.held_until_ms) = (0, 0, None);
            }
            RunOutcome::Failed => {
                self.failures = self.failures.saturating_add(1);
                self.hold(timing, self.failures, now_ms);
            }
            RunOutcome::Skipped => {
                let is_one_shot = timing.schedule.is_one_shot();
                if is_one_shot && self.retries < timing.backoff.max_retries {
                    self.retries += 1;
                    let pause = timing.backoff.pause_ms(self.retries);
                    self.next_slot_ms = Some(now_ms.saturating_add(pause));
                }
            }
        }
    }

    fn hold(&mut self, timing: JobTiming<'_>, failures: u32, now_ms: i64) {
        let pause = timing.backoff.pause_ms(failures);
        self.held_until_ms = Some(now_ms.saturating_add(pause));
    }

    /// Forgets a wait that a wrong clock caused: to call when the program starts and when the clock
    /// was set back. A slot may come again that has run; the caller knows it by its name.
    pub fn realign(&mut self, timing: JobTiming<'_>, now_ms: i64) {
        let latest = now_ms.saturating_add(timing.backoff.pause_ms(self.failures));
        self.held_until_ms = self.held_until_ms.map(|held| held.min(latest));
        let Some(next) = self.next_slot_ms else { return };
        match timing.schedule {
            JobSchedule::At { at_ms } => {
                let pause = timing.backoff.pause_ms(self.retries);
                self.next_slot_ms = Some(next.min(now_ms.saturating_add(pause)).max(*at_ms));
            }
            schedule => {
                let soonest = schedule.next_slot_after(now_ms);
                self.next_slot_ms = Some(soonest.map_or(next, |soonest| next.min(soonest)));
            }
        }
    }
}
