//! Converts the events of a turn.

use openclaw_agent_loop::{
    CompactionMethod, CompactionReport, InvalidCallRecovery, OutputPart, PrefixChange,
    PromptCacheMiss, RepromptReason, ToolRefusalReason, TurnEvent,
};
use openclaw_core::{ModelAttempt, ToolName};
use openclaw_protocol::events::{
    CompactionKind, PromptChange, RecoveryStep, RefusalCode, RepeatedSection, RepromptCause,
    WireEvent,
};
use openclaw_protocol::parts::whole_millis;

/// Encodes the events of one turn.
#[derive(Debug, Default)]
pub struct EventEncoder {
    /// The characters that were sent of the current message.
    text_chars: usize,
    /// The characters that were sent of its reasoning.
    reasoning_chars: usize,
}

impl EventEncoder {
    /// Encodes an event; `None` for one that the protocol does not have.
    pub fn encode_event(&mut self, event: &TurnEvent) -> Option<WireEvent> {
        self.encode_message_event(event)
            .or_else(|| encode_server_event(event))
            .or_else(|| encode_conversation_event(event))
            .or_else(|| encode_model_problem(event))
            .or_else(|| encode_tool_event(event))
    }

    /// Encodes a part of a message of the model.
    fn encode_message_event(&mut self, event: &TurnEvent) -> Option<WireEvent> {
        Some(match event {
            TurnEvent::ModelCallStarted { number } => {
                *self = Self::default();
                WireEvent::ModelCallStarted { number: *number }
            }
            TurnEvent::TextDelta(text) => {
                self.text_chars += text.chars().count();
                WireEvent::Text { text: text.clone() }
            }
            TurnEvent::ReasoningDelta(text) => {
                self.reasoning_chars += text.chars().count();
                WireEvent::Reasoning { text: text.clone() }
            }
            TurnEvent::ToolCallDelta { index, name, arguments } => WireEvent::ToolCallDelta {
                index: *index,
                name: name.as_ref().map(tool_name),
                arguments: arguments.clone(),
            },
            TurnEvent::MessageReset => {
                let Self { text_chars, reasoning_chars } = std::mem::take(self);
                WireEvent::MessageReset {
                    discarded_text_chars: text_chars,
                    discarded_reasoning_chars: reasoning_chars,
                }
            }
            TurnEvent::ModelCallFinished {
                number,
                usage,
                outcome,
                duration,
                first_token_after,
            } => WireEvent::ModelCallFinished {
                number: *number,
                outcome: (*outcome).into(),
                usage: usage.map(Into::into),
                duration_ms: whole_millis(*duration),
                first_token_ms: first_token_after.map(whole_millis),
            },
            _ => return None,
        })
    }
}

/// Encodes a model that did not answer, as an event.
#[must_use]
pub fn encode_skipped_model(attempt: &ModelAttempt) -> WireEvent {
    WireEvent::ModelSkipped {
        attempt: attempt.into(),
        next: attempt.next.as_ref().map(ToString::to_string),
    }
}

fn tool_name(name: &ToolName) -> String {
    name.as_str().to_owned()
}

/// Encodes what the server does.
fn encode_server_event(event: &TurnEvent) -> Option<WireEvent> {
    Some(match event {
        TurnEvent::ModelAttemptFailed(attempt) => encode_skipped_model(attempt),
        TurnEvent::Warning { message } => WireEvent::Warning { message: message.clone() },
        TurnEvent::RequestAccepted => WireEvent::Accepted,
        TurnEvent::Heartbeat => WireEvent::Heartbeat,
        TurnEvent::WaitingForServer { activity, idle_for, other_requests } => WireEvent::Waiting {
            state: (*activity).into(),
            idle_ms: whole_millis(*idle_for),
            other_requests: *other_requests,
        },
        TurnEvent::RequestAdapted { message } => {
            WireEvent::RequestAdapted { message: message.clone() }
        }
        TurnEvent::ServerDisconnected { reason, max_wait } => WireEvent::ServerDisconnected {
            message: format!("failed to {reason}"),
            max_wait_ms: whole_millis(*max_wait),
        },
        TurnEvent::Retrying { reason, attempt, delay, elapsed, max_wait } => WireEvent::Retrying {
            message: format!("failed to {reason}"),
            attempt: *attempt,
            delay_ms: whole_millis(*delay),
            elapsed_ms: whole_millis(*elapsed),
            max_wait_ms: whole_millis(*max_wait),
        },
        TurnEvent::ServerReconnected { downtime } => {
            WireEvent::ServerReconnected { downtime_ms: whole_millis(*downtime) }
        }
        TurnEvent::PromptCacheMiss(miss) => encode_cache_miss(miss),
        _ => return None,
    })
}

fn encode_cache_miss(miss: &PromptCacheMiss) -> WireEvent {
    let (change, message_number) = match miss.change {
        None => (PromptChange::Nothing, None),
        Some(PrefixChange::Tools) => (PromptChange::Tools, None),
        Some(PrefixChange::Message(number)) => (PromptChange::Message, Some(number)),
        Some(_) => (PromptChange::Other, None),
    };
    WireEvent::PromptCacheMiss {
        cached_tokens: miss.cached_tokens,
        cacheable_tokens: miss.cacheable_tokens,
        change,
        message_number,
    }
}

/// Encodes what becomes of the conversation.
fn encode_conversation_event(event: &TurnEvent) -> Option<WireEvent> {
    Some(match event {
        TurnEvent::SteeringApplied { text } => {
            WireEvent::UserMessageInjected { text: text.clone() }
        }
        TurnEvent::CompactionStarted => WireEvent::Compacting,
        TurnEvent::CompactionFinished(CompactionReport {
            method,
            tokens_before,
            tokens_after,
            duration,
            ..
        }) => WireEvent::Compacted {
            method: match method {
                CompactionMethod::Summary => CompactionKind::Summary,
                CompactionMethod::Parts => CompactionKind::Parts,
                CompactionMethod::Trimming => CompactionKind::Trimming,
                _ => CompactionKind::Other,
            },
            tokens_before: *tokens_before,
            tokens_after: *tokens_after,
            duration_ms: whole_millis(*duration),
        },
        _ => return None,
    })
}

/// Encodes what is wrong with what the model wrote.
fn encode_model_problem(event: &TurnEvent) -> Option<WireEvent> {
    Some(match event {
        TurnEvent::ToolCallRepaired { index, repairs } => WireEvent::ToolCallRepaired {
            index: *index,
            repairs: repairs.iter().map(ToString::to_string).collect(),
        },
        TurnEvent::ModelReprompted { reason } => WireEvent::ModelReprompted {
            reason: match reason {
                RepromptReason::Empty => RepromptCause::Empty,
                RepromptReason::ReasoningOnly => RepromptCause::ReasoningOnly,
                _ => RepromptCause::Other,
            },
        },
        TurnEvent::RepetitionDetected { part, sample } => WireEvent::Repetition {
            part: match part {
                OutputPart::Text => RepeatedSection::Answer,
                OutputPart::Reasoning => RepeatedSection::Reasoning,
                OutputPart::Arguments => RepeatedSection::Call,
                _ => RepeatedSection::Other,
            },
            sample: sample.clone(),
        },
        TurnEvent::ToolCallInvalid { name, problem, recovery } => WireEvent::ToolCallInvalid {
            name: tool_name(name),
            problem: problem.clone(),
            recovery: match recovery {
                InvalidCallRecovery::Retry => RecoveryStep::Retry,
                InvalidCallRecovery::ForceToolChoice => RecoveryStep::ForceToolChoice,
                InvalidCallRecovery::Abort => RecoveryStep::Abort,
                _ => RecoveryStep::Other,
            },
        },
        TurnEvent::ToolCallRepeated { id, name, times } => {
            WireEvent::ToolCallRepeated { id: id.to_string(), name: tool_name(name), times: *times }
        }
        _ => return None,
    })
}

/// Encodes what becomes of a call.
fn encode_tool_event(event: &TurnEvent) -> Option<WireEvent> {
    Some(match event {
        TurnEvent::ToolRefused { id, name, refusal, reason, effect } => WireEvent::ToolRefused {
            id: id.to_string(),
            name: tool_name(name),
            refusal: encode_refusal(*refusal),
            reason: reason.clone(),
            effect: effect.as_ref().map(Into::into),
        },
        TurnEvent::ToolStarted { call, effect } => WireEvent::ToolStarted {
            id: call.id.to_string(),
            name: tool_name(&call.name),
            arguments: call.arguments.to_value(),
            effect: effect.into(),
        },
        TurnEvent::ToolOutputDelta { id, text } => {
            WireEvent::ToolOutput { id: id.to_string(), text: text.clone() }
        }
        TurnEvent::FileChanged { id, change } => WireEvent::FileChanged {
            id: id.to_string(),
            path: change.path.clone(),
            diff: change.diff.clone(),
            added_lines: change.added_lines,
            removed_lines: change.removed_lines,
            is_truncated: change.is_truncated,
        },
        TurnEvent::ToolOutputTruncated { id, total_bytes, omitted_bytes, saved_to } => {
            WireEvent::ToolOutputTruncated {
                id: id.to_string(),
                total_bytes: *total_bytes,
                omitted_bytes: *omitted_bytes,
                saved_to: saved_to.clone(),
            }
        }
        TurnEvent::ToolFinished { id, name, is_error, summary, duration } => {
            WireEvent::ToolFinished {
                id: id.to_string(),
                name: tool_name(name),
                is_error: *is_error,
                summary: summary.clone(),
                duration_ms: whole_millis(*duration),
            }
        }
        _ => return None,
    })
}

fn encode_refusal(refusal: ToolRefusalReason) -> RefusalCode {
    match refusal {
        ToolRefusalReason::UnknownTool => RefusalCode::UnknownTool,
        ToolRefusalReason::InvalidArguments => RefusalCode::InvalidArguments,
        ToolRefusalReason::Denied => RefusalCode::Denied,
        ToolRefusalReason::NoApprover => RefusalCode::NoApprover,
        ToolRefusalReason::CallLimit => RefusalCode::CallLimit,
        ToolRefusalReason::Repeated => RefusalCode::Repeated,
        ToolRefusalReason::NeedsInput => RefusalCode::NeedsInput,
        ToolRefusalReason::NotPrepared => RefusalCode::NotPrepared,
        _ => RefusalCode::Other,
    }
}

#[cfg(test)]
mod tests;
