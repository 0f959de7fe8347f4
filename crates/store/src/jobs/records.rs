//! What is kept of jobs and their runs.

/// How far a job is. Times are in milliseconds since the Unix epoch.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct JobProgress {
    /// The first slot that no run covers.
    pub next_slot_ms: Option<i64>,
    /// The job does not begin before this time.
    pub held_until_ms: Option<i64>,
    /// The failures in a row.
    pub failures: u32,
    /// How often a one-shot was skipped.
    pub retries: u32,
    /// When its failures were last reported.
    pub alerted_at_ms: Option<i64>,
}

/// A job as it is kept.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct JobRecord {
    /// Its id.
    pub id: String,
    /// What is to be done and when, as its owner wrote it.
    pub definition: String,
    /// Whether it is scheduled.
    pub is_enabled: bool,
    /// Changes with each change of the definition.
    pub revision: u64,
    /// When it was added.
    pub created_at: u64,
    /// When its definition was changed.
    pub updated_at: u64,
    /// How far it is.
    pub progress: JobProgress,
}

/// A job to add, or what a job becomes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct JobEntry {
    /// Its id.
    pub id: String,
    /// What is to be done and when.
    pub definition: String,
    /// Whether it is scheduled.
    pub is_enabled: bool,
    /// How far it is.
    pub progress: JobProgress,
}

/// The state of a run of a job.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum JobRunStatus {
    /// It goes on.
    Running,
    /// It did what it was to do.
    Succeeded,
    /// It failed.
    Failed,
    /// Something that it needed was not allowed.
    Denied,
    /// It took too long.
    TimedOut,
    /// It did not begin, and nothing happened.
    Skipped,
    /// The gateway ended while it went on: it may have done its work or not.
    Interrupted,
    /// Somebody stopped it.
    Cancelled,
}

/// A run to begin.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct JobRunStart {
    /// The run's id, new.
    pub id: String,
    /// The job.
    pub job: String,
    /// The revision of the job that is to run.
    pub revision: u64,
    /// What the run is for; unique among the runs of the job.
    pub slot: String,
    /// How many slots it covers.
    pub slot_count: u32,
    /// The start of the gateway that runs it.
    pub owner: String,
    /// How far the job is once it has begun.
    pub progress: JobProgress,
    /// Whether it begins although the job is disabled.
    pub is_forced: bool,
}

/// What became of a run to begin.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum JobRunAdmission {
    /// It is recorded and may begin.
    Begun,
    /// A run for the same slot was recorded before.
    SlotTaken,
    /// Another run of the job goes on.
    AlreadyRunning,
    /// The job was changed, disabled or removed meanwhile.
    JobChanged,
}

/// How a run ended, and what becomes of its job.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct JobRunEnd {
    /// The run.
    pub id: String,
    /// How it ended.
    pub status: JobRunStatus,
    /// What is known of it, as its gateway wrote it.
    pub result: String,
    /// How far the job is now.
    pub progress: JobProgress,
    /// Whether the job is scheduled no more.
    pub disables_job: bool,
    /// Whether the job is removed.
    pub removes_job: bool,
}

/// A run as it is kept.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct JobRunRecord {
    /// Its id.
    pub id: String,
    /// The job.
    pub job: String,
    /// What it is for.
    pub slot: String,
    /// How many slots it covers.
    pub slot_count: u32,
    /// The start of the gateway that ran it.
    pub owner: String,
    /// Its state.
    pub status: JobRunStatus,
    /// When it began.
    pub begun_at: u64,
    /// When it ended.
    pub ended_at: Option<u64>,
    /// What is known of it, as its gateway wrote it.
    pub result: Option<String>,
}

/// Which runs to list, the latest first.
#[derive(Debug, Clone, Default)]
pub struct JobRunQuery {
    /// The job; `None` lists the runs of all.
    pub job: Option<String>,
    /// The run; `None` lists all.
    pub run: Option<String>,
    /// The most runs.
    pub limit: u32,
    /// How many are left out at the beginning.
    pub offset: u32,
}

impl JobRunStatus {
    /// The name.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Running => "running",
            Self::Succeeded => "ok",
            Self::Failed => "error",
            Self::Denied => "denied",
            Self::TimedOut => "timeout",
            Self::Skipped => "skipped",
            Self::Interrupted => "interrupted",
            Self::Cancelled => "cancelled",
        }
    }

    pub(super) fn from_text(text: &str) -> Self {
        let all = [
            Self::Running,
            Self::Succeeded,
            Self::Denied,
            Self::TimedOut,
            Self::Skipped,
            Self::Interrupted,
            Self::Cancelled,
        ];
        all.into_iter().find(|status| status.as_str() == text).unwrap_or(Self::Failed)
    }
}
