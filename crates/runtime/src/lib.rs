//! Turns a validated OpenClaw config into running parts.
//!
//! The only crate that knows both the config and the parts. [`Runtime`] finds the models that the
//! config describes and those that the servers have, connects the one that is asked for with its
//! fallbacks, and puts an agent together around it. It knows no command line and no terminal.

mod advice;
mod agent;
mod anthropic;
mod breaker;
mod builtin;
mod cache;
mod catalogue;
mod chain;
mod compat;
mod connect;
mod conversation;
mod discovery;
mod doctor;
mod egress;
mod error;
mod learnt;
mod limits;
mod namesakes;
mod notices;
mod params;
mod prompt;
mod runtime;
mod secret;
mod setup;
mod status;
mod trace;
mod waiting;
mod waits;

pub use agent::{AgentOptions, AgentRun};
pub use breaker::OpenBreaker;
pub use cache::Learnt;
pub use catalogue::{Catalogue, ListedModel, ProviderFailure};
pub use chain::{Attempt, Attempts, Chain, attempts_of};
pub use conversation::{
    ContextUse, Conversation, ConversationError, ConversationOptions, Found, Place,
};
pub use doctor::{Check, DoctorOptions, Edit, Finding, Mark, Report};
pub use egress::Consent;
pub use error::{ConnectError, SetupError, SetupErrorKind};
pub use notices::Notices;
pub use openclaw_agent_loop::{
    Agent, AskedAgain, BrokenCallStep, CacheMiss, Changed, CompactedBy, Compaction, EventReceiver,
    EventSender, Limit, Opening, Part as RepeatedPart, Refusal, Steering, TurnError, TurnErrorKind,
    TurnEvent, TurnOutcome, TurnReport, TurnRequest, events::channel,
};
pub use openclaw_store::{
    Imported, Loaded, LogContent, LogEntry, Note, Notice, Problem, Session, SessionId, SessionInfo,
    SessionKey, Store, StoreError, StoreErrorKind, TurnRecord, Unfinished,
};
pub use openclaw_transport::{
    Answer, Body, Ended, Record, Trace, TraceStore, TracedEvent, TracedRequest,
};
pub use prompt::{Explanation, Part, Profile, Prompt, Section};
pub use runtime::Runtime;
pub use status::{Credential, ProviderStatus, Status};
pub use trace::{ReplayError, ReplayTarget};
pub use waiting::{Awaited, Missing, Wait};
