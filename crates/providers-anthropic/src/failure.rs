//! Says what a failure means for the call of a model.

mod overflow;

use openclaw_core::{Clock, HttpExchange, ModelError, ModelErrorKind, ServerMessage};
use openclaw_transport::{
    self as transport, Exchange, ServerError, TransportError, TransportErrorKind,
};

pub(crate) use self::overflow::{Overflow, output_limit, overflow};

/// Says what a failed exchange means.
pub(crate) fn model_error(error: TransportError, model: Option<&str>) -> ModelError {
    let exchange = error.exchange();
    let kind = match error.kind() {
        TransportErrorKind::Connect => ModelErrorKind::Connect,
        TransportErrorKind::Timeout { clock, after } => {
            ModelErrorKind::Timeout { clock: core_clock(clock), after }
        }
        TransportErrorKind::Status(429) => {
            ModelErrorKind::RateLimited { retry_after: exchange.retry_after }
        }
        TransportErrorKind::Status(status) => {
            by_status(status, &exchange.server.as_ref().map(said).unwrap_or_default())
        }
        TransportErrorKind::Interrupted => ModelErrorKind::Interrupted,
        _ => ModelErrorKind::Protocol,
    };
    let record = record(exchange, model);
    ModelError::new(kind, error.to_string()).with_exchange(record).with_source(error)
}

/// Says what an error inside a stream means.
pub(crate) fn in_band(server: &ServerError, exchange: &Exchange, model: &str) -> ModelError {
    let said = said(server);
    let kind = match said.kind.as_deref() {
        _ if overflow(&said.message).is_some() => by_status(400, &said),
        Some("rate_limit_error") => ModelErrorKind::RateLimited { retry_after: None },
        Some("overloaded_error") => ModelErrorKind::Overloaded,
        Some("authentication_error" | "permission_error" | "billing_error") => ModelErrorKind::Auth,
        Some("not_found_error") => by_status(404, &said),
        Some("request_too_large") => by_status(413, &said),
        Some("invalid_request_error") => by_status(400, &said),
        _ => ModelErrorKind::Interrupted,
    };
    let message = format!("get a whole answer: {}", server.message);
    let mut record = record(exchange, Some(model));
    record.server = Some(said);
    ModelError::new(kind, message).with_exchange(record)
}

fn by_status(status: u16, server: &ServerMessage) -> ModelErrorKind {
    if let Some(Overflow { window, prompt }) = overflow(&server.message) {
        return ModelErrorKind::ContextOverflow { window, prompt };
    }
    let message = server.message.to_ascii_lowercase();
    match status {
        401..=403 => ModelErrorKind::Auth,
        // An account without credit; the status says no more than that it is the request.
        400 if message.contains("credit balance is too low") => ModelErrorKind::Auth,
        404 if message.contains("model") => ModelErrorKind::UnknownModel,
        404 | 405 => ModelErrorKind::Protocol,
        413 => ModelErrorKind::ContextOverflow { window: None, prompt: None },
        503 if message.contains("loading") => ModelErrorKind::Loading,
        503 | 529 => ModelErrorKind::Overloaded,
        500..=599 => ModelErrorKind::Interrupted,
        _ => ModelErrorKind::Rejected,
    }
}

/// What is known of an exchange, for an error.
pub(crate) fn record(exchange: &Exchange, model: Option<&str>) -> HttpExchange {
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
