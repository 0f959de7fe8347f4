//! The options of a job as its fields.

use openclaw_runtime::parse_duration_ms;
use serde_json::{Map, Value, json};

use crate::args::cron::{CronAddArgs, CronEditArgs, CronFieldArgs};

/// The job that `openclaw cron add` describes.
pub(super) fn new_job(args: &CronAddArgs) -> Result<Value, String> {
    let mut job = read_fields(&args.fields)?;
    if let Some(text) = &args.schedule {
        job.insert("schedule".to_owned(), guess_schedule(text, &args.fields)?);
    }
    if let Some(prompt) = &args.prompt {
        let fields = &args.fields;
        job.insert("payload".to_owned(), task(prompt, fields));
    }
    if args.disabled {
        job.insert("enabled".to_owned(), false.into());
    }
    if !job.contains_key("schedule") {
        return Err("name a schedule: `--at`, `--every` or `--cron`".to_owned());
    }
    let has_text = job.get("payload").is_some_and(|payload| payload.get("kind").is_some());
    if !has_text {
        return Err("say what the job does: `--message` or `--system-event`".to_owned());
    }
    Ok(Value::Object(job))
}

/// The change that `openclaw cron edit` describes.
pub(super) fn job_change(args: &CronEditArgs) -> Result<Value, String> {
    let mut change = read_fields(&args.fields)?;
    if args.enable || args.disable {
        change.insert("enabled".to_owned(), args.enable.into());
    }
    if args.clear_agent {
        change.insert("agentId".to_owned(), Value::Null);
    }
    if args.clear_model {
        let payload = change.entry("payload").or_insert_with(|| json!({}));
        if let Some(payload) = payload.as_object_mut() {
            payload.insert("model".to_owned(), Value::Null);
        }
    }
    if change.is_empty() {
        return Err("name what changes".to_owned());
    }
    Ok(Value::Object(change))
}

fn read_fields(fields: &CronFieldArgs) -> Result<Map<String, Value>, String> {
    let mut job = Map::new();
    for (key, value) in [
        ("name", &fields.name),
        ("description", &fields.description),
        ("sessionTarget", &fields.session),
        ("agentId", &fields.agent),
        ("wakeMode", &fields.wake),
    ] {
        if let Some(value) = value {
            job.insert(key.to_owned(), value.clone().into());
        }
    }
    if let Some(schedule) = read_schedule(fields)? {
        job.insert("schedule".to_owned(), schedule);
    }
    if let Some(payload) = read_payload(fields) {
        job.insert("payload".to_owned(), payload);
    }
    if let Some(delivery) = read_delivery(fields) {
        job.insert("delivery".to_owned(), delivery);
    }
    if fields.delete_after_run || fields.keep_after_run {
        job.insert("deleteAfterRun".to_owned(), fields.delete_after_run.into());
    }
    Ok(job)
}

fn read_schedule(fields: &CronFieldArgs) -> Result<Option<Value>, String> {
    if let Some(at) = &fields.at {
        return Ok(Some(json!({ "kind": "at", "at": at, "tz": fields.tz })));
    }
    if let Some(every) = &fields.every {
        return Ok(Some(json!({ "kind": "every", "everyMs": read_duration("--every", every)? })));
    }
    let Some(expression) = &fields.cron else {
        if fields.tz.is_some() || fields.exact || fields.stagger.is_some() {
            return Err("`--tz`, `--exact` and `--stagger` need the schedule too".to_owned());
        }
        return Ok(None);
    };
    cron_schedule(expression, fields).map(Some)
}

fn cron_schedule(expression: &str, fields: &CronFieldArgs) -> Result<Value, String> {
    let stagger = match (&fields.stagger, fields.exact) {
        (Some(stagger), _) => Some(read_duration("--stagger", stagger)?),
        (None, exact) => exact.then_some(0),
    };
    Ok(json!({ "kind": "cron", "expr": expression, "tz": fields.tz, "staggerMs": stagger }))
}

/// A schedule without a word what it is.
fn guess_schedule(text: &str, fields: &CronFieldArgs) -> Result<Value, String> {
    let text = text.trim();
    if let Some(every) = text.strip_prefix("every ") {
        return Ok(json!({ "kind": "every", "everyMs": read_duration("every", every)? }));
    }
    let fields_count = text.split_whitespace().count();
    if text.starts_with('@') || fields_count >= 5 {
        return cron_schedule(text, fields);
    }
    Ok(json!({ "kind": "at", "at": text, "tz": fields.tz }))
}

fn task(message: &str, fields: &CronFieldArgs) -> Value {
    json!({
        "kind": "agentTurn",
        "message": message,
        "model": fields.model,
        "timeoutSeconds": fields.timeout_seconds,
    })
}

fn read_payload(fields: &CronFieldArgs) -> Option<Value> {
    if let Some(message) = &fields.message {
        return Some(task(message, fields));
    }
    if let Some(text) = &fields.system_event {
        return Some(json!({ "kind": "systemEvent", "text": text }));
    }
    let mut payload = Map::new();
    if let Some(model) = &fields.model {
        payload.insert("model".to_owned(), model.clone().into());
    }
    if let Some(seconds) = fields.timeout_seconds {
        payload.insert("timeoutSeconds".to_owned(), seconds.into());
    }
    (!payload.is_empty()).then_some(Value::Object(payload))
}

fn read_delivery(fields: &CronFieldArgs) -> Option<Value> {
    let mut delivery = Map::new();
    let mode = match &fields.webhook {
        Some(_) => Some("webhook"),
        None if fields.no_deliver => Some("none"),
        None if fields.announce || fields.channel.is_some() || fields.to.is_some() => {
            Some("announce")
        }
        None => None,
    };
    if let Some(mode) = mode {
        delivery.insert("mode".to_owned(), mode.into());
    }
    if let Some(to) = fields.webhook.as_ref().or(fields.to.as_ref()) {
        delivery.insert("to".to_owned(), to.clone().into());
    }
    if let Some(channel) = &fields.channel {
        delivery.insert("channel".to_owned(), channel.clone().into());
    }
    if fields.best_effort_deliver {
        delivery.insert("bestEffort".to_owned(), true.into());
    }
    (!delivery.is_empty()).then_some(Value::Object(delivery))
}

fn read_duration(option: &str, text: &str) -> Result<u64, String> {
    parse_duration_ms(text)
        .ok_or_else(|| format!("`{option}` must be a duration such as `30m`, not `{text}`"))
}
