//! `openclaw approvals` and `openclaw exec-policy`.

use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::gateway::NodeDecision;

/// `openclaw exec-policy show`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(any(test, feature = "schema"), derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub struct ExecPolicyReport {
    /// The config file.
    pub config_path: String,
    /// The approvals file.
    pub approvals_path: String,
    /// Whether the approvals file exists.
    pub approvals_exists: bool,
    /// The policy that results from both.
    pub effective_policy: EffectivePolicy,
    /// The presets that `exec-policy preset` sets.
    pub presets: Vec<PresetReport>,
}

/// `openclaw approvals get`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(any(test, feature = "schema"), derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub struct ApprovalsReport {
    /// The approvals file.
    pub path: String,
    /// Whether it exists.
    pub exists: bool,
    /// The SHA-256 of its content, in hexadecimal.
    pub hash: Option<String>,
    /// Its content, without the secret of its socket.
    pub file: Option<Value>,
    /// The policy that results from the config and the file.
    pub effective_policy: EffectivePolicy,
}

/// The policy of commands, and where it comes from.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(any(test, feature = "schema"), derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub struct EffectivePolicy {
    /// Why the approvals file can't be read, so that every command is denied.
    pub note: Option<String>,
    /// The policy of the agent that was asked for: without a sandbox, and in it where this machine
    /// has one.
    pub scopes: Vec<PolicyScope>,
}

/// The policy of one agent.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(any(test, feature = "schema"), derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub struct PolicyScope {
    /// `agent:ID`, or `agent:ID:sandbox` for commands in the sandbox.
    pub scope_label: String,
    /// `deny`, `allowlist` or `full`.
    pub security: PolicySetting,
    /// `off`, `on-miss` or `always`.
    pub ask: PolicySetting,
    /// `deny`, `allowlist` or `full`.
    pub ask_fallback: PolicySetting,
}

/// A setting of the policy.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(any(test, feature = "schema"), derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub struct PolicySetting {
    /// The value of the config, where it has the setting.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub requested: Option<String>,
    /// The value that holds with the approvals file.
    pub effective: String,
}

/// What becomes of a command on a node: `openclaw exec-policy explain` and `openclaw sandbox explain`
/// where `tools.exec.host` is `"node"`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(any(test, feature = "schema"), derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub struct NodeCommandExplanation {
    /// `allow`, `ask` or `deny`; `unknown` when the node decides and did not say how.
    pub decision: String,
    /// Why, at least one reason.
    pub reasons: Vec<String>,
    /// The security level of this machine's policy.
    pub security: String,
    /// The ask mode of this machine's policy.
    pub ask: String,
    /// What this machine's policy makes of each decision of the node.
    pub outcomes: NodeOutcomes,
    /// What the node said; `None` when it did not answer, or this machine's policy decides alone.
    pub node: Option<NodeAnswer>,
    /// Why the node did not answer; `None` when it did, or this machine's policy decides alone.
    pub problem: Option<String>,
}

/// What a policy makes of each decision of a node: `allow`, `ask` or `deny`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(any(test, feature = "schema"), derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub struct NodeOutcomes {
    /// When the node allows the command.
    pub node_allows: String,
    /// When the node asks about it.
    pub node_asks: String,
    /// When the node denies it.
    pub node_denies: String,
}

/// What a node said about a command. Nothing was run.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(any(test, feature = "schema"), derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub struct NodeAnswer {
    /// The node's id.
    pub node_id: String,
    /// Its display name, else its id.
    pub name: String,
    /// What its own policy says.
    pub decision: NodeDecision,
    /// Why; `None` for a command that it simply allows.
    pub reason: Option<String>,
    /// The directory on the node.
    pub directory: Option<String>,
    /// The hash of the plan, which an approval is bound to.
    pub plan_hash: Option<String>,
    /// The parts of its sandbox and whether each is enforced; empty without a sandbox.
    pub sandbox: Vec<String>,
}

/// A preset of `openclaw exec-policy preset`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(any(test, feature = "schema"), derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub struct PresetReport {
    /// Its name.
    pub name: String,
    /// What it means, as a sentence.
    pub description: String,
    /// Its value of `tools.exec.security`.
    pub security: String,
    /// Its value of `tools.exec.ask`.
    pub ask: String,
}

/// `openclaw approvals list`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(any(test, feature = "schema"), derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub struct AllowlistReport {
    /// The agent.
    pub agent: String,
    /// The patterns that its commands may match.
    pub allowlist: Vec<String>,
    /// What a person allowed its commands for more than one run.
    #[serde(default)]
    pub grants: Vec<GrantReport>,
}

/// A permission.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(any(test, feature = "schema"), derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub struct GrantReport {
    /// The path of the program; for a whole command those of all its programs.
    pub program: String,
    /// The workspace in which it may run under the sandbox; absent for exactly one whole command.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub workspace: Option<String>,
    /// When it ends, in milliseconds since 1970; absent for no end.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub expires_at_ms: Option<i64>,
}

/// `openclaw approvals allowlist add` and `remove`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(any(test, feature = "schema"), derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub struct AllowlistChangeReport {
    /// The approvals file.
    pub path: String,
    /// The agent.
    pub agent: String,
    /// The pattern, or the id of an entry.
    pub pattern: String,
    /// How many entries were added or removed.
    pub changed: usize,
}

/// `openclaw approvals set`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(any(test, feature = "schema"), derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub struct ApprovalsReplaceReport {
    /// The approvals file.
    pub path: String,
    /// The SHA-256 of its new content, in hexadecimal.
    pub hash: String,
    /// The file with the old content; `None` when there was none.
    pub backup: Option<String>,
}
