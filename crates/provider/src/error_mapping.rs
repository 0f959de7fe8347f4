//! Maps transport errors to model errors.

use openclaw_core::{HttpExchange, ModelError, ModelErrorKind, ServerErrorMessage};
use openclaw_transport::{TransportError, TransportErrorKind};

use crate::recognise_overflow;

const ENCODING_HINT: &str = "A proxy before the server compresses answers that were not asked for in \
                             that form: switch it off for this address (`gzip off` of nginx).";

/// The sizes known to the caller of a request that did not fit, in tokens.
#[derive(Debug, Clone, Copy, Default)]
pub struct OverflowContext {
    /// The context window.
    pub context_window: Option<u32>,
    /// The server's count of the prompt.
    pub prompt_tokens: Option<u32>,
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
                if server.is_some_and(|server| recognise_overflow(server).is_some()) =>
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
#[must_use]
pub fn refusal_error(error: TransportError, model: &str, context: OverflowContext) -> ModelError {
    convert_error(error, Some(model), context)
}

fn convert_error(
    error: TransportError,
    model: Option<&str>,
    context: OverflowContext,
) -> ModelError {
    let exchange = error.exchange();
    let is_encoded = error.kind() == TransportErrorKind::Encoded;
    let kind = match error.kind() {
        TransportErrorKind::Connect => ModelErrorKind::Connect,
        TransportErrorKind::Timeout { clock: kind, after } => {
            ModelErrorKind::Timeout { kind, after }
        }
        TransportErrorKind::Status(status) => kind_for_status(status, exchange),
        TransportErrorKind::Interrupted => ModelErrorKind::Interrupted,
        _ => ModelErrorKind::Protocol,
    };
    let exchange_record = exchange.clone().with_model(model);
    let kind = context.fill_missing(kind, exchange_record.server_error.as_ref());
    let failure = ModelError::new(kind, error.to_string()).with_exchange(exchange_record);
    let failure = add_proxy_hint(failure, exchange);
    let failure = if is_encoded { failure.with_hint(ENCODING_HINT) } else { failure };
    failure.with_source(error)
}

/// Maps an error event inside a stream.
#[must_use]
pub fn stream_error(
    server: &ServerErrorMessage,
    exchange: &HttpExchange,
    model: &str,
    context: OverflowContext,
) -> ModelError {
    let kind = context.fill_missing(kind_for_stream_error(server), Some(server));
    let message = format!("get a whole answer: {}", server.message);
    let mut exchange_record = exchange.clone().with_model(Some(model));
    exchange_record.server_error = Some(server.clone());
    ModelError::new(kind, message).with_exchange(exchange_record)
}

/// Adds a hint if a proxy's idle timeout ended the exchange.
#[must_use]
pub fn add_proxy_hint(error: ModelError, exchange: &HttpExchange) -> ModelError {
    let Some(after) = exchange.likely_proxy_timeout() else { return error };
    error.with_hint(format!(
        "A proxy between here and the server closed the connection after {} s without a byte. Raise \
         its time limit for reading (`proxy_read_timeout` of nginx, `timeout server` of HAProxy), \
         start vLLM with `--sse-keep-alive-interval 15`, or set `baseUrl` to the server itself.",
        after.as_secs()
    ))
}

fn kind_for_status(status: u16, exchange: &HttpExchange) -> ModelErrorKind {
    if status == 429 {
        return ModelErrorKind::RateLimited { retry_after: exchange.retry_after };
    }
    let nothing = ServerErrorMessage::default();
    kind_for_server_error(status, exchange.server_error.as_ref().unwrap_or(&nothing))
}

/// An error inside a stream has the status of the stream, so its own code or type determines the
/// kind.
fn kind_for_stream_error(server: &ServerErrorMessage) -> ModelErrorKind {
    let code = server.code.as_deref().and_then(|code| code.parse().ok());
    let status = code.or_else(|| {
        let status = match server.kind.as_deref()? {
            "invalid_request_error" => 400,
            "authentication_error" | "permission_error" | "billing_error" => 401,
            "not_found_error" => 404,
            "request_too_large" => 413,
            "rate_limit_error" => 429,
            "overloaded_error" => 529,
            _ => return None,
        };
        Some(status)
    });
    kind_for_server_error(status.unwrap_or(500), server)
}

fn kind_for_server_error(status: u16, server: &ServerErrorMessage) -> ModelErrorKind {
    if let Some(report) = recognise_overflow(server) {
        return ModelErrorKind::ContextOverflow {
            context_window: report.context_window,
            prompt_tokens: report.prompt_tokens,
        };
    }
    let message = server.message.to_ascii_lowercase();
    match status {
        401..=403 => ModelErrorKind::Auth,
        400 if message.contains("invalid model name") => ModelErrorKind::UnknownModel,
        // The account has no credit, though the status only means a bad request.
        400 if message.contains("credit balance is too low") => ModelErrorKind::Auth,
        404 if server.param.as_deref() == Some("model") || message.contains("model") => {
            ModelErrorKind::UnknownModel
        }
        404 | 405 => ModelErrorKind::Protocol,
        413 => ModelErrorKind::ContextOverflow { context_window: None, prompt_tokens: None },
        429 => ModelErrorKind::RateLimited { retry_after: None },
        503 if message.contains("loading") => ModelErrorKind::Loading,
        503 | 529 => ModelErrorKind::Overloaded,
        500..=599 => ModelErrorKind::Interrupted,
        _ => ModelErrorKind::Rejected,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn stream_kind(message: &str, kind: Option<&str>, code: Option<&str>) -> ModelErrorKind {
        let owned = |text: Option<&str>| text.map(str::to_owned);
        kind_for_stream_error(&ServerErrorMessage {
            message: message.to_owned(),
            kind: owned(kind),
            code: owned(code),
            param: None,
        })
    }

    #[test]
    fn an_error_inside_a_stream_is_classified_by_its_code_or_type() {
        let table = [
            (None, None, ModelErrorKind::Interrupted),
            (None, Some("400"), ModelErrorKind::Rejected),
            (Some("overloaded_error"), Some("401"), ModelErrorKind::Auth),
            (None, Some("429"), ModelErrorKind::RateLimited { retry_after: None }),
            (Some("rate_limit_error"), None, ModelErrorKind::RateLimited { retry_after: None }),
            (Some("overloaded_error"), None, ModelErrorKind::Overloaded),
            (Some("billing_error"), None, ModelErrorKind::Auth),
            (Some("invalid_request_error"), None, ModelErrorKind::Rejected),
            (Some("api_error"), None, ModelErrorKind::Interrupted),
        ];
        for (kind, code, expected) in table {
            assert_eq!(stream_kind("no", kind, code), expected, "{kind:?} {code:?}");
        }
        let overflow = stream_kind("prompt is too long: 9 tokens > 8 maximum", None, None);
        let sizes =
            ModelErrorKind::ContextOverflow { context_window: Some(8), prompt_tokens: Some(9) };
        assert_eq!(overflow, sizes);
    }

    #[test]
    fn a_status_is_classified_with_the_words_of_the_server() {
        let table = [
            (400, "credit balance is too low", ModelErrorKind::Auth),
            (400, "Invalid model name passed in", ModelErrorKind::UnknownModel),
            (400, "no", ModelErrorKind::Rejected),
            (402, "pay", ModelErrorKind::Auth),
            (404, "The model `x` does not exist", ModelErrorKind::UnknownModel),
            (404, "Not Found", ModelErrorKind::Protocol),
            (503, "Loading model", ModelErrorKind::Loading),
            (529, "no", ModelErrorKind::Overloaded),
            (502, "no", ModelErrorKind::Interrupted),
        ];
        for (status, message, expected) in table {
            let server = ServerErrorMessage { message: message.to_owned(), ..Default::default() };
            assert_eq!(kind_for_server_error(status, &server), expected, "{status} {message}");
        }
    }
}
