//! What a run came to as one JSON object: what `--json` prints, and the last line of
//! `stream-json`. `docs/guide/programs.md` describes it.

use std::time::Duration;

use openclaw_core::ModelAttempt;
use openclaw_runtime::{TurnError, TurnOutcome, TurnReport};
use serde_json::{Value, json};

use super::agent_session::AgentSession;
use super::events::whole_millis;
use super::timings::TurnTimings;
use crate::commands::infer::{attempts_json, usage_json};
use crate::error_json;
use crate::exit::ExitReason;

/// A run whose turn ended.
pub(crate) struct TurnResultJson<'a> {
    pub(crate) agent_session: &'a AgentSession,
    /// As [`AgentSession::session_json`] was when the turn began.
    pub(crate) session: &'a Value,
    /// What the model was told; `None` when an interrupted turn was finished.
    pub(crate) message: Option<&'a str>,
    pub(crate) timings: &'a TurnTimings,
    /// The models that failed or were skipped, since one was connected.
    pub(crate) attempts: &'a [ModelAttempt],
    /// How long it took until the turn could begin.
    pub(crate) connect_duration: Duration,
    pub(crate) report: &'a TurnReport,
}

/// A run that came to no turn.
#[derive(Debug, Default)]
pub(crate) struct NoTurnResultJson {
    /// The outcome's name.
    pub(crate) outcome: &'static str,
    /// As [`AgentSession::session_json`], as far as it is known.
    pub(crate) session: Value,
    /// The models that were tried in vain.
    pub(crate) attempts: Vec<ModelAttempt>,
    /// Why there is none, unless that is as it should be.
    pub(crate) error: Option<Value>,
}

impl NoTurnResultJson {
    /// The object.
    pub(crate) fn to_json(&self, exit: ExitReason) -> Value {
        let Self { outcome, session, attempts, error } = self;
        json!({
            "ok": error.is_none(),
            "exitCode": exit.code(),
            "payloads": [],
            "meta": {
                "outcome": outcome,
                "resumed": false,
                "agentMeta": {
                    "sessionId": session["sessionId"],
                    "sessionKey": session["sessionKey"],
                },
                "session": session,
                "aborted": *outcome == "cancelled",
                "executionTrace": {"attempts": attempts_json(attempts)},
            },
            "error": error,
        })
    }
}

impl TurnResultJson<'_> {
    /// The object.
    pub(crate) fn to_json(&self) -> Value {
        let Self { agent_session, session, message, timings, connect_duration, report, .. } = *self;
        let run = agent_session.agent_run();
        let info = run.model.model_info();
        let (provider, model) = (info.reference.provider_id(), info.reference.model_id());
        let (text, stop_reason, error) = outcome_parts(&report.outcome);
        let payloads: Vec<Value> =
            text.iter().map(|text| json!({"text": text, "mediaUrl": null})).collect();
        let context = match agent_session {
            AgentSession::Persistent(conversation) => conversation.context_use(),
            AgentSession::Ephemeral(_) => None,
        };
        let aborted =
            matches!(report.outcome, TurnOutcome::TimedOut { .. } | TurnOutcome::Cancelled);
        json!({
            "ok": error.is_none(),
            "exitCode": ExitReason::from_turn_outcome(&report.outcome).code(),
            "payloads": payloads,
            "meta": {
                "outcome": turn_outcome_name(&report.outcome),
                "resumed": message.is_none(),
                "durationMs": whole_millis(report.duration),
                "agentMeta": {
                    "sessionId": session["sessionId"],
                    "sessionKey": session["sessionKey"],
                    "provider": provider,
                    "model": model,
                    "contextWindow": info.limits.context_window,
                    "contextWindowSource": info.limits.context_window_source.label(),
                    "contextTokens": context.map(|context| context.tokens),
                    "usage": usage_json(report.usage),
                    "cacheableTokens": report.cacheable_tokens,
                    "lastCallUsage": report.last_usage.map(usage_json),
                    "compactionCount": report.compactions,
                    "modelCalls": report.model_calls,
                    "toolCalls": report.tool_calls,
                },
                "session": session,
                "aborted": aborted,
                "timings": timings.to_json(connect_duration, report),
                "systemPromptReport": prompt_json(agent_session),
                "workspace": run.workspace,
                "finalPromptText": message,
                "finalAssistantVisibleText": text,
                "firstTokenMs": report.first_token_after.map(whole_millis),
                "stopReason": stop_reason,
                "executionTrace": self.execution_trace_json(error.is_none()),
                "completion": {"stopReason": stop_reason, "finishReason": stop_reason},
            },
            "error": error,
        })
    }

    /// Which models were tried, and which answered.
    fn execution_trace_json(&self, is_ok: bool) -> Value {
        let run = self.agent_session.agent_run();
        let info = run.model.model_info();
        let (provider, model) = (info.reference.provider_id(), info.reference.model_id());
        let mut attempts = attempts_json(self.attempts);
        // The last of a chain that failed as a whole is the error.
        if is_ok || self.attempts.last().is_none_or(|last| last.next.is_some()) {
            let result = if is_ok { "success" } else { "error" };
            attempts.push(json!({
                "provider": provider,
                "model": model,
                "result": result,
                "stage": "assistant",
            }));
        }
        json!({
            "winnerProvider": is_ok.then_some(provider),
            "winnerModel": is_ok.then_some(model),
            "fallbackUsed": attempts.len() > 1,
            "attempts": attempts,
            "runner": "embedded",
        })
    }
}

/// What a person who is asked for something is told.
pub(crate) fn needs_input_message(question: &str) -> String {
    format!("failed to go on without you: {question}")
}

/// The answer, the reason for the end as the original names it, and the error.
fn outcome_parts(outcome: &TurnOutcome) -> (Option<&str>, &'static str, Option<Value>) {
    match outcome {
        TurnOutcome::Reply { text, truncated: false } => (Some(text), "stop", None),
        TurnOutcome::Reply { text, truncated: true } => (Some(text), "length", None),
        TurnOutcome::NoReply => (None, "silent", None),
        TurnOutcome::TimedOut { limit } => {
            let message = format!("failed to finish the turn within {limit}");
            (None, "timeout", Some(error_json("timeout", &message)))
        }
        TurnOutcome::Failed(error) => (None, "error", Some(failure_json(error))),
        TurnOutcome::NeedsInput { question } => {
            (None, "input", Some(error_json("needs_input", &needs_input_message(question))))
        }
        _ => (None, "cancelled", Some(cancelled_json())),
    }
}

/// The outcome's name.
fn turn_outcome_name(outcome: &TurnOutcome) -> &'static str {
    match outcome {
        TurnOutcome::Reply { .. } => "reply",
        TurnOutcome::NoReply => "silent",
        TurnOutcome::NeedsInput { .. } => "needs_input",
        TurnOutcome::TimedOut { .. } => "timed_out",
        TurnOutcome::Cancelled => "cancelled",
        _ => "failed",
    }
}

/// The error of a run that was stopped.
pub(crate) fn cancelled_json() -> Value {
    error_json("cancelled", "failed to finish the turn: it was stopped")
}

fn error_json(kind: &str, message: &str) -> Value {
    json!({"kind": kind, "message": message, "causes": [], "hints": []})
}

fn failure_json(error: &TurnError) -> Value {
    match error.model_error() {
        Some(error) => error_json::model_error_json(error),
        None => error_json::turn_error_json(error),
    }
}

fn prompt_json(agent_session: &AgentSession) -> Value {
    let run = agent_session.agent_run();
    let chars = |text: &str| text.chars().count();
    let sections = run.prompt.sections().iter();
    let sections: Vec<Value> =
        sections.map(|s| json!({"name": s.name, "chars": chars(&s.text)})).collect();
    json!({
        "profile": run.profile.name(),
        "chars": chars(&run.prompt.full_text()),
        "sections": sections,
        "tools": tool_names(agent_session),
    })
}

/// The tools that the model is offered, in the order in which it is.
pub(crate) fn tool_names(agent_session: &AgentSession) -> Vec<&str> {
    agent_session.agent_run().agent.tool_specs().iter().map(|tool| tool.name.as_str()).collect()
}
