//! Writes one attempt down while it happens.

use std::collections::VecDeque;
use std::error::Error;
use std::sync::Arc;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use reqwest::header::{HeaderMap, HeaderName, SET_COOKIE};
use secrecy::SecretString;
use tokio::time::Instant;
use url::Url;

use super::connects::Connects;
use super::record::{Body, End, Ended, Gap, Line, Record, TracedError, TracedEvent};
use super::scrub::Scrubber;
use super::{Entry, Trace, Traced, TracedRequest, TracedResponse};
use crate::secrets::MARK;
use crate::{StreamEvent, TransportError, TransportErrorKind};

/// How one client takes part in a trace.
pub(crate) struct Tracer {
    trace: Trace,
    /// What every request carries, without the secrets.
    headers: Vec<(String, String)>,
    variables: Vec<(String, String)>,
    connects: Connects,
}

/// What is about to be sent.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Attempt<'a> {
    pub(crate) method: &'static str,
    pub(crate) url: &'a Url,
    pub(crate) count: u32,
    pub(crate) accept: &'static str,
    pub(crate) body: Option<&'a [u8]>,
}

/// One attempt. Dropping it before its end says that nobody wanted the rest.
pub(crate) struct Recorder {
    trace: Trace,
    entry: Arc<Entry>,
    scrubber: Arc<Scrubber>,
    connects: Connects,
    begun: Instant,
    first_byte: Option<Duration>,
    bytes: u64,
    /// The bytes of the events that were kept at once.
    head: usize,
    /// The last of the events that came when there were too many.
    tail: VecDeque<TracedEvent>,
    tail_bytes: usize,
    gap: Option<Gap>,
    unwritten: usize,
    has_ended: bool,
}

impl Tracer {
    pub(crate) fn new<'a>(
        traced: Traced,
        user_agent: &str,
        secrets: impl IntoIterator<Item = (&'a str, &'a SecretString)>,
    ) -> Self {
        let secrets: Vec<_> = secrets.into_iter().collect();
        traced.trace.hide(secrets.iter().map(|(_, value)| *value));
        let mut headers = vec![("user-agent".to_owned(), user_agent.to_owned())];
        for (name, _) in secrets {
            let name = name.to_ascii_lowercase();
            headers.retain(|(known, _)| *known != name);
            let is_key = name == "authorization";
            let shown = if is_key { format!("Bearer {MARK}") } else { MARK.to_owned() };
            headers.push((name, shown));
        }
        let Traced { trace, variables } = traced;
        Self { trace, headers, variables, connects: Connects::default() }
    }

    /// What notes the connections of the client.
    pub(crate) fn connects(&self) -> Connects {
        self.connects.clone()
    }

    /// Begins to write an attempt down.
    pub(crate) fn begin(&self, attempt: Attempt<'_>) -> Box<Recorder> {
        let scrubber = self.trace.0.scrubber();
        let limit = self.trace.0.body_limit();
        let at = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default().as_millis();
        let mut headers = vec![("accept".to_owned(), attempt.accept.to_owned())];
        if attempt.body.is_some() {
            headers.push(("content-type".to_owned(), "application/json".to_owned()));
        }
        headers.extend(self.headers.iter().cloned());
        let request = TracedRequest {
            at: u64::try_from(at).unwrap_or_default(),
            attempt: attempt.count,
            streams: attempt.accept == "text/event-stream",
            method: attempt.method.to_owned(),
            url: scrubber.text(&without_values(attempt.url)),
            headers,
            variables: self.variables.clone(),
            body: attempt.body.map(|body| clean_body(&scrubber, body, limit)),
        };
        let size = attempt.body.map_or(0, <[u8]>::len).min(limit);
        let mut recorder = Box::new(Recorder {
            trace: self.trace.clone(),
            entry: self.trace.0.add(Record::new(0, request.clone())),
            scrubber,
            connects: self.connects.clone(),
            begun: Instant::now(),
            first_byte: None,
            bytes: 0,
            head: 0,
            tail: VecDeque::new(),
            tail_bytes: 0,
            gap: None,
            unwritten: 0,
            has_ended: false,
        });
        recorder.keep(Line::Request(request), size);
        self.trace.0.forget_old();
        recorder
    }
}

impl Recorder {
    /// The headers of the answer are there.
    pub(crate) fn answered(&mut self, status: u16, headers: &HeaderMap) {
        let shown = headers.iter().map(|(name, value)| {
            let value = String::from_utf8_lossy(value.as_bytes());
            (name.as_str().to_owned(), self.header(name, &value))
        });
        let response = TracedResponse {
            ms: self.now(),
            connect_ms: self.connects.claim(self.begun).map(millis),
            status,
            headers: shown.collect(),
        };
        self.keep(Line::Response(response), 0);
    }

    /// A piece of the body is there.
    pub(crate) fn arrived(&mut self, bytes: usize) {
        self.first_byte.get_or_insert_with(|| self.begun.elapsed());
        self.bytes += u64::try_from(bytes).unwrap_or_default();
    }

    /// The body is there, as far as it is read.
    pub(crate) fn body(&mut self, body: &[u8]) {
        let limit = self.trace.0.body_limit();
        let body = clean_body(&self.scrubber, body, limit);
        let size = body.text.as_ref().map_or(0, String::len);
        self.keep(Line::Body(body), size);
    }

    /// An event is there.
    pub(crate) fn event(&mut self, event: &StreamEvent) {
        let data = match event {
            StreamEvent::Data(data) => Some(self.scrubber.text(data)),
            StreamEvent::Comment => None,
        };
        let event = TracedEvent { ms: self.now(), data };
        let size = size_of(&event);
        let half = self.trace.0.body_limit() / 2;
        if self.gap.is_none() && self.head + size <= half {
            self.head += size;
            self.keep(Line::Event(event), size);
            return;
        }
        let after = self.entry.lock().events.len();
        let gap = self.gap.get_or_insert(Gap { after, ..Gap::default() });
        self.tail.push_back(event);
        self.tail_bytes += size;
        while self.tail_bytes > half
            && let Some(oldest) = self.tail.pop_front()
        {
            let size = size_of(&oldest);
            self.tail_bytes -= size;
            gap.events += 1;
            gap.bytes += u64::try_from(size).unwrap_or_default();
        }
    }

    /// The answer was read to its end.
    pub(crate) fn done(&mut self) {
        self.end(Ended::Done, None);
    }

    /// The attempt failed.
    pub(crate) fn failed(&mut self, error: &TransportError) {
        let clock = match error.kind() {
            TransportErrorKind::Timeout { clock, .. } => Some(clock.name().to_owned()),
            _ => None,
        };
        let shown = self.entry.lock().request.url.clone();
        let message = error.to_string().replace(&error.exchange().url, &shown);
        let error = TracedError {
            message: self.scrubber.text(&message),
            cause: error.source().map(|cause| self.scrubber.text(&cause.to_string())),
            clock,
        };
        self.end(Ended::Failed, Some(error));
    }

    fn end(&mut self, how: Ended, error: Option<TracedError>) {
        if std::mem::replace(&mut self.has_ended, true) {
            return;
        }
        if let Some(gap) = self.gap.filter(|gap| gap.events > 0) {
            self.keep(Line::Gap(gap), 0);
        }
        for event in std::mem::take(&mut self.tail) {
            let size = size_of(&event);
            self.keep(Line::Event(event), size);
        }
        let end = End {
            ms: self.now(),
            how,
            first_byte_ms: self.first_byte.map(millis),
            bytes: self.bytes,
            unwritten: self.unwritten,
            error,
        };
        self.keep(Line::End(end), 0);
        self.trace.0.forget_old();
    }

    fn keep(&mut self, line: Line, size: usize) {
        if let Some(disk) = &self.trace.0.disk
            && !disk.write(&self.entry, &line)
        {
            self.unwritten += 1;
        }
        self.entry.push(line, size);
    }

    fn header(&self, name: &HeaderName, value: &str) -> String {
        if name == SET_COOKIE {
            return MARK.to_owned();
        }
        match Url::parse(value) {
            Ok(url) if url.has_host() => self.scrubber.text(&without_values(&url)),
            _ => self.scrubber.text(value),
        }
    }

    fn now(&self) -> f64 {
        millis(self.begun.elapsed())
    }
}

impl Drop for Recorder {
    fn drop(&mut self) {
        self.end(Ended::Dropped, None);
    }
}

/// Milliseconds, to a thousandth.
fn millis(duration: Duration) -> f64 {
    (duration.as_secs_f64() * 1e6).round() / 1e3
}

/// About what an event takes in memory.
fn size_of(event: &TracedEvent) -> usize {
    event.data.as_ref().map_or(0, String::len) + std::mem::size_of::<TracedEvent>()
}

fn clean_body(scrubber: &Scrubber, body: &[u8], limit: usize) -> Body {
    let (clean, hidden) = scrubber.bytes(body);
    Body::new(&clean, u64::try_from(body.len()).unwrap_or_default(), hidden, limit)
}

/// A URL without what may be a credential: no user, no password, no values in its query.
fn without_values(url: &Url) -> String {
    let mut text = format!("{}{}", url.origin().ascii_serialization(), url.path());
    for (n, (name, _)) in url.query_pairs().enumerate() {
        text.push(if n == 0 { '?' } else { '&' });
        text.push_str(&name);
        text.push('=');
        text.push_str(MARK);
    }
    text
}
