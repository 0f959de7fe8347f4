//! The methods `sessions.*` and `chat.history`: what a client may know about a session, and what it
//! does with one besides running turns in it.
//!
//! Each takes its place among the turns of its session, so that nothing changes under a turn.

mod chat_history;
mod session_work;

use std::time::SystemTime;

use openclaw_protocol::gateway::{
    GatewayError, GatewayErrorCode, SessionResetResult, SessionRunsResult, SessionSelector,
    SessionSteerParams,
};
use openclaw_runtime::{SessionInfo, SessionKey, SessionTarget, StoreError, session_folder};
use serde_json::{Value, json};

use crate::devices::missing_scope;
use crate::grants::ClientScope;
use crate::methods::{ConnectedClient, check_idempotency_key, encode, parse};
use crate::runs::{StartedRun, offload, store_failure, unix_millis};

impl ConnectedClient {
    pub(crate) async fn handle_session_method(
        &self,
        name: &str,
        params: Value,
    ) -> Result<Value, GatewayError> {
        match name {
            "sessions.open" => self.open_session(parse(params)?).await,
            "sessions.reset" => self.reset_session(parse(params)?).await,
            "sessions.steer" => self.steer_run(parse(params)?).await,
            "sessions.undo" => self.undo_turn(parse(params)?).await,
            "sessions.diff" => self.show_changes(parse(params)?).await,
            "sessions.compact" => self.compact_session(parse(params)?).await,
            "sessions.runs" => self.list_runs(parse(params)?).await,
            "sessions.exec" => self.change_commands(parse(params)?).await,
            _ => self.list_sessions(&params).await,
        }
    }

    /// Refuses to make a session of a folder for a client that may not choose where an agent works:
    /// the key of such a session names the folder. One that is there was made on this machine.
    pub(crate) async fn check_session_folder(&self, key: &SessionKey) -> Result<(), GatewayError> {
        if self.grant.is_owner
            || self.grant.allows(ClientScope::Admin)
            || session_folder(key).is_none()
        {
            return Ok(());
        }
        let (store, key) = (self.state.store.clone(), key.clone());
        let known = offload(move || store.current_session(&key)).await;
        match known.map_err(|error| store_failure(&error))? {
            Some(_) => Ok(()),
            None => Err(missing_scope(ClientScope::Admin.name())),
        }
    }

    /// Points the key of a session at a new, empty one; the session before is kept.
    async fn reset_session(&self, selector: SessionSelector) -> Result<Value, GatewayError> {
        let runs = &self.state.runs;
        let resolved = runs.resolve_session(&selector).await?;
        self.check_session_folder(&resolved.key).await?;
        let lock = runs.turn_lock(resolved.key.as_str());
        let _turn = lock.lock().await;
        let (store, runtime) = (self.state.store.clone(), self.state.runtime());
        let reset = offload(move || {
            let key = resolved.key;
            let target = SessionTarget::Key(key.clone());
            let agent = selector
                .agent_id
                .map_or_else(|| runtime.session_agent(&store, &target), Ok::<_, StoreError>)?;
            let previous = store.current_session(&key)?;
            // An empty session is as good as a new one.
            let (id, previous) = match previous {
                Some(empty) if empty.events == 0 => (empty.id, None),
                previous => (store.reset_session(&key, &agent)?, previous),
            };
            Ok::<_, StoreError>(SessionResetResult {
                session_id: id.as_str().to_owned(),
                session_key: key.as_str().to_owned(),
                previous_session_id: previous.map(|info| info.id.as_str().to_owned()),
            })
        });
        encode(&reset.await.map_err(|error| store_failure(&error))?)
    }

    /// Gives a message to the turn of a run.
    async fn steer_run(&self, params: SessionSteerParams) -> Result<Value, GatewayError> {
        let SessionSteerParams { run_id, message, idempotency_key } = params;
        check_idempotency_key(&idempotency_key)?;
        if message.trim().is_empty() {
            return Err(GatewayError::invalid_request("`message` is empty."));
        }
        let is_taken = match self.state.runs.find_run(&run_id).await? {
            StartedRun::Live(run) => run.steer(message, idempotency_key),
            StartedRun::Ended(_) => false,
        };
        if is_taken {
            return Ok(json!({ "ok": true, "runId": run_id }));
        }
        Err(GatewayError::new(GatewayErrorCode::Conflict, "The turn of this run is over.")
            .with_details(json!({ "code": "RUN_ENDED" })))
    }

    /// The runs of a session that are not over, without waiting for them.
    async fn list_runs(&self, selector: SessionSelector) -> Result<Value, GatewayError> {
        let key = self.state.runs.resolve_session(&selector).await?.key;
        let runs = self.state.runs.live_runs(key.as_str());
        encode(&SessionRunsResult { session_key: key.as_str().to_owned(), runs })
    }

    async fn list_sessions(&self, params: &Value) -> Result<Value, GatewayError> {
        let limit = params.get("limit").and_then(Value::as_u64);
        let limit = limit.and_then(|limit| usize::try_from(limit).ok()).unwrap_or(usize::MAX);
        let store = self.state.store.clone();
        let listed = offload(move || store.list_sessions()).await;
        let mut sessions = listed.map_err(|error| store_failure(&error))?;
        sessions.truncate(limit);
        let rows: Vec<Value> = sessions.iter().map(describe_session).collect();
        Ok(json!({
            "ts": unix_millis(SystemTime::now()),
            "path": self.state.store.path().display().to_string(),
            "count": rows.len(),
            "sessions": rows,
        }))
    }
}

fn describe_session(info: &SessionInfo) -> Value {
    json!({
        "key": info.key.as_str(),
        "kind": "direct",
        "sessionId": info.id.as_str(),
        "agentId": info.agent,
        "current": info.is_current,
        "title": info.title,
        "createdAt": info.created_at,
        "updatedAt": info.updated_at,
        "events": info.events,
        "turns": info.turns,
        "turnOpen": info.turn_open,
        "inputTokens": info.input_tokens,
        "outputTokens": info.output_tokens,
        "cachedTokens": info.cached_tokens,
        "totalTokens": info.context_tokens,
        "model": info.model,
    })
}
