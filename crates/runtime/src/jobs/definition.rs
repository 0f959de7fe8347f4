//! A job as somebody wrote it, completed and checked.

use openclaw_protocol::jobs::{JobDefinition, JobDeliveryMode, JobOrigin, JobPayload, JobTimes};
use openclaw_schedule::CronExpression;
use openclaw_store::SessionKey;
use serde_json::{Map, Value, json};

use super::times::{find_zone, parse_at};
use super::{Job, JobBook, JobError, JobErrorKind, without_nulls};

/// The most bytes of what a job says.
const MAX_TEXT_BYTES: usize = 32 << 10;

/// The most characters of a name that is made from what a job says.
const MAX_NAME_CHARS: usize = 60;

/// How long ago the time of a one-shot may be, in milliseconds.
const PAST_TOLERANCE_MS: i64 = 60_000;

/// Over how long jobs at full hours are spread, in milliseconds.
const HOURLY_STAGGER_MS: u64 = 300_000;

/// The shortest interval of a job that an agent makes, in milliseconds.
const MIN_AGENT_INTERVAL_MS: u64 = 60_000;

/// The channels that lead to a session.
const SESSION_CHANNELS: [&str; 3] = ["last", "session", "webchat"];

/// The fields of a task that change nothing here.
const IDLE_PAYLOAD_FIELDS: [&str; 3] = ["allowUnsafeExternalContent", "lightContext", "thinking"];

impl JobBook {
    /// Completes a job as somebody wrote it, and checks it. Also returns whether it is enabled.
    pub(super) fn complete_draft(
        &self,
        draft: Value,
        author: &JobOrigin,
        now_ms: i64,
    ) -> Result<(JobDefinition, bool), JobError> {
        let Value::Object(draft) = draft else {
            return Err(JobError::invalid("read the job: it is no JSON object"));
        };
        let mut draft = without_nulls(draft);
        let is_enabled = take_bool(&mut draft, "enabled")?.unwrap_or(true);
        draft.remove("id");
        draft.remove("origin");
        if let Some(name) = draft.remove("displayName") {
            draft.insert("name".to_owned(), name);
        }
        complete_payload(&mut draft)?;
        complete_schedule(&mut draft, now_ms)?;
        complete_rest(&mut draft, author)?;
        draft.insert("origin".to_owned(), json!(author));
        let definition: JobDefinition = serde_json::from_value(Value::Object(draft))
            .map_err(|error| JobError::invalid(format!("read the job: {error}")))?;
        self.check_definition(&definition, now_ms)?;
        Ok((definition, is_enabled))
    }

    /// What a job becomes. Also returns whether it is enabled.
    pub(super) fn apply_patch(
        &self,
        job: &Job,
        patch: Value,
        author: &JobOrigin,
        now_ms: i64,
    ) -> Result<(JobDefinition, bool), JobError> {
        let Value::Object(patch) = patch else {
            return Err(JobError::invalid("read the change: it is no JSON object"));
        };
        let Ok(plan) = &job.plan else {
            return Err(JobError::invalid("change a job that cannot be read; remove it"));
        };
        let Value::Object(mut merged) = json!(plan.definition) else {
            return Err(JobError::invalid("change the job"));
        };
        let is_rescheduled = patch.contains_key("schedule");
        let origin = merged.remove("origin");
        merged.insert("enabled".to_owned(), job.record.is_enabled.into());
        for (key, value) in patch {
            match (merged.get_mut(&key), value) {
                // Of the same kind of payload or delivery, the other fields stay.
                (Some(Value::Object(before)), Value::Object(new)) if key != "schedule" => {
                    let kind = |object: &Map<String, Value>| object.get("kind").cloned();
                    if key == "payload" && kind(&new).is_some() && kind(&new) != kind(before) {
                        before.clear();
                    }
                    before.extend(new);
                }
                (_, Value::Null) => {
                    merged.remove(&key);
                }
                (_, value) => {
                    merged.insert(key, value);
                }
            }
        }
        // The time of a one-shot that ran may be over.
        let checked_at = if is_rescheduled { now_ms } else { i64::MIN };
        let (mut definition, is_enabled) =
            self.complete_draft(Value::Object(merged), author, checked_at)?;
        if let Some(origin) = origin.and_then(|origin| serde_json::from_value(origin).ok()) {
            definition.origin = origin;
        }
        Ok((definition, is_enabled))
    }

    fn check_definition(&self, job: &JobDefinition, now_ms: i64) -> Result<(), JobError> {
        let runtime = &self.runtime;
        let agent = job.agent_id.as_deref().unwrap_or(runtime.default_agent());
        runtime.check_agent(agent).map_err(|error| JobError::invalid(error.to_string()))?;
        let (text, model) = match &job.payload {
            JobPayload::SystemEvent { text, .. } => (text, None),
            JobPayload::AgentTurn { message, model, .. } => (message, model.as_deref()),
            _ => return Err(JobError::invalid("use a payload of this kind")),
        };
        if text.trim().is_empty() || text.len() > MAX_TEXT_BYTES {
            return Err(JobError::invalid(format!(
                "use what the job says: it is empty or longer than {MAX_TEXT_BYTES} bytes"
            )));
        }
        if let Some(model) = model {
            let models = runtime.models().clone().with_agent(agent);
            models.parse_reference(model).map_err(|error| JobError::invalid(error.to_string()))?;
        }
        if let JobTimes::At { at, .. } = &job.schedule {
            let at = parse_at(at, None, now_ms).map_err(JobError::invalid)?;
            if at.as_millisecond() < now_ms.saturating_sub(PAST_TOLERANCE_MS) {
                return Err(JobError::invalid(format!("run a job at {at}: that is over")));
            }
        }
        let is_event = matches!(job.payload, JobPayload::SystemEvent { .. });
        if is_event == (job.session_target == "isolated") {
            return Err(JobError::invalid(
                "use this session: `systemEvent` needs `main` or `session:KEY`, and `agentTurn` \
                 needs `isolated`",
            ));
        }
        self.check_target(&job.session_target)?;
        self.check_delivery(job, agent)?;
        match &job.origin {
            JobOrigin::Agent { agent_id, session_key, .. } => {
                check_agent_job(job, agent, agent_id, session_key)
            }
            _ => Ok(()),
        }
    }

    fn check_target(&self, target: &str) -> Result<(), JobError> {
        match target.strip_prefix("session:") {
            Some(key) => self.check_session(key),
            None if matches!(target, "main" | "isolated") => Ok(()),
            None => Err(JobError::invalid(format!(
                "use the session target `{}`: it is `main`, `isolated` or `session:KEY`",
                target.escape_debug()
            ))),
        }
    }

    /// Refuses a session that does not exist: what goes there would reach nobody.
    fn check_session(&self, key: &str) -> Result<(), JobError> {
        let parsed: SessionKey = key.parse()?;
        if self.store.current_session(&parsed)?.is_some() || self.is_main_session(key) {
            return Ok(());
        }
        Err(JobError::invalid(format!("find the session `{}`", key.escape_debug())))
    }

    fn is_main_session(&self, key: &str) -> bool {
        let agents = self.runtime.config().agent_ids().into_iter();
        let mut keys = agents.filter_map(|agent| self.main_session(agent).ok());
        keys.any(|main| main.as_str() == key)
    }

    /// Refuses a delivery that cannot arrive.
    fn check_delivery(&self, job: &JobDefinition, agent: &str) -> Result<(), JobError> {
        let delivery = &job.delivery;
        match delivery.mode {
            JobDeliveryMode::None => Ok(()),
            JobDeliveryMode::Announce => {
                let channel = delivery.channel.as_deref().unwrap_or("last");
                if !SESSION_CHANNELS.contains(&channel) {
                    return Err(JobError::invalid(format!(
                        "deliver to the channel `{}`: there is none; `last` is the main session of \
                         the agent, and `to` names another session",
                        channel.escape_debug()
                    )));
                }
                match &delivery.to {
                    Some(key) => self.check_session(key),
                    None => Ok(self.main_session(agent).map(|_| ())?),
                }
            }
            JobDeliveryMode::Webhook => {
                let Some(address) = &delivery.to else {
                    return Err(JobError::invalid("deliver to a webhook: `to` has no address"));
                };
                let models = self.runtime.models();
                models.check_webhook(address).map_err(|error| JobError::invalid(error.to_string()))
            }
            _ => Err(JobError::invalid("use this delivery")),
        }
    }
}

/// Refuses what would let an agent do more in a job than in its session.
fn check_agent_job(
    job: &JobDefinition,
    agent: &str,
    own_agent: &str,
    own_session: &str,
) -> Result<(), JobError> {
    let forbid = |message: &str| Err(JobError::new(JobErrorKind::Forbidden, message));
    if agent != own_agent {
        return forbid("make a job of another agent");
    }
    let is_own = |key: &str| key == own_session;
    if job.session_target != "isolated"
        && !job.session_target.strip_prefix("session:").is_some_and(is_own)
    {
        return forbid("make a job that runs in another session");
    }
    let delivery = &job.delivery;
    if delivery.mode == JobDeliveryMode::Webhook {
        return forbid("deliver to a webhook: only a person adds one, with `openclaw cron edit`");
    }
    if delivery.mode == JobDeliveryMode::Announce && !delivery.to.as_deref().is_some_and(is_own) {
        return forbid("deliver into another session");
    }
    if matches!(&job.payload, JobPayload::AgentTurn { model: Some(_), .. }) {
        return forbid("choose the model of a job: only a person does, with `openclaw cron edit`");
    }
    let is_short = matches!(&job.schedule,
        JobTimes::Every { every_ms, .. } if *every_ms < MIN_AGENT_INTERVAL_MS);
    if is_short { forbid("make a job that runs more often than each minute") } else { Ok(()) }
}

fn take_bool(draft: &mut Map<String, Value>, key: &str) -> Result<Option<bool>, JobError> {
    match draft.remove(key) {
        None => Ok(None),
        Some(Value::Bool(value)) => Ok(Some(value)),
        Some(_) => Err(JobError::invalid(format!("read the job: `{key}` is not true or false"))),
    }
}

/// Takes fields of the original away that change nothing here, and refuses those that would restrict
/// what is not restricted here.
fn complete_payload(draft: &mut Map<String, Value>) -> Result<(), JobError> {
    let Some(Value::Object(payload)) = draft.get_mut("payload") else {
        return Err(JobError::invalid("read the job: `payload` is missing"));
    };
    if payload.get("kind").and_then(Value::as_str) == Some("command") {
        return Err(JobError::invalid(
            "run a command by schedule: give an agent the task instead (`agentTurn`), which runs it \
             under `tools.exec`",
        ));
    }
    for field in IDLE_PAYLOAD_FIELDS {
        payload.remove(field);
    }
    if payload.get("toolsAllow").is_some_and(|allowed| *allowed == json!(["*"])) {
        payload.remove("toolsAllow");
    }
    for field in ["toolsAllow", "fallbacks"] {
        if payload.contains_key(field) {
            return Err(JobError::invalid(format!(
                "use `payload.{field}`: a job has the tools and models of its agent; \
                 `agents.list` can have an agent with others"
            )));
        }
    }
    // An older form of the delivery.
    let is_announced = take_bool(payload, "deliver")?.unwrap_or(false);
    let mut delivery = Map::new();
    for (old, new) in [("channel", "channel"), ("to", "to"), ("bestEffortDeliver", "bestEffort")] {
        if let Some(value) = payload.remove(old) {
            delivery.insert(new.to_owned(), value);
        }
    }
    if is_announced && !draft.contains_key("delivery") {
        delivery.insert("mode".to_owned(), "announce".into());
        draft.insert("delivery".to_owned(), delivery.into());
    }
    Ok(())
}

fn complete_schedule(draft: &mut Map<String, Value>, now_ms: i64) -> Result<(), JobError> {
    let schedule = match draft.get_mut("schedule") {
        Some(Value::Object(schedule)) => schedule,
        Some(Value::String(_)) | None => {
            return Err(JobError::invalid("read the job: `schedule` is missing"));
        }
        Some(_) => return Err(JobError::invalid("read the job: `schedule` is no object")),
    };
    match schedule.get("kind").and_then(Value::as_str) {
        Some("at") => {
            let zone = schedule.remove("tz");
            let zone = zone.as_ref().and_then(Value::as_str);
            let old = schedule.remove("atMs").as_ref().and_then(Value::as_i64);
            let at = match (schedule.get("at").and_then(Value::as_str), old) {
                (Some(text), _) => parse_at(text, zone, now_ms).map_err(JobError::invalid)?,
                (None, Some(at)) => jiff::Timestamp::from_millisecond(at)
                    .map_err(|error| JobError::invalid(format!("use the time: {error}")))?,
                (None, None) => return Err(JobError::invalid("read the job: `at` is missing")),
            };
            schedule.insert("at".to_owned(), at.to_string().into());
        }
        Some("every") if now_ms > i64::MIN => {
            schedule.entry("anchorMs").or_insert_with(|| now_ms.into());
        }
        Some("cron") if !schedule.contains_key("staggerMs") => {
            let text = schedule.get("expr").and_then(Value::as_str).unwrap_or_default();
            let zone = schedule.get("tz").and_then(Value::as_str);
            let zone = find_zone(zone).map_err(JobError::invalid)?;
            let expression = CronExpression::parse(text, zone)
                .map_err(|error| JobError::invalid(error.to_string()))?;
            if expression.is_hourly() {
                schedule.insert("staggerMs".to_owned(), HOURLY_STAGGER_MS.into());
            }
        }
        _ => {}
    }
    Ok(())
}

fn complete_rest(draft: &mut Map<String, Value>, author: &JobOrigin) -> Result<(), JobError> {
    let payload = |key: &str| draft.get("payload")?.get(key)?.as_str().map(str::to_owned);
    let is_event = payload("kind").as_deref() == Some("systemEvent");
    let said = payload("message").or_else(|| payload("text")).unwrap_or_default();
    let session = match author {
        JobOrigin::Agent { agent_id, session_key, .. } => {
            draft.entry("agentId").or_insert_with(|| agent_id.clone().into());
            Some(session_key)
        }
        _ => None,
    };
    let name = draft.get("name").and_then(Value::as_str).unwrap_or_default();
    if name.trim().is_empty() {
        let first = said.lines().next().unwrap_or_default().trim();
        let name: String = first.chars().take(MAX_NAME_CHARS).collect();
        draft.insert("name".to_owned(), name.into());
    }
    draft.entry("wakeMode").or_insert_with(|| "now".into());
    let target = draft
        .entry("sessionTarget")
        .or_insert_with(|| if is_event { "main" } else { "isolated" }.into());
    // The main session of an agent is not that of each of its sessions.
    if let Some(session) = session
        && matches!(target.as_str(), Some("main" | "current"))
    {
        *target = format!("session:{session}").into();
    }
    if target == "current" {
        return Err(JobError::invalid("use the session target `current`: name it, `session:KEY`"));
    }
    let mode = if is_event { "none" } else { "announce" };
    let delivery = draft.entry("delivery").or_insert_with(|| json!({ "mode": mode }));
    let Some(delivery) = delivery.as_object_mut() else {
        return Err(JobError::invalid("read the job: `delivery` is no object"));
    };
    delivery.entry("mode").or_insert_with(|| mode.into());
    if delivery.get("mode").and_then(Value::as_str) == Some("announce") {
        delivery.entry("channel").or_insert_with(|| "last".into());
        if let Some(session) = session {
            delivery.entry("to").or_insert_with(|| session.clone().into());
        }
    }
    Ok(())
}
