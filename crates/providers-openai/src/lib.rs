//! Any OpenAI-compatible server as a [`ChatModel`](openclaw_core::ChatModel).
//!
//! One conversation, as every server that speaks `/v1/chat/completions` understands it: an
//! allow-list of request fields, text as plain strings, nothing empty and nothing null. The answer
//! is judged by its content; the server's finish reason is a hint. Reasoning between tags is kept
//! apart from the text, calls that a model wrote as text are calls, and arguments that are not
//! quite JSON are mended where nothing has to be invented. What is special to one server
//! stays out of here: [`OpenAiModel`] is what such a crate builds on.

mod answer;
mod api;
mod assembly;
mod budget;
mod calls;
mod catalogue;
mod code;
mod content;
mod dialect;
mod failure;
mod knowledge;
mod model;
mod mould;
mod native;
mod negotiation;
mod overflow;
mod params;
mod refusal;
mod request;
mod responses;
mod salvage;
mod schema;
mod thinking;
mod truncation;

pub use api::Api;
pub use budget::{NoRoom, output_cap};
pub use catalogue::{ServedModel, find_api, find_windows, list_models, nearest};
pub use failure::model_error;
pub use knowledge::{Facts, Knowledge, Lack, PromptSize};
pub use model::OpenAiModel;
pub use native::{Extra, documented_window, is_native};
pub use params::Params;
pub use request::{body, messages, tools};
