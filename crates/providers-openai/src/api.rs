//! The differences between the two chat APIs of a server.

use bytes::Bytes;
use openclaw_core::ChatRequest;
use openclaw_transport::ServerError;
use openclaw_transport::wire::{ChatChunk, ChatDelta};
use serde_json::Value;

use crate::capabilities::ServerCapabilities;
use crate::delta_template::DeltaFastPath;
use crate::{request, responses};

/// A chat API.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
#[non_exhaustive]
pub enum ChatApi {
    /// `…/chat/completions`, which every compatible server has.
    #[default]
    ChatCompletions,
    /// `…/responses`, without server-side state: each request holds the whole conversation.
    Responses,
}

impl ChatApi {
    /// The route below the base URL.
    #[must_use]
    pub fn route(self) -> &'static str {
        match self {
            Self::ChatCompletions => "chat/completions",
            Self::Responses => "responses",
        }
    }

    /// The body of a streaming request.
    pub(crate) fn request_body(
        self,
        model: &str,
        request: &ChatRequest,
        max_output_tokens: Option<u32>,
        capabilities: &ServerCapabilities,
    ) -> Bytes {
        match self {
            Self::ChatCompletions => {
                request::chat_completion_body(model, request, max_output_tokens, capabilities)
            }
            Self::Responses => {
                responses::responses_body(model, request, max_output_tokens, capabilities)
            }
        }
    }

    /// Makes a reader for one answer.
    pub(crate) fn new_reader(self) -> EventReader {
        match self {
            Self::ChatCompletions => EventReader::ChatCompletions(DeltaFastPath::default()),
            Self::Responses => EventReader::Responses(Box::default()),
        }
    }
}

/// The meaning of one event of an answer.
#[derive(Debug)]
pub(crate) enum StreamItem {
    /// A chunk of the answer.
    Chunk(ChatChunk),
    /// The last chunk; whatever the server still sends is ignored.
    LastChunk(ChatChunk),
    /// The request was accepted, and nothing was generated yet.
    Accepted,
    /// The marker at the end of a stream.
    EndMarker,
}

/// Why an event is not a chunk of the answer.
#[derive(Debug)]
pub(crate) enum StreamFault {
    /// The server reports an error, here in the shape `{"error": …}`.
    ServerError(Value),
    /// The answer ended with this status, and the server gives no reason.
    AnswerFailed(String),
    /// The event cannot be parsed.
    Malformed(Option<serde_json::Error>),
}

/// Reads the events of an answer.
#[derive(Debug)]
pub(crate) enum EventReader {
    ChatCompletions(DeltaFastPath),
    Responses(Box<responses::ResponsesReader>),
}

impl EventReader {
    /// Makes a reader for another answer of the same API.
    pub(crate) fn fresh_reader(&self) -> Self {
        match self {
            Self::ChatCompletions(_) => Self::ChatCompletions(DeltaFastPath::default()),
            Self::Responses(_) => Self::Responses(Box::default()),
        }
    }

    /// Reads an event that differs from an earlier one only in its text; `None` for any other.
    pub(crate) fn read_by_template(&mut self, data: &str) -> Option<ChatDelta> {
        match self {
            Self::ChatCompletions(fast_path) => fast_path.read_delta(data),
            Self::Responses(_) => None,
        }
    }

    /// Reads one event.
    pub(crate) fn read(&mut self, data: &str) -> Result<StreamItem, StreamFault> {
        match self {
            Self::ChatCompletions(_) if data.trim() == "[DONE]" => Ok(StreamItem::EndMarker),
            Self::ChatCompletions(fast_path) => {
                let chunk = parse_chunk(data)?;
                fast_path.record_chunk(data, &chunk);
                Ok(StreamItem::Chunk(chunk))
            }
            Self::Responses(reader) => responses::read_response_event(reader, data),
        }
    }

    /// The source of the reasoning, for APIs that tell more than the field's name.
    pub(crate) fn reasoning_source(&self) -> Option<&'static str> {
        match self {
            Self::ChatCompletions(_) => None,
            Self::Responses(reader) => reader.reasoning_source(),
        }
    }
}

/// Parses one chunk of a chat completion. Only a chunk without content is parsed a second time, as
/// an error in one of its shapes.
fn parse_chunk(data: &str) -> Result<ChatChunk, StreamFault> {
    if let Ok(chunk) = serde_json::from_str::<ChatChunk>(data)
        && chunk.error.is_none()
        && (!chunk.choices.is_empty() || chunk.usage.is_some())
    {
        return Ok(chunk);
    }
    let value =
        serde_json::from_str::<Value>(data).map_err(|error| StreamFault::Malformed(Some(error)))?;
    if ServerError::from_event(&value).is_some() {
        return Err(StreamFault::ServerError(value));
    }
    serde_json::from_value(value).map_err(|error| StreamFault::Malformed(Some(error)))
}
