//! The learned capabilities of servers.

use std::num::NonZeroU32;

use openclaw_core::ModelRef;
use openclaw_providers_openai::ServerCapabilities;

use crate::cache::{CapabilityKey, LearnedCapabilities};
use crate::error::SetupError;
use crate::registry::ModelRegistry;

impl ModelRegistry {
    /// Lists the learned capabilities of a provider's server, by model.
    ///
    /// # Errors
    /// When the provider is unknown or its settings cannot be used.
    pub fn learned_capabilities(
        &self,
        provider: &str,
    ) -> Result<Vec<LearnedCapabilities>, SetupError> {
        let provider = self.connector.setup.resolve_provider(provider)?;
        Ok(self.connector.cache.learned_capabilities(&provider.endpoint))
    }

    /// Returns a model's context window in tokens, from the config or the server's last list. No
    /// server is asked.
    #[must_use]
    pub fn known_window(&self, reference: &ModelRef) -> Option<u32> {
        let (provider, setup) = (reference.provider_id(), &self.connector.setup);
        let configured = setup.loaded.config.find_provider(provider);
        let configured = configured.and_then(|provider| provider.find_model(reference.model_id()));
        let last = || self.connector.cache.last_served(&setup.provider_endpoint(provider).ok()?);
        let wanted = configured.and_then(|model| model.context_window).map(NonZeroU32::get);
        wanted.or_else(|| last()?.find_model(reference.model_id())?.context_window)
    }

    /// Deletes the learned capabilities of a model, so that they are learned again; returns `false`
    /// when there were none.
    ///
    /// # Errors
    /// As for [`ModelRegistry::learned_capabilities`].
    pub fn clear_capabilities(&self, reference: &ModelRef) -> Result<bool, SetupError> {
        let provider = self.connector.setup.resolve_provider(reference.provider_id())?;
        Ok(self.connector.cache.clear_capabilities(&provider.endpoint, reference.model_id()))
    }

    /// Stores the capabilities found for a model, replacing earlier ones. `window` is the one that
    /// the server reports, in tokens. Returns what is wrong with the file that they are stored in.
    ///
    /// # Errors
    /// As for [`ModelRegistry::learned_capabilities`].
    pub fn store_capabilities(
        &self,
        reference: &ModelRef,
        version: Option<&str>,
        window: Option<u32>,
        facts: &ServerCapabilities,
    ) -> Result<Vec<String>, SetupError> {
        let provider = self.connector.setup.resolve_provider(reference.provider_id())?;
        let subject = CapabilityKey {
            endpoint: provider.endpoint,
            model: reference.model_id().to_owned(),
            version: version.map(str::to_owned),
            window,
        };
        self.connector.cache.clear_capabilities(&subject.endpoint, &subject.model);
        self.connector.cache.store_capabilities(&subject, facts);
        Ok(self.connector.state_warnings.take_all())
    }
}
