//! Embeddings: a request is passed on to the server of a configured model.

use openclaw_config::ProviderApi;
use openclaw_provider::model_error;
use serde_json::{Map, Value};

use crate::context::provider_path;
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
        mut fields: Map<String, Value>,
    ) -> Result<Value, ConnectError> {
        let reference = self.parse_reference(name).map_err(ConnectError::Setup)?;
        let provider = self
            .resolve_provider(reference.provider_id(), Some(reference.model_id()))
            .map_err(ConnectError::Setup)?;
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
        let setup = &self.connector.setup;
        let mut connector = self.connector.clone();
        let named = self.models_named_by_user(true, &reference)?;
        connector.egress = EgressGuard::from_config(setup, named, self.consent.clone());
        let mut warnings = Vec::new();
        let allowed = connector.egress.check_allowed(&reference, &provider.endpoint, &mut warnings);
        allowed.await.map_err(ConnectError::Setup)?;
        fields.insert("model".to_owned(), reference.model_id().into());
        let client = connector.build_client(&provider)?;
        let body = Value::Object(fields).to_string();
        let model = |error| ConnectError::Model(model_error(error, Some(reference.model_id())));
        let url = provider.endpoint.api_url("embeddings");
        let response = client.post(url, body.into()).await.map_err(model)?;
        let mut answer: Value = response.parse_json().map_err(model)?;
        if let Some(answer) = answer.as_object_mut() {
            answer.insert("model".to_owned(), reference.to_string().into());
        }
        Ok(answer)
    }
}
