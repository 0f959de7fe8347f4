#![doc = include_str!("../README.md")]

mod answers;
mod approvals;
mod commands;
mod connection;
mod host;
mod invokes;
mod output;
mod plans;
mod policy;
mod report;
mod runs;
mod system_run;

pub use host::{
    NODE_LOCK_FILE, NodeHost, NodeOptions, NodeStartError, NodeStopReason, ReconnectDelays,
};
pub use policy::{ApprovalsChangeError, ApprovalsSnapshot, CommandSettings, NodePolicy};
pub use report::{CommandsDecision, InvocationStage, NodeReport};
