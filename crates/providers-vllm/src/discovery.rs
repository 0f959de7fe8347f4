//! Connects to a server by its base URL alone, and asks it for the rest.

use openclaw_core::{LimitSource, ModelError, ModelErrorKind, ModelInfo, ModelRef};
use openclaw_provider::model_error;
use openclaw_providers_openai::list_models;
use openclaw_transport::{Client, ClientOptions, Endpoint};

use crate::{FALLBACK_CONTEXT_WINDOW, VllmModel};

/// The provider id of a model that was discovered.
const PROVIDER_ID: &str = "vllm";

impl VllmModel {
    /// Connects to the vLLM at `base_url`, e.g. [`DEFAULT_BASE_URL`](crate::DEFAULT_BASE_URL), and
    /// takes the first model that it serves. `api_key` is sent as a bearer; `None` sends none.
    ///
    /// There are no timeouts and no retries. To set them, build a client of your own and use
    /// [`VllmModel::discover_model`].
    ///
    /// # Errors
    /// When the base URL or the key is not valid, and as [`VllmModel::discover_model`].
    pub async fn connect(base_url: &str, api_key: Option<&str>) -> Result<Self, ModelError> {
        let endpoint = Endpoint::parse(base_url).map_err(|error| {
            ModelError::new(ModelErrorKind::Connect, "read the base URL").with_source(error)
        })?;
        let mut options = ClientOptions::new(endpoint);
        options.bearer = api_key.map(Into::into);
        let client = Client::new(options);
        Self::discover_model(client.map_err(|error| model_error(error, None))?).await
    }

    /// Lists the models of the client's server and takes the first one, with the context window
    /// that the server reports, or else [`FALLBACK_CONTEXT_WINDOW`]. Its reference is `vllm/ID`.
    ///
    /// # Errors
    /// When the server cannot be reached, refuses the key, does not answer with a list of models,
    /// or serves none.
    pub async fn discover_model(client: Client) -> Result<Self, ModelError> {
        let served_models = list_models(&client).await?;
        let Some(model) = served_models.first() else {
            let message = format!("find a model at {}", client.endpoint());
            return Err(ModelError::new(ModelErrorKind::UnknownModel, message));
        };
        let reference = ModelRef::new(PROVIDER_ID, &model.id).map_err(|error| {
            ModelError::new(ModelErrorKind::Protocol, "read the id of the first served model")
                .with_source(error)
        })?;
        let mut info =
            ModelInfo::new(reference, model.context_window.unwrap_or(FALLBACK_CONTEXT_WINDOW));
        info.limits.context_window_source = match model.context_window {
            Some(_) => LimitSource::Server,
            None => LimitSource::Fallback,
        };
        Ok(Self::new(client, info))
    }
}
