//! Splits the body of a streamed response into events, by its content type or first bytes.

use bytes::Bytes;

use crate::TransportErrorKind;
use crate::sse::{EventTooLarge, SseDecoder, StreamEvent};

/// The largest event, and the largest body of a response that is not streamed, in bytes.
pub(crate) const MAX_BODY: usize = 16 * 1024 * 1024;

/// The kind of body that a `Content-Type` header announces.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum ContentKind {
    Json,
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
            other if other.ends_with("+json") => Self::Json,
            _ => Self::Other,
        }
    }
}

/// Returns whether a body begins like HTML or XML.
pub(crate) fn is_markup(body: &[u8]) -> bool {
    first_significant_byte(body) == Some(b'<')
}

/// The first byte after white space and a byte order mark.
fn first_significant_byte(body: &[u8]) -> Option<u8> {
    let body = body.strip_prefix(b"\xef\xbb\xbf").unwrap_or(body);
    body.iter().copied().find(|byte| !byte.is_ascii_whitespace())
}

/// The decoder of one streamed response, chosen by the kind of its body.
#[derive(Debug)]
pub(crate) enum BodyFraming {
    /// Only white space has arrived, and the header does not tell the kind.
    Undecided,
    /// Server-sent events.
    Events(SseDecoder),
    /// One JSON text, which becomes a single event when it is complete.
    SingleJson(Vec<u8>),
}

impl BodyFraming {
    pub(crate) fn from_content_kind(content: ContentKind) -> Result<Self, TransportErrorKind> {
        match content {
            ContentKind::Events => Ok(Self::Events(SseDecoder::new(MAX_BODY))),
            ContentKind::Json => Ok(Self::SingleJson(Vec::new())),
            ContentKind::Missing => Ok(Self::Undecided),
            ContentKind::Text | ContentKind::Other => Err(TransportErrorKind::NotAnApi),
        }
    }

    pub(crate) fn push_chunk(&mut self, chunk: Bytes) -> Result<(), TransportErrorKind> {
        if let Self::Undecided = self {
            match first_significant_byte(&chunk) {
                None => return Ok(()),
                Some(b'<') => return Err(TransportErrorKind::NotAnApi),
                Some(b'{' | b'[') => *self = Self::SingleJson(Vec::new()),
                Some(_) => *self = Self::Events(SseDecoder::new(MAX_BODY)),
            }
        }
        match self {
            Self::Undecided => {}
            Self::Events(decoder) => decoder.push_chunk(chunk),
            Self::SingleJson(body) if body.len() + chunk.len() > MAX_BODY => {
                return Err(TransportErrorKind::TooLarge);
            }
            Self::SingleJson(body) => body.extend_from_slice(&chunk),
        }
        Ok(())
    }

    /// Returns the next event of the chunks pushed so far.
    pub(crate) fn next_event(&mut self) -> Result<Option<StreamEvent>, TransportErrorKind> {
        match self {
            Self::Events(decoder) => {
                decoder.next_event().map_err(|EventTooLarge| TransportErrorKind::TooLarge)
            }
            Self::Undecided | Self::SingleJson(_) => Ok(None),
        }
    }

    /// Ends the body and returns the event that this completes.
    pub(crate) fn finish_body(&mut self) -> Result<Option<StreamEvent>, TransportErrorKind> {
        let Self::SingleJson(body) = self else { return Ok(None) };
        let body = std::mem::take(body);
        match first_significant_byte(&body) {
            None => Ok(None),
            Some(b'<') => Err(TransportErrorKind::NotAnApi),
            Some(_) => Ok(Some(StreamEvent::Data(String::from_utf8_lossy(&body).into_owned()))),
        }
    }
}
