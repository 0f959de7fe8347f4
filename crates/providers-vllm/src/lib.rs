//! vLLM as a [`ChatModel`](openclaw_core::ChatModel), with vLLM's own routes where the
//! OpenAI-compatible ones leave questions open.
//!
//! Supports the chat completions, Responses and Messages APIs. Idle monitoring and reconnection
//! work with each.
//!
//! Nothing is sent to vLLM that belongs to a hosted service. Beside `/v1` it counts the tokens of a
//! prompt (`/tokenize`), and reports whether it is alive (`/health`) and how busy it is
//! (`/metrics`); each of these may be missing behind a proxy.

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

/// The default base URL of vLLM.
pub const DEFAULT_BASE_URL: &str = "http://127.0.0.1:8000/v1";

/// The context window in tokens that is assumed when neither the server nor the config names one.
pub const FALLBACK_CONTEXT_WINDOW: u32 = 8192;
