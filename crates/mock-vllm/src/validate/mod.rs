//! What vLLM refuses, in its own words.

mod fields;
mod json;

pub(crate) use fields::{Issue, check_fields, check_input};
pub(crate) use json::syntax_error;
