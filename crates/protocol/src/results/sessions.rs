//! `openclaw sessions …`.

use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::errors::ErrorReport;

/// `sessions list`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(any(test, feature = "schema"), derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub struct SessionList {
    /// The file that keeps the sessions.
    pub path: String,
    /// How many are listed.
    pub count: usize,
    /// The value of `--active`.
    pub active_minutes: Option<u64>,
    /// The sessions, the newest last.
    pub sessions: Vec<SessionRowReport>,
}

/// A session of a list.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(any(test, feature = "schema"), derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub struct SessionRowReport {
    /// Its key.
    pub key: String,
    /// `direct`.
    pub kind: String,
    /// Its id.
    pub session_id: String,
    /// Its agent.
    pub agent_id: String,
    /// Whether the key points to it.
    pub current: bool,
    /// What it begins with.
    pub title: Option<String>,
    /// When it began, in milliseconds since the Unix epoch.
    pub created_at: u64,
    /// When it was used last, in milliseconds since the Unix epoch.
    pub updated_at: u64,
    /// How long ago that is.
    pub age_ms: u64,
    /// `idle`, `running` or `interrupted`.
    pub state: String,
    /// Whether its last turn was interrupted.
    pub aborted_last_run: bool,
    /// The number of turns.
    pub turns: u64,
    /// The number of log entries.
    pub events: u64,
    /// The input tokens of all model calls.
    pub input_tokens: u64,
    /// The output tokens of all model calls.
    pub output_tokens: u64,
    /// The cached input tokens of all model calls.
    pub cached_tokens: u64,
    /// What all tokens cost, in US dollars by the prices of the config; absent without a price.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cost_usd: Option<f64>,
    /// The tokens of the conversation; null when nothing was counted.
    pub total_tokens: Option<u64>,
    /// Whether they were counted.
    pub total_tokens_fresh: bool,
    /// The context window, in tokens.
    pub context_tokens: Option<u32>,
    /// How full the context window is.
    pub context_percent: Option<u64>,
    /// The model that answered last.
    pub model: Option<String>,
    /// Its provider.
    pub model_provider: Option<String>,
    /// The key of the session whose sub-agent it is; absent when no session started it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub spawned_by: Option<String>,
    /// What its sub-agents used, and theirs; absent without any.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub subagents: Option<SubagentUsageReport>,
}

/// What the sub-agents of a session used.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(any(test, feature = "schema"), derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub struct SubagentUsageReport {
    /// How many runs there were.
    pub runs: u64,
    /// How many of them have not ended.
    pub open: u64,
    /// The input tokens of all their model calls.
    pub input_tokens: u64,
    /// The output tokens of all their model calls.
    pub output_tokens: u64,
}

/// `sessions show`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(any(test, feature = "schema"), derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub struct SessionTranscript {
    /// The session.
    pub session: SessionRowReport,
    /// Its log entries, in order.
    pub entries: Vec<EntryReport>,
}

/// A log entry.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(any(test, feature = "schema"), derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub struct EntryReport {
    /// Its number in the log.
    pub number: u64,
    /// When it was written, in milliseconds since the Unix epoch.
    pub at: u64,
    /// Whether it still counts.
    pub active: bool,
    /// What it says.
    #[serde(flatten)]
    pub content: EntryContent,
}

/// What a log entry says.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(any(test, feature = "schema"), derive(schemars::JsonSchema))]
#[serde(tag = "type", rename_all = "camelCase", rename_all_fields = "camelCase")]
#[non_exhaustive]
pub enum EntryContent {
    /// A message of the user.
    User {
        /// Its text.
        text: String,
    },
    /// A message of the model.
    Assistant {
        /// Its text.
        text: String,
        /// Its reasoning.
        reasoning: Option<String>,
        /// Its calls.
        calls: Vec<CallReport>,
    },
    /// A call was started.
    CallStarted {
        /// The call.
        id: String,
    },
    /// A call has its result.
    Result {
        /// The call.
        id: String,
        /// The result.
        text: String,
        /// Whether the tool failed.
        is_error: bool,
        /// The result in one line for a person.
        summary: Option<String>,
    },
    /// A summary replaced the beginning.
    Compaction {
        /// How many steps were kept.
        kept_steps: usize,
        /// The summary.
        summary: String,
        /// What was done, a line each.
        ledger: Vec<String>,
        /// What the user asked for last.
        current_request: Option<String>,
    },
    /// A turn ended.
    TurnEnd {
        /// How.
        outcome: String,
        /// The model.
        model: Option<String>,
        /// The input tokens of its model calls.
        input_tokens: u32,
        /// The output tokens of its model calls.
        output_tokens: u32,
        /// The cached input tokens of its model calls.
        cached_tokens: Option<u32>,
        /// The tokens of the conversation.
        total_tokens: Option<u32>,
        /// How long it took.
        duration_ms: u64,
    },
    /// The entry is damaged, or of a newer version.
    Unreadable,
}

/// A call of a message.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(any(test, feature = "schema"), derive(schemars::JsonSchema))]
#[serde(untagged)]
pub enum CallReport {
    /// As a tool takes it.
    Valid(ValidCall),
    /// As no tool takes it.
    Invalid(InvalidCall),
}

/// A call with its arguments.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(any(test, feature = "schema"), derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub struct ValidCall {
    /// The call.
    pub id: String,
    /// The tool.
    pub name: String,
    /// The arguments, an object.
    pub arguments: Value,
}

/// A call that could not be read.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(any(test, feature = "schema"), derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub struct InvalidCall {
    /// The call.
    pub id: String,
    /// The tool, as far as it was written.
    pub name: String,
    /// The arguments as they were written.
    pub raw_arguments: String,
    /// What is wrong with them.
    pub problem: String,
}

/// `sessions import`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(any(test, feature = "schema"), derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub struct ImportResult {
    /// The session's id.
    pub session_id: String,
    /// The session's key.
    pub key: String,
    /// Whether the key points to it.
    pub current: bool,
    /// Its agent.
    pub agent_id: String,
    /// What it begins with.
    pub title: Option<String>,
    /// The number of log entries.
    pub events: u64,
    /// The number of turns.
    pub turns: u64,
    /// The number of lines that could not be read.
    pub bad_lines: u64,
    /// The file that has them.
    pub bad_lines_path: Option<String>,
    /// Why they could not be read.
    pub problems: Vec<LineProblem>,
}

/// A line that could not be read.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(any(test, feature = "schema"), derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub struct LineProblem {
    /// Its number, from 1.
    pub line: u64,
    /// Why.
    pub reason: String,
}

/// `sessions delete`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(any(test, feature = "schema"), derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub struct DeleteResult {
    /// The ids of the deleted sessions.
    pub deleted: Vec<String>,
    /// The sessions that could not be deleted.
    pub failed: Vec<DeleteFailure>,
}

/// `sessions undo --files`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(any(test, feature = "schema"), derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub struct UndoResult {
    /// The id of the session.
    pub session_id: String,
    /// Whether the files are as before the turn; `false` also when there was nothing to undo.
    pub undone: bool,
    /// The files that have their content from before the turn again.
    pub restored: Vec<String>,
    /// The files that the turn had created, now removed.
    pub removed: Vec<String>,
    /// How many commands ran in the turn; what they changed stays.
    pub commands: usize,
    /// The files that keep the turn from being undone; nothing was changed then.
    pub conflicts: Vec<UndoConflictReport>,
}

/// A file that keeps a turn from being undone.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(any(test, feature = "schema"), derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub struct UndoConflictReport {
    /// The path as the model used it.
    pub path: String,
    /// Why, to follow the path.
    pub problem: String,
}

/// A session that could not be deleted.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(any(test, feature = "schema"), derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub struct DeleteFailure {
    /// Its id.
    pub session_id: String,
    /// Why.
    pub error: ErrorReport,
}
