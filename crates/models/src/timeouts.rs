//! Timeouts of model calls, and where each was set.

use std::collections::HashMap;
use std::num::NonZeroUsize;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use openclaw_config::ProviderConfig;
use openclaw_config::defaults::CONNECT_TIMEOUT_SECONDS;
use openclaw_providers_vllm::{IdlePolicy, ReconnectPolicy};
use openclaw_transport::{CallTimeouts, ConcurrencyLimiter, TimeLimit};

use crate::context::{ResolvedProvider, SetupContext, provider_path};

/// The interval between health probes of a silent server.
const PROBE_INTERVAL: Duration = Duration::from_secs(5);

/// Keys of `clocks` in the config.
const FIRST_TOKEN: &str = "firstToken";
const BETWEEN_TOKENS: &str = "betweenTokens";

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
    /// The idle timeout of a provider's models.
    pub(crate) fn idle_limit(&self, provider: &ResolvedProvider) -> Option<TimeLimit> {
        let general = &self.loaded.config.agents.defaults.llm;
        let config = self.provider_config(provider);
        let own = config.is_some_and(|config| config.timeout_seconds.is_some());
        let duration =
            config.map_or_else(|| general.idle_timeout(), |config| config.idle_timeout(general))?;
        let key = if own {
            provider_path(&provider.id).with_key("timeoutSeconds").to_string()
        } else {
            "agents.defaults.llm.idleTimeoutSeconds".to_owned()
        };
        Some(TimeLimit { duration, source: self.value_source(&key).into() })
    }

    /// The timeouts of a provider's calls. Those that are not set for it or its model default to
    /// `idle` for silence and to the run timeout for the total.
    pub(crate) fn call_clocks(
        &self,
        provider: &ResolvedProvider,
        idle: Option<TimeLimit>,
    ) -> CallTimeouts {
        let set = self.configured_clocks(provider);
        let of = |key: &str| set.get(key).cloned();
        let connect = TimeLimit {
            duration: Duration::from_secs(CONNECT_TIMEOUT_SECONDS),
            source: "the built-in limit".into(),
        };
        let total = || {
            let duration = self.loaded.config.agents.defaults.run_timeout()?;
            Some(TimeLimit {
                duration,
                source: self.value_source("agents.defaults.timeoutSeconds").into(),
            })
        };
        let first_token = of(FIRST_TOKEN).unwrap_or(idle.clone());
        CallTimeouts {
            connect: of("connect").unwrap_or(Some(connect)),
            // Some servers send the headers together with the first token.
            response_headers: of("responseHeaders").unwrap_or(first_token.clone()),
            first_token,
            between_tokens: of(BETWEEN_TOKENS).unwrap_or(idle),
            total: of("total").unwrap_or_else(total),
        }
    }

    /// The idle policy of a model whose server can be probed. An explicitly configured timeout
    /// applies regardless of probes, so it is not part of the policy.
    pub(crate) fn idle_policy(&self, provider: &ResolvedProvider) -> IdlePolicy {
        let (set, idle) = (self.configured_clocks(provider), self.idle_limit(provider));
        let unless_set = |key| idle.clone().filter(|_| !set.contains_key(key));
        IdlePolicy {
            first_token: unless_set(FIRST_TOKEN),
            between_tokens: unless_set(BETWEEN_TOKENS),
            probe_interval: PROBE_INTERVAL,
        }
    }

    /// The configured timeouts by key; a model's override its provider's. `None` is no limit.
    fn configured_clocks(
        &self,
        provider: &ResolvedProvider,
    ) -> HashMap<&'static str, Option<TimeLimit>> {
        let path = provider_path(&provider.id);
        let general = self.provider_config(provider).map(|config| (path.clone(), &config.clocks));
        let own = provider.model_index.and_then(|n| {
            Some((path.with_key("models").with_index(n), &provider.models.get(n)?.clocks))
        });
        let mut set = HashMap::new();
        for (path, clocks) in general.into_iter().chain(own) {
            for (key, duration) in clocks.configured_limits() {
                let at = path.clone().with_key("clocks").with_key(key).to_string();
                let limit =
                    |duration| TimeLimit { duration, source: self.value_source(&at).into() };
                set.insert(key, duration.map(limit));
            }
        }
        set
    }

    /// How to reconnect to a lost server; `None` when it is not waited for. The last model of a
    /// chain also retries requests that its server never accepted.
    pub(crate) fn reconnect_policy(
        &self,
        provider: &ResolvedProvider,
        is_last: bool,
    ) -> Option<ReconnectPolicy> {
        let config = self.provider_config(provider).map(|config| config.on_server_loss.clone());
        let config = config.unwrap_or_default();
        let key = provider_path(&provider.id).with_key("onServerLoss").with_key("wait").to_string();
        let wait =
            TimeLimit { duration: config.wait_limit()?, source: self.value_source(&key).into() };
        Some(ReconnectPolicy {
            max_wait: wait,
            poll_interval: config.poll_interval(),
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

#[cfg(test)]
mod tests;
