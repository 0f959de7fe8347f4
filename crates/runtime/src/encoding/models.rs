//! Describes the models that can be selected.

use openclaw_models::{ListedModel, ModelRegistry};
use openclaw_protocol::gateway::{ModelEntry, ModelListResult};

use super::errors::encode_connect_error;

/// Asks the servers which models they have, and describes these.
pub async fn describe_catalogue(models: &ModelRegistry) -> ModelListResult {
    let primary = models.primary_model().ok().flatten();
    let catalogue = models.model_catalogue(None).await;
    ModelListResult {
        primary: primary.map(|model| model.to_string()),
        models: catalogue.models.into_iter().map(encode_listed_model).collect(),
        failures: catalogue.failures.iter().map(|it| encode_connect_error(&it.error)).collect(),
        warnings: catalogue.warnings,
    }
}

fn encode_listed_model(model: ListedModel) -> ModelEntry {
    ModelEntry {
        id: model.reference.to_string(),
        context_window: model.window.map(|(window, _)| window),
        tags: model.tags,
        unavailable: !model.available,
    }
}
