//! The jobs of a session, for the agent that runs in it.

use std::sync::Weak;

use async_trait::async_trait;
use openclaw_protocol::jobs::JobOrigin;
use openclaw_runtime::{Job, JobAction, JobError, JobKeeper, JobRequest};
use serde_json::{Value, json};

use super::{BegunRun, JobScheduler};

/// The entries of a list when an agent names no number, and the most.
const LIST_LIMIT: u32 = 20;
const MAX_LIST: u32 = 50;

/// The jobs of the session of a run.
#[derive(Debug)]
pub(crate) struct SessionJobKeeper {
    pub(crate) scheduler: Weak<JobScheduler>,
    /// The device that started the run.
    pub(crate) device: Option<String>,
}

#[async_trait]
impl JobKeeper for SessionJobKeeper {
    async fn handle_request(&self, request: JobRequest) -> Result<Value, String> {
        let scheduler = self.scheduler.upgrade().ok_or("the gateway ends")?;
        let origin = JobOrigin::agent(
            request.agent.clone(),
            request.session_key.clone(),
            self.device.clone(),
        );
        let id = request.id.clone().unwrap_or_default();
        let limit = request.limit.unwrap_or(LIST_LIMIT).min(MAX_LIST);
        let answer = match request.action {
            JobAction::Add => scheduler.add_job(request.job, &origin).await.map(|job| brief(&job)),
            JobAction::Update => {
                scheduler.change_job(&id, request.job, &origin).await.map(|job| brief(&job))
            }
            JobAction::Remove => {
                let removed = scheduler.remove_job(&id, &origin).await;
                removed.map(|()| json!({ "ok": true, "removed": id }))
            }
            JobAction::Get => scheduler.find_job(&id, &origin).await.map(|job| brief(&job)),
            JobAction::Run => match scheduler.run_job(&id, &origin).await {
                Ok(BegunRun::Begun(run)) => Ok(json!({ "ok": true, "runId": run })),
                Ok(BegunRun::NotBegun(_)) => Ok(json!({ "ok": true, "reason": "already-running" })),
                Err(error) => Err(error),
            },
            JobAction::Runs => scheduler.list_runs(request.id, &origin, limit).await,
            JobAction::Status => Ok(json!({
                "enabled": scheduler.is_enabled(), "nextRunAt": iso(scheduler.next_due_ms()),
            })),
            _ => scheduler.visible_jobs(&origin).await.map(|jobs| {
                let most = usize::try_from(limit).unwrap_or(usize::MAX);
                let rows: Vec<Value> = jobs.iter().take(most).map(brief).collect();
                json!({ "jobs": rows, "total": jobs.len() })
            }),
        };
        answer.map_err(|error: JobError| format!("failed to {error}"))
    }
}

/// A job in the few words that an agent needs.
fn brief(job: &Job) -> Value {
    let definition = job.plan.as_ref().ok().map(|plan| &plan.definition);
    json!({
        "id": job.record.id,
        "name": definition.map(|it| &it.name),
        "enabled": job.record.is_enabled,
        "schedule": definition.map(|it| &it.schedule),
        "payload": definition.map(|it| &it.payload),
        "delivery": definition.map(|it| it.delivery.mode),
        "nextRunAt": iso(job.due_ms()),
        "consecutiveErrors": job.record.progress.failures,
    })
}

fn iso(at_ms: Option<i64>) -> Option<String> {
    at_ms.and_then(|at| jiff::Timestamp::from_millisecond(at).ok()).map(|at| at.to_string())
}
