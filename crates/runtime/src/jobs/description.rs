//! Jobs and runs as programs and agents read them.

use openclaw_protocol::jobs::{JobDefinition, JobDeliveryMode};
use openclaw_store::{JobRunRecord, JobRunStatus};
use serde_json::{Map, Value, json};

use super::Job;

/// A job with its state. `last` is its latest run.
#[must_use]
pub fn describe_job(job: &Job, last: Option<&JobRunRecord>, default_agent: &str) -> Value {
    let record = &job.record;
    let mut fields = Map::new();
    fields.insert("id".to_owned(), record.id.clone().into());
    match &job.plan {
        Ok(plan) => {
            if let Value::Object(definition) = json!(plan.definition) {
                fields.extend(definition);
            }
            let agent = plan.definition.agent_id.as_deref().unwrap_or(default_agent);
            fields.insert("effectiveAgentId".to_owned(), agent.into());
            fields.insert("deliveryPreview".to_owned(), preview_delivery(&plan.definition));
        }
        Err(problem) => {
            fields.insert("problem".to_owned(), format!("failed to {problem}").into());
        }
    }
    let is_running = last.is_some_and(|run| run.status == JobRunStatus::Running);
    let status = match last.map(|run| run.status) {
        _ if is_running => "running",
        _ if !record.is_enabled => "disabled",
        Some(status) => short_status(status),
        None => "idle",
    };
    fields.insert("enabled".to_owned(), record.is_enabled.into());
    fields.insert("createdAtMs".to_owned(), record.created_at.into());
    fields.insert("updatedAtMs".to_owned(), record.updated_at.into());
    fields.insert("configRevision".to_owned(), record.revision.into());
    fields.insert("nextRunAtMs".to_owned(), json!(job.due_ms()));
    fields.insert("status".to_owned(), status.into());
    fields.insert("state".to_owned(), describe_state(job, last));
    Value::Object(fields)
}

fn describe_state(job: &Job, last: Option<&JobRunRecord>) -> Value {
    let mut state = Map::new();
    if let Some(due) = job.due_ms() {
        state.insert("nextRunAtMs".to_owned(), due.into());
    }
    state.insert("consecutiveErrors".to_owned(), job.record.progress.failures.into());
    if let Some(alerted) = job.record.progress.alerted_at_ms {
        state.insert("lastFailureAlertAtMs".to_owned(), alerted.into());
    }
    match last {
        Some(run) if run.status == JobRunStatus::Running => {
            state.insert("runningAtMs".to_owned(), run.begun_at.into());
        }
        Some(run) => {
            let described = describe_run(run);
            let field = |key: &str| described.get(key).cloned().unwrap_or_default();
            state.insert("lastRunAtMs".to_owned(), run.begun_at.into());
            state.insert("lastRunStatus".to_owned(), field("status"));
            state.insert("lastStatus".to_owned(), field("status"));
            state.insert("lastOutcome".to_owned(), field("outcome"));
            state.insert("lastDurationMs".to_owned(), field("durationMs"));
            for (key, from) in [
                ("lastError", "error"),
                ("lastDelivered", "delivered"),
                ("lastDeliveryStatus", "deliveryStatus"),
            ] {
                if !field(from).is_null() {
                    state.insert(key.to_owned(), field(from));
                }
            }
        }
        None => {}
    }
    Value::Object(state)
}

/// A run of a job.
#[must_use]
pub fn describe_run(run: &JobRunRecord) -> Value {
    let mut fields = Map::new();
    let recorded = run.result.as_deref().and_then(|text| serde_json::from_str(text).ok());
    if let Some(Value::Object(recorded)) = recorded {
        fields.extend(recorded);
    }
    if run.status == JobRunStatus::Interrupted {
        let error = "the gateway ended while this ran; what it did is in its session, and it is not \
                     repeated";
        fields.entry("error").or_insert_with(|| error.into());
    }
    let action = if run.status == JobRunStatus::Running { "started" } else { "finished" };
    fields.insert("runId".to_owned(), run.id.clone().into());
    fields.insert("jobId".to_owned(), run.job.clone().into());
    fields.insert("action".to_owned(), action.into());
    fields.insert("status".to_owned(), short_status(run.status).into());
    fields.insert("outcome".to_owned(), run.status.as_str().into());
    fields.insert("ts".to_owned(), run.ended_at.unwrap_or(run.begun_at).into());
    fields.insert("runAtMs".to_owned(), run.begun_at.into());
    fields.insert("slot".to_owned(), run.slot.clone().into());
    fields.insert("slots".to_owned(), run.slot_count.into());
    let duration = run.ended_at.map(|ended| ended.saturating_sub(run.begun_at));
    fields.insert("durationMs".to_owned(), json!(duration));
    Value::Object(fields)
}

/// The states that programs of the original know.
fn short_status(status: JobRunStatus) -> &'static str {
    match status {
        JobRunStatus::Running => "running",
        JobRunStatus::Succeeded => "ok",
        JobRunStatus::Skipped => "skipped",
        _ => "error",
    }
}

fn preview_delivery(job: &JobDefinition) -> Value {
    let delivery = &job.delivery;
    let to = delivery.to.as_deref();
    let (label, detail) = match delivery.mode {
        JobDeliveryMode::Announce => ("announce", to.unwrap_or("main session of the agent")),
        JobDeliveryMode::Webhook => ("webhook", to.unwrap_or_default()),
        _ => ("none", "the result stays in the session of the run"),
    };
    json!({ "label": label, "detail": detail })
}
