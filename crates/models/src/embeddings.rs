//! Embeddings: a request is passed on to the server of a configured model, or texts are given to the
//! model of the search in notes.

mod memory_model;

use openclaw_config::ProviderApi;
use openclaw_core::ModelRef;
use openclaw_provider::model_error;
use openclaw_transport::Client;
use serde_json::{Map, Value};

pub use memory_model::EmbeddingModel;

use crate::context::{ResolvedProvider, provider_path};
use crate::egress::EgressGuard;
use crate::error::{ConnectError, SetupError, SetupErrorKind};
use crate::registry::ModelRegistry;

impl ModelRegistry {
    /// Has the server of a model, given by reference or alias, compute embeddings. `fields` are the
    /// fields of a request to `/embeddings` of the OpenAI API; its `model` is replaced. Returns the
    /// server's answer, in which `model` is the reference.
    ///
    /// # Errors
    /// When the name is neither, when the texts may not be sent to the server, and when it cannot
    /// be asked or refuses.
    pub async fn create_embeddings(
        &self,
        name: &str,
        fields: Map<String, Value>,
    ) -> Result<Value, ConnectError> {
        let reference = self.parse_reference(name).map_err(ConnectError::Setup)?;
        let provider = self
            .resolve_provider(reference.provider_id(), Some(reference.model_id()))
            .map_err(ConnectError::Setup)?;
        let named = self.models_named_by_user(true, &reference)?;
        let client = self.connect_embedding_server(&reference, &provider, named).await?;
        let mut answer = request_embeddings(&client, &reference, fields).await?;
        if let Some(answer) = answer.as_object_mut() {
            answer.insert("model".to_owned(), reference.to_string().into());
        }
        Ok(answer)
    }

    /// The client of a server that texts may be sent to. `named` are the models that the user's
    /// config names.
    async fn connect_embedding_server(
        &self,
        reference: &ModelRef,
        provider: &ResolvedProvider,
        named: Vec<ModelRef>,
    ) -> Result<Client, ConnectError> {
        if provider.effective_api() == ProviderApi::AnthropicMessages {
            let key = provider_path(&provider.id).with_key("api");
            let message =
                format!("create embeddings with `{reference}`: the Messages API has none");
            return Err(ConnectError::Setup(
                SetupError::new(SetupErrorKind::Unable, message).with_hint(format!(
                    "Name a model of a provider whose `{key}` is `openai-completions`."
                )),
            ));
        }
        let mut connector = self.connector.clone();
        connector.egress =
            EgressGuard::from_config(&self.connector.setup, named, self.consent.clone());
        let mut warnings = Vec::new();
        let allowed = connector.egress.check_allowed(reference, &provider.endpoint, &mut warnings);
        allowed.await.map_err(ConnectError::Setup)?;
        connector.build_client(provider)
    }
}

/// Sends the fields with the id of the model.
async fn request_embeddings(
    client: &Client,
    reference: &ModelRef,
    mut fields: Map<String, Value>,
) -> Result<Value, ConnectError> {
    fields.insert("model".to_owned(), reference.model_id().into());
    let body = Value::Object(fields).to_string();
    let fail = |error| ConnectError::Model(model_error(error, Some(reference.model_id())));
    let url = client.endpoint().api_url("embeddings");
    let response = client.post(url, body.into()).await.map_err(fail)?;
    response.parse_json().map_err(fail)
}
