//! The summary of a traced exchange as JSON.

use openclaw_chat::exchanges::{answer_bytes, outcome_text, prompt_bytes, seconds_ago};
use openclaw_models::TraceRecord;
use serde_json::{Value, json};

/// The summary as JSON.
pub(super) fn summary_json(record: &TraceRecord) -> Value {
    let usage = record.summarize_answer().usage;
    json!({
        "id": record.number,
        "at": record.request.at,
        "ageSeconds": seconds_ago(record),
        "model": record.model_name(),
        "method": record.request.method,
        "url": record.request.url,
        "attempt": record.request.attempt,
        "status": record.response.as_ref().map(|response| response.status),
        "outcome": outcome_text(record),
        "promptBytes": prompt_bytes(record),
        "answerBytes": answer_bytes(record),
        "promptTokens": usage.map(|(input, _)| input),
        "answerTokens": usage.map(|(_, output)| output),
        "firstTokenMs": record.first_token_ms(),
        "totalMs": record.end.as_ref().map(|end| end.ms),
    })
}
