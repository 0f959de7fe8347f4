//! The words in which a server is spoken to: what differs between its two APIs for conversations.

use bytes::Bytes;
use openclaw_core::ChatRequest;
use openclaw_transport::ServerError;
use openclaw_transport::wire::{ChatChunk, Delta};
use serde_json::Value;

use crate::knowledge::Facts;
use crate::mould::Moulds;
use crate::{request, responses};

/// An API for conversations.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
#[non_exhaustive]
pub enum Api {
    /// `…/chat/completions`, which every compatible server has.
    #[default]
    ChatCompletions,
    /// `…/responses`, used without the server's memory: each request holds the whole conversation.
    Responses,
}

impl Api {
    /// The route below the base URL.
    #[must_use]
    pub fn route(self) -> &'static str {
        match self {
            Self::ChatCompletions => "chat/completions",
            Self::Responses => "responses",
        }
    }

    /// The body of a streaming request.
    pub(crate) fn body(
        self,
        model: &str,
        request: &ChatRequest,
        cap: Option<u32>,
        facts: &Facts,
    ) -> Bytes {
        match self {
            Self::ChatCompletions => request::body(model, request, cap, facts),
            Self::Responses => responses::body(model, request, cap, facts),
        }
    }

    /// Begins to read an answer.
    pub(crate) fn reader(self) -> Reader {
        match self {
            Self::ChatCompletions => Reader::ChatCompletions(Moulds::default()),
            Self::Responses => Reader::Responses(Box::default()),
        }
    }
}

/// What an event of an answer means.
#[derive(Debug)]
pub(crate) enum Meaning {
    /// A piece of the answer.
    Piece(ChatChunk),
    /// The last piece of it: what the server may still send is of no use.
    Last(ChatChunk),
    /// The request was taken, and nothing was generated yet.
    Begun,
    /// The mark at the end of a stream.
    Done,
}

/// Why an event is not a piece of an answer.
#[derive(Debug)]
pub(crate) enum Fault {
    /// It is an error of the server, here in the shape `{"error": …}`.
    Said(Value),
    /// The answer ended in this way, and the server does not say why.
    Ended(String),
    /// It cannot be understood.
    Garbled(Option<serde_json::Error>),
}

/// Reads the events of an answer.
#[derive(Debug)]
pub(crate) enum Reader {
    ChatCompletions(Moulds),
    Responses(Box<responses::Reader>),
}

impl Reader {
    /// Begins to read another answer of the same API.
    pub(crate) fn anew(&self) -> Self {
        match self {
            Self::ChatCompletions(_) => Self::ChatCompletions(Moulds::default()),
            Self::Responses(_) => Self::Responses(Box::default()),
        }
    }

    /// Reads an event that differs from one before it in its text alone; `None` for any other.
    pub(crate) fn read_alike(&mut self, data: &str) -> Option<Delta> {
        match self {
            Self::ChatCompletions(moulds) => moulds.read(data),
            Self::Responses(_) => None,
        }
    }

    /// Reads one event.
    pub(crate) fn read(&mut self, data: &str) -> Result<Meaning, Fault> {
        match self {
            Self::ChatCompletions(_) if data.trim() == "[DONE]" => Ok(Meaning::Done),
            Self::ChatCompletions(moulds) => {
                let chunk = chunk(data)?;
                moulds.note(data, &chunk);
                Ok(Meaning::Piece(chunk))
            }
            Self::Responses(reader) => responses::read(reader, data),
        }
    }

    /// Where the reasoning came from, if the API tells more than the name of a field.
    pub(crate) fn reasoning(&self) -> Option<&'static str> {
        match self {
            Self::ChatCompletions(_) => None,
            Self::Responses(reader) => reader.reasoning(),
        }
    }
}

/// Reads one piece of a chat completion. Only what carries nothing of an answer is looked at a
/// second time, for an error in one of its shapes.
fn chunk(data: &str) -> Result<ChatChunk, Fault> {
    if let Ok(chunk) = serde_json::from_str::<ChatChunk>(data)
        && chunk.error.is_none()
        && (!chunk.choices.is_empty() || chunk.usage.is_some())
    {
        return Ok(chunk);
    }
    let value = serde_json::from_str::<Value>(data).map_err(|error| Fault::Garbled(Some(error)))?;
    if ServerError::in_band(&value).is_some() {
        return Err(Fault::Said(value));
    }
    serde_json::from_value(value).map_err(|error| Fault::Garbled(Some(error)))
}
