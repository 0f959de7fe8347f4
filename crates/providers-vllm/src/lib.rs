//! vLLM as a [`ChatModel`](openclaw_core::ChatModel): what its OpenAI-compatible routes leave open
//! is asked of its own.
//!
//! It is spoken to by chat completions, by Responses or by the Messages API: silence is borne and a
//! lost server is waited for in all of them.
//!
//! vLLM is a proxy-style `/v1` backend: nothing is sent to it that belongs to a hosted service.
//! Beside `/v1` it says how many tokens a prompt has (`/tokenize`), whether it lives (`/health`)
//! and how busy it is (`/metrics`); all of that may be missing behind a proxy.

mod backend;
mod continuation;
mod failure_hints;
mod idle_monitor;
mod liveness;
mod model;
mod recovery;
mod tokenize;

pub use backend::{AnswerContinuation, PendingResponse, VllmBackend};
pub use idle_monitor::IdlePolicy;
pub use model::VllmModel;
pub use recovery::ReconnectPolicy;

/// Where vLLM listens unless told otherwise.
pub const DEFAULT_BASE_URL: &str = "http://127.0.0.1:8000/v1";

/// The window assumed when neither the server nor the config names one, in tokens.
pub const FALLBACK_CONTEXT_WINDOW: u32 = 8192;
