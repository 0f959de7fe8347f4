//! What a run came to.

use openclaw_protocol::events::WireEvent;
use openclaw_protocol::gateway::RunState;
use openclaw_protocol::parts::{TokenCounts, whole_millis};
use openclaw_protocol::results::errors::ErrorReport;
use openclaw_runtime::encoding::{encode_agent_error, encode_store_error, encode_turn_error};
use openclaw_runtime::{Conversation, ConversationError, TurnOutcome, TurnReport};
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
    /// What else is known of it, for programs.
    pub(crate) meta: Value,
}

impl RunEnd {
    /// The end of a run whose turn ended.
    pub(crate) fn from_turn(conversation: &Conversation, report: &TurnReport) -> Self {
        let info = conversation.agent_run().model.model_info();
        let usage: TokenCounts = report.usage.into();
        let end = Self::from_outcome(&report.outcome);
        let meta = json!({
            "durationMs": whole_millis(report.duration),
            "agentMeta": {
                "sessionId": conversation.session_id().as_str(),
                "sessionKey": conversation.session_key().as_str(),
                "provider": info.reference.provider_id(),
                "model": info.reference.model_id(),
                "usage": usage,
            },
            "aborted": end.aborted,
            "stopReason": end.summary,
        });
        Self { usage: Some(usage), meta, ..end }
    }

    fn from_outcome(outcome: &TurnOutcome) -> Self {
        let end = |status, summary: &str| Self {
            status,
            summary: summary.to_owned(),
            text: None,
            aborted: false,
            error: None,
            usage: None,
            meta: Value::Null,
        };
        let failed = |summary: &str, message: String| Self {
            error: Some(ErrorReport::from_message(summary, message)),
            ..end(RunState::Error, summary)
        };
        match outcome {
            TurnOutcome::Reply { text, truncated } => {
                let summary = if *truncated { "length" } else { "completed" };
                Self { text: Some(text.clone()), ..end(RunState::Ok, summary) }
            }
            TurnOutcome::NoReply => end(RunState::Ok, "silent"),
            TurnOutcome::NeedsInput { question } => failed("needs_input", question.clone()),
            TurnOutcome::TimedOut { limit } => Self {
                aborted: true,
                ..failed("timeout", format!("failed to finish the turn within {limit}"))
            },
            TurnOutcome::Cancelled => {
                Self { aborted: true, ..failed("cancelled", "the run was stopped".to_owned()) }
            }
            TurnOutcome::Failed(error) => Self {
                text: error.kept_text().map(str::to_owned),
                error: Some(encode_turn_error(error)),
                ..end(RunState::Error, "failed")
            },
            _ => failed("failed", "failed to finish the turn".to_owned()),
        }
    }

    /// The end of a run whose turn could not begin.
    pub(crate) fn from_error(error: &ConversationError) -> Self {
        let report = match error {
            ConversationError::Agent(error) => encode_agent_error(error),
            ConversationError::Store(error) => encode_store_error(error),
        };
        Self { error: Some(report), ..Self::without_turn("failed") }
    }

    /// The end of a run that was stopped before its turn began.
    pub(crate) fn cancelled() -> Self {
        let error = ErrorReport::from_message("cancelled", "the run was stopped".to_owned());
        Self { aborted: true, error: Some(error), ..Self::without_turn("cancelled") }
    }

    /// The end of a run whose gateway ended before it.
    pub(crate) fn lost() -> Self {
        let message = "the gateway ended while this ran; the session has what was done, and \
            `openclaw agent --resume` finishes it";
        let error = ErrorReport::from_message("lost", message.to_owned());
        Self { aborted: true, error: Some(error), ..Self::without_turn("lost") }
    }

    fn without_turn(summary: &str) -> Self {
        Self {
            status: RunState::Error,
            summary: summary.to_owned(),
            text: None,
            aborted: false,
            error: None,
            usage: None,
            meta: json!({ "aborted": summary != "failed", "stopReason": summary }),
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
        json!({ "payloads": payloads, "meta": self.meta, "error": self.error })
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
