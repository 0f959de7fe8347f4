//! The Messages API (`POST /v1/messages`) as a [`ChatModel`](openclaw_core::ChatModel).
//!
//! Anthropic serves it, and vLLM and many gateways serve it beside their other APIs. A conversation
//! is written in the one form that all of them accept: roles alternate, each tool call is answered
//! in the next message, no text is empty, and the answer's limit fits. The answer is judged by its
//! content; the server's stop reason is a hint.
//!
//! Thinking is separated from the text. It is sent back only unchanged, with its signature, and
//! within the same turn; otherwise it is left out of the request.

mod answer;
mod api_headers;
mod assembly;
mod capabilities;
mod catalogue;
mod failure;
mod model;
mod params;
mod request;
mod thinking_cache;
mod wire;

pub use api_headers::{API_VERSION, is_anthropic_hosted, with_api_headers};
pub use catalogue::{ListedModel, list_models};
pub use model::MessagesModel;
pub use params::MessagesParams;
pub use request::CacheControl;
