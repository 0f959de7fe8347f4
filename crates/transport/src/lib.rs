//! A client for OpenAI-compatible HTTP servers.
//!
//! It covers what every such server shares and is easy to get subtly wrong: URLs ([`Endpoint`]),
//! timeouts ([`CallTimeouts`]), retries ([`RetryPolicy`]), streams of events ([`EventStream`]), a
//! limit on concurrent streams ([`ConcurrencyLimiter`]), errors ([`TransportError`],
//! [`ServerError`]), traces of the traffic ([`Trace`]) and the JSON of the public API ([`wire`]).
//! Nothing in it is specific to one server.
//!
//! - A key goes to the endpoint's host only: redirects are not followed, a URL of another host is
//!   refused, and no proxy is used, whatever the environment says.
//! - Keys and header values appear in no error, no log and no `Debug` text.
//! - Dropping a future or a stream closes its connection, which makes a server stop generating.
//! - What is read from a server is limited in size: 16 MiB for a body or an event, 64 KiB for
//!   the body of an error.

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
