//! Models behind the Messages API.

use openclaw_config::Api;
use openclaw_core::{ModelError, ModelInfo};
use openclaw_providers_anthropic::{CacheMark, MessagesModel, is_hosted};
use openclaw_providers_openai::ServedModel;
use openclaw_transport::Client;

use crate::connect::Connector;
use crate::params::{self, ForMessages, Retention};
use crate::setup::Provider;

impl Provider {
    /// The API of the model that is meant; that of the provider, if none is.
    pub(crate) fn speaks(&self) -> Api {
        let model = self.model.and_then(|n| self.models.get(n));
        model.and_then(|model| model.api).unwrap_or(self.api)
    }
}

impl Connector {
    /// A model that the Messages API is spoken to.
    pub(crate) fn messages_model(&self, client: Client, mut info: ModelInfo) -> MessagesModel {
        let config = &self.setup.loaded.config;
        let ForMessages { params, output, retention } =
            params::of_messages(config, &info.reference, &self.notices);
        info.limits.output = info.limits.output.into_iter().chain(output).min();
        let mark = cache_mark(is_hosted(client.endpoint()), retention);
        MessagesModel::new(client, info).with_params(params).with_cache_mark(mark)
    }
}

/// How requests mark what is to be kept: as the config says, and where it says nothing for a short
/// time at Anthropic and not at all elsewhere, where it may be refused and vLLM keeps it anyhow.
fn cache_mark(is_anthropic: bool, retention: Option<Retention>) -> Option<CacheMark> {
    match retention {
        None => is_anthropic.then_some(CacheMark::SHORT),
        Some(Retention::None) => None,
        Some(Retention::Short) => Some(CacheMark::SHORT),
        Some(Retention::Long) => Some(CacheMark::LONG),
    }
}

/// Asks a server of the Messages API what it serves.
///
/// # Errors
/// As [`openclaw_providers_anthropic::list_models`].
pub(crate) async fn list_models(client: &Client) -> Result<Vec<ServedModel>, ModelError> {
    let listed = openclaw_providers_anthropic::list_models(client).await?;
    let served = listed.into_iter().map(|model| ServedModel {
        window_from: model.window.map(|_| "/v1/models".into()),
        window: model.window,
        id: model.id,
        owner: model.owner,
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
            (true, None, Some(CacheMark::SHORT)),
            (true, Some(Retention::None), None),
            (true, Some(Retention::Long), Some(CacheMark::LONG)),
            (false, None, None),
            (false, Some(Retention::Short), Some(CacheMark::SHORT)),
        ] {
            assert_eq!(cache_mark(is_anthropic, retention), expected, "{retention:?}");
        }
    }
}
