//! One run of a job, from its row in the store to its end.

use openclaw_protocol::jobs::{JobDefinition, JobOrigin, JobPayload};
use openclaw_runtime::{
    Job, JobClock, JobRunEnd, JobRunStatus, SessionKey, SessionTarget, describe_run,
    progress_from_clock, session_folder,
};

use super::delivery::JobResult;
use super::outcome::{RunVerdict, clock_outcome};
use super::{JobScheduler, now_ms};
use crate::runs::{RunSpec, StartedRun, offload};

/// What an agent is told besides its task.
const TASK_NOTE: &str = "Nobody reads along, and nobody can be asked. Do the task now and wholly; your \
                         last message is delivered by itself. If there is nothing to report, answer \
                         NO_REPLY and nothing else.";

/// A run of a job that is recorded.
#[derive(Debug)]
pub(super) struct JobRun {
    pub(super) id: String,
    pub(super) job: Job,
    /// The clock of the job once the run has begun.
    pub(super) clock: JobClock,
    pub(super) trigger: RunTrigger,
}

/// Why a run begins.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum RunTrigger {
    Schedule,
    Manual,
}

impl RunTrigger {
    fn name(self) -> &'static str {
        match self {
            Self::Schedule => "schedule",
            Self::Manual => "manual",
        }
    }
}

impl JobScheduler {
    pub(super) async fn carry_out(&self, run: JobRun) {
        let job_id = run.job.record.id.clone();
        if let Ok(plan) = &run.job.plan {
            let definition = &plan.definition;
            let agent = self.agent_of(definition);
            let verdict = self.perform(&run, definition, &agent).await;
            self.finish(&run, definition, &agent, verdict).await;
        }
        self.lock().running.remove(&job_id);
        self.mark_changed();
    }

    fn agent_of(&self, job: &JobDefinition) -> String {
        let runtime = self.runtime();
        job.agent_id.clone().unwrap_or_else(|| runtime.default_agent().to_owned())
    }

    async fn perform(&self, run: &JobRun, job: &JobDefinition, agent: &str) -> RunVerdict {
        if job.origin == JobOrigin::System
            && let Some(reason) = self.heartbeat_pause(agent)
        {
            return RunVerdict::skipped(reason);
        }
        let model = match &job.payload {
            JobPayload::AgentTurn { model, .. } => model.as_deref(),
            _ => None,
        };
        let runtime = self.runtime();
        if runtime.check_agent(agent).is_err() {
            return RunVerdict::failed(format!("there is no agent `{agent}` any more"));
        }
        let models = runtime.models().clone().with_agent(agent);
        if let Err(reason) = models.check_servers(model).await {
            return RunVerdict::skipped(reason);
        }
        let spec = match self.plan_turn(run, job, agent).await {
            Ok(spec) => spec,
            Err(reason) => return RunVerdict::failed(reason),
        };
        let session_key = spec.session_key.as_str().to_owned();
        let end = match self.runs.start_run(spec).await {
            Ok(StartedRun::Live(live)) => live.wait_for_end().await,
            Ok(StartedRun::Ended(ended)) => ended.end,
            Err(error) => return RunVerdict::failed(error.message),
        };
        let mut verdict =
            RunVerdict::from_end(&end).with_detail("sessionKey", session_key.as_str());
        let job_id = &run.job.record.id;
        let result = JobResult { run_id: &run.id, job_id, job, agent, session_key: &session_key };
        self.deliver(&result, &mut verdict).await;
        verdict
    }

    /// The turn of a run, in its session.
    async fn plan_turn(
        &self,
        run: &JobRun,
        job: &JobDefinition,
        agent: &str,
    ) -> Result<RunSpec, String> {
        let name = &job.name;
        let (message, model, timeout_seconds) = match &job.payload {
            JobPayload::SystemEvent { text, .. } => {
                let (model, timeout) = match &job.origin {
                    JobOrigin::System => self.heartbeat_limits(agent),
                    _ => (None, None),
                };
                (format!("[Scheduled event \"{name}\"]\n{text}"), model, timeout)
            }
            JobPayload::AgentTurn { message, model, timeout_seconds, .. } => (
                format!("[Scheduled job \"{name}\"]\n{message}\n\n{TASK_NOTE}"),
                model.clone(),
                *timeout_seconds,
            ),
            _ => return Err("jobs of this kind do not run here".to_owned()),
        };
        let (device, workspace) = match &job.origin {
            JobOrigin::Agent { device, session_key, .. } => {
                let key: Option<SessionKey> = session_key.parse().ok();
                (device.clone(), key.as_ref().and_then(session_folder))
            }
            _ => (None, None),
        };
        let is_isolated = job.session_target == "isolated";
        let (target, session_key) = if is_isolated {
            self.make_session(run, job, agent).await?
        } else {
            let key = match job.session_target.strip_prefix("session:") {
                Some(key) => key.parse().map_err(|error| format!("failed to {error}"))?,
                None => self.book().main_session(agent).map_err(|error| error.to_string())?,
            };
            (SessionTarget::Key(key.clone()), key)
        };
        Ok(RunSpec {
            message: Some(message),
            idempotency_key: format!("cron:{}", run.id),
            target,
            session_key,
            agent: is_isolated.then(|| agent.to_owned()),
            model,
            timeout_seconds,
            device,
            workspace: workspace.filter(|_| is_isolated),
            trigger: "cron",
        })
    }

    /// A new session for a run, which may do what the session may that made the job.
    async fn make_session(
        &self,
        run: &JobRun,
        job: &JobDefinition,
        agent: &str,
    ) -> Result<(SessionTarget, SessionKey), String> {
        let key: SessionKey = format!("agent:{agent}:cron:{}", run.job.record.id)
            .parse()
            .map_err(|error| format!("failed to {error}"))?;
        let origin: Option<SessionKey> = match &job.origin {
            JobOrigin::Agent { session_key, .. } => {
                Some(session_key.parse().map_err(|error| format!("failed to {error}"))?)
            }
            _ => None,
        };
        let (store, agent, made) = (self.book.store().clone(), agent.to_owned(), key.clone());
        let id = offload(move || {
            let settings = match origin {
                Some(origin) => match store.current_session(&origin)? {
                    Some(info) => Some(store.command_settings(&info.id)?),
                    None => return Ok(None),
                },
                None => None,
            };
            let id = store.reset_session(&made, &agent)?;
            if let Some(settings) = settings {
                store.set_command_settings(&id, &settings)?;
            }
            Ok(Some(id))
        })
        .await
        .map_err(|error| format!("failed to {error}"))?;
        let id = id.ok_or("the session that made this job is gone, and what it may do with it")?;
        Ok((SessionTarget::Id(id), key))
    }

    async fn finish(&self, run: &JobRun, job: &JobDefinition, agent: &str, verdict: RunVerdict) {
        let Ok(plan) = &run.job.plan else { return };
        let (status, now) = (verdict.status(), now_ms());
        let mut clock = run.clock;
        clock.end_run(plan.timing(), clock_outcome(status), now);
        let job_id = &run.job.record.id;
        let reason = verdict.error.clone().unwrap_or_default();
        let mut alerted_at = run.job.record.progress.alerted_at_ms;
        let is_alerting = self.is_alert_due(clock.failures, alerted_at, status);
        if is_alerting {
            alerted_at = Some(now);
        }
        let is_over = clock.next_slot_ms.is_none() && run.trigger == RunTrigger::Schedule;
        let is_removed = is_over && status == JobRunStatus::Succeeded && job.is_removed_after_run();
        let end = JobRunEnd {
            id: run.id.clone(),
            status,
            result: verdict.with_detail("trigger", run.trigger.name()).to_record().to_string(),
            progress: progress_from_clock(clock, alerted_at),
            disables_job: is_over,
            removes_job: is_removed,
        };
        let (log, id) = (self.book.log().clone(), run.id.clone());
        let recorded = offload(move || {
            log.finish_run(end)?;
            let query = openclaw_runtime::JobRunQuery {
                run: Some(id),
                limit: 1,
                ..openclaw_runtime::JobRunQuery::default()
            };
            log.list_runs(&query)
        })
        .await;
        match recorded.as_deref() {
            Ok([record, ..]) => self.tell("finished", job_id, describe_run(record)),
            Ok([]) => {}
            Err(error) => tracing::error!("failed to {error}"),
        }
        if status == JobRunStatus::Succeeded {
            tracing::info!("the job {job_id} ended well");
        } else {
            tracing::warn!("the job {job_id} ended: {}: {reason}", status.as_str());
        }
        if is_alerting {
            let result = JobResult { run_id: &run.id, job_id, job, agent, session_key: "" };
            self.alert(&result, clock.failures, &reason).await;
        }
    }

    fn is_alert_due(&self, failures: u32, alerted_at: Option<i64>, status: JobRunStatus) -> bool {
        let (after, cooldown) = self.cron_config(|cron| {
            let alert = &cron.failure_alert;
            (alert.after(), i64::try_from(alert.cooldown_ms()).unwrap_or(i64::MAX))
        });
        let is_failure = !matches!(status, JobRunStatus::Succeeded | JobRunStatus::Skipped);
        let is_quiet =
            alerted_at.is_some_and(|at| (0..cooldown).contains(&now_ms().saturating_sub(at)));
        is_failure && after.is_some_and(|after| failures >= after) && !is_quiet
    }
}
