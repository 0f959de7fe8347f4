//! One call: its attempts, the pauses between them, and what each came to.

use std::time::{Duration, SystemTime};

use bytes::Bytes;
use reqwest::header::{ACCEPT, CONTENT_TYPE, DATE, HeaderMap, HeaderName, LOCATION, RETRY_AFTER};
use reqwest::{Method, Response};
use tokio::time::{Instant, sleep};
use url::Url;

use crate::cause::Cause;
use crate::client::Shared;
use crate::clocks::{Deadline, earlier, within};
use crate::framing::MAX_BODY;
use crate::retry::{is_transient, retry_after};
use crate::trace::recorder::{Attempt, Recorder};
use crate::{Clock, Clocks, Exchange, ServerError, TransportError, TransportErrorKind};

/// How much of an error's body is read, in bytes.
const MAX_ERROR_BODY: usize = 64 * 1024;

/// What servers call the id of a request.
const REQUEST_IDS: [HeaderName; 2] =
    [HeaderName::from_static("x-request-id"), HeaderName::from_static("request-id")];

/// One call and what is known of its last attempt.
pub(crate) struct Call<'a> {
    shared: &'a Shared,
    url: Url,
    /// Posted if there is one; otherwise the call is a GET.
    body: Option<Bytes>,
    accept: &'static str,
    pub(crate) total: Option<Deadline>,
    pub(crate) exchange: Exchange,
    /// Writes the attempt down, where there is a trace.
    pub(crate) recorder: Option<Box<Recorder>>,
}

/// A failed attempt and whether another may succeed.
struct Failure {
    error: TransportError,
    again: Again,
}

#[derive(PartialEq)]
enum Again {
    Never,
    /// After a pause.
    Later,
    /// After a pause; at once, if the connection may have been an old one.
    HungUp,
}

impl<'a> Call<'a> {
    /// Begins a call; its total clock runs from now.
    pub(crate) fn new(
        shared: &'a Shared,
        url: Url,
        body: Option<Bytes>,
        accept: &'static str,
    ) -> Result<Self, TransportError> {
        let base = shared.endpoint.base();
        let method = if body.is_some() { "POST" } else { "GET" };
        let mut exchange = Exchange { method, ..Exchange::default() };
        if url.origin() != base.origin() || !url.username().is_empty() || url.password().is_some() {
            exchange.url = url.origin().ascii_serialization();
            let error = TransportError::new(TransportErrorKind::InvalidOptions, exchange);
            return Err(error.caused_by(ForeignUrl(base.origin().ascii_serialization())));
        }
        exchange.url = url.to_string();
        let total = shared.clocks.start(Clock::Total, Instant::now());
        Ok(Self { shared, url, body, accept, total, exchange, recorder: None })
    }

    /// Awaits something that comes before the request, no longer than the call may take.
    pub(crate) async fn in_time<F: Future>(&self, future: F) -> Result<F::Output, TransportError> {
        within(self.total, future).await.map_err(|clock| self.timeout(clock))
    }

    /// Sends the request until an attempt is answered with 2xx or no further one is due.
    pub(crate) async fn open(&mut self) -> Result<Response, TransportError> {
        let mut failed = 0;
        let mut old_connection_excused = false;
        loop {
            let may_reuse = self.shared.may_reuse();
            let Failure { error, again } = match self.attempt().await {
                Ok(response) => return Ok(response),
                Err(failure) => failure,
            };
            if let Some(mut recorder) = self.recorder.take() {
                recorder.failed(&error);
            }
            if error.exchange().cut_by_proxy().is_some() {
                return Err(error);
            }
            let pause = if again == Again::HungUp && may_reuse && !old_connection_excused {
                old_connection_excused = true;
                Duration::ZERO
            } else {
                failed += 1;
                let is_asked_too_much = self.shared.retry.is_too_long(error.exchange());
                if again == Again::Never
                    || is_asked_too_much
                    || failed >= self.shared.retry.attempts
                {
                    return Err(error);
                }
                self.shared.retry.pause(failed, error.exchange())
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

    /// Reads the body of an answer whole.
    pub(crate) async fn read(&mut self, response: Response) -> Result<Bytes, TransportError> {
        let mut body = Vec::new();
        let failure = match self.read_some(response, &mut body, MAX_BODY).await {
            Ok(true) => None,
            Ok(false) => {
                Some(TransportError::new(TransportErrorKind::TooLarge, self.exchange.clone()))
            }
            Err(error) => Some(error),
        };
        if let Some(mut recorder) = self.recorder.take() {
            recorder.body(&body);
            match &failure {
                None => recorder.done(),
                Some(error) => recorder.failed(error),
            }
        }
        failure.map_or(Ok(body.into()), Err)
    }

    async fn attempt(&mut self) -> Result<Response, Failure> {
        self.exchange = Exchange {
            method: self.exchange.method,
            url: std::mem::take(&mut self.exchange.url),
            attempt: self.exchange.attempt + 1,
            ..Exchange::default()
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
            self.recorder = Some(tracer.begin(Attempt {
                method: self.exchange.method,
                url: &self.url,
                count: self.exchange.attempt,
                accept: self.accept,
                body: self.body.as_deref(),
            }));
        }
        let begun = Instant::now();
        let headers = self.shared.clocks.start(Clock::ResponseHeaders, begun);
        let answer =
            within(earlier(headers, self.total), request.header(ACCEPT, self.accept).send()).await;
        match answer {
            Ok(Ok(response)) => {
                self.exchange.status = Some(response.status().as_u16());
                self.exchange.content_type = text(response.headers(), &CONTENT_TYPE);
                self.exchange.request_id =
                    REQUEST_IDS.iter().find_map(|name| text(response.headers(), name));
                if let Some(recorder) = &mut self.recorder {
                    recorder.answered(response.status().as_u16(), response.headers());
                }
                if response.status().is_success() {
                    Ok(response)
                } else {
                    self.exchange.silent = begun.elapsed();
                    Err(self.refused(response).await)
                }
            }
            Ok(Err(error)) => {
                let cause = Cause::new(error);
                if !cause.is_connect() {
                    self.exchange.silent = begun.elapsed();
                }
                Err(self.unanswered(cause, begun))
            }
            Err(clock) => Err(Failure { error: self.timeout(clock), again: Again::Never }),
        }
    }

    /// The failure of an attempt that has no answer.
    fn unanswered(&self, cause: Cause, begun: Instant) -> Failure {
        let connect = self.shared.clocks.connect.as_ref();
        let (kind, again) = if cause.is_connect() {
            if cause.is_timeout() && connect.is_some_and(|limit| begun.elapsed() >= limit.duration)
            {
                return Failure { error: self.timeout(Clock::Connect), again: Again::Never };
            }
            (TransportErrorKind::Connect, Again::Never)
        } else if cause.is_not_http() {
            (TransportErrorKind::NotAnApi, Again::Never)
        } else if cause.is_hang_up() {
            (TransportErrorKind::Interrupted, Again::HungUp)
        } else {
            (TransportErrorKind::Interrupted, Again::Never)
        };
        let error = TransportError::new(kind, self.exchange.clone()).caused_by(cause);
        Failure { error, again }
    }

    /// The failure of an attempt that was answered with a status other than 2xx.
    async fn refused(&mut self, response: Response) -> Failure {
        let status = response.status();
        let headers = response.headers();
        let (wish, date) = (text(headers, &RETRY_AFTER), text(headers, &DATE));
        self.exchange.retry_after =
            wish.and_then(|wish| retry_after(&wish, date.as_deref(), SystemTime::now()));
        let target = text(headers, &LOCATION).filter(|_| status.is_redirection());
        self.exchange.server = if let Some(target) = target {
            let message = format!("redirects to {}", self.without_secrets(&target));
            Some(ServerError { message, ..ServerError::default() })
        } else {
            let mut body = Vec::new();
            // What has arrived is read even if the rest does not: the status is the failure.
            let _whole = self.read_some(response, &mut body, MAX_ERROR_BODY).await;
            if let Some(recorder) = &mut self.recorder {
                recorder.body(&body);
            }
            // Before the text is cut to its length, and again where JSON had escaped it.
            let body = String::from_utf8_lossy(&body).into_owned();
            let said = ServerError::from_body(self.shared.secrets.scrub_text(body).as_bytes());
            said.map(|said| self.shared.secrets.scrub(said))
        };
        let status = status.as_u16();
        Failure {
            error: TransportError::new(TransportErrorKind::Status(status), self.exchange.clone()),
            again: if is_transient(status) { Again::Later } else { Again::Never },
        }
    }

    /// Reads a body into a buffer; false when there is more than the limit.
    async fn read_some(
        &mut self,
        mut response: Response,
        body: &mut Vec<u8>,
        limit: usize,
    ) -> Result<bool, TransportError> {
        loop {
            let since = Instant::now();
            let wait = self.shared.clocks.start(Clock::BetweenTokens, since);
            match within(earlier(wait, self.total), response.chunk()).await {
                Err(clock) => return Err(self.timeout(clock)),
                Ok(Err(error)) => {
                    self.exchange.silent = since.elapsed();
                    let kind = TransportErrorKind::Interrupted;
                    let error_of_call = TransportError::new(kind, self.exchange.clone());
                    return Err(error_of_call.caused_by(Cause::new(error)));
                }
                Ok(Ok(None)) => {
                    self.shared.note_free();
                    return Ok(true);
                }
                Ok(Ok(Some(chunk))) => {
                    if let Some(recorder) = &mut self.recorder {
                        recorder.arrived(chunk.len());
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

    fn timeout(&self, clock: Clock) -> TransportError {
        self.exchange.clone().timeout(clock, &self.shared.clocks)
    }

    /// Where a redirect points to, without what may be a credential.
    fn without_secrets(&self, target: &str) -> String {
        match self.url.join(target) {
            Ok(url) => format!("{}{}", url.origin().ascii_serialization(), url.path()),
            Err(_) => "what is not a URL".to_owned(),
        }
    }
}

impl Exchange {
    /// The error of an exchange in which a clock ran out.
    pub(crate) fn timeout(mut self, clock: Clock, clocks: &Clocks) -> TransportError {
        let limit = clocks.limit(clock);
        self.clock_source = limit.map(|limit| limit.source.clone().into_owned());
        let after = limit.map(|limit| limit.duration).unwrap_or_default();
        TransportError::new(TransportErrorKind::Timeout { clock, after }, self)
    }
}

/// The URL of a call is not one that the client's key may be sent to.
#[derive(Debug, thiserror::Error)]
#[error("the URL does not belong to {0}")]
struct ForeignUrl(String);

fn text(headers: &HeaderMap, name: &HeaderName) -> Option<String> {
    Some(headers.get(name)?.to_str().ok()?.to_owned())
}
