//! A run as a client asks for it.

use openclaw_protocol::gateway::{AgentParams, GatewayError};
use openclaw_runtime::{SessionKey, SessionTarget, StoreError};
use sha2::{Digest as _, Sha256};

use super::{RunManager, offload};
use crate::methods::check_idempotency_key;
use crate::random::to_hex;

/// A run as a client asks for it.
#[derive(Debug, Clone)]
pub(crate) struct RunSpec {
    pub(crate) message: String,
    pub(crate) idempotency_key: String,
    pub(crate) target: SessionTarget,
    pub(crate) session_key: SessionKey,
    pub(crate) agent: Option<String>,
    pub(crate) model: Option<String>,
    pub(crate) timeout_seconds: Option<u64>,
    /// How it was started, for the metrics.
    pub(crate) trigger: &'static str,
}

impl RunManager {
    /// Finds the session and the agent of a request.
    ///
    /// # Errors
    /// When the request is invalid, or names what does not exist.
    pub(crate) async fn resolve_request(
        &self,
        params: AgentParams,
    ) -> Result<RunSpec, GatewayError> {
        if params.message.trim().is_empty() {
            return Err(GatewayError::invalid_request("`message` is empty."));
        }
        check_idempotency_key(&params.idempotency_key)?;
        if let Some(agent) = &params.agent_id {
            self.config
                .runtime()
                .check_agent(agent)
                .map_err(|error| GatewayError::invalid_request(format!("Failed to {error}.")))?;
        }
        let invalid = |error: StoreError| {
            GatewayError::invalid_request(format!("The session cannot be used: {error}."))
        };
        let (target, session_key) = if let Some(id) = &params.session_id {
            let store = self.store.clone();
            let text = id.clone();
            let found = offload(move || store.find_session(&text)).await.map_err(invalid)?;
            (SessionTarget::Id(found.id), found.key)
        } else if let Some(key) = &params.session_key {
            let key: SessionKey = self.complete_key(key).parse().map_err(invalid)?;
            (SessionTarget::Key(key.clone()), key)
        } else {
            let runtime = self.config.runtime();
            let agent = params.agent_id.as_deref().unwrap_or(runtime.default_agent());
            let key = runtime.default_session_key(agent, None).map_err(invalid)?;
            (SessionTarget::Key(key.clone()), key)
        };
        Ok(RunSpec {
            message: params.message,
            idempotency_key: params.idempotency_key,
            target,
            session_key,
            agent: params.agent_id,
            model: params.model,
            timeout_seconds: params.timeout,
            trigger: "client",
        })
    }

    /// The key of a session that a client names; `main` is the default session, whatever its key.
    pub(crate) fn complete_key(&self, key: &str) -> String {
        if key != "main" {
            return key.to_owned();
        }
        let runtime = self.config.runtime();
        let default = runtime.default_session_key(runtime.default_agent(), None).ok();
        default.map_or_else(|| key.to_owned(), |default| default.as_str().to_owned())
    }
}

impl RunSpec {
    /// The same run, started otherwise than by a client of the websocket.
    pub(crate) fn with_trigger(mut self, trigger: &'static str) -> Self {
        self.trigger = trigger;
        self
    }

    /// Tells this request from others.
    pub(super) fn digest(&self) -> String {
        let parts = [
            self.message.as_str(),
            self.session_key.as_str(),
            self.agent.as_deref().unwrap_or_default(),
            self.model.as_deref().unwrap_or_default(),
        ];
        let mut hash = Sha256::new();
        for part in parts {
            hash.update(part.len().to_be_bytes());
            hash.update(part);
        }
        to_hex(&hash.finalize())
    }
}
