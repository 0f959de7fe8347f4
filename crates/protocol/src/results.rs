//! What commands print with `--json`: one object each.

pub mod agent;
pub mod config;
pub mod doctor;
pub mod errors;
pub mod infer;
pub mod models;
pub mod prompt;
pub mod sessions;
pub mod trace;
