//! Suggests models for an id that was typed without its provider.

use std::collections::BTreeSet;

use openclaw_core::ModelRef;

use crate::connector::ModelConnector;

/// A hint what to type instead of a name that is not a reference.
pub(crate) fn suggest_models(connector: &ModelConnector, name: &str) -> String {
    let found: Vec<String> =
        find_similar_models(connector, name).iter().map(|it| format!("`{it}`")).collect();
    if found.is_empty() {
        return "`openclaw models list` shows what there is.".to_owned();
    }
    format!("Did you mean {}?", found.join(" or "))
}

/// Finds the models with this id, or with this last part of their id, in the config and in the
/// cached server lists. Contacts no server and resolves no key.
fn find_similar_models(connector: &ModelConnector, name: &str) -> BTreeSet<ModelRef> {
    let setup = &connector.setup;
    let config = &setup.loaded.config;
    let mut known: Vec<String> = config.agents.defaults.models.keys().cloned().collect();
    known.extend(config.primary_model(&setup.env).ok().flatten());
    known.extend(config.fallback_models(&setup.env).unwrap_or_default());
    for id in setup.provider_ids() {
        let configured = config.find_provider(id).into_iter().flat_map(|provider| &provider.models);
        known.extend(configured.map(|model| format!("{id}/{}", model.id)));
        let last = setup.provider_endpoint(id).ok().and_then(|at| connector.cache.last_served(&at));
        let served = last.into_iter().flat_map(|last| last.models);
        known.extend(served.map(|(model, _)| format!("{id}/{}", model.id)));
    }
    let is_meant = |reference: &ModelRef| {
        let id = reference.model_id();
        let last = id.rsplit('/').next().unwrap_or(id);
        id.eq_ignore_ascii_case(name) || last.eq_ignore_ascii_case(name)
    };
    known.iter().filter_map(|known| known.parse().ok()).filter(is_meant).collect()
}
