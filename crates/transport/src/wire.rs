//! The JSON of the public API, as far as a chat client needs it.
//!
//! Requests are only serialised, responses only parsed. A request has its fields in a fixed order
//! and omits what is absent, so that each one begins with the bytes of the previous one as far as
//! the conversation does: that makes a server's prefix cache hit. Parsing is lenient: unknown
//! fields are ignored and `null` is the same as absent, everywhere.

mod chat;
mod models;
mod responses;

pub use chat::{
    CallKind, ChatChunk, ChatCompletionRequest, ChatDelta, ChatMessage, ChatTool, ChatToolCall,
    ChatToolCallDelta, ChatToolChoice, ChatUsage, ChunkChoice, FunctionCall, FunctionCallDelta,
    FunctionSpec, PromptTokensDetails, StreamOptions,
};
pub use models::{ModelCard, ModelList, ModelMeta};
pub use responses::{
    ContentPart, IncompleteDetails, InputItem, InputMessage, InputPart, InputTokensDetails,
    ItemStatus, OutputItem, OutputTokensDetails, ResponseEvent, ResponseObject, ResponseUsage,
    ResponsesRequest, ResponsesTool, ResponsesToolChoice,
};

use serde::{Deserialize, Deserializer};
use serde_json::Value;

/// Reads `null` as the default value.
///
/// # Errors
/// When it is neither `null` nor a valid `T`.
pub fn null_as_default<'de, D, T>(deserializer: D) -> Result<T, D::Error>
where
    D: Deserializer<'de>,
    T: Deserialize<'de> + Default,
{
    Ok(Option::deserialize(deserializer)?.unwrap_or_default())
}

/// Reads a string that some servers write as a number; anything else is the same as absent.
fn text_or_number<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<String>, D::Error> {
    Ok(match Value::deserialize(deserializer)? {
        Value::String(text) => Some(text),
        Value::Number(number) => Some(number.to_string()),
        _ => None,
    })
}

#[cfg(test)]
mod tests;
