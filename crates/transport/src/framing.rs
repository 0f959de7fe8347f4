//! Splits the body of a streamed response into events, by its content type or first bytes.

use bytes::Bytes;
use serde::de::IgnoredAny;

use crate::TransportErrorKind;
use crate::sse::{END_MARKER, EventTooLarge, SseDecoder, StreamEvent};

/// The largest event, and the largest body of a response that is not streamed, in bytes.
pub(crate) const MAX_BODY: usize = 16 * 1024 * 1024;

/// The kind of body that a `Content-Type` header announces.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum ContentKind {
    Json,
    /// One JSON text a line.
    JsonLines,
    Events,
    Text,
    /// There is no header.
    Missing,
    Other,
}

impl ContentKind {
    pub(crate) fn from_content_type(content_type: Option<&str>) -> Self {
        let Some(content_type) = content_type else { return Self::Missing };
        let essence = content_type.split(';').next().unwrap_or_default().trim();
        match essence.to_ascii_lowercase().as_str() {
            "" => Self::Missing,
            "text/event-stream" => Self::Events,
            "text/plain" => Self::Text,
            "application/json" | "text/json" => Self::Json,
            "application/x-ndjson"
            | "application/ndjson"
            | "application/jsonl"
            | "application/x-jsonlines"
            | "application/stream+json" => Self::JsonLines,
            other if other.ends_with("+json") => Self::Json,
            _ => Self::Other,
        }
    }
}

/// Returns whether a body begins like HTML or XML.
pub(crate) fn is_markup(body: &[u8]) -> bool {
    first_significant_byte(body) == Some(b'<')
}

/// The body after white space and a byte order mark.
fn significant_bytes(body: &[u8]) -> &[u8] {
    body.strip_prefix(b"\xef\xbb\xbf").unwrap_or(body).trim_ascii_start()
}

fn first_significant_byte(body: &[u8]) -> Option<u8> {
    significant_bytes(body).first().copied()
}

/// The ways in which lines of an event stream begin.
const EVENT_STARTS: [&[u8]; 6] = [b":", b"data", b"event", b"id:", b"retry:", b"error:"];

/// The decoder of one streamed response, chosen by the content type or by the first bytes.
#[derive(Debug)]
pub(crate) enum BodyFraming {
    /// These first bytes do not tell the kind yet.
    Undecided(ContentKind, Vec<u8>),
    /// Server-sent events.
    Events(SseDecoder),
    /// One JSON text, which becomes a single event when it is complete.
    SingleJson(Vec<u8>),
    /// The body has ended with these events, in reverse order.
    Ended(Vec<StreamEvent>),
}

impl BodyFraming {
    pub(crate) fn from_content_kind(content: ContentKind) -> Self {
        match content {
            ContentKind::Events | ContentKind::JsonLines => Self::new_events(),
            content => Self::Undecided(content, Vec::new()),
        }
    }

    fn new_events() -> Self {
        Self::Events(SseDecoder::new(MAX_BODY))
    }

    pub(crate) fn push_chunk(&mut self, chunk: Bytes) -> Result<(), TransportErrorKind> {
        match self {
            Self::Undecided(content, head) => {
                head.extend_from_slice(&chunk);
                let head = Bytes::copy_from_slice(head);
                match Self::from_first_bytes(*content, &head)? {
                    None => Ok(()),
                    Some(framing) => {
                        *self = framing;
                        self.push_chunk(head)
                    }
                }
            }
            Self::Events(decoder) => {
                decoder.push_chunk(chunk);
                Ok(())
            }
            Self::SingleJson(body) if body.len() + chunk.len() > MAX_BODY => {
                Err(TransportErrorKind::TooLarge)
            }
            Self::SingleJson(body) => {
                body.extend_from_slice(&chunk);
                Ok(())
            }
            Self::Ended(_) => Ok(()),
        }
    }

    /// Chooses by the first bytes; `None` while they do not tell.
    fn from_first_bytes(
        content: ContentKind,
        head: &[u8],
    ) -> Result<Option<Self>, TransportErrorKind> {
        let head = significant_bytes(head);
        match (head.first(), content) {
            (None, _) => Ok(None),
            (Some(b'<'), _) => Err(TransportErrorKind::NotAnApi),
            (Some(b'{' | b'[' | b'"'), _) => Ok(Some(Self::SingleJson(Vec::new()))),
            _ if EVENT_STARTS.iter().any(|start| head.starts_with(start)) => {
                Ok(Some(Self::new_events()))
            }
            _ if EVENT_STARTS.iter().any(|start| start.starts_with(head)) => Ok(None),
            (_, ContentKind::Json) => Ok(Some(Self::SingleJson(Vec::new()))),
            (_, ContentKind::Missing) => Ok(Some(Self::new_events())),
            _ => Err(TransportErrorKind::NotAnApi),
        }
    }

    /// Returns the next event of the chunks pushed so far.
    pub(crate) fn next_event(&mut self) -> Result<Option<StreamEvent>, TransportErrorKind> {
        let event = match self {
            Self::Events(decoder) => {
                decoder.next_event().map_err(|EventTooLarge| TransportErrorKind::TooLarge)?
            }
            Self::Ended(events) => events.pop(),
            Self::Undecided(..) | Self::SingleJson(_) => None,
        };
        Ok(event.map(name_stray_json))
    }

    /// Ends the body. The events that this completes are the next ones.
    pub(crate) fn finish_body(&mut self) -> Result<(), TransportErrorKind> {
        let mut events = match self {
            Self::Events(decoder) => drain_decoder(decoder)?,
            Self::Undecided(_, head) => decode_events(std::mem::take(head))?,
            Self::SingleJson(body) => {
                let body = significant_bytes(body).to_vec();
                let is_one_text = serde_json::from_slice::<IgnoredAny>(&body).is_ok();
                let text = || StreamEvent::Data(String::from_utf8_lossy(&body).into_owned());
                if is_one_text {
                    // It is whole, whatever it says about its end.
                    vec![text(), StreamEvent::Data(END_MARKER.to_owned())]
                } else if !body.trim_ascii().contains(&b'\n') {
                    vec![text()]
                } else {
                    // Lines of JSON, or JSON that only a lenient parser reads.
                    decode_events(body)?
                }
            }
            Self::Ended(_) => return Ok(()),
        };
        events.reverse();
        *self = Self::Ended(events);
        Ok(())
    }
}

/// Turns a stray line of JSON into the event that it is.
fn name_stray_json(event: StreamEvent) -> StreamEvent {
    match event {
        StreamEvent::Stray(text) if text.trim_start().starts_with(['{', '[']) => {
            StreamEvent::Data(text)
        }
        event => event,
    }
}

/// Decodes a whole body as events.
fn decode_events(body: Vec<u8>) -> Result<Vec<StreamEvent>, TransportErrorKind> {
    let mut decoder = SseDecoder::new(MAX_BODY);
    decoder.push_chunk(Bytes::from(body));
    drain_decoder(&mut decoder)
}

/// The events that a decoder still holds, and those that the end of the stream completes.
fn drain_decoder(decoder: &mut SseDecoder) -> Result<Vec<StreamEvent>, TransportErrorKind> {
    let mut events = Vec::new();
    while let Some(event) =
        decoder.next_event().map_err(|EventTooLarge| TransportErrorKind::TooLarge)?
    {
        events.push(event);
    }
    events.extend(std::iter::from_fn(|| decoder.finish_stream()));
    Ok(events)
}
