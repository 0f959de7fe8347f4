#![doc = include_str!("../README.md")]

mod answer_driver;
mod answer_size;
mod budget;
mod echoed_body;
mod error_mapping;
mod learned_window;
mod liveness;
mod overflow;
mod priority;
mod quoted_texts;
mod serialized_request;
mod token_ratio;

pub use answer_driver::{AnswerReader, IncompleteAnswer, ReadyEvents, answer_error, stream_answer};
pub use answer_size::AnswerLimits;
pub use budget::{MIN_ANSWER_TOKENS, PromptTooLong, fit_answer_tokens, output_cap};
pub use error_mapping::{
    OverflowContext, add_proxy_hint, model_error, refusal_error, stream_error,
};
pub use learned_window::apply_learned_window;
pub use liveness::probe_liveness;
pub use overflow::{OverflowReport, overflow_from_error, recognise_overflow};
pub use priority::stream_priority;
pub use quoted_texts::{refusal_evidence, remove_request_texts};
pub use serialized_request::{SerializedRequest, image_lengths, json_members};
pub use token_ratio::{
    CountedPrompt, PromptSize, PromptSplit, estimate_size, is_near_window, next_ratio,
};
