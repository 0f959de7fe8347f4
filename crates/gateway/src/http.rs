//! The HTTP side: which requests are let in, and where they go.

use std::convert::Infallible;
use std::net::IpAddr;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use bytes::Bytes;
use http_body_util::combinators::BoxBody;
use http_body_util::{BodyExt as _, Full};
use hyper::body::Incoming;
use hyper::header::{
    ALLOW, AUTHORIZATION, CONNECTION, CONTENT_TYPE, HOST, HeaderMap, HeaderName, HeaderValue,
    ORIGIN, TRANSFER_ENCODING,
};
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper::{Method, Request, Response, StatusCode};
use hyper_util::rt::{TokioIo, TokioTimer};
use openclaw_protocol::gateway::{GatewayError, GatewayErrorCode};
use serde_json::{Value, json};
use tokio::net::TcpStream;
use tokio::sync::watch;

use crate::admission::{AdmittedConnection, ConnectionHolder};
use crate::auth::GatewayAuthentication;
use crate::connection::serve_socket;
use crate::grants::ClientGrant;
use crate::handshake::ClientAuthenticator;
use crate::hooks::{self, hook_path};
use crate::metrics::MetricName;
use crate::openai;
use crate::state::GatewayState;
use crate::stream_limits::WriteTimeoutStream;
use crate::websocket::{OpeningSocket, accept_upgrade, is_upgrade};

/// A response of the gateway.
pub(crate) type HttpResponse = Response<BoxBody<Bytes, Infallible>>;

/// How long a client may take to send the head of a request.
const HEADER_TIMEOUT: Duration = Duration::from_secs(15);

/// Where the metrics are; the second path is that of the original.
const METRICS_PATH: &str = "/metrics";
const PROMETHEUS_PATH: &str = "/api/diagnostics/prometheus";

const SEC_FETCH_SITE: HeaderName = HeaderName::from_static("sec-fetch-site");
/// The headers that decide who may do what, or where a request ends; each comes once at most.
const SINGLE_HEADERS: [&str; 17] = [
    "host",
    "origin",
    "authorization",
    "sec-fetch-site",
    "content-length",
    "transfer-encoding",
    "content-type",
    "sec-websocket-key",
    "sec-websocket-version",
    "x-openclaw-token",
    "x-hub-signature-256",
    "x-openclaw-session-key",
    "x-openclaw-agent-id",
    "idempotency-key",
    "x-idempotency-key",
    "x-github-delivery",
    "webhook-id",
];

/// The headers with which a proxy tells about the client behind it.
const PROXY_HEADERS: [&str; 8] = [
    "forwarded",
    "via",
    "x-forwarded-for",
    "x-forwarded-host",
    "x-forwarded-proto",
    "x-real-ip",
    "cf-connecting-ip",
    "true-client-ip",
];

/// A response with plain text.
pub(crate) fn text_response(status: StatusCode, text: impl Into<String>) -> HttpResponse {
    let mut response = Response::new(Full::new(Bytes::from(text.into())).boxed());
    *response.status_mut() = status;
    response
        .headers_mut()
        .insert(CONTENT_TYPE, HeaderValue::from_static("text/plain; charset=utf-8"));
    response
}

/// A response with JSON.
pub(crate) fn json_response(status: StatusCode, value: &Value) -> HttpResponse {
    let mut response = text_response(status, value.to_string());
    response.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
    response
}

/// The connection of a client.
#[derive(Debug, Clone)]
pub(crate) struct ClientConnection {
    pub(crate) state: Arc<GatewayState>,
    pub(crate) address: IpAddr,
    pub(crate) admitted: Arc<AdmittedConnection>,
    /// Becomes true when the gateway ends.
    pub(crate) ending: watch::Receiver<bool>,
}

/// The websocket that a request asked for, once its response is sent.
type SocketSlot = Arc<Mutex<Option<OpeningSocket>>>;

impl ClientConnection {
    /// Serves the connection until it ends or the gateway does, over HTTP and then, if the client
    /// asks for it, as a websocket.
    pub(crate) async fn serve(self, stream: TcpStream) {
        // Without it, each small frame waits for the acknowledgement of the one before.
        let _ = stream.set_nodelay(true);
        let slot = SocketSlot::default();
        tokio::select! {
            () = self.serve_http(stream, &slot) => {}
            () = self.admitted.wait_for_eviction() => return,
        }
        let socket = slot.lock().unwrap_or_else(PoisonError::into_inner).take();
        if let Some(socket) = socket
            && let Some((socket, limit)) = socket.await
        {
            serve_socket(self, socket, limit).await;
        }
    }

    async fn serve_http(&self, stream: TcpStream, slot: &SocketSlot) {
        let service = service_fn(move |request| {
            let (connection, slot) = (self.clone(), Arc::clone(slot));
            async move {
                // Where such a body ends depends on the reader when a length is given too; what
                // follows it is nobody's request.
                let is_last = request.headers().contains_key(TRANSFER_ENCODING);
                let mut response = answer(connection, &slot, request).await;
                if is_last {
                    response.headers_mut().insert(CONNECTION, HeaderValue::from_static("close"));
                }
                Ok::<_, Infallible>(response)
            }
        });
        let mut builder = http1::Builder::new();
        builder.timer(TokioTimer::new()).header_read_timeout(HEADER_TIMEOUT).max_headers(64);
        let stream = TokioIo::new(WriteTimeoutStream::new(stream));
        let connection = builder.serve_connection(stream, service).with_upgrades();
        let mut ending = self.ending.clone();
        tokio::pin!(connection);
        tokio::select! {
            // A client that breaks the protocol is told by the library.
            _ = connection.as_mut() => return,
            _ = ending.wait_for(|ends| *ends) => {}
        }
        connection.as_mut().graceful_shutdown();
        let _ = connection.await;
    }

    /// The metrics, for programs of this machine and for those that know the secret.
    fn answer_metrics(&self, request: &Request<Incoming>) -> HttpResponse {
        let headers = request.headers();
        let is_local = self.address.to_canonical().is_loopback() && !is_forwarded(headers);
        if !is_local && let Err(error) = self.authorize(request) {
            return openai::refuse_client(&error);
        }
        let state = &self.state;
        let count = |count: usize| u64::try_from(count).unwrap_or(u64::MAX);
        let now = [
            (MetricName::UptimeSeconds, state.uptime_ms() / 1000),
            (MetricName::Connections, count(state.admission.connection_count())),
            (MetricName::ActiveRuns, count(state.runs.active_count())),
            (MetricName::QueuedRuns, count(state.runs.queued_count())),
        ];
        let mut response = text_response(StatusCode::OK, state.runs.metrics().render(&now));
        let kind = HeaderValue::from_static("text/plain; version=0.0.4; charset=utf-8");
        response.headers_mut().insert(CONTENT_TYPE, kind);
        response
    }

    /// Checks the `Authorization` header of a request.
    ///
    /// # Errors
    /// When the client is not let in.
    pub(crate) fn authorize(&self, request: &Request<Incoming>) -> Result<(), GatewayError> {
        let offered = request.headers().get(AUTHORIZATION).and_then(|value| value.to_str().ok());
        let offered = offered.and_then(|value| {
            let (scheme, secret) = value.split_once(' ')?;
            scheme.eq_ignore_ascii_case("bearer").then(|| secret.trim())
        });
        let authenticator = ClientAuthenticator {
            authentication: &self.state.settings().authentication,
            limiter: &self.state.limiter,
            address: self.address,
            nonce: "",
            denied_commands: &[],
        };
        authenticator.check_offered(offered.filter(|offered| !offered.is_empty()))?;
        let holder = ConnectionHolder::owner_at(self.address);
        self.admitted.mark_let_in(holder).map_err(|_| {
            GatewayError::new(GatewayErrorCode::Unavailable, "Too many connections are open.")
                .with_retry(Some(1000))
        })
    }

    /// To whose share a connection of a client counts.
    pub(crate) fn holder_of(&self, grant: &ClientGrant) -> ConnectionHolder {
        match &grant.device {
            Some(device) if !grant.is_owner => ConnectionHolder::Device(device.clone()),
            _ => ConnectionHolder::owner_at(self.address),
        }
    }
}

async fn answer(
    connection: ClientConnection,
    slot: &SocketSlot,
    request: Request<Incoming>,
) -> HttpResponse {
    let state = &connection.state;
    if let Some(refusal) = refuse_source(state, &request) {
        return refusal;
    }
    let path = request.uri().path().to_owned();
    if is_upgrade(&request) {
        return match path.as_str() {
            "/" | "/ws" => {
                let (response, socket) = accept_upgrade(request);
                *slot.lock().unwrap_or_else(PoisonError::into_inner) = socket;
                response
            }
            _ => not_found(&path),
        };
    }
    match (request.method(), path.as_str()) {
        (&Method::GET | &Method::HEAD, "/healthz" | "/health") => {
            json_response(StatusCode::OK, &json!({ "ok": true, "status": "live" }))
        }
        (&Method::GET | &Method::HEAD, "/readyz" | "/ready") => {
            let failing: &[&str] = if *connection.ending.borrow() { &["draining"] } else { &[] };
            let status = match failing {
                [] => StatusCode::OK,
                _ => StatusCode::SERVICE_UNAVAILABLE,
            };
            let ready = json!({
                "ready": failing.is_empty(),
                "failing": failing,
                "uptimeMs": state.uptime_ms(),
            });
            json_response(status, &ready)
        }
        (_, "/healthz" | "/health" | "/readyz" | "/ready") => wrong_method("GET, HEAD"),
        (&Method::GET, METRICS_PATH | PROMETHEUS_PATH) => connection.answer_metrics(&request),
        (_, METRICS_PATH | PROMETHEUS_PATH) => wrong_method("GET"),
        (_, path) if path.starts_with("/v1/") => openai::answer(connection, request).await,
        (_, path) => match hook_path(state, path).map(str::to_owned) {
            Some(name) => hooks::answer(connection, request, name).await,
            None if state.settings().hooks.is_none() && path.starts_with("/hooks/") => hooks_off(),
            None => not_found(path),
        },
    }
}

/// Whether a header comes more than once, so that two readers could read two values.
fn has_several(headers: &HeaderMap, name: &str) -> bool {
    headers.get_all(name).iter().nth(1).is_some()
}

/// Whether a proxy passed the request on.
fn is_forwarded(headers: &HeaderMap) -> bool {
    PROXY_HEADERS.iter().any(|name| headers.contains_key(*name))
}

/// Refuses what a web page or a name that leads here unexpectedly could have sent.
fn refuse_source(state: &GatewayState, request: &Request<Incoming>) -> Option<HttpResponse> {
    let headers = request.headers();
    if let Some(name) = SINGLE_HEADERS.iter().find(|name| has_several(headers, name)) {
        let text = format!("The request has more than one `{name}` header.\n");
        return Some(text_response(StatusCode::BAD_REQUEST, text));
    }
    let host = headers.get(HOST).and_then(|host| host.to_str().ok()).unwrap_or_default();
    let is_target_known =
        request.uri().authority().is_none_or(|target| is_known_host(state, target.as_str()));
    if !is_known_host(state, host) || !is_target_known {
        let text = "This gateway is not known under the name in the `Host` header.\n";
        return Some(text_response(StatusCode::MISDIRECTED_REQUEST, text));
    }
    let refuse = |text: &str| Some(text_response(StatusCode::FORBIDDEN, text));
    if let Some(origin) = headers.get(ORIGIN) {
        let is_allowed = origin
            .to_str()
            .is_ok_and(|origin| state.settings().allowed_origins.iter().any(|one| one == origin));
        if !is_allowed {
            return refuse(
                "Pages of this origin may not use the gateway; \
                 `gateway.controlUi.allowedOrigins` lists those that may.\n",
            );
        }
    } else if headers
        .get(SEC_FETCH_SITE)
        .is_some_and(|site| !matches!(site.as_bytes(), b"none" | b"same-origin"))
    {
        return refuse("Pages of other sites may not use the gateway.\n");
    }
    if is_forwarded(headers)
        && matches!(state.settings().authentication, GatewayAuthentication::Open)
    {
        return refuse("Behind a proxy the gateway needs `gateway.auth.mode: \"token\"`.\n");
    }
    None
}

/// Whether a `Host` header names this gateway. A page can make any name lead to this machine, but
/// not an address.
fn is_known_host(state: &GatewayState, host: &str) -> bool {
    let name = match host.rsplit_once(':') {
        Some((name, port)) if port.bytes().all(|byte| byte.is_ascii_digit()) => name,
        _ => host,
    };
    let bare = name.trim_start_matches('[').trim_end_matches(']');
    let listens_on = state.local_address.ip();
    match bare.parse::<IpAddr>() {
        Ok(address) => {
            address.is_loopback() || address == listens_on || listens_on.is_unspecified()
        }
        Err(_) => {
            name.eq_ignore_ascii_case("localhost")
                || state.settings().allowed_hosts.iter().any(|one| one.eq_ignore_ascii_case(name))
        }
    }
}

/// The answer to a path that does not exist, whatever the method.
pub(crate) fn not_found(path: &str) -> HttpResponse {
    let path: String = path.chars().take(200).collect();
    not_found_because(&format!("The gateway has nothing at {path}."))
}

/// The answer to a webhook of a gateway that serves none.
fn hooks_off() -> HttpResponse {
    not_found_because("Webhooks are off; `openclaw config set hooks.enabled true` turns them on.")
}

fn not_found_because(message: &str) -> HttpResponse {
    json_response(
        StatusCode::NOT_FOUND,
        &json!({ "error": { "message": message, "type": "not_found" } }),
    )
}

/// The answer to a method that a path does not have.
pub(crate) fn wrong_method(allowed: &'static str) -> HttpResponse {
    let message = format!("This path takes {allowed}.");
    let mut response = json_response(
        StatusCode::METHOD_NOT_ALLOWED,
        &json!({ "error": { "message": message, "type": "method_not_allowed" } }),
    );
    response.headers_mut().insert(ALLOW, HeaderValue::from_static(allowed));
    response
}
