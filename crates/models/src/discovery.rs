//! Asks servers which models they serve.
//!
//! Every provider is asked in the same way. The results are cached, so that a server that cannot be
//! asked later is still known.

use std::future::Future;
use std::time::Duration;

use futures_util::future::join;
use openclaw_config::ProviderApi;
use openclaw_config::defaults::DISCOVERY_TIMEOUT_SECONDS;
use openclaw_core::{ModelError, ModelErrorKind, ModelTimeoutKind};
use openclaw_providers_openai::{ServedModel, find_context_windows, list_models};
use openclaw_transport::Client;
use tokio::time::{Instant, timeout_at};

use crate::anthropic;
use crate::builtin;
use crate::connector::ModelConnector;
use crate::context::ResolvedProvider;
use crate::failure_hints::add_hints;

/// What a server reports about itself.
#[derive(Debug, Clone, Default)]
pub(crate) struct ServerDescription {
    pub(crate) models: Vec<ServedModel>,
    /// Its version, if `/version` reports one.
    pub(crate) version: Option<String>,
}

impl ModelConnector {
    /// Lists a server's models, within the discovery timeout. Windows missing from the list are
    /// looked up on other routes: for all models, or for the model `wanted` only.
    pub(crate) async fn list_served(
        &self,
        client: &Client,
        provider: &ResolvedProvider,
        wanted: Option<&str>,
    ) -> Result<Vec<ServedModel>, ModelError> {
        let wait = Duration::from_secs(DISCOVERY_TIMEOUT_SECONDS);
        let ends_at = Instant::now() + wait;
        if provider.effective_api() == ProviderApi::AnthropicMessages {
            return self.list_messages_models(client, provider, wait).await;
        }
        let mut served = match timeout_at(ends_at, list_models(client)).await {
            Ok(Ok(served)) => served,
            Ok(Err(error)) => return Err(add_hints(error, client, provider).await),
            Err(_elapsed) => {
                return Err(add_hints(discovery_timeout(client, wait), client, provider).await);
            }
        };
        // Windows found before the timeout are kept.
        if !builtin::is_hosted_service(&provider.endpoint) {
            let _ = timeout_at(ends_at, find_context_windows(client, &mut served, wanted)).await;
        }
        self.cache.record_served(&provider.endpoint, &served);
        Ok(served)
    }

    /// Lists the models of a server with the Messages API, which reports windows in its list only.
    async fn list_messages_models(
        &self,
        client: &Client,
        provider: &ResolvedProvider,
        wait: Duration,
    ) -> Result<Vec<ServedModel>, ModelError> {
        let listed = tokio::time::timeout(wait, anthropic::list_models(client)).await;
        match listed.unwrap_or_else(|_elapsed| Err(discovery_timeout(client, wait))) {
            Ok(served) => {
                self.cache.record_served(&provider.endpoint, &served);
                Ok(served)
            }
            Err(error) => Err(add_hints(error, client, provider).await),
        }
    }

    /// Asks a server for one of its models, and for the server's version.
    pub(crate) async fn discover_model(
        &self,
        client: &Client,
        provider: &ResolvedProvider,
        wanted: &str,
    ) -> Result<ServerDescription, ModelError> {
        let list = self.list_served(client, provider, Some(wanted));
        if builtin::is_hosted_service(&provider.endpoint) {
            return Ok(ServerDescription { models: list.await?, version: None });
        }
        let (models, version) = join(list, within_discovery_time(query_version(client))).await;
        Ok(ServerDescription { models: models?, version: version.flatten() })
    }
}

/// Asks a server for its version; `None` when it does not report one.
pub(crate) async fn query_version(client: &Client) -> Option<String> {
    let reply = client.get(client.endpoint().root_url("version")).await.ok()?;
    let said: serde_json::Value = reply.parse_json().ok()?;
    Some(said.get("version")?.as_str()?.chars().take(64).collect())
}

async fn within_discovery_time<T>(question: impl Future<Output = T>) -> Option<T> {
    let wait = Duration::from_secs(DISCOVERY_TIMEOUT_SECONDS);
    tokio::time::timeout(wait, question).await.ok()
}

fn discovery_timeout(client: &Client, wait: Duration) -> ModelError {
    ModelError::new(
        ModelErrorKind::Timeout { kind: ModelTimeoutKind::Total, after: wait },
        format!(
            "get the list of models from {} within {DISCOVERY_TIMEOUT_SECONDS} s",
            client.endpoint()
        ),
    )
}
