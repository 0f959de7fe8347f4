//! The Messages API (`POST /v1/messages`) as a [`ChatModel`](openclaw_core::ChatModel).
//!
//! It is what Anthropic serves, and what vLLM and many gateways serve beside their other APIs. A
//! conversation is written in the one form that all of them take: roles that alternate, each call
//! answered in the message right behind it, no empty text, and a limit for the answer that fits.
//! The answer is judged by its content; the reason that the server gives for its end is a hint.
//!
//! Thinking is kept apart from the text. It goes back only as it came, with its signature and while
//! the turn lasts; where that is not known it stays out of the request.

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
