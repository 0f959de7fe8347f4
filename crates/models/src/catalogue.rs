//! The available models: those in the config, and those that the servers list.

use std::collections::BTreeMap;
use std::num::NonZeroU32;
use std::time::Duration;

use futures_util::future::join_all;
use openclaw_config::{InputKind, ModelConfig};
use openclaw_core::{LimitSource, ModelRef};
use openclaw_providers_openai::ServedModel;

use crate::cache::LastServedModels;
use crate::registry::ModelRegistry;

use crate::context::{ALL_MODELS_WILDCARD, ResolvedProvider};
use crate::error::ConnectError;
use crate::failure_hints::add_hints;
use crate::limits::{WindowSources, documented_service_window, effective_window};

/// The available models, and the providers that could not be asked.
#[derive(Debug, Default)]
#[non_exhaustive]
pub struct ModelCatalogue {
    /// The models, grouped by provider, in the order of the server or the config.
    pub models: Vec<ListedModel>,
    /// The providers that could not be asked, and why.
    pub failures: Vec<ProviderFailure>,
    /// What is wrong with the file that remembers the models.
    pub warnings: Vec<String>,
}

/// A provider whose models could not be listed.
#[derive(Debug)]
#[non_exhaustive]
pub struct ProviderFailure {
    /// Its id.
    pub provider: String,
    /// Why.
    pub error: ConnectError,
}

/// A model that can be selected.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct ListedModel {
    /// The reference to select it by.
    pub reference: ModelRef,
    /// Its display name; the id when the config has no name.
    pub name: String,
    /// The input it accepts, e.g. `text` or `text+image`.
    pub input: String,
    /// The context window in tokens and its source; `None` when it is unknown.
    pub window: Option<(u32, LimitSource)>,
    /// Where the server reports `window`, e.g. `/props of llama.cpp`; `None` when the window is not
    /// from the server.
    pub window_from: Option<String>,
    /// The age of `window` when the server reported it earlier but not in this listing.
    pub window_age: Option<Duration>,
    /// The age of the server's list when the server cannot be asked now.
    pub age: Option<Duration>,
    /// Whether its server is on this machine or the local network.
    pub local: bool,
    /// Whether it can be used, as far as is known without sending a prompt.
    pub available: bool,
    /// Whether the config names it and no provider has it.
    pub missing: bool,
    /// The base model, if this is an adapter.
    pub parent: Option<String>,
    /// `default`, `fallback#1` …, `configured`, `alias:NAME`.
    pub tags: Vec<String>,
}

impl ModelRegistry {
    /// Collects the models of all providers, or of one. Servers on this machine or the local
    /// network are asked concurrently, each within the discovery timeout. Hosted servers are asked
    /// only when the config lists none of their models. For a server that cannot be asked, the
    /// models it listed last are returned as not available.
    ///
    /// A provider with models in the config has these only, completed with what the server reports,
    /// unless `agents.defaults.models` has `ID/*`. A provider without any has all models that its
    /// server lists.
    pub async fn model_catalogue(&self, only: Option<&str>) -> ModelCatalogue {
        let mut catalogue = self.list_models(only).await;
        catalogue.warnings = self.connector.state_warnings.take_all();
        catalogue
    }

    pub(crate) async fn list_models(&self, only: Option<&str>) -> ModelCatalogue {
        let setup = &self.connector.setup;
        let ids = setup.provider_ids();
        let ids: Vec<&str> = match only {
            Some(only) => vec![only],
            None => ids,
        };
        let asked = join_all(ids.iter().map(|id| self.provider_models(id))).await;
        let mut catalogue = ModelCatalogue::default();
        for (id, (models, failure)) in ids.iter().zip(asked) {
            catalogue.models.extend(models);
            let failure =
                failure.map(|error| ProviderFailure { provider: (*id).to_owned(), error });
            catalogue.failures.extend(failure);
        }
        self.tag_models(&mut catalogue.models, only);
        catalogue
    }

    async fn provider_models(&self, id: &str) -> (Vec<ListedModel>, Option<ConnectError>) {
        let provider = match self.connector.setup.resolve_provider(id) {
            Ok(provider) => provider,
            Err(error) => return (Vec::new(), Some(ConnectError::Setup(error))),
        };
        let last = || self.connector.cache.last_served(&provider.endpoint);
        let lists_all = provider.models.is_empty() || self.allows_all_models(id);
        let view =
            |now| ProviderView { provider: &provider, lists_all, listing: now, last: last() };
        if !lists_all && !provider.endpoint.is_private() {
            return (view(ServerListing::NotAsked).list_models(), None);
        }
        let asked = match self.connector.build_client(&provider) {
            Ok(client) => match self.connector.list_served(&client, &provider, None).await {
                Ok(served) => Ok(served),
                Err(error) => Err(ConnectError::Model(add_hints(error, &client, &provider).await)),
            },
            Err(error) => Err(error),
        };
        match asked {
            Ok(served) => (view(ServerListing::Models(served)).list_models(), None),
            Err(error) => (view(ServerListing::NoAnswer).list_models(), Some(error)),
        }
    }

    /// Whether the config allows all models of a provider.
    fn allows_all_models(&self, id: &str) -> bool {
        let models = &self.connector.setup.loaded.config.agents.defaults.models;
        models.contains_key(&format!("{id}/{ALL_MODELS_WILDCARD}"))
    }

    /// Returns a configured model of a hosted provider that exists by its key alone, without asking
    /// the server. `None` for any other.
    fn configured_hosted_model(&self, reference: &ModelRef) -> Option<ListedModel> {
        let setup = &self.connector.setup;
        let id = reference.provider_id();
        let is_hosted = !setup.provider_ids().contains(&id);
        let provider = setup.resolve_provider(id).ok().filter(|_| is_hosted)?;
        let last = self.connector.cache.last_served(&provider.endpoint);
        let view = ProviderView {
            provider: &provider,
            lists_all: false,
            listing: ServerListing::NotAsked,
            last,
        };
        view.model_entry(reference.model_id(), None)
    }

    /// Adds tags from the config, and adds the models that the config names and no provider has.
    fn tag_models(&self, models: &mut Vec<ListedModel>, only: Option<&str>) {
        let setup = &self.connector.setup;
        let config = &setup.loaded.config;
        let mut tags: BTreeMap<ModelRef, Vec<String>> = BTreeMap::new();
        let mut add = |name: &str, tag: String| {
            if let Ok(reference) = self.parse_reference(name) {
                tags.entry(reference).or_default().push(tag);
            }
        };
        if let Ok(Some(primary)) = config.primary_model(&setup.env) {
            add(&primary, "default".to_owned());
        }
        let fallbacks = config.fallback_models(&setup.env).unwrap_or_default();
        for (n, fallback) in fallbacks.iter().enumerate() {
            add(fallback, format!("fallback#{}", n + 1));
        }
        let is_one = |name: &&String| !name.ends_with(&format!("/{ALL_MODELS_WILDCARD}"));
        let entries = config.agents.defaults.models.iter().filter(|(name, _)| is_one(name));
        for (name, entry) in entries {
            add(name, "configured".to_owned());
            if let Some(alias) = &entry.alias {
                add(name, format!("alias:{alias}"));
            }
        }
        for (reference, tags) in tags {
            match models.iter_mut().find(|model| model.reference == reference) {
                Some(model) => model.tags.extend(tags),
                None if only.is_none_or(|only| only == reference.provider_id()) => {
                    let unasked =
                        only.is_none().then(|| self.configured_hosted_model(&reference)).flatten();
                    let model = unasked.unwrap_or_else(|| missing_model(reference));
                    models.push(ListedModel { tags, ..model });
                }
                None => {}
            }
        }
        for model in models.iter_mut() {
            let id = model.reference.provider_id();
            let configured =
                config.find_provider(id).and_then(|p| p.find_model(model.reference.model_id()));
            if configured.is_some() && !model.tags.iter().any(|tag| tag == "configured") {
                model.tags.push("configured".to_owned());
            }
        }
    }
}

/// The result of asking a server for its models.
enum ServerListing {
    /// What it serves.
    Models(Vec<ServedModel>),
    /// It was asked and did not answer.
    NoAnswer,
    /// It was not asked.
    NotAsked,
}

/// A provider's models, from its config and its server.
struct ProviderView<'a> {
    provider: &'a ResolvedProvider,
    /// Whether all listed models are included, or only the configured ones.
    lists_all: bool,
    listing: ServerListing,
    last: Option<LastServedModels>,
}

impl ProviderView<'_> {
    /// Lists the configured models, then the others.
    fn list_models(&self) -> Vec<ListedModel> {
        let named =
            self.provider.models.iter().map(|model| self.model_entry(&model.id, Some(model)));
        let listed: Vec<&ServedModel> = match (&self.listing, &self.last) {
            (ServerListing::Models(served), _) => served.iter().collect(),
            (_, Some(last)) => last.models.iter().map(|(model, _)| model).collect(),
            (_, None) => Vec::new(),
        };
        let is_named = |id: &str| self.provider.models.iter().any(|model| model.id == id);
        let others = listed.into_iter().filter(|model| self.lists_all && !is_named(&model.id));
        named.chain(others.map(|model| self.model_entry(&model.id, None))).flatten().collect()
    }

    /// Returns `None` when the id does not form a valid reference.
    fn model_entry(&self, id: &str, configured: Option<&ModelConfig>) -> Option<ListedModel> {
        let live = match &self.listing {
            ServerListing::Models(served) => served.iter().find(|model| model.id == id),
            ServerListing::NoAnswer | ServerListing::NotAsked => None,
        };
        let last = self
            .last
            .as_ref()
            .and_then(|last| last.models.iter().find(|(model, _)| model.id == id));
        let windows = WindowSources {
            live: live.and_then(|model| model.context_window),
            last: last.and_then(|(model, _)| model.context_window),
            documented: documented_service_window(self.provider, id),
            cap: configured.and_then(|model| model.context_tokens).map(NonZeroU32::get),
        };
        let window = effective_window(configured, windows);
        let said = match window {
            Some((_, LimitSource::Server)) => live,
            Some((_, LimitSource::Cached)) => last.map(|(model, _)| model),
            _ => None,
        };
        let is_cached = matches!(window, Some((_, LimitSource::Cached)));
        let images = configured
            .and_then(|model| model.input.as_ref())
            .is_some_and(|inputs| inputs.contains(&InputKind::Image));
        let heard_before =
            self.last.as_ref().filter(|_| matches!(self.listing, ServerListing::NoAnswer));
        Some(ListedModel {
            reference: ModelRef::new(&self.provider.id, id).ok()?,
            name: configured.and_then(|model| model.name.clone()).unwrap_or_else(|| id.to_owned()),
            input: if images { "text+image" } else { "text" }.to_owned(),
            window,
            window_from: said
                .and_then(|model| model.context_window_source.as_deref())
                .map(str::to_owned),
            window_age: last.filter(|_| is_cached).map(|(_, age)| *age),
            age: heard_before.filter(|_| last.is_some()).map(|last| last.age),
            local: self.provider.endpoint.is_private(),
            available: live.is_some() || matches!(self.listing, ServerListing::NotAsked),
            missing: false,
            parent: live.or(last.map(|(model, _)| model)).and_then(|model| model.parent.clone()),
            tags: Vec::new(),
        })
    }
}

fn missing_model(reference: ModelRef) -> ListedModel {
    ListedModel {
        name: reference.model_id().to_owned(),
        reference,
        input: "text".to_owned(),
        window: None,
        window_from: None,
        window_age: None,
        age: None,
        local: false,
        available: false,
        missing: true,
        parent: None,
        tags: Vec::new(),
    }
}
