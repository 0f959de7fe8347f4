//! Questions about calls: the event `exec.approval.requested` and the method
//! `exec.approval.resolve`.

use serde::{Deserialize, Serialize};

/// A call that waits for a decision.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(any(test, feature = "schema"), derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub struct CallQuestion {
    /// Names the question.
    pub id: String,
    /// What is decided about.
    pub request: QuestionedCall,
    /// When it was asked, in milliseconds since the Unix epoch.
    pub created_at_ms: u64,
    /// When the call is refused without a decision, in milliseconds since the Unix epoch.
    pub expires_at_ms: u64,
}

/// A call of a run.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(any(test, feature = "schema"), derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase", default)]
pub struct QuestionedCall {
    /// `gateway` or `node`.
    pub host: String,
    /// The node that a command runs on.
    pub node: Option<String>,
    /// The whole command, or what the call does.
    pub command: String,
    /// The directory of a command.
    pub cwd: Option<String>,
    /// The tool.
    pub tool: String,
    /// `command` or `call`.
    pub kind: String,
    /// Why a person is asked, to follow "because".
    pub reason: String,
    /// The whole call for a person, as lines in which each of the call's own is marked.
    pub display: String,
    /// Whether exactly this may be allowed from now on.
    pub can_allow_always: bool,
    /// The programs that may be allowed in the workspace, under the sandbox.
    pub sandboxed_programs: Vec<String>,
    /// Whether a client must not decide by a general permission such as `--yes`.
    pub is_final: bool,
    /// The run.
    pub run_id: String,
    /// Its session.
    pub session_key: String,
}

/// What a client decides.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(any(test, feature = "schema"), derive(schemars::JsonSchema))]
#[serde(rename_all = "kebab-case")]
#[non_exhaustive]
pub enum CallDecision {
    /// It runs once.
    AllowOnce,
    /// It runs, and from now on without a question.
    AllowAlways,
    /// It does not run.
    Deny,
}

/// What [`CallDecision::AllowAlways`] allows.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(any(test, feature = "schema"), derive(schemars::JsonSchema))]
#[serde(rename_all = "kebab-case")]
#[non_exhaustive]
pub enum CallGrantScope {
    /// Exactly this command.
    #[default]
    Command,
    /// Its programs in this workspace, under the sandbox; for a time only.
    SandboxedPrograms,
}

/// The parameters of `exec.approval.resolve`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(any(test, feature = "schema"), derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub struct ResolveCallParams {
    /// The question.
    pub id: String,
    /// The decision.
    pub decision: CallDecision,
    /// Why not, for the model.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
    /// Of `allow-always`: what is allowed.
    #[serde(default)]
    pub grant_scope: CallGrantScope,
    /// Of `allow-always`: for how long; for good without it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub grant_expires_in_ms: Option<u64>,
}
