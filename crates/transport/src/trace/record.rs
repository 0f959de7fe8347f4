//! One exchange as it is kept: a line of JSON for each thing that happened.

use serde::{Deserialize, Serialize};

use super::base64;

/// An exchange as far as it got. It holds no secret of any client that shares the trace.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct TraceRecord {
    /// What it is called by. Numbers grow; 0 has not got one yet.
    pub number: u64,
    /// What was sent.
    pub request: TracedRequest,
    /// The beginning of the answer; absent when none came.
    pub response: Option<TracedResponse>,
    /// The events of a streamed answer, in order.
    pub events: Vec<TracedEvent>,
    /// The events that were left out because there were too many; absent when there are all.
    pub gap: Option<OmittedEvents>,
    /// The body of an answer that was not streamed.
    pub body: Option<TracedBody>,
    /// How it ended; absent while it is under way, and for ever if the program was killed.
    pub end: Option<ExchangeEnd>,
}

/// What was sent.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct TracedRequest {
    /// When, in milliseconds since 1970 UTC.
    pub at: u64,
    /// Which attempt of the call, from 1.
    pub attempt: u32,
    /// Whether events were asked for, as for an answer of a model.
    pub streams: bool,
    /// The method.
    pub method: String,
    /// The whole URL; values of a query are not shown.
    pub url: String,
    /// The headers. Those that the set-up makes secret show no value.
    pub headers: Vec<(String, String)>,
    /// The variables that secret headers are set from: header and variable.
    #[serde(default)]
    pub variables: Vec<(String, String)>,
    /// The body; absent for a GET.
    pub body: Option<TracedBody>,
}

/// The beginning of an answer.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct TracedResponse {
    /// When its headers were there, in milliseconds since the attempt began.
    pub ms: f64,
    /// How long opening a connection took; absent when one was used again.
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
    /// When it came, in milliseconds since the attempt began.
    pub ms: f64,
    /// Its data; absent for a comment.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub data: Option<String>,
}

/// Events that were left out.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct OmittedEvents {
    /// Behind how many events they were.
    pub after: usize,
    /// How many.
    pub events: u64,
    /// How many bytes they had.
    pub bytes: u64,
}

/// A body. One that is too large is cut in its middle, where a note says so.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct TracedBody {
    /// How many bytes it had on the wire.
    pub size: u64,
    /// How many secrets were taken out.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub hidden: usize,
    /// Whether it was cut.
    #[serde(default, skip_serializing_if = "is_false")]
    pub cut: bool,
    /// Its text; absent when it is not one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub text: Option<String>,
    /// Its bytes in base64, when they are no text.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub base64: Option<String>,
}

/// How an exchange ended.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct ExchangeEnd {
    /// When, in milliseconds since the attempt began.
    pub ms: f64,
    /// In which way.
    pub how: ExchangeOutcome,
    /// When the first byte of the body came.
    pub first_byte_ms: Option<f64>,
    /// How many bytes of the body came.
    pub bytes: u64,
    /// How many lines did not get to the disk because it was too slow.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub unwritten: usize,
    /// Why it failed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub error: Option<TracedError>,
}

/// In which way an exchange ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum ExchangeOutcome {
    /// The answer was read to its end.
    Done,
    /// It failed.
    Failed,
    /// Whoever wanted it gave it up.
    Dropped,
}

/// Why an exchange failed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct TracedError {
    /// What failed, as a fragment that fits "failed to {…}".
    pub message: String,
    /// The cause.
    pub cause: Option<String>,
    /// The clock that ran out.
    pub clock: Option<String>,
}

/// One line of a file.
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

    /// Adds what happened next.
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

    /// Reads a file. Lines that are not whole or not known are passed over, for a program may be
    /// killed while it writes one. `None` when there is no request.
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
    /// The line with its end, as it stands in a file.
    pub(crate) fn to_bytes(&self) -> Vec<u8> {
        let mut bytes = serde_json::to_vec(self).unwrap_or_default();
        bytes.push(b'\n');
        bytes
    }
}

impl TracedBody {
    /// Makes a body of bytes without secrets, `hidden` of which were taken out, and cuts it to
    /// about `limit` bytes.
    pub(crate) fn new(clean: &[u8], size: u64, hidden: usize, limit: usize) -> Self {
        let cut = clean.len() > limit;
        let (text, base64) = match std::str::from_utf8(clean) {
            Ok(text) if cut => (Some(omit_middle(text, limit)), None),
            Ok(text) => (Some(text.to_owned()), None),
            // Half of the bytes of a picture are of no use, and its size is told.
            Err(_) if cut => (Some(String::new()), None),
            Err(_) => (None, Some(base64::encode(clean))),
        };
        Self { size, hidden, cut, text, base64 }
    }

    /// The bytes as they were kept.
    #[must_use]
    pub fn to_bytes(&self) -> Vec<u8> {
        match (&self.text, &self.base64) {
            (Some(text), _) => text.clone().into_bytes(),
            (None, Some(text)) => base64::decode(text).unwrap_or_default(),
            (None, None) => Vec::new(),
        }
    }

    /// Tells whether the bytes are those that were on the wire.
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
            method: "POST".to_owned(),
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
                // The last byte of a line is its end, without which it is whole, too.
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
