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

use crate::call::Call;
use crate::cause::Cause;
use crate::secrets::Secrets;
use crate::trace::recorder::Tracer;
use crate::turnstile::Pass;
use crate::{
    Clocks, Endpoint, EventStream, Exchange, Priority, Reply, RetryPolicy, Traced, TransportError,
    TransportErrorKind, Turnstile,
};

/// How long an idle connection is kept. The common servers close theirs after five seconds; a
/// request sent at that moment would be lost.
const POOL_IDLE: Duration = Duration::from_secs(4);

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
    pub clocks: Clocks,
    /// What is tried again.
    pub retry: RetryPolicy,
    /// The `User-Agent` header.
    pub user_agent: String,
    /// Limits how many streams there are at a time, over all clients that share it; `None` does
    /// not. Other calls never wait.
    pub turnstile: Option<Turnstile>,
}

/// A client of one endpoint. Cheap to clone: the clones share their connections.
#[derive(Clone)]
pub struct Client(Arc<Shared>);

/// What the calls of a client share.
pub(crate) struct Shared {
    pub(crate) http: reqwest::Client,
    pub(crate) endpoint: Endpoint,
    pub(crate) clocks: Clocks,
    pub(crate) retry: RetryPolicy,
    turnstile: Option<Turnstile>,
    pub(crate) secrets: Secrets,
    /// Writes every attempt down, if the client takes part in a trace.
    pub(crate) tracer: Option<Tracer>,
    /// When a connection last became free for another request, or may have.
    freed: Mutex<Option<Instant>>,
}

impl Client {
    /// Builds a client. For an `http` endpoint no root certificates are loaded, which makes this
    /// cheap. For `https` the platform's verifier is used, and the process gets rustls' ring
    /// provider unless it has chosen one.
    ///
    /// # Errors
    /// When a header is not valid, or TLS cannot be set up.
    pub fn new(options: ClientOptions) -> Result<Self, TransportError> {
        Self::build(options, None)
    }

    /// As [`Client::new`]; all that is sent and answered is kept in a trace, secrets aside.
    ///
    /// # Errors
    /// As [`Client::new`].
    pub fn traced(options: ClientOptions, traced: Traced) -> Result<Self, TransportError> {
        Self::build(options, Some(traced))
    }

    fn build(options: ClientOptions, trace: Option<Traced>) -> Result<Self, TransportError> {
        let ClientOptions { endpoint, bearer, headers, clocks, retry, user_agent, turnstile } =
            options;
        let exchange = Exchange { url: endpoint.to_string(), ..Exchange::default() };
        let invalid = TransportError::new(TransportErrorKind::InvalidOptions, exchange);
        let secrets = headers.iter().map(|(_, value)| value).chain(&bearer).cloned();
        let secrets = Secrets::new(secrets);
        let tracer = trace.map(|trace| {
            let key = bearer.iter().map(|key| (AUTHORIZATION.as_str(), key));
            let others = headers.iter().map(|(name, value)| (name.as_str(), value));
            Tracer::new(trace, &user_agent, key.chain(others))
        });
        let headers = match header_map(bearer.as_ref(), &headers) {
            Ok(headers) => headers,
            Err(cause) => return Err(invalid.caused_by(cause)),
        };
        let mut builder = reqwest::Client::builder()
            .user_agent(user_agent)
            .default_headers(headers)
            .redirect(reqwest::redirect::Policy::none())
            .retry(reqwest::retry::never())
            .referer(false)
            .no_proxy()
            .http1_only()
            .pool_idle_timeout(POOL_IDLE);
        #[cfg(any(target_os = "android", target_os = "fuchsia", target_os = "linux"))]
        {
            builder = builder.tcp_user_timeout(None);
        }
        if let Some(limit) = &clocks.connect {
            builder = builder.connect_timeout(limit.duration);
        }
        if let Some(tracer) = &tracer {
            builder = builder.connector_layer(tracer.connects());
        }
        if endpoint.base().scheme() == "https" {
            // An error only says that the process has chosen a provider already.
            let _chosen_before = rustls::crypto::ring::default_provider().install_default();
        } else {
            match rootless_tls() {
                Ok(tls) => builder = builder.tls_backend_preconfigured(tls),
                Err(cause) => return Err(invalid.caused_by(cause)),
            }
        }
        match builder.build() {
            Ok(http) => {
                let freed = Mutex::new(None);
                Ok(Self(Arc::new(Shared {
                    http,
                    endpoint,
                    clocks,
                    retry,
                    turnstile,
                    secrets,
                    tracer,
                    freed,
                })))
            }
            Err(error) => Err(invalid.caused_by(Cause::new(error))),
        }
    }

    /// The endpoint that the client was built for.
    #[must_use]
    pub fn endpoint(&self) -> &Endpoint {
        &self.0.endpoint
    }

    /// The limits of every call.
    #[must_use]
    pub fn clocks(&self) -> &Clocks {
        &self.0.clocks
    }

    /// Gets a URL of the endpoint. An empty or plain-text body is an answer too, as of health
    /// checks and metrics.
    ///
    /// # Errors
    /// When there is no whole answer with a status of 2xx, or it is a web page.
    pub async fn get(&self, url: Url) -> Result<Reply, TransportError> {
        self.fetch(Call::new(&self.0, url, None, "application/json")?).await
    }

    /// Posts a JSON body to a URL of the endpoint.
    ///
    /// # Errors
    /// When there is no whole answer with a status of 2xx, or it is a web page.
    pub async fn post(&self, url: Url, body: Bytes) -> Result<Reply, TransportError> {
        self.fetch(Call::new(&self.0, url, Some(body), "application/json")?).await
    }

    /// What limits the client's streams, if anything does.
    #[must_use]
    pub fn turnstile(&self) -> Option<&Turnstile> {
        self.0.turnstile.as_ref()
    }

    /// Posts a JSON body to a URL of the endpoint and streams the answer, as a person's request.
    ///
    /// # Errors
    /// When there is no answer with a status of 2xx, or it is neither a stream nor JSON. What
    /// fails later is the last item of the stream.
    pub async fn stream(&self, url: Url, body: Bytes) -> Result<EventStream, TransportError> {
        self.stream_as(url, body, Priority::User).await
    }

    /// As [`Client::stream`]; where streams are limited, one that waits does so by its priority,
    /// and the clock `total` runs meanwhile. The next one is let in when this one ends or is
    /// dropped.
    ///
    /// # Errors
    /// As [`Client::stream`].
    pub async fn stream_as(
        &self,
        url: Url,
        body: Bytes,
        priority: Priority,
    ) -> Result<EventStream, TransportError> {
        let mut call = Call::new(&self.0, url, Some(body), "text/event-stream")?;
        let pass = match &self.0.turnstile {
            None => None,
            Some(turnstile) => Some(call.in_time(turnstile.enter(priority)).await?),
        };
        let response = call.open().await?;
        let lease = Lease { shared: Arc::clone(&self.0), _pass: pass };
        let body = Chunks { response, _lease: lease };
        let recorder = call.recorder.take();
        let events =
            EventStream::new(Box::pin(body), call.exchange, self.0.clocks.clone(), call.total);
        match events {
            Ok(events) => Ok(events.keeping(self.0.secrets.clone()).recorded(recorder)),
            Err(error) => {
                if let Some(mut recorder) = recorder {
                    recorder.failed(&error);
                }
                Err(error)
            }
        }
    }

    async fn fetch(&self, mut call: Call<'_>) -> Result<Reply, TransportError> {
        let response = call.open().await?;
        let body = call.read(response).await?;
        Reply::new(call.exchange, body)
    }
}

impl fmt::Debug for Client {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Client")
            .field("endpoint", &self.0.endpoint)
            .field("clocks", &self.0.clocks)
            .field("retry", &self.0.retry)
            .finish_non_exhaustive()
    }
}

impl Shared {
    /// Notes that a connection may have become free for another request.
    pub(crate) fn note_free(&self) {
        *self.freed.lock().unwrap_or_else(PoisonError::into_inner) = Some(Instant::now());
    }

    /// Tells whether a request may get a connection that has served before.
    pub(crate) fn may_reuse(&self) -> bool {
        let freed = *self.freed.lock().unwrap_or_else(PoisonError::into_inner);
        freed.is_some_and(|at| at.elapsed() <= POOL_IDLE)
    }
}

/// The use of a connection by a stream, after which the connection may serve again. Whether it
/// does is known to the HTTP library alone: it depends on how much of the body had arrived.
struct Lease {
    shared: Arc<Shared>,
    /// Held as long as the stream lasts.
    _pass: Option<Pass>,
}

/// The body of an answer, as it arrives.
struct Chunks {
    response: Response,
    /// Held until the body is dropped.
    _lease: Lease,
}

impl Stream for Chunks {
    type Item = Result<Bytes, Box<dyn Error + Send + Sync>>;

    fn poll_next(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        // The future has no state of its own: dropping it loses nothing.
        let chunk = pin!(self.get_mut().response.chunk()).poll(cx);
        chunk.map(|chunk| chunk.map_err(|error| Cause::new(error).into()).transpose())
    }
}

impl Drop for Lease {
    fn drop(&mut self) {
        self.shared.note_free();
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

fn header_map(
    bearer: Option<&SecretString>,
    headers: &[(String, SecretString)],
) -> Result<HeaderMap, InvalidHeader> {
    let mut map = HeaderMap::new();
    if let Some(key) = bearer {
        let text = format!("Bearer {}", key.expose_secret());
        map.insert(AUTHORIZATION, secret_value(AUTHORIZATION.as_str(), &text)?);
    }
    for (name, value) in headers {
        let parsed = HeaderName::from_bytes(name.as_bytes())
            .map_err(|_| InvalidHeader::Name(name.clone()))?;
        map.insert(parsed, secret_value(name, value.expose_secret())?);
    }
    Ok(map)
}

fn secret_value(name: &str, value: &str) -> Result<HeaderValue, InvalidHeader> {
    let mut value =
        HeaderValue::from_str(value).map_err(|_| InvalidHeader::Value(name.to_owned()))?;
    value.set_sensitive(true);
    Ok(value)
}

/// A TLS configuration that trusts nobody, for clients that never use it.
fn rootless_tls() -> Result<rustls::ClientConfig, rustls::Error> {
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let versions = rustls::ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()?;
    Ok(versions.with_root_certificates(rustls::RootCertStore::empty()).with_no_client_auth())
}
