//! Selects a model with its fallbacks, and connects them.

use std::sync::Arc;

use openclaw_core::{ChatModel, ModelRef};

use crate::builtin::VLLM;
use crate::catalogue::ListedModel;
use crate::chain::FallbackChain;
use crate::egress::EgressGuard;
use crate::error::{ConnectError, SetupError, SetupErrorKind, no_model_error, no_provider_error};
use crate::registry::ModelRegistry;
use crate::wait::retry_until_available;

impl ModelRegistry {
    /// Connects a model, by reference or alias, with its fallbacks. Without a name, connects the
    /// primary model, or else the only model that the servers list. With
    /// [`ModelRegistry::with_wait_policy`], waits until the first of them is available.
    ///
    /// # Errors
    /// When no model is named and none can be selected, when the name is not a reference or alias,
    /// and when neither the model nor a fallback can be connected.
    pub async fn connect_model(&self, name: Option<&str>) -> Result<FallbackChain, ConnectError> {
        let Some(wait) = &self.wait_policy else {
            return self.connect_model_once(name).await;
        };
        let provider = self.resolve_model(name);
        let provider = provider.as_ref().map_or(VLLM, ModelRef::provider_id);
        let poll = self.connector.setup.poll_interval(provider);
        retry_until_available(wait, poll, || self.connect_model_once(name)).await
    }

    /// Connects one model, without fallbacks and without waiting for a busy server. Nothing is
    /// asked about egress, so only requests without a conversation may be sent to it.
    ///
    /// # Errors
    /// When the model cannot be connected.
    pub async fn connect_single_model(
        &self,
        reference: &ModelRef,
    ) -> Result<Arc<dyn ChatModel>, ConnectError> {
        self.connector.connect_model(reference, false).await
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
