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
mod ladder;
mod limits;
mod model_call;
mod prefix;
mod progress;
mod repeats;
mod repetition;
mod report;
mod request;
mod room;
mod steering;
mod tool_call;
mod toolbox;
mod turn;

pub use agent::{Agent, AgentParts, Tail};
pub use compaction::{CompactedBy, Compaction, CompactionLimits};
pub use error::{DuplicateTool, TurnError, TurnErrorKind};
pub use events::{AskedAgain, EventReceiver, EventSender, Refusal, TurnEvent};
pub use ladder::BrokenCallStep;
pub use limits::{Limit, TOOL_GRACE, TurnLimits};
pub use prefix::{CacheMiss, Changed};
pub use repeats::{CallRepeats, Repeat};
pub use repetition::Part;
pub use report::{TurnOutcome, TurnReport};
pub use request::{Opening, TurnRequest};
pub use steering::Steering;
