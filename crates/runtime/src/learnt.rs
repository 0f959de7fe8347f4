//! What was learnt of servers, for people and for whoever examines a server anew.

use std::num::NonZeroU32;

use openclaw_core::ModelRef;
use openclaw_providers_openai::Facts;

use crate::Runtime;
use crate::cache::{Learnt, Subject};
use crate::error::SetupError;

impl Runtime {
    /// What is remembered of how a provider's server treats its models, by model.
    ///
    /// # Errors
    /// When the provider is unknown or its settings cannot be used.
    pub fn learnt(&self, provider: &str) -> Result<Vec<Learnt>, SetupError> {
        let provider = self.connector.setup.provider(provider)?;
        Ok(self.connector.cache.learnt(&provider.endpoint))
    }

    /// The window of a model in tokens, as far as it is known without asking a server: what the
    /// config says, or what the server said last.
    #[must_use]
    pub fn known_window(&self, reference: &ModelRef) -> Option<u32> {
        let (provider, setup) = (reference.provider(), &self.connector.setup);
        let configured = setup.loaded.config.provider(provider);
        let configured = configured.and_then(|provider| provider.model(reference.model()));
        let last = || self.connector.cache.last_good(&setup.endpoint(provider).ok()?);
        let wanted = configured.and_then(|model| model.context_window).map(NonZeroU32::get);
        wanted.or_else(|| last()?.find(reference.model())?.window)
    }

    /// Forgets what was learnt of a model, so that it is found out anew; false when nothing was.
    ///
    /// # Errors
    /// As for [`Runtime::learnt`].
    pub fn forget(&self, reference: &ModelRef) -> Result<bool, SetupError> {
        let provider = self.connector.setup.provider(reference.provider())?;
        Ok(self.connector.cache.forget(&provider.endpoint, reference.model()))
    }

    /// Remembers what a server of a version was found to do with a model, in place of what was
    /// known before. `window` is the one that the server names.
    ///
    /// # Errors
    /// As for [`Runtime::learnt`].
    pub fn remember(
        &self,
        reference: &ModelRef,
        version: Option<&str>,
        window: Option<u32>,
        facts: &Facts,
    ) -> Result<(), SetupError> {
        let provider = self.connector.setup.provider(reference.provider())?;
        let subject = Subject {
            endpoint: provider.endpoint,
            model: reference.model().to_owned(),
            version: version.map(str::to_owned),
            window,
        };
        self.connector.cache.forget(&subject.endpoint, &subject.model);
        self.connector.cache.learn(&subject, facts);
        Ok(())
    }
}
