//! One websocket from its challenge to its end.

use std::borrow::Cow;
use std::net::IpAddr;
use std::sync::Arc;
use std::time::SystemTime;

use futures_util::{SinkExt as _, StreamExt as _};
use openclaw_protocol::gateway::{
    AuthGrant, ConnectChallenge, ConnectErrorCode, ConnectionPolicy, EventFrame, FeatureList,
    GatewayError, HelloOk, MAX_BUFFERED_BYTES, MAX_FRAME_BYTES, PROTOCOL_VERSION, RequestFrame,
    ResponseFrame, ServerInfo, StateSnapshot, StateVersion,
};
use serde_json::{Value, json};
use tokio_tungstenite::tungstenite::Message;
use tokio_tungstenite::tungstenite::protocol::CloseFrame;

use crate::clients::{ClientGrant, ClientQueue, OutgoingFrame, OutgoingFrames};
use crate::gateway::{GatewayState, TICK_INTERVAL};
use crate::handshake::{HANDSHAKE_TIMEOUT, Handshake};
use crate::methods::{ConnectedClient, EVENTS, METHODS};
use crate::random::random_hex;
use crate::runs::unix_millis;
use crate::websocket::{ClientSocket, HandshakeLimit};

/// The most requests of one connection that are carried out at once.
const MAX_OPEN_REQUESTS: usize = 64;

/// Why a connection is closed.
struct ClosingReason {
    code: u16,
    text: Cow<'static, str>,
}

impl ClosingReason {
    fn new(code: u16, text: impl Into<Cow<'static, str>>) -> Self {
        Self { code, text: text.into() }
    }
}

/// Serves a websocket until it ends.
pub(crate) async fn serve_socket(
    state: Arc<GatewayState>,
    mut socket: ClientSocket,
    limit: HandshakeLimit,
    address: IpAddr,
) {
    let connected = match tokio::time::timeout(
        HANDSHAKE_TIMEOUT,
        shake_hands(&state, &mut socket, &limit, address),
    )
    .await
    {
        Ok(Ok(connected)) => connected,
        Ok(Err(reason)) => {
            tracing::warn!("a client from {address} was not let in: {}", reason.text);
            return close(&mut socket, reason).await;
        }
        Err(_) => {
            let reason = ClosingReason::new(1008, "no `connect` within 15 seconds");
            return close(&mut socket, reason).await;
        }
    };
    limit.lift();
    tracing::info!("a client from {address} connected");
    let (queue, frames) = ClientQueue::new();
    let client = ConnectedClient { state: Arc::clone(&state), queue, grant: connected };
    let registration = state.clients.add_client(client.queue.clone(), client.grant.clone());
    serve_client(client, socket, frames).await;
    tracing::info!("a client from {address} left");
    drop(registration);
}

/// Sends the challenge, and lets the client in or tells it why not.
async fn shake_hands(
    state: &GatewayState,
    socket: &mut ClientSocket,
    limit: &HandshakeLimit,
    address: IpAddr,
) -> Result<ClientGrant, ClosingReason> {
    let broken = |_| ClosingReason::new(1011, "the connection is broken");
    let nonce = random_hex(16).map_err(|_| ClosingReason::new(1011, "no random numbers"))?;
    let challenge = ConnectChallenge { nonce, ts: unix_millis(SystemTime::now()) };
    let challenge = EventFrame::new("connect.challenge", json!(challenge));
    socket.send(Message::text(json!(challenge).to_string())).await.map_err(broken)?;
    let text = loop {
        match socket.next().await {
            Some(Ok(Message::Text(text))) => break text,
            Some(Ok(Message::Ping(_) | Message::Pong(_))) => {}
            Some(Ok(Message::Close(_))) | None => {
                return Err(ClosingReason::new(1000, "closed before `connect`"));
            }
            Some(Ok(_)) => {
                return Err(ClosingReason::new(1003, "the first frame must be `connect`, as text"));
            }
            Some(Err(_)) if limit.is_exceeded() => {
                return Err(ClosingReason::new(1009, "too much before `connect`"));
            }
            Some(Err(_)) => return Err(ClosingReason::new(1002, "no valid websocket frame")),
        }
    };
    let request = match RequestFrame::parse(&text) {
        Ok(Some(request)) => request,
        Ok(None) => {
            return Err(ClosingReason::new(1008, "the first frame must be the request `connect`"));
        }
        Err(error) => {
            let text = format!("the first frame must {}", error.expected());
            return Err(ClosingReason::new(1007, text));
        }
    };
    let handshake = Handshake {
        authentication: &state.settings.authentication,
        limiter: &state.limiter,
        address,
    };
    match handshake.examine(&request) {
        Ok(grant) => {
            let hello = hello(state, &grant);
            let response = ResponseFrame::success(request.id, json!(hello));
            socket.send(Message::text(json!(response).to_string())).await.map_err(broken)?;
            Ok(grant)
        }
        Err(error) => {
            let reason = refusal_reason(&error);
            let response = ResponseFrame::failure(request.id, error);
            socket.send(Message::text(json!(response).to_string())).await.map_err(broken)?;
            Err(reason)
        }
    }
}

fn refusal_reason(error: &GatewayError) -> ClosingReason {
    let code = error.details.as_ref().and_then(|details| details.get("code"));
    let code = code.and_then(Value::as_str).unwrap_or(&error.code).to_owned();
    let number = if code == ConnectErrorCode::ProtocolMismatch.as_str() { 1002 } else { 1008 };
    ClosingReason::new(number, code)
}

fn hello(state: &GatewayState, grant: &ClientGrant) -> HelloOk {
    HelloOk {
        protocol: PROTOCOL_VERSION,
        server: ServerInfo {
            version: env!("CARGO_PKG_VERSION").to_owned(),
            boot_id: state.boot_id.clone(),
            conn_id: random_hex(8).unwrap_or_default(),
        },
        features: FeatureList {
            methods: METHODS.iter().map(|(name, _)| (*name).to_owned()).collect(),
            events: EVENTS.iter().map(|name| (*name).to_owned()).collect(),
        },
        snapshot: StateSnapshot {
            presence: Vec::new(),
            health: json!({}),
            state_version: StateVersion::default(),
            uptime_ms: state.uptime_ms(),
        },
        auth: AuthGrant { role: "operator".to_owned(), scopes: grant.scopes.clone() },
        policy: ConnectionPolicy {
            max_payload: MAX_FRAME_BYTES,
            max_buffered_bytes: MAX_BUFFERED_BYTES,
            tick_interval_ms: u64::try_from(TICK_INTERVAL.as_millis()).unwrap_or(u64::MAX),
        },
    }
}

/// Reads requests and writes what is queued, each without waiting for the other.
async fn serve_client(client: ConnectedClient, socket: ClientSocket, mut frames: OutgoingFrames) {
    let (mut sink, mut stream) = socket.split();
    let writing = async {
        while let Some(frame) = frames.next_frame().await {
            let (message, is_last) = match frame {
                OutgoingFrame::Text(text) => (Message::text(text), false),
                OutgoingFrame::Close { code, reason } => {
                    (close_message(&ClosingReason::new(code, reason)), true)
                }
            };
            if sink.send(message).await.is_err() || is_last {
                break;
            }
        }
        // The peer may be gone already.
        let _ = sink.close().await;
    };
    let reading = async {
        let mut open = tokio::task::JoinSet::new();
        while let Some(Ok(message)) = stream.next().await {
            match message {
                Message::Text(text) => match RequestFrame::parse(&text) {
                    Ok(Some(request)) => {
                        while open.try_join_next().is_some() {}
                        if open.len() >= MAX_OPEN_REQUESTS {
                            let error = GatewayError::invalid_request(
                                "Too many requests of this connection are open.",
                            );
                            let error = error.with_retry(Some(1000));
                            client.queue.send_response(&ResponseFrame::failure(request.id, error));
                            continue;
                        }
                        open.spawn(client.clone().handle_request(request));
                    }
                    Ok(None) => {}
                    Err(_) => client.queue.close(1007, "a frame must be a request in JSON"),
                },
                Message::Binary(_) => client.queue.close(1003, "frames must be text"),
                Message::Close(_) => break,
                _ => {}
            }
        }
        // What the client asked for and nobody reads any more ends; its runs go on.
        open.abort_all();
    };
    tokio::select! {
        () = writing => {}
        () = reading => {}
    }
}

fn close_message(reason: &ClosingReason) -> Message {
    // A close frame holds 123 bytes of reason.
    let text: String = reason.text.chars().take(100).collect();
    Message::Close(Some(CloseFrame { code: reason.code.into(), reason: text.into() }))
}

async fn close(socket: &mut ClientSocket, reason: ClosingReason) {
    // The peer may be gone already.
    let _ = socket.send(close_message(&reason)).await;
    let _ = socket.close(None).await;
}
