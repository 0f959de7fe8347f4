//! Turns a transport's failure into a model's.

use openclaw_core::{Clock, HttpExchange, ModelError, ModelErrorKind, ServerMessage};
use openclaw_transport::{self as transport, ServerError, TransportError, TransportErrorKind};

use crate::overflow;

/// What the caller knows of the sizes that an overflow is about, in tokens.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Known {
    pub(crate) window: Option<u32>,
    /// As the server counted.
    pub(crate) prompt: Option<u32>,
}

impl Known {
    /// Adds what the server did not say.
    fn complete(self, kind: ModelErrorKind, server: Option<&ServerMessage>) -> ModelErrorKind {
        match kind {
            // A body that is too large for a proxy says nothing of the window.
            ModelErrorKind::ContextOverflow { window, prompt }
                if server.is_some_and(|server| overflow::recognise(server).is_some()) =>
            {
                let (window, prompt) = (window.or(self.window), prompt.or(self.prompt));
                ModelErrorKind::ContextOverflow { window, prompt }
            }
            kind => kind,
        }
    }
}

/// Says what a failed exchange means for the call of `model`.
#[must_use]
pub fn model_error(error: TransportError, model: Option<&str>) -> ModelError {
    failed(error, model, Known::default())
}

/// As [`model_error`], with what is known besides.
pub(crate) fn refused(error: TransportError, model: &str, known: Known) -> ModelError {
    failed(error, Some(model), known)
}

fn failed(error: TransportError, model: Option<&str>, known: Known) -> ModelError {
    let exchange = error.exchange();
    let kind = match error.kind() {
        TransportErrorKind::Connect => ModelErrorKind::Connect,
        TransportErrorKind::Timeout { clock, after } => {
            ModelErrorKind::Timeout { clock: core_clock(clock), after }
        }
        TransportErrorKind::Status(status) => status_kind(status, exchange),
        TransportErrorKind::Interrupted => ModelErrorKind::Interrupted,
        _ => ModelErrorKind::Protocol,
    };
    let record = record(exchange, model);
    let kind = known.complete(kind, record.server.as_ref());
    let failed = ModelError::new(kind, error.to_string()).with_exchange(record);
    advised(failed, exchange).with_source(error)
}

/// Says what an error inside a stream means.
pub(crate) fn in_band(
    server: &ServerError,
    exchange: &transport::Exchange,
    model: &str,
    known: Known,
) -> ModelError {
    let status = server.code.as_deref().and_then(|code| code.parse().ok()).unwrap_or(500);
    let said = said(server);
    let kind = known.complete(refusal(status, &said), Some(&said));
    let message = format!("get a whole answer: {}", server.message);
    let mut record = record(exchange, Some(model));
    record.server = Some(said);
    ModelError::new(kind, message).with_exchange(record)
}

/// Says who ended an exchange after a long silence, and what helps, if it was a proxy.
pub(crate) fn advised(error: ModelError, exchange: &transport::Exchange) -> ModelError {
    let Some(after) = exchange.cut_by_proxy() else { return error };
    error.with_hint(format!(
        "A proxy between here and the server closed the connection after {} s without a byte. Raise \
         its time limit for reading (`proxy_read_timeout` of nginx, `timeout server` of HAProxy), \
         start vLLM with `--sse-keep-alive-interval 15`, or set `baseUrl` to the server itself.",
        after.as_secs()
    ))
}

fn status_kind(status: u16, exchange: &transport::Exchange) -> ModelErrorKind {
    if status == 429 {
        return ModelErrorKind::RateLimited { retry_after: exchange.retry_after };
    }
    refusal(status, &exchange.server.as_ref().map(said).unwrap_or_default())
}

fn refusal(status: u16, server: &ServerMessage) -> ModelErrorKind {
    if let Some(found) = overflow::recognise(server) {
        return ModelErrorKind::ContextOverflow { window: found.window, prompt: found.prompt };
    }
    let message = server.message.to_ascii_lowercase();
    match status {
        401 | 403 => ModelErrorKind::Auth,
        400 if message.contains("invalid model name") => ModelErrorKind::UnknownModel,
        404 if server.param.as_deref() == Some("model") || message.contains("model") => {
            ModelErrorKind::UnknownModel
        }
        404 | 405 => ModelErrorKind::Protocol,
        413 => ModelErrorKind::ContextOverflow { window: None, prompt: None },
        503 if message.contains("loading") => ModelErrorKind::Loading,
        503 | 529 => ModelErrorKind::Overloaded,
        500..=599 => ModelErrorKind::Interrupted,
        _ => ModelErrorKind::Rejected,
    }
}

pub(crate) fn record(exchange: &transport::Exchange, model: Option<&str>) -> HttpExchange {
    HttpExchange {
        method: exchange.method.to_owned(),
        url: exchange.url.clone(),
        status: exchange.status,
        server: exchange.server.as_ref().map(said),
        request_id: exchange.request_id.clone(),
        model: model.map(str::to_owned),
        attempt: exchange.attempt,
        retry_after: exchange.retry_after,
    }
}

fn said(server: &ServerError) -> ServerMessage {
    ServerMessage {
        message: server.message.clone(),
        kind: server.kind.clone(),
        param: server.param.clone(),
        code: server.code.clone(),
    }
}

fn core_clock(clock: transport::Clock) -> Clock {
    match clock {
        transport::Clock::Connect => Clock::Connect,
        transport::Clock::ResponseHeaders => Clock::ResponseHeaders,
        transport::Clock::FirstToken => Clock::FirstToken,
        transport::Clock::BetweenTokens => Clock::BetweenTokens,
        transport::Clock::Total => Clock::Total,
    }
}
