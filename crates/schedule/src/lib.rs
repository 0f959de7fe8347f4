#![doc = include_str!("../README.md")]

mod agenda;
mod clock;
mod cron;
mod error;
mod schedule;
mod zoned;

pub use agenda::JobAgenda;
pub use clock::{BackoffPolicy, JobClock, JobDecision, JobTiming, RunOutcome, SlotRange};
pub use cron::CronExpression;
pub use error::ScheduleError;
pub use schedule::JobSchedule;
