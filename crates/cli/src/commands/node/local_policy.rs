//! The policy of this machine for the commands of a gateway: its config and its
//! `exec-approvals.json`.

use std::path::PathBuf;

use openclaw_node::{ApprovalsChangeError, ApprovalsSnapshot, CommandSettings, NodePolicy};
use openclaw_runtime::{ApprovalsUpdateError, CommandPolicy, Runtime};
use serde_json::{Value, json};

use crate::commands::exec_policy::redact_token;

/// Decides by the config and the approvals file of this machine.
#[derive(Debug)]
pub(super) struct LocalNodePolicy {
    runtime: Runtime,
    workspace: PathBuf,
}

impl LocalNodePolicy {
    pub(super) fn new(runtime: Runtime, workspace: PathBuf) -> Self {
        Self { runtime, workspace }
    }

    fn policy(&self, agent: &str) -> CommandPolicy {
        let policy = self.runtime.command_policy(agent);
        match self.runtime.node_sandbox(agent, &self.workspace) {
            Ok(sandbox) => policy.with_sandbox(&sandbox),
            Err(_) => policy,
        }
    }
}

impl NodePolicy for LocalNodePolicy {
    fn command_settings(&self, agent: &str) -> Result<CommandSettings, String> {
        let settings = self.runtime.node_command_settings(agent, &self.workspace);
        let settings = settings.map_err(|error| error.to_string())?;
        Ok(CommandSettings { options: settings.options, sandbox: settings.sandbox })
    }

    fn describe_policy(&self, agent: &str) -> Value {
        let policy = self.policy(agent);
        let summary = policy.summarize_policy();
        let values = summary.sandboxed.unwrap_or(summary.effective);
        json!({
            "security": values.security,
            "ask": values.ask,
            "askFallback": values.ask_fallback,
            "isSandboxed": summary.sandboxed.is_some(),
            "config": { "security": summary.config.security, "ask": summary.config.ask },
            "approvalsPath": policy.approvals_path().display().to_string(),
            "problem": summary.problem,
        })
    }

    fn read_approvals(&self) -> ApprovalsSnapshot {
        let policy = self.runtime.command_policy(self.runtime.default_agent());
        let content = policy.approvals_content();
        let file = content.as_ref().and_then(|it| serde_json::from_str(&it.text).ok());
        ApprovalsSnapshot {
            path: policy.approvals_path().display().to_string(),
            file: file.map(redact_token),
            hash: content.map(|content| content.hash),
        }
    }

    fn tighten_approvals(
        &self,
        text: &str,
        base_hash: Option<&str>,
    ) -> Result<(), ApprovalsChangeError> {
        match self.runtime.tighten_approvals(text, base_hash) {
            Ok(_) => Ok(()),
            Err(error) => {
                let cause = std::error::Error::source(&error);
                let cause = cause.map_or_else(String::new, |cause| format!(": {cause}"));
                let told = format!("failed to {error}{cause}");
                Err(match error {
                    ApprovalsUpdateError::Wider(_) | ApprovalsUpdateError::Unreadable(_) => {
                        ApprovalsChangeError::Wider(told)
                    }
                    _ => ApprovalsChangeError::Refused(told),
                })
            }
        }
    }
}
