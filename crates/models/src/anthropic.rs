//! Models served by the Messages API.

use openclaw_core::{ModelError, ModelInfo};
use openclaw_providers_anthropic::{CacheControl, MessagesModel, is_anthropic_hosted};
use openclaw_providers_openai::ServedModel;
use openclaw_transport::Client;

use crate::connector::ModelConnector;
use crate::params::{self, CacheRetention, MessagesSettings};

impl ModelConnector {
    /// Builds a model that is called by the Messages API.
    pub(crate) fn build_messages_model(
        &self,
        client: Client,
        mut info: ModelInfo,
        warnings: &mut Vec<String>,
    ) -> MessagesModel {
        let config = &self.setup.loaded.config;
        let MessagesSettings { params, max_output_tokens: output, retention } =
            params::messages_settings(config, &info.reference, &self.request_params, warnings);
        info.limits.max_output_tokens =
            info.limits.max_output_tokens.into_iter().chain(output).min();
        let mark = cache_mark(is_anthropic_hosted(client.endpoint()), retention);
        MessagesModel::new(client, info).with_params(params).with_cache_control(mark)
    }
}

/// The cache control that requests carry. Without a configured retention it is short-lived at
/// Anthropic and absent elsewhere: other servers may refuse it, and vLLM caches prefixes without
/// it.
fn cache_mark(is_anthropic: bool, retention: Option<CacheRetention>) -> Option<CacheControl> {
    match retention {
        None => is_anthropic.then_some(CacheControl::SHORT),
        Some(CacheRetention::None) => None,
        Some(CacheRetention::Short) => Some(CacheControl::SHORT),
        Some(CacheRetention::Long) => Some(CacheControl::LONG),
    }
}

/// Lists the models of a server with the Messages API.
///
/// # Errors
/// As [`openclaw_providers_anthropic::list_models`].
pub(crate) async fn list_models(client: &Client) -> Result<Vec<ServedModel>, ModelError> {
    let listed = openclaw_providers_anthropic::list_models(client).await?;
    let served = listed.into_iter().map(|model| ServedModel {
        context_window_source: model.context_window.map(|_| "/v1/models".into()),
        context_window: model.context_window,
        id: model.id,
        owned_by: model.owner,
        ..ServedModel::default()
    });
    Ok(served.collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn marks_go_to_anthropic_and_elsewhere_when_the_config_says_so() {
        for (is_anthropic, retention, expected) in [
            (true, None, Some(CacheControl::SHORT)),
            (true, Some(CacheRetention::None), None),
            (true, Some(CacheRetention::Long), Some(CacheControl::LONG)),
            (false, None, None),
            (false, Some(CacheRetention::Short), Some(CacheControl::SHORT)),
        ] {
            assert_eq!(cache_mark(is_anthropic, retention), expected, "{retention:?}");
        }
    }
}
