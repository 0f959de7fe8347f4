//! The Responses API in the terms of a chat completion.
//!
//! It is used without its memory: each request holds the whole conversation, so that a server
//! which forgets, restarts or never stored anything makes no difference. Its events are made into
//! the pieces of a chat completion, and the same code judges the answer by its content, finds
//! calls written as text and reasoning between tags, and negotiates what the server takes.

mod events;
mod reader;
mod request;

pub(crate) use self::events::read_response_event;
pub(crate) use self::reader::{REASONING_SUMMARY, ResponsesReader};
pub(crate) use self::request::responses_body;
