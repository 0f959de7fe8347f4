//! Maps transport and server errors to model errors.

mod overflow;

use openclaw_core::{
    HttpExchange, ModelError, ModelErrorKind, ModelTimeoutKind, ServerErrorMessage,
};
use openclaw_transport::{
    self as transport, ExchangeInfo, ServerError, TransportError, TransportErrorKind,
};

pub(crate) use self::overflow::{ContextOverflow, parse_output_limit, parse_overflow};

/// Maps the error of a failed exchange.
pub(crate) fn to_model_error(error: TransportError, model: Option<&str>) -> ModelError {
    let exchange = error.exchange();
    let kind = match error.kind() {
        TransportErrorKind::Connect => ModelErrorKind::Connect,
        TransportErrorKind::Timeout { clock, after } => {
            ModelErrorKind::Timeout { kind: to_timeout_kind(clock), after }
        }
        TransportErrorKind::Status(429) => {
            ModelErrorKind::RateLimited { retry_after: exchange.retry_after }
        }
        TransportErrorKind::Status(status) => classify_status(
            status,
            &exchange.server_error.as_ref().map(server_error_message).unwrap_or_default(),
        ),
        TransportErrorKind::Interrupted => ModelErrorKind::Interrupted,
        _ => ModelErrorKind::Protocol,
    };
    let record = http_exchange(exchange, model);
    ModelError::new(kind, error.to_string()).with_exchange(record).with_source(error)
}

/// Maps an error event inside a stream.
pub(crate) fn in_band_error(
    server: &ServerError,
    exchange: &ExchangeInfo,
    model: &str,
) -> ModelError {
    let server_message = server_error_message(server);
    let kind = match server_message.kind.as_deref() {
        _ if parse_overflow(&server_message.message).is_some() => {
            classify_status(400, &server_message)
        }
        Some("rate_limit_error") => ModelErrorKind::RateLimited { retry_after: None },
        Some("overloaded_error") => ModelErrorKind::Overloaded,
        Some("authentication_error" | "permission_error" | "billing_error") => ModelErrorKind::Auth,
        Some("not_found_error") => classify_status(404, &server_message),
        Some("request_too_large") => classify_status(413, &server_message),
        Some("invalid_request_error") => classify_status(400, &server_message),
        _ => ModelErrorKind::Interrupted,
    };
    let message = format!("get a whole answer: {}", server.message);
    let mut record = http_exchange(exchange, Some(model));
    record.server_error = Some(server_message);
    ModelError::new(kind, message).with_exchange(record)
}

fn classify_status(status: u16, server: &ServerErrorMessage) -> ModelErrorKind {
    if let Some(ContextOverflow { context_window: window, prompt_tokens: prompt }) =
        parse_overflow(&server.message)
    {
        return ModelErrorKind::ContextOverflow { context_window: window, prompt_tokens: prompt };
    }
    let message = server.message.to_ascii_lowercase();
    match status {
        401..=403 => ModelErrorKind::Auth,
        // The account has no credit, though the status only means a bad request.
        400 if message.contains("credit balance is too low") => ModelErrorKind::Auth,
        404 if message.contains("model") => ModelErrorKind::UnknownModel,
        404 | 405 => ModelErrorKind::Protocol,
        413 => ModelErrorKind::ContextOverflow { context_window: None, prompt_tokens: None },
        503 if message.contains("loading") => ModelErrorKind::Loading,
        503 | 529 => ModelErrorKind::Overloaded,
        500..=599 => ModelErrorKind::Interrupted,
        _ => ModelErrorKind::Rejected,
    }
}

/// Converts an exchange for a model error.
pub(crate) fn http_exchange(exchange: &ExchangeInfo, model: Option<&str>) -> HttpExchange {
    HttpExchange {
        method: exchange.method.to_owned(),
        url: exchange.url.clone(),
        status: exchange.status,
        server_error: exchange.server_error.as_ref().map(server_error_message),
        request_id: exchange.request_id.clone(),
        model: model.map(str::to_owned),
        attempt: exchange.attempt,
        retry_after: exchange.retry_after,
    }
}

fn server_error_message(server: &ServerError) -> ServerErrorMessage {
    ServerErrorMessage {
        message: server.message.clone(),
        kind: server.kind.clone(),
        param: server.param.clone(),
        code: server.code.clone(),
    }
}

fn to_timeout_kind(clock: transport::TimeoutKind) -> ModelTimeoutKind {
    match clock {
        transport::TimeoutKind::Connect => ModelTimeoutKind::Connect,
        transport::TimeoutKind::ResponseHeaders => ModelTimeoutKind::ResponseHeaders,
        transport::TimeoutKind::FirstToken => ModelTimeoutKind::FirstToken,
        transport::TimeoutKind::BetweenTokens => ModelTimeoutKind::BetweenTokens,
        transport::TimeoutKind::Total => ModelTimeoutKind::Total,
    }
}
