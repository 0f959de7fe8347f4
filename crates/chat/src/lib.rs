#![doc = include_str!("../README.md")]

mod answer_lines;
mod chat;
mod command;
mod context;
mod controller;
mod conversation;
pub mod error_report;
pub mod exchanges;
mod exec_command;
pub mod file_changes;
mod gateway_error;
mod gateway_link;
mod gateway_questions;
mod gateway_run;
mod input;
mod interrupt;
mod model_list;
mod number_format;
mod options;
mod plain_chat;
mod progress;
mod prompter;
mod reasoning;
mod recovery_notice;
mod scrollback;
mod session_choice;
mod session_commands;
mod setup;
mod slash_commands;
mod startup;
mod status_text;
mod terminal;
mod terminal_prompter;
mod turn;
mod usage_cost;
mod view;
mod wait;

pub use chat::run_chat;
pub use context::{CommandContext, TRACE_FLUSH_TIMEOUT};
pub use conversation::{is_transient_kind, list_gateway_sessions, update_text};
pub use gateway_error::print_gateway_error;
pub use gateway_link::{GatewayConnector, GatewayLink, LinkPurpose, new_request_key};
pub use gateway_questions::CallAnswerer;
pub use gateway_run::{
    GatewayRun, GatewayRunError, GatewayRunRequest, GatewayRunUpdate, RunSteering,
};
pub use interrupt::{
    InterruptSignals, is_hangup_ignored, run_unless_interrupted, wait_for_interrupt,
};
pub use options::{ChatGateway, ChatOptions, ChatOutcome};
pub use progress::{TurnProgress, format_age, format_duration};
pub use prompter::ask_at_terminal;
pub use reasoning::ReasoningDisplay;
pub use recovery_notice::{print_opened_session, print_recovery_report};
pub use session_choice::{matches_choice, matches_search, session_age};
pub use usage_cost::format_dollars;
pub use wait::terminal_wait_policy;
