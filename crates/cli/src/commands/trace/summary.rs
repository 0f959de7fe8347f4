//! The summary of a traced exchange for programs.

use openclaw_chat::exchanges::{answer_bytes, outcome_text, prompt_bytes, seconds_ago};
use openclaw_models::TraceRecord;
use openclaw_protocol::results::trace::ExchangeSummary;

/// Summarises an exchange.
pub(super) fn summarize_exchange(record: &TraceRecord) -> ExchangeSummary {
    let usage = record.summarize_answer().usage;
    ExchangeSummary {
        id: record.number,
        at: record.request.at,
        age_seconds: seconds_ago(record),
        model: record.model_name(),
        method: record.request.method.clone(),
        url: record.request.url.clone(),
        attempt: record.request.attempt,
        status: record.response.as_ref().map(|response| response.status),
        outcome: outcome_text(record),
        prompt_bytes: prompt_bytes(record),
        answer_bytes: answer_bytes(record),
        prompt_tokens: usage.map(|(input, _)| input),
        answer_tokens: usage.map(|(_, output)| output),
        first_token_ms: record.first_token_ms(),
        total_ms: record.end.as_ref().map(|end| end.ms),
    }
}
