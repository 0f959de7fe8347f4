//! A connection to a gateway.

use std::collections::VecDeque;
use std::fmt;
use std::time::Duration;

use futures_util::{SinkExt as _, StreamExt as _};
use openclaw_protocol::gateway::{
    EventFrame, GatewayError, HelloOk, MAX_FRAME_BYTES, RequestFrame, ResponseFrame,
};
use serde_json::{Value, json};
use tokio::net::TcpStream;
use tokio_tungstenite::WebSocketStream;
use tokio_tungstenite::tungstenite::Message;
use tokio_tungstenite::tungstenite::protocol::WebSocketConfig;

use crate::address::GatewayAddress;
use crate::credentials::ClientCredentials;
use crate::error::ClientError;

/// How long a gateway may take to let a client in.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(10);

/// The most events that wait to be taken; the oldest are dropped.
const MAX_WAITING_EVENTS: usize = 10_000;

/// A connected client.
pub struct GatewayClient {
    socket: WebSocketStream<TcpStream>,
    address: GatewayAddress,
    hello: Option<HelloOk>,
    events: VecDeque<EventFrame>,
    next_id: u64,
}

/// A frame of a gateway.
enum IncomingFrame {
    Response(ResponseFrame),
    Event(EventFrame),
    /// Of a kind that this version does not know.
    Other,
}

impl fmt::Debug for GatewayClient {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("GatewayClient").field("address", &self.address).finish_non_exhaustive()
    }
}

impl GatewayClient {
    /// Connects and authenticates.
    ///
    /// # Errors
    /// When nothing listens at the address, it is no gateway, it does not let the client in, or it
    /// takes longer than ten seconds.
    pub async fn connect(
        address: &GatewayAddress,
        credentials: &ClientCredentials,
    ) -> Result<Self, ClientError> {
        let connecting =
            tokio::time::timeout(CONNECT_TIMEOUT, Self::shake_hands(address, credentials));
        connecting.await.unwrap_or_else(|_| {
            Err(ClientError::TimedOut { address: address.to_string(), limit: CONNECT_TIMEOUT })
        })
    }

    async fn shake_hands(
        address: &GatewayAddress,
        credentials: &ClientCredentials,
    ) -> Result<Self, ClientError> {
        let unreachable =
            |source| ClientError::Unreachable { address: address.to_string(), source };
        let stream = TcpStream::connect(address.authority()).await.map_err(unreachable)?;
        // Small requests need not wait for each other.
        let _ = stream.set_nodelay(true);
        let config = WebSocketConfig::default()
            .max_message_size(Some(MAX_FRAME_BYTES))
            .max_frame_size(Some(MAX_FRAME_BYTES));
        let opened =
            tokio_tungstenite::client_async_with_config(address.to_string(), stream, Some(config));
        let (socket, _) = opened.await.map_err(|error| ClientError::NotGateway {
            address: address.to_string(),
            reason: error.to_string(),
        })?;
        let mut client = Self {
            socket,
            address: address.clone(),
            hello: None,
            events: VecDeque::new(),
            next_id: 0,
        };
        let nonce = loop {
            if let IncomingFrame::Event(event) = client.next_frame().await?
                && event.event == "connect.challenge"
            {
                let nonce = event.payload.as_ref().and_then(|challenge| challenge.get("nonce"));
                break nonce.and_then(Value::as_str).unwrap_or_default().to_owned();
            }
        };
        let params = credentials.to_params(&nonce).map_err(|error| ClientError::NotGateway {
            address: address.to_string(),
            reason: error.to_string(),
        })?;
        let hello = client.call("connect", json!(params)).await?;
        // One that cannot be read was still a welcome.
        client.hello = serde_json::from_value(hello).ok();
        Ok(client)
    }

    /// What the gateway said when it let the client in; `None` when that cannot be read.
    #[must_use]
    pub fn hello(&self) -> Option<&HelloOk> {
        self.hello.as_ref()
    }

    /// Calls a method and waits for its response. Events that arrive meanwhile are kept for
    /// [`next_event`](Self::next_event).
    ///
    /// # Errors
    /// When the gateway refuses the request, and when the connection ends.
    pub async fn call(&mut self, method: &str, params: Value) -> Result<Value, ClientError> {
        let id = self.send_request(method, params).await?;
        self.response(&id).await
    }

    /// Calls a method that has two responses, such as `agent`, and waits for the second. The first
    /// is passed to `on_accepted`.
    ///
    /// # Errors
    /// As for [`call`](Self::call).
    pub async fn call_to_end(
        &mut self,
        method: &str,
        params: Value,
        on_accepted: impl FnOnce(&Value),
    ) -> Result<Value, ClientError> {
        let id = self.send_request(method, params).await?;
        let first = self.response(&id).await?;
        on_accepted(&first);
        self.response(&id).await
    }

    /// The next event.
    ///
    /// # Errors
    /// When the connection ends.
    pub async fn next_event(&mut self) -> Result<EventFrame, ClientError> {
        if let Some(event) = self.events.pop_front() {
            return Ok(event);
        }
        loop {
            if let IncomingFrame::Event(event) = self.next_frame().await? {
                return Ok(event);
            }
        }
    }

    async fn send_request(&mut self, method: &str, params: Value) -> Result<String, ClientError> {
        self.next_id += 1;
        let id = self.next_id.to_string();
        let text = RequestFrame::new(id.clone(), method, params).to_text();
        match self.socket.send(Message::text(text)).await {
            Ok(()) => Ok(id),
            Err(error) => Err(self.closed(Some(error.to_string()))),
        }
    }

    async fn response(&mut self, id: &str) -> Result<Value, ClientError> {
        loop {
            match self.next_frame().await? {
                IncomingFrame::Response(response) if response.id == id => {
                    return match (response.ok, response.error) {
                        (true, _) => Ok(response.payload.unwrap_or_default()),
                        (false, error) => Err(ClientError::Refused {
                            address: self.address.to_string(),
                            error: Box::new(error.unwrap_or_else(unexplained_error)),
                        }),
                    };
                }
                IncomingFrame::Event(event) => {
                    if self.events.len() >= MAX_WAITING_EVENTS {
                        self.events.pop_front();
                    }
                    self.events.push_back(event);
                }
                _ => {}
            }
        }
    }

    async fn next_frame(&mut self) -> Result<IncomingFrame, ClientError> {
        loop {
            match self.socket.next().await {
                Some(Ok(Message::Text(text))) => return Ok(parse_frame(&text)),
                Some(Ok(Message::Close(frame))) => {
                    let reason = frame.map(|frame| frame.reason.to_string());
                    return Err(self.closed(reason));
                }
                Some(Ok(_)) => {}
                Some(Err(error)) => return Err(self.closed(Some(error.to_string()))),
                None => return Err(self.closed(None)),
            }
        }
    }

    fn closed(&self, reason: Option<String>) -> ClientError {
        let reason = reason.filter(|reason| !reason.is_empty());
        ClientError::Closed {
            address: self.address.to_string(),
            reason: reason.map_or(String::new(), |reason| format!(" ({reason})")),
        }
    }
}

fn parse_frame(text: &str) -> IncomingFrame {
    let Ok(value) = serde_json::from_str::<Value>(text) else { return IncomingFrame::Other };
    let kind = value.get("type").and_then(Value::as_str).map(str::to_owned);
    match kind.as_deref() {
        Some("res") => serde_json::from_value(value).map(IncomingFrame::Response),
        Some("event") => serde_json::from_value(value).map(IncomingFrame::Event),
        _ => return IncomingFrame::Other,
    }
    .unwrap_or(IncomingFrame::Other)
}

fn unexplained_error() -> GatewayError {
    GatewayError::invalid_request("The gateway gave no reason.")
}
