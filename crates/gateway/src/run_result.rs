//! What a run came to.

use openclaw_models::attempts_in_error;
use openclaw_protocol::events::WireEvent;
use openclaw_protocol::gateway::RunState;
use openclaw_protocol::parts::TokenCounts;
use openclaw_protocol::results::agent::SessionReport;
use openclaw_protocol::results::errors::ErrorReport;
use openclaw_runtime::encoding::{
    FinishedTurn, TurnlessRun, cancelled_error, encode_agent_error, encode_store_error,
};
use openclaw_runtime::{ConversationError, TurnOutcome};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

/// How a run ended. It is kept in the store as JSON.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct RunEnd {
    /// `ok` or `error`.
    pub(crate) status: RunState,
    /// How it ended, in a few words.
    pub(crate) summary: String,
    /// The answer; `None` without one.
    pub(crate) text: Option<String>,
    /// Whether it was stopped.
    pub(crate) aborted: bool,
    /// Why it failed.
    pub(crate) error: Option<ErrorReport>,
    /// The tokens of all model calls.
    pub(crate) usage: Option<TokenCounts>,
    /// What else is known of it, for programs: `meta` of the result of `openclaw agent --json`.
    pub(crate) meta: Value,
    /// Messages that the turn did not take.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub(crate) unsent_messages: Vec<String>,
    /// Whether the turn has no answer yet and can be finished.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub(crate) unanswered_turn: bool,
    /// Commands in the background that ended with the run.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub(crate) ended_commands: Vec<String>,
    /// Calls that were not allowed, with the reasons.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub(crate) denied_calls: Vec<String>,
}

/// A run whose turn ended, with what belongs to its result.
#[derive(Debug)]
pub(crate) struct EndedTurn<'a> {
    pub(crate) result: FinishedTurn<'a>,
    /// Whether it can be finished.
    pub(crate) is_unanswered: bool,
    /// Commands in the background that end with the run.
    pub(crate) ended_commands: Vec<String>,
    /// Calls that were not allowed, with the reasons.
    pub(crate) denied_calls: Vec<String>,
}

impl RunEnd {
    /// The end of a run whose turn ended.
    pub(crate) fn from_turn(turn: EndedTurn<'_>) -> Self {
        let EndedTurn { result, is_unanswered, ended_commands, denied_calls } = turn;
        let report = result.report;
        let (status, summary) = describe_outcome(&report.outcome);
        let text = match &report.outcome {
            TurnOutcome::Reply { text, .. } => Some(text.clone()),
            TurnOutcome::Failed(error) => error.kept_text().map(str::to_owned),
            _ => None,
        };
        let aborted =
            matches!(report.outcome, TurnOutcome::TimedOut { .. } | TurnOutcome::Cancelled);
        let encoded = result.to_result(0);
        Self {
            status,
            summary: summary.to_owned(),
            text,
            aborted,
            error: encoded.error,
            usage: Some(report.usage.into()),
            meta: json!(encoded.meta),
            unsent_messages: Vec::new(),
            unanswered_turn: is_unanswered,
            ended_commands,
            denied_calls,
        }
    }

    /// The end of a run that had no turn to finish.
    pub(crate) fn nothing_to_resume(session: SessionReport) -> Self {
        let run = TurnlessRun {
            outcome: "nothing_to_resume",
            session: Some(session),
            ..TurnlessRun::default()
        };
        Self { status: RunState::Ok, ..Self::without_turn(run) }
    }

    /// The end of a run whose turn could not begin.
    pub(crate) fn from_error(error: &ConversationError, session: Option<SessionReport>) -> Self {
        let (report, attempts) = match error {
            ConversationError::Agent(error) => {
                (encode_agent_error(error), attempts_in_error(error))
            }
            ConversationError::Store(error) => (encode_store_error(error), Vec::new()),
        };
        let error = Some(report);
        Self::without_turn(TurnlessRun { outcome: "failed", session, attempts, error })
    }

    /// The end of a run that was stopped before its turn began.
    pub(crate) fn cancelled() -> Self {
        let error = Some(cancelled_error());
        let run = TurnlessRun { outcome: "cancelled", error, ..TurnlessRun::default() };
        Self { aborted: true, ..Self::without_turn(run) }
    }

    /// The end of a run whose gateway ended before it.
    pub(crate) fn lost() -> Self {
        let message = "the gateway ended while this ran; the session has what was done, and \
            `openclaw agent --resume` finishes it";
        let error = Some(ErrorReport::from_message("lost", message.to_owned()));
        let run = TurnlessRun { outcome: "lost", error, ..TurnlessRun::default() };
        Self { aborted: true, ..Self::without_turn(run) }
    }

    fn without_turn(run: TurnlessRun) -> Self {
        let encoded = run.to_result(0);
        Self {
            status: RunState::Error,
            summary: run.outcome.to_owned(),
            text: None,
            aborted: false,
            error: run.error,
            usage: None,
            meta: json!(encoded.meta),
            unsent_messages: Vec::new(),
            unanswered_turn: false,
            ended_commands: Vec::new(),
            denied_calls: Vec::new(),
        }
    }

    /// Why it failed, in a sentence.
    pub(crate) fn error_text(&self) -> Option<String> {
        self.error.as_ref().map(|error| error.message.clone())
    }

    /// The object for programs.
    pub(crate) fn to_result(&self) -> Value {
        let payloads: Vec<Value> =
            self.text.iter().map(|text| json!({ "text": text, "mediaUrl": null })).collect();
        json!({
            "ok": self.error.is_none(),
            "payloads": payloads,
            "meta": self.meta,
            "error": self.error,
        })
    }
}

fn describe_outcome(outcome: &TurnOutcome) -> (RunState, &'static str) {
    match outcome {
        TurnOutcome::Reply { truncated: false, .. } => (RunState::Ok, "completed"),
        TurnOutcome::Reply { truncated: true, .. } => (RunState::Ok, "length"),
        TurnOutcome::NoReply => (RunState::Ok, "silent"),
        TurnOutcome::NeedsInput { .. } => (RunState::Error, "needs_input"),
        TurnOutcome::TimedOut { .. } => (RunState::Error, "timeout"),
        TurnOutcome::Cancelled => (RunState::Error, "cancelled"),
        _ => (RunState::Error, "failed"),
    }
}

/// The stream of an event, as clients of the original know it.
pub(crate) fn event_stream(event: &WireEvent) -> &'static str {
    match event {
        WireEvent::Text { .. }
        | WireEvent::MessageReset { .. }
        | WireEvent::ModelCallStarted { .. }
        | WireEvent::ModelCallFinished { .. } => "assistant",
        WireEvent::Reasoning { .. } => "thinking",
        WireEvent::ToolCallDelta { .. }
        | WireEvent::ToolStarted { .. }
        | WireEvent::ToolOutput { .. }
        | WireEvent::FileChanged { .. } => "tool",
        _ => "status",
    }
}
