//! One turn of an agent over any [`ChatModel`](openclaw_core::ChatModel) and any
//! [`Tool`](openclaw_core::Tool)s, with limits.
//!
//! A turn begins with a user message and ends with exactly one [`TurnOutcome`]. The model is
//! called, its tool calls are approved, run and answered in order, and it is called again, until it
//! answers without a call or a limit ends the turn. Progress is reported as [`TurnEvent`]s; there
//! are no callbacks. Messages that the user sends meanwhile go into the next request: see
//! [`SteeringQueue`].
//!
//! Dropping a turn's future cancels it, at any point: the history stays valid and never has a
//! partial answer. This crate has no default limits, no retries, and no timeouts but those in
//! [`TurnLimits`].
//!
//! `examples/own_model.rs` runs a turn with a custom model and a custom tool.

mod agent;
mod compaction;
mod error;
pub mod events;
mod invalid_calls;
mod limits;
mod model_call;
mod output_budget;
mod progress;
mod prompt_cache;
mod repeated_calls;
mod repetition;
mod report;
mod request;
mod steering;
mod tool_call;
mod tool_registry;
mod turn;

pub use agent::{Agent, AgentParts, RequestSuffix};
pub use compaction::{CompactionLimits, CompactionMethod, CompactionReport};
pub use error::{DuplicateToolError, TurnError, TurnErrorKind};
pub use events::{
    RepromptReason, ToolRefusalReason, TurnEvent, TurnEventReceiver, TurnEventSender,
};
pub use invalid_calls::InvalidCallRecovery;
pub use limits::{ConfiguredTimeout, TOOL_GRACE, TurnLimits};
pub use prompt_cache::{PrefixChange, PromptCacheMiss};
pub use repeated_calls::{CallRepeatRecord, CallRepeatTracker};
pub use repetition::OutputPart;
pub use report::{TurnOutcome, TurnReport};
pub use request::{TurnInput, TurnRequest};
pub use steering::SteeringQueue;
