//! The methods `cron.*` and `wake`.

use std::sync::Arc;

use openclaw_protocol::gateway::{AgentParams, GatewayError, GatewayErrorCode};
use openclaw_protocol::jobs::JobOrigin;
use openclaw_runtime::{Job, JobError, JobErrorKind, JobRunAdmission, JobRunQuery, describe_run};
use serde_json::{Map, Value, json};

use super::{BegunRun, JobScheduler, now_ms, offload_job};
use crate::methods::ConnectedClient;
use crate::random::random_uuid;
use crate::runs::StartedRun;

impl JobScheduler {
    pub(super) async fn add_job(&self, draft: Value, author: &JobOrigin) -> Result<Job, JobError> {
        let (book, author) = (self.book(), author.clone());
        let job = offload_job(move || book.add_job(None, draft, &author, now_ms())).await?;
        self.note_change("added", &job.record.id);
        Ok(job)
    }

    pub(super) async fn change_job(
        &self,
        id: &str,
        patch: Value,
        author: &JobOrigin,
    ) -> Result<Job, JobError> {
        let (book, id, author) = (self.book(), id.to_owned(), author.clone());
        let job = offload_job(move || book.change_job(&id, patch, &author, now_ms())).await?;
        self.note_change("updated", &job.record.id);
        Ok(job)
    }

    pub(super) async fn remove_job(&self, id: &str, author: &JobOrigin) -> Result<(), JobError> {
        let (book, removed, author) = (self.book(), id.to_owned(), author.clone());
        offload_job(move || book.remove_job(&removed, &author)).await?;
        self.note_change("removed", id);
        Ok(())
    }

    pub(super) async fn find_job(&self, id: &str, reader: &JobOrigin) -> Result<Job, JobError> {
        let (book, id, reader) = (self.book(), id.to_owned(), reader.clone());
        offload_job(move || book.find_job(&id, &reader)).await
    }

    pub(super) async fn visible_jobs(&self, reader: &JobOrigin) -> Result<Vec<Job>, JobError> {
        let (book, reader) = (self.book(), reader.clone());
        offload_job(move || book.visible_jobs(&reader)).await
    }

    pub(super) async fn run_job(
        self: &Arc<Self>,
        id: &str,
        author: &JobOrigin,
    ) -> Result<BegunRun, JobError> {
        let job = self.find_job(id, author).await?;
        if let Err(problem) = &job.plan {
            return Err(JobError::from_problem(problem.clone()));
        }
        self.force_run(&job).await
    }

    pub(super) async fn list_runs(
        &self,
        id: Option<String>,
        reader: &JobOrigin,
        limit: u32,
    ) -> Result<Value, JobError> {
        let Some(id) = id else {
            return Err(JobError::from_problem("list the runs of a job: `id` is missing"));
        };
        self.find_job(&id, reader).await?;
        let query = JobRunQuery { job: Some(id), limit, ..JobRunQuery::default() };
        let book = self.book();
        let runs = offload_job(move || book.list_runs(&query)).await?;
        Ok(json!({ "entries": runs.iter().map(describe_run).collect::<Vec<_>>() }))
    }

    fn note_change(&self, action: &str, id: &str) {
        self.tell(action, id, json!({}));
        self.mark_changed();
    }

    /// A job as programs read it, with its latest run.
    async fn describe(&self, job: Job) -> Result<Value, JobError> {
        let book = self.book();
        offload_job(move || book.describe(&job)).await
    }

    async fn list(&self, params: Value) -> Result<Value, JobError> {
        let book = self.book();
        offload_job(move || book.answer_list(&params)).await
    }

    async fn runs(&self, params: Value) -> Result<Value, JobError> {
        let book = self.book();
        offload_job(move || book.answer_runs(&params)).await
    }

    /// What is known of the jobs, for the status of the gateway too.
    pub(crate) async fn status(&self) -> Result<Value, JobError> {
        let book = self.book();
        let mut status = offload_job(move || book.answer_status()).await?;
        if let Some(running) = status.get_mut("running") {
            *running = self.lock().running.len().into();
        }
        Ok(status)
    }
}

impl ConnectedClient {
    pub(crate) async fn handle_job_method(
        &self,
        name: &str,
        params: Value,
    ) -> Result<Value, GatewayError> {
        let jobs = &self.state.jobs;
        let owner = JobOrigin::Owner;
        let answer = match name {
            "cron.list" => jobs.list(params).await,
            "cron.status" => jobs.status().await,
            "cron.runs" => jobs.runs(params).await,
            "cron.get" => match jobs.find_job(read_id(&params)?, &owner).await {
                Ok(job) => jobs.describe(job).await,
                Err(error) => Err(error),
            },
            "cron.add" => match jobs.add_job(params, &owner).await {
                Ok(job) => jobs.describe(job).await,
                Err(error) => Err(error),
            },
            "cron.update" | "cron.enable" | "cron.disable" => {
                let patch = match name {
                    "cron.enable" => json!({ "enabled": true }),
                    "cron.disable" => json!({ "enabled": false }),
                    _ => read_patch(&params)?,
                };
                match jobs.change_job(read_id(&params)?, patch, &owner).await {
                    Ok(job) => jobs.describe(job).await,
                    Err(error) => Err(error),
                }
            }
            "cron.remove" => {
                let removed = jobs.remove_job(read_id(&params)?, &owner).await;
                removed.map(|()| json!({ "ok": true, "removed": true }))
            }
            _ => self.run_job(&params).await,
        };
        answer.map_err(|error| to_gateway_error(&error))
    }

    async fn run_job(&self, params: &Value) -> Result<Value, JobError> {
        let jobs = &self.state.jobs;
        let id = read_id(params).map_err(|error| JobError::from_problem(error.message))?;
        let mode = params.get("mode").or_else(|| params.get("runMode")).and_then(Value::as_str);
        if mode == Some("due") {
            let job = jobs.find_job(id, &JobOrigin::Owner).await?;
            if job.due_ms().is_none_or(|due| due > now_ms()) {
                return Ok(json!({ "ok": true, "ran": false, "reason": "not-due" }));
            }
        }
        Ok(match jobs.run_job(id, &JobOrigin::Owner).await? {
            BegunRun::Begun(run) => json!({ "ok": true, "enqueued": true, "runId": run }),
            BegunRun::NotBegun(JobRunAdmission::AlreadyRunning) => {
                json!({ "ok": true, "ran": false, "reason": "already-running" })
            }
            BegunRun::NotBegun(_) => json!({ "ok": false, "ran": false, "reason": "changed" }),
        })
    }

    /// Begins a turn in the main session of the default agent.
    pub(crate) async fn wake(&self, params: &Value) -> Result<Value, GatewayError> {
        let text = params.get("text").and_then(Value::as_str).unwrap_or_default().trim();
        if text.is_empty() {
            return Err(GatewayError::invalid_request("`text` is missing or empty."));
        }
        let key = random_uuid().map_err(|error| {
            let text = format!("The system has no random numbers: {error}.");
            GatewayError::new(GatewayErrorCode::Unavailable, text)
        })?;
        let params = AgentParams {
            message: format!("[Event]\n{text}"),
            idempotency_key: format!("wake:{key}"),
            ..AgentParams::default()
        };
        let runs = &self.state.runs;
        let spec = runs.resolve_request(params).await?.started_by(&self.grant);
        let run_id = match runs.start_run(spec.with_trigger("wake")).await? {
            StartedRun::Live(run) => run.id.clone(),
            StartedRun::Ended(run) => run.id,
        };
        Ok(json!({ "ok": true, "mode": "now", "runId": run_id }))
    }
}

fn read_id(params: &Value) -> Result<&str, GatewayError> {
    let id = params.get("id").or_else(|| params.get("jobId")).and_then(Value::as_str);
    id.filter(|id| !id.is_empty())
        .ok_or_else(|| GatewayError::invalid_request("`id` of the job is missing."))
}

/// The change of a job: `patch`, or `job` as newer clients call it.
fn read_patch(params: &Value) -> Result<Value, GatewayError> {
    let patch = params.get("patch").or_else(|| params.get("job"));
    match patch {
        Some(Value::Object(patch)) => Ok(Value::Object(Map::clone(patch))),
        _ => Err(GatewayError::invalid_request("`patch` is missing.")),
    }
}

fn to_gateway_error(error: &JobError) -> GatewayError {
    let code = match error.kind() {
        JobErrorKind::Forbidden => GatewayErrorCode::Forbidden,
        JobErrorKind::Changed => GatewayErrorCode::Conflict,
        JobErrorKind::Store => GatewayErrorCode::Unavailable,
        _ => GatewayErrorCode::InvalidRequest,
    };
    GatewayError::new(code, format!("Failed to {error}."))
}
