//! A client for OpenAI-compatible HTTP servers.
//!
//! It owns what is the same with every such server and easy to get subtly wrong: which URL is
//! meant ([`Endpoint`]), how long to wait ([`Clocks`]), when to try again ([`RetryPolicy`]), how
//! to read a stream ([`EventStream`]), how many there may be at a time ([`Turnstile`]), what an
//! error says ([`TransportError`], [`ServerError`]), what was said on the wire ([`Trace`]) and the
//! JSON of the public API ([`wire`]). It knows no server's own ways.
//!
//! - A key goes to the endpoint's host only: redirects are not followed, a URL of another host is
//!   refused, and no proxy is used, whatever the environment says.
//! - Keys and header values appear in no error, no log and no `Debug` text.
//! - Dropping a future or a stream closes its connection, which makes a server stop generating.
//! - Everything read from a server is bounded: 16 MiB for a body or an event, 64 KiB for the body
//!   of an error.

mod call;
mod client;
mod concurrency;
mod endpoint;
mod error;
mod framing;
mod http_cause;
mod idle;
mod presence;
mod reply;
mod retry;
mod secrets;
mod server_error;
mod sse;
mod stream;
mod timeouts;
mod trace;
pub mod wire;

pub use client::{Client, ClientOptions};
pub use concurrency::{ConcurrencyLimiter, QueueDepth, StreamPriority};
pub use endpoint::{Endpoint, InvalidEndpoint};
pub use error::{ExchangeInfo, TransportError, TransportErrorKind};
pub use presence::can_connect;
pub use reply::ApiResponse;
pub use retry::RetryPolicy;
pub use server_error::{ServerError, number_between};
pub use sse::{EventTooLarge, SseDecoder, StreamEvent};
pub use stream::EventStream;
pub use timeouts::{CallTimeouts, TimeLimit, TimeoutKind};
pub use trace::{
    AnswerSummary, ExchangeEnd, ExchangeOutcome, OmittedEvents, Trace, TraceLimits, TraceOptions,
    TraceRecord, TraceStore, TracedBody, TracedCall, TracedError, TracedEvent, TracedRequest,
    TracedResponse,
};
