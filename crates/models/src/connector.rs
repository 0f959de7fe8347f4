//! What is shared by the models of a config, and the HTTP clients of their servers.

use std::sync::Arc;
use std::time::Duration;

use openclaw_config::{ProviderApi, SecretSource};
use openclaw_provider::model_error;
use openclaw_providers_anthropic::with_api_headers;
use openclaw_transport::{Client, ClientOptions, RetryPolicy, TimeLimit, Trace, TraceOptions};
use serde_json::{Map, Value};

use crate::breaker::BreakerRegistry;
use crate::cache::ServerCache;
use crate::context::{ResolvedProvider, SetupContext};
use crate::egress::EgressGuard;
use crate::error::ConnectError;
use crate::state_warnings::StateWarnings;
use crate::timeouts::ConcurrencyLimiters;

/// Connects models. Clones share the setup and the cache.
#[derive(Debug, Clone)]
pub(crate) struct ModelConnector {
    pub(crate) setup: Arc<SetupContext>,
    pub(crate) state_warnings: StateWarnings,
    pub(crate) cache: ServerCache,
    pub(crate) concurrency_limiters: ConcurrencyLimiters,
    /// The trace of exchanges with the servers, if enabled.
    pub(crate) trace: Option<Trace>,
    /// The time limit of a whole call from the command line.
    pub(crate) time_limit: Option<TimeLimit>,
    /// Parameters of single requests, which override those of the config.
    pub(crate) request_params: Arc<Map<String, Value>>,
    /// The longest Retry-After that is honoured; `None` for no bound.
    pub(crate) max_retry_after: Option<Duration>,
    /// Whether an absent server is waited for when a model is connected.
    pub(crate) is_waiting: bool,
    /// The circuit breakers.
    pub(crate) breakers: BreakerRegistry,
    /// Decides which servers a conversation may be sent to.
    pub(crate) egress: EgressGuard,
}

impl ModelConnector {
    /// Builds the HTTP client for a provider's server.
    pub(crate) fn build_client(&self, provider: &ResolvedProvider) -> Result<Client, ConnectError> {
        self.build_client_with_idle(provider, self.setup.idle_limit(provider))
    }

    /// Builds it with another idle timeout.
    pub(crate) fn build_client_with_idle(
        &self,
        provider: &ResolvedProvider,
        idle: Option<TimeLimit>,
    ) -> Result<Client, ConnectError> {
        let options = self.client_options(provider, idle);
        let client = match self.trace.clone() {
            None => Client::new(options),
            Some(trace) => {
                let variables = Self::secret_variables(provider);
                Client::with_trace(options, TraceOptions { trace, variables })
            }
        };
        client.map_err(|error| ConnectError::Model(model_error(error, None)))
    }

    /// The options of that client.
    pub(crate) fn client_options(
        &self,
        provider: &ResolvedProvider,
        idle: Option<TimeLimit>,
    ) -> ClientOptions {
        let mut clocks = self.setup.call_clocks(provider, idle);
        clocks.total = self.time_limit.clone().or(clocks.total);
        let headers =
            provider.headers.iter().map(|(name, value)| (name.clone(), value.value.clone()));
        let limiter =
            self.concurrency_limiters.for_provider(provider, self.setup.max_concurrent(provider));
        let bearer =
            provider.key.as_ref().filter(|_| provider.sends_key).map(|key| key.value.clone());
        let options = ClientOptions::new(provider.endpoint.clone())
            .with_bearer(bearer.clone())
            .with_headers(headers.collect())
            .with_timeouts(clocks)
            .with_retry(RetryPolicy {
                max_attempts: 3,
                base_delay: Duration::from_millis(250),
                max_delay: Duration::from_secs(8),
                max_retry_after: self.max_retry_after,
            })
            .with_user_agent(concat!("openclaw/", env!("CARGO_PKG_VERSION")))
            .with_limiter(limiter)
            .with_address_rule(self.egress.address_rule(&provider.endpoint));
        let mut options = match provider.effective_api() {
            ProviderApi::AnthropicMessages => with_api_headers(options),
            _ => options,
        };
        let auth_header = self.setup.provider_config(provider).and_then(|it| it.auth_header);
        if auth_header == Some(true) {
            options.bearer = bearer;
        }
        options
    }

    /// The environment variables of a provider's secrets, by the header that carries them.
    pub(crate) fn secret_variables(provider: &ResolvedProvider) -> Vec<(String, String)> {
        let key = provider.key.iter();
        let key = key.flat_map(|key| [("authorization", key), ("x-api-key", key)]);
        let headers = provider.headers.iter().map(|(name, value)| (name.as_str(), value));
        let all = key.chain(headers).filter_map(|(name, secret)| match &secret.source {
            SecretSource::Env(variables) => {
                let [variable] = variables.as_slice() else { return None };
                Some((name.to_ascii_lowercase(), variable.clone()))
            }
            _ => None,
        });
        all.collect()
    }
}
