//! What a server answers. Unknown fields are ignored, and `null` is the same as absent.

use openclaw_transport::wire::null_as_default;
use serde::Deserialize;
use serde_json::Value;

/// One event of a streamed answer. Which fields it has depends on its kind.
#[derive(Debug, Default, Deserialize)]
pub(crate) struct MessageEvent {
    #[serde(default, rename = "type")]
    pub(crate) kind: Option<String>,
    /// The place in the answer of the block that it is about.
    #[serde(default)]
    pub(crate) index: Option<u32>,
    #[serde(default)]
    pub(crate) message: Option<MessageResponse>,
    #[serde(default)]
    pub(crate) content_block: Option<ResponseBlock>,
    #[serde(default, deserialize_with = "null_as_default")]
    pub(crate) delta: EventDelta,
    #[serde(default)]
    pub(crate) usage: Option<MessageUsage>,
}

/// An answer, or the beginning of one.
#[derive(Debug, Default, Deserialize)]
pub(crate) struct MessageResponse {
    #[serde(default, deserialize_with = "null_as_default")]
    pub(crate) content: Vec<ResponseBlock>,
    #[serde(default)]
    pub(crate) stop_reason: Option<String>,
    #[serde(default)]
    pub(crate) usage: Option<MessageUsage>,
}

/// A part of an answer.
#[derive(Debug, Default, Deserialize)]
pub(crate) struct ResponseBlock {
    /// `text`, `thinking`, `redacted_thinking` or `tool_use`; another is of no use here.
    #[serde(default, rename = "type")]
    pub(crate) kind: Option<String>,
    #[serde(default)]
    pub(crate) text: Option<String>,
    #[serde(default)]
    pub(crate) thinking: Option<String>,
    #[serde(default)]
    pub(crate) signature: Option<String>,
    #[serde(default)]
    pub(crate) data: Option<String>,
    #[serde(default)]
    pub(crate) id: Option<String>,
    #[serde(default)]
    pub(crate) name: Option<String>,
    /// The arguments of a call; an empty object when they are still to come.
    #[serde(default)]
    pub(crate) input: Option<Value>,
}

/// What is new of a block, or of the whole answer.
#[derive(Debug, Default, Deserialize)]
pub(crate) struct EventDelta {
    #[serde(default)]
    pub(crate) text: Option<String>,
    #[serde(default)]
    pub(crate) thinking: Option<String>,
    #[serde(default)]
    pub(crate) signature: Option<String>,
    #[serde(default)]
    pub(crate) partial_json: Option<String>,
    #[serde(default)]
    pub(crate) stop_reason: Option<String>,
}

/// What the server counted, in tokens.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize)]
pub(crate) struct MessageUsage {
    /// The part of the prompt that the cache had no part in.
    #[serde(default, rename = "input_tokens")]
    pub(crate) input_tokens: Option<u32>,
    /// The part that came from the cache.
    #[serde(default, rename = "cache_read_input_tokens")]
    pub(crate) cache_read: Option<u32>,
    /// The part that went into the cache.
    #[serde(default, rename = "cache_creation_input_tokens")]
    pub(crate) cache_created: Option<u32>,
    #[serde(default, rename = "output_tokens")]
    pub(crate) output_tokens: Option<u32>,
}

/// The answer to a request for a count.
#[derive(Debug, Deserialize)]
pub(crate) struct TokenCountResponse {
    pub(crate) input_tokens: u32,
}
