//! Maps transport errors to model errors.

use openclaw_core::{
    HttpExchange, ModelError, ModelErrorKind, ModelTimeoutKind, ServerErrorMessage,
};
use openclaw_transport::{self as transport, ServerError, TransportError, TransportErrorKind};

use crate::overflow;

/// The sizes known to the caller of a request that did not fit, in tokens.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct OverflowContext {
    pub(crate) context_window: Option<u32>,
    /// The server's count.
    pub(crate) prompt_tokens: Option<u32>,
}

impl OverflowContext {
    /// Adds the sizes that the server did not report.
    fn fill_missing(
        self,
        kind: ModelErrorKind,
        server: Option<&ServerErrorMessage>,
    ) -> ModelErrorKind {
        match kind {
            // A body too large for a proxy says nothing of the context window.
            ModelErrorKind::ContextOverflow { context_window, prompt_tokens }
                if server.is_some_and(|server| overflow::recognise_overflow(server).is_some()) =>
            {
                let (context_window, prompt_tokens) =
                    (context_window.or(self.context_window), prompt_tokens.or(self.prompt_tokens));
                ModelErrorKind::ContextOverflow { context_window, prompt_tokens }
            }
            kind => kind,
        }
    }
}

/// Maps the error of an exchange with `model`.
#[must_use]
pub fn model_error(error: TransportError, model: Option<&str>) -> ModelError {
    convert_error(error, model, OverflowContext::default())
}

/// As [`model_error`], with known sizes.
pub(crate) fn refusal_error(
    error: TransportError,
    model: &str,
    context: OverflowContext,
) -> ModelError {
    convert_error(error, Some(model), context)
}

fn convert_error(
    error: TransportError,
    model: Option<&str>,
    context: OverflowContext,
) -> ModelError {
    let exchange = error.exchange();
    let kind = match error.kind() {
        TransportErrorKind::Connect => ModelErrorKind::Connect,
        TransportErrorKind::Timeout { clock: timeout_kind, after } => {
            ModelErrorKind::Timeout { kind: to_timeout_kind(timeout_kind), after }
        }
        TransportErrorKind::Status(status) => kind_for_status(status, exchange),
        TransportErrorKind::Interrupted => ModelErrorKind::Interrupted,
        _ => ModelErrorKind::Protocol,
    };
    let exchange_record = to_http_exchange(exchange, model);
    let kind = context.fill_missing(kind, exchange_record.server_error.as_ref());
    let failure = ModelError::new(kind, error.to_string()).with_exchange(exchange_record);
    add_proxy_hint(failure, exchange).with_source(error)
}

/// Maps an error event inside a stream.
pub(crate) fn stream_error(
    server: &ServerError,
    exchange: &transport::ExchangeInfo,
    model: &str,
    context: OverflowContext,
) -> ModelError {
    let status = server.code.as_deref().and_then(|code| code.parse().ok()).unwrap_or(500);
    let server_message = to_server_message(server);
    let kind =
        context.fill_missing(kind_for_server_error(status, &server_message), Some(&server_message));
    let message = format!("get a whole answer: {}", server.message);
    let mut exchange_record = to_http_exchange(exchange, Some(model));
    exchange_record.server_error = Some(server_message);
    ModelError::new(kind, message).with_exchange(exchange_record)
}

/// Adds a hint if a proxy's idle timeout ended the exchange.
pub(crate) fn add_proxy_hint(error: ModelError, exchange: &transport::ExchangeInfo) -> ModelError {
    let Some(after) = exchange.likely_proxy_timeout() else { return error };
    error.with_hint(format!(
        "A proxy between here and the server closed the connection after {} s without a byte. Raise \
         its time limit for reading (`proxy_read_timeout` of nginx, `timeout server` of HAProxy), \
         start vLLM with `--sse-keep-alive-interval 15`, or set `baseUrl` to the server itself.",
        after.as_secs()
    ))
}

fn kind_for_status(status: u16, exchange: &transport::ExchangeInfo) -> ModelErrorKind {
    if status == 429 {
        return ModelErrorKind::RateLimited { retry_after: exchange.retry_after };
    }
    kind_for_server_error(
        status,
        &exchange.server_error.as_ref().map(to_server_message).unwrap_or_default(),
    )
}

fn kind_for_server_error(status: u16, server: &ServerErrorMessage) -> ModelErrorKind {
    if let Some(overflow_report) = overflow::recognise_overflow(server) {
        return ModelErrorKind::ContextOverflow {
            context_window: overflow_report.context_window,
            prompt_tokens: overflow_report.prompt_tokens,
        };
    }
    let message = server.message.to_ascii_lowercase();
    match status {
        401 | 403 => ModelErrorKind::Auth,
        400 if message.contains("invalid model name") => ModelErrorKind::UnknownModel,
        404 if server.param.as_deref() == Some("model") || message.contains("model") => {
            ModelErrorKind::UnknownModel
        }
        404 | 405 => ModelErrorKind::Protocol,
        413 => ModelErrorKind::ContextOverflow { context_window: None, prompt_tokens: None },
        503 if message.contains("loading") => ModelErrorKind::Loading,
        503 | 529 => ModelErrorKind::Overloaded,
        500..=599 => ModelErrorKind::Interrupted,
        _ => ModelErrorKind::Rejected,
    }
}

pub(crate) fn to_http_exchange(
    exchange: &transport::ExchangeInfo,
    model: Option<&str>,
) -> HttpExchange {
    HttpExchange {
        method: exchange.method.to_owned(),
        url: exchange.url.clone(),
        status: exchange.status,
        server_error: exchange.server_error.as_ref().map(to_server_message),
        request_id: exchange.request_id.clone(),
        model: model.map(str::to_owned),
        attempt: exchange.attempt,
        retry_after: exchange.retry_after,
    }
}

fn to_server_message(server: &ServerError) -> ServerErrorMessage {
    ServerErrorMessage {
        message: server.message.clone(),
        kind: server.kind.clone(),
        param: server.param.clone(),
        code: server.code.clone(),
    }
}

fn to_timeout_kind(timeout_kind: transport::TimeoutKind) -> ModelTimeoutKind {
    match timeout_kind {
        transport::TimeoutKind::Connect => ModelTimeoutKind::Connect,
        transport::TimeoutKind::ResponseHeaders => ModelTimeoutKind::ResponseHeaders,
        transport::TimeoutKind::FirstToken => ModelTimeoutKind::FirstToken,
        transport::TimeoutKind::BetweenTokens => ModelTimeoutKind::BetweenTokens,
        transport::TimeoutKind::Total => ModelTimeoutKind::Total,
    }
}
