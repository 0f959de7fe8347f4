#![doc = include_str!("../README.md")]

mod anthropic;
mod breaker;
mod builtin;
mod cache;
mod capabilities;
mod catalogue;
mod chain;
mod compat;
mod connect;
mod connector;
mod context;
mod discovery;
mod egress;
mod embeddings;
mod error;
mod failure_hints;
mod limits;
mod model_selection;
mod params;
mod registry;
mod report;
mod secret;
mod state_warnings;
mod status;
mod suggestions;
mod thinking_format;
mod timeouts;
mod trace;
mod trace_config;
mod wait;
mod webhook;

pub use breaker::OpenBreaker;
pub use builtin::{VLLM, default_vllm_address};
pub use cache::LearnedCapabilities;
pub use catalogue::{ListedModel, ModelCatalogue, ProviderFailure};
pub use chain::{FallbackChain, ModelConnection, attempts_in_error};
pub use context::{ResolvedProvider, provider_path};
pub use egress::EgressConsent;
pub use embeddings::EmbeddingModel;
pub use error::{ConnectError, SetupError, SetupErrorKind};
pub use openclaw_process::{SupervisorProgram, run_requested_supervisor};
pub use openclaw_transport::{
    AnswerSummary, ExchangeOutcome, TimeLimit, Trace, TraceRecord, TraceStore, TracedBody,
    TracedEvent, TracedRequest,
};
pub use registry::ModelRegistry;
pub use report::ConnectReport;
pub use status::{BreakerReset, ProviderCredential, ProviderStatus, SetupStatus};
pub use trace::{ReplayError, ReplayTarget};
pub use wait::{WaitPolicy, WaitProgress, WaitReporter};
