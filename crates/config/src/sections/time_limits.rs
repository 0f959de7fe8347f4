//! The time limits of the config, each with the key that sets it.

use std::time::Duration;

use super::{ClocksConfig, Config, HumanDuration};
use crate::path::KeyPath;

/// A time limit and the key that it belongs to, whether the key is set or the limit its default.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KeyedTimeLimit {
    /// The limit; `None` is no limit.
    pub duration: Option<Duration>,
    /// The key.
    pub key: KeyPath,
}

/// The limits that `clocks` sets; `None` is a limit that it does not set.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct CallTimeLimits {
    /// `connect`.
    pub connect: Option<KeyedTimeLimit>,
    /// `responseHeaders`.
    pub response_headers: Option<KeyedTimeLimit>,
    /// `firstToken`.
    pub first_token: Option<KeyedTimeLimit>,
    /// `betweenTokens`.
    pub between_tokens: Option<KeyedTimeLimit>,
    /// `total`.
    pub total: Option<KeyedTimeLimit>,
}

impl CallTimeLimits {
    /// These limits, and those of `general` where none is set.
    #[must_use]
    pub fn or(self, general: Self) -> Self {
        Self {
            connect: self.connect.or(general.connect),
            response_headers: self.response_headers.or(general.response_headers),
            first_token: self.first_token.or(general.first_token),
            between_tokens: self.between_tokens.or(general.between_tokens),
            total: self.total.or(general.total),
        }
    }

    /// The limits that are set.
    pub fn iter(&self) -> impl Iterator<Item = &KeyedTimeLimit> {
        let Self { connect, response_headers, first_token, between_tokens, total } = self;
        [connect, response_headers, first_token, between_tokens, total].into_iter().flatten()
    }
}

impl ClocksConfig {
    /// The limits that are set; `at` is the key path of these clocks.
    #[must_use]
    pub fn time_limits(&self, at: &KeyPath) -> CallTimeLimits {
        let keyed = |key, set: Option<HumanDuration>| {
            let HumanDuration(duration) = set?;
            let duration = Some(duration).filter(|duration| !duration.is_zero());
            Some(KeyedTimeLimit { duration, key: at.clone().with_key(key) })
        };
        CallTimeLimits {
            connect: keyed("connect", self.connect),
            response_headers: keyed("responseHeaders", self.response_headers),
            first_token: keyed("firstToken", self.first_token),
            between_tokens: keyed("betweenTokens", self.between_tokens),
            total: keyed("total", self.total),
        }
    }
}

impl Config {
    /// The time limit of a whole run.
    #[must_use]
    pub fn run_time_limit(&self) -> KeyedTimeLimit {
        let key = agent_defaults_path().with_key("timeoutSeconds");
        KeyedTimeLimit { duration: self.agents.defaults.run_timeout(), key }
    }

    /// The time limit of one summary of a conversation.
    #[must_use]
    pub fn summary_time_limit(&self) -> KeyedTimeLimit {
        let key = agent_defaults_path().with_key("compaction").with_key("timeoutSeconds");
        KeyedTimeLimit { duration: self.agents.defaults.compaction.timeout(), key }
    }

    /// How long a model may be silent: the limit of its provider, or else the general one.
    #[must_use]
    pub fn idle_time_limit(&self, provider: Option<&str>) -> KeyedTimeLimit {
        let general = &self.agents.defaults.llm;
        let own = provider.and_then(|id| Some((id, self.find_provider(id)?)));
        if let Some((id, config)) = own.filter(|(_, config)| config.timeout_seconds.is_some()) {
            let key = KeyPath::for_provider(id).with_key("timeoutSeconds");
            return KeyedTimeLimit { duration: config.idle_timeout(general), key };
        }
        let key = agent_defaults_path().with_key("llm").with_key("idleTimeoutSeconds");
        KeyedTimeLimit { duration: general.idle_timeout(), key }
    }

    /// How long a provider's server is waited for once it is lost; no limit is not at all.
    #[must_use]
    pub fn server_loss_time_limit(&self, provider: &str) -> KeyedTimeLimit {
        let config = self.find_provider(provider).map(|config| config.on_server_loss.clone());
        let key = KeyPath::for_provider(provider).with_key("onServerLoss").with_key("wait");
        KeyedTimeLimit { duration: config.unwrap_or_default().wait_limit(), key }
    }
}

fn agent_defaults_path() -> KeyPath {
    KeyPath::root().with_key("agents").with_key("defaults")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::env::Env;

    /// The key of a limit and its seconds; 0 is no limit.
    fn described(limit: &KeyedTimeLimit) -> (String, u64) {
        (limit.key.to_string(), limit.duration.map_or(0, |limit| limit.as_secs()))
    }

    #[test]
    fn a_limit_comes_with_the_key_that_sets_it() {
        let text = "{
            agents: { defaults: { compaction: { timeoutSeconds: 0 } } },
            models: { providers: { 'my lab': {
                baseUrl: 'http://127.0.0.1:9/v1',
                timeoutSeconds: 300,
                clocks: { connect: 2, firstToken: '10m', betweenTokens: 0, total: null },
                onServerLoss: { wait: '5m' },
            } } },
        }";
        let config = Config::parse(text, &Env::default()).unwrap().config;
        let key = |key: &str, seconds: u64| (key.to_owned(), seconds);
        let lab = r#"models.providers["my lab"]"#;
        let table = [
            (config.run_time_limit(), key("agents.defaults.timeoutSeconds", 172_800)),
            (config.summary_time_limit(), key("agents.defaults.compaction.timeoutSeconds", 0)),
            (config.idle_time_limit(None), key("agents.defaults.llm.idleTimeoutSeconds", 120)),
            (
                config.idle_time_limit(Some("other")),
                key("agents.defaults.llm.idleTimeoutSeconds", 120),
            ),
            (config.idle_time_limit(Some("my lab")), key(&format!("{lab}.timeoutSeconds"), 300)),
            (
                config.server_loss_time_limit("my lab"),
                key(&format!("{lab}.onServerLoss.wait"), 300),
            ),
        ];
        for (limit, expected) in table {
            assert_eq!(described(&limit), expected);
        }
        let at = KeyPath::for_provider("my lab").with_key("clocks");
        let clocks = config.find_provider("my lab").unwrap().clocks.time_limits(&at);
        let set: Vec<_> = clocks.iter().map(described).collect();
        let expected = [("connect", 2), ("firstToken", 600), ("betweenTokens", 0)];
        assert_eq!(
            set,
            expected.map(|(name, seconds)| key(&format!("{lab}.clocks.{name}"), seconds))
        );
    }

    #[test]
    fn a_models_limits_win_over_its_providers() {
        let keyed = |key: &str, seconds| {
            Some(KeyedTimeLimit {
                duration: Some(Duration::from_secs(seconds)),
                key: KeyPath::root().with_key(key),
            })
        };
        let own = CallTimeLimits { connect: keyed("own", 1), ..CallTimeLimits::default() };
        let (connect, total) = (keyed("general", 2), keyed("general", 3));
        let general = CallTimeLimits { connect, total, ..CallTimeLimits::default() };
        let limits = own.clone().or(general.clone());
        assert_eq!((limits.connect, limits.total), (own.connect, general.total));
        assert_eq!(limits.first_token, None);
    }
}
