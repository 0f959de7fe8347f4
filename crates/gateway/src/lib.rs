#![doc = include_str!("../README.md")]

mod admission;
mod approvals;
mod auth;
mod clients;
mod connection;
mod device_proof;
mod devices;
mod error;
mod frame_budget;
mod grants;
mod handshake;
mod hooks;
mod http;
mod jobs;
mod live_config;
mod methods;
mod metrics;
mod nodes;
mod openai;
mod policy_file;
mod random;
mod run_result;
mod runs;
mod server;
mod session_methods;
mod settings;
mod state;
mod stream_limits;
mod websocket;

pub use auth::GatewayAuthentication;
pub use error::{GatewayStartError, GatewayStartErrorKind};
pub use hooks::HookSettings;
pub use live_config::ReloadReport;
pub use nodes::{NodeInvocation, NodeInvokeOutcome, NodePayload, NodeProgress, NodeRegistry};
pub use server::{GatewayHandle, GatewayServer, recorded_address, running_address};
pub use settings::{GatewayOverrides, GatewaySettings, find_client_secret};
