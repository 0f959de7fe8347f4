//! Runs of agents: the methods `agent`, `agent.wait` and `chat.*`, and their events.

use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::events::WireEvent;

/// The parameters of `agent`.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[cfg_attr(any(test, feature = "schema"), derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase", default)]
pub struct AgentParams {
    /// The user's message, not empty.
    pub message: String,
    /// A text that the client chose for this run: the same text again is the same run.
    pub idempotency_key: String,
    /// The agent; without it the default agent, or the session's.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub agent_id: Option<String>,
    /// The session by its key.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub session_key: Option<String>,
    /// The session by its id.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub session_id: Option<String>,
    /// The model by reference or alias.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub model: Option<String>,
    /// The longest time of the turn, in seconds.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub timeout: Option<u64>,
    /// Whether the turn that was interrupted, or that has no answer, is finished instead; there is
    /// no message then.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub resume: bool,
}

/// The first response to `agent`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(any(test, feature = "schema"), derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub struct AgentAccepted {
    /// The run.
    pub run_id: String,
    /// Its session, as `chat.abort` names it.
    #[serde(default)]
    pub session_key: String,
    /// `accepted`.
    pub status: String,
    /// When, in milliseconds since the Unix epoch.
    pub accepted_at: u64,
}

/// The second response to `agent`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(any(test, feature = "schema"), derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub struct AgentRunResult {
    /// The run.
    pub run_id: String,
    /// `ok` or `error`.
    pub status: RunState,
    /// How the run ended, in a few words.
    pub summary: String,
    /// The answer and what is known of the turn, as
    /// [`AgentResult`](crate::results::agent::AgentResult) without its exit code.
    pub result: Value,
    /// Messages of `sessions.steer` that the model did not get.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub unsent_messages: Vec<String>,
    /// Whether the turn has no answer yet and can be finished by a run with `resume`.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub unanswered_turn: bool,
    /// Commands in the background that ended with the run.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub ended_commands: Vec<String>,
}

/// The parameters of `agent.follow`, which responds as `agent` does, to a run that another client may
/// have started.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(any(test, feature = "schema"), derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub struct AgentFollowParams {
    /// The run.
    pub run_id: String,
}

/// The parameters of `agent.events`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(any(test, feature = "schema"), derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub struct AgentEventsParams {
    /// The run.
    pub run_id: String,
    /// The number of the last event that the client has; without it the events are from the
    /// beginning.
    #[serde(default)]
    pub after_seq: u64,
}

/// The result of `agent.events`: the events of a run so far.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[cfg_attr(any(test, feature = "schema"), derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase", default)]
pub struct AgentEventsResult {
    /// The events, in order.
    pub events: Vec<AgentEvent>,
    /// Whether events between `afterSeq` and the first one are no longer kept.
    pub is_incomplete: bool,
}

/// The data of the event `agent` with the stream `lifecycle` and the phase `open`: the turn begins.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(any(test, feature = "schema"), derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub struct TurnOpening {
    /// `open`.
    pub phase: String,
    /// The event [`WireEvent::Start`].
    pub start: WireEvent,
    /// The models that did not answer before this one, as events.
    pub attempts: Vec<WireEvent>,
    /// What a person should know about the agent and the session.
    pub warnings: Vec<String>,
}

/// The state of a run.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(any(test, feature = "schema"), derive(schemars::JsonSchema))]
#[serde(rename_all = "lowercase")]
#[non_exhaustive]
pub enum RunState {
    /// It waits for its session.
    Accepted,
    /// It runs.
    Running,
    /// It ended with an answer, or deliberately without one.
    Ok,
    /// It failed or was stopped.
    Error,
    /// Only of `agent.wait`: it goes on.
    Timeout,
}

/// The parameters of `agent.wait`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(any(test, feature = "schema"), derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub struct AgentWaitParams {
    /// The run.
    pub run_id: String,
    /// How long to wait for its end, in milliseconds; 30,000 without it. The run goes on
    /// afterwards.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub timeout_ms: Option<u64>,
}

/// The result of `agent.wait`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(any(test, feature = "schema"), derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub struct AgentWaitResult {
    /// The run.
    pub run_id: String,
    /// `ok`, `error`, or `timeout` when the run goes on.
    pub status: RunState,
    /// When its turn began, in milliseconds since the Unix epoch.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub started_at: Option<u64>,
    /// When it ended, in milliseconds since the Unix epoch.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ended_at: Option<u64>,
    /// Why it failed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub error: Option<String>,
}

/// The payload of the event `agent`: something that happened in a run.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(any(test, feature = "schema"), derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub struct AgentEvent {
    /// The run.
    pub run_id: String,
    /// The session.
    pub session_key: String,
    /// The number of the event in the run, without gaps, from 1.
    pub seq: u64,
    /// What it is about: `lifecycle`, `assistant`, `thinking`, `tool` or `status`.
    pub stream: String,
    /// When, in milliseconds since the Unix epoch.
    pub ts: u64,
    /// What happened; for all but `lifecycle` a
    /// [`WireEvent`](crate::events::WireEvent).
    pub data: Value,
}

/// The payload of the event `chat`: the answer as it grows.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(any(test, feature = "schema"), derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub struct ChatEvent {
    /// The run.
    pub run_id: String,
    /// The session.
    pub session_key: String,
    /// The number of the event in the run, without gaps, from 1.
    pub seq: u64,
    /// What the event says.
    pub state: ChatState,
    /// Of `delta`: text to append.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub delta_text: Option<String>,
    /// Of `delta`: whether the text takes the place of what came before.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub replace: Option<bool>,
    /// Of `final`: the whole message.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub message: Option<ChatMessage>,
    /// Of `error`: why.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub error_message: Option<String>,
}

/// What an event `chat` says.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(any(test, feature = "schema"), derive(schemars::JsonSchema))]
#[serde(rename_all = "lowercase")]
#[non_exhaustive]
pub enum ChatState {
    /// A part of the answer.
    Delta,
    /// The answer is complete.
    Final,
    /// The run was stopped.
    Aborted,
    /// The run failed.
    Error,
}

/// A message of a conversation.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(any(test, feature = "schema"), derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub struct ChatMessage {
    /// `user`, `assistant` or `tool`.
    pub role: String,
    /// The text.
    pub text: String,
    /// When, in milliseconds since the Unix epoch.
    pub timestamp: u64,
    /// The bytes at the end of the text that were left out because it is too long.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub omitted_bytes: Option<usize>,
}

/// The answer to `chat.history`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(any(test, feature = "schema"), derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub struct ChatHistoryResult {
    /// The key of the session, as it was asked for.
    pub session_key: String,
    /// The id of the session; `None` when there is none.
    pub session_id: Option<String>,
    /// The messages, the oldest first.
    pub messages: Vec<ChatMessage>,
    /// Whether there are older messages than these.
    pub truncated: bool,
    /// What to send as `before` for the messages before these.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cursor: Option<u64>,
}

/// The parameters of `chat.send`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(any(test, feature = "schema"), derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub struct ChatSendParams {
    /// The session.
    pub session_key: String,
    /// The user's message, not empty.
    pub message: String,
    /// As in [`AgentParams`].
    pub idempotency_key: String,
}

/// The parameters of `chat.history`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(any(test, feature = "schema"), derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub struct ChatHistoryParams {
    /// The session by its key.
    #[serde(default)]
    pub session_key: String,
    /// The session by its id, which counts before the key.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub session_id: Option<String>,
    /// The most messages, the newest; 200 without it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub limit: Option<usize>,
    /// The `cursor` of an answer, to get the messages before those.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub before: Option<u64>,
}

/// The parameters of `chat.abort`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(any(test, feature = "schema"), derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub struct ChatAbortParams {
    /// The session.
    pub session_key: String,
    /// The run; without it every run of the session.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub run_id: Option<String>,
}
