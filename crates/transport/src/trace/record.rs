//! One recorded exchange: a JSON line for each thing that happened.

use base64::prelude::{BASE64_STANDARD, Engine as _};
use serde::{Deserialize, Serialize};

/// An exchange as far as it got. It holds no secret of any client that shares the trace.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct TraceRecord {
    /// The number of the exchange. Numbers grow; 0 is not numbered yet.
    pub number: u64,
    /// The request.
    pub request: TracedRequest,
    /// The status and headers of the response; absent when none came.
    pub response: Option<TracedResponse>,
    /// The events of a streamed response, in order.
    pub events: Vec<TracedEvent>,
    /// The events left out because there were too many; absent when none were.
    pub gap: Option<OmittedEvents>,
    /// The body of a response that was not streamed.
    pub body: Option<TracedBody>,
    /// How it ended; absent while it runs, and after the program was killed.
    pub end: Option<ExchangeEnd>,
}

/// The request.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct TracedRequest {
    /// When it was sent, in milliseconds since 1970 UTC.
    pub at: u64,
    /// The number of the attempt within its call, from 1.
    pub attempt: u32,
    /// Whether a stream of events was requested, as for a model's answer.
    pub streams: bool,
    /// The method.
    pub method: String,
    /// The full URL, without the values of its query.
    pub url: String,
    /// The headers. Secret ones have a placeholder as their value.
    pub headers: Vec<(String, String)>,
    /// The environment variables that secret headers are set from, as pairs of header and variable.
    #[serde(default)]
    pub variables: Vec<(String, String)>,
    /// The body; absent for a GET.
    pub body: Option<TracedBody>,
}

/// The status and headers of a response.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct TracedResponse {
    /// When its headers arrived, in milliseconds since the attempt began.
    pub ms: f64,
    /// How long opening the connection took, in milliseconds; absent when one was reused.
    pub connect_ms: Option<f64>,
    /// The status.
    pub status: u16,
    /// The headers.
    pub headers: Vec<(String, String)>,
}

/// An event of a stream.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct TracedEvent {
    /// When it arrived, in milliseconds since the attempt began.
    pub ms: f64,
    /// Its data; absent for a comment.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub data: Option<String>,
}

/// Events left out of a record.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct OmittedEvents {
    /// The number of recorded events before the gap.
    pub after: usize,
    /// The number of events left out.
    pub events: u64,
    /// Their size in bytes.
    pub bytes: u64,
}

/// A request or response body. A text that is too large is cut in its middle, with a note there.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct TracedBody {
    /// Its size on the wire, in bytes.
    pub size: u64,
    /// The number of secrets removed.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub hidden: usize,
    /// Whether it was cut.
    #[serde(default, skip_serializing_if = "is_false")]
    pub cut: bool,
    /// Its text; absent when it is not UTF-8.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub text: Option<String>,
    /// Its bytes in base64, when they are not UTF-8.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub base64: Option<String>,
}

/// How an exchange ended.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct ExchangeEnd {
    /// When it ended, in milliseconds since the attempt began.
    pub ms: f64,
    /// The outcome of an exchange.
    pub how: ExchangeOutcome,
    /// When the first byte of the body arrived, in milliseconds since the attempt began.
    pub first_byte_ms: Option<f64>,
    /// The bytes of the body that arrived.
    pub bytes: u64,
    /// The lines that were not written because the disk was too slow.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub unwritten: usize,
    /// The events that were not understood and were skipped.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub unreadable: usize,
    /// The error, if it failed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub error: Option<TracedError>,
}

/// The outcome of an exchange.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum ExchangeOutcome {
    /// The response was read to its end.
    Done,
    /// It failed.
    Failed,
    /// The caller dropped it.
    Dropped,
}

/// The error of a failed exchange.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct TracedError {
    /// The message, as a fragment that fits "failed to {…}".
    pub message: String,
    /// The cause.
    pub cause: Option<String>,
    /// The name of the timeout that expired, e.g. `first_token`.
    pub clock: Option<String>,
}

/// One line of a trace file.
#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) enum TraceLine {
    Request(TracedRequest),
    Response(TracedResponse),
    Event(TracedEvent),
    Gap(OmittedEvents),
    Body(TracedBody),
    End(ExchangeEnd),
}

impl TraceRecord {
    pub(crate) fn new(number: u64, request: TracedRequest) -> Self {
        Self {
            number,
            request,
            response: None,
            events: Vec::new(),
            gap: None,
            body: None,
            end: None,
        }
    }

    /// Applies the next line.
    pub(crate) fn apply_line(&mut self, line: TraceLine) {
        match line {
            TraceLine::Request(request) => self.request = request,
            TraceLine::Response(response) => self.response = Some(response),
            TraceLine::Event(event) => self.events.push(event),
            TraceLine::Gap(gap) => self.gap = Some(gap),
            TraceLine::Body(body) => self.body = Some(body),
            TraceLine::End(end) => self.end = Some(end),
        }
    }

    /// Parses a file. Incomplete or unknown lines are skipped, since a program may be killed while
    /// it writes one. `None` without a request.
    pub(crate) fn parse_lines(number: u64, text: &[u8]) -> Option<Self> {
        let mut lines = text
            .split(|byte| *byte == b'\n')
            .filter_map(|line| serde_json::from_slice::<TraceLine>(line).ok());
        let Some(TraceLine::Request(request)) = lines.next() else { return None };
        let mut record = Self::new(number, request);
        lines.for_each(|line| record.apply_line(line));
        Some(record)
    }
}

impl TraceLine {
    /// The line as JSON with its line end.
    pub(crate) fn to_bytes(&self) -> Vec<u8> {
        let mut bytes = serde_json::to_vec(self).unwrap_or_default();
        bytes.push(b'\n');
        bytes
    }
}

impl TracedBody {
    /// Makes a body of scrubbed bytes, from which `hidden` secrets were removed, and cuts it to
    /// about `limit` bytes.
    pub(crate) fn new(clean: &[u8], size: u64, hidden: usize, limit: usize) -> Self {
        let cut = clean.len() > limit;
        let (text, base64) = match std::str::from_utf8(clean) {
            Ok(text) if cut => (Some(omit_middle(text, limit)), None),
            Ok(text) => (Some(text.to_owned()), None),
            // Half of a binary body is useless; its size is recorded.
            Err(_) if cut => (Some(String::new()), None),
            Err(_) => (None, Some(BASE64_STANDARD.encode(clean))),
        };
        Self { size, hidden, cut, text, base64 }
    }

    /// The bytes as they were recorded.
    #[must_use]
    pub fn to_bytes(&self) -> Vec<u8> {
        match (&self.text, &self.base64) {
            (Some(text), _) => text.clone().into_bytes(),
            (None, Some(text)) => BASE64_STANDARD.decode(text).unwrap_or_default(),
            (None, None) => Vec::new(),
        }
    }

    /// Returns whether the bytes equal those on the wire.
    #[must_use]
    pub fn is_complete(&self) -> bool {
        !self.cut && self.hidden == 0
    }
}

fn omit_middle(text: &str, limit: usize) -> String {
    let half = limit / 2;
    let head = text.get(..text.floor_char_boundary(half)).unwrap_or_default();
    let from = text.ceil_char_boundary(text.len() - half);
    let tail = text.get(from..).unwrap_or_default();
    let missing = text.len() - head.len() - tail.len();
    format!("{head}\n[… {missing} bytes are left out here …]\n{tail}")
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde calls it with a reference")]
fn is_zero(count: &usize) -> bool {
    *count == 0
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde calls it with a reference")]
fn is_false(flag: &bool) -> bool {
    !flag
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_large_body_is_cut_in_the_middle_and_says_so() {
        let text = format!("{}€{}", "a".repeat(40), "z".repeat(57));
        let body = TracedBody::new(text.as_bytes(), 100, 0, 60);
        assert!(body.cut && !body.is_complete());
        let kept = body.text.unwrap();
        assert!(kept.starts_with(&"a".repeat(30)) && kept.ends_with(&"z".repeat(30)), "{kept}");
        assert!(kept.contains("[… 40 bytes are left out here …]"), "{kept}");
        let whole = TracedBody::new(text.as_bytes(), 100, 0, 100);
        assert_eq!(whole.to_bytes(), text.as_bytes());
        let image = TracedBody::new(b"\xff\x00\xfe", 3, 0, 100);
        assert_eq!((image.to_bytes(), image.text), (b"\xff\x00\xfe".to_vec(), None));
    }

    #[test]
    fn a_file_that_breaks_off_anywhere_is_read_as_far_as_it_got() {
        let request = TracedRequest {
            at: 1,
            attempt: 1,
            streams: true,
            method: "POST".into(),
            url: "http://h/v1/chat/completions".to_owned(),
            headers: vec![("accept".to_owned(), "*/*".to_owned())],
            variables: Vec::new(),
            body: Some(TracedBody::new(b"{}", 2, 0, 10)),
        };
        let event = |ms| TracedEvent { ms, data: Some(format!("{ms}")) };
        let lines = [
            TraceLine::Request(request),
            TraceLine::Event(event(1.0)),
            TraceLine::Event(event(2.0)),
        ];
        let file: Vec<u8> = lines.iter().flat_map(TraceLine::to_bytes).collect();
        let head = lines[0].to_bytes().len();
        for length in 0..=file.len() {
            let record = TraceRecord::parse_lines(7, &file[..length]);
            match record {
                // Without its line end the last line is still complete.
                None => assert!(length < head - 1, "{length}"),
                Some(record) => {
                    assert!(length >= head - 1 && record.end.is_none());
                    assert!(record.events.len() <= 2);
                    assert_eq!(record.number, 7);
                }
            }
        }
        assert_eq!(TraceRecord::parse_lines(7, &file).unwrap().events, [event(1.0), event(2.0)]);
    }
}
