//! `openclaw agent`: the result of a run.

use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::errors::ErrorReport;
use crate::parts::{AttemptReport, MessageOutcome, TokenCounts};

/// What a run came to, with or without a turn.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(any(test, feature = "schema"), derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub struct AgentResult {
    /// Whether there is no error.
    pub ok: bool,
    /// The exit code.
    pub exit_code: u8,
    /// The answer; empty without one.
    pub payloads: Vec<AnswerPayload>,
    /// What else is known of the run.
    pub meta: ResultMeta,
    /// Why it failed.
    pub error: Option<ErrorReport>,
}

/// A part of an answer.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(any(test, feature = "schema"), derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub struct AnswerPayload {
    /// The text.
    pub text: String,
    /// The address of a medium; there is none yet.
    pub media_url: Option<String>,
}

/// What is known of a run.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(any(test, feature = "schema"), derive(schemars::JsonSchema))]
#[serde(untagged)]
pub enum ResultMeta {
    /// A turn ended.
    Turn(Box<TurnMeta>),
    /// There was no turn.
    NoTurn(Box<NoTurnMeta>),
}

/// A run without a turn.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(any(test, feature = "schema"), derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub struct NoTurnMeta {
    /// `failed`, `cancelled`, `new_session` or `nothing_to_resume`.
    pub outcome: String,
    /// False.
    pub resumed: bool,
    /// The session, as far as it is known.
    pub agent_meta: SessionIds,
    /// How the session was found.
    pub session: Option<SessionReport>,
    /// Whether the run was stopped.
    pub aborted: bool,
    /// The models that did not answer.
    pub execution_trace: FailedAttempts,
}

/// The id and the key of a session; null without one.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(any(test, feature = "schema"), derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub struct SessionIds {
    /// The id.
    pub session_id: Option<String>,
    /// The key.
    pub session_key: Option<String>,
}

/// The models that did not answer.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(any(test, feature = "schema"), derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub struct FailedAttempts {
    /// In the order in which they were asked.
    pub attempts: Vec<AttemptReport>,
}

/// A run whose turn ended.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(any(test, feature = "schema"), derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub struct TurnMeta {
    /// `reply`, `silent`, `needs_input`, `failed`, `cancelled` or `timed_out`.
    pub outcome: String,
    /// Whether the turn was resumed.
    pub resumed: bool,
    /// How long the turn took.
    pub duration_ms: u64,
    /// The model and the counts of the turn.
    pub agent_meta: AgentMeta,
    /// How the session was found; null without a session.
    pub session: Option<SessionReport>,
    /// Whether the turn was stopped or timed out.
    pub aborted: bool,
    /// How long each part took.
    pub timings: TurnTimingReport,
    /// The system prompt's parts.
    pub system_prompt_report: SystemPromptReport,
    /// The directory that the tools worked in.
    pub workspace: String,
    /// The message of the user; null when a turn was resumed.
    pub final_prompt_text: Option<String>,
    /// The answer.
    pub final_assistant_visible_text: Option<String>,
    /// From the start of the turn to the first content.
    pub first_token_ms: Option<u64>,
    /// `stop`, `length`, or why there is no answer.
    pub stop_reason: String,
    /// Which models were asked.
    pub execution_trace: ExecutionTrace,
    /// The stop reason again.
    pub completion: CompletionReport,
}

/// The model and the counts of a turn.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(any(test, feature = "schema"), derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub struct AgentMeta {
    /// The session's id; null without a session.
    pub session_id: Option<String>,
    /// The session's key; null without a session.
    pub session_key: Option<String>,
    /// The provider's id.
    pub provider: String,
    /// The model's id.
    pub model: String,
    /// The context window, in tokens.
    pub context_window: u32,
    /// The source of the context window's size.
    pub context_window_source: String,
    /// The tokens of the conversation; null when nothing was counted.
    pub context_tokens: Option<u32>,
    /// The tokens of all model calls.
    pub usage: TurnUsage,
    /// The input tokens that the server was sent before.
    pub cacheable_tokens: u32,
    /// The tokens of the last model call.
    pub last_call_usage: Option<TokenCounts>,
    /// How often the conversation was shortened.
    pub compaction_count: u32,
    /// The number of model calls.
    pub model_calls: u32,
    /// The number of tool calls.
    pub tool_calls: u32,
}

/// The tokens of a turn, and what they cost.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(any(test, feature = "schema"), derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub struct TurnUsage {
    /// The tokens.
    #[serde(flatten)]
    pub tokens: TokenCounts,
    /// What they cost; absent when the config has no price of the model.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cost: Option<CostReport>,
}

/// What tokens cost, in US dollars by the prices of the config.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[cfg_attr(any(test, feature = "schema"), derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub struct CostReport {
    /// The prompts, without what was read from a cache.
    pub input: f64,
    /// The answers.
    pub output: f64,
    /// What was read from a cache.
    pub cache_read: f64,
    /// All together.
    pub total: f64,
}

/// A session that a run found.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(any(test, feature = "schema"), derive(schemars::JsonSchema))]
#[serde(untagged)]
pub enum SessionReport {
    /// It was opened.
    Opened(OpenedSession),
    /// It was named only.
    Named(SessionName),
}

impl SessionReport {
    /// Returns the session's id and key.
    #[must_use]
    pub fn session_name(&self) -> (&str, &str) {
        match self {
            Self::Opened(session) => (&session.session_id, &session.session_key),
            Self::Named(session) => (&session.session_id, &session.session_key),
        }
    }
}

/// A session's id and key.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(any(test, feature = "schema"), derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub struct SessionName {
    /// The id.
    pub session_id: String,
    /// The key.
    pub session_key: String,
}

/// A session as it was when it was opened.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(any(test, feature = "schema"), derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub struct OpenedSession {
    /// The id.
    pub session_id: String,
    /// The key.
    pub session_key: String,
    /// How many messages it had.
    pub messages_before: usize,
    /// Whether its last turn was interrupted.
    pub interrupted_turn: bool,
    /// The calls without a result.
    pub unfinished_calls: Vec<UnfinishedCall>,
    /// What was damaged.
    pub notes: Vec<String>,
    /// The copy that was made before the repair.
    pub backup: Option<String>,
}

/// A call that was interrupted.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(any(test, feature = "schema"), derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub struct UnfinishedCall {
    /// The call.
    pub id: String,
    /// The tool.
    pub name: String,
    /// The arguments, an object.
    pub arguments: Value,
    /// Whether it may have run.
    pub may_have_run: bool,
}

/// How long the parts of a turn took.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(any(test, feature = "schema"), derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub struct TurnTimingReport {
    /// Until the turn could begin.
    pub connect_ms: u64,
    /// The whole turn.
    pub total_ms: u64,
    /// From the start of the turn to the first content.
    pub first_token_ms: Option<u64>,
    /// Each model call, in order.
    pub model_calls: Vec<ModelCallTiming>,
    /// Each tool call, in order.
    pub tools: Vec<ToolCallTiming>,
}

/// A finished model call.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(any(test, feature = "schema"), derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub struct ModelCallTiming {
    /// The number of the call within the turn, from 1.
    pub number: u32,
    /// How its message ended.
    pub outcome: MessageOutcome,
    /// Its tokens; null when the server does not count.
    pub usage: Option<TokenCounts>,
    /// How long it took.
    pub duration_ms: u64,
    /// Until its first content.
    pub first_token_ms: Option<u64>,
}

/// A finished tool call.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(any(test, feature = "schema"), derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub struct ToolCallTiming {
    /// The call.
    pub id: String,
    /// The tool.
    pub name: String,
    /// Whether the tool failed.
    pub is_error: bool,
    /// How long it took.
    pub duration_ms: u64,
}

/// What the system prompt is made of.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(any(test, feature = "schema"), derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub struct SystemPromptReport {
    /// The profile's name.
    pub profile: String,
    /// The characters of all of it.
    pub chars: usize,
    /// Its sections.
    pub sections: Vec<SectionSize>,
    /// The names of the tools.
    pub tools: Vec<String>,
}

/// The size of a section of the system prompt.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(any(test, feature = "schema"), derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub struct SectionSize {
    /// The section.
    pub name: String,
    /// Its characters.
    pub chars: usize,
}

/// Which models were asked, and which answered.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(any(test, feature = "schema"), derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub struct ExecutionTrace {
    /// The provider of the model that answered.
    pub winner_provider: Option<String>,
    /// The model that answered.
    pub winner_model: Option<String>,
    /// Whether another model was asked first.
    pub fallback_used: bool,
    /// Each model, in order.
    pub attempts: Vec<ExecutionAttempt>,
    /// `embedded`.
    pub runner: String,
}

/// A model that was asked.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(any(test, feature = "schema"), derive(schemars::JsonSchema))]
#[serde(untagged)]
pub enum ExecutionAttempt {
    /// It did not answer.
    Failed(AttemptReport),
    /// It was the last.
    Last(LastAttempt),
}

/// The model that was asked last.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(any(test, feature = "schema"), derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub struct LastAttempt {
    /// The provider's id.
    pub provider: String,
    /// The model's id.
    pub model: String,
    /// `success` or `error`.
    pub result: String,
    /// `assistant`.
    pub stage: String,
}

/// Why a turn stopped.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(any(test, feature = "schema"), derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub struct CompletionReport {
    /// See [`TurnMeta::stop_reason`].
    pub stop_reason: String,
    /// The same.
    pub finish_reason: String,
}
