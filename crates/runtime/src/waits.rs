//! How long a server is waited for, and who says so.

use std::collections::HashMap;
use std::num::NonZeroUsize;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use openclaw_config::ProviderConfig;
use openclaw_config::defaults::CONNECT_TIMEOUT_SECONDS;
use openclaw_providers_vllm::{OnLoss, Patience};
use openclaw_transport::{Clocks, Limit, Turnstile};

use crate::setup::{Provider, Setup, provider_path};

/// From one question about a silent server to the next.
const PROBE_EVERY: Duration = Duration::from_secs(5);

/// Keys of `clocks`.
const FIRST_TOKEN: &str = "firstToken";
const BETWEEN_TOKENS: &str = "betweenTokens";

/// What limits the answers under way, one for each server however many providers, models and
/// clients it has. Clones share them.
#[derive(Debug, Clone, Default)]
pub(crate) struct Turnstiles(Arc<Mutex<HashMap<String, Turnstile>>>);

impl Turnstiles {
    /// The one of a provider's server, which has the first limit that was set for it; `None` before
    /// there is one.
    pub(crate) fn of(&self, provider: &Provider, limit: Option<NonZeroUsize>) -> Option<Turnstile> {
        let server = provider.endpoint.base().origin().ascii_serialization();
        let mut all = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(shared) = all.get(&server) {
            return Some(shared.clone());
        }
        Some(all.entry(server).or_insert(Turnstile::new(limit?)).clone())
    }
}

impl Setup {
    /// The longest silence of a provider's models.
    pub(crate) fn idle(&self, provider: &Provider) -> Option<Limit> {
        let general = &self.loaded.config.agents.defaults.llm;
        let config = self.config_of(provider);
        let own = config.is_some_and(|config| config.timeout_seconds.is_some());
        let duration =
            config.map_or_else(|| general.idle_timeout(), |config| config.idle_timeout(general))?;
        let key = if own {
            provider_path(&provider.id).key("timeoutSeconds").to_string()
        } else {
            "agents.defaults.llm.idleTimeoutSeconds".to_owned()
        };
        Some(Limit { duration, source: self.source(&key).into() })
    }

    /// The clocks of a provider's calls: those that are set for it or its model, else `idle` for
    /// a silence and the limit of a run for the whole.
    pub(crate) fn clocks(&self, provider: &Provider, idle: Option<Limit>) -> Clocks {
        let set = self.set_clocks(provider);
        let of = |key: &str| set.get(key).cloned();
        let connect = Limit {
            duration: Duration::from_secs(CONNECT_TIMEOUT_SECONDS),
            source: "the built-in limit".into(),
        };
        let total = || {
            let duration = self.loaded.config.agents.defaults.timeout()?;
            Some(Limit { duration, source: self.source("agents.defaults.timeoutSeconds").into() })
        };
        let first_token = of(FIRST_TOKEN).unwrap_or(idle.clone());
        Clocks {
            connect: of("connect").unwrap_or(Some(connect)),
            // Some servers send their headers with the first token.
            response_headers: of("responseHeaders").unwrap_or(first_token.clone()),
            first_token,
            between_tokens: of(BETWEEN_TOKENS).unwrap_or(idle),
            total: of("total").unwrap_or_else(total),
        }
    }

    /// How silence is borne by a model whose server can be asked why it is silent. A clock that
    /// is set runs out all the same, and is none of this.
    pub(crate) fn patience(&self, provider: &Provider) -> Patience {
        let (set, idle) = (self.set_clocks(provider), self.idle(provider));
        let unless_set = |key| idle.clone().filter(|_| !set.contains_key(key));
        Patience {
            first_token: unless_set(FIRST_TOKEN),
            between_tokens: unless_set(BETWEEN_TOKENS),
            probe_every: PROBE_EVERY,
        }
    }

    /// The clocks that the config sets, the model's over its provider's; `None` is no limit.
    fn set_clocks(&self, provider: &Provider) -> HashMap<&'static str, Option<Limit>> {
        let path = provider_path(&provider.id);
        let general = self.config_of(provider).map(|config| (path.clone(), &config.clocks));
        let own = provider
            .model
            .and_then(|n| Some((path.key("models").index(n), &provider.models.get(n)?.clocks)));
        let mut set = HashMap::new();
        for (path, clocks) in general.into_iter().chain(own) {
            for (key, duration) in clocks.set() {
                let at = path.clone().key("clocks").key(key).to_string();
                let limit = |duration| Limit { duration, source: self.source(&at).into() };
                set.insert(key, duration.map(limit));
            }
        }
        set
    }

    /// What happens when a provider's server is lost; `None` when it is not waited for. The last
    /// of a chain of models is waited for even by a request that it never took.
    pub(crate) fn on_loss(&self, provider: &Provider, is_last: bool) -> Option<OnLoss> {
        let config = self.config_of(provider).map(|config| config.on_server_loss.clone());
        let config = config.unwrap_or_default();
        let key = provider_path(&provider.id).key("onServerLoss").key("wait").to_string();
        let wait = Limit { duration: config.wait()?, source: self.source(&key).into() };
        Some(OnLoss { wait, poll: config.poll(), holds_unaccepted: is_last })
    }

    /// The most answers to have from a provider's server at a time.
    pub(crate) fn max_concurrent(&self, provider: &Provider) -> Option<NonZeroUsize> {
        let most = self.config_of(provider)?.max_concurrent?;
        NonZeroUsize::try_from(most).ok()
    }

    /// How often a provider's server is asked whether it is there.
    pub(crate) fn poll(&self, id: &str) -> Duration {
        let config = self.loaded.config.provider(id).map(|config| config.on_server_loss.clone());
        config.unwrap_or_default().poll()
    }

    pub(crate) fn config_of(&self, provider: &Provider) -> Option<&ProviderConfig> {
        self.loaded.config.provider(&provider.id)
    }
}

#[cfg(test)]
mod tests;
