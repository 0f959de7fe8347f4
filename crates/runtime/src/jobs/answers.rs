//! What programs are told of jobs, the same with a gateway and without one.

use openclaw_protocol::jobs::JobOrigin;
use openclaw_store::JobRunQuery;
use serde_json::{Value, json};

use super::{Job, JobBook, JobError, describe_job, describe_run};

/// The entries of a list when nobody names a number, and the most.
const LIST_LIMIT: u64 = 200;
const MAX_LIST: u64 = 1000;

impl JobBook {
    /// A job as programs read it, with its latest run.
    ///
    /// # Errors
    /// When the file cannot be read.
    pub fn describe(&self, job: &Job) -> Result<Value, JobError> {
        let query =
            JobRunQuery { job: Some(job.record.id.clone()), limit: 1, ..JobRunQuery::default() };
        let runs = self.list_runs(&query)?;
        Ok(describe_job(job, runs.first(), self.runtime.default_agent()))
    }

    /// The answer of `cron.list`.
    ///
    /// # Errors
    /// When the file cannot be read.
    pub fn answer_list(&self, params: &Value) -> Result<Value, JobError> {
        let is_set = |key: &str| params.get(key).and_then(Value::as_bool).unwrap_or(false);
        let agent = params.get("agentId").and_then(Value::as_str);
        let is_of_agent = |job: &Job| {
            let default = self.runtime.default_agent();
            let plan = job.plan.as_ref();
            let of = plan.map(|plan| plan.definition.agent_id.as_deref().unwrap_or(default));
            agent.is_none_or(|agent| of == Ok(agent))
        };
        let mut jobs = self.visible_jobs(&JobOrigin::Owner)?;
        jobs.retain(|job| (is_set("includeDisabled") || job.record.is_enabled) && is_of_agent(job));
        let (limit, offset) = (page(params, "limit", LIST_LIMIT), page(params, "offset", 0));
        let page = jobs.iter().skip(offset).take(limit);
        let rows = page.map(|job| self.describe(job)).collect::<Result<Vec<_>, _>>()?;
        let next = offset + rows.len();
        let has_more = next < jobs.len();
        Ok(json!({
            "jobs": rows,
            "total": jobs.len(),
            "offset": offset,
            "limit": limit,
            "hasMore": has_more,
            "nextOffset": has_more.then_some(next),
        }))
    }

    /// The answer of `cron.runs`.
    ///
    /// # Errors
    /// When the file cannot be read.
    pub fn answer_runs(&self, params: &Value) -> Result<Value, JobError> {
        let text = |key: &str| params.get(key).and_then(Value::as_str).map(str::to_owned);
        let (limit, offset) = (page(params, "limit", LIST_LIMIT), page(params, "offset", 0));
        let number = |number: usize| u32::try_from(number).unwrap_or(u32::MAX);
        let mut runs = self.list_runs(&JobRunQuery {
            job: text("id").or_else(|| text("jobId")),
            run: text("runId"),
            limit: number(limit).saturating_add(1),
            offset: number(offset),
        })?;
        let has_more = runs.len() > limit;
        runs.truncate(limit);
        Ok(json!({
            "entries": runs.iter().map(describe_run).collect::<Vec<_>>(),
            "offset": offset,
            "limit": limit,
            "hasMore": has_more,
            "nextOffset": has_more.then_some(offset + limit),
        }))
    }

    /// The answer of `cron.status`, without what only a running gateway knows.
    ///
    /// # Errors
    /// When the file cannot be read.
    pub fn answer_status(&self) -> Result<Value, JobError> {
        let jobs = self.list_jobs()?;
        let failing: Vec<Value> = jobs
            .iter()
            .filter(|job| job.record.progress.failures > 0)
            .map(|job| {
                let name = job.plan.as_ref().map(|plan| plan.definition.name.clone());
                json!({
                    "id": job.record.id,
                    "name": name.unwrap_or_default(),
                    "consecutiveErrors": job.record.progress.failures,
                })
            })
            .collect();
        let is_enabled = self.runtime.config().cron.is_enabled();
        let next = jobs.iter().filter_map(Job::due_ms).min().filter(|_| is_enabled);
        Ok(json!({
            "enabled": is_enabled,
            "triggersEnabled": false,
            "storage": "sqlite",
            "storePath": self.store.path().display().to_string(),
            "jobs": jobs.len(),
            "running": 0,
            "nextWakeAtMs": next,
            "failing": failing,
        }))
    }
}

fn page(params: &Value, key: &str, default: u64) -> usize {
    let number = params.get(key).and_then(Value::as_u64).unwrap_or(default).min(MAX_LIST);
    usize::try_from(number).unwrap_or(usize::MAX)
}
