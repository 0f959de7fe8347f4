//! Describes the setup without contacting servers.

use std::collections::BTreeMap;

use openclaw_config::ResolvedSecret;
use openclaw_core::ModelRef;

use crate::breaker::OpenBreaker;
use crate::cache::LearnedCapabilities;
use crate::error::SetupError;
use crate::registry::ModelRegistry;

/// The setup as known without contacting servers.
#[derive(Debug)]
#[non_exhaustive]
pub struct SetupStatus {
    /// The config file, whether or not it exists.
    pub config_path: String,
    /// The primary model as written in the config.
    pub default_model: Option<String>,
    /// The primary model with its alias resolved; `None` when it is not set or not a valid
    /// reference.
    pub resolved_default: Option<ModelRef>,
    /// The fallbacks as written in the config.
    pub fallbacks: Vec<String>,
    /// The aliases and the models they stand for.
    pub aliases: BTreeMap<String, String>,
    /// The models listed in `agents.defaults.models`.
    pub allowed: Vec<String>,
    /// The providers.
    pub providers: Vec<ProviderStatus>,
    /// The circuit breakers that are not closed.
    pub breakers: Vec<OpenBreaker>,
    /// What is wrong with the files that remember servers and breakers.
    pub warnings: Vec<String>,
}

/// The breakers that were closed.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct BreakerReset {
    /// The names of those that had recorded a failure.
    pub names: Vec<String>,
    /// What is wrong with the file that remembers them.
    pub warnings: Vec<String>,
}

/// A provider.
#[derive(Debug)]
#[non_exhaustive]
pub struct ProviderStatus {
    /// Its id.
    pub id: String,
    /// The server's address and its source, or why it cannot be determined.
    pub address: Result<(String, String), SetupError>,
    /// The key; `None` when none is sent.
    pub credential: Option<ProviderCredential>,
    /// The learned capabilities of its server.
    pub learned_capabilities: Vec<LearnedCapabilities>,
}

/// Describes a key without revealing it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ProviderCredential {
    /// Where it comes from, e.g. `env VLLM_API_KEY`.
    pub source: String,
    /// A short fingerprint to tell keys apart.
    pub fingerprint: String,
}

impl ModelRegistry {
    /// Describes the setup.
    #[must_use]
    pub fn setup_status(&self) -> SetupStatus {
        let setup = &self.connector.setup;
        let config = &setup.loaded.config;
        let models = &config.agents.defaults.models;
        let aliases = models
            .iter()
            .filter_map(|(reference, entry)| Some((entry.alias.clone()?, reference.clone())));
        let providers =
            setup.all_provider_ids().into_iter().map(|id| match setup.resolve_provider(id) {
                Ok(provider) => ProviderStatus {
                    id: id.to_owned(),
                    address: Ok((provider.endpoint.to_string(), provider.address_source.clone())),
                    credential: provider.key.as_ref().map(describe_credential),
                    learned_capabilities: self
                        .connector
                        .cache
                        .learned_capabilities(&provider.endpoint),
                },
                Err(error) => ProviderStatus {
                    id: id.to_owned(),
                    address: Err(error),
                    credential: None,
                    learned_capabilities: Vec::new(),
                },
            });
        SetupStatus {
            config_path: setup.paths.config_file().display().to_string(),
            default_model: config.primary_model(&setup.env).ok().flatten(),
            resolved_default: self.resolve_model(None),
            fallbacks: config.fallback_models(&setup.env).unwrap_or_default(),
            aliases: aliases.collect(),
            allowed: models.keys().cloned().collect(),
            providers: providers.collect(),
            breakers: self
                .connector
                .breakers
                .open_breakers(|reference| setup.breaker_key(reference)),
            warnings: self.connector.state_warnings.take_all(),
        }
    }

    /// Closes breakers, so that models are asked in their usual order again: all breakers, those of
    /// a provider by its id, or those of a model and its server by reference or alias.
    ///
    /// # Errors
    /// When the name is neither a provider's id nor a model.
    pub fn reset_breakers(&self, name: Option<&str>) -> Result<BreakerReset, SetupError> {
        let breakers = &self.connector.breakers;
        let names = match name {
            None => breakers.reset_matching(|_| true),
            Some(name) if self.connector.setup.all_provider_ids().contains(&name) => {
                breakers.reset_matching(|other| other.split('/').next() == Some(name))
            }
            Some(name) => {
                let reference = self.parse_reference(name)?;
                let names = [reference.to_string(), reference.provider_id().to_owned()];
                breakers.reset_matching(|other| names.iter().any(|name| name == other))
            }
        };
        Ok(BreakerReset { names, warnings: self.connector.state_warnings.take_all() })
    }
}

fn describe_credential(key: &ResolvedSecret) -> ProviderCredential {
    ProviderCredential { source: key.source.to_string(), fingerprint: key.fingerprint() }
}
