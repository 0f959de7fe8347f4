//! The JSON of the public API, as far as a chat client needs it.
//!
//! Requests are only serialised, responses only parsed. A request has its fields in a fixed order
//! and omits what is absent, so that each one begins with the bytes of the previous one as far as
//! the conversation does: that makes a server's prefix cache hit. Parsing is lenient: unknown
//! fields are ignored, `null` is the same as absent, and a field of another type never fails the rest
//! (see [`lenient`]).

mod chat;
pub mod lenient;
mod models;
mod responses;

pub use chat::{
    CallKind, ChatChunk, ChatCompletionRequest, ChatContentPart, ChatDelta, ChatMessage, ChatTool,
    ChatToolCall, ChatToolCallDelta, ChatToolChoice, ChatUsage, ChunkChoice, FunctionCall,
    FunctionCallDelta, FunctionSpec, ImageUrl, PromptTokensDetails, StreamOptions,
};
pub use models::{ModelCard, ModelList, ModelMeta};
pub use responses::{
    ContentPart, IncompleteDetails, InputItem, InputMessage, InputPart, InputTokensDetails,
    ItemStatus, OutputItem, OutputTokensDetails, ResponseEvent, ResponseObject, ResponseUsage,
    ResponsesRequest, ResponsesTool, ResponsesToolChoice, UserPart,
};

#[cfg(test)]
mod tests;
