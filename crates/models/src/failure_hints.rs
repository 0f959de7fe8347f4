//! Adds hints to model errors: where the address and the key were configured.

use std::error::Error;
use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use futures_util::{StreamExt, TryStreamExt};
use openclaw_config::defaults::DISCOVERY_TIMEOUT_SECONDS;
use openclaw_core::{
    ChatModel, ChatRequest, ChatStream, ModelError, ModelErrorKind, ModelInfo, ServerLiveness,
    TokenCount,
};
use openclaw_providers_openai::find_api_base_url;
use openclaw_transport::Client;

use crate::builtin::{self, VLLM};
use crate::context::{ResolvedProvider, provider_path};

/// A model whose errors carry hints about the setup.
#[derive(Debug)]
pub(crate) struct HintingModel {
    pub(crate) model: Arc<dyn ChatModel>,
    pub(crate) context: Arc<HintContext>,
}

/// What the hints of a model are made of.
#[derive(Debug)]
pub(crate) struct HintContext {
    pub(crate) client: Client,
    pub(crate) provider: ResolvedProvider,
    /// What the server lists instead of the model.
    pub(crate) served_hint: Option<String>,
}

impl HintContext {
    async fn add_hints(&self, error: ModelError) -> ModelError {
        let error = add_hints(error, &self.client, &self.provider).await;
        match &self.served_hint {
            // The model itself may have said it.
            Some(hint)
                if error.kind() == ModelErrorKind::UnknownModel
                    && !error.hints().contains(hint) =>
            {
                error.with_hint(hint.clone())
            }
            _ => error,
        }
    }
}

#[async_trait]
impl ChatModel for HintingModel {
    fn model_info(&self) -> ModelInfo {
        self.model.model_info()
    }

    async fn stream_chat(&self, request: ChatRequest) -> Result<ChatStream, ModelError> {
        let context = Arc::clone(&self.context);
        match self.model.stream_chat(request).await {
            Ok(stream) => Ok(stream
                .or_else(move |error| {
                    let context = Arc::clone(&context);
                    async move { Err(context.add_hints(error).await) }
                })
                .boxed()),
            Err(error) => Err(context.add_hints(error).await),
        }
    }

    async fn count_tokens(&self, request: &ChatRequest) -> Result<TokenCount, ModelError> {
        self.model.count_tokens(request).await
    }

    async fn check_liveness(&self) -> ServerLiveness {
        self.model.check_liveness().await
    }
}

/// Adds hints about the address and the key of a provider.
pub(crate) async fn add_hints(
    error: ModelError,
    client: &Client,
    provider: &ResolvedProvider,
) -> ModelError {
    match error.kind() {
        ModelErrorKind::Connect
        | ModelErrorKind::Timeout { kind: openclaw_core::TimeoutKind::Connect, .. } => {
            let error = error.with_hint(format!(
                "The address {} comes from {}.",
                provider.endpoint, provider.address_source
            ));
            if let Some(hint) = connection_hint(&error, provider.endpoint.base_url().as_str()) {
                return error.with_hint(hint);
            }
            if provider.id == VLLM {
                let port = provider.endpoint.base_url().port_or_known_default().unwrap_or(8000);
                error.with_hint(format!(
                    "Start the server with `vllm serve MODEL --port {port}`; while it loads, it \
                     refuses connections. `curl {}` shows when it is ready; `openclaw agent --wait` \
                     waits for it.",
                    provider.endpoint.api_url("models")
                ))
            } else {
                error
            }
        }
        ModelErrorKind::Auth => error.with_hint(auth_hint(provider)),
        ModelErrorKind::Protocol => match find_api_url(client).await {
            Some(url) => error.with_hint(format!(
                "The API answers at {url}: set `{}` to it.",
                provider_path(&provider.id).with_key("baseUrl")
            )),
            None => error.with_hint(format!(
                "The address {} comes from {}; no OpenAI-compatible API was found beside it.",
                provider.endpoint, provider.address_source
            )),
        },
        _ => error,
    }
}

/// A hint about a wrong scheme or host, judged by the causes of a failed connection.
fn connection_hint(error: &ModelError, address: &str) -> Option<String> {
    let first = error.source();
    let causes: Vec<String> =
        std::iter::successors(first, |cause: &&(dyn Error + 'static)| (*cause).source())
            .map(ToString::to_string)
            .collect();
    let names_any =
        |parts: &[&str]| causes.iter().any(|cause| parts.iter().any(|part| cause.contains(part)));
    let (scheme, rest) = address.split_once("://")?;
    if scheme == "https" && names_any(&["InvalidContentType", "corrupt message"]) {
        return Some(format!("The port speaks plain HTTP: use `http://{rest}`."));
    }
    if names_any(&["dns error", "lookup address", "Name or service not known"]) {
        let host = rest.split(['/', ':']).next()?;
        return Some(format!(
            "No address is known for the host `{host}`: check its spelling and the name service."
        ));
    }
    None
}

/// A hint about a refused or missing key.
fn auth_hint(provider: &ResolvedProvider) -> String {
    if provider.key.is_some() && !provider.sends_key {
        let at = provider_path(&provider.id).with_key("authHeader");
        return format!(
            "The server wants a key and none was sent, because `{at}` is false: remove it, or set \
             the server's own header in `{}`.",
            provider_path(&provider.id).with_key("headers")
        );
    }
    if let Some(key) = &provider.key {
        return match key.fingerprint().as_str() {
            // A key too short to show a part of it.
            "set" => format!("The server refuses the key from {}.", key.source),
            part => format!("The server refuses the key `{part}` from {}.", key.source),
        };
    }
    let at = provider_path(&provider.id).with_key("apiKey");
    match builtin::find_provider(&provider.id).and_then(|it| it.key_variable) {
        Some(name) => format!("The server wants a key and none was sent: set `{name}` or `{at}`."),
        None => format!("The server wants a key and none was sent: set `{at}`."),
    }
}

/// Looks for the API at similar addresses, within the discovery timeout.
async fn find_api_url(client: &Client) -> Option<String> {
    let wait = Duration::from_secs(DISCOVERY_TIMEOUT_SECONDS);
    tokio::time::timeout(wait, find_api_base_url(client)).await.ok().flatten()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_unknown_host_is_named() {
        let cause = std::io::Error::other("failed to lookup address information");
        let error = ModelError::new(ModelErrorKind::Connect, "connect").with_source(cause);
        let hint = connection_hint(&error, "http://gpu-box:8000/v1").unwrap();
        assert!(hint.contains("`gpu-box`"), "{hint}");
        let error = ModelError::new(ModelErrorKind::Connect, "connect");
        assert_eq!(connection_hint(&error, "http://gpu-box:8000/v1"), None);
    }
}
