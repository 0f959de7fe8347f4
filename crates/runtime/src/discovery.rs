//! Asks servers what they serve.
//!
//! The same for every provider, wherever its address came from. What is found is remembered, so
//! that a server which cannot be asked the next time is still known.

use std::future::Future;
use std::time::Duration;

use futures_util::future::join;
use openclaw_config::Api;
use openclaw_config::defaults::DISCOVERY_TIMEOUT_SECONDS;
use openclaw_core::{Clock, ModelError, ModelErrorKind};
use openclaw_providers_openai::{ServedModel, find_windows, list_models};
use openclaw_transport::Client;
use tokio::time::{Instant, timeout_at};

use crate::advice::advise;
use crate::anthropic;
use crate::builtin;
use crate::connect::Connector;
use crate::setup::Provider;

/// What a server says of itself.
#[derive(Debug, Clone, Default)]
pub(crate) struct Discovered {
    pub(crate) models: Vec<ServedModel>,
    /// Its version, where it says one at `/version`.
    pub(crate) version: Option<String>,
}

impl Connector {
    /// Asks a server what it serves, within the time for discovery. Windows that its list leaves
    /// out are looked for elsewhere: all of them, or that of the model `wanted`.
    pub(crate) async fn list(
        &self,
        client: &Client,
        provider: &Provider,
        wanted: Option<&str>,
    ) -> Result<Vec<ServedModel>, ModelError> {
        let wait = Duration::from_secs(DISCOVERY_TIMEOUT_SECONDS);
        let ends_at = Instant::now() + wait;
        if provider.speaks() == Api::AnthropicMessages {
            return self.list_messages(client, provider, wait).await;
        }
        let mut served = match timeout_at(ends_at, list_models(client)).await {
            Ok(Ok(served)) => served,
            Ok(Err(error)) => return Err(advise(error, client, provider).await),
            Err(_elapsed) => return Err(advise(too_late(client, wait), client, provider).await),
        };
        // What is found in time is kept.
        if !builtin::is_service(&provider.endpoint) {
            let _ = timeout_at(ends_at, find_windows(client, &mut served, wanted)).await;
        }
        self.cache.note_served(&provider.endpoint, &served);
        Ok(served)
    }

    /// The same for a server of the Messages API, whose windows are in its list or nowhere.
    async fn list_messages(
        &self,
        client: &Client,
        provider: &Provider,
        wait: Duration,
    ) -> Result<Vec<ServedModel>, ModelError> {
        let listed = tokio::time::timeout(wait, anthropic::list_models(client)).await;
        match listed.unwrap_or_else(|_elapsed| Err(too_late(client, wait))) {
            Ok(served) => {
                self.cache.note_served(&provider.endpoint, &served);
                Ok(served)
            }
            Err(error) => Err(advise(error, client, provider).await),
        }
    }

    /// Asks a server what it serves, for one model of it, and of which version it is.
    pub(crate) async fn discover(
        &self,
        client: &Client,
        provider: &Provider,
        wanted: &str,
    ) -> Result<Discovered, ModelError> {
        let list = self.list(client, provider, Some(wanted));
        if builtin::is_service(&provider.endpoint) {
            return Ok(Discovered { models: list.await?, version: None });
        }
        let (models, version) = join(list, in_time(version(client))).await;
        Ok(Discovered { models: models?, version: version.flatten() })
    }
}

/// Asks which version a server is of; `None` where it does not say.
pub(crate) async fn version(client: &Client) -> Option<String> {
    let reply = client.get(client.endpoint().root("version")).await.ok()?;
    let said: serde_json::Value = reply.json().ok()?;
    Some(said.get("version")?.as_str()?.chars().take(64).collect())
}

async fn in_time<T>(question: impl Future<Output = T>) -> Option<T> {
    let wait = Duration::from_secs(DISCOVERY_TIMEOUT_SECONDS);
    tokio::time::timeout(wait, question).await.ok()
}

fn too_late(client: &Client, wait: Duration) -> ModelError {
    ModelError::new(
        ModelErrorKind::Timeout { clock: Clock::Total, after: wait },
        format!(
            "get the list of models from {} within {DISCOVERY_TIMEOUT_SECONDS} s",
            client.endpoint()
        ),
    )
}
