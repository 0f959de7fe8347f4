//! How this program reaches a gateway: a connection for each piece of work.

use std::fmt;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{SystemTime, UNIX_EPOCH};

use futures_util::future::BoxFuture;
use openclaw_client::{ClientError, GatewayClient};
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::{Value, json};

/// What a connection is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum LinkPurpose {
    /// To read and write.
    Work,
    /// The same, and to decide about calls.
    Decide,
    /// To change what restricts commands.
    Administer,
}

/// Connects to a gateway.
pub type GatewayConnector = Arc<
    dyn Fn(LinkPurpose) -> BoxFuture<'static, Result<GatewayClient, ClientError>> + Send + Sync,
>;

/// A gateway that this program works with.
#[derive(Clone)]
pub struct GatewayLink {
    connector: GatewayConnector,
    address: String,
}

impl fmt::Debug for GatewayLink {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("GatewayLink").field("address", &self.address).finish_non_exhaustive()
    }
}

impl GatewayLink {
    /// `address` is for errors.
    #[must_use]
    pub fn new(address: String, connector: GatewayConnector) -> Self {
        Self { connector, address }
    }

    /// The address.
    #[must_use]
    pub fn address(&self) -> &str {
        &self.address
    }

    /// Connects.
    ///
    /// # Errors
    /// When the gateway cannot be reached or does not let the program in.
    pub async fn connect(&self, purpose: LinkPurpose) -> Result<GatewayClient, ClientError> {
        (self.connector)(purpose).await
    }

    /// Calls a method over a connection of its own.
    ///
    /// # Errors
    /// When the gateway cannot be reached, refuses the request, or answers in another form.
    pub async fn call<T: DeserializeOwned>(
        &self,
        method: &str,
        params: &impl Serialize,
    ) -> Result<T, ClientError> {
        self.call_as(LinkPurpose::Work, method, params).await
    }

    /// Calls a method with other rights.
    ///
    /// # Errors
    /// As for [`call`](Self::call).
    pub async fn call_as<T: DeserializeOwned>(
        &self,
        purpose: LinkPurpose,
        method: &str,
        params: &impl Serialize,
    ) -> Result<T, ClientError> {
        let mut client = self.connect(purpose).await?;
        client.watch_ticks();
        let answer = client.call(method, json!(params)).await?;
        self.read_answer(answer)
    }

    /// Reads an answer of the gateway.
    ///
    /// # Errors
    /// When it has another form.
    pub fn read_answer<T: DeserializeOwned>(&self, answer: Value) -> Result<T, ClientError> {
        serde_json::from_value(answer).map_err(|error| ClientError::NotGateway {
            address: self.address.clone(),
            reason: format!("its answer cannot be read: {error}"),
        })
    }
}

/// A key that no other request has: with it, a request that is sent again is the same request.
#[must_use]
pub fn new_request_key() -> String {
    static COUNT: AtomicU64 = AtomicU64::new(0);
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    let count = COUNT.fetch_add(1, Ordering::Relaxed);
    format!("cli-{}-{}-{count}", std::process::id(), since.as_nanos())
}
