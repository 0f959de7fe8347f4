//! What vLLM refuses, in its own words.

mod fields;
mod json;
mod messages;

pub(crate) use fields::{Issue, check_fields, check_input};
pub(crate) use json::syntax_error;
pub(crate) use messages::check_messages;
