#![doc = include_str!("../README.md")]

mod backend;
mod continuation;
mod discovery;
mod executor;
mod failure_hints;
mod idle_monitor;
mod liveness;
mod model;
mod recovery;
mod tokenize;

pub use backend::{AnswerContinuation, PendingResponse, PreparedPrompt, VllmBackend};
pub use executor::block_on;
pub use futures_util::StreamExt;
pub use idle_monitor::IdlePolicy;
pub use model::VllmModel;
pub use openclaw_core::{
    AnswerOutcome, AssistantMessage, ChatEvent, ChatModel, ChatRequest, ChatStream,
    EmittedToolCall, History, LimitSource, ModelCapabilities, ModelError, ModelErrorKind,
    ModelInfo, ModelLimits, ModelRef, ServerActivity, ServerLiveness, TokenCount, TokenUsage,
    ToolArguments, ToolCall, ToolCallId, ToolChoice, ToolName, ToolOutput, ToolSpec,
};
pub use openclaw_providers_anthropic::MessagesModel;
pub use openclaw_providers_openai::{
    CapabilityStore, ChatApi, OpenAiModel, RequestParams, ServedModel, list_models,
};
pub use openclaw_transport::{
    CallTimeouts, Client, ClientOptions, Endpoint, RetryPolicy, TimeLimit,
};
pub use recovery::ReconnectPolicy;

/// The default base URL of vLLM.
pub const DEFAULT_BASE_URL: &str = "http://127.0.0.1:8000/v1";

/// The context window in tokens that is assumed when neither the server nor the config names one.
pub const FALLBACK_CONTEXT_WINDOW: u32 = 8192;
