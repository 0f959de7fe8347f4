//! Prints errors with their HTTP exchange, causes and hints.

use std::error::Error;
use std::fmt::Debug;

use openclaw_core::{HttpExchange, ModelError, ModelErrorKind};
use openclaw_models::{ConnectError, SetupError, attempts_in_error};
use openclaw_protocol::results::errors::{ErrorReport, ExchangeReport};
use openclaw_runtime::{
    AgentError, StoreError, TurnError, TurnErrorKind, TurnOutcome, error_causes, store_error_hint,
    turn_error_hints,
};
use openclaw_terminal::{OutputPrinter, sanitize};

/// Prints what failed, the HTTP exchange, the causes and the hints.
pub fn print_model_error(printer: &OutputPrinter, error: &ModelError) {
    printer.print_error(format_args!("failed to {error}"));
    // After several attempts, each has its own line, so the last one's exchange is left out.
    let is_single_attempt = attempts_in_error(error).is_empty();
    if let Some(exchange) = error.http_exchange().filter(|_| is_single_attempt) {
        let HttpExchange { method, url, status, attempt, request_id, .. } = exchange;
        let request = format!("{method} {url}");
        printer.print_indented(exchange_line(&request, *status, *attempt, request_id.as_deref()));
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
pub fn print_causes(printer: &OutputPrinter, error: &(dyn Error + 'static)) {
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

/// Prints a turn error that is not a model error, with its hints.
pub fn print_turn_error(printer: &OutputPrinter, error: &TurnError) {
    printer.print_error(format_args!("failed to {error}"));
    for detail in error.detail_lines() {
        printer.print_indented(detail);
    }
    for cause in error_causes(error) {
        printer.print_indented(format_args!("cause: {cause}"));
    }
    for hint in turn_error_hints(error) {
        printer.print_hint(hint);
    }
}

/// Prints an error of a run elsewhere, as far as it was told.
pub fn print_error_report(printer: &OutputPrinter, error: &ErrorReport) {
    printer.print_error(sanitize::escape_line(&error.message));
    if let Some(exchange) = &error.exchange {
        let ExchangeReport { method, url, status, attempt, request_id, .. } = exchange;
        let request = format!("{method} {url}");
        let line = exchange_line(&request, *status, *attempt, request_id.as_deref());
        printer.print_indented(sanitize::escape_line(&line));
        if let Some(server) = &exchange.server
            && !error.message.contains(&server.message)
        {
            let text = format!("the server says: {}", server.message);
            printer.print_indented(sanitize::escape_line(&text));
        }
    }
    for detail in error.turn.iter().flat_map(|turn| &turn.details) {
        printer.print_indented(sanitize::escape_line(detail));
    }
    for cause in &error.causes {
        printer.print_indented(sanitize::escape_line(&format!("cause: {cause}")));
    }
    for hint in &error.hints {
        printer.print_hint(sanitize::escape_line(hint));
    }
}

/// Returns true when the turn failed for a reason that may pass, so that a retry makes sense.
#[must_use]
pub fn is_transient_failure(outcome: &TurnOutcome) -> bool {
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

/// Prints why an agent cannot be built.
pub fn print_agent_error(printer: &OutputPrinter, error: &AgentError) {
    match error {
        AgentError::Connect(error) => print_connect_error(printer, error),
        AgentError::Setup(error) => print_setup_error(printer, error),
        _ => printer.print_error(format_args!("failed to {error}")),
    }
}

/// Prints why no model can be reached.
pub fn print_connect_error(printer: &OutputPrinter, error: &ConnectError) {
    match error {
        ConnectError::Model(error) => print_model_error(printer, error),
        ConnectError::Setup(error) => print_setup_error(printer, error),
    }
}

/// Prints a problem in the setup, with its causes and hints.
pub fn print_setup_error<K: Copy + Debug + 'static>(
    printer: &OutputPrinter,
    error: &SetupError<K>,
) {
    printer.print_error(format_args!("failed to {error}"));
    print_causes(printer, error);
    for hint in error.hints() {
        printer.print_hint(hint);
    }
}

/// Prints a session store error, with its hint.
pub fn print_store_error(printer: &OutputPrinter, error: &StoreError) {
    print_store_error_with_hint(printer, error, store_error_hint(error).as_deref());
}

/// Prints a session store error with the command's own hint.
pub fn print_store_error_with_hint(
    printer: &OutputPrinter,
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

/// A request with its answer, on one line.
fn exchange_line(request: &str, status: Option<u16>, attempt: u32, id: Option<&str>) -> String {
    let answer = match status {
        Some(status) => format!("answered {status}"),
        None => "got no answer".to_owned(),
    };
    let attempt = (attempt > 1).then(|| format!(", attempt {attempt}"));
    let id = id.map(|id| format!(", request {id}"));
    let [attempt, id] = [attempt, id].map(Option::unwrap_or_default);
    format!("{request} {answer}{attempt}{id}")
}
