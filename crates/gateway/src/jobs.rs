//! The scheduler: begins the jobs that are due, and records what became of them.
//!
//! The store is the truth: what is here is read from it again whenever something changed.

mod delivery;
mod heartbeat;
mod job_run;
mod keeper;
mod methods;
mod outcome;
mod settling;

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, SystemTime};

use openclaw_config::CronConfig;
use openclaw_runtime::{
    Job, JobAgenda, JobBook, JobClock, JobDecision, JobError, JobRunAdmission, JobRunStart,
    Runtime, SlotRange, progress_from_clock,
};
use serde_json::{Value, json};
use tokio::sync::{Notify, watch};

use self::job_run::{JobRun, RunTrigger};
use self::settling::{realign_jobs, settle_interrupted, skip_missed};
use crate::clients::{ClientRegistry, EventAudience};
use crate::live_config::LiveConfig;
use crate::random::random_uuid;
use crate::runs::{RunManager, offload, unix_millis};

pub(crate) use self::keeper::SessionJobKeeper;

/// How often the store is read although nothing is known to have changed.
const RELOAD_INTERVAL: Duration = Duration::from_mins(1);

/// A clock that went back by less, in milliseconds, is not taken as set back.
const CLOCK_TOLERANCE_MS: i64 = 1000;

/// When a job is tried again that another gateway runs, in milliseconds.
const OTHER_GATEWAY_RETRY_MS: i64 = 30_000;

/// Begins the jobs that are due.
#[derive(Debug)]
pub(crate) struct JobScheduler {
    config: Arc<LiveConfig>,
    book: JobBook,
    runs: Arc<RunManager>,
    clients: Arc<ClientRegistry>,
    boot_id: String,
    table: Mutex<JobTable>,
    changed: Notify,
}

/// The jobs as they were read last.
#[derive(Debug, Default)]
struct JobTable {
    jobs: HashMap<String, Job>,
    agenda: JobAgenda<String>,
    /// The jobs that run, with the id of the run.
    running: HashMap<String, String>,
    last_seen_ms: i64,
    is_outdated: bool,
}

/// A run that is to begin.
struct RunPlan {
    clock: JobClock,
    slot: String,
    slot_count: u32,
    trigger: RunTrigger,
}

/// What became of a run that was to begin.
enum BegunRun {
    Begun(String),
    NotBegun(JobRunAdmission),
}

/// Milliseconds since the Unix epoch.
pub(crate) fn now_ms() -> i64 {
    i64::try_from(unix_millis(SystemTime::now())).unwrap_or(i64::MAX)
}

impl JobScheduler {
    pub(crate) fn new(
        config: Arc<LiveConfig>,
        book: JobBook,
        runs: Arc<RunManager>,
        clients: Arc<ClientRegistry>,
        boot_id: String,
    ) -> Self {
        let table = Mutex::new(JobTable { is_outdated: true, ..JobTable::default() });
        Self { config, book, runs, clients, boot_id, table, changed: Notify::new() }
    }

    /// The jobs under the config of now.
    fn book(&self) -> JobBook {
        self.book.with_runtime(self.config.runtime())
    }

    fn runtime(&self) -> Runtime {
        self.config.runtime()
    }

    fn lock(&self) -> MutexGuard<'_, JobTable> {
        self.table.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Reads the jobs again, soon.
    pub(crate) fn mark_changed(&self) {
        self.lock().is_outdated = true;
        self.changed.notify_one();
    }

    /// Begins what is due until the gateway ends.
    pub(crate) async fn run(self: Arc<Self>, mut ending: watch::Receiver<bool>) {
        loop {
            let wait = self.begin_due_jobs().await;
            tokio::select! {
                biased;
                _ = ending.wait_for(|ends| *ends) => return,
                () = self.changed.notified() => {}
                () = tokio::time::sleep(wait) => {}
            }
        }
    }

    /// Settles what former gateways left, takes the jobs of the original over, and makes those of the
    /// config.
    pub(crate) async fn start(&self) {
        if let Err(error) = self.settle_jobs().await {
            tracing::error!("failed to start the scheduled jobs: {error}");
        }
    }

    async fn settle_jobs(&self) -> Result<(), JobError> {
        let (book, now) = (self.book(), now_ms());
        let skips_missed = self.cron_config(CronConfig::skips_missed_jobs);
        let (owner, is_enabled) = (self.boot_id.clone(), self.is_enabled());
        let imported = offload_job(move || {
            settle_interrupted(&book, now)?;
            realign_jobs(&book, now)?;
            let imported = book.import_former_jobs(now)?;
            if skips_missed && is_enabled {
                skip_missed(&book, &owner, now)?;
            }
            Ok(imported)
        })
        .await?;
        for name in &imported.imported {
            tracing::info!("took over the job `{name}` of the original");
        }
        for (name, reason) in &imported.refused {
            tracing::warn!("the job `{name}` of the original is left out: {reason}");
        }
        self.sync_heartbeats().await
    }

    /// Whether jobs run by schedule.
    pub(crate) fn is_enabled(&self) -> bool {
        self.cron_config(CronConfig::is_enabled)
    }

    fn cron_config<T>(&self, read: impl FnOnce(&CronConfig) -> T) -> T {
        read(&self.runtime().models().loaded_config().config.cron)
    }

    /// Begins the jobs that are due, and returns how long nothing else is.
    async fn begin_due_jobs(self: &Arc<Self>) -> Duration {
        let now = now_ms();
        let is_set_back = {
            let mut table = self.lock();
            let is_set_back = now < table.last_seen_ms - CLOCK_TOLERANCE_MS;
            table.last_seen_ms = now;
            is_set_back
        };
        if is_set_back {
            tracing::warn!("the clock was set back: the jobs are scheduled anew");
            let book = self.book();
            if let Err(error) = offload_job(move || realign_jobs(&book, now)).await {
                tracing::error!("failed to schedule the jobs anew: {error}");
            }
            self.lock().is_outdated = true;
        }
        if let Err(error) = self.reload().await {
            tracing::error!("failed to {error}");
            return RELOAD_INTERVAL;
        }
        if !self.is_enabled() {
            self.lock().is_outdated = true;
            return RELOAD_INTERVAL;
        }
        let most = self.cron_config(CronConfig::max_concurrent_runs);
        let due = self.lock().agenda.take_due(now);
        for id in due {
            let is_full = self.lock().running.len() >= usize::try_from(most).unwrap_or(usize::MAX);
            if is_full {
                // The end of a run looks again.
                self.lock().agenda.set_due(&id, Some(now + OTHER_GATEWAY_RETRY_MS));
                continue;
            }
            self.begin_due_job(&id, now).await;
        }
        let mut table = self.lock();
        let next = table.agenda.next_due_ms().unwrap_or(i64::MAX).saturating_sub(now_ms()).max(0);
        let wait = Duration::from_millis(u64::try_from(next).unwrap_or_default());
        if wait >= RELOAD_INTERVAL {
            table.is_outdated = true;
        }
        wait.min(RELOAD_INTERVAL)
    }

    async fn reload(&self) -> Result<(), JobError> {
        if !std::mem::take(&mut self.lock().is_outdated) {
            return Ok(());
        }
        let book = self.book();
        let jobs = match offload_job(move || book.list_jobs()).await {
            Ok(jobs) => jobs,
            Err(error) => {
                self.lock().is_outdated = true;
                return Err(error);
            }
        };
        let mut table = self.lock();
        table.agenda = JobAgenda::new();
        for job in &jobs {
            if !table.running.contains_key(&job.record.id) {
                table.agenda.set_due(&job.record.id, job.due_ms());
            }
        }
        table.jobs = jobs.into_iter().map(|job| (job.record.id.clone(), job)).collect();
        Ok(())
    }

    async fn begin_due_job(self: &Arc<Self>, id: &str, now: i64) {
        let Some(job) = self.lock().jobs.get(id).cloned() else { return };
        let Ok(plan) = &job.plan else { return };
        let mut clock = job.clock();
        let slots: SlotRange = match clock.decide(plan.timing(), now) {
            JobDecision::Begin(slots) => slots,
            JobDecision::Wait { until_ms } => {
                return self.lock().agenda.set_due(&job.record.id, Some(until_ms));
            }
            JobDecision::Finished => return,
        };
        clock.begin_run(plan.timing(), slots);
        let run = RunPlan {
            clock,
            slot: slots.last_ms.to_string(),
            slot_count: slots.count,
            trigger: RunTrigger::Schedule,
        };
        match self.begin_run(&job, run).await {
            Ok(BegunRun::Begun(_)) => {}
            Ok(BegunRun::NotBegun(JobRunAdmission::SlotTaken)) => {
                let mut clock = job.clock();
                clock.pass_over(plan.timing(), slots);
                let progress = progress_from_clock(clock, job.record.progress.alerted_at_ms);
                let (book, id) = (self.book(), id.to_owned());
                let passed = offload(move || book.log().set_progress(&id, progress)).await;
                if let Err(error) = passed {
                    tracing::error!("failed to {error}");
                }
                self.mark_changed();
            }
            Ok(BegunRun::NotBegun(JobRunAdmission::AlreadyRunning)) => {
                let retry = now + OTHER_GATEWAY_RETRY_MS;
                self.lock().agenda.set_due(&job.record.id, Some(retry));
            }
            Ok(BegunRun::NotBegun(_)) => self.mark_changed(),
            Err(error) => {
                tracing::error!("failed to begin the job {id}: {error}");
                let retry = now + OTHER_GATEWAY_RETRY_MS;
                self.lock().agenda.set_due(&job.record.id, Some(retry));
            }
        }
    }

    /// Records that a run begins, and carries it out beside.
    async fn begin_run(self: &Arc<Self>, job: &Job, plan: RunPlan) -> Result<BegunRun, JobError> {
        let id = random_uuid().map_err(|error| {
            JobError::from_problem(format!(
                "name the run: the system has no random numbers: {error}"
            ))
        })?;
        let alerted_at = job.record.progress.alerted_at_ms;
        let start = JobRunStart {
            id: id.clone(),
            job: job.record.id.clone(),
            revision: job.record.revision,
            slot: if plan.slot.is_empty() { format!("manual {id}") } else { plan.slot },
            slot_count: plan.slot_count,
            owner: self.boot_id.clone(),
            progress: progress_from_clock(plan.clock, alerted_at),
            is_forced: plan.trigger == RunTrigger::Manual,
        };
        let log = self.book.log().clone();
        let admission = offload(move || log.begin_run(start)).await?;
        if admission != JobRunAdmission::Begun {
            return Ok(BegunRun::NotBegun(admission));
        }
        self.lock().running.insert(job.record.id.clone(), id.clone());
        self.tell("started", &job.record.id, json!({ "runId": id }));
        let run =
            JobRun { id: id.clone(), job: job.clone(), clock: plan.clock, trigger: plan.trigger };
        let this = Arc::clone(self);
        self.runs.spawn(async move { this.carry_out(run).await });
        Ok(BegunRun::Begun(id))
    }

    /// Runs a job now, whatever its schedule says.
    async fn force_run(self: &Arc<Self>, job: &Job) -> Result<BegunRun, JobError> {
        let plan = RunPlan {
            clock: job.clock(),
            slot: String::new(),
            slot_count: 0,
            trigger: RunTrigger::Manual,
        };
        self.begin_run(job, plan).await
    }

    /// Tells the clients what happened to a job.
    fn tell(&self, action: &str, id: &str, mut details: Value) {
        if let Some(fields) = details.as_object_mut() {
            fields.insert("action".to_owned(), action.into());
            fields.insert("jobId".to_owned(), id.into());
        }
        self.clients.broadcast_event(EventAudience::Readers, "cron", &details);
    }

    /// When the next job is due.
    fn next_due_ms(&self) -> Option<i64> {
        self.lock().agenda.next_due_ms().filter(|_| self.is_enabled())
    }
}

/// Runs blocking work on jobs on a thread of its own.
async fn offload_job<T: Send + 'static>(
    work: impl FnOnce() -> Result<T, JobError> + Send + 'static,
) -> Result<T, JobError> {
    offload(move || Ok(work())).await?
}
