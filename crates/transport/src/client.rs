//! The client: built once, shared by all calls.

use std::error::Error;
use std::fmt;
use std::pin::{Pin, pin};
use std::sync::{Arc, Mutex, PoisonError};
use std::task::{Context, Poll};
use std::time::Duration;

use bytes::Bytes;
use futures_core::Stream;
use reqwest::Response;
use reqwest::header::{AUTHORIZATION, HeaderMap, HeaderName, HeaderValue};
use secrecy::{ExposeSecret, SecretString};
use tokio::time::Instant;
use url::Url;

use crate::call::HttpCall;
use crate::concurrency::StreamPermit;
use crate::http_cause::HttpCause;
use crate::secrets::ClientSecrets;
use crate::trace::recorder::ExchangeTracer;
use crate::{
    ApiResponse, CallTimeouts, ConcurrencyLimiter, Endpoint, EventStream, ExchangeInfo,
    RetryPolicy, StreamPriority, TraceOptions, TransportError, TransportErrorKind,
};

/// How long an idle connection is kept. The common servers close theirs after five seconds; a
/// request sent at that moment would be lost.
const POOL_IDLE_TIMEOUT: Duration = Duration::from_secs(4);

/// What a client is made of.
#[derive(Debug, Clone)]
pub struct ClientOptions {
    /// Where the server is.
    pub endpoint: Endpoint,
    /// The key, sent as `Authorization: Bearer …`. Without one there is no such header.
    pub bearer: Option<SecretString>,
    /// More headers for every request. They win over the client's own.
    pub headers: Vec<(String, SecretString)>,
    /// The limits of every call.
    pub timeouts: CallTimeouts,
    /// What is tried again.
    pub retry: RetryPolicy,
    /// The `User-Agent` header.
    pub user_agent: String,
    /// Limits how many streams there are at a time, over all clients that share it; `None` does
    /// not. Other calls never wait.
    pub limiter: Option<ConcurrencyLimiter>,
}

/// A client of one endpoint. Cheap to clone: the clones share their connections.
#[derive(Clone)]
pub struct Client(Arc<ClientState>);

/// What the calls of a client share.
pub(crate) struct ClientState {
    pub(crate) http: reqwest::Client,
    pub(crate) endpoint: Endpoint,
    pub(crate) timeouts: CallTimeouts,
    pub(crate) retry: RetryPolicy,
    limiter: Option<ConcurrencyLimiter>,
    pub(crate) secrets: ClientSecrets,
    /// Writes every attempt down, if the client takes part in a trace.
    pub(crate) tracer: Option<ExchangeTracer>,
    /// When a connection last became free for another request, or may have.
    last_idle_at: Mutex<Option<Instant>>,
}

impl Client {
    /// Builds a client. For an `http` endpoint no root certificates are loaded, which makes this
    /// cheap. For `https` the platform's verifier is used, and the process gets rustls' ring
    /// provider unless it has chosen one.
    ///
    /// # Errors
    /// When a header is not valid, or TLS cannot be set up.
    pub fn new(options: ClientOptions) -> Result<Self, TransportError> {
        Self::build_client(options, None)
    }

    /// As [`Client::new`]; all that is sent and answered is kept in a trace, secrets aside.
    ///
    /// # Errors
    /// As [`Client::new`].
    pub fn with_trace(
        options: ClientOptions,
        traced: TraceOptions,
    ) -> Result<Self, TransportError> {
        Self::build_client(options, Some(traced))
    }

    fn build_client(
        options: ClientOptions,
        trace: Option<TraceOptions>,
    ) -> Result<Self, TransportError> {
        let ClientOptions { endpoint, bearer, headers, timeouts, retry, user_agent, limiter } =
            options;
        let exchange = ExchangeInfo { url: endpoint.to_string(), ..ExchangeInfo::default() };
        let invalid = TransportError::new(TransportErrorKind::InvalidOptions, exchange);
        let secrets = headers.iter().map(|(_, value)| value).chain(&bearer).cloned();
        let secrets = ClientSecrets::new(secrets);
        let tracer = trace.map(|trace| {
            let key = bearer.iter().map(|key| (AUTHORIZATION.as_str(), key));
            let others = headers.iter().map(|(name, value)| (name.as_str(), value));
            ExchangeTracer::new(trace, &user_agent, key.chain(others))
        });
        let headers = match build_headers(bearer.as_ref(), &headers) {
            Ok(headers) => headers,
            Err(cause) => return Err(invalid.with_source(cause)),
        };
        let mut builder = reqwest::Client::builder()
            .user_agent(user_agent)
            .default_headers(headers)
            .redirect(reqwest::redirect::Policy::none())
            .retry(reqwest::retry::never())
            .referer(false)
            .no_proxy()
            .http1_only()
            .pool_idle_timeout(POOL_IDLE_TIMEOUT);
        #[cfg(any(target_os = "android", target_os = "fuchsia", target_os = "linux"))]
        {
            builder = builder.tcp_user_timeout(None);
        }
        if let Some(limit) = &timeouts.connect {
            builder = builder.connect_timeout(limit.duration);
        }
        if let Some(tracer) = &tracer {
            builder = builder.connector_layer(tracer.connect_timings());
        }
        if endpoint.base_url().scheme() == "https" {
            // An error only says that the process has chosen a provider already.
            let _chosen_before = rustls::crypto::ring::default_provider().install_default();
        } else {
            match tls_without_roots() {
                Ok(tls) => builder = builder.tls_backend_preconfigured(tls),
                Err(cause) => return Err(invalid.with_source(cause)),
            }
        }
        match builder.build() {
            Ok(http) => {
                let last_idle_at = Mutex::new(None);
                Ok(Self(Arc::new(ClientState {
                    http,
                    endpoint,
                    timeouts,
                    retry,
                    limiter,
                    secrets,
                    tracer,
                    last_idle_at,
                })))
            }
            Err(error) => Err(invalid.with_source(HttpCause::new(error))),
        }
    }

    /// The endpoint that the client was built for.
    #[must_use]
    pub fn endpoint(&self) -> &Endpoint {
        &self.0.endpoint
    }

    /// The limits of every call.
    #[must_use]
    pub fn timeouts(&self) -> &CallTimeouts {
        &self.0.timeouts
    }

    /// Gets a URL of the endpoint. An empty or plain-text body is an answer too, as of health
    /// checks and metrics.
    ///
    /// # Errors
    /// When there is no whole answer with a status of 2xx, or it is a web page.
    pub async fn get(&self, url: Url) -> Result<ApiResponse, TransportError> {
        self.fetch_response(HttpCall::new(&self.0, url, None, "application/json")?).await
    }

    /// Posts a JSON body to a URL of the endpoint.
    ///
    /// # Errors
    /// When there is no whole answer with a status of 2xx, or it is a web page.
    pub async fn post(&self, url: Url, body: Bytes) -> Result<ApiResponse, TransportError> {
        self.fetch_response(HttpCall::new(&self.0, url, Some(body), "application/json")?).await
    }

    /// What limits the client's streams, if anything does.
    #[must_use]
    pub fn concurrency_limiter(&self) -> Option<&ConcurrencyLimiter> {
        self.0.limiter.as_ref()
    }

    /// Posts a JSON body to a URL of the endpoint and streams the answer, as a person's request.
    ///
    /// # Errors
    /// When there is no answer with a status of 2xx, or it is neither a stream nor JSON. What
    /// fails later is the last item of the stream.
    pub async fn post_stream(&self, url: Url, body: Bytes) -> Result<EventStream, TransportError> {
        self.post_stream_with_priority(url, body, StreamPriority::User).await
    }

    /// As [`Client::stream`]; where streams are limited, one that waits does so by its priority,
    /// and the clock `total` runs meanwhile. The next one is let in when this one ends or is
    /// dropped.
    ///
    /// # Errors
    /// As [`Client::stream`].
    pub async fn post_stream_with_priority(
        &self,
        url: Url,
        body: Bytes,
        priority: StreamPriority,
    ) -> Result<EventStream, TransportError> {
        let mut call = HttpCall::new(&self.0, url, Some(body), "text/event-stream")?;
        let permit = match &self.0.limiter {
            None => None,
            Some(limiter) => Some(call.await_within_total(limiter.acquire_permit(priority)).await?),
        };
        let response = call.send_with_retries().await?;
        let lease = ConnectionLease { shared: Arc::clone(&self.0), _permit: permit };
        let body = BodyChunks { response, _lease: lease };
        let recorder = call.recorder.take();
        let events =
            EventStream::new(Box::pin(body), call.exchange, self.0.timeouts.clone(), call.total);
        match events {
            Ok(events) => Ok(events.with_secrets(self.0.secrets.clone()).with_recorder(recorder)),
            Err(error) => {
                if let Some(mut recorder) = recorder {
                    recorder.record_failure(&error);
                }
                Err(error)
            }
        }
    }

    async fn fetch_response(&self, mut call: HttpCall<'_>) -> Result<ApiResponse, TransportError> {
        let response = call.send_with_retries().await?;
        let body = call.read_body(response).await?;
        ApiResponse::new(call.exchange, body)
    }
}

impl fmt::Debug for Client {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Client")
            .field("endpoint", &self.0.endpoint)
            .field("clocks", &self.0.timeouts)
            .field("retry", &self.0.retry)
            .finish_non_exhaustive()
    }
}

impl ClientState {
    /// Notes that a connection may have become free for another request.
    pub(crate) fn record_idle_connection(&self) {
        *self.last_idle_at.lock().unwrap_or_else(PoisonError::into_inner) = Some(Instant::now());
    }

    /// Tells whether a request may get a connection that has served before.
    pub(crate) fn may_reuse_connection(&self) -> bool {
        let last_idle_at = *self.last_idle_at.lock().unwrap_or_else(PoisonError::into_inner);
        last_idle_at.is_some_and(|at| at.elapsed() <= POOL_IDLE_TIMEOUT)
    }
}

/// The use of a connection by a stream, after which the connection may serve again. Whether it
/// does is known to the HTTP library alone: it depends on how much of the body had arrived.
struct ConnectionLease {
    shared: Arc<ClientState>,
    /// Held as long as the stream lasts.
    _permit: Option<StreamPermit>,
}

/// The body of an answer, as it arrives.
struct BodyChunks {
    response: Response,
    /// Held until the body is dropped.
    _lease: ConnectionLease,
}

impl Stream for BodyChunks {
    type Item = Result<Bytes, Box<dyn Error + Send + Sync>>;

    fn poll_next(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        // The future has no state of its own: dropping it loses nothing.
        let chunk = pin!(self.get_mut().response.chunk()).poll(cx);
        chunk.map(|chunk| chunk.map_err(|error| HttpCause::new(error).into()).transpose())
    }
}

impl Drop for ConnectionLease {
    fn drop(&mut self) {
        self.shared.record_idle_connection();
    }
}

/// Why a header cannot be sent. The value is not shown.
#[derive(Debug, thiserror::Error)]
enum InvalidHeader {
    #[error("`{0}` is not the name of a header")]
    Name(String),
    #[error("the value for the header `{0}` has a character that headers cannot carry")]
    Value(String),
}

fn build_headers(
    bearer: Option<&SecretString>,
    headers: &[(String, SecretString)],
) -> Result<HeaderMap, InvalidHeader> {
    let mut map = HeaderMap::new();
    if let Some(key) = bearer {
        let text = format!("Bearer {}", key.expose_secret());
        map.insert(AUTHORIZATION, sensitive_value(AUTHORIZATION.as_str(), &text)?);
    }
    for (name, value) in headers {
        let parsed = HeaderName::from_bytes(name.as_bytes())
            .map_err(|_| InvalidHeader::Name(name.clone()))?;
        map.insert(parsed, sensitive_value(name, value.expose_secret())?);
    }
    Ok(map)
}

fn sensitive_value(name: &str, value: &str) -> Result<HeaderValue, InvalidHeader> {
    let mut value =
        HeaderValue::from_str(value).map_err(|_| InvalidHeader::Value(name.to_owned()))?;
    value.set_sensitive(true);
    Ok(value)
}

/// A TLS configuration that trusts nobody, for clients that never use it.
fn tls_without_roots() -> Result<rustls::ClientConfig, rustls::Error> {
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let versions = rustls::ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()?;
    Ok(versions.with_root_certificates(rustls::RootCertStore::empty()).with_no_client_auth())
}
