//! The methods of connected clients.

use std::collections::VecDeque;
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use openclaw_protocol::gateway::{
    AgentAccepted, AgentEventsParams, AgentFollowParams, AgentParams, AgentRunResult,
    AgentWaitParams, AgentWaitResult, ChatAbortParams, ChatSendParams, GatewayError,
    GatewayErrorCode, RequestFrame, ResolveCallParams, ResponseFrame, RunState,
};
use serde::de::DeserializeOwned;
use serde_json::{Value, json};
use tokio::time::Instant;

use crate::approvals::ApprovalRequestParams;
use crate::clients::ClientQueue;
use crate::grants::{ClientGrant, ClientScope};
use crate::runs::StartedRun;
use crate::state::GatewayState;

/// The most bytes of an idempotency key.
const MAX_KEY_BYTES: usize = 256;

/// How long `agent.wait` waits when the client does not say.
const DEFAULT_WAIT: Duration = Duration::from_secs(30);

/// The requests without the scope that they need after which a client is closed.
const MAX_REFUSALS: u32 = 10;

/// The most changes of what clients may do that one client makes in a period.
const MAX_CONTROL_WRITES: usize = 30;

const CONTROL_WRITE_PERIOD: Duration = Duration::from_mins(1);

/// The methods with what each needs.
pub(crate) const METHODS: &[(&str, ClientScope)] = &[
    ("agent", ClientScope::Write),
    ("agent.events", ClientScope::Read),
    ("agent.follow", ClientScope::Read),
    ("agent.wait", ClientScope::Write),
    ("agents.list", ClientScope::Read),
    ("chat.abort", ClientScope::Write),
    ("chat.history", ClientScope::Read),
    ("chat.send", ClientScope::Write),
    ("cron.add", ClientScope::Admin),
    ("cron.disable", ClientScope::Admin),
    ("cron.enable", ClientScope::Admin),
    ("cron.get", ClientScope::Read),
    ("cron.list", ClientScope::Read),
    ("cron.remove", ClientScope::Admin),
    ("cron.run", ClientScope::Admin),
    ("cron.runs", ClientScope::Read),
    ("cron.status", ClientScope::Read),
    ("cron.update", ClientScope::Admin),
    ("device.pair.approve", ClientScope::Pairing),
    ("device.pair.list", ClientScope::Pairing),
    ("device.pair.reject", ClientScope::Pairing),
    ("device.pair.remove", ClientScope::Pairing),
    ("device.pair.rename", ClientScope::Pairing),
    ("device.token.revoke", ClientScope::Pairing),
    ("device.token.rotate", ClientScope::Pairing),
    ("exec.approval.get", ClientScope::Approvals),
    ("exec.approval.list", ClientScope::Approvals),
    ("exec.approval.request", ClientScope::Approvals),
    ("exec.approval.resolve", ClientScope::Approvals),
    ("exec.approval.waitDecision", ClientScope::Approvals),
    ("exec.approvals.get", ClientScope::Admin),
    ("exec.approvals.node.get", ClientScope::Admin),
    ("exec.approvals.node.set", ClientScope::Admin),
    ("exec.approvals.set", ClientScope::Admin),
    ("health", ClientScope::Read),
    ("models.list", ClientScope::Read),
    ("node.describe", ClientScope::Read),
    ("node.invoke", ClientScope::Write),
    ("node.list", ClientScope::Read),
    ("node.pair.approve", ClientScope::Pairing),
    ("node.pair.list", ClientScope::Pairing),
    ("node.pair.reject", ClientScope::Pairing),
    ("node.pair.remove", ClientScope::Pairing),
    ("node.rename", ClientScope::Pairing),
    ("sessions.compact", ClientScope::Write),
    ("sessions.diff", ClientScope::Read),
    ("sessions.exec", ClientScope::Admin),
    ("sessions.list", ClientScope::Read),
    ("sessions.open", ClientScope::Write),
    ("sessions.reset", ClientScope::Write),
    ("sessions.runs", ClientScope::Read),
    ("sessions.steer", ClientScope::Write),
    ("sessions.undo", ClientScope::Write),
    ("status", ClientScope::Read),
    ("wake", ClientScope::Write),
];

/// The methods whose answers can be large.
const LARGE_ANSWERS: &[&str] = &[
    "agent",
    "agent.events",
    "agent.follow",
    "chat.history",
    "cron.list",
    "cron.runs",
    "node.invoke",
    "sessions.diff",
    "sessions.list",
];

/// The events that clients get.
pub(crate) const EVENTS: &[&str] = &[
    "agent",
    "chat",
    "connect.challenge",
    "cron",
    "device.pair.requested",
    "device.pair.resolved",
    "exec.approval.requested",
    "exec.approval.resolved",
    "node.invoke.progress",
    "node.pair.requested",
    "node.pair.resolved",
    "sessions.progress",
    "shutdown",
    "tick",
];

/// A client that is connected.
#[derive(Debug, Clone)]
pub(crate) struct ConnectedClient {
    pub(crate) state: Arc<GatewayState>,
    pub(crate) queue: ClientQueue,
    pub(crate) grant: ClientGrant,
    refusals: Arc<AtomicU32>,
    control_writes: Arc<Mutex<VecDeque<Instant>>>,
    /// Held while a history is read.
    pub(crate) history_lock: Arc<tokio::sync::Mutex<()>>,
}

impl ConnectedClient {
    pub(crate) fn new(state: Arc<GatewayState>, queue: ClientQueue, grant: ClientGrant) -> Self {
        Self {
            state,
            queue,
            grant,
            refusals: Arc::default(),
            control_writes: Arc::default(),
            history_lock: Arc::default(),
        }
    }

    /// Counts a change of what clients may do; returns false when there were too many of late.
    pub(crate) fn take_control_write(&self) -> bool {
        let mut writes = self.control_writes.lock().unwrap_or_else(PoisonError::into_inner);
        while writes.front().is_some_and(|first| first.elapsed() >= CONTROL_WRITE_PERIOD) {
            writes.pop_front();
        }
        let is_allowed = writes.len() < MAX_CONTROL_WRITES;
        if is_allowed {
            writes.push_back(Instant::now());
        }
        is_allowed
    }

    /// Counts a request for what the client may not do, and closes a client that goes on with it.
    pub(crate) fn count_refusal(&self) {
        if self.refusals.fetch_add(1, Ordering::Relaxed) >= MAX_REFUSALS {
            self.queue.close(1008, "too many requests without their scope");
        }
    }

    /// Carries out a request, and queues its response or responses.
    pub(crate) async fn handle_request(self, request: RequestFrame) {
        let id = request.id.clone();
        let is_large = LARGE_ANSWERS.contains(&request.method.as_str());
        let response = match self.dispatch(request).await {
            Ok(payload) => ResponseFrame::success(id, payload),
            Err(error) => ResponseFrame::failure(id, error),
        };
        if !is_large {
            return self.queue.send_response(&response);
        }
        // Encoding it takes long enough to hold the other clients up.
        let queue = self.queue.clone();
        let encoding = tokio::task::spawn_blocking(move || queue.send_response(&response));
        // It fails when the gateway ends, and then nobody reads the answer.
        let _ = encoding.await;
    }

    async fn dispatch(&self, request: RequestFrame) -> Result<Value, GatewayError> {
        let RequestFrame { id, method, params, .. } = request;
        let Some((name, scope)) = METHODS.iter().find(|(name, _)| *name == method) else {
            return Err(GatewayError::invalid_request(format!(
                "The gateway has no method `{}`.",
                method.chars().take(64).collect::<String>().escape_debug()
            )));
        };
        if !self.grant.allows(*scope) {
            self.count_refusal();
            let text = format!("`{name}` needs the scope `{}`.", scope.name());
            return Err(GatewayError::new(GatewayErrorCode::Forbidden, text).with_details(json!({
                "code": "MISSING_SCOPE",
                "missingScope": scope.name(),
                "requiredScopes": [scope.name()],
            })));
        }
        let state = &self.state;
        match *name {
            "agent" => self.run_agent(&id, parse(params)?).await,
            "agent.events" => {
                let AgentEventsParams { run_id, after_seq } = parse(params)?;
                encode(&state.runs.run_with_events(&run_id)?.events_after(after_seq))
            }
            "agent.follow" => {
                let AgentFollowParams { run_id } = parse(params)?;
                self.tell_run(&id, state.runs.find_run(&run_id).await?).await
            }
            "agent.wait" => self.wait_for_run(parse(params)?).await,
            "chat.send" => self.send_chat(parse(params)?).await,
            "chat.history" => self.read_history(parse(params)?).await,
            "chat.abort" => {
                let ChatAbortParams { session_key, run_id } = parse(params)?;
                let key = state.runs.complete_key(&session_key);
                let stopped = state.runs.abort_runs(&key, run_id.as_deref());
                Ok(json!({ "ok": true, "aborted": !stopped.is_empty(), "runIds": stopped }))
            }
            "exec.approval.list" => Ok(state.approvals.list()),
            "exec.approval.get" => {
                let id = params.get("id").and_then(Value::as_str).unwrap_or_default();
                state.approvals.get(id)
            }
            "exec.approval.request" => {
                self.request_approval(&id, parse::<ApprovalRequestParams>(params)?).await
            }
            "exec.approval.resolve" => {
                state.approvals.resolve(parse::<ResolveCallParams>(params)?, &self.grant)
            }
            "exec.approval.waitDecision" => {
                let id = params.get("id").and_then(Value::as_str).unwrap_or_default();
                state.approvals.wait_for_decision(id).await
            }
            name if name.starts_with("exec.approvals.") => {
                self.handle_policy_method(name, params).await
            }
            name if name.starts_with("node.") => self.handle_node_method(name, params).await,
            name if name.starts_with("device.") => self.handle_device_method(name, params).await,
            name if name.starts_with("sessions.") => self.handle_session_method(name, params).await,
            "agents.list" => Ok(state.describe_agents()),
            "models.list" => encode(&state.list_models(&parse(params)?).await),
            "health" => Ok(state.describe_health()),
            name if name.starts_with("cron.") => self.handle_job_method(name, params).await,
            "wake" => self.wake(&params).await,
            _ => Ok(state.describe_status().await),
        }
    }

    /// Starts a run: the first response is queued at once, the second is returned at its end.
    async fn run_agent(&self, id: &str, params: AgentParams) -> Result<Value, GatewayError> {
        let runs = &self.state.runs;
        let spec = runs.resolve_request(params).await?.started_by(&self.grant);
        self.check_session_folder(&spec.session_key).await?;
        let started = runs.start_run(spec).await?;
        self.tell_run(id, started).await
    }

    /// Tells that a run goes on, and waits for its end.
    async fn tell_run(&self, id: &str, started: StartedRun) -> Result<Value, GatewayError> {
        let (id_of_run, key, accepted_at) = match &started {
            StartedRun::Live(run) => (&run.id, &run.session_key, run.accepted_at),
            StartedRun::Ended(run) => (&run.id, &run.session_key, run.accepted_at),
        };
        let run_id = id_of_run.clone();
        let accepted = AgentAccepted {
            run_id: run_id.clone(),
            session_key: key.clone(),
            status: "accepted".to_owned(),
            accepted_at,
        };
        self.queue.send_response(&ResponseFrame::success(id, encode(&accepted)?));
        let end = match started {
            StartedRun::Live(run) => run.wait_for_end().await,
            StartedRun::Ended(run) => run.end,
        };
        let result = AgentRunResult {
            run_id,
            status: end.status,
            summary: end.summary.clone(),
            result: end.to_result(),
            unsent_messages: end.unsent_messages.clone(),
            unanswered_turn: end.unanswered_turn,
            ended_commands: end.ended_commands.clone(),
        };
        encode(&result)
    }

    async fn wait_for_run(&self, params: AgentWaitParams) -> Result<Value, GatewayError> {
        let AgentWaitParams { run_id, timeout_ms } = params;
        let limit = timeout_ms.map_or(DEFAULT_WAIT, Duration::from_millis);
        let result = match self.state.runs.find_run(&run_id).await? {
            StartedRun::Live(run) => {
                let end = tokio::time::timeout(limit, run.wait_for_end()).await.ok();
                let (started_at, ended_at) = run.times();
                AgentWaitResult {
                    run_id,
                    status: end.as_ref().map_or(RunState::Timeout, |end| end.status),
                    started_at,
                    ended_at: ended_at.filter(|_| end.is_some()),
                    error: end.and_then(|end| end.error_text()),
                }
            }
            StartedRun::Ended(run) => AgentWaitResult {
                run_id,
                status: run.end.status,
                started_at: run.started_at,
                ended_at: run.ended_at,
                error: run.end.error_text(),
            },
        };
        encode(&result)
    }

    async fn send_chat(&self, params: ChatSendParams) -> Result<Value, GatewayError> {
        let ChatSendParams { session_key, message, idempotency_key } = params;
        let params = AgentParams {
            message,
            idempotency_key,
            session_key: Some(session_key),
            ..AgentParams::default()
        };
        let runs = &self.state.runs;
        let spec = runs.resolve_request(params).await?.started_by(&self.grant);
        self.check_session_folder(&spec.session_key).await?;
        let started = runs.start_run(spec).await?;
        let (run_id, status) = match started {
            StartedRun::Live(run) => (run.id.clone(), "started"),
            StartedRun::Ended(run) => (run.id, "ok"),
        };
        Ok(json!({ "runId": run_id, "status": status }))
    }
}

/// Checks the key with which a client names a request that it may send again.
pub(crate) fn check_idempotency_key(key: &str) -> Result<(), GatewayError> {
    if key.is_empty() || key.len() > MAX_KEY_BYTES {
        return Err(GatewayError::invalid_request(format!(
            "`idempotencyKey` is missing, or longer than {MAX_KEY_BYTES} bytes."
        )));
    }
    Ok(())
}

pub(crate) fn parse<T: DeserializeOwned>(params: Value) -> Result<T, GatewayError> {
    serde_json::from_value(params).map_err(|error| {
        GatewayError::invalid_request(format!("The parameters cannot be read: {error}."))
    })
}

pub(crate) fn encode(value: &impl serde::Serialize) -> Result<Value, GatewayError> {
    serde_json::to_value(value).map_err(|error| {
        GatewayError::new(GatewayErrorCode::Unavailable, format!("Failed to encode: {error}."))
    })
}
