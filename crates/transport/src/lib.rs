#![doc = include_str!("../README.md")]

mod address;
mod call;
mod client;
mod concurrency;
mod endpoint;
mod error;
mod framing;
mod headers;
mod http_cause;
mod json_repair;
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

pub use address::{AddressRule, HostLookup, is_private_address};
pub use client::{Client, ClientOptions};
pub use concurrency::{ConcurrencyLimiter, QueueDepth, StreamPriority};
pub use endpoint::{Endpoint, InvalidEndpoint};
pub use error::{TransportError, TransportErrorKind};
pub use json_repair::{LenientJsonParser, parse_lenient_json};
pub use openclaw_exchange::{HttpExchange, ServerErrorMessage, TimeLimit, TimeoutKind};
pub use presence::can_connect;
pub use reply::ApiResponse;
pub use retry::RetryPolicy;
pub use server_error::{number_between, parse_error_body, parse_error_event};
pub use sse::{EventTooLarge, SseDecoder, StreamEvent, is_end_marker};
pub use stream::EventStream;
pub use timeouts::{CallTimeouts, KEEP_ALIVE_FACTOR};
pub use trace::{
    AnswerSummary, ExchangeEnd, ExchangeOutcome, OmittedEvents, Trace, TraceLimits, TraceOptions,
    TraceRecord, TraceStore, TracedBody, TracedCall, TracedError, TracedEvent, TracedRequest,
    TracedResponse,
};
