//! The JSON of server responses. Unknown fields are ignored, and `null` is the same as absent.

use openclaw_transport::wire::lenient::{
    count_field, list_field, object_field, object_or_default, text_field,
};
use serde::Deserialize;
use serde_json::Value;

/// One event of a streamed answer. Its fields depend on its kind.
#[derive(Debug, Default, Deserialize)]
pub(crate) struct MessageEvent {
    #[serde(default, rename = "type", deserialize_with = "text_field")]
    pub(crate) kind: Option<String>,
    /// The index in the answer of the block that the event is about.
    #[serde(default, deserialize_with = "count_field")]
    pub(crate) index: Option<u32>,
    #[serde(default, deserialize_with = "object_field")]
    pub(crate) message: Option<MessageResponse>,
    #[serde(default, deserialize_with = "object_field")]
    pub(crate) content_block: Option<ResponseBlock>,
    #[serde(default, deserialize_with = "object_or_default")]
    pub(crate) delta: EventDelta,
    #[serde(default, deserialize_with = "object_field")]
    pub(crate) usage: Option<MessageUsage>,
}

/// An answer, or the beginning of one.
#[derive(Debug, Default, Deserialize)]
pub(crate) struct MessageResponse {
    #[serde(default, deserialize_with = "list_field")]
    pub(crate) content: Vec<ResponseBlock>,
    #[serde(default, deserialize_with = "text_field")]
    pub(crate) stop_reason: Option<String>,
    #[serde(default, deserialize_with = "object_field")]
    pub(crate) usage: Option<MessageUsage>,
}

/// A block of an answer.
#[derive(Debug, Default, Deserialize)]
pub(crate) struct ResponseBlock {
    /// `text`, `thinking`, `redacted_thinking` or `tool_use`; others are ignored.
    #[serde(default, rename = "type", deserialize_with = "text_field")]
    pub(crate) kind: Option<String>,
    #[serde(default, deserialize_with = "text_field")]
    pub(crate) text: Option<String>,
    #[serde(default, deserialize_with = "text_field")]
    pub(crate) thinking: Option<String>,
    #[serde(default, deserialize_with = "text_field")]
    pub(crate) signature: Option<String>,
    #[serde(default, deserialize_with = "text_field")]
    pub(crate) data: Option<String>,
    #[serde(default, deserialize_with = "text_field")]
    pub(crate) id: Option<String>,
    #[serde(default, deserialize_with = "text_field")]
    pub(crate) name: Option<String>,
    /// The arguments of a tool call; an empty object when deltas follow.
    #[serde(default)]
    pub(crate) input: Option<Value>,
}

/// A delta of a block, or of the whole answer.
#[derive(Debug, Default, Deserialize)]
pub(crate) struct EventDelta {
    #[serde(default, deserialize_with = "text_field")]
    pub(crate) text: Option<String>,
    #[serde(default, deserialize_with = "text_field")]
    pub(crate) thinking: Option<String>,
    #[serde(default, deserialize_with = "text_field")]
    pub(crate) signature: Option<String>,
    #[serde(default, deserialize_with = "text_field")]
    pub(crate) partial_json: Option<String>,
    #[serde(default, deserialize_with = "text_field")]
    pub(crate) stop_reason: Option<String>,
}

/// The token usage that the server reports.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize)]
pub(crate) struct MessageUsage {
    /// Tokens of the prompt that were neither read from nor written to the cache.
    #[serde(default, rename = "input_tokens", deserialize_with = "count_field")]
    pub(crate) input_tokens: Option<u32>,
    /// Tokens read from the cache.
    #[serde(default, rename = "cache_read_input_tokens", deserialize_with = "count_field")]
    pub(crate) cache_read: Option<u32>,
    /// Tokens written to the cache.
    #[serde(default, rename = "cache_creation_input_tokens", deserialize_with = "count_field")]
    pub(crate) cache_created: Option<u32>,
    #[serde(default, rename = "output_tokens", deserialize_with = "count_field")]
    pub(crate) output_tokens: Option<u32>,
}

/// The response to a token counting request.
#[derive(Debug, Deserialize)]
pub(crate) struct TokenCountResponse {
    pub(crate) input_tokens: u32,
}
