//! Models behind the Messages API, and the provider that has them without being configured.

use openclaw_config::{Api, SecretInput, env_vars};
use openclaw_core::{ModelError, ModelInfo};
use openclaw_providers_anthropic::MessagesModel;
use openclaw_providers_openai::ServedModel;
use openclaw_transport::Client;

use crate::connect::Connector;
use crate::error::SetupError;
use crate::params;
use crate::setup::{Provider, Setup, endpoint};

/// The id of the provider that exists when its key does.
pub(crate) const ANTHROPIC: &str = "anthropic";

/// Where its server is.
pub(crate) const ANTHROPIC_URL: &str = "https://api.anthropic.com/v1";

/// How that address was chosen, to be read after "from".
pub(crate) const ANTHROPIC_SOURCE: &str = "the built-in default for `anthropic`";

impl Provider {
    /// The API of the model that is meant; that of the provider, if none is.
    pub(crate) fn speaks(&self) -> Api {
        let model = self.model.and_then(|n| self.models.get(n));
        model.and_then(|model| model.api).unwrap_or(self.api)
    }
}

impl Setup {
    /// Whether the hosted models are there without being configured. They are not among
    /// [`Setup::provider_ids`]: nobody asks their server who has not named one of them.
    pub(crate) fn has_implicit_anthropic(&self) -> bool {
        self.has_implicit(env_vars::ANTHROPIC_API_KEY)
    }

    pub(crate) fn implicit_anthropic(&self) -> Result<Provider, SetupError> {
        let key = SecretInput::from_env(env_vars::ANTHROPIC_API_KEY);
        Ok(Provider {
            id: ANTHROPIC.to_owned(),
            endpoint: endpoint(ANTHROPIC_URL, ANTHROPIC_SOURCE)?,
            address_source: ANTHROPIC_SOURCE.to_owned(),
            key: Some(self.secret(&key, env_vars::ANTHROPIC_API_KEY)?),
            headers: Vec::new(),
            api: Api::AnthropicMessages,
            models: Vec::new(),
            model: None,
        })
    }
}

impl Connector {
    /// A model that the Messages API is spoken to.
    pub(crate) fn messages_model(&self, client: Client, mut info: ModelInfo) -> MessagesModel {
        let config = &self.setup.loaded.config;
        let (params, output) = params::of_messages(config, &info.reference, &self.notices);
        info.limits.output = info.limits.output.into_iter().chain(output).min();
        MessagesModel::new(client, info).with_params(params)
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
        ..ServedModel::default()
    });
    Ok(served.collect())
}
