//! The times at which a job is to run.

use crate::clock::SlotRange;
use crate::cron::CronExpression;
use crate::error::ScheduleError;

/// The slots that are counted one by one; of more, only the last is looked for.
const MAX_COUNTED_SLOTS: u32 = 1000;

/// The times at which a job is to run: its slots. All are in milliseconds since the Unix epoch.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub enum JobSchedule {
    /// Once.
    At {
        /// When.
        at_ms: i64,
    },
    /// At a time, and every so often before and after it.
    #[non_exhaustive]
    Every {
        /// The interval, above 0.
        every_ms: i64,
        /// One of the times.
        anchor_ms: i64,
    },
    /// Whenever a cron expression matches.
    Cron(Box<CronExpression>),
}

impl JobSchedule {
    /// A schedule with an interval.
    ///
    /// # Errors
    /// When the interval is not above 0.
    pub fn every(every_ms: i64, anchor_ms: i64) -> Result<Self, ScheduleError> {
        if every_ms <= 0 {
            return Err(ScheduleError::EmptyInterval);
        }
        Ok(Self::Every { every_ms, anchor_ms })
    }

    /// The first slot after a time; `None` when there is none.
    #[must_use]
    pub fn next_slot_after(&self, after_ms: i64) -> Option<i64> {
        match self {
            Self::At { at_ms } => (*at_ms > after_ms).then_some(*at_ms),
            Self::Every { every_ms, anchor_ms } => {
                let steps = after_ms.checked_sub(*anchor_ms)?.div_euclid(*every_ms);
                steps.checked_add(1)?.checked_mul(*every_ms)?.checked_add(*anchor_ms)
            }
            Self::Cron(expression) => expression.next_slot_after(after_ms),
        }
    }

    /// The slots from one of them up to a time that is not before it.
    #[must_use]
    pub fn slots_up_to(&self, first_ms: i64, until_ms: i64) -> SlotRange {
        let one = SlotRange { first_ms, last_ms: first_ms, count: 1 };
        match self {
            Self::At { .. } => one,
            Self::Every { every_ms, .. } => {
                let steps = until_ms.saturating_sub(first_ms).max(0) / every_ms;
                let count = u32::try_from(steps).unwrap_or(u32::MAX).saturating_add(1);
                SlotRange { last_ms: first_ms + steps * every_ms, count, ..one }
            }
            Self::Cron(expression) => {
                let mut range = one;
                while let Some(next) = expression.next_slot_after(range.last_ms) {
                    if next > until_ms {
                        break;
                    }
                    if range.count >= MAX_COUNTED_SLOTS {
                        let last = expression.last_slot_up_to(until_ms).unwrap_or(next);
                        return SlotRange { last_ms: last.max(next), ..range };
                    }
                    range.last_ms = next;
                    range.count += 1;
                }
                range
            }
        }
    }

    /// Whether it has one slot only.
    #[must_use]
    pub fn is_one_shot(&self) -> bool {
        matches!(self, Self::At { .. })
    }
}
