//! How long a server is waited for, and who says so.

use std::time::Duration;

use openclaw_config::ProviderConfig;
use openclaw_providers_vllm::{OnLoss, Patience};
use openclaw_transport::Limit;

use crate::setup::{Provider, Setup, provider_path};

/// From one question about a silent server to the next.
const PROBE_EVERY: Duration = Duration::from_secs(5);

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

    fn config_of(&self, provider: &Provider) -> Option<&ProviderConfig> {
        self.loaded.config.provider(&provider.id)
    }
}
