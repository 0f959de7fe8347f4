//! One websocket from its challenge to its end.

use std::borrow::Cow;
use std::sync::Arc;
use std::time::SystemTime;

use futures_util::stream::{SplitSink, SplitStream};
use futures_util::{SinkExt as _, StreamExt as _};
use openclaw_protocol::gateway::{
    AuthGrant, ConnectChallenge, ConnectErrorCode, ConnectionPolicy, EventFrame, FeatureList,
    GatewayError, GatewayErrorCode, HelloOk, MAX_BUFFERED_BYTES, MAX_FRAME_BYTES, RequestFrame,
    ResponseFrame, ServerInfo, StateSnapshot, StateVersion,
};
use serde_json::json;
use tokio::sync::watch;
use tokio_tungstenite::tungstenite::protocol::CloseFrame;
use tokio_tungstenite::tungstenite::{Bytes, Error as SocketError, Message};

use crate::clients::{ClientRegistration, OutgoingFrame, OutgoingFrames};
use crate::devices::AdmittedClient;
use crate::handshake::{ClientAuthenticator, HANDSHAKE_TIMEOUT};
use crate::http::ClientConnection;
use crate::methods::{ConnectedClient, EVENTS, METHODS};
use crate::nodes::{NODE_EVENTS, NODE_METHODS, NODE_ROLE, NodeConnection};
use crate::random::random_hex;
use crate::runs::unix_millis;
use crate::server::CLOSE_TIMEOUT;
use crate::state::GatewayState;
use crate::websocket::{ClientSocket, HandshakeLimit};

/// The most requests of one connection that are carried out at once.
const MAX_OPEN_REQUESTS: usize = 64;

/// The reason why a client with too many connections is not let in.
const TOO_MANY_CONNECTIONS: &str = "TOO_MANY_CONNECTIONS";

/// The ticks for which a client may be silent, though it is pinged.
const MAX_SILENT_TICKS: u32 = 2;

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
    connection: ClientConnection,
    mut socket: ClientSocket,
    limit: HandshakeLimit,
) {
    let address = connection.address;
    let mut ending = connection.ending.clone();
    let shaking =
        tokio::time::timeout(HANDSHAKE_TIMEOUT, shake_hands(&connection, &mut socket, &limit));
    let connected = tokio::select! {
        connected = shaking => connected.unwrap_or_else(|_| {
            Err(ClosingReason::new(1008, "no `connect` within 15 seconds"))
        }),
        () = connection.admitted.wait_for_eviction() => {
            Err(ClosingReason::new(1013, "too many connections wait for `connect`"))
        }
        _ = ending.wait_for(|ends| *ends) => Err(ClosingReason::new(1001, "the gateway ends")),
    };
    let entered = match connected {
        Ok(entered) => entered,
        Err(reason) => {
            tracing::warn!("a client from {address} was not let in: {}", reason.text);
            return close(&mut socket, reason).await;
        }
    };
    let holder = connection.holder_of(&entered.client.grant);
    limit.lift(connection.state.frame_budget.open_use(holder));
    tracing::info!("a client from {address} connected");
    serve_client(entered.client, socket, entered.frames, &limit).await;
    tracing::info!("a client from {address} left");
    drop((entered.node, entered.registration));
}

/// A client that is let in and registered.
struct EnteredClient {
    client: ConnectedClient,
    frames: OutgoingFrames,
    registration: ClientRegistration,
    /// Of a node.
    node: Option<NodeConnection>,
}

/// Sends the challenge, and lets the client in or tells it why not.
async fn shake_hands(
    connection: &ClientConnection,
    socket: &mut ClientSocket,
    limit: &HandshakeLimit,
) -> Result<EnteredClient, ClosingReason> {
    let broken = |_| ClosingReason::new(1011, "the connection is broken");
    let nonce = random_hex(16).map_err(|_| ClosingReason::new(1011, "no random numbers"))?;
    let ts = unix_millis(SystemTime::now());
    let challenge = ConnectChallenge { nonce: nonce.clone(), ts };
    let challenge = EventFrame::new("connect.challenge", json!(challenge));
    socket.send(Message::text(json!(challenge).to_string())).await.map_err(broken)?;
    let request = read_first_request(socket, limit).await?;
    match admit_client(connection, &request, &nonce).await {
        Ok(entered) => Ok(entered),
        Err(error) => {
            let reason = refusal_reason(&error);
            let response = ResponseFrame::failure(request.id, error);
            socket.send(Message::text(json!(response).to_string())).await.map_err(broken)?;
            Err(reason)
        }
    }
}

/// Decides about a client and registers it, with its welcome as the first frame that it gets.
async fn admit_client(
    connection: &ClientConnection,
    request: &RequestFrame,
    nonce: &str,
) -> Result<EnteredClient, GatewayError> {
    let state = &connection.state;
    let _unchanged = state.devices.hold_credentials().await;
    let settings = state.settings();
    let authenticator = ClientAuthenticator {
        authentication: &settings.authentication,
        limiter: &state.limiter,
        address: connection.address,
        nonce,
        denied_commands: &settings.denied_node_commands,
    };
    let claim = authenticator.examine(request)?;
    let (protocol, declaration) = (claim.protocol, claim.node.clone());
    // Before a token is made that a client without a connection would not get.
    if !state.admission.has_room(&claim.holder_at(connection.address)) {
        return Err(too_many_connections());
    }
    let admitted = state.devices.admit_client(claim, connection.address).await?;
    let entry = match (declaration, &admitted.grant.device) {
        (Some(declaration), Some(device)) => {
            Some(state.nodes.prepare_node(device, declaration, connection.address).await?)
        }
        _ => None,
    };
    let holder = connection.holder_of(&admitted.grant);
    connection.admitted.mark_let_in(holder).map_err(|_| too_many_connections())?;
    let (queue, frames) = state.clients.open_queue();
    let hello = hello(state, &admitted, protocol);
    let welcome = ResponseFrame::success(request.id.clone(), json!(hello));
    queue.send_response(&welcome);
    let client = ConnectedClient::new(Arc::clone(state), queue, admitted.grant);
    let registration = state.clients.add_client(client.queue.clone(), client.grant.clone());
    let node = entry.map(|entry| state.nodes.add_node(client.queue.clone(), entry));
    Ok(EnteredClient { client, frames, registration, node })
}

async fn read_first_request(
    socket: &mut ClientSocket,
    limit: &HandshakeLimit,
) -> Result<RequestFrame, ClosingReason> {
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
            Some(Err(SocketError::Utf8(_))) => {
                return Err(ClosingReason::new(1007, "a text frame must be UTF-8"));
            }
            Some(Err(_)) => return Err(ClosingReason::new(1002, "no valid websocket frame")),
        }
    };
    match RequestFrame::parse(&text) {
        Ok(Some(request)) => Ok(request),
        Ok(None) => Err(ClosingReason::new(1008, "the first frame must be the request `connect`")),
        Err(error) => {
            let text = format!("the first frame must {}", error.expected());
            Err(ClosingReason::new(1007, text))
        }
    }
}

fn refusal_reason(error: &GatewayError) -> ClosingReason {
    let code = error.reason_code().unwrap_or(&error.code).to_owned();
    let number = if code == ConnectErrorCode::ProtocolMismatch.as_str() {
        1002
    } else if code == TOO_MANY_CONNECTIONS {
        1013
    } else {
        1008
    };
    ClosingReason::new(number, code)
}

fn too_many_connections() -> GatewayError {
    let text = "This client has as many connections as it may have; it closes one first.";
    GatewayError::new(GatewayErrorCode::Unavailable, text)
        .with_details(json!({ "code": TOO_MANY_CONNECTIONS }))
        .with_retry(Some(1000))
}

fn hello(state: &GatewayState, admitted: &AdmittedClient, protocol: u32) -> HelloOk {
    let tick = state.settings().tick_interval;
    let grant = &admitted.grant;
    let issued_at_ms = admitted.new_token.as_ref().map(|_| unix_millis(SystemTime::now()));
    let to_names = |names: &[&str]| names.iter().map(|name| (*name).to_owned()).collect();
    let features = if grant.role == NODE_ROLE {
        FeatureList { methods: to_names(NODE_METHODS), events: to_names(NODE_EVENTS) }
    } else {
        FeatureList {
            methods: METHODS.iter().map(|(name, _)| (*name).to_owned()).collect(),
            events: to_names(EVENTS),
        }
    };
    HelloOk {
        protocol,
        server: ServerInfo {
            version: env!("CARGO_PKG_VERSION").to_owned(),
            boot_id: state.boot_id.clone(),
            conn_id: random_hex(8).unwrap_or_default(),
        },
        features,
        snapshot: StateSnapshot {
            presence: Vec::new(),
            health: json!({}),
            state_version: StateVersion::default(),
            uptime_ms: state.uptime_ms(),
        },
        auth: AuthGrant {
            role: grant.role.clone(),
            scopes: grant.scopes.clone(),
            device_token: admitted.new_token.clone(),
            issued_at_ms,
        },
        policy: ConnectionPolicy {
            max_payload: MAX_FRAME_BYTES,
            max_buffered_bytes: MAX_BUFFERED_BYTES,
            tick_interval_ms: u64::try_from(tick.as_millis()).unwrap_or(u64::MAX),
        },
    }
}

/// Reads requests and writes what is queued, each without waiting for the other, until the client
/// leaves, says nothing for three ticks, or is closed.
async fn serve_client(
    client: ConnectedClient,
    socket: ClientSocket,
    frames: OutgoingFrames,
    limit: &HandshakeLimit,
) {
    let (sink, stream) = socket.split();
    let heard = watch::Sender::new(());
    tokio::select! {
        () = write_frames(sink, frames) => {}
        () = read_requests(&client, stream, &heard, limit) => {}
        () = watch_silence(&client, heard.subscribe()) => {}
        () = client.queue.wait_for_closing_timeout(CLOSE_TIMEOUT) => {}
    }
}

async fn write_frames(mut sink: SplitSink<ClientSocket, Message>, mut frames: OutgoingFrames) {
    while let Some(frame) = frames.next_frame().await {
        let (message, is_last) = match frame {
            OutgoingFrame::Text(text) => (Message::text(text), false),
            OutgoingFrame::Ping => (Message::Ping(Bytes::new()), false),
            OutgoingFrame::Close { code, reason } => {
                (close_message(&ClosingReason::new(code, reason)), true)
            }
        };
        match sink.send(message).await {
            Ok(()) if is_last => {
                // The end is lost when the connection is dropped before the peer has read it; its
                // answer ends the reading.
                std::future::pending::<()>().await;
            }
            Ok(()) => {}
            Err(_) => return,
        }
    }
}

async fn read_requests(
    client: &ConnectedClient,
    mut stream: SplitStream<ClientSocket>,
    heard: &watch::Sender<()>,
    limit: &HandshakeLimit,
) {
    let mut open = tokio::task::JoinSet::new();
    while let Some(received) = stream.next().await {
        let message = match received {
            Ok(message) => message,
            Err(error) => {
                let (code, reason) = if limit.is_over_share() {
                    (1013, "too much of this client's frames waits")
                } else {
                    (closing_code(&error), "no valid websocket frame")
                };
                client.queue.close(code, reason);
                // The end is still to be written.
                std::future::pending::<()>().await;
                break;
            }
        };
        heard.send_replace(());
        limit.record_end();
        match message {
            Message::Close(_) => break,
            _ if client.queue.is_closing() => {}
            Message::Text(text) => match RequestFrame::parse(&text) {
                Ok(Some(request)) if client.grant.role == NODE_ROLE => {
                    client.handle_node_request(request);
                }
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
            _ => {}
        }
    }
    // What the client asked for and nobody reads any more ends; its runs go on.
    open.abort_all();
}

/// Closes a client of which nothing is heard: each is pinged, and answers if it lives.
async fn watch_silence(client: &ConnectedClient, mut heard: watch::Receiver<()>) {
    let interval = client.state.settings().tick_interval;
    let mut silent_ticks = 0;
    loop {
        match tokio::time::timeout(interval, heard.changed()).await {
            Ok(Ok(())) => silent_ticks = 0,
            Ok(Err(_)) => return,
            Err(_) if silent_ticks >= MAX_SILENT_TICKS => {
                client.queue.close(1008, "nothing was heard for too long");
                std::future::pending::<()>().await;
            }
            Err(_) => {
                silent_ticks += 1;
                client.queue.send_ping();
            }
        }
    }
}

fn closing_code(error: &SocketError) -> u16 {
    match error {
        SocketError::Capacity(_) => 1009,
        SocketError::Utf8(_) => 1007,
        _ => 1002,
    }
}

fn close_message(reason: &ClosingReason) -> Message {
    // A close frame holds 123 bytes of reason.
    let text: String = reason.text.chars().take(100).collect();
    Message::Close(Some(CloseFrame { code: reason.code.into(), reason: text.into() }))
}

async fn close(socket: &mut ClientSocket, reason: ClosingReason) {
    let closing = async {
        // The peer may be gone already.
        let _ = socket.send(close_message(&reason)).await;
        // The end is lost when the connection is dropped before the peer has read it.
        while let Some(Ok(_)) = socket.next().await {}
    };
    let _ = tokio::time::timeout(CLOSE_TIMEOUT, closing).await;
}
