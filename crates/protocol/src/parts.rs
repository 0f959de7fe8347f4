//! The types that events and results share.

use std::time::Duration;

use openclaw_core::{
    AnswerOutcome, FileChange, FileProtection, ModelAttempt, ServerActivity, TokenUsage, ToolEffect,
};
use serde::{Deserialize, Serialize};

/// Returns a duration in whole milliseconds.
#[must_use]
pub fn whole_millis(duration: Duration) -> u64 {
    u64::try_from(duration.as_millis()).unwrap_or(u64::MAX)
}

/// The tokens of one model call, or of all calls of a turn, as the server counted them.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(any(test, feature = "schema"), derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub struct TokenCounts {
    /// The tokens of the request, the cached ones included.
    pub input: u32,
    /// The tokens that the model wrote.
    pub output: u32,
    /// Both together.
    pub total: u32,
    /// The input tokens from the server's prefix cache; null when the server does not say.
    pub cache_read: Option<u32>,
}

impl From<TokenUsage> for TokenCounts {
    fn from(usage: TokenUsage) -> Self {
        Self {
            input: usage.input_tokens,
            output: usage.output_tokens,
            total: usage.input_tokens.saturating_add(usage.output_tokens),
            cache_read: usage.cached_tokens,
        }
    }
}

/// How one message of the model ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(any(test, feature = "schema"), derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum MessageOutcome {
    /// With an answer.
    Reply,
    /// With calls of tools.
    ToolCalls,
    /// The output limit cut it off.
    Truncated,
    /// It only reasoned.
    ReasoningOnly,
    /// The output limit cut off its reasoning.
    ReasoningTruncated,
    /// It is empty.
    Empty,
    /// The server withheld it.
    Refused,
    /// In a way that this version does not know.
    #[serde(other)]
    Other,
}

impl From<AnswerOutcome> for MessageOutcome {
    fn from(outcome: AnswerOutcome) -> Self {
        match outcome {
            AnswerOutcome::Reply => Self::Reply,
            AnswerOutcome::ToolCalls => Self::ToolCalls,
            AnswerOutcome::Truncated => Self::Truncated,
            AnswerOutcome::ReasoningOnly => Self::ReasoningOnly,
            AnswerOutcome::ReasoningTruncated => Self::ReasoningTruncated,
            AnswerOutcome::Empty => Self::Empty,
            AnswerOutcome::Refused => Self::Refused,
            _ => Self::Other,
        }
    }
}

/// What a silent server seems to do.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(any(test, feature = "schema"), derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum ServerState {
    /// The request is in the server's queue.
    Queued,
    /// The server reads the prompt.
    Prefilling,
    /// The server generates tokens.
    Generating,
    /// The server is idle although it owes an answer.
    Stalled,
    /// The server does not say.
    #[serde(other)]
    Unknown,
}

impl From<ServerActivity> for ServerState {
    fn from(activity: ServerActivity) -> Self {
        match activity {
            ServerActivity::Queued => Self::Queued,
            ServerActivity::Prefilling => Self::Prefilling,
            ServerActivity::Generating => Self::Generating,
            ServerActivity::Stalled => Self::Stalled,
            _ => Self::Unknown,
        }
    }
}

/// What a tool call does.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(any(test, feature = "schema"), derive(schemars::JsonSchema))]
#[serde(tag = "kind", rename_all = "snake_case")]
#[non_exhaustive]
pub enum EffectReport {
    /// Reads a file.
    Read {
        /// The file, relative to the workspace.
        path: String,
    },
    /// Writes a file.
    Write {
        /// The file, relative to the workspace.
        path: String,
        /// Why a person decides; absent for a file that the agent may always write.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        protection: Option<ProtectionReason>,
        /// What a person is asked to allow; absent for a file that the agent may always write.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        change: Option<Box<FileChangeReport>>,
    },
    /// Runs a command.
    Exec {
        /// The command line.
        command: String,
        /// The directory, relative to the workspace; on a node the one there.
        directory: String,
        /// The node that it runs on; absent for the machine of the agent.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        node: Option<String>,
    },
    /// Looks something up.
    Inspect {
        /// What it looks at.
        subject: String,
    },
    /// Fetches a document.
    Fetch {
        /// Its address.
        url: String,
    },
    /// Does anything else.
    Other {
        /// What it does, as a verb and its object.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        description: Option<String>,
    },
}

/// What a call would change in a file.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(any(test, feature = "schema"), derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub struct FileChangeReport {
    /// The hunks of a unified diff; empty when the content is no text or too large.
    pub diff: String,
    /// How many lines the change adds.
    pub added_lines: usize,
    /// How many lines the change removes.
    pub removed_lines: usize,
    /// Whether the diff leaves out a part of the change.
    pub is_truncated: bool,
}

impl From<&FileChange> for FileChangeReport {
    fn from(change: &FileChange) -> Self {
        Self {
            diff: change.diff.clone(),
            added_lines: change.added_lines,
            removed_lines: change.removed_lines,
            is_truncated: change.is_truncated,
        }
    }
}

impl From<&ToolEffect> for EffectReport {
    fn from(effect: &ToolEffect) -> Self {
        match effect {
            ToolEffect::Read { path } => Self::Read { path: path.clone() },
            ToolEffect::Write { path, protection, change } => Self::Write {
                path: path.clone(),
                protection: protection.map(ProtectionReason::from),
                change: change.as_deref().map(|change| Box::new(change.into())),
            },
            ToolEffect::Exec { command, directory, node, .. } => Self::Exec {
                command: command.clone(),
                directory: directory.clone(),
                node: node.clone(),
            },
            ToolEffect::Inspect { subject } => Self::Inspect { subject: subject.clone() },
            ToolEffect::Fetch { url } => Self::Fetch { url: url.clone() },
            ToolEffect::OwnCommand { description } | ToolEffect::Other { description } => {
                Self::Other { description: Some(description.clone()) }
            }
            _ => Self::Other { description: None },
        }
    }
}

/// Why a person decides whether a file is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(any(test, feature = "schema"), derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum ProtectionReason {
    /// Git runs it or takes commands from it.
    GitData,
    /// This program keeps its settings of the project there.
    ProjectSettings,
    /// A shell or a login runs it.
    ShellStartup,
    /// It decides about logins and keys.
    LoginKeys,
    /// An editor runs what it names.
    EditorSettings,
    /// A build server runs it.
    BuildPipeline,
    /// It instructs the agent in later conversations.
    AgentInstructions,
    /// A build tool, an interpreter or a debugger runs what it names when it starts.
    BuildSettings,
    /// Another reason.
    #[serde(other)]
    Unknown,
}

impl From<FileProtection> for ProtectionReason {
    fn from(protection: FileProtection) -> Self {
        match protection {
            FileProtection::GitData => Self::GitData,
            FileProtection::ProjectSettings => Self::ProjectSettings,
            FileProtection::ShellStartup => Self::ShellStartup,
            FileProtection::LoginKeys => Self::LoginKeys,
            FileProtection::EditorSettings => Self::EditorSettings,
            FileProtection::BuildPipeline => Self::BuildPipeline,
            FileProtection::AgentInstructions => Self::AgentInstructions,
            FileProtection::BuildSettings => Self::BuildSettings,
            _ => Self::Unknown,
        }
    }
}

/// A model that did not answer, or was skipped because it had failed before.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(any(test, feature = "schema"), derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub struct AttemptReport {
    /// The provider's id.
    pub provider: String,
    /// The model's id.
    pub model: String,
    /// The kind of the error; `on_cooldown` for a model in its cooldown.
    pub result: String,
    /// The error with its root cause, as a fragment that fits "failed to {…}".
    pub error: String,
    /// What a person could do about it.
    pub hints: Vec<String>,
    /// The rest of its cooldown; null for a model that was asked.
    pub cooldown_seconds: Option<u64>,
    /// When it was asked, since the models were connected.
    pub started_ms: u64,
    /// How long it took until it failed.
    pub duration_ms: u64,
}

impl From<&ModelAttempt> for AttemptReport {
    fn from(attempt: &ModelAttempt) -> Self {
        Self {
            provider: attempt.reference.provider_id().to_owned(),
            model: attempt.reference.model_id().to_owned(),
            result: attempt.kind.to_string(),
            error: attempt.problem.clone(),
            hints: attempt.hints.clone(),
            cooldown_seconds: attempt.cooldown.map(|cooldown| cooldown.as_secs()),
            started_ms: whole_millis(attempt.after),
            duration_ms: whole_millis(attempt.duration),
        }
    }
}
