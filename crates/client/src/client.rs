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
use tokio::time::Instant;
use tokio_tungstenite::WebSocketStream;
use tokio_tungstenite::tungstenite::Message;
use tokio_tungstenite::tungstenite::protocol::CloseFrame;
use tokio_tungstenite::tungstenite::protocol::WebSocketConfig;

use crate::address::GatewayAddress;
use crate::credentials::ClientCredentials;
use crate::error::ClientError;

/// How long a gateway may take to let a client in.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(10);

/// The most events that wait to be taken; the oldest are dropped.
const MAX_WAITING_EVENTS: usize = 10_000;

/// How many ticks may be missing before a connection counts as broken.
const MISSED_TICKS: u32 = 2;

/// The time between two ticks of a gateway that does not tell it.
const DEFAULT_TICK_INTERVAL: Duration = Duration::from_secs(30);

/// The code with which a connection without ticks is closed.
const TICK_TIMEOUT_CODE: u16 = 4000;

/// How long a broken connection may take to be closed.
const CLOSE_TIMEOUT: Duration = Duration::from_millis(500);

/// What a gateway sent.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub enum GatewayMessage {
    /// The answer to a request.
    Response {
        /// What [`send_request`](GatewayClient::send_request) returned for it.
        id: String,
        /// The result.
        result: Result<Value, Box<GatewayError>>,
    },
    /// Something that happened.
    Event(EventFrame),
}

/// A connected client.
pub struct GatewayClient {
    socket: WebSocketStream<TcpStream>,
    address: GatewayAddress,
    hello: Option<HelloOk>,
    events: VecDeque<EventFrame>,
    next_id: u64,
    last_frame_at: Instant,
    /// How long the gateway may be silent; `None` for ever.
    silence_limit: Option<Duration>,
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
            last_frame_at: Instant::now(),
            silence_limit: None,
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

    /// Calls a method, and passes each event that arrives before its response to `on_event`.
    ///
    /// # Errors
    /// As for [`call`](Self::call).
    pub async fn call_with_events(
        &mut self,
        method: &str,
        params: Value,
        mut on_event: impl FnMut(EventFrame),
    ) -> Result<Value, ClientError> {
        let id = self.send_request(method, params).await?;
        loop {
            match self.next_frame().await? {
                IncomingFrame::Response(response) if response.id == id => {
                    return self.to_result(response);
                }
                IncomingFrame::Event(event) => on_event(event),
                _ => {}
            }
        }
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

    /// Takes a connection on which the gateway sends nothing during two of its ticks for broken,
    /// from now on. What waits for the gateway then fails.
    pub fn watch_ticks(&mut self) {
        let told = self.hello.as_ref().map(|hello| hello.policy.tick_interval_ms);
        let told = told.filter(|interval| *interval > 0).map(Duration::from_millis);
        let interval = told.unwrap_or(DEFAULT_TICK_INTERVAL);
        self.silence_limit = Some(interval.saturating_mul(MISSED_TICKS));
        self.last_frame_at = Instant::now();
    }

    /// The next event or response, in the order of their arrival. A call that is dropped before it
    /// returns loses nothing.
    ///
    /// # Errors
    /// When the connection ends, and when the gateway misses its ticks.
    pub async fn next_message(&mut self) -> Result<GatewayMessage, ClientError> {
        if let Some(event) = self.events.pop_front() {
            return Ok(GatewayMessage::Event(event));
        }
        loop {
            match self.next_frame().await? {
                IncomingFrame::Event(event) => return Ok(GatewayMessage::Event(event)),
                IncomingFrame::Response(ResponseFrame { id, ok, payload, error }) => {
                    let result = if ok {
                        Ok(payload.unwrap_or_default())
                    } else {
                        Err(Box::new(error.unwrap_or_else(unexplained_error)))
                    };
                    return Ok(GatewayMessage::Response { id, result });
                }
                IncomingFrame::Other => {}
            }
        }
    }

    /// Sends a request without waiting for its response, and returns its id.
    ///
    /// # Errors
    /// When the connection ends.
    pub async fn send_request(
        &mut self,
        method: &str,
        params: Value,
    ) -> Result<String, ClientError> {
        self.next_id += 1;
        let id = self.next_id.to_string();
        let text = RequestFrame::new(id.clone(), method, params).to_text();
        let limit = self.silence_limit;
        let sending = self.socket.send(Message::text(text));
        let sent = match limit {
            None => sending.await,
            Some(limit) => match tokio::time::timeout(limit, sending).await {
                Ok(sent) => sent,
                Err(_) => return Err(self.silent(limit)),
            },
        };
        match sent {
            Ok(()) => Ok(id),
            Err(error) => Err(self.closed(Some(error.to_string()))),
        }
    }

    async fn response(&mut self, id: &str) -> Result<Value, ClientError> {
        loop {
            match self.next_frame().await? {
                IncomingFrame::Response(response) if response.id == id => {
                    return self.to_result(response);
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

    fn to_result(&self, response: ResponseFrame) -> Result<Value, ClientError> {
        match (response.ok, response.error) {
            (true, _) => Ok(response.payload.unwrap_or_default()),
            (false, error) => Err(ClientError::Refused {
                address: self.address.to_string(),
                error: Box::new(error.unwrap_or_else(unexplained_error)),
            }),
        }
    }

    async fn next_frame(&mut self) -> Result<IncomingFrame, ClientError> {
        loop {
            let received = match self.silence_limit {
                None => self.socket.next().await,
                Some(limit) => {
                    let deadline = self.last_frame_at + limit;
                    let received = tokio::time::timeout_at(deadline, self.socket.next()).await;
                    let Ok(received) = received else {
                        self.close_silent().await;
                        return Err(self.silent(limit));
                    };
                    received
                }
            };
            self.last_frame_at = Instant::now();
            match received {
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

    /// Closes a connection without ticks. The other end may never hear of it.
    async fn close_silent(&mut self) {
        let frame = CloseFrame { code: TICK_TIMEOUT_CODE.into(), reason: "tick timeout".into() };
        let _ = tokio::time::timeout(CLOSE_TIMEOUT, self.socket.close(Some(frame))).await;
    }

    fn silent(&self, limit: Duration) -> ClientError {
        ClientError::Silent { address: self.address.to_string(), limit }
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
