//! Adds to an error what only the set-up knows: where the address and the key came from.

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use openclaw_config::defaults::DISCOVERY_TIMEOUT_SECONDS;
use openclaw_core::{
    ChatModel, ChatRequest, ChatStream, Liveness, ModelError, ModelErrorKind, ModelInfo, TokenCount,
};
use openclaw_providers_openai::find_api;
use openclaw_transport::Client;

use crate::builtin::{self, VLLM};
use crate::setup::{Provider, provider_path};

/// A model whose errors say what to do about the set-up.
#[derive(Debug)]
pub(crate) struct Advised {
    pub(crate) model: Arc<dyn ChatModel>,
    pub(crate) client: Client,
    pub(crate) provider: Arc<Provider>,
}

#[async_trait]
impl ChatModel for Advised {
    fn info(&self) -> ModelInfo {
        self.model.info()
    }

    async fn chat(&self, request: ChatRequest) -> Result<ChatStream, ModelError> {
        match self.model.chat(request).await {
            Ok(stream) => Ok(stream),
            Err(error) => Err(advise(error, &self.client, &self.provider).await),
        }
    }

    async fn count_tokens(&self, request: &ChatRequest) -> Result<TokenCount, ModelError> {
        self.model.count_tokens(request).await
    }

    async fn liveness(&self) -> Liveness {
        self.model.liveness().await
    }
}

/// Adds hints about the address and the key of a provider.
pub(crate) async fn advise(error: ModelError, client: &Client, provider: &Provider) -> ModelError {
    match error.kind() {
        ModelErrorKind::Connect
        | ModelErrorKind::Timeout { clock: openclaw_core::Clock::Connect, .. } => {
            let error = error.with_hint(format!(
                "The address {} comes from {}.",
                provider.endpoint, provider.address_source
            ));
            if provider.id == VLLM {
                let port = provider.endpoint.base().port_or_known_default().unwrap_or(8000);
                error.with_hint(format!(
                    "Start the server with `vllm serve MODEL --port {port}`; while it loads, it \
                     refuses connections. `curl {}` shows when it is ready; `openclaw agent --wait` \
                     waits for it.",
                    provider.endpoint.api("models")
                ))
            } else {
                error
            }
        }
        ModelErrorKind::Auth => error.with_hint(auth(provider)),
        ModelErrorKind::Protocol => match search(client).await {
            Some(url) => error.with_hint(format!(
                "The API answers at {url}: set `{}` to it.",
                provider_path(&provider.id).key("baseUrl")
            )),
            None => error.with_hint(format!(
                "The address {} comes from {}; no OpenAI-compatible API was found beside it.",
                provider.endpoint, provider.address_source
            )),
        },
        _ => error,
    }
}

/// What to do about the key of a provider that is refused or missing.
fn auth(provider: &Provider) -> String {
    if let Some(key) = &provider.key {
        return match key.fingerprint().as_str() {
            // What is too short to show a part of it.
            "set" => format!("The server refuses the key from {}.", key.source),
            part => format!("The server refuses the key `{part}` from {}.", key.source),
        };
    }
    let at = provider_path(&provider.id).key("apiKey");
    match builtin::find(&provider.id).and_then(|it| it.key_variable) {
        Some(name) => format!("The server wants a key and none was sent: set `{name}` or `{at}`."),
        None => format!("The server wants a key and none was sent: set `{at}`."),
    }
}

/// Looks for the API beside the address, no longer than discovery may take.
async fn search(client: &Client) -> Option<String> {
    let wait = Duration::from_secs(DISCOVERY_TIMEOUT_SECONDS);
    tokio::time::timeout(wait, find_api(client)).await.ok().flatten()
}
