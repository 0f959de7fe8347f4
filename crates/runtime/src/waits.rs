//! How long a server is waited for, and who says so.

use std::collections::HashMap;
use std::num::NonZeroUsize;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use openclaw_config::ProviderConfig;
use openclaw_providers_vllm::{OnLoss, Patience};
use openclaw_transport::{Limit, Turnstile};

use crate::setup::{Provider, Setup, provider_path};

/// From one question about a silent server to the next.
const PROBE_EVERY: Duration = Duration::from_secs(5);

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

    /// The same for a server that can be asked why it is silent.
    pub(crate) fn patience(&self, provider: &Provider) -> Patience {
        Patience { idle: self.idle(provider), probe_every: PROBE_EVERY }
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

    fn config_of(&self, provider: &Provider) -> Option<&ProviderConfig> {
        self.loaded.config.provider(&provider.id)
    }
}
