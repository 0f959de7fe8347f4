#![doc = include_str!("../README.md")]

mod approval;
mod error;
mod history;
mod id;
mod image;
mod journal;
mod limits;
mod message;
mod model;
mod model_attempt;
mod tool;
mod tool_output_store;

pub use approval::{ApprovalDecision, Approver, ReadOnlyApprover};
pub use error::{ModelError, ModelErrorKind};
pub use history::{ConversationSummary, History, HistoryError, HistoryStep, MessageRef};
pub use id::{InvalidName, ModelRef, ToolCallId, ToolName};
pub use image::{ImageContent, ImageFormat, ImageSize};
pub use journal::{Journal, JournalEntry, JournalError, NoopJournal};
pub use limits::{LimitSource, ModelLimits, TokenCount};
pub use message::{
    ArgumentsParseError, AssistantMessage, EmittedToolCall, InvalidToolCall, ReasoningContent,
    ToolArguments, ToolCall, ToolOutput,
};
pub use model::{
    AnswerOutcome, ChatEvent, ChatModel, ChatRequest, ChatStream, ModelCapabilities, ModelInfo,
    ServerActivity, ServerLiveness, TokenUsage, ToolChoice, single_response_stream,
};
pub use model_attempt::ModelAttempt;
pub use openclaw_exchange::{HttpExchange, ServerErrorMessage, TimeLimit, TimeoutKind};
pub use tool::{
    CommandRemedies, CommandReview, ExactCommandRule, FileChange, FileProtection, FutureToolCall,
    InvalidToolArguments, PlannedToolCall, ProgressSink, Tool, ToolConcurrency, ToolContext,
    ToolEffect, ToolSpec, UnansweredAction,
};
pub use tool_output_store::{ToolOutputStore, ToolOutputStoreError};
