//! Shared types of a conversation with a model, and the traits that an agent is built from.
//!
//! This crate has no I/O, no runtime, no HTTP and no config. It holds what the other crates share:
//!
//! - messages: [`AssistantMessage`], [`ToolCall`], [`ToolOutput`], and [`History`], which cannot be
//!   brought into a state that a server would refuse;
//! - models: [`ModelInfo`] and [`ModelLimits`], with the source of the context window;
//! - the traits: [`ChatModel`], [`Tool`], [`Approver`] and [`Journal`], and [`ToolOutputStore`] for
//!   outputs that are too large for the context window;
//! - errors of model calls: [`ModelError`].
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
mod tool;
mod tool_output_store;

pub use approval::{ApprovalDecision, Approver, ReadOnlyApprover};
pub use error::{HttpExchange, ModelError, ModelErrorKind, ServerErrorMessage};
pub use history::{ConversationSummary, History, HistoryError, HistoryStep, MessageRef};
pub use id::{InvalidName, ModelRef, ToolCallId, ToolName};
pub use journal::{Journal, JournalEntry, JournalError, NoopJournal};
pub use limits::{LimitSource, ModelLimits, TokenCount};
pub use message::{
    ArgumentsParseError, AssistantMessage, EmittedToolCall, InvalidToolCall, ReasoningContent,
    ToolArguments, ToolCall, ToolOutput,
};
pub use model::{
    AnswerOutcome, ChatEvent, ChatModel, ChatRequest, ChatStream, ModelCapabilities, ModelInfo,
    ModelTimeoutKind, ServerActivity, ServerLiveness, TokenUsage, ToolChoice,
    single_response_stream,
};
pub use tool::{
    InvalidToolArguments, ProgressSink, Tool, ToolConcurrency, ToolContext, ToolEffect, ToolSpec,
};
pub use tool_output_store::{ToolOutputStore, ToolOutputStoreError};
