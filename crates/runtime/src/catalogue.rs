//! Which models there are: those of the config, and those that the servers say they have.

use std::collections::BTreeMap;
use std::num::NonZeroU32;

use futures_util::future::join_all;
use openclaw_config::{InputKind, ModelConfig};
use openclaw_core::{LimitSource, ModelRef};
use openclaw_providers_openai::ServedModel;

use crate::Runtime;
use crate::error::ConnectError;
use crate::setup::Provider;

/// The models there are, and the providers that could not be asked.
#[derive(Debug)]
pub struct Catalogue {
    /// The models, by provider, each in its server's or the config's order.
    pub models: Vec<ListedModel>,
    /// The providers that could not be asked, and why.
    pub failures: Vec<ProviderFailure>,
}

/// A provider that could not be asked what it has.
#[derive(Debug)]
pub struct ProviderFailure {
    /// Its id.
    pub provider: String,
    /// Why.
    pub error: ConnectError,
}

/// A model that can be named.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ListedModel {
    /// What to name it by.
    pub reference: ModelRef,
    /// Its name for people; its id where the config gives none.
    pub name: String,
    /// What it reads, e.g. `text` or `text+image`.
    pub input: String,
    /// The window in tokens and who says so; `None` when nobody does.
    pub window: Option<(u32, LimitSource)>,
    /// Whether its server is on this machine or the local network.
    pub local: bool,
    /// Whether it can be used now, as far as is known without a prompt.
    pub available: bool,
    /// Whether the config names it and nothing has it.
    pub missing: bool,
    /// The base model that an adapter belongs to.
    pub parent: Option<String>,
    /// `default`, `fallback#1` …, `configured`, `alias:NAME`.
    pub tags: Vec<String>,
}

impl Runtime {
    /// Collects the models of all providers, or of one. Servers on this machine or the local
    /// network are asked, all at the same time and within the time for discovery; hosted ones are
    /// not.
    pub async fn catalogue(&self, only: Option<&str>) -> Catalogue {
        let setup = &self.connector.setup;
        let ids = setup.provider_ids();
        let ids: Vec<&str> = match only {
            Some(only) => vec![only],
            None => ids,
        };
        let asked = join_all(ids.iter().map(|id| self.models_of(id))).await;
        let mut catalogue = Catalogue { models: Vec::new(), failures: Vec::new() };
        for (id, (models, failure)) in ids.iter().zip(asked) {
            catalogue.models.extend(models);
            let failure =
                failure.map(|error| ProviderFailure { provider: (*id).to_owned(), error });
            catalogue.failures.extend(failure);
        }
        self.tag(&mut catalogue.models, only);
        catalogue
    }

    async fn models_of(&self, id: &str) -> (Vec<ListedModel>, Option<ConnectError>) {
        let provider = match self.connector.setup.provider(id) {
            Ok(provider) => provider,
            Err(error) => return (Vec::new(), Some(ConnectError::Setup(error))),
        };
        if !provider.models.is_empty() && !provider.endpoint.is_private() {
            return (entries(&provider, None), None);
        }
        let asked = match self.connector.client(&provider) {
            Ok(client) => {
                self.connector.list(&client, &provider).await.map_err(ConnectError::Model)
            }
            Err(error) => Err(error),
        };
        match asked {
            Ok(served) => (entries(&provider, Some(&served)), None),
            Err(error) => {
                let mut models = entries(&provider, None);
                for model in &mut models {
                    model.available = false;
                }
                (models, Some(error))
            }
        }
    }

    /// Marks what the config says of the models, and adds those that it names and nobody has.
    fn tag(&self, models: &mut Vec<ListedModel>, only: Option<&str>) {
        let setup = &self.connector.setup;
        let config = &setup.loaded.config;
        let mut tags: BTreeMap<ModelRef, Vec<String>> = BTreeMap::new();
        let mut add = |name: &str, tag: String| {
            if let Ok(reference) = self.reference(name) {
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
        for (name, entry) in &config.agents.defaults.models {
            add(name, "configured".to_owned());
            if let Some(alias) = &entry.alias {
                add(name, format!("alias:{alias}"));
            }
        }
        for (reference, tags) in tags {
            match models.iter_mut().find(|model| model.reference == reference) {
                Some(model) => model.tags.extend(tags),
                None if only.is_none_or(|only| only == reference.provider()) => {
                    models.push(missing(reference, tags));
                }
                None => {}
            }
        }
        for model in models.iter_mut() {
            let id = model.reference.provider();
            let configured = config.provider(id).and_then(|p| p.model(model.reference.model()));
            if configured.is_some() && !model.tags.iter().any(|tag| tag == "configured") {
                model.tags.push("configured".to_owned());
            }
        }
    }
}

/// A provider's models: those of its config where it has any, else those that its server has.
fn entries(provider: &Provider, served: Option<&[ServedModel]>) -> Vec<ListedModel> {
    let find = |id: &str| served.and_then(|served| served.iter().find(|model| model.id == id));
    if provider.models.is_empty() {
        let served = served.unwrap_or_default().iter();
        return served.filter_map(|model| entry(provider, &model.id, None, Some(model))).collect();
    }
    let models = provider.models.iter();
    models
        .filter_map(|model| {
            let live = find(&model.id);
            let mut entry = entry(provider, &model.id, Some(model), live)?;
            entry.available = served.is_none() || live.is_some();
            Some(entry)
        })
        .collect()
}

/// `None` when the id cannot be written as a reference.
fn entry(
    provider: &Provider,
    id: &str,
    configured: Option<&ModelConfig>,
    served: Option<&ServedModel>,
) -> Option<ListedModel> {
    let live = served.and_then(|model| model.window).map(|window| (window, LimitSource::Live));
    let wanted = configured.and_then(|model| model.context_window).map(NonZeroU32::get);
    let window = match (wanted, live) {
        (Some(wanted), Some((live, _))) if wanted > live => Some((live, LimitSource::Live)),
        (Some(wanted), _) => Some((wanted, LimitSource::Config)),
        (None, live) => live,
    };
    let images = configured
        .and_then(|model| model.input.as_ref())
        .is_some_and(|inputs| inputs.contains(&InputKind::Image));
    Some(ListedModel {
        reference: ModelRef::new(&provider.id, id).ok()?,
        name: configured.and_then(|model| model.name.clone()).unwrap_or_else(|| id.to_owned()),
        input: if images { "text+image" } else { "text" }.to_owned(),
        window,
        local: provider.endpoint.is_private(),
        available: true,
        missing: false,
        parent: served.and_then(|model| model.parent.clone()),
        tags: Vec::new(),
    })
}

fn missing(reference: ModelRef, tags: Vec<String>) -> ListedModel {
    ListedModel {
        name: reference.model().to_owned(),
        reference,
        input: "text".to_owned(),
        window: None,
        local: false,
        available: false,
        missing: true,
        parent: None,
        tags,
    }
}
