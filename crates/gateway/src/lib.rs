#![doc = include_str!("../README.md")]

mod approvals;
mod auth;
mod clients;
mod connection;
mod error;
mod gateway;
mod handshake;
mod http;
mod methods;
mod openai;
mod random;
mod run_result;
mod runs;
mod settings;
mod websocket;

pub use auth::GatewayAuthentication;
pub use error::{GatewayStartError, GatewayStartErrorKind};
pub use gateway::{Gateway, GatewayHandle, recorded_address};
pub use settings::{GatewayOverrides, GatewaySettings, find_client_secret};
