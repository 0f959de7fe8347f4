//! A streamed response with its timeouts.

use std::error::Error;
use std::fmt;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use bytes::Bytes;
use futures_core::Stream;
use futures_util::StreamExt;
use tokio::time::{Instant, Sleep, sleep_until};

use crate::call::timeout_error;
use crate::framing::{BodyFraming, ContentKind};
use crate::secrets::ClientSecrets;
use crate::server_error::{parse_error_body, parse_error_event};
use crate::sse::is_end_marker;
use crate::timeouts::{Deadline, earlier_deadline};
use crate::trace::recorder::ExchangeRecorder;
use crate::{
    CallTimeouts, HttpExchange, KEEP_ALIVE_FACTOR, ServerErrorMessage, StreamEvent, TimeLimit,
    TimeoutKind, TransportError, TransportErrorKind,
};

/// The part of a web page that an error is read from, in bytes.
const MAX_PAGE_HEAD: usize = 4096;

/// The chunks of a response body.
pub(crate) type ByteStream =
    Pin<Box<dyn Stream<Item = Result<Bytes, Box<dyn Error + Send + Sync>>> + Send>>;

/// The events of one streamed response.
///
/// It ends after the event `[DONE]`, when the body ends, or after an error. A body that ends early
/// is no error here: only its content shows whether the answer is complete. A JSON response from a
/// server that does not stream is one [`StreamEvent::Data`] with the whole body.
///
/// The timeout `first_token` runs until the first data, `between_tokens` after that, unless
/// [`restart_first_token_timeout`](Self::restart_first_token_timeout) is called. A keep-alive (a
/// comment, or data for which [`record_keep_alive`](Self::record_keep_alive) is called) restarts
/// either, up to [`KEEP_ALIVE_FACTOR`] times its limit in all. Both count only the time spent
/// waiting for the server, not the caller's own.
///
/// Dropping it closes the connection, unless the response was read to its end.
pub struct EventStream {
    /// `None` once the stream has ended.
    body: Option<ByteStream>,
    framing: BodyFraming,
    exchange: HttpExchange,
    timeouts: CallTimeouts,
    total: Option<Deadline>,
    /// The timeout of the wait for the next event.
    active_timeout: TimeoutKind,
    /// Its deadline, once the wait has begun.
    event_deadline: Option<Deadline>,
    /// When the wait began.
    wait_started_at: Option<Instant>,
    /// When the wait for content began: it goes on while only keep-alives arrive.
    content_wait_started_at: Option<Instant>,
    /// When that wait ends, however many keep-alives arrive.
    keep_alive_ends_at: Option<Instant>,
    /// The value before the last event with data, which may prove to be a keep-alive.
    previous_content_wait: Option<Instant>,
    /// Fires at the deadline, or before it.
    timer: Option<Pin<Box<Sleep>>>,
    secrets: ClientSecrets,
    /// Records the response when the client is traced.
    recorder: Option<Box<ExchangeRecorder>>,
    /// Whether the body has ended, but not all of its events were taken.
    is_draining: bool,
}

impl EventStream {
    /// Makes a stream of a response whose headers have just arrived.
    pub(crate) fn new(
        body: ByteStream,
        exchange: HttpExchange,
        timeouts: CallTimeouts,
        total: Option<Deadline>,
    ) -> Self {
        let content = ContentKind::from_content_type(exchange.content_type.as_deref());
        Self {
            body: Some(body),
            framing: BodyFraming::from_content_kind(content),
            exchange,
            timeouts,
            total,
            active_timeout: TimeoutKind::FirstToken,
            event_deadline: None,
            wait_started_at: None,
            content_wait_started_at: None,
            keep_alive_ends_at: None,
            previous_content_wait: None,
            timer: None,
            secrets: ClientSecrets::default(),
            recorder: None,
            is_draining: false,
        }
    }

    /// The `x-request-id` or `request-id` header of the answer.
    #[must_use]
    pub fn request_id(&self) -> Option<&str> {
        self.exchange.request_id.as_deref()
    }

    /// The number of the attempt that got this response, from 1.
    #[must_use]
    pub fn attempt_number(&self) -> u32 {
        self.exchange.attempt
    }

    /// Sets the secrets to scrub from server errors.
    pub(crate) fn with_secrets(mut self, secrets: ClientSecrets) -> Self {
        self.secrets = secrets;
        self
    }

    /// Sets the recorder of the response.
    pub(crate) fn with_recorder(mut self, recorder: Option<Box<ExchangeRecorder>>) -> Self {
        self.recorder = recorder;
        self
    }

    /// Reads an event that reports an error instead of a delta, without the client's secrets.
    /// `None` for any other event.
    #[must_use]
    pub fn parse_server_error(&self, event: &serde_json::Value) -> Option<ServerErrorMessage> {
        Some(self.secrets.scrub_server_error(parse_error_event(event)?))
    }

    /// Reads a text that is known to be an error, in any of the shapes of an error body, without the
    /// client's secrets. `None` if it says nothing.
    #[must_use]
    pub fn parse_error_text(&self, text: &str) -> Option<ServerErrorMessage> {
        let text = self.secrets.scrub_text(text.to_owned());
        Some(self.secrets.scrub_server_error(parse_error_body(text.as_bytes())?))
    }

    /// Counts an event that its reader did not understand and skips, for the trace.
    pub fn record_unreadable_event(&mut self) {
        if let Some(recorder) = &mut self.recorder {
            recorder.record_unreadable_event();
        }
    }

    /// The exchange so far, for errors that only the reader of the events can detect.
    #[must_use]
    pub fn exchange(&self) -> &HttpExchange {
        &self.exchange
    }

    /// Tells the stream that the last event was sent before any token: `first_token` restarts.
    pub fn restart_first_token_timeout(&mut self) {
        self.active_timeout = TimeoutKind::FirstToken;
    }

    /// Tells the stream that the last event had no content: the wait for content goes on.
    pub fn record_keep_alive(&mut self) {
        self.content_wait_started_at = self.previous_content_wait;
    }

    /// Tells the stream that the last event ended the answer, for APIs without `[DONE]`: nothing
    /// more is read.
    pub fn mark_complete(&mut self) {
        self.end_body();
        self.record_end(None);
    }

    fn end_body(&mut self) {
        (self.body, self.is_draining) = (None, false);
    }

    fn deliver_event(&mut self, event: StreamEvent) -> StreamEvent {
        self.event_deadline = None;
        self.wait_started_at = None;
        if let Some(recorder) = &mut self.recorder {
            recorder.record_event(&event);
        }
        self.previous_content_wait = self.content_wait_started_at;
        if event != StreamEvent::Comment {
            self.active_timeout = TimeoutKind::BetweenTokens;
            self.content_wait_started_at = None;
        }
        if matches!(&event, StreamEvent::Data(data) if is_end_marker(data)) {
            self.mark_complete();
        }
        event
    }

    fn fail_with(&mut self, kind: TransportErrorKind) -> TransportError {
        let error = TransportError::new(kind, self.exchange.clone());
        self.end_with_error(error)
    }

    /// Fails because of these bytes at the beginning of the body, and tells what they say.
    fn fail_with_body(&mut self, kind: TransportErrorKind, head: &[u8]) -> TransportError {
        if kind == TransportErrorKind::NotAnApi {
            self.exchange.server_error = self.parse_error_text(&String::from_utf8_lossy(head));
        }
        self.fail_with(kind)
    }

    fn fail_with_timeout(&mut self, clock: TimeoutKind) -> TransportError {
        let keep_alive_limit = self
            .keep_alive_ends_at
            .filter(|at| clock != TimeoutKind::Total && *at <= Instant::now());
        let error = match keep_alive_limit {
            None => timeout_error(self.exchange.clone(), clock, &self.timeouts),
            Some(_) => self.keep_alive_error(clock),
        };
        self.end_with_error(error)
    }

    /// The error of a wait for content in which only keep-alives came.
    fn keep_alive_error(&self, clock: TimeoutKind) -> TransportError {
        let limit = self.timeouts.time_limit(clock);
        let mut exchange = self.exchange.clone();
        exchange.timeout_source = limit.map(|TimeLimit { source, .. }| {
            format!("{KEEP_ALIVE_FACTOR} times {source}; nothing but keep-alives came")
        });
        let after = limit.map(|limit| limit.duration).unwrap_or_default() * KEEP_ALIVE_FACTOR;
        TransportError::new(TransportErrorKind::Timeout { clock, after }, exchange)
    }

    fn record_idle_time(&mut self) {
        self.exchange.idle_for =
            self.wait_started_at.map(|since| since.elapsed()).unwrap_or_default();
    }

    fn end_with_error(&mut self, error: TransportError) -> TransportError {
        self.end_body();
        self.record_end(Some(&error));
        error
    }

    fn record_end(&mut self, error: Option<&TransportError>) {
        if let Some(mut recorder) = self.recorder.take() {
            match error {
                None => recorder.record_success(),
                Some(error) => recorder.record_failure(error),
            }
        }
    }

    /// Waits for the deadlines; ready with the timeout that expired first.
    fn poll_deadlines(&mut self, cx: &mut Context<'_>) -> Poll<TimeoutKind> {
        let Some(deadline) = earlier_deadline(self.event_deadline, self.total) else {
            return Poll::Pending;
        };
        let sleep = self.timer.get_or_insert_with(|| Box::pin(sleep_until(deadline.at)));
        if sleep.deadline() > deadline.at {
            sleep.as_mut().reset(deadline.at);
        }
        loop {
            ready!(sleep.as_mut().poll(cx));
            if sleep.deadline() >= deadline.at {
                return Poll::Ready(deadline.clock);
            }
            // The timer was set for an earlier event. Resetting it at every event would cost more.
            sleep.as_mut().reset(deadline.at);
        }
    }
}

impl Stream for EventStream {
    type Item = Result<StreamEvent, TransportError>;

    fn poll_next(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        let this = self.get_mut();
        loop {
            if this.body.is_none() && !this.is_draining {
                return Poll::Ready(None);
            }
            match this.framing.next_event() {
                Ok(Some(event)) => return Poll::Ready(Some(Ok(this.deliver_event(event)))),
                Ok(None) => {}
                Err(kind) => return Poll::Ready(Some(Err(this.fail_with(kind)))),
            }
            let Some(body) = this.body.as_mut() else {
                this.mark_complete();
                return Poll::Ready(None);
            };
            if this.event_deadline.is_none() {
                let now = Instant::now();
                // A body that is always ready would otherwise keep the total timeout from being
                // checked.
                if this.total.is_some_and(|total| total.at <= now) {
                    return Poll::Ready(Some(Err(this.fail_with_timeout(TimeoutKind::Total))));
                }
                this.wait_started_at.get_or_insert(now);
                let content_wait = *this.content_wait_started_at.get_or_insert(now);
                let last = this.timeouts.keep_alive_deadline(this.active_timeout, content_wait);
                this.keep_alive_ends_at = last.map(|deadline| deadline.at);
                let next = this.timeouts.start_deadline(this.active_timeout, now);
                this.event_deadline = earlier_deadline(next, last);
                if let Some(deadline) = this.event_deadline.filter(|deadline| deadline.at <= now) {
                    return Poll::Ready(Some(Err(this.fail_with_timeout(deadline.clock))));
                }
            }
            match body.poll_next_unpin(cx) {
                Poll::Ready(Some(Ok(chunk))) => {
                    if let Some(recorder) = &mut this.recorder {
                        recorder.record_chunk(chunk.len());
                    }
                    let head = chunk.slice(..chunk.len().min(MAX_PAGE_HEAD));
                    if let Err(kind) = this.framing.push_chunk(chunk) {
                        return Poll::Ready(Some(Err(this.fail_with_body(kind, &head))));
                    }
                }
                Poll::Ready(Some(Err(cause))) => {
                    this.record_idle_time();
                    let kind = TransportErrorKind::Interrupted;
                    let error = TransportError::new(kind, this.exchange.clone());
                    return Poll::Ready(Some(Err(this.end_with_error(error.with_source(cause)))));
                }
                Poll::Ready(None) => {
                    (this.body, this.is_draining) = (None, true);
                    this.record_idle_time();
                    if let Err(kind) = this.framing.finish_body() {
                        return Poll::Ready(Some(Err(this.fail_with(kind))));
                    }
                }
                Poll::Pending => {
                    let clock = ready!(this.poll_deadlines(cx));
                    return Poll::Ready(Some(Err(this.fail_with_timeout(clock))));
                }
            }
        }
    }
}

impl fmt::Debug for EventStream {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("EventStream")
            .field("exchange", &self.exchange)
            .field("ended", &self.body.is_none())
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests;
