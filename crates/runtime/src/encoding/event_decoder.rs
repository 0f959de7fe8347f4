//! Converts the events of another program's turn back, so that they are shown as those of an own one.
//!
//! What a reader of the events does not show is not restored: the policy's view of a command, and
//! the difference between effects that nobody is asked about.

use std::time::Duration;

use openclaw_agent_loop::{
    CompactionMethod, CompactionReport, InvalidCallRecovery, OutputPart, PrefixChange,
    PromptCacheMiss, RepromptReason, ToolRefusalReason, TurnEvent,
};
use openclaw_core::{
    AnswerOutcome, CommandReview, FileChange, ModelAttempt, ModelRef, ServerActivity, TokenUsage,
    ToolArguments, ToolCall, ToolCallId, ToolEffect, ToolName,
};
use openclaw_protocol::events::{
    CompactionKind, PromptChange, RecoveryStep, RefusalCode, RepeatedSection, RepromptCause,
    WireEvent,
};
use openclaw_protocol::parts::{
    AttemptReport, EffectReport, FileChangeReport, MessageOutcome, ServerState, TokenCounts,
};

/// Decodes an event; `None` for one that no turn of this program has, such as the result.
#[must_use]
pub fn decode_event(event: &WireEvent) -> Option<TurnEvent> {
    decode_message_event(event)
        .or_else(|| decode_server_event(event))
        .or_else(|| decode_conversation_event(event))
        .or_else(|| decode_tool_event(event))
        .or_else(|| decode_call_problem(event))
}

fn decode_message_event(event: &WireEvent) -> Option<TurnEvent> {
    Some(match event {
        WireEvent::ModelCallStarted { number } => TurnEvent::ModelCallStarted { number: *number },
        WireEvent::Text { text } => TurnEvent::TextDelta(text.clone()),
        WireEvent::Reasoning { text } => TurnEvent::ReasoningDelta(text.clone()),
        WireEvent::ToolCallDelta { index, name, arguments } => TurnEvent::ToolCallDelta {
            index: *index,
            name: name.as_deref().map(ToolName::from_model),
            arguments: arguments.clone(),
        },
        WireEvent::MessageReset { .. } => TurnEvent::MessageReset,
        WireEvent::ModelCallFinished { number, outcome, usage, duration_ms, first_token_ms } => {
            TurnEvent::ModelCallFinished {
                number: *number,
                usage: usage.map(decode_usage),
                outcome: decode_outcome(*outcome),
                duration: Duration::from_millis(*duration_ms),
                first_token_after: first_token_ms.map(Duration::from_millis),
            }
        }
        _ => return None,
    })
}

fn decode_server_event(event: &WireEvent) -> Option<TurnEvent> {
    Some(match event {
        WireEvent::ModelSkipped { attempt, next } => {
            TurnEvent::ModelAttemptFailed(Box::new(decode_attempt(attempt, next.as_deref())?))
        }
        WireEvent::Warning { message } => TurnEvent::Warning { message: message.clone() },
        WireEvent::Accepted => TurnEvent::RequestAccepted,
        WireEvent::Heartbeat => TurnEvent::Heartbeat,
        WireEvent::Waiting { state, idle_ms, other_requests } => TurnEvent::WaitingForServer {
            activity: match state {
                ServerState::Queued => ServerActivity::Queued,
                ServerState::Prefilling => ServerActivity::Prefilling,
                ServerState::Generating => ServerActivity::Generating,
                ServerState::Stalled => ServerActivity::Stalled,
                _ => ServerActivity::Unknown,
            },
            idle_for: Duration::from_millis(*idle_ms),
            other_requests: *other_requests,
        },
        WireEvent::RequestAdapted { message } => {
            TurnEvent::RequestAdapted { message: message.clone() }
        }
        WireEvent::ServerDisconnected { message, max_wait_ms } => TurnEvent::ServerDisconnected {
            reason: failure_fragment(message),
            max_wait: Duration::from_millis(*max_wait_ms),
        },
        WireEvent::Retrying { message, attempt, delay_ms, elapsed_ms, max_wait_ms } => {
            TurnEvent::Retrying {
                reason: failure_fragment(message),
                attempt: *attempt,
                delay: Duration::from_millis(*delay_ms),
                elapsed: Duration::from_millis(*elapsed_ms),
                max_wait: Duration::from_millis(*max_wait_ms),
            }
        }
        WireEvent::ServerReconnected { downtime_ms } => {
            TurnEvent::ServerReconnected { downtime: Duration::from_millis(*downtime_ms) }
        }
        WireEvent::PromptCacheMiss { cached_tokens, cacheable_tokens, change, message_number } => {
            TurnEvent::PromptCacheMiss(PromptCacheMiss {
                cached_tokens: *cached_tokens,
                cacheable_tokens: *cacheable_tokens,
                change: match (change, message_number) {
                    (PromptChange::Message, Some(number)) => Some(PrefixChange::Message(*number)),
                    (PromptChange::Tools, _) => Some(PrefixChange::Tools),
                    _ => None,
                },
            })
        }
        _ => return None,
    })
}

fn decode_conversation_event(event: &WireEvent) -> Option<TurnEvent> {
    Some(match event {
        WireEvent::UserMessageInjected { text } => {
            TurnEvent::SteeringApplied { text: text.clone() }
        }
        WireEvent::Compacting => TurnEvent::CompactionStarted,
        WireEvent::Compacted { method, tokens_before, tokens_after, duration_ms } => {
            TurnEvent::CompactionFinished(CompactionReport {
                method: match method {
                    CompactionKind::Parts => CompactionMethod::Parts,
                    CompactionKind::Trimming => CompactionMethod::Trimming,
                    _ => CompactionMethod::Summary,
                },
                tokens_before: *tokens_before,
                tokens_after: *tokens_after,
                duration: Duration::from_millis(*duration_ms),
            })
        }
        WireEvent::ModelReprompted { reason } => TurnEvent::ModelReprompted {
            reason: match reason {
                RepromptCause::ReasoningOnly => RepromptReason::ReasoningOnly,
                _ => RepromptReason::Empty,
            },
        },
        WireEvent::Repetition { part, sample } => TurnEvent::RepetitionDetected {
            part: match part {
                RepeatedSection::Reasoning => OutputPart::Reasoning,
                RepeatedSection::Call => OutputPart::Arguments,
                _ => OutputPart::Text,
            },
            sample: sample.clone(),
        },
        _ => return None,
    })
}

fn decode_tool_event(event: &WireEvent) -> Option<TurnEvent> {
    Some(match event {
        WireEvent::ToolStarted { id, name, arguments, effect } => TurnEvent::ToolStarted {
            call: ToolCall {
                id: ToolCallId::new(id)?,
                name: ToolName::from_model(name),
                arguments: ToolArguments::parse_json(&arguments.to_string()).ok()?,
            },
            effect: decode_effect(effect),
        },
        WireEvent::ToolOutput { id, text } => {
            TurnEvent::ToolOutputDelta { id: ToolCallId::new(id)?, text: text.clone() }
        }
        WireEvent::FileChanged { id, path, diff, added_lines, removed_lines, is_truncated } => {
            TurnEvent::FileChanged {
                id: ToolCallId::new(id)?,
                change: FileChange {
                    path: path.clone(),
                    diff: diff.clone(),
                    added_lines: *added_lines,
                    removed_lines: *removed_lines,
                    is_truncated: *is_truncated,
                },
            }
        }
        WireEvent::ToolFinished { id, name, is_error, summary, duration_ms } => {
            TurnEvent::ToolFinished {
                id: ToolCallId::new(id)?,
                name: ToolName::from_model(name),
                is_error: *is_error,
                summary: summary.clone(),
                duration: Duration::from_millis(*duration_ms),
            }
        }
        WireEvent::ToolRefused { id, name, refusal, reason, effect } => TurnEvent::ToolRefused {
            id: ToolCallId::new(id)?,
            name: ToolName::from_model(name),
            refusal: decode_refusal(*refusal),
            reason: reason.clone(),
            effect: effect.as_ref().map(decode_effect),
        },
        WireEvent::ToolOutputTruncated { id, total_bytes, omitted_bytes, saved_to } => {
            TurnEvent::ToolOutputTruncated {
                id: ToolCallId::new(id)?,
                total_bytes: *total_bytes,
                omitted_bytes: (*omitted_bytes).min(*total_bytes),
                saved_to: saved_to.clone(),
            }
        }
        _ => return None,
    })
}

fn decode_call_problem(event: &WireEvent) -> Option<TurnEvent> {
    Some(match event {
        WireEvent::ToolCallInvalid { name, problem, recovery } => TurnEvent::ToolCallInvalid {
            name: ToolName::from_model(name),
            problem: problem.clone(),
            recovery: match recovery {
                RecoveryStep::Retry => InvalidCallRecovery::Retry,
                RecoveryStep::ForceToolChoice => InvalidCallRecovery::ForceToolChoice,
                _ => InvalidCallRecovery::Abort,
            },
        },
        WireEvent::ToolCallRepaired { index, repairs } => TurnEvent::ToolCallRepaired {
            index: *index,
            repairs: repairs.iter().cloned().map(Into::into).collect(),
        },
        WireEvent::ToolCallRepeated { id, name, times } => TurnEvent::ToolCallRepeated {
            id: ToolCallId::new(id)?,
            name: ToolName::from_model(name),
            times: *times,
        },
        _ => return None,
    })
}

/// Decodes token counts.
#[must_use]
pub fn decode_usage(counts: TokenCounts) -> TokenUsage {
    TokenUsage {
        input_tokens: counts.input,
        output_tokens: counts.output,
        cached_tokens: counts.cache_read,
    }
}

/// Decodes a model that did not answer; `None` when its name is no model's.
#[must_use]
pub fn decode_attempt(attempt: &AttemptReport, next: Option<&str>) -> Option<ModelAttempt> {
    Some(ModelAttempt {
        reference: ModelRef::new(&attempt.provider, &attempt.model).ok()?,
        kind: attempt.result.clone().into(),
        problem: attempt.error.clone(),
        hints: attempt.hints.clone(),
        cooldown: attempt.cooldown_seconds.map(Duration::from_secs),
        after: Duration::from_millis(attempt.started_ms),
        duration: Duration::from_millis(attempt.duration_ms),
        next: next.and_then(|next| next.parse().ok()),
    })
}

/// The fragment that fits "failed to {…}".
fn failure_fragment(message: &str) -> String {
    message.strip_prefix("failed to ").unwrap_or(message).to_owned()
}

fn decode_outcome(outcome: MessageOutcome) -> AnswerOutcome {
    match outcome {
        MessageOutcome::ToolCalls => AnswerOutcome::ToolCalls,
        MessageOutcome::Truncated => AnswerOutcome::Truncated,
        MessageOutcome::ReasoningOnly => AnswerOutcome::ReasoningOnly,
        MessageOutcome::ReasoningTruncated => AnswerOutcome::ReasoningTruncated,
        MessageOutcome::Empty => AnswerOutcome::Empty,
        MessageOutcome::Refused => AnswerOutcome::Refused,
        _ => AnswerOutcome::Reply,
    }
}

fn decode_refusal(refusal: RefusalCode) -> ToolRefusalReason {
    match refusal {
        RefusalCode::UnknownTool => ToolRefusalReason::UnknownTool,
        RefusalCode::InvalidArguments => ToolRefusalReason::InvalidArguments,
        RefusalCode::NoApprover => ToolRefusalReason::NoApprover,
        RefusalCode::CallLimit => ToolRefusalReason::CallLimit,
        RefusalCode::Repeated => ToolRefusalReason::Repeated,
        RefusalCode::NeedsInput => ToolRefusalReason::NeedsInput,
        RefusalCode::NotPrepared => ToolRefusalReason::NotPrepared,
        _ => ToolRefusalReason::Denied,
    }
}

fn decode_effect(effect: &EffectReport) -> ToolEffect {
    match effect {
        EffectReport::Read { path } => ToolEffect::Read { path: path.clone() },
        EffectReport::Write { path, change, .. } => ToolEffect::Write {
            path: path.clone(),
            protection: None,
            change: change.as_deref().map(|change| Box::new(decode_change(path, change))),
        },
        EffectReport::Exec { command, directory, node } => ToolEffect::Exec {
            command: command.clone(),
            directory: directory.clone(),
            node: node.clone(),
            review: CommandReview::Unreviewed,
        },
        EffectReport::Inspect { subject } => ToolEffect::Inspect { subject: subject.clone() },
        EffectReport::Fetch { url } => ToolEffect::Fetch { url: url.clone() },
        EffectReport::Other { description } => {
            ToolEffect::Other { description: description.clone().unwrap_or_default() }
        }
        _ => ToolEffect::Other { description: String::new() },
    }
}

/// Decodes a change of a file.
#[must_use]
pub fn decode_change(path: &str, change: &FileChangeReport) -> FileChange {
    FileChange {
        path: path.to_owned(),
        diff: change.diff.clone(),
        added_lines: change.added_lines,
        removed_lines: change.removed_lines,
        is_truncated: change.is_truncated,
    }
}
