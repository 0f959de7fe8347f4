//! `cron`: the agent has itself asked again later, or from time to time.

use std::fmt::Debug;
use std::sync::Arc;

use async_trait::async_trait;
use openclaw_core::{
    InvalidToolArguments, PlannedToolCall, Tool, ToolCall, ToolConcurrency, ToolContext,
    ToolEffect, ToolOutput, ToolSpec,
};
use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::Deserialize;
use serde_json::{Map, Value, json};

use crate::arguments::{WholeNumber, decode_arguments, tool_spec};
use crate::workspace::shorten_text;

/// The most bytes of what a job says in a summary.
const MAX_SUMMARY_BYTES: usize = 80;

/// Keeps the jobs of one session of an agent. Only a gateway has one.
#[async_trait]
pub trait JobKeeper: Send + Sync + Debug {
    /// Carries out a request about jobs of this session.
    ///
    /// # Errors
    /// When it is refused or fails: the reason, as a sentence for the model.
    async fn handle_request(&self, request: JobRequest) -> Result<Value, String>;
}

/// What an agent wants of its jobs.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub struct JobRequest {
    /// The agent.
    pub agent: String,
    /// The key of its session.
    pub session_key: String,
    /// What is to be done.
    pub action: JobAction,
    /// The job that it is about; `None` for all, or a new one.
    pub id: Option<String>,
    /// The job to add, or what changes in one.
    pub job: Value,
    /// The most entries of a list.
    pub limit: Option<u32>,
}

/// What an agent does with jobs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
#[non_exhaustive]
pub enum JobAction {
    /// Adds one.
    Add,
    /// Lists them.
    List,
    /// Shows one.
    Get,
    /// Changes one.
    Update,
    /// Removes one.
    Remove,
    /// Runs one now.
    Run,
    /// Lists the runs of one.
    Runs,
    /// Says whether the gateway runs jobs.
    Status,
}

/// The tool over the jobs of a session.
#[derive(Debug)]
pub struct JobTool {
    keeper: Arc<dyn JobKeeper>,
    agent: String,
    session_key: String,
    spec: ToolSpec,
}

#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
struct JobArguments {
    #[schemars(schema_with = "describe_actions")]
    action: JobAction,
    /// The job
    id: Option<String>,
    #[schemars(skip)]
    job_id: Option<String>,
    name: Option<String>,
    /// Once, at an ISO time (UTC without offset) or after a time: `20m`
    at: Option<String>,
    /// Again and again: `30m`, `1d`
    every: Option<String>,
    /// Cron expression, 5 fields
    cron: Option<String>,
    /// Its time zone, e.g. Europe/Berlin
    tz: Option<String>,
    /// What you are to do then, alone, with all that you need to know
    message: Option<String>,
    /// Or: a reminder for this session
    event: Option<String>,
    /// Whether the result is announced in this session (default) or not
    announce: Option<bool>,
    enabled: Option<bool>,
    limit: Option<WholeNumber>,
    /// The original's form of a job, and of a change.
    #[schemars(skip)]
    job: Option<Map<String, Value>>,
    #[schemars(skip)]
    patch: Option<Map<String, Value>>,
    #[schemars(skip)]
    #[expect(dead_code, reason = "the list always has them")]
    include_disabled: Option<bool>,
}

impl JobTool {
    /// A tool over the jobs of an agent's session.
    #[must_use]
    pub fn new(keeper: Arc<dyn JobKeeper>, agent: &str, session_key: &str) -> Self {
        let description = "Schedules reminders and tasks for yourself, and manages those of this \
                           session. `add` needs one of at, every or cron, and message or event. A \
                           task runs in an empty session with your tools.";
        Self {
            keeper,
            agent: agent.to_owned(),
            session_key: session_key.to_owned(),
            spec: tool_spec::<JobArguments>("cron", description),
        }
    }
}

impl Tool for JobTool {
    fn spec(&self) -> &ToolSpec {
        &self.spec
    }

    fn plan_call(&self, call: &ToolCall) -> Result<Box<dyn PlannedToolCall>, InvalidToolArguments> {
        let arguments: JobArguments = decode_arguments(&self.spec, call)?;
        let action = arguments.action;
        let id = arguments.id.clone().or_else(|| arguments.job_id.clone());
        let needs_id = !matches!(action, JobAction::Add | JobAction::List | JobAction::Status)
            && action != JobAction::Runs;
        let problem = |problem: &str| InvalidToolArguments {
            tool: self.spec.name.clone(),
            problem: problem.to_owned(),
        };
        if needs_id && id.is_none() {
            return Err(problem("`id` is missing"));
        }
        let limit = arguments.limit.and_then(WholeNumber::as_positive);
        let job = arguments.to_job().map_err(|text| problem(&text))?;
        let has_times = job.get("schedule").is_some() && job.get("payload").is_some();
        if action == JobAction::Add && !has_times {
            return Err(problem("`add` needs one of at, every and cron, and message or event"));
        }
        let request = JobRequest {
            agent: self.agent.clone(),
            session_key: self.session_key.clone(),
            action,
            id,
            job,
            limit: limit.and_then(|limit| u32::try_from(limit).ok()),
        };
        let effect = plan_effect(&request);
        Ok(Box::new(JobCall { effect, keeper: Arc::clone(&self.keeper), request }))
    }
}

/// The actions without a sentence for each, which small models would read with each request.
fn describe_actions(_: &mut SchemaGenerator) -> Schema {
    json_schema!({
        "type": "string",
        "enum": ["add", "list", "get", "update", "remove", "run", "runs", "status"]
    })
}

impl JobArguments {
    /// The job as programs write it.
    fn to_job(&self) -> Result<Value, String> {
        let mut job = self.job.clone().or_else(|| self.patch.clone()).unwrap_or_default();
        if let Some(name) = &self.name {
            job.insert("name".to_owned(), name.clone().into());
        }
        let every = self.every.as_deref().map(duration_ms).transpose()?;
        let times = [
            self.at.as_ref().map(|at| json!({ "kind": "at", "at": at, "tz": self.tz })),
            every.map(|every| json!({ "kind": "every", "everyMs": every })),
            self.cron.as_ref().map(|expr| json!({ "kind": "cron", "expr": expr, "tz": self.tz })),
        ];
        let mut times = times.into_iter().flatten();
        if let Some(schedule) = times.next() {
            job.insert("schedule".to_owned(), schedule);
        }
        if times.next().is_some() {
            return Err("only one of at, every and cron".to_owned());
        }
        match (&self.message, &self.event) {
            (Some(message), None) => {
                let payload = json!({ "kind": "agentTurn", "message": message });
                job.insert("payload".to_owned(), payload);
                // One that is named stays, for the keeper to judge.
                job.entry("sessionTarget").or_insert_with(|| "isolated".into());
            }
            (None, Some(event)) => {
                let payload = json!({ "kind": "systemEvent", "text": event });
                job.insert("payload".to_owned(), payload);
                job.entry("sessionTarget").or_insert_with(|| "main".into());
                job.insert("delivery".to_owned(), json!({ "mode": "none" }));
            }
            (Some(_), Some(_)) => return Err("only one of message and event".to_owned()),
            (None, None) => {}
        }
        if let Some(announce) = self.announce {
            let mode = if announce { "announce" } else { "none" };
            job.insert("delivery".to_owned(), json!({ "mode": mode }));
        }
        if let Some(enabled) = self.enabled {
            job.insert("enabled".to_owned(), enabled.into());
        }
        Ok(Value::Object(job))
    }
}

/// Reads one number with a unit, in milliseconds.
fn duration_ms(text: &str) -> Result<u64, String> {
    let text = text.trim();
    let digits = text.bytes().take_while(u8::is_ascii_digit).count();
    let (number, unit) = text.split_at(digits);
    let each: u64 = match unit.trim() {
        "s" => 1000,
        "m" | "min" => 60_000,
        "h" => 3_600_000,
        "d" => 86_400_000,
        "w" => 604_800_000,
        _ => return Err(format!("`every` must be a time such as `30m`, not `{text}`")),
    };
    let number: u64 = number.parse().map_err(|_| "`every` has no number".to_owned())?;
    number.checked_mul(each).ok_or_else(|| "`every` is too long".to_owned())
}

fn plan_effect(request: &JobRequest) -> ToolEffect {
    let id = request.id.as_deref().unwrap_or_default();
    let text = |pointer: &str| request.job.pointer(pointer).and_then(Value::as_str);
    let said = text("/payload/message").or_else(|| text("/payload/text")).unwrap_or_default();
    let said = shorten_text(said, MAX_SUMMARY_BYTES);
    let description = match request.action {
        JobAction::Add => format!("add the job `{said}`"),
        JobAction::Update => format!("change the job {id}"),
        JobAction::Remove => format!("remove the job {id}"),
        JobAction::Run => format!("run the job {id}"),
        _ => return ToolEffect::Inspect { subject: "the jobs of this session".to_owned() },
    };
    ToolEffect::OwnCommand { description }
}

/// A call of `cron`.
#[derive(Debug)]
struct JobCall {
    effect: ToolEffect,
    keeper: Arc<dyn JobKeeper>,
    request: JobRequest,
}

#[async_trait]
impl PlannedToolCall for JobCall {
    fn effect(&self) -> &ToolEffect {
        &self.effect
    }

    fn concurrency(&self) -> ToolConcurrency {
        ToolConcurrency::Exclusive
    }

    async fn run(self: Box<Self>, context: ToolContext<'_>) -> ToolOutput {
        match self.keeper.handle_request(self.request).await {
            Ok(answer) => {
                let text = shorten_text(&answer.to_string(), context.max_output_bytes);
                ToolOutput::from_text(text)
            }
            Err(reason) => ToolOutput::from_error(reason),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(Debug)]
    struct NoKeeper;

    #[async_trait]
    impl JobKeeper for NoKeeper {
        async fn handle_request(&self, _request: JobRequest) -> Result<Value, String> {
            Err("none".to_owned())
        }
    }

    #[test]
    fn the_schema_is_small() {
        let tool = JobTool::new(Arc::new(NoKeeper), "main", "agent:main:main");
        let spec = tool.spec();
        let size = spec.description.len() + spec.parameters.to_string().len();
        assert!(size <= 1200, "{size}: {}", spec.parameters);
    }

    #[test]
    fn intervals_are_read() {
        assert_eq!(duration_ms("30m"), Ok(1_800_000));
        assert_eq!(duration_ms("1 d"), Ok(86_400_000));
        for text in ["", "m", "30", "30x", "99999999999999999d"] {
            assert!(duration_ms(text).is_err(), "{text}");
        }
    }
}
