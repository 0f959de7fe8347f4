//! Scheduled jobs: how they are added, changed and read, whether a gateway runs or not.

mod access;
mod announcement;
mod answers;
mod definition;
mod description;
mod error;
mod import;
mod times;

use openclaw_protocol::jobs::{JobDefinition, JobOrigin};
use openclaw_schedule::{BackoffPolicy, JobClock, JobSchedule, JobTiming};
use openclaw_store::{
    JobEntry, JobLog, JobProgress, JobRecord, JobRunQuery, JobRunRecord, SessionKey, Store,
    StoreError,
};
use serde_json::{Map, Value};

use crate::runtime::Runtime;

pub use self::announcement::Announcement;
pub use self::description::{describe_job, describe_run};
pub use self::error::{JobError, JobErrorKind};
pub use self::import::JobImport;
pub(crate) use self::import::read_former_jobs;
pub use self::times::parse_duration_ms;

/// The most jobs.
const MAX_JOBS: usize = 10_000;

/// The most jobs of one session's agent.
const MAX_JOBS_OF_SESSION: usize = 50;

/// The scheduled jobs of a store, under the rules of a config. Clones share the store.
///
/// All methods read or write files and block the thread, mostly for less than a few milliseconds.
#[derive(Debug, Clone)]
pub struct JobBook {
    log: JobLog,
    store: Store,
    runtime: Runtime,
}

/// A job.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct Job {
    /// As it is kept.
    pub record: JobRecord,
    /// What it does and when; the reason where that cannot be used any more.
    pub plan: Result<JobPlan, String>,
}

/// What a job does, and when.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct JobPlan {
    /// As its owner wrote it.
    pub definition: JobDefinition,
    /// When it runs.
    pub schedule: JobSchedule,
    /// How much later it begins than its slots, in milliseconds.
    pub offset_ms: i64,
}

impl JobPlan {
    /// What the job's clock is decided by.
    #[must_use]
    pub fn timing(&self) -> JobTiming<'_> {
        JobTiming {
            schedule: &self.schedule,
            offset_ms: self.offset_ms,
            backoff: &BackoffPolicy::DEFAULT,
        }
    }
}

impl Job {
    /// How far the job is.
    #[must_use]
    pub fn clock(&self) -> JobClock {
        clock_from_progress(self.record.progress)
    }

    /// When the job is due; `None` when it is not.
    #[must_use]
    pub fn due_ms(&self) -> Option<i64> {
        let plan = self.plan.as_ref().ok().filter(|_| self.record.is_enabled)?;
        self.clock().due_ms(plan.timing())
    }

    /// Whether the config made it.
    #[must_use]
    pub fn is_system_job(&self) -> bool {
        let origin = self.plan.as_ref().map(|plan| &plan.definition.origin);
        matches!(origin, Ok(JobOrigin::System))
    }
}

/// The clock of a job as it is kept.
#[must_use]
pub fn clock_from_progress(progress: JobProgress) -> JobClock {
    JobClock {
        next_slot_ms: progress.next_slot_ms,
        held_until_ms: progress.held_until_ms,
        failures: progress.failures,
        retries: progress.retries,
    }
}

/// The clock of a job as it is to be kept.
#[must_use]
pub fn progress_from_clock(clock: JobClock, alerted_at_ms: Option<i64>) -> JobProgress {
    JobProgress {
        next_slot_ms: clock.next_slot_ms,
        held_until_ms: clock.held_until_ms,
        failures: clock.failures,
        retries: clock.retries,
        alerted_at_ms,
    }
}

impl JobBook {
    /// Opens the jobs of a store.
    ///
    /// # Errors
    /// When the file cannot be written.
    pub fn open(store: Store, runtime: Runtime) -> Result<Self, StoreError> {
        Ok(Self { log: JobLog::open(store.clone())?, store, runtime })
    }

    /// The same jobs under the rules of another config.
    #[must_use]
    pub fn with_runtime(&self, runtime: Runtime) -> Self {
        Self { runtime, ..self.clone() }
    }

    /// The jobs and runs as they are kept.
    #[must_use]
    pub fn log(&self) -> &JobLog {
        &self.log
    }

    /// The store.
    #[must_use]
    pub fn store(&self) -> &Store {
        &self.store
    }

    /// All jobs, in the order in which they were added.
    ///
    /// # Errors
    /// When the file cannot be read.
    pub fn list_jobs(&self) -> Result<Vec<Job>, JobError> {
        Ok(self.log.list_jobs()?.into_iter().map(read_job).collect())
    }

    /// The jobs that somebody may see.
    ///
    /// # Errors
    /// When the file cannot be read.
    pub fn visible_jobs(&self, reader: &JobOrigin) -> Result<Vec<Job>, JobError> {
        let jobs = self.list_jobs()?.into_iter();
        Ok(jobs.filter(|job| access::may_manage(reader, job)).collect())
    }

    /// A job by its id.
    ///
    /// # Errors
    /// When there is none that the reader may see, or the file cannot be read.
    pub fn find_job(&self, id: &str, reader: &JobOrigin) -> Result<Job, JobError> {
        let found = self.log.find_job(id)?.map(read_job);
        found.filter(|job| access::may_manage(reader, job)).ok_or_else(|| not_found(id))
    }

    /// Adds a job; without an id it gets a new one.
    ///
    /// # Errors
    /// When it cannot be as it is written, or the file cannot be written.
    pub fn add_job(
        &self,
        id: Option<String>,
        draft: Value,
        author: &JobOrigin,
        now_ms: i64,
    ) -> Result<Job, JobError> {
        let id = match id {
            Some(id) => id,
            None => self.log.new_id()?,
        };
        let (definition, is_enabled) = self.complete_draft(draft, author, now_ms)?;
        self.check_count(author)?;
        let plan = plan_job(&id, definition).map_err(JobError::invalid)?;
        let clock = JobClock::start(plan.timing(), now_ms);
        let entry = job_entry(id, &plan, is_enabled, progress_from_clock(clock, None))?;
        Ok(read_job(self.log.add_job(entry)?))
    }

    /// Changes a job: `patch` has the fields that become others.
    ///
    /// # Errors
    /// When there is no such job, it cannot be as it would become, or the file cannot be written.
    pub fn change_job(
        &self,
        id: &str,
        patch: Value,
        author: &JobOrigin,
        now_ms: i64,
    ) -> Result<Job, JobError> {
        let job = self.find_job(id, author)?;
        if job.is_system_job() {
            return Err(JobError::new(
                JobErrorKind::Forbidden,
                format!("change `{id}`: the config makes it (`agents.*.heartbeat`)"),
            ));
        }
        let before = job.plan.as_ref().ok();
        let (definition, is_enabled) = self.apply_patch(&job, patch, author, now_ms)?;
        let plan = plan_job(id, definition).map_err(JobError::invalid)?;
        let is_rescheduled = before.is_none_or(|before| before.schedule != plan.schedule)
            || is_enabled && !job.record.is_enabled;
        let progress = if is_rescheduled {
            progress_from_clock(JobClock::start(plan.timing(), now_ms), None)
        } else {
            job.record.progress
        };
        let entry = job_entry(id.to_owned(), &plan, is_enabled, progress)?;
        let changed = self.log.change_job(job.record.revision, entry)?;
        changed.map(read_job).ok_or_else(|| {
            JobError::new(JobErrorKind::Changed, format!("change `{id}`: it was changed meanwhile"))
        })
    }

    /// Removes a job.
    ///
    /// # Errors
    /// When there is no such job, the config makes it, or the file cannot be written.
    pub fn remove_job(&self, id: &str, author: &JobOrigin) -> Result<(), JobError> {
        let job = self.find_job(id, author)?;
        if job.is_system_job() && *author != JobOrigin::System {
            return Err(JobError::new(
                JobErrorKind::Forbidden,
                format!("remove `{id}`: the config makes it (`agents.*.heartbeat`)"),
            ));
        }
        if self.log.remove_job(id)? { Ok(()) } else { Err(not_found(id)) }
    }

    /// Adds a job of the config, or makes it what the config says.
    ///
    /// # Errors
    /// When the file cannot be read or written.
    pub fn set_system_job(
        &self,
        id: &str,
        definition: JobDefinition,
        now_ms: i64,
    ) -> Result<(), JobError> {
        let plan = plan_job(id, definition).map_err(JobError::invalid)?;
        let start = progress_from_clock(JobClock::start(plan.timing(), now_ms), None);
        let entry = job_entry(id.to_owned(), &plan, true, start)?;
        let before = self.log.add_job(entry.clone())?;
        if before.definition != entry.definition || !before.is_enabled {
            self.log.change_job(before.revision, entry)?;
        }
        Ok(())
    }

    /// The runs of jobs, the latest first.
    ///
    /// # Errors
    /// When the file cannot be read.
    pub fn list_runs(&self, query: &JobRunQuery) -> Result<Vec<JobRunRecord>, JobError> {
        Ok(self.log.list_runs(query)?)
    }

    /// The main session of an agent.
    ///
    /// # Errors
    /// When the id of the agent forms no key.
    pub fn main_session(&self, agent: &str) -> Result<SessionKey, StoreError> {
        self.runtime.default_session_key(agent, None)
    }

    fn check_count(&self, author: &JobOrigin) -> Result<(), JobError> {
        let jobs = self.visible_jobs(author)?;
        let most = match author {
            JobOrigin::Agent { .. } => MAX_JOBS_OF_SESSION,
            _ => MAX_JOBS,
        };
        if jobs.len() < most {
            return Ok(());
        }
        Err(JobError::invalid(format!("add a job: there are {most} already")))
    }
}

fn not_found(id: &str) -> JobError {
    let id: String = id.chars().take(64).collect();
    let message = format!("find a job `{}`", id.escape_debug());
    JobError::new(JobErrorKind::NotFound, message)
}

fn job_entry(
    id: String,
    plan: &JobPlan,
    is_enabled: bool,
    progress: JobProgress,
) -> Result<JobEntry, JobError> {
    let definition = serde_json::to_string(&plan.definition)
        .map_err(|error| JobError::invalid(format!("write the job: {error}")))?;
    Ok(JobEntry { id, definition, is_enabled, progress })
}

fn read_job(record: JobRecord) -> Job {
    let plan = serde_json::from_str(&record.definition)
        .map_err(|error| format!("read the job: {error}"))
        .and_then(|definition| plan_job(&record.id, definition));
    Job { record, plan }
}

fn plan_job(id: &str, definition: JobDefinition) -> Result<JobPlan, String> {
    let (schedule, offset_ms) = times::read_times(id, &definition.schedule)?;
    Ok(JobPlan { definition, schedule, offset_ms })
}

/// An object without the keys that are null.
fn without_nulls(object: Map<String, Value>) -> Map<String, Value> {
    let mut kept = Map::new();
    for (key, value) in object {
        match value {
            Value::Null => {}
            Value::Object(inner) => _ = kept.insert(key, Value::Object(without_nulls(inner))),
            value => _ = kept.insert(key, value),
        }
    }
    kept
}
