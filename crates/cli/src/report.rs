//! A failed model call, for people and for programs.

use std::error::Error;

use openclaw_core::{HttpExchange, ModelError, ModelErrorKind};
use openclaw_runtime::{
    ConnectError, StoreError, StoreErrorKind, TurnError, TurnErrorKind, TurnOutcome, attempts_of,
};
use serde_json::{Value, json};

use crate::printer::Printer;
use crate::visible;

/// Writes what failed, the exchange behind it, the causes, and what could be done.
pub(crate) fn print(printer: Printer, error: &ModelError) {
    printer.error(format_args!("failed to {error}"));
    // What all of several models failed with is more than the last one's exchange.
    let is_of_one = attempts_of(error).is_empty();
    if let Some(exchange) = error.exchange().filter(|_| is_of_one) {
        printer.aside(exchange_line(exchange));
        if let Some(server) = &exchange.server
            && !error.to_string().contains(&server.message)
        {
            printer.aside(format_args!("the server says: {}", server.message));
        }
    }
    print_causes(printer, error);
    for hint in error.hints() {
        printer.hint(hint);
    }
}

/// Writes the causes of an error, or the models that were tried in vain, in order.
pub(crate) fn print_causes(printer: Printer, error: &(dyn Error + 'static)) {
    let attempts = attempts_of(error);
    for attempt in &attempts {
        let (reference, problem) = (&attempt.reference, &attempt.problem);
        printer.aside(visible::line(&format!("{reference}: failed to {problem}")));
    }
    if attempts.is_empty() {
        for cause in causes(error) {
            printer.aside(format_args!("cause: {cause}"));
        }
    }
}

/// The same as JSON: `kind`, `message`, `method`, `url`, `status`, `server`, `requestId`,
/// `model`, `attempt`, `causes`, `hints`.
pub(crate) fn json(error: &ModelError) -> Value {
    let mut value = json!({
        "kind": error.kind().name(),
        "message": format!("failed to {error}"),
        "causes": causes(error),
        "hints": error.hints(),
    });
    if let (Some(exchange), Some(map)) = (error.exchange(), value.as_object_mut()) {
        let server = exchange.server.as_ref().map(|server| {
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

/// Writes why a turn failed for another reason than a model call, and what could be done.
pub(crate) fn print_turn(printer: Printer, error: &TurnError) {
    printer.error(format_args!("failed to {error}"));
    for detail in error.details() {
        printer.aside(detail);
    }
    for cause in causes(error) {
        printer.aside(format_args!("cause: {cause}"));
    }
    for hint in turn_hints(error) {
        printer.hint(hint);
    }
}

/// The same as JSON: `kind`, `message`, `details`, `keptText`, `causes`, `hints`.
pub(crate) fn turn_json(error: &TurnError) -> Value {
    json!({
        "kind": turn_kind(error.kind()),
        "message": format!("failed to {error}"),
        "details": error.details(),
        "keptText": error.kept_text(),
        "causes": causes(error),
        "hints": turn_hints(error),
    })
}

/// Whether a turn failed by what may be over when it is tried again.
pub(crate) fn may_pass(outcome: &TurnOutcome) -> bool {
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

fn turn_kind(kind: TurnErrorKind) -> &'static str {
    match kind {
        TurnErrorKind::BrokenCalls => "broken_calls",
        TurnErrorKind::RepeatedCalls => "repeated_calls",
        TurnErrorKind::Repetition(_) => "repetition",
        TurnErrorKind::ModelCallLimit | TurnErrorKind::ToolCallLimit => "call_limit",
        TurnErrorKind::Journal | TurnErrorKind::History => "not_recorded",
        _ => "no_answer",
    }
}

fn turn_hints(error: &TurnError) -> Vec<String> {
    let hints = error.hints().into_iter().map(str::to_owned);
    let doctor = matches!(error.kind(), TurnErrorKind::BrokenCalls)
        .then(|| "`openclaw doctor` shows what the server makes of tool calls.".to_owned());
    hints.chain(doctor).collect()
}

/// Why no model is at hand, as JSON; of the same shape, as far as it applies.
pub(crate) fn connect_json(error: &ConnectError) -> Value {
    match error {
        ConnectError::Model(error) => json(error),
        ConnectError::Setup(error) => json!({
            "kind": error.kind().name(),
            "message": format!("failed to {error}"),
            "causes": causes(error),
            "hints": error.hints(),
        }),
    }
}

/// Writes why the session store does not serve, and what could be done.
pub(crate) fn print_store(printer: Printer, error: &StoreError) {
    print_store_hinted(printer, error, store_hint(error).as_deref());
}

/// The same with a hint of the command's own.
pub(crate) fn print_store_hinted(printer: Printer, error: &StoreError, hint: Option<&str>) {
    printer.error(format_args!("failed to {error}"));
    for cause in causes(error) {
        printer.aside(format_args!("cause: {cause}"));
    }
    if let Some(hint) = hint {
        printer.hint(hint);
    }
}

/// The same as JSON: `kind`, `message`, `causes`, `hints`.
pub(crate) fn store_json(error: &StoreError) -> Value {
    json!({
        "kind": store_kind(error.kind()),
        "message": format!("failed to {error}"),
        "causes": causes(error),
        "hints": store_hint(error).into_iter().collect::<Vec<_>>(),
    })
}

fn store_kind(kind: StoreErrorKind) -> &'static str {
    match kind {
        StoreErrorKind::DiskFull => "disk_full",
        StoreErrorKind::Damaged => "store_damaged",
        StoreErrorKind::TooNew => "store_too_new",
        StoreErrorKind::Outdated => "store_outdated",
        StoreErrorKind::InUse | StoreErrorKind::Busy => "session_in_use",
        StoreErrorKind::NotFound => "unknown_session",
        StoreErrorKind::Ambiguous => "ambiguous_session",
        StoreErrorKind::Invalid => "invalid_session",
        _ => "store",
    }
}

/// The store's hint as a sentence.
fn store_hint(error: &StoreError) -> Option<String> {
    let hint = error.hint()?;
    let mut chars = hint.chars();
    let first = chars.next()?.to_uppercase();
    Some(first.chain(chars).chain(['.']).collect())
}

/// The causes of an error, nearest first, without repeating one that says the same.
pub(crate) fn causes(error: &dyn Error) -> Vec<String> {
    let mut said = error.to_string();
    let mut causes = Vec::new();
    let mut next = error.source();
    while let Some(cause) = next {
        let text = cause.to_string();
        if !said.contains(&text) {
            said.push_str(&text);
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
