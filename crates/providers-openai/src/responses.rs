//! The Responses API, mapped to chat completions.
//!
//! It is used without server-side state: each request holds the whole conversation, so a server
//! that restarts or never stored anything makes no difference. Its events become chunks of a chat
//! completion, and the same code judges the answer, finds tool calls and reasoning in the text, and
//! negotiates what the server supports.

mod events;
mod reader;
mod request;

pub(crate) use self::events::read_response_event;
pub(crate) use self::reader::{REASONING_SUMMARY, ResponsesReader};
pub(crate) use self::request::serialize_responses_request;
