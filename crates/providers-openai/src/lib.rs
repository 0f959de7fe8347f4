#![doc = include_str!("../README.md")]

mod answer;
mod api;
mod argument_repair;
mod assembly;
mod capabilities;
mod catalogue;
mod chat_reader;
mod code_spans;
mod content;
mod delta_template;
mod dialect;
mod leaked_markup;
mod model;
mod negotiation;
mod openai_servers;
mod params;
mod reasoning_tags;
mod refusal;
mod request;
mod responses;
mod schema;
mod template_tokens;
mod tool_calls;
mod truncation;

pub use api::ChatApi;
pub use capabilities::{CapabilityStore, ServerCapabilities, ServerFeature};
pub use catalogue::{
    ServedModel, find_api_base_url, find_context_windows, list_models, nearest_model_ids,
    use_trained_windows,
};
pub use leaked_markup::{LeakedMarkup, find_leaked_markup};
pub use model::{OpenAiModel, PreparedRequest};
pub use openai_servers::{VendorExtension, documented_context_window, is_openai_hosted};
pub use params::RequestParams;
pub use request::{chat_completion_body, chat_messages, chat_tools};
