//! One API call: its attempts, the pauses between them, and the outcome of each.

use std::time::{Duration, SystemTime};

use bytes::Bytes;
use reqwest::header::{
    ACCEPT, ACCEPT_ENCODING, CONTENT_ENCODING, CONTENT_TYPE, DATE, HeaderMap, HeaderName, LOCATION,
    RETRY_AFTER,
};
use reqwest::{Method, Response};
use tokio::time::{Instant, sleep};
use url::Url;

use crate::client::ClientState;
use crate::framing::MAX_BODY;
use crate::http_cause::HttpCause;
use crate::retry::{is_transient, parse_retry_after};
use crate::server_error::parse_error_body;
use crate::timeouts::{Deadline, await_until, earlier_deadline};
use crate::trace::recorder::{AttemptRequest, ExchangeRecorder};
use crate::{
    CallTimeouts, HttpExchange, ServerErrorMessage, TimeoutKind, TransportError, TransportErrorKind,
};

/// The most bytes read of an error response's body.
const MAX_ERROR_BODY: usize = 64 * 1024;

/// The headers in which servers return a request id.
const REQUEST_ID_HEADERS: [HeaderName; 2] =
    [HeaderName::from_static("x-request-id"), HeaderName::from_static("request-id")];

/// One API call and the exchange of its last attempt.
pub(crate) struct HttpCall<'a> {
    shared: &'a ClientState,
    url: Url,
    /// The body of a POST; `None` makes the call a GET.
    body: Option<Bytes>,
    accept: &'static str,
    pub(crate) total: Option<Deadline>,
    pub(crate) exchange: HttpExchange,
    /// Records the attempt when the client is traced.
    pub(crate) recorder: Option<Box<ExchangeRecorder>>,
}

/// A failed attempt and whether it may be retried.
struct AttemptFailure {
    error: TransportError,
    retry_class: RetryClass,
}

#[derive(PartialEq)]
enum RetryClass {
    Never,
    /// After a pause.
    AfterPause,
    /// After a pause, or at once when the connection may have been reused.
    ConnectionClosed,
}

impl<'a> HttpCall<'a> {
    /// Starts a call. Its total timeout counts from now.
    pub(crate) fn new(
        shared: &'a ClientState,
        url: Url,
        body: Option<Bytes>,
        accept: &'static str,
    ) -> Result<Self, TransportError> {
        let base = shared.endpoint.base_url();
        let method = if body.is_some() { "POST" } else { "GET" };
        let mut exchange = HttpExchange { method: method.into(), ..HttpExchange::default() };
        if url.origin() != base.origin() || !url.username().is_empty() || url.password().is_some() {
            exchange.url = url.origin().ascii_serialization();
            let error = TransportError::new(TransportErrorKind::InvalidOptions, exchange);
            return Err(error.with_source(ForeignUrl(base.origin().ascii_serialization())));
        }
        exchange.url = url.to_string();
        let total = shared.timeouts.start_deadline(TimeoutKind::Total, Instant::now());
        Ok(Self { shared, url, body, accept, total, exchange, recorder: None })
    }

    /// Awaits a step that precedes the request, at most until the total timeout.
    pub(crate) async fn await_within_total<F: Future>(
        &self,
        future: F,
    ) -> Result<F::Output, TransportError> {
        await_until(self.total, future).await.map_err(|clock| self.timeout_error(clock))
    }

    /// Sends the request, and retries it, until the status is 2xx or no retry is left.
    pub(crate) async fn send_with_retries(&mut self) -> Result<Response, TransportError> {
        let mut failed_attempts = 0;
        let mut old_connection_excused = false;
        loop {
            let may_reuse = self.shared.may_reuse_connection();
            let AttemptFailure { error, retry_class } = match self.send_attempt().await {
                Ok(response) => return Ok(response),
                Err(failure) => failure,
            };
            if let Some(mut recorder) = self.recorder.take() {
                recorder.record_failure(&error);
            }
            // A retry would have the server read the same prompt and hit the same proxy timeout.
            if error.exchange().likely_proxy_timeout().is_some() {
                return Err(error);
            }
            let pause = if retry_class == RetryClass::ConnectionClosed
                && may_reuse
                && !old_connection_excused
            {
                // The server may have closed an idle connection: one retry per call costs no
                // attempt.
                old_connection_excused = true;
                Duration::ZERO
            } else {
                failed_attempts += 1;
                let is_asked_too_much = self.shared.retry.exceeds_max_retry_after(error.exchange());
                if retry_class == RetryClass::Never
                    || is_asked_too_much
                    || failed_attempts >= self.shared.retry.max_attempts
                {
                    return Err(error);
                }
                self.shared.retry.retry_delay(failed_attempts, error.exchange())
            };
            let resumes = Instant::now().checked_add(pause);
            if self.total.is_some_and(|total| resumes.is_none_or(|at| at >= total.at)) {
                return Err(error);
            }
            tracing::warn!(
                url = self.exchange.url,
                attempt = self.exchange.attempt,
                status = self.exchange.status,
                ?pause,
                "trying again"
            );
            sleep(pause).await;
        }
    }

    /// Reads the whole body of a response, at most [`MAX_BODY`] bytes.
    pub(crate) async fn read_body(&mut self, response: Response) -> Result<Bytes, TransportError> {
        let mut body = Vec::new();
        let failure = match self.read_body_into(response, &mut body, MAX_BODY).await {
            Ok(true) => None,
            Ok(false) => {
                Some(TransportError::new(TransportErrorKind::TooLarge, self.exchange.clone()))
            }
            Err(error) => Some(error),
        };
        if let Some(mut recorder) = self.recorder.take() {
            recorder.record_body(&body);
            match &failure {
                None => recorder.record_success(),
                Some(error) => recorder.record_failure(error),
            }
        }
        failure.map_or(Ok(body.into()), Err)
    }

    async fn send_attempt(&mut self) -> Result<Response, AttemptFailure> {
        self.exchange = HttpExchange {
            method: self.exchange.method.clone(),
            url: std::mem::take(&mut self.exchange.url),
            attempt: self.exchange.attempt + 1,
            ..HttpExchange::default()
        };
        let request = match &self.body {
            None => self.shared.http.request(Method::GET, self.url.clone()),
            Some(body) => self
                .shared
                .http
                .request(Method::POST, self.url.clone())
                .header(CONTENT_TYPE, "application/json")
                .body(body.clone()),
        };
        if let Some(tracer) = &self.shared.tracer {
            self.recorder = Some(tracer.begin_attempt(AttemptRequest {
                method: &self.exchange.method,
                url: &self.url,
                number: self.exchange.attempt,
                accept: self.accept,
                body: self.body.as_deref(),
            }));
        }
        let started_at = Instant::now();
        let headers = self.shared.timeouts.start_deadline(TimeoutKind::ResponseHeaders, started_at);
        let answer = await_until(
            earlier_deadline(headers, self.total),
            request.header(ACCEPT, self.accept).header(ACCEPT_ENCODING, "identity").send(),
        )
        .await;
        match answer {
            Ok(Ok(response)) => {
                self.exchange.status = Some(response.status().as_u16());
                self.exchange.content_type = header_text(response.headers(), &CONTENT_TYPE);
                self.exchange.request_id = REQUEST_ID_HEADERS
                    .iter()
                    .find_map(|name| header_text(response.headers(), name));
                if let Some(recorder) = &mut self.recorder {
                    recorder.record_response(response.status().as_u16(), response.headers());
                }
                let encoding = body_encoding(response.headers());
                if let (true, Some(encoding)) = (response.status().is_success(), &encoding) {
                    Err(self.encoding_error(encoding))
                } else if response.status().is_success() {
                    Ok(response)
                } else {
                    self.exchange.idle_for = started_at.elapsed();
                    Err(self.read_error_response(response).await)
                }
            }
            Ok(Err(error)) => {
                let cause = HttpCause::new(error);
                if !cause.is_connect() {
                    self.exchange.idle_for = started_at.elapsed();
                }
                Err(self.classify_send_error(cause, started_at))
            }
            Err(clock) => Err(AttemptFailure {
                error: self.timeout_error(clock),
                retry_class: RetryClass::Never,
            }),
        }
    }

    /// The error of a response that cannot be read, because its body is compressed.
    fn encoding_error(&self, encoding: &str) -> AttemptFailure {
        let error = TransportError::new(TransportErrorKind::Encoded, self.exchange.clone());
        let error = error.with_source(EncodedBody(encoding.to_owned()));
        AttemptFailure { error, retry_class: RetryClass::Never }
    }

    /// Classifies the failure of an attempt that got no response.
    fn classify_send_error(&self, cause: HttpCause, started_at: Instant) -> AttemptFailure {
        let connect = self.shared.timeouts.connect.as_ref();
        let (kind, retry_class) = if cause.is_connect() {
            if cause.is_timeout()
                && connect.is_some_and(|limit| started_at.elapsed() >= limit.duration)
            {
                return AttemptFailure {
                    error: self.timeout_error(TimeoutKind::Connect),
                    retry_class: RetryClass::Never,
                };
            }
            (TransportErrorKind::Connect, RetryClass::Never)
        } else if cause.is_not_http() {
            (TransportErrorKind::NotAnApi, RetryClass::Never)
        } else if cause.is_connection_closed() {
            (TransportErrorKind::Interrupted, RetryClass::ConnectionClosed)
        } else {
            (TransportErrorKind::Interrupted, RetryClass::Never)
        };
        let error = TransportError::new(kind, self.exchange.clone()).with_source(cause);
        AttemptFailure { error, retry_class }
    }

    /// Reads the failure of an attempt whose response status is not 2xx.
    async fn read_error_response(&mut self, response: Response) -> AttemptFailure {
        let status = response.status();
        let headers = response.headers();
        let encoding = body_encoding(headers);
        let (retry_after_text, date) =
            (header_text(headers, &RETRY_AFTER), header_text(headers, &DATE));
        self.exchange.retry_after = retry_after_text
            .and_then(|wish| parse_retry_after(&wish, date.as_deref(), SystemTime::now()));
        let target = header_text(headers, &LOCATION).filter(|_| status.is_redirection());
        self.exchange.server_error = if let Some(target) = target {
            let message = format!("redirects to {}", self.redact_redirect_target(&target));
            Some(ServerErrorMessage { message, ..ServerErrorMessage::default() })
        } else if let Some(encoding) = encoding {
            let message = EncodedBody(encoding).to_string();
            Some(ServerErrorMessage { message, ..ServerErrorMessage::default() })
        } else {
            let mut body = Vec::new();
            // A body that breaks off is still used: the status is the failure.
            let _whole = self.read_body_into(response, &mut body, MAX_ERROR_BODY).await;
            if let Some(recorder) = &mut self.recorder {
                recorder.record_body(&body);
            }
            // Scrubbed before the message is shortened, and again after JSON escapes are decoded.
            let body = String::from_utf8_lossy(&body).into_owned();
            let server_error = parse_error_body(self.shared.secrets.scrub_text(body).as_bytes());
            server_error.map(|said| self.shared.secrets.scrub_server_error(said))
        };
        let status = status.as_u16();
        AttemptFailure {
            error: TransportError::new(TransportErrorKind::Status(status), self.exchange.clone()),
            retry_class: if is_transient(status) {
                RetryClass::AfterPause
            } else {
                RetryClass::Never
            },
        }
    }

    /// Appends a body to a buffer. Returns false when it exceeds `limit` bytes.
    async fn read_body_into(
        &mut self,
        mut response: Response,
        body: &mut Vec<u8>,
        limit: usize,
    ) -> Result<bool, TransportError> {
        loop {
            let since = Instant::now();
            let wait = self.shared.timeouts.start_deadline(TimeoutKind::BetweenTokens, since);
            match await_until(earlier_deadline(wait, self.total), response.chunk()).await {
                Err(clock) => return Err(self.timeout_error(clock)),
                Ok(Err(error)) => {
                    self.exchange.idle_for = since.elapsed();
                    let kind = TransportErrorKind::Interrupted;
                    let error_of_call = TransportError::new(kind, self.exchange.clone());
                    return Err(error_of_call.with_source(HttpCause::new(error)));
                }
                Ok(Ok(None)) => {
                    self.shared.record_idle_connection();
                    return Ok(true);
                }
                Ok(Ok(Some(chunk))) => {
                    if let Some(recorder) = &mut self.recorder {
                        recorder.record_chunk(chunk.len());
                    }
                    let room = limit - body.len();
                    body.extend_from_slice(chunk.get(..room).unwrap_or(&chunk));
                    if chunk.len() > room {
                        return Ok(false);
                    }
                }
            }
        }
    }

    fn timeout_error(&self, clock: TimeoutKind) -> TransportError {
        timeout_error(self.exchange.clone(), clock, &self.shared.timeouts)
    }

    /// Returns the target of a redirect without user info, query or fragment.
    fn redact_redirect_target(&self, target: &str) -> String {
        match self.url.join(target) {
            Ok(url) => format!("{}{}", url.origin().ascii_serialization(), url.path()),
            Err(_) => "what is not a URL".to_owned(),
        }
    }
}

/// Makes the error of an exchange that ran into a timeout.
pub(crate) fn timeout_error(
    mut exchange: HttpExchange,
    clock: TimeoutKind,
    timeouts: &CallTimeouts,
) -> TransportError {
    let limit = timeouts.time_limit(clock);
    exchange.timeout_source = limit.map(|limit| limit.source.clone().into_owned());
    let after = limit.map(|limit| limit.duration).unwrap_or_default();
    TransportError::new(TransportErrorKind::Timeout { clock, after }, exchange)
}

/// The URL is of another origin than the endpoint, so the key must not be sent to it.
#[derive(Debug, thiserror::Error)]
#[error("the URL does not belong to {0}")]
struct ForeignUrl(String);

/// A body is compressed although that was not asked for.
#[derive(Debug, thiserror::Error)]
#[error("the body is encoded as `{0}`, though the request has `Accept-Encoding: identity`")]
struct EncodedBody(String);

/// The encoding of a body that is not sent as it is.
fn body_encoding(headers: &HeaderMap) -> Option<String> {
    let encoding = header_text(headers, &CONTENT_ENCODING)?;
    let name = encoding.trim().to_ascii_lowercase();
    (!matches!(name.as_str(), "" | "identity" | "none" | "utf-8")).then_some(name)
}

fn header_text(headers: &HeaderMap, name: &HeaderName) -> Option<String> {
    Some(headers.get(name)?.to_str().ok()?.to_owned())
}
