//! The words of a conversation with a model, and the seams of an agent.
//!
//! This crate has no I/O, no runtime, no HTTP and no config. It holds what the other crates
//! must agree on:
//!
//! - what is said: [`AssistantMessage`], [`ToolCall`], [`ToolOutput`], and [`History`], which
//!   cannot be brought into a state that a server would refuse;
//! - what is known of a model: [`ModelInfo`] and [`ModelLimits`], with the source of each number;
//! - the four seams: [`ChatModel`], [`Tool`], [`Approver`] and [`Journal`], and beside them
//!   [`Spill`], where outputs go that are too large;
//! - how a model call fails: [`ModelError`].
//!
//! Cancellation is by drop everywhere: dropping a future or a stream ends the work behind it.

mod approval;
mod error;
mod history;
mod id;
mod journal;
mod limits;
mod message;
mod model;
mod spill;
mod tool;

pub use approval::{Approver, ReadOnly, Verdict};
pub use error::{HttpExchange, ModelError, ModelErrorKind, ServerMessage};
pub use history::{History, HistoryError, MessageRef, Step, Summary};
pub use id::{InvalidName, ModelRef, ToolCallId, ToolName};
pub use journal::{Journal, JournalEntry, JournalError, NoJournal};
pub use limits::{LimitSource, ModelLimits, TokenCount};
pub use message::{
    Arguments, AssistantMessage, BrokenCall, EmittedCall, InvalidArgumentsText, Reasoning,
    ToolCall, ToolOutput,
};
pub use model::{
    Abilities, ChatEvent, ChatModel, ChatRequest, ChatStream, Clock, Liveness, ModelInfo, Outcome,
    ToolChoice, Usage, Waiting, whole_answer,
};
pub use spill::{Spill, SpillError};
pub use tool::{Concurrency, Effect, InvalidArguments, ProgressSink, Tool, ToolContext, ToolSpec};
