//! Sessions of a gateway: the methods `sessions.*`.

use serde::{Deserialize, Serialize};

use crate::events::WireEvent;
use crate::parts::FileChangeReport;
use crate::results::agent::SessionReport;

/// Names a session. Without a key and an id it is the default session of the agent.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(any(test, feature = "schema"), derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase", default)]
pub struct SessionSelector {
    /// Its key.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub session_key: Option<String>,
    /// Its id, or the beginning of one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub session_id: Option<String>,
    /// The agent; without it the session's, else the default agent.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub agent_id: Option<String>,
}

/// The result of `sessions.reset`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(any(test, feature = "schema"), derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub struct SessionResetResult {
    /// The new, empty session.
    pub session_id: String,
    /// The key that leads to it.
    pub session_key: String,
    /// The session to which the key led before, when that was another one.
    pub previous_session_id: Option<String>,
}

/// The parameters of `sessions.open`.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(any(test, feature = "schema"), derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase", default)]
pub struct SessionOpenParams {
    /// The session, which is created if there is none.
    #[serde(flatten)]
    pub session: SessionSelector,
    /// The model by reference or alias.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub model: Option<String>,
    /// Whether the model is asked again although it failed of late.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub resets_breaker: bool,
}

/// The result of `sessions.runs`: the runs of a session that are not over.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(any(test, feature = "schema"), derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase", default)]
pub struct SessionRunsResult {
    /// The key of the session.
    pub session_key: String,
    /// The runs, the oldest first. The first one runs, the others wait for it.
    pub runs: Vec<LiveRunEntry>,
}

/// A run that is not over.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(any(test, feature = "schema"), derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase", default)]
pub struct LiveRunEntry {
    /// The run.
    pub run_id: String,
    /// What the model is told; null when the run finishes a turn that has no answer.
    pub message: Option<String>,
    /// When it was accepted, in milliseconds since the Unix epoch.
    pub accepted_at: u64,
}

/// The result of `sessions.open`: a session with the agent that would answer in it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(any(test, feature = "schema"), derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub struct SessionState {
    /// The session as it was found.
    pub session: SessionReport,
    /// Whether a client that names no session gets this one.
    pub is_default: bool,
    /// The agent.
    pub agent_id: String,
    /// The provider's id.
    pub provider: String,
    /// The model's id.
    pub model: String,
    /// The context window, in tokens.
    pub context_window: u32,
    /// The source of its size.
    pub context_window_source: String,
    /// The tokens of the conversation; null when nothing was counted.
    pub context_tokens: Option<u32>,
    /// Whether the last turn has no answer yet and can be finished.
    pub unanswered_turn: bool,
    /// The directory that the tools work in.
    pub workspace: String,
    /// How detailed the system prompt is.
    pub profile: String,
    /// The tools.
    pub tools: Vec<ToolSummary>,
    /// The input tokens of all model calls of the session.
    pub input_tokens: u64,
    /// The output tokens of all model calls of the session.
    pub output_tokens: u64,
    /// What they cost, in US dollars; null without a price.
    pub cost_usd: Option<f64>,
    /// How commands run in the session, in a line.
    pub commands: String,
    /// What a person should know about the agent and the session.
    pub warnings: Vec<String>,
    /// The models that did not answer before this one, as events.
    pub attempts: Vec<WireEvent>,
    /// The models and servers that failed of late and are asked last, each with its reason.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub asked_last: Vec<String>,
}

/// A tool.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(any(test, feature = "schema"), derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub struct ToolSummary {
    /// Its name.
    pub name: String,
    /// The first line of its description.
    pub description: String,
}

/// The parameters of `sessions.steer`: a message for a run that goes on.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(any(test, feature = "schema"), derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub struct SessionSteerParams {
    /// The run.
    pub run_id: String,
    /// The message.
    pub message: String,
    /// The same key again is the same message.
    pub idempotency_key: String,
}

/// What `sessions.undo` undoes.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(any(test, feature = "schema"), derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum UndoExtent {
    /// The last turn and its file changes.
    #[default]
    Turn,
    /// The file changes only.
    Files,
    /// The last turn only; files stay as they are.
    Conversation,
}

/// The parameters of `sessions.undo`.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(any(test, feature = "schema"), derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase", default)]
pub struct SessionUndoParams {
    /// The session.
    #[serde(flatten)]
    pub session: SessionSelector,
    /// What is undone.
    pub extent: UndoExtent,
}

/// The result of `sessions.undo`.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(any(test, feature = "schema"), derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase", default)]
pub struct SessionUndoResult {
    /// Whether a turn was taken out of the conversation.
    pub is_turn_undone: bool,
    /// What the user had said in that turn; null when none was undone.
    pub message: Option<String>,
    /// What became of files; null when no change was left to undo, and when files stay.
    pub files: Option<FileUndoReport>,
    /// The files that keep the changes from being undone, each with its reason; nothing was changed
    /// then.
    pub conflicts: Vec<String>,
}

/// What became of the files of an undone turn.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(any(test, feature = "schema"), derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase", default)]
pub struct FileUndoReport {
    /// The files that have their content from before the turn again.
    pub restored: Vec<String>,
    /// The files that the turn had created, now removed.
    pub removed: Vec<String>,
    /// How many commands ran in the turn; what they changed stays.
    pub commands: usize,
}

/// The result of `sessions.diff`: what the last turn changed.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(any(test, feature = "schema"), derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase", default)]
pub struct SessionDiffResult {
    /// The files; null when no change is kept.
    pub changes: Option<Vec<ChangedFile>>,
    /// How many commands ran in the turn.
    pub commands: usize,
}

/// A file that a turn changed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(any(test, feature = "schema"), derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub struct ChangedFile {
    /// The path, relative to the workspace.
    pub path: String,
    /// The change.
    #[serde(flatten)]
    pub change: FileChangeReport,
}

/// The result of `sessions.compact`.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[cfg_attr(any(test, feature = "schema"), derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase", default)]
pub struct SessionCompactResult {
    /// The event of the compaction; null when it would not make the conversation much smaller.
    pub compaction: Option<WireEvent>,
}

/// The payload of the event `sessions.progress`, which the client of a request for work on a session
/// gets until its response.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(any(test, feature = "schema"), derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub struct SessionProgress {
    /// The key of the session.
    pub session_key: String,
    /// What happened.
    pub data: WireEvent,
}

/// The parameters of `sessions.exec`.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(any(test, feature = "schema"), derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase", default)]
pub struct SessionExecParams {
    /// The session.
    #[serde(flatten)]
    pub session: SessionSelector,
    /// What is changed, as behind `/exec`.
    pub words: String,
}

/// The result of `sessions.exec`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(any(test, feature = "schema"), derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub struct SessionExecResult {
    /// How commands run now, in a line.
    pub commands: String,
}
