//! The `--json` output of commands: one object for each command.

pub mod agent;
pub mod config;
pub mod doctor;
pub mod errors;
pub mod exec_policy;
pub mod infer;
pub mod models;
pub mod prompt;
pub mod sessions;
pub mod status;
pub mod trace;
