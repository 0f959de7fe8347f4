#![doc = include_str!("../README.md")]

mod agent;
mod anthropic;
mod approval;
mod breaker;
mod builtin;
mod cache;
mod capabilities;
mod catalogue;
mod chain;
mod compat;
mod connect;
mod context;
mod conversation;
mod discovery;
mod doctor;
mod egress;
mod error;
mod failure_hints;
mod limits;
mod params;
mod prompt;
mod runtime;
mod secret;
mod status;
mod suggestions;
mod timeouts;
mod trace;
mod wait;
mod warnings;

pub use agent::{AgentOptions, AgentRun};
pub use approval::{
    ApprovalAnswer, ApprovalKind, ApprovalPolicy, ApprovalReason, ApprovalRequest, PolicyApprover,
    PolicyDecision, Prompter,
};
pub use breaker::OpenBreaker;
pub use cache::LearnedCapabilities;
pub use catalogue::{ListedModel, ModelCatalogue, ProviderFailure};
pub use chain::{AttemptLog, FallbackChain, ModelAttempt, attempts_in_error};
pub use conversation::{
    ContextUse, Conversation, ConversationError, ConversationOptions, RecoveryReport, SessionTarget,
};
pub use doctor::{Check, CheckStatus, ConfigEdit, DoctorOptions, DoctorReport, Finding};
pub use egress::EgressConsent;
pub use error::{ConnectError, SetupError, SetupErrorKind};
pub use openclaw_agent_loop::{
    Agent, CompactionMethod, CompactionReport, ConfiguredTimeout, InvalidCallRecovery,
    OutputPart as RepeatedPart, PrefixChange, PromptCacheMiss, RepromptReason, SteeringQueue,
    ToolRefusalReason, TurnError, TurnErrorKind, TurnEvent, TurnEventReceiver, TurnEventSender,
    TurnInput, TurnOutcome, TurnReport, TurnRequest, events::event_channel,
};
pub use openclaw_store::{
    DamageKind, DamageReport, ImportReport, InterruptedCall, LoadedSession, LogContent, LogEntry,
    Session, SessionId, SessionInfo, SessionKey, Store, StoreError, StoreErrorKind, StoreWarning,
    TurnRecord,
};
pub use openclaw_transport::{
    AnswerSummary, ExchangeOutcome, Trace, TraceRecord, TraceStore, TracedBody, TracedEvent,
    TracedRequest,
};
pub use prompt::{PromptBreakdown, PromptPart, PromptProfile, PromptSection, SystemPrompt};
pub use runtime::Runtime;
pub use status::{ProviderCredential, ProviderStatus, SetupStatus};
pub use trace::{ReplayError, ReplayTarget};
pub use wait::{WaitPolicy, WaitProgress, WaitTarget};
pub use warnings::NoticeLog;
