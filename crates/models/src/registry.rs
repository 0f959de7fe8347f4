//! The models of one config: the state that they share, and how they are named.

use std::fmt;
use std::sync::Arc;

use openclaw_config::{AppPaths, Env, KeyedTimeLimit, LoadedConfig, ResolvedSecret, SecretInput};
use openclaw_core::ModelRef;
use openclaw_process::SupervisorProgram;
use openclaw_transport::{ClientOptions, TimeLimit};
use serde_json::{Map, Value};

use crate::breaker::BreakerRegistry;
use crate::cache::ServerCache;
use crate::connector::ModelConnector;
use crate::context::{ResolvedProvider, SetupContext};
use crate::egress::{EgressConsent, EgressGuard};
use crate::error::{SetupError, SetupErrorKind};
use crate::state_warnings::StateWarnings;
use crate::suggestions;
use crate::timeouts::ConcurrencyLimiters;
use crate::wait::WaitPolicy;

/// The models that a config describes: lists them, resolves their names and connects them. Clones
/// share caches and breakers.
#[derive(Clone)]
pub struct ModelRegistry {
    pub(crate) connector: ModelConnector,
    pub(crate) is_strict: bool,
    pub(crate) consent: Option<EgressConsent>,
    /// How to wait for an unavailable server.
    pub(crate) wait_policy: Option<WaitPolicy>,
}

impl fmt::Debug for ModelRegistry {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ModelRegistry")
            .field("connector", &self.connector)
            .field("is_strict", &self.is_strict)
            .finish_non_exhaustive()
    }
}

impl ModelRegistry {
    /// Creates a registry for a config, with the environment that it was loaded with. Contacts no
    /// server. Commands, those that print secrets and those of an
    /// agent, run under `supervisor`.
    #[must_use]
    pub fn new(loaded: LoadedConfig, paths: AppPaths, supervisor: SupervisorProgram) -> Self {
        let state_warnings = StateWarnings::default();
        let cache = ServerCache::new(&paths.cache_dir(), state_warnings.clone());
        let breakers = BreakerRegistry::new(&paths.cache_dir(), state_warnings.clone());
        let setup = Arc::new(SetupContext::new(loaded, paths, supervisor, None));
        let trace = setup.open_trace();
        let egress = EgressGuard::without_conversation(&setup);
        let connector = ModelConnector {
            setup,
            state_warnings,
            cache,
            concurrency_limiters: ConcurrencyLimiters::default(),
            trace,
            time_limit: None,
            request_params: Arc::default(),
            max_retry_after: None,
            is_waiting: false,
            breakers,
            egress,
        };
        Self { connector, is_strict: false, consent: None, wait_policy: None }
    }

    /// Returns a registry with an agent's own settings in its config. It shares everything else
    /// with this one.
    #[must_use]
    pub fn with_agent(mut self, id: &str) -> Self {
        let setup = &self.connector.setup;
        let loaded = setup.loaded.for_agent(id);
        let (paths, supervisor) = (setup.paths.clone(), setup.supervisor.clone());
        let setup = SetupContext::new(loaded, paths, supervisor, Some(id));
        self.connector.setup = Arc::new(setup);
        self
    }

    /// Returns a registry of an agent as a sub-agent, which may have another model.
    #[must_use]
    pub fn with_subagent(mut self, id: &str) -> Self {
        let setup = &self.connector.setup;
        let loaded = setup.loaded.for_subagent(id);
        let (paths, supervisor) = (setup.paths.clone(), setup.supervisor.clone());
        let setup = SetupContext::new(loaded, paths, supervisor, Some(id));
        self.connector.setup = Arc::new(setup);
        self
    }

    /// Limits each model call to `limit` instead of `agents.defaults.timeoutSeconds`.
    #[must_use]
    pub fn with_time_limit(mut self, limit: TimeLimit) -> Self {
        self.connector.time_limit = Some(limit);
        self
    }

    /// Sends these parameters with each request, e.g. `temperature`; each overrides that of the
    /// config. Limits of the output are left out: a request has its own.
    #[must_use]
    pub fn with_request_params(mut self, params: Map<String, Value>) -> Self {
        self.connector.request_params = Arc::new(params);
        self
    }

    /// Waits for an unavailable server when a model is connected, instead of failing.
    #[must_use]
    pub fn with_wait_policy(mut self, wait: WaitPolicy) -> Self {
        self.wait_policy = Some(wait);
        self.connector.is_waiting = true;
        self
    }

    /// Uses the selected model only, without fallbacks.
    #[must_use]
    pub fn without_fallbacks(mut self) -> Self {
        self.is_strict = true;
        self
    }

    /// Asks the user before a conversation is sent to a hosted server that the config does not
    /// name. Without this, such servers are refused.
    #[must_use]
    pub fn with_consent(mut self, consent: EgressConsent) -> Self {
        self.consent = Some(consent);
        self
    }

    /// Resolves a reference or alias, or the primary model without a name; `None` when there is
    /// none or it is not a valid reference.
    #[must_use]
    pub fn resolve_model(&self, name: Option<&str>) -> Option<ModelRef> {
        match name {
            Some(name) => self.parse_reference(name).ok(),
            None => self.primary_model().ok().flatten(),
        }
    }

    /// The config, with where its values come from.
    #[must_use]
    pub fn loaded_config(&self) -> &LoadedConfig {
        &self.connector.setup.loaded
    }

    /// The files and folders of the program.
    #[must_use]
    pub fn app_paths(&self) -> &AppPaths {
        &self.connector.setup.paths
    }

    /// The environment variables.
    #[must_use]
    pub fn env(&self) -> &Env {
        &self.connector.setup.env
    }

    /// What supervises commands.
    #[must_use]
    pub fn supervisor(&self) -> &SupervisorProgram {
        &self.connector.setup.supervisor
    }

    /// The wait policy of [`ModelRegistry::with_wait_policy`].
    #[must_use]
    pub fn wait_policy(&self) -> Option<&WaitPolicy> {
        self.wait_policy.as_ref()
    }

    /// The ids of the providers whose servers may be asked for their models, configured ones first.
    #[must_use]
    pub fn provider_ids(&self) -> Vec<&str> {
        self.connector.setup.provider_ids()
    }

    /// Resolves the address, the key and the headers of a provider, with those of `model` if it is
    /// one of the provider's models in the config.
    ///
    /// # Errors
    /// When the provider is unknown, and when its address, key or headers cannot be used.
    pub fn resolve_provider(
        &self,
        id: &str,
        model: Option<&str>,
    ) -> Result<ResolvedProvider, SetupError> {
        let mut provider = self.connector.setup.resolve_provider(id)?;
        if let Some(model) = model {
            self.connector.setup.select_model(&mut provider, model)?;
        }
        Ok(provider)
    }

    /// The options of the HTTP client for a provider's server: its key, headers and timeouts.
    #[must_use]
    pub fn client_options(&self, provider: &ResolvedProvider) -> ClientOptions {
        self.connector.client_options(provider, self.connector.setup.idle_limit(provider))
    }

    /// Resolves the secret of a config key; one that a command prints is got from that command.
    ///
    /// # Errors
    /// When it has no value. The error contains no part of it.
    pub fn resolve_secret(
        &self,
        secret: &SecretInput,
        key: &str,
    ) -> Result<ResolvedSecret, SetupError> {
        self.connector.setup.resolve_secret(secret, key)
    }

    /// Where the value of a config key comes from, as a phrase that follows "from".
    #[must_use]
    pub fn value_source(&self, key: &str) -> String {
        self.connector.setup.value_source(key)
    }

    /// Where a time limit was set, as a phrase that follows "from".
    #[must_use]
    pub fn time_limit_source(&self, limit: &KeyedTimeLimit) -> String {
        self.connector.setup.value_source_at(&limit.key)
    }

    /// Resolves an alias or parses `provider/model-id`.
    ///
    /// # Errors
    /// When the name is neither.
    pub fn parse_reference(&self, name: &str) -> Result<ModelRef, SetupError> {
        let name = self.connector.setup.loaded.config.resolve_alias(name).unwrap_or(name);
        name.parse().map_err(|error| {
            let message = format!("read the model `{name}`");
            SetupError::new(SetupErrorKind::InvalidReference, message)
                .with_source(error)
                .with_hint(suggestions::suggest_models(&self.connector, name))
        })
    }

    /// The primary model of the config; `None` when it names none.
    ///
    /// # Errors
    /// When its name is neither an alias nor a reference, and when it holds a variable that is not
    /// set.
    pub fn primary_model(&self) -> Result<Option<ModelRef>, SetupError> {
        let setup = &self.connector.setup;
        let primary = setup.loaded.config.primary_model(&setup.env).map_err(|error| {
            let message = "use agents.defaults.model.primary";
            SetupError::new(SetupErrorKind::InvalidReference, message).with_source(error)
        })?;
        primary.map(|name| self.parse_reference(&name)).transpose()
    }
}
