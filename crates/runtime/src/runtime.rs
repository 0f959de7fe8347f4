//! The entry point: from a loaded config to models and agents.

use std::fmt;
use std::sync::Arc;
use std::time::SystemTime;

use openclaw_config::{AppPaths, Env, ExecConfig, LoadedConfig};
use openclaw_core::ModelRef;
use openclaw_transport::TimeLimit;

use crate::breaker::BreakerRegistry;
use crate::builtin::VLLM;
use crate::cache::ServerCache;
use crate::catalogue::ListedModel;
use crate::chain::FallbackChain;
use crate::connect::{ModelConnector, no_model_error, no_provider_error};
use crate::context::SetupContext;
use crate::egress::{EgressConsent, EgressGuard};
use crate::error::{ConnectError, SetupError, SetupErrorKind};
use crate::prompt::date_time::PromptClock;
use crate::suggestions;
use crate::timeouts::ConcurrencyLimiters;
use crate::wait::{WaitPolicy, retry_until_available};
use crate::warnings::NoticeLog;

/// Creates the models and agents that a config describes. Clones share caches and breakers.
#[derive(Clone)]
pub struct Runtime {
    pub(crate) connector: ModelConnector,
    pub(crate) clock: PromptClock,
    is_strict: bool,
    consent: Option<EgressConsent>,
}

impl fmt::Debug for Runtime {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Runtime")
            .field("connector", &self.connector)
            .field("is_strict", &self.is_strict)
            .finish_non_exhaustive()
    }
}

impl Runtime {
    /// Creates a runtime. Contacts no server.
    #[must_use]
    pub fn new(loaded: LoadedConfig, paths: AppPaths, env: Env) -> Self {
        let notices = NoticeLog::default();
        let cache = ServerCache::new(&paths.cache_dir(), notices.clone());
        let breakers = BreakerRegistry::new(&paths.cache_dir(), notices.clone());
        let setup = Arc::new(SetupContext { loaded, paths, env });
        let trace = setup.open_trace();
        let turnstiles = ConcurrencyLimiters::default();
        let connector = ModelConnector {
            setup,
            notices,
            cache,
            concurrency_limiters: turnstiles,
            trace,
            time_limit: None,
            wait_policy: None,
            max_retry_after: None,
            breakers,
            egress: EgressGuard::default(),
        };
        Self { connector, clock: PromptClock::default(), is_strict: false, consent: None }
    }

    /// Uses another clock for the time in prompts.
    #[must_use]
    pub fn with_clock(mut self, now: impl Fn() -> SystemTime + Send + Sync + 'static) -> Self {
        self.clock = PromptClock(Arc::new(now));
        self
    }

    /// Limits each model call to `limit` instead of `agents.defaults.timeoutSeconds`.
    #[must_use]
    pub fn with_time_limit(mut self, limit: TimeLimit) -> Self {
        self.connector.time_limit = Some(limit);
        self
    }

    /// Waits for an unavailable server when a model is connected, instead of failing.
    #[must_use]
    pub fn with_wait_policy(mut self, wait: WaitPolicy) -> Self {
        self.connector.wait_policy = Some(wait);
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

    /// The config of command execution.
    #[must_use]
    pub fn exec_config(&self) -> &ExecConfig {
        &self.connector.setup.loaded.config.tools.exec
    }

    /// The log of notices for the user.
    #[must_use]
    pub fn notice_log(&self) -> NoticeLog {
        self.connector.notices.clone()
    }

    /// Connects a model, by reference or alias, with its fallbacks. Without a name, connects the
    /// primary model, or else the only model that the servers list. With
    /// [`Runtime::with_wait_policy`], waits until the first of them is available.
    ///
    /// # Errors
    /// When no model is named and none can be selected, when the name is not a reference or alias,
    /// and when neither the model nor a fallback can be connected.
    pub async fn connect_model(&self, name: Option<&str>) -> Result<FallbackChain, ConnectError> {
        let Some(wait) = &self.connector.wait_policy else {
            return self.connect_model_once(name).await;
        };
        let provider = self.resolve_model(name);
        let provider = provider.as_ref().map_or(VLLM, ModelRef::provider_id);
        let poll = self.connector.setup.poll_interval(provider);
        retry_until_available(wait, poll, || self.connect_model_once(name)).await
    }

    async fn connect_model_once(&self, name: Option<&str>) -> Result<FallbackChain, ConnectError> {
        let setup = &self.connector.setup;
        let configured = self.primary_model().map_err(ConnectError::Setup)?;
        let first = match name {
            Some(name) => Some(self.parse_reference(name).map_err(ConnectError::Setup)?),
            None => configured.clone(),
        };
        let first = match first {
            Some(first) => first,
            None => self.only_model().await?,
        };
        let fallbacks = setup.loaded.config.fallback_models(&setup.env).map_err(|error| {
            ConnectError::Setup(
                SetupError::new(
                    SetupErrorKind::InvalidReference,
                    "use agents.defaults.model.fallbacks",
                )
                .with_source(error),
            )
        })?;
        let mut named = vec![configured.unwrap_or_else(|| first.clone())];
        let mut references = vec![first];
        for fallback in fallbacks {
            let fallback = self.parse_reference(&fallback).map_err(ConnectError::Setup)?;
            if !references.contains(&fallback) && !self.is_strict {
                references.push(fallback.clone());
            }
            named.push(fallback);
        }
        let mut connector = self.connector.clone();
        connector.egress = EgressGuard::from_config(setup, named, self.consent.clone());
        FallbackChain::connect_first(connector, references).await
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

    /// Resolves an alias or parses `provider/model-id`.
    pub(crate) fn parse_reference(&self, name: &str) -> Result<ModelRef, SetupError> {
        let name = self.connector.setup.loaded.config.resolve_alias(name).unwrap_or(name);
        name.parse().map_err(|error| {
            let message = format!("read the model `{name}`");
            SetupError::new(SetupErrorKind::InvalidReference, message)
                .with_source(error)
                .with_hint(suggestions::suggest_models(&self.connector, name))
        })
    }

    /// The primary model of the config.
    pub(crate) fn primary_model(&self) -> Result<Option<ModelRef>, SetupError> {
        let setup = &self.connector.setup;
        let primary = setup.loaded.config.primary_model(&setup.env).map_err(|error| {
            let message = "use agents.defaults.model.primary";
            SetupError::new(SetupErrorKind::InvalidReference, message).with_source(error)
        })?;
        primary.map(|name| self.parse_reference(&name)).transpose()
    }

    /// Returns the only model that the servers list, not counting adapters.
    async fn only_model(&self) -> Result<ModelRef, ConnectError> {
        let catalogue = self.model_catalogue(None).await;
        let is_known_now = |model: &ListedModel| model.parent.is_none() && model.age.is_none();
        let mut models = catalogue.models.into_iter().filter(is_known_now);
        match (models.next(), models.next(), catalogue.failures.into_iter().next()) {
            (Some(only), None, _) => Ok(only.reference),
            (None, _, Some(failure)) => Err(failure.error),
            (None, _, None) if self.connector.setup.provider_ids().is_empty() => {
                Err(no_provider_error())
            }
            _ => Err(no_model_error()),
        }
    }
}
