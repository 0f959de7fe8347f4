//! The trace of exchanges with the servers: recording, reading and replaying.

use futures_util::StreamExt;
use openclaw_config::ResolvedSecret;
use openclaw_transport::{
    CallTimeouts, Client, ClientOptions, Endpoint, Trace, TraceLimits, TraceOptions, TraceRecord,
    TraceStore, TransportError,
};

use crate::error::{SetupError, SetupErrorKind};
use crate::registry::ModelRegistry;
use crate::timeouts::built_in_connect_limit;
use crate::trace_config::trace_limits;

/// Why an exchange cannot be replayed. Its text fits "failed to {…}".
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ReplayError {
    /// The body was not kept unchanged.
    #[error("send exchange {0} again: its body was cut, or held a secret that was taken out")]
    IncompleteBody(u64),
    /// The address is invalid.
    #[error("use the address `{0}`")]
    InvalidAddress(String, #[source] openclaw_transport::InvalidEndpoint),
    /// The key cannot be sent.
    #[error("set up the HTTP client")]
    Client(#[source] TransportError),
}

/// Where to replay an exchange.
#[derive(Debug, Clone)]
pub struct ReplayTarget {
    /// The base URL.
    pub base_url: String,
    /// The key, if one is to be sent.
    pub key: Option<ResolvedSecret>,
}

impl ModelRegistry {
    /// Keeps exchanges in memory even without a configured trace. Long-running programs use this,
    /// so that the last exchanges can be examined after a failure.
    #[must_use]
    pub fn with_trace_in_memory(mut self) -> Self {
        let config = &self.connector.setup.loaded.config.diagnostics.trace;
        let trace = self.connector.trace.take();
        self.connector.trace = trace.or_else(|| Some(Trace::in_memory(trace_limits(config))));
        self
    }

    /// The trace of this process; `None` when none is recorded.
    #[must_use]
    pub fn trace(&self) -> Option<&Trace> {
        self.connector.trace.as_ref()
    }

    /// The store of exchanges recorded by this and earlier processes.
    ///
    /// # Errors
    /// When the configured folder cannot be determined.
    pub fn trace_store(&self) -> Result<TraceStore, SetupError> {
        self.connector.setup.trace_dir().map(TraceStore::new)
    }

    /// Whether the config, a variable or a flag enables the trace on disk.
    #[must_use]
    pub fn traces_to_disk(&self) -> bool {
        self.connector.setup.loaded.config.diagnostics.trace.is_enabled()
    }

    /// Removes from a text every configured key that can be resolved without running a command. For
    /// text assembled from stream deltas, in which a key may have been split across deltas.
    #[must_use]
    pub fn redact_keys(&self, text: &str) -> String {
        let setup = &self.connector.setup;
        let trace = Trace::in_memory(TraceLimits { max_exchanges: 1, max_bytes: 0 });
        for provider in setup.loaded.config.models.providers.values() {
            let secrets = provider.api_key().into_iter().chain(provider.headers.values());
            let resolved: Vec<_> =
                secrets.filter_map(|secret| secret.resolve_secret(&setup.env).ok()).collect();
            trace.add_secrets(resolved.iter().map(|secret| &secret.value));
        }
        let of_profiles = setup.all_provider_ids().into_iter();
        let of_profiles: Vec<_> = of_profiles.filter_map(|id| setup.profile_key(id)).collect();
        trace.add_secrets(of_profiles.iter().map(|secret| &secret.value));
        let auth = &setup.loaded.config.gateway.auth;
        let of_gateway = auth.token.iter().chain(&auth.password);
        let of_gateway: Vec<_> =
            of_gateway.filter_map(|secret| secret.resolve_secret(&setup.env).ok()).collect();
        trace.add_secrets(of_gateway.iter().map(|secret| &secret.value));
        let variable =
            openclaw_config::SecretInput::from_env(openclaw_config::env_vars::VLLM_API_KEY);
        let from_env = variable.resolve_secret(&setup.env).ok();
        trace.add_secrets(from_env.iter().map(|secret| &secret.value));
        trace.scrub_text(text)
    }

    /// Reads a key from an environment variable.
    ///
    /// # Errors
    /// When it is not set.
    pub fn key_from_env(&self, variable: &str) -> Result<ResolvedSecret, SetupError> {
        let key = openclaw_config::SecretInput::from_env(variable);
        key.resolve_secret(&self.connector.setup.env).map_err(|error| {
            SetupError::new(SetupErrorKind::Secret, format!("take the key from {variable}"))
                .with_source(error)
        })
    }

    /// Sends the request of an exchange to another server, once, and returns the new exchange. Uses
    /// the general timeouts of the config.
    ///
    /// # Errors
    /// When the exchange was not recorded completely, or the address or the key cannot be used. A
    /// failure of the server is in the returned record.
    pub async fn replay_exchange(
        &self,
        kept: &TraceRecord,
        target: ReplayTarget,
    ) -> Result<TraceRecord, ReplayError> {
        let body = kept.request.body.as_ref();
        if body.is_some_and(|body| !body.is_complete()) {
            return Err(ReplayError::IncompleteBody(kept.number));
        }
        let endpoint = Endpoint::parse(&target.base_url)
            .map_err(|error| ReplayError::InvalidAddress(target.base_url.clone(), error))?;
        let config = &self.connector.setup.loaded.config;
        let url = endpoint.counterpart_url(&kept.request.url);
        let idle = self.connector.setup.time_limit(&config.idle_time_limit(None));
        let connect = built_in_connect_limit();
        let options = ClientOptions::new(endpoint)
            .with_bearer(target.key.map(|key| key.value))
            .with_timeouts(CallTimeouts {
                connect: Some(connect),
                response_headers: idle.clone(),
                first_token: idle.clone(),
                between_tokens: idle,
                total: self.connector.time_limit.clone(),
            })
            .with_user_agent(concat!("openclaw/", env!("CARGO_PKG_VERSION")));
        let trace = Trace::in_memory(trace_limits(&config.diagnostics.trace));
        let traced = TraceOptions { trace: trace.clone(), variables: Vec::new() };
        let client = Client::with_trace(options, traced).map_err(ReplayError::Client)?;
        // The trace records the result, failures included.
        match body {
            None => drop(client.get(url).await),
            Some(body) if kept.request.streams => {
                if let Ok(mut events) = client.post_stream(url, body.to_bytes().into()).await {
                    while events.next().await.is_some() {}
                }
            }
            Some(body) => drop(client.post(url, body.to_bytes().into()).await),
        }
        Ok(trace.recent_records().pop().unwrap_or_else(|| kept.clone()))
    }
}
