//! What the gateway does by schedule asks first: whether a server is there, and whether a result may go
//! to a web address.

use std::time::Duration;

use openclaw_config::EgressPolicy;
use openclaw_provider::model_error;
use openclaw_transport::{CallTimeouts, Client, ClientOptions, Endpoint, TimeLimit, can_connect};
use serde_json::Value;

use crate::error::{ConnectError, SetupError, SetupErrorKind};
use crate::registry::ModelRegistry;

/// How long a server may take to accept a connection.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(3);

/// How long a whole delivery may take.
const DELIVERY_TIMEOUT: Duration = Duration::from_secs(30);

impl ModelRegistry {
    /// Looks whether a server of the agent's models takes connections. A hosted one is not looked at.
    /// Nothing is sent.
    ///
    /// # Errors
    /// When there is no such model, and when none of the servers takes connections: the reason then
    /// names them.
    pub async fn check_servers(&self, model: Option<&str>) -> Result<(), String> {
        let config = &self.loaded_config().config;
        let primary = match model {
            Some(name) => Some(self.parse_reference(name)),
            None => self.primary_model().transpose(),
        };
        let primary = primary.transpose().map_err(|error| format!("failed to {error}"))?;
        let fallbacks = config.fallback_models(self.env()).unwrap_or_default();
        let fallbacks = fallbacks.iter().filter_map(|name| self.parse_reference(name).ok());
        let mut closed = Vec::new();
        for reference in primary.into_iter().chain(fallbacks) {
            let found = self.resolve_provider(reference.provider_id(), Some(reference.model_id()));
            // What is wrong with it is the error of the turn.
            let Ok(provider) = found else { return Ok(()) };
            let endpoint = provider.endpoint;
            if !endpoint.is_private() || can_connect(&endpoint, CONNECT_TIMEOUT).await {
                return Ok(());
            }
            closed.push(format!("{reference} at {endpoint}"));
        }
        if closed.is_empty() {
            return Ok(());
        }
        Err(format!("no model server takes connections: {}", closed.join(", ")))
    }

    /// Checks that a result may be posted to a web address: it is in this network, or `models.egress`
    /// lets conversations leave it.
    ///
    /// # Errors
    /// When it may not, or the text is no web address.
    pub fn check_webhook(&self, address: &str) -> Result<(), SetupError> {
        self.webhook_endpoint(address).map(|_| ())
    }

    /// Posts a JSON object to a web address, with `cron.webhookToken` when there is one.
    ///
    /// # Errors
    /// When it may not be posted there, and when the server does not take it.
    pub async fn post_webhook(&self, address: &str, body: &Value) -> Result<u16, ConnectError> {
        let endpoint = self.webhook_endpoint(address).map_err(ConnectError::Setup)?;
        let key = "cron.webhookToken";
        let token = match &self.loaded_config().config.cron.webhook_token {
            Some(secret) => Some(self.resolve_secret(secret, key).map_err(ConnectError::Setup)?),
            None => None,
        };
        let limit = TimeLimit { duration: DELIVERY_TIMEOUT, source: "the delivery".into() };
        let timeouts = CallTimeouts { total: Some(limit), ..CallTimeouts::default() };
        let url = endpoint.base_url().clone();
        let options = ClientOptions::new(endpoint)
            .with_timeouts(timeouts)
            .with_bearer(token.map(|token| token.value));
        let failed = |error| ConnectError::Model(model_error(error, None));
        let client = Client::new(options).map_err(failed)?;
        let answer = client.post(url, body.to_string().into()).await.map_err(failed)?;
        Ok(answer.status)
    }

    fn webhook_endpoint(&self, address: &str) -> Result<Endpoint, SetupError> {
        let action = "deliver to a webhook";
        let endpoint = Endpoint::parse_resource(address).map_err(|error| {
            SetupError::new(SetupErrorKind::Provider, format!("{action}: its address is {error}"))
        })?;
        if endpoint.is_private() || self.lets_conversations_leave() {
            return Ok(endpoint);
        }
        let host = endpoint.base_url().host_str().unwrap_or_default().to_owned();
        let message =
            format!("{action} at {host}: `models.egress` keeps conversations in this network");
        Err(SetupError::new(SetupErrorKind::Egress, message)
            .with_hint("`openclaw config set models.egress any` lets them leave."))
    }

    fn lets_conversations_leave(&self) -> bool {
        match self.loaded_config().config.models.egress {
            Some(policy) => policy == EgressPolicy::Any,
            None => self.primary_model().ok().flatten().is_some_and(|primary| {
                let found = self.resolve_provider(primary.provider_id(), None);
                found.is_ok_and(|provider| !provider.endpoint.is_private())
            }),
        }
    }
}
