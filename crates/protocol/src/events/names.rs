//! The values that some fields of events have.

use serde::{Deserialize, Serialize};

/// Why a call is not run.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(any(test, feature = "schema"), derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum RefusalCode {
    /// No tool of this name is offered.
    UnknownTool,
    /// The tool does not take these arguments.
    InvalidArguments,
    /// It was not approved.
    Denied,
    /// A person has to approve it, and none can be asked.
    NoApprover,
    /// The turn reached its limit of calls.
    CallLimit,
    /// The same call had the same result too often.
    Repeated,
    /// It waits for a person's decision, or comes after a call that does.
    NeedsInput,
    /// Another machine did not say in time what the call would do.
    NotPrepared,
    /// A reason that this version does not know.
    #[serde(other)]
    Other,
}

/// What is done about an invalid call.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(any(test, feature = "schema"), derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum RecoveryStep {
    /// The model is asked again.
    Retry,
    /// The server is asked to force a valid call.
    ForceToolChoice,
    /// The turn ends.
    Abort,
    /// A step that this version does not know.
    #[serde(other)]
    Other,
}

/// Why the model is asked once more.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(any(test, feature = "schema"), derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum RepromptCause {
    /// The message was empty.
    Empty,
    /// The model only reasoned.
    ReasoningOnly,
    /// A reason that this version does not know.
    #[serde(other)]
    Other,
}

/// The part of a message that repeats itself.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(any(test, feature = "schema"), derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum RepeatedSection {
    /// The answer.
    Answer,
    /// The reasoning.
    Reasoning,
    /// The arguments of a call.
    Call,
    /// A part that this version does not know.
    #[serde(other)]
    Other,
}

/// How a conversation was shortened.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(any(test, feature = "schema"), derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum CompactionKind {
    /// By one summary.
    Summary,
    /// By summaries of its parts.
    Parts,
    /// By leaving parts out, without a model.
    Trimming,
    /// In a way that this version does not know.
    #[serde(other)]
    Other,
}

/// What differs from the request before.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(any(test, feature = "schema"), derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum PromptChange {
    /// Nothing: the server let go of the rest.
    Nothing,
    /// The tools.
    Tools,
    /// A message.
    Message,
    /// Something that this version does not know.
    #[serde(other)]
    Other,
}
