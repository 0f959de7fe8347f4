//! What is set up, without contacting anything.

use std::collections::BTreeMap;

use openclaw_config::ResolvedSecret;
use openclaw_core::ModelRef;

use crate::Runtime;
use crate::breaker::OpenBreaker;
use crate::cache::LearnedCapabilities;
use crate::error::SetupError;

/// The set-up as far as it can be told without contacting a server.
#[derive(Debug)]
pub struct SetupStatus {
    /// The config file, whether or not it exists.
    pub config_path: String,
    /// The primary model as it is written in the config.
    pub default_model: Option<String>,
    /// The primary model with its alias resolved; `None` when it is not set or not a reference.
    pub resolved_default: Option<ModelRef>,
    /// The fallbacks as they are written.
    pub fallbacks: Vec<String>,
    /// The aliases and what they stand for.
    pub aliases: BTreeMap<String, String>,
    /// The references that `agents.defaults.models` lists.
    pub allowed: Vec<String>,
    /// The providers.
    pub providers: Vec<ProviderStatus>,
    /// What failed and is asked after the others for a while.
    pub breakers: Vec<OpenBreaker>,
}

/// One provider of the set-up.
#[derive(Debug)]
pub struct ProviderStatus {
    /// Its id.
    pub id: String,
    /// Where its server is, and how the address was chosen; or what is wrong.
    pub address: Result<(String, String), SetupError>,
    /// Its key; `None` when none is sent.
    pub credential: Option<ProviderCredential>,
    /// What was learnt of how its server treats its models.
    pub learned_capabilities: Vec<LearnedCapabilities>,
}

/// A key, without the key.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ProviderCredential {
    /// Where it comes from, e.g. `env VLLM_API_KEY`.
    pub source: String,
    /// Enough of it to tell it from another.
    pub fingerprint: String,
}

impl Runtime {
    /// Tells what is set up.
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
        }
    }

    /// Closes breakers, so that what failed is asked in its order again: all of them, those of a
    /// provider by its id, or that of a model and its server by reference or alias. Returns the
    /// names of those that had noted a failure.
    ///
    /// # Errors
    /// When the name is neither that of a provider nor a model's.
    pub fn reset_breakers(&self, name: Option<&str>) -> Result<Vec<String>, SetupError> {
        let breakers = &self.connector.breakers;
        let Some(name) = name else { return Ok(breakers.reset_matching(|_| true)) };
        if self.connector.setup.all_provider_ids().contains(&name) {
            let is_below = |other: &str| other.split('/').next() == Some(name);
            return Ok(breakers.reset_matching(is_below));
        }
        let reference = self.parse_reference(name)?;
        let names = [reference.to_string(), reference.provider_id().to_owned()];
        Ok(breakers.reset_matching(|other| names.iter().any(|name| name == other)))
    }
}

fn describe_credential(key: &ResolvedSecret) -> ProviderCredential {
    ProviderCredential { source: key.source.to_string(), fingerprint: key.fingerprint() }
}
