//! Records one attempt while it happens.

use std::collections::VecDeque;
use std::error::Error;
use std::sync::Arc;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use reqwest::header::{HeaderMap, HeaderName, SET_COOKIE};
use secrecy::SecretString;
use tokio::time::Instant;
use url::Url;

use super::connections::ConnectTimings;
use super::record::{
    ExchangeEnd, ExchangeOutcome, OmittedEvents, TraceLine, TraceRecord, TracedBody, TracedError,
    TracedEvent,
};
use super::scrub::SecretScrubber;
use super::{Trace, TraceEntry, TraceOptions, TracedRequest, TracedResponse};
use crate::secrets::SECRET_PLACEHOLDER;
use crate::{StreamEvent, TransportError, TransportErrorKind};

/// The trace of one client; starts a recorder for each attempt.
pub(crate) struct ExchangeTracer {
    trace: Trace,
    /// The headers of every request, without secret values.
    headers: Vec<(String, String)>,
    variables: Vec<(String, String)>,
    connect_timings: ConnectTimings,
}

/// The request of an attempt.
#[derive(Debug, Clone, Copy)]
pub(crate) struct AttemptRequest<'a> {
    pub(crate) method: &'a str,
    pub(crate) url: &'a Url,
    pub(crate) number: u32,
    pub(crate) accept: &'static str,
    pub(crate) body: Option<&'a [u8]>,
}

/// The recorder of one attempt. Dropped before the end, it records that the caller dropped it.
pub(crate) struct ExchangeRecorder {
    trace: Trace,
    entry: Arc<TraceEntry>,
    scrubber: Arc<SecretScrubber>,
    connect_timings: ConnectTimings,
    started_at: Instant,
    first_byte: Option<Duration>,
    bytes: u64,
    /// The bytes of the events that were recorded as they arrived.
    head_bytes: usize,
    /// The latest events, once there are too many to record all.
    tail: VecDeque<TracedEvent>,
    tail_bytes: usize,
    omitted_events: Option<OmittedEvents>,
    unwritten_lines: usize,
    unreadable_events: usize,
    has_ended: bool,
}

impl ExchangeTracer {
    pub(crate) fn new<'a>(
        traced: TraceOptions,
        user_agent: &str,
        secrets: impl IntoIterator<Item = (&'a str, &'a SecretString)>,
    ) -> Self {
        let secrets: Vec<_> = secrets.into_iter().collect();
        traced.trace.add_secrets(secrets.iter().map(|(_, value)| *value));
        let mut headers = vec![("user-agent".to_owned(), user_agent.to_owned())];
        for (name, _) in secrets {
            let name = name.to_ascii_lowercase();
            headers.retain(|(known, _)| *known != name);
            let is_key = name == "authorization";
            let shown = if is_key {
                format!("Bearer {SECRET_PLACEHOLDER}")
            } else {
                SECRET_PLACEHOLDER.to_owned()
            };
            headers.push((name, shown));
        }
        let TraceOptions { trace, variables } = traced;
        Self { trace, headers, variables, connect_timings: ConnectTimings::default() }
    }

    /// The connect times of the client.
    pub(crate) fn connect_timings(&self) -> ConnectTimings {
        self.connect_timings.clone()
    }

    /// Starts to record an attempt.
    pub(crate) fn begin_attempt(&self, attempt: AttemptRequest<'_>) -> Box<ExchangeRecorder> {
        let scrubber = self.trace.0.current_scrubber();
        let limit = self.trace.0.body_limit();
        let at = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default().as_millis();
        let mut headers = vec![("accept".to_owned(), attempt.accept.to_owned())];
        if attempt.body.is_some() {
            headers.push(("content-type".to_owned(), "application/json".to_owned()));
        }
        headers.extend(self.headers.iter().cloned());
        let request = TracedRequest {
            at: u64::try_from(at).unwrap_or_default(),
            attempt: attempt.number,
            streams: attempt.accept == "text/event-stream",
            method: attempt.method.to_owned(),
            url: scrubber.scrub_text(&redact_url(attempt.url)),
            headers,
            variables: self.variables.clone(),
            body: attempt.body.map(|body| scrub_body(&scrubber, body, limit)),
        };
        let size = attempt.body.map_or(0, <[u8]>::len).min(limit);
        let mut recorder = Box::new(ExchangeRecorder {
            trace: self.trace.clone(),
            entry: self.trace.0.add_entry(TraceRecord::new(0, request.clone())),
            scrubber,
            connect_timings: self.connect_timings.clone(),
            started_at: Instant::now(),
            first_byte: None,
            bytes: 0,
            head_bytes: 0,
            tail: VecDeque::new(),
            tail_bytes: 0,
            omitted_events: None,
            unwritten_lines: 0,
            unreadable_events: 0,
            has_ended: false,
        });
        recorder.write_line(TraceLine::Request(request), size);
        self.trace.0.evict_old_entries();
        recorder
    }
}

impl ExchangeRecorder {
    /// Records the status and headers of the response.
    pub(crate) fn record_response(&mut self, status: u16, headers: &HeaderMap) {
        let shown = headers.iter().map(|(name, value)| {
            let value = String::from_utf8_lossy(value.as_bytes());
            (name.as_str().to_owned(), self.redact_header(name, &value))
        });
        let response = TracedResponse {
            ms: self.elapsed_ms(),
            connect_ms: self.connect_timings.claim_connect_time(self.started_at).map(to_millis),
            status,
            headers: shown.collect(),
        };
        self.write_line(TraceLine::Response(response), 0);
    }

    /// Counts a chunk of the body.
    pub(crate) fn record_chunk(&mut self, bytes: usize) {
        self.first_byte.get_or_insert_with(|| self.started_at.elapsed());
        self.bytes += u64::try_from(bytes).unwrap_or_default();
    }

    /// Records the body, as far as it was read.
    pub(crate) fn record_body(&mut self, body: &[u8]) {
        let limit = self.trace.0.body_limit();
        let body = scrub_body(&self.scrubber, body, limit);
        let size = body.text.as_ref().map_or(0, String::len);
        self.write_line(TraceLine::Body(body), size);
    }

    /// Records an event.
    pub(crate) fn record_event(&mut self, event: &StreamEvent) {
        let data = match event {
            StreamEvent::Data(text) | StreamEvent::Error(text) | StreamEvent::Stray(text) => {
                Some(self.scrubber.scrub_text(text))
            }
            StreamEvent::Comment => None,
        };
        let event = TracedEvent { ms: self.elapsed_ms(), data };
        let size = event_size(&event);
        let half = self.trace.0.body_limit() / 2;
        if self.omitted_events.is_none() && self.head_bytes + size <= half {
            self.head_bytes += size;
            self.write_line(TraceLine::Event(event), size);
            return;
        }
        let after = self.entry.lock_record().events.len();
        let gap =
            self.omitted_events.get_or_insert(OmittedEvents { after, ..OmittedEvents::default() });
        self.tail.push_back(event);
        self.tail_bytes += size;
        while self.tail_bytes > half
            && let Some(oldest) = self.tail.pop_front()
        {
            let size = event_size(&oldest);
            self.tail_bytes -= size;
            gap.events += 1;
            gap.bytes += u64::try_from(size).unwrap_or_default();
        }
    }

    /// Counts an event that its reader did not understand and skipped.
    pub(crate) fn record_unreadable_event(&mut self) {
        self.unreadable_events += 1;
    }

    /// Records that the response was read to its end.
    pub(crate) fn record_success(&mut self) {
        self.finish_exchange(ExchangeOutcome::Done, None);
    }

    /// Records the failure of the attempt.
    pub(crate) fn record_failure(&mut self, error: &TransportError) {
        let clock = match error.kind() {
            TransportErrorKind::Timeout { clock, .. } => Some(clock.name().to_owned()),
            _ => None,
        };
        let shown = self.entry.lock_record().request.url.clone();
        let message = error.to_string().replace(&error.exchange().url, &shown);
        let error = TracedError {
            message: self.scrubber.scrub_text(&message),
            cause: error.source().map(|cause| self.scrubber.scrub_text(&cause.to_string())),
            clock,
        };
        self.finish_exchange(ExchangeOutcome::Failed, Some(error));
    }

    fn finish_exchange(&mut self, outcome: ExchangeOutcome, error: Option<TracedError>) {
        if std::mem::replace(&mut self.has_ended, true) {
            return;
        }
        if let Some(gap) = self.omitted_events.filter(|gap| gap.events > 0) {
            self.write_line(TraceLine::Gap(gap), 0);
        }
        for event in std::mem::take(&mut self.tail) {
            let size = event_size(&event);
            self.write_line(TraceLine::Event(event), size);
        }
        let end = ExchangeEnd {
            ms: self.elapsed_ms(),
            how: outcome,
            first_byte_ms: self.first_byte.map(to_millis),
            bytes: self.bytes,
            unwritten: self.unwritten_lines,
            unreadable: self.unreadable_events,
            error,
        };
        self.write_line(TraceLine::End(end), 0);
        self.trace.0.evict_old_entries();
    }

    fn write_line(&mut self, line: TraceLine, size: usize) {
        if let Some(disk) = &self.trace.0.disk
            && !disk.write_line(&self.entry, &line)
        {
            self.unwritten_lines += 1;
        }
        self.entry.push_line(line, size);
    }

    fn redact_header(&self, name: &HeaderName, value: &str) -> String {
        if name == SET_COOKIE {
            return SECRET_PLACEHOLDER.to_owned();
        }
        match Url::parse(value) {
            Ok(url) if url.has_host() => self.scrubber.scrub_text(&redact_url(&url)),
            _ => self.scrubber.scrub_text(value),
        }
    }

    fn elapsed_ms(&self) -> f64 {
        to_millis(self.started_at.elapsed())
    }
}

impl Drop for ExchangeRecorder {
    fn drop(&mut self) {
        self.finish_exchange(ExchangeOutcome::Dropped, None);
    }
}

/// Converts to milliseconds with three decimals.
fn to_millis(duration: Duration) -> f64 {
    (duration.as_secs_f64() * 1e6).round() / 1e3
}

/// The approximate size of an event in memory, in bytes.
fn event_size(event: &TracedEvent) -> usize {
    event.data.as_ref().map_or(0, String::len) + std::mem::size_of::<TracedEvent>()
}

fn scrub_body(scrubber: &SecretScrubber, body: &[u8], limit: usize) -> TracedBody {
    let (clean, hidden) = scrubber.scrub_bytes(body);
    TracedBody::new(&clean, u64::try_from(body.len()).unwrap_or_default(), hidden, limit)
}

/// Renders a URL without credentials: no user info, and no values in its query.
fn redact_url(url: &Url) -> String {
    let mut text = format!("{}{}", url.origin().ascii_serialization(), url.path());
    for (n, (name, _)) in url.query_pairs().enumerate() {
        text.push(if n == 0 { '?' } else { '&' });
        text.push_str(&name);
        text.push('=');
        text.push_str(SECRET_PLACEHOLDER);
    }
    text
}
