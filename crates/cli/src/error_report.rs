//! Reports errors as text and as JSON.

use std::error::Error;

use openclaw_core::{HttpExchange, ModelError, ModelErrorKind};
use openclaw_models::{ConnectError, attempts_in_error};
use openclaw_runtime::{StoreError, StoreErrorKind, TurnError, TurnErrorKind, TurnOutcome};
use serde_json::{Value, json};

use crate::printer::Printer;
use crate::sanitize;

/// Prints what failed, the HTTP exchange, the causes and the hints.
pub(crate) fn print_model_error(printer: Printer, error: &ModelError) {
    printer.print_error(format_args!("failed to {error}"));
    // After several attempts, each has its own line, so the last one's exchange is left out.
    let is_single_attempt = attempts_in_error(error).is_empty();
    if let Some(exchange) = error.http_exchange().filter(|_| is_single_attempt) {
        printer.print_indented(exchange_line(exchange));
        if let Some(server) = &exchange.server_error
            && !error.to_string().contains(&server.message)
        {
            printer.print_indented(format_args!("the server says: {}", server.message));
        }
    }
    print_causes(printer, error);
    for hint in error.hints() {
        printer.print_hint(hint);
    }
}

/// Prints the causes of an error, or each failed model attempt, in order.
pub(crate) fn print_causes(printer: Printer, error: &(dyn Error + 'static)) {
    let attempts = attempts_in_error(error);
    for attempt in &attempts {
        let (reference, problem) = (&attempt.reference, &attempt.problem);
        printer.print_indented(sanitize::escape_line(&format!("{reference}: failed to {problem}")));
    }
    if attempts.is_empty() {
        for cause in error_causes(error) {
            printer.print_indented(format_args!("cause: {cause}"));
        }
    }
}

/// Returns a model error as JSON: `kind`, `message`, `method`, `url`, `status`, `server`,
/// `requestId`, `model`, `attempt`, `causes`, `hints`.
pub(crate) fn model_error_json(error: &ModelError) -> Value {
    let mut value = json!({
        "kind": error.kind().name(),
        "message": format!("failed to {error}"),
        "causes": error_causes(error),
        "hints": error.hints(),
    });
    if let (Some(exchange), Some(map)) = (error.http_exchange(), value.as_object_mut()) {
        let server = exchange.server_error.as_ref().map(|server| {
            json!({
                "message": server.message,
                "type": server.kind,
                "param": server.param,
                "code": server.code,
            })
        });
        map.insert("method".to_owned(), json!(exchange.method));
        map.insert("url".to_owned(), json!(exchange.url));
        map.insert("status".to_owned(), json!(exchange.status));
        map.insert("server".to_owned(), json!(server));
        map.insert("requestId".to_owned(), json!(exchange.request_id));
        map.insert("model".to_owned(), json!(exchange.model));
        map.insert("attempt".to_owned(), json!(exchange.attempt));
    }
    value
}

/// Prints a turn error that is not a model error, with its hints.
pub(crate) fn print_turn_error(printer: Printer, error: &TurnError) {
    printer.print_error(format_args!("failed to {error}"));
    for detail in error.detail_lines() {
        printer.print_indented(detail);
    }
    for cause in error_causes(error) {
        printer.print_indented(format_args!("cause: {cause}"));
    }
    for hint in turn_hints(error) {
        printer.print_hint(hint);
    }
}

/// Returns a turn error as JSON: `kind`, `message`, `details`, `keptText`, `causes`, `hints`.
pub(crate) fn turn_error_json(error: &TurnError) -> Value {
    json!({
        "kind": turn_error_kind(error.kind()),
        "message": format!("failed to {error}"),
        "details": error.detail_lines(),
        "keptText": error.kept_text(),
        "causes": error_causes(error),
        "hints": turn_hints(error),
    })
}

/// Returns true when the turn failed for a reason that may pass, so that a retry makes sense.
pub(crate) fn is_transient_failure(outcome: &TurnOutcome) -> bool {
    match outcome {
        TurnOutcome::TimedOut { .. } => true,
        TurnOutcome::Failed(error) => matches!(
            error.kind(),
            TurnErrorKind::Model(
                ModelErrorKind::Connect
                    | ModelErrorKind::Timeout { .. }
                    | ModelErrorKind::Loading
                    | ModelErrorKind::Overloaded
                    | ModelErrorKind::RateLimited { .. }
                    | ModelErrorKind::Interrupted
            )
        ),
        _ => false,
    }
}

fn turn_error_kind(kind: TurnErrorKind) -> &'static str {
    match kind {
        TurnErrorKind::InvalidCalls => "invalid_tool_calls",
        TurnErrorKind::RepeatedCalls => "repeated_tool_calls",
        TurnErrorKind::Repetition(_) => "repetition",
        TurnErrorKind::ModelCallLimit | TurnErrorKind::ToolCallLimit => "call_limit",
        TurnErrorKind::Journal | TurnErrorKind::History => "not_recorded",
        _ => "no_answer",
    }
}

fn turn_hints(error: &TurnError) -> Vec<String> {
    let hints = error.hints().into_iter().map(str::to_owned);
    let doctor_hint = matches!(error.kind(), TurnErrorKind::InvalidCalls)
        .then(|| "`openclaw doctor` shows what the server makes of tool calls.".to_owned());
    hints.chain(doctor_hint).collect()
}

/// Returns a connect error as JSON, in the shape of a model error as far as it applies.
pub(crate) fn connect_error_json(error: &ConnectError) -> Value {
    match error {
        ConnectError::Model(error) => model_error_json(error),
        ConnectError::Setup(error) => json!({
            "kind": error.kind().name(),
            "message": format!("failed to {error}"),
            "causes": error_causes(error),
            "hints": error.hints(),
        }),
    }
}

/// Prints a session store error, with its hint.
pub(crate) fn print_store_error(printer: Printer, error: &StoreError) {
    print_store_error_with_hint(printer, error, store_hint(error).as_deref());
}

/// Prints a session store error with the command's own hint.
pub(crate) fn print_store_error_with_hint(
    printer: Printer,
    error: &StoreError,
    hint: Option<&str>,
) {
    printer.print_error(format_args!("failed to {error}"));
    for cause in error_causes(error) {
        printer.print_indented(format_args!("cause: {cause}"));
    }
    if let Some(hint) = hint {
        printer.print_hint(hint);
    }
}

/// Returns a session store error as JSON: `kind`, `message`, `causes`, `hints`.
pub(crate) fn store_error_json(error: &StoreError) -> Value {
    json!({
        "kind": store_error_kind(error.kind()),
        "message": format!("failed to {error}"),
        "causes": error_causes(error),
        "hints": store_hint(error).into_iter().collect::<Vec<_>>(),
    })
}

fn store_error_kind(kind: StoreErrorKind) -> &'static str {
    match kind {
        StoreErrorKind::DiskFull => "disk_full",
        StoreErrorKind::Damaged => "store_damaged",
        StoreErrorKind::ForeignFile => "store_foreign_file",
        StoreErrorKind::TooNew => "store_too_new",
        StoreErrorKind::Outdated => "store_outdated",
        StoreErrorKind::InUse | StoreErrorKind::Busy => "session_in_use",
        StoreErrorKind::NotFound => "unknown_session",
        StoreErrorKind::Ambiguous => "ambiguous_session",
        StoreErrorKind::Invalid => "invalid_session",
        _ => "store",
    }
}

/// Returns the store's hint as a sentence.
fn store_hint(error: &StoreError) -> Option<String> {
    let hint = error.hint()?;
    let mut chars = hint.chars();
    let first = chars.next()?.to_uppercase();
    Some(first.chain(chars).chain(['.']).collect())
}

/// Returns the causes of an error, nearest first, without duplicate texts.
pub(crate) fn error_causes(error: &dyn Error) -> Vec<String> {
    let mut seen_text = error.to_string();
    let mut causes = Vec::new();
    let mut next = error.source();
    while let Some(cause) = next {
        let text = cause.to_string();
        if !seen_text.contains(&text) {
            seen_text.push_str(&text);
            causes.push(text);
        }
        next = cause.source();
    }
    causes
}

fn exchange_line(exchange: &HttpExchange) -> String {
    let HttpExchange { method, url, .. } = exchange;
    let answer = match exchange.status {
        Some(status) => format!("answered {status}"),
        None => "got no answer".to_owned(),
    };
    let attempt = (exchange.attempt > 1).then(|| format!(", attempt {}", exchange.attempt));
    let request = exchange.request_id.as_ref().map(|id| format!(", request {id}"));
    let [attempt, request] = [attempt, request].map(Option::unwrap_or_default);
    format!("{method} {url} {answer}{attempt}{request}")
}
