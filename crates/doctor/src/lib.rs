#![doc = include_str!("../README.md")]

mod chat_checks;
mod check;
mod config_checks;
mod conversation_checks;
mod dispatch;
mod doctor;
mod edit;
mod examination;
mod exposure;
mod family;
mod memory;
mod options;
mod probe;
mod prompts;
mod report;
mod server;
mod speed;
mod tools;
mod via_model;
mod wording;

pub use check::Check;
pub use doctor::Doctor;
pub use edit::ConfigEdit;
pub use memory::StoredFindings;
pub use options::DoctorOptions;
pub use report::{CheckStatus, DoctorReport, Finding};
