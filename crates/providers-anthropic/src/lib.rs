#![doc = include_str!("../README.md")]

mod answer;
mod api_headers;
mod assembly;
mod capabilities;
mod catalogue;
mod model;
mod output_limit;
mod params;
mod request;
mod thinking_cache;
mod wire;

pub use api_headers::{API_VERSION, is_anthropic_hosted, with_api_headers};
pub use catalogue::{ListedModel, list_models};
pub use model::{MessagesModel, PreparedMessages};
pub use params::MessagesParams;
pub use request::CacheControl;
