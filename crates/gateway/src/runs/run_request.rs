//! A run as a client asks for it.

use std::path::PathBuf;

use openclaw_protocol::gateway::{AgentParams, GatewayError, SessionSelector};
use openclaw_runtime::{SessionKey, SessionTarget, StoreError};
use sha2::{Digest as _, Sha256};

use super::{RunManager, offload};
use crate::grants::ClientGrant;
use crate::methods::check_idempotency_key;
use crate::random::to_hex;

/// A run as a client asks for it.
#[derive(Debug, Clone)]
pub(crate) struct RunSpec {
    /// What the model is told; `None` finishes the turn that has no answer.
    pub(crate) message: Option<String>,
    pub(crate) idempotency_key: String,
    pub(crate) target: SessionTarget,
    pub(crate) session_key: SessionKey,
    pub(crate) agent: Option<String>,
    pub(crate) model: Option<String>,
    pub(crate) timeout_seconds: Option<u64>,
    /// The device that asks for it; `None` for the owner of the gateway and for webhooks.
    pub(crate) device: Option<String>,
    /// Where the agent works; `None` where its session or the config says.
    pub(crate) workspace: Option<PathBuf>,
    /// How it was started, for the metrics.
    pub(crate) trigger: &'static str,
}

/// A session that a client named.
#[derive(Debug, Clone)]
pub(crate) struct ResolvedSession {
    pub(crate) target: SessionTarget,
    /// The key under which its turns follow one another.
    pub(crate) key: SessionKey,
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
        let message = match (params.resume, params.message.trim().is_empty()) {
            (false, false) => Some(params.message),
            (true, true) => None,
            (false, true) => return Err(GatewayError::invalid_request("`message` is empty.")),
            (true, false) => {
                return Err(GatewayError::invalid_request("`resume` takes no `message`."));
            }
        };
        check_idempotency_key(&params.idempotency_key)?;
        let selector = SessionSelector {
            session_key: params.session_key,
            session_id: params.session_id,
            agent_id: params.agent_id,
        };
        let ResolvedSession { target, key } = self.resolve_session(&selector).await?;
        Ok(RunSpec {
            message,
            idempotency_key: params.idempotency_key,
            target,
            session_key: key,
            agent: selector.agent_id,
            model: params.model,
            timeout_seconds: params.timeout,
            device: None,
            workspace: None,
            trigger: "client",
        })
    }

    /// Finds the session that a client names.
    ///
    /// # Errors
    /// When the agent does not exist, or the session cannot be used.
    pub(crate) async fn resolve_session(
        &self,
        selector: &SessionSelector,
    ) -> Result<ResolvedSession, GatewayError> {
        let SessionSelector { session_key, session_id, agent_id } = selector;
        if let Some(agent) = agent_id {
            self.config
                .runtime()
                .check_agent(agent)
                .map_err(|error| GatewayError::invalid_request(format!("Failed to {error}.")))?;
        }
        let invalid = |error: StoreError| {
            GatewayError::invalid_request(format!("The session cannot be used: {error}."))
        };
        if let Some(id) = session_id {
            let (store, text) = (self.store.clone(), id.clone());
            let found = offload(move || store.find_session(&text)).await.map_err(invalid)?;
            return Ok(ResolvedSession { target: SessionTarget::Id(found.id), key: found.key });
        }
        let key: SessionKey = if let Some(key) = session_key {
            self.complete_key(key).parse().map_err(invalid)?
        } else {
            let runtime = self.config.runtime();
            let agent = agent_id.as_deref().unwrap_or(runtime.default_agent());
            runtime.default_session_key(agent, None).map_err(invalid)?
        };
        Ok(ResolvedSession { target: SessionTarget::Key(key.clone()), key })
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
    /// The same run, started by a client of the websocket.
    pub(crate) fn started_by(mut self, client: &ClientGrant) -> Self {
        self.device = client.device.clone().filter(|_| !client.is_owner);
        self
    }

    /// The same run, started otherwise than by a client of the websocket.
    pub(crate) fn with_trigger(mut self, trigger: &'static str) -> Self {
        self.trigger = trigger;
        self
    }

    /// Tells this request from others.
    pub(super) fn digest(&self) -> String {
        let parts = [
            self.message.as_deref().unwrap_or_default(),
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
