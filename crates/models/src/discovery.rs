//! Asks servers which models they serve.
//!
//! Every provider is asked in the same way. The results are cached, so that a server that cannot be
//! asked later is still known.

use std::future::Future;
use std::time::Duration;

use futures_util::future::join;
use openclaw_config::ProviderApi;
use openclaw_config::defaults::DISCOVERY_TIMEOUT_SECONDS;
use openclaw_core::{ModelError, ModelErrorKind, TimeoutKind};
use openclaw_providers_openai::{
    ServedModel, find_context_windows, list_models, use_trained_windows,
};
use openclaw_transport::Client;
use tokio::time::{Instant, timeout_at};

use crate::anthropic;
use crate::builtin;
use crate::cache::OptionalRoute;
use crate::connector::ModelConnector;
use crate::context::ResolvedProvider;

/// What a server reports about itself.
#[derive(Debug)]
pub(crate) struct ServerDescription {
    /// Its models; `None` when it was not asked, because it lately had no list.
    pub(crate) models: Option<Result<Vec<ServedModel>, ModelError>>,
    /// Its version, if `/version` reports one.
    pub(crate) version: Option<String>,
}

impl ModelConnector {
    /// Lists a server's models, within the discovery timeout. Windows missing from the list are
    /// looked up on other routes: for all models, or for the model `wanted` only. Those routes are
    /// not asked for one model when the server lately had none of them.
    pub(crate) async fn list_served(
        &self,
        client: &Client,
        provider: &ResolvedProvider,
        wanted: Option<&str>,
    ) -> Result<Vec<ServedModel>, ModelError> {
        let wait = Duration::from_secs(DISCOVERY_TIMEOUT_SECONDS);
        let ends_at = Instant::now() + wait;
        let endpoint = &provider.endpoint;
        if provider.effective_api() == ProviderApi::AnthropicMessages {
            return self.list_messages_models(client, provider, wait).await;
        }
        let listed = timeout_at(ends_at, list_models(client)).await;
        let mut served = listed.unwrap_or_else(|_elapsed| Err(discovery_timeout(client, wait)))?;
        self.cache.record_route(endpoint, OptionalRoute::Models, true);
        if builtin::is_hosted_service(endpoint) {
            // Its windows are documented.
        } else if wanted.is_some() && self.cache.is_absent(endpoint, OptionalRoute::Windows) {
            use_trained_windows(&mut served);
        } else {
            // Windows found before the timeout are kept.
            let search = find_context_windows(client, &mut served, wanted);
            if let Ok(has_answer) = timeout_at(ends_at, search).await {
                self.cache.record_route(endpoint, OptionalRoute::Windows, has_answer);
            }
        }
        self.cache.record_served(endpoint, &served);
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
        let served = listed.unwrap_or_else(|_elapsed| Err(discovery_timeout(client, wait)))?;
        self.cache.record_served(&provider.endpoint, &served);
        Ok(served)
    }

    /// Asks a server for one of its models, and for the server's version. Neither is asked of a
    /// server that lately did not have it.
    pub(crate) async fn discover_model(
        &self,
        client: &Client,
        provider: &ResolvedProvider,
        wanted: &str,
    ) -> ServerDescription {
        let endpoint = &provider.endpoint;
        let list = async {
            if self.cache.is_absent(endpoint, OptionalRoute::Models) {
                return None;
            }
            let listed = self.list_served(client, provider, Some(wanted)).await;
            if listed.as_ref().is_err_and(lacks_route) {
                self.cache.record_route(endpoint, OptionalRoute::Models, false);
            }
            Some(listed)
        };
        if builtin::is_hosted_service(endpoint) {
            return ServerDescription { models: list.await, version: None };
        }
        let version = within_discovery_time(self.query_version(client, provider));
        let (models, version) = join(list, version).await;
        if version.is_none() {
            self.cache.record_route(endpoint, OptionalRoute::Version, false);
        }
        ServerDescription { models, version: version.flatten() }
    }

    /// Asks a server for its version; `None` when it does not report one.
    async fn query_version(&self, client: &Client, provider: &ResolvedProvider) -> Option<String> {
        let endpoint = &provider.endpoint;
        if self.cache.is_absent(endpoint, OptionalRoute::Version) {
            return None;
        }
        let reply = client.get(client.endpoint().root_url("version")).await;
        let is_absent =
            reply.as_ref().is_err_and(|error| is_absent_status(error.exchange().status));
        self.cache.record_route(endpoint, OptionalRoute::Version, !is_absent);
        let said: serde_json::Value = reply.ok()?.parse_json().ok()?;
        Some(said.get("version")?.as_str()?.chars().take(64).collect())
    }
}

/// Whether a server has no list of models, or leaves the question unanswered.
pub(crate) fn lacks_route(error: &ModelError) -> bool {
    let exchange = error.http_exchange();
    matches!(error.kind(), ModelErrorKind::Timeout { kind: TimeoutKind::Total, .. })
        || is_absent_status(exchange.and_then(|exchange| exchange.status))
}

fn is_absent_status(status: Option<u16>) -> bool {
    matches!(status, Some(404 | 405 | 501))
}

async fn within_discovery_time<T>(question: impl Future<Output = T>) -> Option<T> {
    let wait = Duration::from_secs(DISCOVERY_TIMEOUT_SECONDS);
    tokio::time::timeout(wait, question).await.ok()
}

fn discovery_timeout(client: &Client, wait: Duration) -> ModelError {
    ModelError::new(
        ModelErrorKind::Timeout { kind: TimeoutKind::Total, after: wait },
        format!(
            "get the list of models from {} within {DISCOVERY_TIMEOUT_SECONDS} s",
            client.endpoint()
        ),
    )
}
