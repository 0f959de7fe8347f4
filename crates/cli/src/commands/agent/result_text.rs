//! What a person reads about the result of a run.

use std::io;
use std::time::Duration;

use openclaw_chat::{error_report, format_duration, is_transient_kind, print_opened_session};
use openclaw_protocol::events::WireEvent;
use openclaw_protocol::results::agent::{AgentResult, ResultMeta, SessionReport, TurnMeta};
use openclaw_terminal::OutputPrinter;

use super::request::AgentRequest;

/// The turn of a result; `None` when there was none.
fn turn_meta(result: &AgentResult) -> Option<&TurnMeta> {
    match &result.meta {
        ResultMeta::Turn(meta) => Some(meta),
        ResultMeta::NoTurn(_) => None,
    }
}

fn outcome_of(result: &AgentResult) -> &str {
    match &result.meta {
        ResultMeta::Turn(meta) => &meta.outcome,
        ResultMeta::NoTurn(meta) => &meta.outcome,
    }
}

/// The session of a run, when it is known.
pub(super) fn session_id(result: &AgentResult) -> Option<&str> {
    match &result.meta {
        ResultMeta::Turn(meta) => meta.agent_meta.session_id.as_deref(),
        ResultMeta::NoTurn(meta) => meta.agent_meta.session_id.as_deref(),
    }
}

/// Summarises a turn in one line: tokens, model calls and time.
pub(super) fn summarise(result: &AgentResult) -> Option<String> {
    let meta = turn_meta(result)?;
    let tokens = meta.agent_meta.usage.tokens;
    let cached =
        tokens.cache_read.map_or(String::new(), |cached| match meta.agent_meta.cacheable_tokens {
            0 => format!(" ({cached} cached)"),
            cacheable => format!(" ({cached} cached of the {cacheable} that were sent before)"),
        });
    let count = meta.agent_meta.model_calls;
    let calls = if count == 1 { "call" } else { "calls" };
    let time = format_duration(Duration::from_millis(meta.duration_ms));
    let (input, output) = (tokens.input, tokens.output);
    Some(format!("{count} model {calls}: {input} tokens in{cached}, {output} out, {time}"))
}

/// Prints how a run ended, and its answer when `prints_answer`.
pub(super) fn print_outcome(
    printer: &OutputPrinter,
    result: &AgentResult,
    prints_answer: bool,
) -> io::Result<()> {
    let answer = result.payloads.first().map(|payload| payload.text.trim_end());
    let kept = || result.error.as_ref()?.turn.as_ref()?.kept_text.as_deref();
    if prints_answer && let Some(text) = answer.or_else(kept) {
        printer.write_answer_line(text)?;
    }
    match (outcome_of(result), &result.error) {
        ("reply", _) if turn_meta(result).is_some_and(|meta| meta.stop_reason == "length") => {
            printer.print_warning(
                "the answer was cut off by its output limit (`maxTokens` of the model, or the room \
                 left in its window)",
            );
        }
        ("reply", _) => {}
        ("silent", _) => printer.print_note("the agent has nothing to say"),
        ("nothing_to_resume", _) => printer.print_note("no turn was interrupted"),
        ("cancelled", _) => printer.print_note("stopped"),
        (_, Some(error)) => error_report::print_error_report(printer, error),
        (_, None) => printer.print_error("failed to finish the turn"),
    }
    Ok(())
}

/// Whether a run failed for a reason that may pass.
pub(super) fn is_transient_failure(result: &AgentResult) -> bool {
    turn_meta(result).is_some()
        && (outcome_of(result) == "timed_out"
            || result.error.as_ref().is_some_and(|error| is_transient_kind(&error.kind)))
}

/// Prints in which state the session was found.
pub(super) fn print_session(printer: &OutputPrinter, start: &WireEvent, request: &AgentRequest) {
    let WireEvent::Start(start) = start else { return };
    let Some(SessionReport::Opened(session)) = &start.session else { return };
    print_opened_session(printer, session);
    if session.interrupted_turn && *request != AgentRequest::Resume {
        super::print_interrupted_turn(printer);
    }
}
