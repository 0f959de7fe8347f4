//! The commands of a node: find programs, prepare a command, and run it.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

/// The parameters of the command `system.which`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(any(test, feature = "schema"), derive(schemars::JsonSchema))]
pub struct SystemWhichParams {
    /// Names of programs.
    pub bins: Vec<String>,
}

/// The result of the command `system.which`.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(any(test, feature = "schema"), derive(schemars::JsonSchema))]
pub struct SystemWhichResult {
    /// The path of each that was found.
    pub bins: BTreeMap<String, String>,
}

/// The parameters of the command `system.run.prepare`: what is to run, without running it.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[cfg_attr(any(test, feature = "schema"), derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub struct SystemRunPrepareParams {
    /// Program and arguments. `["sh", "-lc", TEXT]` is the shell command TEXT.
    pub command: Vec<String>,
    /// The text of the command, as a person reads it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub raw_command: Option<String>,
    /// Where it runs on the node; `None` is the node's own folder.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cwd: Option<String>,
    /// The changes of its environment.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub env: Option<BTreeMap<String, String>>,
    /// The agent that asks.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub agent_id: Option<String>,
    /// Its session.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub session_key: Option<String>,
}

/// The result of the command `system.run.prepare`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(any(test, feature = "schema"), derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub struct SystemRunPrepareResult {
    /// What would run.
    pub plan: SystemRunPlan,
    /// What the node's own policy says.
    #[serde(default)]
    pub decision: NodeDecision,
    /// What the policy says, in words.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
    /// The node's settings: `security`, `ask` and where they come from.
    #[serde(default, skip_serializing_if = "Value::is_null")]
    pub exec_policy: Value,
    /// The parts of a sandbox and whether each is enforced; empty when the command would run
    /// without one.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub sandbox: Vec<String>,
}

/// What a node would run. The hash covers everything that decides about what happens.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[cfg_attr(any(test, feature = "schema"), derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase", default)]
pub struct SystemRunPlan {
    /// Program and arguments, with the program's resolved path.
    pub argv: Vec<String>,
    /// The directory on the node.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub cwd: Option<String>,
    /// The whole command as a person reads it, without control characters.
    pub command_text: String,
    /// The agent that asked.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub agent_id: Option<String>,
    /// Its session.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub session_key: Option<String>,
    /// The SHA-256 of the plan in hexadecimal; nodes of the original name none.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub plan_hash: Option<String>,
    /// What else the node put into the plan. It gets the plan back whole.
    #[serde(flatten)]
    pub other: Map<String, Value>,
}

/// What a node's own policy says about a command.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(any(test, feature = "schema"), derive(schemars::JsonSchema))]
#[serde(rename_all = "lowercase")]
pub enum NodeDecision {
    /// It may run.
    Allow,
    /// It may run after a person approved it.
    #[default]
    Ask,
    /// It does not run, whatever anybody approves.
    Deny,
}

/// The parameters of the command `system.run`.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[cfg_attr(any(test, feature = "schema"), derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase", default)]
pub struct SystemRunParams {
    /// Program and arguments.
    pub command: Vec<String>,
    /// The text of the command, as a person reads it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub raw_command: Option<String>,
    /// The plan that was prepared and shown.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub system_run_plan: Option<SystemRunPlan>,
    /// Where it runs on the node; `None` is the node's own folder.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub cwd: Option<String>,
    /// The changes of its environment.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub env: Option<BTreeMap<String, String>>,
    /// How long it may run, in milliseconds.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub timeout_ms: Option<u64>,
    /// The agent that asks.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub agent_id: Option<String>,
    /// Its session.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub session_key: Option<String>,
    /// The id of the approval.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub run_id: Option<String>,
    /// Whether a person at the gateway approved exactly this plan.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub approved: Option<bool>,
    /// What the person answered, e.g. `allow-once`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub approval_decision: Option<String>,
}

/// The result of the command `system.run`.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(any(test, feature = "schema"), derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase", default)]
pub struct SystemRunResult {
    /// The exit code; `None` when a signal ended it.
    pub exit_code: Option<i32>,
    /// Whether its time limit ended it.
    pub timed_out: bool,
    /// Whether it ended with 0.
    pub success: bool,
    /// Its output, the middle left out when it is long.
    pub stdout: String,
    /// Its error output, the middle left out when it is long.
    pub stderr: String,
    /// Why it could not run or what ended it.
    pub error: Option<String>,
    /// Whether a part of the output was left out.
    pub truncated: bool,
}
