#![doc = include_str!("../README.md")]

mod http_exchange;
mod proxy_timeout;
mod time_limit;

pub use http_exchange::{HttpExchange, ServerErrorMessage};
pub use time_limit::{TimeLimit, TimeoutKind};
