//! One turn of an agent over any [`ChatModel`](openclaw_core::ChatModel) and any
//! [`Tool`](openclaw_core::Tool)s, with limits.
//!
//! A turn begins with what the user said and ends in exactly one [`TurnOutcome`]: the model is
//! asked, the calls it makes are decided on, run and answered one after the other, and it is asked
//! again, until it answers without a call or a limit ends the turn. What happens meanwhile comes
//! as [`TurnEvent`]s; nothing calls back. What the user says meanwhile is given to the model before
//! it is asked again: see [`Steering`].
//!
//! The turn is cancelled by dropping its future, at any point: the history stays valid, and an
//! answer is in it only if it was whole. There are no default limits here, no retries and no
//! timeouts but those in [`TurnLimits`].
//!
//! `examples/own_model.rs` runs a turn with an own model and an own tool.

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
