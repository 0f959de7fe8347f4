//! The differences between the two chat APIs of a server.

use openclaw_core::ChatRequest;
use openclaw_provider::SerializedRequest;
use openclaw_transport::wire::{ChatChunk, ChatDelta};
use serde_json::Value;

use crate::capabilities::{ServerCapabilities, ServerFeature};
use crate::chat_reader::ChatReader;
use crate::params::RequestParams;
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

    /// Serialises a streaming request without a limit for the answer.
    pub(crate) fn serialize_request(
        self,
        model: &str,
        request: &ChatRequest,
        capabilities: &ServerCapabilities,
    ) -> SerializedRequest {
        match self {
            Self::ChatCompletions => request::serialize_chat_request(model, request, capabilities),
            Self::Responses => responses::serialize_responses_request(model, request, capabilities),
        }
    }

    /// The name of the field that limits the tokens of the answer.
    pub(crate) fn output_cap_field(self, capabilities: &ServerCapabilities) -> &'static str {
        match self {
            Self::Responses => "max_output_tokens",
            Self::ChatCompletions if capabilities.is_unsupported(ServerFeature::MaxTokensField) => {
                "max_completion_tokens"
            }
            Self::ChatCompletions => "max_tokens",
        }
    }

    /// The fields behind the prompt of a streaming request: JSON members with a comma before each.
    pub(crate) fn trailer(
        self,
        capabilities: &ServerCapabilities,
        output_cap: Option<u32>,
        params: &RequestParams,
    ) -> Vec<u8> {
        let stream_fields = match self {
            Self::Responses => "",
            Self::ChatCompletions if capabilities.is_unsupported(ServerFeature::StreamUsage) => {
                r#","stream":true"#
            }
            Self::ChatCompletions => r#","stream":true,"stream_options":{"include_usage":true}"#,
        };
        let fields = params.trailer(self.output_cap_field(capabilities), output_cap);
        [stream_fields.as_bytes(), &fields].concat()
    }

    /// Makes a reader for one answer.
    pub(crate) fn new_reader(self) -> EventReader {
        match self {
            Self::ChatCompletions => EventReader::ChatCompletions(Box::default()),
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
    /// The server reports an error, in these words.
    ErrorText(String),
    /// The event cannot be parsed.
    Malformed(Option<serde_json::Error>),
}

/// Reads the events of an answer.
#[derive(Debug)]
pub(crate) enum EventReader {
    ChatCompletions(Box<ChatReader>),
    Responses(Box<responses::ResponsesReader>),
}

impl EventReader {
    /// Makes a reader for another answer of the same API.
    pub(crate) fn fresh_reader(&self) -> Self {
        match self {
            Self::ChatCompletions(_) => Self::ChatCompletions(Box::default()),
            Self::Responses(_) => Self::Responses(Box::default()),
        }
    }

    /// Reads an event that differs from an earlier one only in its text; `None` for any other.
    pub(crate) fn read_by_template(&mut self, data: &str) -> Option<ChatDelta> {
        match self {
            Self::ChatCompletions(reader) => reader.read_by_template(data),
            Self::Responses(_) => None,
        }
    }

    /// Reads one event.
    pub(crate) fn read(&mut self, data: &str) -> Result<StreamItem, StreamFault> {
        match self {
            Self::ChatCompletions(reader) => reader.read(data),
            Self::Responses(reader) => responses::read_response_event(reader, data),
        }
    }

    /// Reads what the stream marks as an error.
    pub(crate) fn read_error(&mut self, text: String) -> StreamFault {
        match self.read(&text) {
            Err(fault @ (StreamFault::ServerError(_) | StreamFault::AnswerFailed(_))) => fault,
            _ => StreamFault::ErrorText(text),
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
