#![doc = include_str!("../README.md")]

mod body;
mod brain;
mod builder;
mod chat;
mod engine;
mod gate;
mod ids;
mod messages;
mod metrics;
mod model;
mod prefix;
mod python;
mod reply;
mod response;
mod responses;
mod routes;
mod script;
mod seen;
mod server;
mod template;
mod tokenizer;
mod turn;
mod validate;

pub use brain::Brain;
pub use builder::MockVllmBuilder;
pub use gate::Gate;
pub use model::ModelSpec;
pub use reply::{ErrorBody, Pace, Reply};
pub use script::ScriptError;
pub use seen::Seen;
pub use server::MockVllm;
pub use turn::{Call, Finish, Turn, UsageOverride};
