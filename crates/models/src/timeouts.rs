//! Timeouts of model calls, and where each was set.

use std::collections::HashMap;
use std::num::NonZeroUsize;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use openclaw_config::defaults::CONNECT_TIMEOUT_SECONDS;
use openclaw_config::{CallTimeLimits, KeyedTimeLimit, ProviderConfig, ValueOrigin};
use openclaw_providers_vllm::{IdlePolicy, ReconnectPolicy};
use openclaw_transport::{CallTimeouts, ConcurrencyLimiter, TimeLimit};

use crate::context::{ResolvedProvider, SetupContext, provider_path};

/// The interval between health probes of a silent server.
const PROBE_INTERVAL: Duration = Duration::from_secs(5);

/// The limiters of concurrent answers: one for each server, shared by all its providers, models and
/// clients. Clones share them.
#[derive(Debug, Clone, Default)]
pub(crate) struct ConcurrencyLimiters(Arc<Mutex<HashMap<String, ConcurrencyLimiter>>>);

impl ConcurrencyLimiters {
    /// Returns the limiter of a provider's server, with the first limit that was set for it; `None`
    /// without a limit.
    pub(crate) fn for_provider(
        &self,
        provider: &ResolvedProvider,
        limit: Option<NonZeroUsize>,
    ) -> Option<ConcurrencyLimiter> {
        let server = provider.endpoint.base_url().origin().ascii_serialization();
        let mut all = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(shared) = all.get(&server) {
            return Some(shared.clone());
        }
        Some(all.entry(server).or_insert(ConcurrencyLimiter::new(limit?)).clone())
    }
}

impl SetupContext {
    /// A limit of the config and where it was set; `None` when there is no limit.
    pub(crate) fn time_limit(&self, limit: &KeyedTimeLimit) -> Option<TimeLimit> {
        let source = self.value_source_at(&limit.key).into();
        Some(TimeLimit { duration: limit.duration?, source })
    }

    /// The idle timeout of a provider's models.
    pub(crate) fn idle_limit(&self, provider: &ResolvedProvider) -> Option<TimeLimit> {
        self.time_limit(&self.loaded.config.idle_time_limit(Some(&provider.id)))
    }

    /// The timeouts of a provider's calls. Those that are not set for it or its model default to
    /// `idle` for silence and to the run timeout for the total.
    pub(crate) fn call_clocks(
        &self,
        provider: &ResolvedProvider,
        idle: Option<TimeLimit>,
    ) -> CallTimeouts {
        let set = self.configured_clocks(provider);
        let set_or = |set: Option<KeyedTimeLimit>, default: Option<TimeLimit>| {
            set.map_or(default, |limit| self.time_limit(&limit))
        };
        let first_token = set_or(set.first_token, idle.clone());
        let total = self.loaded.config.run_time_limit();
        CallTimeouts {
            connect: set_or(set.connect, Some(built_in_connect_limit())),
            // Some servers send the headers together with the first token.
            response_headers: set_or(set.response_headers, first_token.clone()),
            first_token,
            between_tokens: set_or(set.between_tokens, idle),
            total: self.time_limit(&set.total.unwrap_or(total)),
        }
    }

    /// The idle policy of a model whose server can be probed. An explicitly configured timeout
    /// applies regardless of probes, so it is not part of the policy.
    pub(crate) fn idle_policy(&self, provider: &ResolvedProvider) -> IdlePolicy {
        let (set, idle) = (self.configured_clocks(provider), self.idle_limit(provider));
        IdlePolicy {
            first_token: idle.clone().filter(|_| set.first_token.is_none()),
            between_tokens: idle.filter(|_| set.between_tokens.is_none()),
            probe_interval: PROBE_INTERVAL,
            waits_while_responding: self.is_default_idle_limit(provider),
        }
    }

    /// Returns whether nobody chose the idle timeout of a provider's models.
    fn is_default_idle_limit(&self, provider: &ResolvedProvider) -> bool {
        let limit = self.loaded.config.idle_time_limit(Some(&provider.id));
        self.loaded.find_origin_at(&limit.key) == ValueOrigin::Default
    }

    /// The configured timeouts; a model's override its provider's.
    fn configured_clocks(&self, provider: &ResolvedProvider) -> CallTimeLimits {
        let path = provider_path(&provider.id);
        let general =
            self.provider_config(provider).map_or_else(CallTimeLimits::default, |config| {
                config.clocks.time_limits(&path.clone().with_key("clocks"))
            });
        let own = provider.model_index.and_then(|n| {
            let at = path.with_key("models").with_index(n).with_key("clocks");
            Some(provider.models.get(n)?.clocks.time_limits(&at))
        });
        own.unwrap_or_default().or(general)
    }

    /// How to reconnect to a lost server; `None` when it is not waited for. The last model of a
    /// chain also retries requests that its server never accepted.
    pub(crate) fn reconnect_policy(
        &self,
        provider: &ResolvedProvider,
        is_last: bool,
    ) -> Option<ReconnectPolicy> {
        let max_wait = self.time_limit(&self.loaded.config.server_loss_time_limit(&provider.id))?;
        Some(ReconnectPolicy {
            max_wait,
            poll_interval: self.poll_interval(&provider.id),
            retries_unaccepted: is_last,
        })
    }

    /// The limit of concurrent answers from a provider's server.
    pub(crate) fn max_concurrent(&self, provider: &ResolvedProvider) -> Option<NonZeroUsize> {
        let most = self.provider_config(provider)?.max_concurrent?;
        NonZeroUsize::try_from(most).ok()
    }

    /// The interval between attempts to reach a provider's server.
    pub(crate) fn poll_interval(&self, id: &str) -> Duration {
        let config =
            self.loaded.config.find_provider(id).map(|config| config.on_server_loss.clone());
        config.unwrap_or_default().poll_interval()
    }

    pub(crate) fn provider_config(&self, provider: &ResolvedProvider) -> Option<&ProviderConfig> {
        self.loaded.config.find_provider(&provider.id)
    }
}

/// The limit for connecting when none is configured.
pub(crate) fn built_in_connect_limit() -> TimeLimit {
    TimeLimit {
        duration: Duration::from_secs(CONNECT_TIMEOUT_SECONDS),
        source: "the built-in limit".into(),
    }
}

#[cfg(test)]
mod tests;
