//! What a run came to as one JSON object: what `--json` prints, and the last line of
//! `stream-json`. `docs/guide/programs.md` describes it.

use std::time::Duration;

use openclaw_runtime::{Attempt, TurnError, TurnOutcome, TurnReport};
use serde_json::{Value, json};

use super::events::millis;
use super::talk::Talk;
use super::timings::Timings;
use crate::commands::infer::{attempts_json, usage_json};
use crate::exit::Exit;
use crate::report;

/// A run whose turn ended.
pub(crate) struct Ended<'a> {
    pub(crate) talk: &'a Talk,
    /// As [`Talk::session_json`] was when the turn began.
    pub(crate) session: &'a Value,
    /// What the model was told; `None` when an interrupted turn was finished.
    pub(crate) message: Option<&'a str>,
    pub(crate) timings: &'a Timings,
    /// How long it took until the turn could begin.
    pub(crate) connected: Duration,
    pub(crate) report: &'a TurnReport,
}

/// A run that came to no turn.
#[derive(Debug, Default)]
pub(crate) struct Turnless {
    /// The outcome's name.
    pub(crate) outcome: &'static str,
    /// As [`Talk::session_json`], as far as it is known.
    pub(crate) session: Value,
    /// The models that were tried in vain.
    pub(crate) attempts: Vec<Attempt>,
    /// Why there is none, unless that is as it should be.
    pub(crate) error: Option<Value>,
}

impl Turnless {
    /// The object.
    pub(crate) fn json(&self, exit: Exit) -> Value {
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

impl Ended<'_> {
    /// The object.
    pub(crate) fn json(&self) -> Value {
        let Self { talk, session, message, timings, connected, report } = *self;
        let run = talk.run();
        let info = run.model.info();
        let (provider, model) = (info.reference.provider(), info.reference.model());
        let (text, stop, error) = end(&report.outcome);
        let payloads: Vec<Value> =
            text.iter().map(|text| json!({"text": text, "mediaUrl": null})).collect();
        let context = match talk {
            Talk::Kept(conversation) => conversation.context(),
            Talk::Once(_) => None,
        };
        let aborted =
            matches!(report.outcome, TurnOutcome::TimedOut { .. } | TurnOutcome::Cancelled);
        json!({
            "ok": error.is_none(),
            "exitCode": Exit::of_turn(&report.outcome).code(),
            "payloads": payloads,
            "meta": {
                "outcome": outcome_name(&report.outcome),
                "resumed": message.is_none(),
                "durationMs": millis(report.duration),
                "agentMeta": {
                    "sessionId": session["sessionId"],
                    "sessionKey": session["sessionKey"],
                    "provider": provider,
                    "model": model,
                    "contextWindow": info.limits.window,
                    "contextWindowSource": info.limits.window_source.label(),
                    "contextTokens": context.map(|context| context.tokens),
                    "usage": usage_json(report.usage),
                    "cacheable": report.cacheable,
                    "lastCallUsage": report.last_usage.map(usage_json),
                    "compactionCount": report.compactions,
                    "modelCalls": report.model_calls,
                    "toolCalls": report.tool_calls,
                },
                "session": session,
                "aborted": aborted,
                "timings": timings.json(connected, report),
                "systemPromptReport": prompt_json(talk),
                "workspace": run.workspace,
                "finalPromptText": message,
                "finalAssistantVisibleText": text,
                "firstTokenMs": report.first_token_after.map(millis),
                "stopReason": stop,
                "executionTrace": self.trace_json(error.is_none()),
                "completion": {"stopReason": stop, "finishReason": stop},
            },
            "error": error,
        })
    }

    /// Which models were tried, and which answered.
    fn trace_json(&self, is_ok: bool) -> Value {
        let run = self.talk.run();
        let info = run.model.info();
        let (provider, model) = (info.reference.provider(), info.reference.model());
        let failed = run.attempts.failed();
        let mut attempts = attempts_json(&failed);
        // The last of a chain that failed as a whole is the error.
        if is_ok || failed.last().is_none_or(|last| last.next.is_some()) {
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
pub(crate) fn needs_input(question: &str) -> String {
    format!("failed to go on without you: {question}")
}

/// The answer, the reason for the end as the original names it, and the error.
fn end(outcome: &TurnOutcome) -> (Option<&str>, &'static str, Option<Value>) {
    match outcome {
        TurnOutcome::Reply { text, truncated: false } => (Some(text), "stop", None),
        TurnOutcome::Reply { text, truncated: true } => (Some(text), "length", None),
        TurnOutcome::Silent => (None, "silent", None),
        TurnOutcome::TimedOut { limit } => {
            let message = format!("failed to finish the turn within {limit}");
            (None, "timeout", Some(error_json("timeout", &message)))
        }
        TurnOutcome::Failed(error) => (None, "error", Some(failure_json(error))),
        TurnOutcome::NeedsInput { question } => {
            (None, "input", Some(error_json("needs_input", &needs_input(question))))
        }
        _ => (None, "cancelled", Some(stopped_json())),
    }
}

/// The outcome's name.
fn outcome_name(outcome: &TurnOutcome) -> &'static str {
    match outcome {
        TurnOutcome::Reply { .. } => "reply",
        TurnOutcome::Silent => "silent",
        TurnOutcome::NeedsInput { .. } => "needs_input",
        TurnOutcome::TimedOut { .. } => "timed_out",
        TurnOutcome::Cancelled => "cancelled",
        _ => "failed",
    }
}

/// The error of a run that was stopped.
pub(crate) fn stopped_json() -> Value {
    error_json("cancelled", "failed to finish the turn: it was stopped")
}

fn error_json(kind: &str, message: &str) -> Value {
    json!({"kind": kind, "message": message, "causes": [], "hints": []})
}

fn failure_json(error: &TurnError) -> Value {
    match error.model_error() {
        Some(error) => report::json(error),
        None => report::turn_json(error),
    }
}

fn prompt_json(talk: &Talk) -> Value {
    let run = talk.run();
    let chars = |text: &str| text.chars().count();
    let sections = run.prompt.sections().iter();
    let sections: Vec<Value> =
        sections.map(|s| json!({"name": s.name, "chars": chars(&s.text)})).collect();
    json!({
        "profile": run.profile.name(),
        "chars": chars(&run.prompt.text()),
        "sections": sections,
        "tools": tool_names(talk),
    })
}

/// The tools that the model is offered, in the order in which it is.
pub(crate) fn tool_names(talk: &Talk) -> Vec<&str> {
    talk.run().agent.tools().iter().map(|tool| tool.name.as_str()).collect()
}
