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
use reqwest::header::AUTHORIZATION;
use secrecy::SecretString;
use tokio::time::Instant;
use url::Url;

use crate::address::JudgingResolver;
use crate::call::HttpCall;
use crate::concurrency::StreamPermit;
use crate::headers::build_headers;
use crate::http_cause::HttpCause;
use crate::secrets::ClientSecrets;
use crate::trace::recorder::ExchangeTracer;
use crate::{
    AddressRule, ApiResponse, CallTimeouts, ConcurrencyLimiter, Endpoint, EventStream, HostLookup,
    HttpExchange, RetryPolicy, StreamPriority, TraceOptions, TransportError, TransportErrorKind,
};

/// How long an idle connection is kept. Common servers close theirs after five seconds, and a
/// request sent at that moment would be lost.
const POOL_IDLE_TIMEOUT: Duration = Duration::from_secs(4);

/// The configuration of a client. Built with [`ClientOptions::new`] and changed by its methods or
/// field by field.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct ClientOptions {
    /// The base URL of the server.
    pub endpoint: Endpoint,
    /// The key, sent as `Authorization: Bearer …`. Without one there is no such header.
    pub bearer: Option<SecretString>,
    /// More headers for every request. They win over the client's own.
    pub headers: Vec<(String, SecretString)>,
    /// The timeouts of every call.
    pub timeouts: CallTimeouts,
    /// When and how often a failed attempt is retried.
    pub retry: RetryPolicy,
    /// The `User-Agent` header.
    pub user_agent: String,
    /// Limits the concurrent streams of all clients that share it; `None` sets no limit. Other
    /// calls never wait.
    pub limiter: Option<ConcurrencyLimiter>,
    /// The addresses that a host name may lead to.
    pub address_rule: AddressRule,
    /// How host names are looked up.
    pub host_lookup: HostLookup,
}

impl ClientOptions {
    /// Options for a server: no key, no further headers, no timeouts, no retries, no limit.
    #[must_use]
    pub fn new(endpoint: Endpoint) -> Self {
        Self {
            endpoint,
            bearer: None,
            headers: Vec::new(),
            timeouts: CallTimeouts::default(),
            retry: RetryPolicy::NEVER,
            user_agent: concat!("openclaw/", env!("CARGO_PKG_VERSION")).to_owned(),
            limiter: None,
            address_rule: AddressRule::default(),
            host_lookup: HostLookup::default(),
        }
    }

    /// Replaces the rule for the addresses that a host name may lead to.
    #[must_use]
    pub fn with_address_rule(mut self, address_rule: AddressRule) -> Self {
        self.address_rule = address_rule;
        self
    }

    /// Replaces the lookup of host names.
    #[must_use]
    pub fn with_host_lookup(mut self, host_lookup: HostLookup) -> Self {
        self.host_lookup = host_lookup;
        self
    }

    /// Replaces the key; `None` sends none.
    #[must_use]
    pub fn with_bearer(mut self, bearer: impl Into<Option<SecretString>>) -> Self {
        self.bearer = bearer.into();
        self
    }

    /// Replaces the headers that are sent besides the client's own.
    #[must_use]
    pub fn with_headers(mut self, headers: Vec<(String, SecretString)>) -> Self {
        self.headers = headers;
        self
    }

    /// Replaces the timeouts of every call.
    #[must_use]
    pub fn with_timeouts(mut self, timeouts: CallTimeouts) -> Self {
        self.timeouts = timeouts;
        self
    }

    /// Replaces the retry policy.
    #[must_use]
    pub fn with_retry(mut self, retry: RetryPolicy) -> Self {
        self.retry = retry;
        self
    }

    /// Replaces the `User-Agent` header.
    #[must_use]
    pub fn with_user_agent(mut self, user_agent: impl Into<String>) -> Self {
        self.user_agent = user_agent.into();
        self
    }

    /// Replaces the limiter of concurrent streams; `None` sets no limit.
    #[must_use]
    pub fn with_limiter(mut self, limiter: impl Into<Option<ConcurrencyLimiter>>) -> Self {
        self.limiter = limiter.into();
        self
    }
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
    /// Records every attempt when the client is traced.
    pub(crate) tracer: Option<ExchangeTracer>,
    /// When a connection last returned to the pool, or may have.
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

    /// As [`Client::new`], and records all requests and responses in a trace, without secrets.
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
        let resolver = JudgingResolver {
            is_private_only: options.address_rule == AddressRule::AsNamed
                && options.endpoint.is_private(),
            lookup: options.host_lookup.clone(),
        };
        let ClientOptions {
            endpoint, bearer, headers, timeouts, retry, user_agent, limiter, ..
        } = options;
        let exchange = HttpExchange { url: endpoint.to_string(), ..HttpExchange::default() };
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
            .dns_resolver(Arc::new(resolver))
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
            // An error means that the process has chosen a provider already.
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

    /// The timeouts of every call.
    #[must_use]
    pub fn timeouts(&self) -> &CallTimeouts {
        &self.0.timeouts
    }

    /// Gets a URL of the endpoint. An empty or plain-text body is accepted, as health
    /// checks and metrics return one.
    ///
    /// # Errors
    /// When the response is incomplete, its status is not 2xx, or its body is a web page.
    pub async fn get(&self, url: Url) -> Result<ApiResponse, TransportError> {
        self.fetch_response(HttpCall::new(&self.0, url, None, "application/json")?).await
    }

    /// Posts a JSON body to a URL of the endpoint.
    ///
    /// # Errors
    /// When the response is incomplete, its status is not 2xx, or its body is a web page.
    pub async fn post(&self, url: Url, body: Bytes) -> Result<ApiResponse, TransportError> {
        self.fetch_response(HttpCall::new(&self.0, url, Some(body), "application/json")?).await
    }

    /// The limiter of concurrent streams, if there is one.
    #[must_use]
    pub fn concurrency_limiter(&self) -> Option<&ConcurrencyLimiter> {
        self.0.limiter.as_ref()
    }

    /// Posts a JSON body to a URL of the endpoint and streams the response, with the priority of a
    /// user's request.
    ///
    /// # Errors
    /// When the status is not 2xx. A later failure is the last item of the stream, also of a body
    /// that is neither an event stream nor JSON.
    pub async fn post_stream(&self, url: Url, body: Bytes) -> Result<EventStream, TransportError> {
        self.post_stream_with_priority(url, body, StreamPriority::User).await
    }

    /// As [`Client::post_stream`], with the given priority in the limiter's queue. The total
    /// timeout runs while it waits there. It holds its permit until the stream ends or is dropped.
    ///
    /// # Errors
    /// As [`Client::post_stream`].
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
        let events =
            EventStream::new(Box::pin(body), call.exchange, self.0.timeouts.clone(), call.total);
        Ok(events.with_secrets(self.0.secrets.clone()).with_recorder(call.recorder.take()))
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
    /// Records that a connection may have returned to the pool.
    pub(crate) fn record_idle_connection(&self) {
        *self.last_idle_at.lock().unwrap_or_else(PoisonError::into_inner) = Some(Instant::now());
    }

    /// Returns whether a request may get a reused connection.
    pub(crate) fn may_reuse_connection(&self) -> bool {
        let last_idle_at = *self.last_idle_at.lock().unwrap_or_else(PoisonError::into_inner);
        last_idle_at.is_some_and(|at| at.elapsed() <= POOL_IDLE_TIMEOUT)
    }
}

/// The use of a connection by a stream, after which it may return to the pool. Only the HTTP
/// library knows whether it does: that depends on how much of the body had arrived.
struct ConnectionLease {
    shared: Arc<ClientState>,
    /// Held until the stream ends.
    _permit: Option<StreamPermit>,
}

/// The body of a response, in chunks as they arrive.
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

/// A TLS configuration without root certificates, for clients of `http` endpoints.
fn tls_without_roots() -> Result<rustls::ClientConfig, rustls::Error> {
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let versions = rustls::ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()?;
    Ok(versions.with_root_certificates(rustls::RootCertStore::empty()).with_no_client_auth())
}
