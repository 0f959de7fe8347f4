//! The runs of agents: each is recorded, waits for its session, runs one turn, and outlives the
//! client that asked for it.

mod known_runs;
mod live_run;
mod run_events;
mod run_request;
mod subagent_ends;

use std::collections::{HashMap, VecDeque};
use std::future::Future;
use std::sync::atomic::Ordering;
use std::sync::{Arc, Mutex, OnceLock, PoisonError, Weak};
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use openclaw_core::Approver;
use openclaw_protocol::gateway::{GatewayError, GatewayErrorCode, RunState};
use openclaw_runtime::encoding::{FinishedTurn, encode_session};
use openclaw_runtime::{
    ApprovalPolicy, Conversation, ConversationOptions, PolicyApprover, RunLog, RunRegistration,
    RunRequest, RunStatus, Runtime, Store, StoreError, TimeLimit, event_channel,
};
use serde_json::json;
use tokio::task::JoinHandle;

use self::run_events::TurnRecordings;
use crate::approvals::{GatewayPrompter, PendingApprovals};
use crate::clients::ClientRegistry;
use crate::jobs::{JobScheduler, SessionJobKeeper};
use crate::live_config::LiveConfig;
use crate::metrics::{CallLabels, CallObserver, GatewayMetrics, MetricName};
use crate::random::random_uuid;
use crate::run_result::{EndedTurn, RunEnd};

pub(crate) use live_run::{LiveRun, StartedRun};
pub(crate) use run_request::RunSpec;
pub(crate) use subagent_ends::wake_parents;

/// Starts runs and knows those that are not over.
#[derive(Debug)]
pub(crate) struct RunManager {
    config: Arc<LiveConfig>,
    store: Store,
    log: RunLog,
    clients: Arc<ClientRegistry>,
    approvals: Arc<PendingApprovals>,
    metrics: Arc<GatewayMetrics>,
    live: Mutex<HashMap<String, Arc<LiveRun>>>,
    /// One turn of a session at a time, in the order of their arrival.
    turns: Mutex<HashMap<String, Weak<tokio::sync::Mutex<()>>>>,
    tasks: Mutex<Vec<JoinHandle<()>>>,
    /// What keeps the jobs of sessions.
    jobs: OnceLock<Weak<JobScheduler>>,
    /// The last runs that are over, the oldest first.
    ended: Mutex<VecDeque<Arc<LiveRun>>>,
}

/// Milliseconds since the Unix epoch.
pub(crate) fn unix_millis(time: SystemTime) -> u64 {
    let since = time.duration_since(UNIX_EPOCH).unwrap_or_default();
    u64::try_from(since.as_millis()).unwrap_or(u64::MAX)
}

fn now_millis() -> u64 {
    unix_millis(SystemTime::now())
}

pub(crate) fn store_failure(error: &StoreError) -> GatewayError {
    GatewayError::new(GatewayErrorCode::Unavailable, format!("The gateway failed to {error}."))
}

impl RunManager {
    pub(crate) fn new(
        config: Arc<LiveConfig>,
        store: Store,
        log: RunLog,
        clients: Arc<ClientRegistry>,
        approvals: Arc<PendingApprovals>,
    ) -> Self {
        Self {
            config,
            store,
            log,
            clients,
            approvals,
            metrics: Arc::default(),
            live: Mutex::default(),
            turns: Mutex::default(),
            tasks: Mutex::default(),
            jobs: OnceLock::new(),
            ended: Mutex::default(),
        }
    }

    /// Records a run durably and starts it, unless it was started before.
    ///
    /// # Errors
    /// When it cannot be recorded, or its key was used for another request.
    pub(crate) async fn start_run(
        self: &Arc<Self>,
        spec: RunSpec,
    ) -> Result<StartedRun, GatewayError> {
        let id = random_uuid().map_err(|error| {
            GatewayError::new(
                GatewayErrorCode::Unavailable,
                format!("The system has no random numbers: {error}."),
            )
        })?;
        let request = RunRequest {
            id,
            idempotency_key: spec.idempotency_key.clone(),
            digest: spec.digest(),
            session_key: spec.session_key.clone(),
        };
        let log = self.log.clone();
        let registered = offload(move || log.register_run(request))
            .await
            .map_err(|error| store_failure(&error))?;
        match registered {
            RunRegistration::Accepted(record) => {
                let run = Arc::new(LiveRun::new(&record, spec.message.clone()));
                self.lock_live().insert(run.id.clone(), Arc::clone(&run));
                self.spawn(Arc::clone(self).carry_out(Arc::clone(&run), spec));
                Ok(StartedRun::Live(run))
            }
            RunRegistration::Known(record) => Ok(self.known_run(record)),
            RunRegistration::KeyReused(_) => Err(GatewayError::new(
                GatewayErrorCode::Conflict,
                "`idempotencyKey` was used for another request.",
            )),
        }
    }

    /// Lets the agents of runs keep jobs.
    pub(crate) fn set_job_scheduler(&self, jobs: &Arc<JobScheduler>) {
        // There is one scheduler, set once.
        let _ = self.jobs.set(Arc::downgrade(jobs));
    }

    /// Stops the runs of a session, or one of them; returns the ids of those that it stopped.
    pub(crate) fn abort_runs(&self, session_key: &str, run_id: Option<&str>) -> Vec<String> {
        let live = self.lock_live();
        let is_meant = |run: &&Arc<LiveRun>| {
            run.session_key == session_key && run_id.is_none_or(|id| id == run.id)
        };
        let stopped = live.values().filter(is_meant).filter(|run| run.end.borrow().is_none());
        stopped
            .map(|run| {
                run.stop.send_replace(true);
                run.id.clone()
            })
            .collect()
    }

    /// The number of runs that are not over.
    pub(crate) fn active_count(&self) -> usize {
        self.lock_live().values().filter(|run| run.end.borrow().is_none()).count()
    }

    /// What the runs are measured with.
    pub(crate) fn metrics(&self) -> &Arc<GatewayMetrics> {
        &self.metrics
    }

    /// The number of runs that wait for their session.
    pub(crate) fn queued_count(&self) -> usize {
        let is_queued = |run: &&Arc<LiveRun>| run.times().0.is_none();
        self.lock_live().values().filter(|run| run.end.borrow().is_none()).filter(is_queued).count()
    }

    /// Waits until every run is over, at most for a time. The runs that are not over then end as
    /// if the program were killed: their sessions can be resumed.
    pub(crate) async fn drain(&self, limit: Duration) {
        let tasks: Vec<JoinHandle<()>> = {
            let mut tasks = self.tasks.lock().unwrap_or_else(PoisonError::into_inner);
            tasks.drain(..).collect()
        };
        let aborts: Vec<_> = tasks.iter().map(JoinHandle::abort_handle).collect();
        let all = async {
            for task in tasks {
                // A task that panicked is over as well.
                let _ = task.await;
            }
        };
        if tokio::time::timeout(limit, all).await.is_err() {
            for abort in aborts {
                abort.abort();
            }
        }
    }

    /// Carries out work that the end of the gateway waits for.
    pub(crate) fn spawn(&self, work: impl Future<Output = ()> + Send + 'static) {
        let mut tasks = self.tasks.lock().unwrap_or_else(PoisonError::into_inner);
        tasks.retain(|task| !task.is_finished());
        tasks.push(tokio::spawn(work));
    }

    fn live_run(&self, id: &str) -> Option<Arc<LiveRun>> {
        self.lock_live().get(id).cloned()
    }

    fn lock_live(&self) -> std::sync::MutexGuard<'_, HashMap<String, Arc<LiveRun>>> {
        self.live.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The lock of the turns of a session.
    pub(crate) fn turn_lock(&self, session_key: &str) -> Arc<tokio::sync::Mutex<()>> {
        let mut turns = self.turns.lock().unwrap_or_else(PoisonError::into_inner);
        turns.retain(|_, lock| lock.strong_count() > 0);
        if let Some(lock) = turns.get(session_key).and_then(Weak::upgrade) {
            return lock;
        }
        let lock = Arc::new(tokio::sync::Mutex::new(()));
        turns.insert(session_key.to_owned(), Arc::downgrade(&lock));
        lock
    }

    async fn carry_out(self: Arc<Self>, run: Arc<LiveRun>, spec: RunSpec) {
        tracing::info!("run {} of {} begins", run.id, run.session_key);
        let (lock, trigger) = (self.turn_lock(&run.session_key), spec.trigger);
        let mut end = tokio::select! {
            biased;
            () = run.wait_for_stop() => RunEnd::cancelled(),
            _turn = lock.lock() => Box::pin(self.run_turn(&run, spec)).await,
        };
        end.unsent_messages = run.end_steering();
        let (log, id) = (self.log.clone(), run.id.clone());
        let status = match end.status {
            RunState::Ok => RunStatus::Succeeded,
            _ => RunStatus::Failed,
        };
        let recorded = serde_json::to_string(&end).unwrap_or_default();
        let ended_at = match offload(move || log.finish_run(&id, status, recorded)).await {
            Ok(ended_at) => ended_at,
            Err(error) => {
                tracing::error!("failed to {error}");
                None
            }
        };
        if let Some(error) = &end.error {
            tracing::warn!("run {} failed: {}", run.id, error.message);
        } else {
            tracing::info!("run {} ended: {}", run.id, end.summary);
        }
        run.ended_at.store(ended_at.unwrap_or_else(now_millis), Ordering::Release);
        self.measure_end(&run, &end, trigger);
        self.tell_end(&run, &end);
        run.end.send_replace(Some(Arc::new(end)));
        self.lock_live().remove(&run.id);
        self.keep_ended_run(run);
    }

    async fn run_turn(&self, run: &LiveRun, spec: RunSpec) -> RunEnd {
        let (log, id) = (self.log.clone(), run.id.clone());
        let started_at = match offload(move || log.mark_started(&id)).await {
            Ok(started_at) => started_at.unwrap_or_else(now_millis),
            Err(error) => return RunEnd::from_error(&error.into(), None),
        };
        let connecting_since = Instant::now();
        run.started_at.store(started_at, Ordering::Release);
        // The clock of the machine can be changed meanwhile.
        let waited = run.created_at.elapsed();
        self.metrics.observe(MetricName::QueueWaitSeconds, &[], waited.as_secs_f64());
        self.tell(run, "lifecycle", json!({ "phase": "start", "startedAt": started_at }));
        let runtime = self.runtime_for(&spec);
        let options = ConversationOptions {
            target: Some(spec.target),
            agent: spec.agent.clone(),
            model: spec.model,
            workspace: spec.workspace,
            time_limit: spec.timeout_seconds.map(|seconds| TimeLimit {
                duration: Duration::from_secs(seconds),
                source: "the request's `timeout`".into(),
            }),
            approver: self.approver(&runtime, run, spec.agent.as_deref(), spec.device),
        };
        let opened = tokio::select! {
            biased;
            () = run.wait_for_stop() => return RunEnd::cancelled(),
            opened = runtime.open_conversation_in(self.store.clone(), options) => opened,
        };
        let mut conversation: Conversation = match opened {
            Ok(conversation) => conversation,
            Err(error) => return RunEnd::from_error(&error, None),
        };
        let session = encode_session(&conversation);
        self.tell_opening(run, conversation.agent_run(), &session, spec.message.is_none());
        let connect_duration = connecting_since.elapsed();
        let (sender, events) = event_channel();
        let labels = CallLabels {
            agent: spec.agent.unwrap_or_else(|| runtime.default_agent().to_owned()),
            model: conversation.agent_run().model.model_info().reference,
            trigger: spec.trigger,
        };
        let observer = CallObserver::new(Arc::clone(&self.metrics), labels);
        let attempts = conversation.agent_run().report.attempts.clone();
        let mut recordings = TurnRecordings { attempts, ..TurnRecordings::default() };
        let (steering, stopped) = (Some(&run.steering), run.wait_for_stop());
        let turn = async {
            match spec.message.as_deref() {
                Some(message) => {
                    conversation.run_turn(message, steering, sender, stopped).await.map(Some)
                }
                None => conversation.resume_turn(steering, sender, stopped).await,
            }
        };
        let (report, ()) =
            tokio::join!(turn, self.pass_on_events(run, events, observer, &mut recordings));
        let report = match report {
            Ok(Some(report)) => report,
            Ok(None) => return RunEnd::nothing_to_resume(session),
            Err(error) => return RunEnd::from_error(&error.into(), Some(session)),
        };
        let agent = conversation.agent_run();
        let commands = agent.command_runs.running_commands();
        RunEnd::from_turn(EndedTurn {
            result: FinishedTurn {
                config: &runtime.models().loaded_config().config,
                agent,
                context_use: conversation.context_use(),
                session: Some(&session),
                message: spec.message.as_deref(),
                timings: &recordings.timings,
                attempts: &recordings.attempts,
                connect_duration,
                report: &report,
            },
            is_unanswered: conversation.recovery_report().can_resume(),
            denied_calls: recordings.denied_calls,
            ended_commands: commands.iter().map(ToString::to_string).collect(),
        })
    }

    /// The runtime of a run: its agent keeps jobs, and a scheduled one lets others go first.
    fn runtime_for(&self, spec: &RunSpec) -> Runtime {
        let mut runtime = self.config.runtime();
        if let Some(scheduler) = self.jobs.get() {
            let keeper =
                SessionJobKeeper { scheduler: Weak::clone(scheduler), device: spec.device.clone() };
            runtime = runtime.with_jobs(Arc::new(keeper));
        }
        if spec.trigger == "cron" { runtime.in_background() } else { runtime }
    }

    fn measure_end(&self, run: &LiveRun, end: &RunEnd, trigger: &'static str) {
        let meta = |key: &str| {
            end.meta.pointer(&format!("/agentMeta/{key}")).and_then(|value| value.as_str())
        };
        let labels = [
            ("channel", trigger),
            ("model", meta("model").unwrap_or_default()),
            ("outcome", end.summary.as_str()),
            ("provider", meta("provider").unwrap_or_default()),
            ("trigger", trigger),
        ];
        self.metrics.add(MetricName::CompletedRuns, &labels, 1);
        if let (Some(started), Some(ended)) = run.times() {
            let taken = Duration::from_millis(ended.saturating_sub(started)).as_secs_f64();
            self.metrics.observe(MetricName::RunSeconds, &labels, taken);
        }
    }

    fn approver(
        &self,
        runtime: &Runtime,
        run: &LiveRun,
        agent: Option<&str>,
        device: Option<String>,
    ) -> Arc<dyn Approver> {
        let policy = ApprovalPolicy::from_config(runtime.exec_config());
        let prompter = GatewayPrompter {
            approvals: Arc::clone(&self.approvals),
            clients: Arc::clone(&self.clients),
            run_id: run.id.clone(),
            session_key: run.session_key.clone(),
            device,
        };
        let agent = agent.unwrap_or(runtime.default_agent());
        let command_policy = runtime.command_policy(agent);
        Arc::new(PolicyApprover::new(policy, prompter).with_command_policy(command_policy))
    }
}

/// Runs blocking work of the store on a thread of its own.
pub(crate) async fn offload<T: Send + 'static>(
    work: impl FnOnce() -> Result<T, StoreError> + Send + 'static,
) -> Result<T, StoreError> {
    match tokio::task::spawn_blocking(work).await {
        Ok(result) => result,
        Err(error) if error.is_panic() => std::panic::resume_unwind(error.into_panic()),
        // The program ends, and nobody asks for the result any more.
        Err(_) => std::future::pending().await,
    }
}
