//! What happens in a turn as JSON objects, for programs. `docs/guide/programs.md` describes each.

use std::time::Duration;

use openclaw_core::{Effect, Outcome, ToolCallId, ToolName};
use openclaw_runtime::{
    AskedAgain, Attempt, BrokenCallStep, CacheMiss, Changed, Compaction, Refusal, TurnEvent,
};
use serde_json::{Value, json};

use crate::commands::infer::{attempts_json, usage_json};

/// Writes the events of one turn as objects; each has a `type`.
#[derive(Debug, Default)]
pub(crate) struct Encoder {
    /// The characters that were shown of the current message.
    text: usize,
    /// Those of its reasoning.
    reasoning: usize,
}

impl Encoder {
    /// Writes an event; `None` for one of a kind that has no object.
    pub(crate) fn event(&mut self, event: &TurnEvent) -> Option<Value> {
        self.message(event)
            .or_else(|| server(event))
            .or_else(|| conversation(event))
            .or_else(|| mishap(event))
            .or_else(|| tool(event))
    }

    /// A message of the model, piece by piece.
    fn message(&mut self, event: &TurnEvent) -> Option<Value> {
        Some(match event {
            TurnEvent::ModelCallStarted { number } => {
                *self = Self::default();
                json!({"type": "model_call_started", "number": number})
            }
            TurnEvent::Text(text) => {
                self.text += text.chars().count();
                json!({"type": "text", "text": text})
            }
            TurnEvent::Reasoning(text) => {
                self.reasoning += text.chars().count();
                json!({"type": "reasoning", "text": text})
            }
            TurnEvent::CallWriting { index, name, arguments } => json!({
                "type": "call_writing",
                "index": index,
                "name": name.as_ref().map(ToolName::as_str),
                "arguments": arguments,
            }),
            TurnEvent::Restarted => {
                let Self { text, reasoning } = std::mem::take(self);
                json!({"type": "restarted", "voidText": text, "voidReasoning": reasoning})
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
                "outcome": outcome_name(*outcome),
                "usage": usage.map(usage_json),
                "durationMs": millis(*duration),
                "firstTokenMs": first_token_after.map(millis),
            }),
            _ => return None,
        })
    }
}

/// A model that did not answer, as an event.
pub(crate) fn attempt(attempt: &Attempt) -> Value {
    let mut value = attempts_json(std::slice::from_ref(attempt)).pop().unwrap_or_default();
    if let Some(map) = value.as_object_mut() {
        map.insert("type".to_owned(), json!("model_passed_over"));
        let next = attempt.next.as_ref().map(ToString::to_string);
        map.insert("next".to_owned(), json!(next));
    }
    value
}

/// A duration in whole milliseconds.
pub(crate) fn millis(duration: Duration) -> u64 {
    u64::try_from(duration.as_millis()).unwrap_or(u64::MAX)
}

/// How one message of the model ended, by name.
pub(crate) fn outcome_name(outcome: Outcome) -> &'static str {
    match outcome {
        Outcome::Reply => "reply",
        Outcome::Calls => "calls",
        Outcome::Truncated => "truncated",
        Outcome::ReasoningOnly => "reasoning_only",
        Outcome::ReasoningCut => "reasoning_cut",
        Outcome::Empty => "empty",
        Outcome::Refused => "refused",
        _ => "other",
    }
}

/// What the server does, or does not.
fn server(event: &TurnEvent) -> Option<Value> {
    Some(match event {
        TurnEvent::Accepted => json!({"type": "accepted"}),
        TurnEvent::Heartbeat => json!({"type": "heartbeat"}),
        TurnEvent::Waiting { state, waited, ahead } => json!({
            "type": "waiting",
            "state": state.name(),
            "waitedMs": millis(*waited),
            "ahead": ahead,
        }),
        TurnEvent::Adapted { how } => json!({"type": "adapted", "how": how}),
        TurnEvent::ServerLost { reason, limit } => json!({
            "type": "server_lost",
            "message": format!("failed to {reason}"),
            "limitMs": millis(*limit),
        }),
        TurnEvent::Retrying { reason, attempt, after, waited, limit } => json!({
            "type": "retrying",
            "message": format!("failed to {reason}"),
            "attempt": attempt,
            "afterMs": millis(*after),
            "waitedMs": millis(*waited),
            "limitMs": millis(*limit),
        }),
        TurnEvent::ServerBack { after } => {
            json!({"type": "server_back", "afterMs": millis(*after)})
        }
        TurnEvent::CacheMissed(CacheMiss { cached, cacheable, changed }) => {
            let (changed, message) = match changed {
                None => ("nothing", None),
                Some(Changed::Tools) => ("tools", None),
                Some(Changed::Message(number)) => ("message", Some(number)),
                Some(_) => ("other", None),
            };
            json!({
                "type": "cache_missed",
                "cached": cached,
                "cacheable": cacheable,
                "changed": changed,
                "message": message,
            })
        }
        _ => return None,
    })
}

/// What becomes of the conversation.
fn conversation(event: &TurnEvent) -> Option<Value> {
    Some(match event {
        TurnEvent::Steered { text } => json!({"type": "steered", "text": text}),
        TurnEvent::Compacting => json!({"type": "compacting"}),
        TurnEvent::Compacted(Compaction { by, before, after, duration, .. }) => json!({
            "type": "compacted",
            "by": by.name(),
            "before": before,
            "after": after,
            "durationMs": millis(*duration),
        }),
        _ => return None,
    })
}

/// What is wrong with what the model wrote.
fn mishap(event: &TurnEvent) -> Option<Value> {
    Some(match event {
        TurnEvent::CallRescued { index, how } => {
            json!({"type": "call_rescued", "index": index, "how": how})
        }
        TurnEvent::AskedAgain { why } => json!({
            "type": "asked_again",
            "why": match why {
                AskedAgain::Empty => "empty",
                AskedAgain::ReasoningOnly => "reasoning_only",
                _ => "other",
            },
        }),
        TurnEvent::Repetition { part, sample } => {
            json!({"type": "repetition", "part": part.name(), "sample": sample})
        }
        TurnEvent::CallBroken { name, problem, step } => json!({
            "type": "call_broken",
            "name": name.as_str(),
            "problem": problem,
            "step": match step {
                BrokenCallStep::AskAgain => "ask_again",
                BrokenCallStep::Force => "force",
                BrokenCallStep::GiveUp => "give_up",
                _ => "other",
            },
        }),
        TurnEvent::CallRepeated { id, name, times } => json!({
            "type": "call_repeated",
            "id": id_json(id),
            "name": name.as_str(),
            "times": times,
        }),
        _ => return None,
    })
}

/// What becomes of a call.
fn tool(event: &TurnEvent) -> Option<Value> {
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
        TurnEvent::ToolOutput { id, text } => {
            json!({"type": "tool_output", "id": id_json(id), "text": text})
        }
        TurnEvent::OutputCut { id, bytes, left_out, kept } => json!({
            "type": "output_cut",
            "id": id_json(id),
            "bytes": bytes,
            "leftOut": left_out,
            "kept": kept,
        }),
        TurnEvent::ToolFinished { id, name, is_error, summary, duration } => json!({
            "type": "tool_finished",
            "id": id_json(id),
            "name": name.as_str(),
            "isError": is_error,
            "summary": summary,
            "durationMs": millis(*duration),
        }),
        _ => return None,
    })
}

fn id_json(id: &ToolCallId) -> Value {
    Value::String(id.to_string())
}

fn refusal_name(refusal: Refusal) -> &'static str {
    match refusal {
        Refusal::UnknownTool => "unknown_tool",
        Refusal::InvalidArguments => "invalid_arguments",
        Refusal::Denied => "denied",
        Refusal::CallLimit => "call_limit",
        Refusal::Repeated => "repeated",
        Refusal::NeedsInput => "needs_input",
        _ => "other",
    }
}

fn effect_json(effect: &Effect) -> Value {
    match effect {
        Effect::Read { path } => json!({"kind": "read", "path": path}),
        Effect::Write { path } => json!({"kind": "write", "path": path}),
        Effect::Exec { command, directory } => {
            json!({"kind": "exec", "command": command, "directory": directory})
        }
        _ => json!({"kind": "other"}),
    }
}

#[cfg(test)]
mod tests;
