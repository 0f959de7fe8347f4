//! The events of a turn: one object each, distinguished by `type`.

mod names;

use serde::{Deserialize, Serialize};
use serde_json::Value;

pub use self::names::{
    CompactionKind, PromptChange, RecoveryStep, RefusalCode, RepeatedSection, RepromptCause,
};
use crate::parts::{AttemptReport, EffectReport, MessageOutcome, ServerState, TokenCounts};
use crate::results::agent::{AgentResult, SessionReport};

/// The version of the events; raised on incompatible changes.
pub const EVENTS_VERSION: u32 = 1;

/// An event of a turn. Durations are whole milliseconds.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(any(test, feature = "schema"), derive(schemars::JsonSchema))]
#[serde(tag = "type", rename_all = "snake_case", rename_all_fields = "camelCase")]
#[non_exhaustive]
pub enum WireEvent {
    /// A model is connected, and the turn begins. The first event.
    Start(Box<TurnStart>),
    /// A model did not answer, or is skipped.
    ModelSkipped {
        /// The model and why.
        #[serde(flatten)]
        attempt: AttemptReport,
        /// The model that is asked now, as `provider/model-id`; null when none is left.
        next: Option<String>,
    },
    /// A problem of the setup or the session that a person should know; the turn continues.
    Warning {
        /// The text, without a final full stop.
        message: String,
    },
    /// The model is asked.
    ModelCallStarted {
        /// The number of the call within the turn, from 1.
        number: u32,
    },
    /// The server accepted the request.
    Accepted,
    /// The server is alive.
    Heartbeat,
    /// The server has sent nothing for a while.
    Waiting {
        /// What the server seems to do.
        state: ServerState,
        /// How long the server has sent nothing.
        idle_ms: u64,
        /// How many other requests the server has; null when it does not say.
        other_requests: Option<u32>,
    },
    /// A delta of the reasoning.
    Reasoning {
        /// Text to append.
        text: String,
    },
    /// A delta of the message.
    Text {
        /// Text to append.
        text: String,
    },
    /// A part of a tool call that the model is writing.
    ToolCallDelta {
        /// The position of the call in the message, from 0.
        index: u32,
        /// The tool, in the first delta only.
        name: Option<String>,
        /// Text to append to the raw arguments.
        arguments: String,
    },
    /// The message starts over: its parts so far are discarded.
    MessageReset {
        /// The number of discarded characters of its text.
        discarded_text_chars: usize,
        /// The number of discarded characters of its reasoning.
        discarded_reasoning_chars: usize,
    },
    /// The message is complete.
    ModelCallFinished {
        /// The number of the call within the turn, from 1.
        number: u32,
        /// How the message ended.
        outcome: MessageOutcome,
        /// The tokens; null when the server does not count.
        usage: Option<TokenCounts>,
        /// From the request to the end of the message.
        duration_ms: u64,
        /// From the request to the first content; null without any.
        first_token_ms: Option<u64>,
    },
    /// A tool call was approved and runs.
    ToolStarted {
        /// The call.
        id: String,
        /// The tool.
        name: String,
        /// The arguments, an object.
        arguments: Value,
        /// What the call does.
        effect: EffectReport,
    },
    /// A chunk of the output of a running tool.
    ToolOutput {
        /// The call.
        id: String,
        /// Text to append.
        text: String,
    },
    /// A tool changed a file. Comes before the result of its call.
    FileChanged {
        /// The call.
        id: String,
        /// The path, relative to the workspace.
        path: String,
        /// The hunks of a unified diff; empty when the content is no text or too large.
        diff: String,
        /// How many lines the change adds.
        added_lines: usize,
        /// How many lines the change removes.
        removed_lines: usize,
        /// Whether the diff leaves out a part of the change.
        is_truncated: bool,
    },
    /// A call has its result.
    ToolFinished {
        /// The call.
        id: String,
        /// The tool.
        name: String,
        /// Whether the tool failed.
        is_error: bool,
        /// The result in one line for a person; null when the tool gives none.
        summary: Option<String>,
        /// How long it ran.
        duration_ms: u64,
    },
    /// A tool call is not run.
    ToolRefused {
        /// The call.
        id: String,
        /// The tool.
        name: String,
        /// Why.
        refusal: RefusalCode,
        /// Why, as the model reads it.
        reason: String,
        /// What the call would have done; absent when it could not be planned.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        effect: Option<EffectReport>,
    },
    /// The model gets only a part of a tool's output.
    ToolOutputTruncated {
        /// The call.
        id: String,
        /// The bytes of the complete result.
        total_bytes: usize,
        /// The bytes that are not shown.
        omitted_bytes: usize,
        /// Where the complete result is; null when it was not saved.
        saved_to: Option<String>,
    },
    /// A tool call is invalid.
    ToolCallInvalid {
        /// The tool, as far as it was written.
        name: String,
        /// What is wrong, for a person.
        problem: String,
        /// What is done about it.
        recovery: RecoveryStep,
    },
    /// A tool call was repaired.
    ToolCallRepaired {
        /// The position of the call in the message, from 0.
        index: u32,
        /// The dialect of a call written as text, then what was repaired.
        repairs: Vec<String>,
    },
    /// The same call had the same result again.
    ToolCallRepeated {
        /// The call.
        id: String,
        /// The tool.
        name: String,
        /// How often in a row.
        times: u32,
    },
    /// The message had neither text nor a call, and the model is asked once more.
    ModelReprompted {
        /// What was missing.
        reason: RepromptCause,
    },
    /// The model repeats itself and is stopped.
    Repetition {
        /// What repeats.
        part: RepeatedSection,
        /// An excerpt of it.
        sample: String,
    },
    /// The conversation no longer fits and is summarised.
    Compacting,
    /// The conversation fits again.
    Compacted {
        /// How it was shortened.
        method: CompactionKind,
        /// The tokens of the next request before.
        tokens_before: u32,
        /// The tokens of the next request now.
        tokens_after: u32,
        /// How long it took.
        duration_ms: u64,
    },
    /// A message that the user sent during the turn was given to the model.
    UserMessageInjected {
        /// The user's text.
        text: String,
    },
    /// A missing feature of the server was learned, and the request is sent in another form.
    RequestAdapted {
        /// What, for a person.
        message: String,
    },
    /// The server is lost; the turn waits for it.
    ServerDisconnected {
        /// Why, for a person.
        message: String,
        /// The longest wait.
        max_wait_ms: u64,
    },
    /// The server is busy or loads its model, and is asked again.
    Retrying {
        /// Why, for a person.
        message: String,
        /// The number of the next attempt.
        attempt: u32,
        /// The pause before it.
        delay_ms: u64,
        /// How long the server was waited for so far.
        elapsed_ms: u64,
        /// The longest wait in total.
        max_wait_ms: u64,
    },
    /// The server is back.
    ServerReconnected {
        /// How long it was away.
        downtime_ms: u64,
    },
    /// The server had less of the prompt in its prefix cache than it could have.
    PromptCacheMiss {
        /// The tokens that it had.
        cached_tokens: u32,
        /// The tokens that it could have had.
        cacheable_tokens: u32,
        /// What differs from the request before.
        change: PromptChange,
        /// The number of the message that differs, for `message`.
        message_number: Option<usize>,
    },
    /// The result of the run. Always the last event, exactly once.
    Result(Box<AgentResult>),
    /// An event of a newer version. Never written.
    #[serde(other, skip_serializing)]
    #[cfg_attr(any(test, feature = "schema"), schemars(skip))]
    Unknown,
}

/// Returns the JSON Schema of an event.
#[cfg(feature = "schema")]
#[must_use]
pub fn json_schema() -> Value {
    schemars::schema_for!(WireEvent).to_value()
}

/// The model that answers, and the session.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(any(test, feature = "schema"), derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub struct TurnStart {
    /// [`EVENTS_VERSION`].
    pub version: u32,
    /// The session's id; null without a session.
    pub session_id: Option<String>,
    /// The session's key; null without a session.
    pub session_key: Option<String>,
    /// How the session was found; null without a session.
    pub session: Option<SessionReport>,
    /// Whether the turn resumes an interrupted one.
    pub resumed: bool,
    /// The provider's id.
    pub provider: String,
    /// The model's id.
    pub model: String,
    /// The context window, in tokens.
    pub context_window: u32,
    /// The source of the context window's size.
    pub context_window_source: String,
    /// The directory that the tools work in.
    pub workspace: String,
    /// The names of the tools, in the order in which the model is offered them.
    pub tools: Vec<String>,
}

#[cfg(test)]
mod tests;
