//! What happens in a turn as JSON objects, for programs. `docs/guide/programs.md` describes each.

use std::time::Duration;

use openclaw_core::{AnswerOutcome, ModelAttempt, ToolCallId, ToolEffect, ToolName};
use openclaw_runtime::{
    CompactionReport, InvalidCallRecovery, PrefixChange, PromptCacheMiss, RepromptReason,
    ToolRefusalReason, TurnEvent,
};
use serde_json::{Value, json};

use crate::commands::infer::{attempts_json, usage_json};

/// Writes the events of one turn as objects; each has a `type`.
#[derive(Debug, Default)]
pub(crate) struct EventEncoder {
    /// The characters that were shown of the current message.
    text_chars: usize,
    /// Those of its reasoning.
    reasoning_chars: usize,
}

impl EventEncoder {
    /// Writes an event; `None` for one of a kind that has no object.
    pub(crate) fn encode_event(&mut self, event: &TurnEvent) -> Option<Value> {
        self.encode_message_event(event)
            .or_else(|| encode_server_event(event))
            .or_else(|| encode_conversation_event(event))
            .or_else(|| encode_model_problem(event))
            .or_else(|| encode_tool_event(event))
    }

    /// A message of the model, piece by piece.
    fn encode_message_event(&mut self, event: &TurnEvent) -> Option<Value> {
        Some(match event {
            TurnEvent::ModelCallStarted { number } => {
                *self = Self::default();
                json!({"type": "model_call_started", "number": number})
            }
            TurnEvent::TextDelta(text) => {
                self.text_chars += text.chars().count();
                json!({"type": "text", "text": text})
            }
            TurnEvent::ReasoningDelta(text) => {
                self.reasoning_chars += text.chars().count();
                json!({"type": "reasoning", "text": text})
            }
            TurnEvent::ToolCallDelta { index, name, arguments } => json!({
                "type": "tool_call_delta",
                "index": index,
                "name": name.as_ref().map(ToolName::as_str),
                "arguments": arguments,
            }),
            TurnEvent::MessageReset => {
                let Self { text_chars: text, reasoning_chars: reasoning } = std::mem::take(self);
                json!({
                    "type": "message_reset",
                    "discardedTextChars": text,
                    "discardedReasoningChars": reasoning,
                })
            }
            TurnEvent::ModelCallFinished {
                number,
                usage,
                outcome,
                duration,
                first_token_after,
            } => json!({
                "type": "model_call_finished",
                "number": number,
                "outcome": answer_outcome_name(*outcome),
                "usage": usage.map(usage_json),
                "durationMs": whole_millis(*duration),
                "firstTokenMs": first_token_after.map(whole_millis),
            }),
            _ => return None,
        })
    }
}

/// A model that did not answer, as an event.
pub(crate) fn encode_attempt(attempt: &ModelAttempt) -> Value {
    let mut value = attempts_json(std::slice::from_ref(attempt)).pop().unwrap_or_default();
    if let Some(map) = value.as_object_mut() {
        map.insert("type".to_owned(), json!("model_skipped"));
        let next = attempt.next.as_ref().map(ToString::to_string);
        map.insert("next".to_owned(), json!(next));
    }
    value
}

/// A duration in whole milliseconds.
pub(crate) fn whole_millis(duration: Duration) -> u64 {
    u64::try_from(duration.as_millis()).unwrap_or(u64::MAX)
}

/// How one message of the model ended, by name.
pub(crate) fn answer_outcome_name(outcome: AnswerOutcome) -> &'static str {
    match outcome {
        AnswerOutcome::Reply => "reply",
        AnswerOutcome::ToolCalls => "tool_calls",
        AnswerOutcome::Truncated => "truncated",
        AnswerOutcome::ReasoningOnly => "reasoning_only",
        AnswerOutcome::ReasoningTruncated => "reasoning_truncated",
        AnswerOutcome::Empty => "empty",
        AnswerOutcome::Refused => "refused",
        _ => "other",
    }
}

/// What the server does, or does not.
fn encode_server_event(event: &TurnEvent) -> Option<Value> {
    Some(match event {
        TurnEvent::RequestAccepted => json!({"type": "accepted"}),
        TurnEvent::Heartbeat => json!({"type": "heartbeat"}),
        TurnEvent::WaitingForServer { activity, idle_for, other_requests } => json!({
            "type": "waiting",
            "state": activity.name(),
            "idleMs": whole_millis(*idle_for),
            "otherRequests": other_requests,
        }),
        TurnEvent::ModelAttemptFailed(attempt) => encode_attempt(attempt),
        TurnEvent::Warning { message } => json!({"type": "warning", "message": message}),
        TurnEvent::RequestAdapted { message } => {
            json!({"type": "request_adapted", "message": message})
        }
        TurnEvent::ServerDisconnected { reason, max_wait } => json!({
            "type": "server_disconnected",
            "message": format!("failed to {reason}"),
            "maxWaitMs": whole_millis(*max_wait),
        }),
        TurnEvent::Retrying { reason, attempt, delay, elapsed, max_wait } => json!({
            "type": "retrying",
            "message": format!("failed to {reason}"),
            "attempt": attempt,
            "delayMs": whole_millis(*delay),
            "elapsedMs": whole_millis(*elapsed),
            "maxWaitMs": whole_millis(*max_wait),
        }),
        TurnEvent::ServerReconnected { downtime } => {
            json!({"type": "server_reconnected", "downtimeMs": whole_millis(*downtime)})
        }
        TurnEvent::PromptCacheMiss(PromptCacheMiss { cached_tokens, cacheable_tokens, change }) => {
            let (change, message_number) = match change {
                None => ("nothing", None),
                Some(PrefixChange::Tools) => ("tools", None),
                Some(PrefixChange::Message(number)) => ("message", Some(number)),
                Some(_) => ("other", None),
            };
            json!({
                "type": "prompt_cache_miss",
                "cachedTokens": cached_tokens,
                "cacheableTokens": cacheable_tokens,
                "change": change,
                "messageNumber": message_number,
            })
        }
        _ => return None,
    })
}

/// What becomes of the conversation.
fn encode_conversation_event(event: &TurnEvent) -> Option<Value> {
    Some(match event {
        TurnEvent::SteeringApplied { text } => {
            json!({"type": "user_message_injected", "text": text})
        }
        TurnEvent::CompactionStarted => json!({"type": "compacting"}),
        TurnEvent::CompactionFinished(CompactionReport {
            method,
            tokens_before,
            tokens_after,
            duration,
            ..
        }) => json!({
            "type": "compacted",
            "method": method.name(),
            "tokensBefore": tokens_before,
            "tokensAfter": tokens_after,
            "durationMs": whole_millis(*duration),
        }),
        _ => return None,
    })
}

/// What is wrong with what the model wrote.
fn encode_model_problem(event: &TurnEvent) -> Option<Value> {
    Some(match event {
        TurnEvent::ToolCallRepaired { index, repairs } => {
            json!({"type": "tool_call_repaired", "index": index, "repairs": repairs})
        }
        TurnEvent::ModelReprompted { reason } => json!({
            "type": "model_reprompted",
            "reason": match reason {
                RepromptReason::Empty => "empty",
                RepromptReason::ReasoningOnly => "reasoning_only",
                _ => "other",
            },
        }),
        TurnEvent::RepetitionDetected { part, sample } => {
            json!({"type": "repetition", "part": part.name(), "sample": sample})
        }
        TurnEvent::ToolCallInvalid { name, problem, recovery } => json!({
            "type": "tool_call_invalid",
            "name": name.as_str(),
            "problem": problem,
            "recovery": match recovery {
                InvalidCallRecovery::Retry => "retry",
                InvalidCallRecovery::ForceToolChoice => "force_tool_choice",
                InvalidCallRecovery::Abort => "abort",
                _ => "other",
            },
        }),
        TurnEvent::ToolCallRepeated { id, name, times } => json!({
            "type": "tool_call_repeated",
            "id": id_json(id),
            "name": name.as_str(),
            "times": times,
        }),
        _ => return None,
    })
}

/// What becomes of a call.
fn encode_tool_event(event: &TurnEvent) -> Option<Value> {
    Some(match event {
        TurnEvent::ToolRefused { id, name, refusal, reason } => json!({
            "type": "tool_refused",
            "id": id_json(id),
            "name": name.as_str(),
            "refusal": refusal_name(*refusal),
            "reason": reason,
        }),
        TurnEvent::ToolStarted { call, effect } => json!({
            "type": "tool_started",
            "id": id_json(&call.id),
            "name": call.name.as_str(),
            "arguments": call.arguments.to_value(),
            "effect": effect_json(effect),
        }),
        TurnEvent::ToolOutputDelta { id, text } => {
            json!({"type": "tool_output", "id": id_json(id), "text": text})
        }
        TurnEvent::ToolOutputTruncated { id, total_bytes, omitted_bytes, saved_to } => json!({
            "type": "tool_output_truncated",
            "id": id_json(id),
            "totalBytes": total_bytes,
            "omittedBytes": omitted_bytes,
            "savedTo": saved_to,
        }),
        TurnEvent::ToolFinished { id, name, is_error, summary, duration } => json!({
            "type": "tool_finished",
            "id": id_json(id),
            "name": name.as_str(),
            "isError": is_error,
            "summary": summary,
            "durationMs": whole_millis(*duration),
        }),
        _ => return None,
    })
}

fn id_json(id: &ToolCallId) -> Value {
    Value::String(id.to_string())
}

fn refusal_name(refusal: ToolRefusalReason) -> &'static str {
    match refusal {
        ToolRefusalReason::UnknownTool => "unknown_tool",
        ToolRefusalReason::InvalidArguments => "invalid_arguments",
        ToolRefusalReason::Denied => "denied",
        ToolRefusalReason::CallLimit => "call_limit",
        ToolRefusalReason::Repeated => "repeated",
        ToolRefusalReason::NeedsInput => "needs_input",
        _ => "other",
    }
}

fn effect_json(effect: &ToolEffect) -> Value {
    match effect {
        ToolEffect::Read { path } => json!({"kind": "read", "path": path}),
        ToolEffect::Write { path } => json!({"kind": "write", "path": path}),
        ToolEffect::Exec { command, directory, .. } => {
            json!({"kind": "exec", "command": command, "directory": directory})
        }
        ToolEffect::Fetch { url } => json!({"kind": "fetch", "url": url}),
        ToolEffect::Other { description } => json!({"kind": "other", "description": description}),
        _ => json!({"kind": "other"}),
    }
}

#[cfg(test)]
mod tests;
