#![doc = include_str!("../README.md")]

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
pub use limits::{TOOL_GRACE, TurnLimits};
pub use openclaw_core::TimeLimit;
pub use prompt_cache::{PrefixChange, PromptCacheMiss};
pub use repeated_calls::{CallRepeatRecord, CallRepeatTracker};
pub use repetition::{DetectedRepetition, OutputPart, RepetitionDetector, RepetitionLimit};
pub use report::{TurnOutcome, TurnReport};
pub use request::{TurnInput, TurnRequest};
pub use steering::SteeringQueue;
