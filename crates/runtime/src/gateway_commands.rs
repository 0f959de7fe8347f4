//! The commands that this machine runs as a node of a gateway: their settings, and the changes of
//! their policy that a gateway may make.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use openclaw_exec_policy::{ApprovalsDocument, ApprovalsFile, SecurityLevel, sha256_hex};
use openclaw_tools::ExecOptions;

use crate::agent_error::AgentSetupError;
use crate::command_policy::{
    ApprovalsReplacement, ApprovalsUpdateError, CommandPolicy, GatewayCommandJudge,
    policy_from_config,
};
use crate::runtime::Runtime;
use crate::tool_settings::exec_options;

/// The settings of the commands that a gateway asks this machine for.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct NodeCommandSettings {
    /// How they run, with their sandbox, and judged by `policy`.
    pub options: ExecOptions,
    /// Which may run.
    pub policy: CommandPolicy,
    /// The parts of the sandbox and whether each is enforced; empty without a sandbox.
    pub sandbox: Vec<String>,
}

impl Runtime {
    /// The folder in which commands of a gateway run unless they name another: the workspace.
    ///
    /// # Errors
    /// When the configured one does not exist.
    pub fn node_workspace(&self) -> Result<PathBuf, AgentSetupError> {
        self.resolve_workspace(None)
    }

    /// The settings of the commands that a gateway asks this machine for on behalf of an agent.
    ///
    /// # Errors
    /// When the sandbox is required and this machine cannot hold it.
    pub fn node_command_settings(
        &self,
        agent: &str,
        workspace: &Path,
    ) -> Result<NodeCommandSettings, AgentSetupError> {
        let sandbox = self.node_sandbox(agent, workspace)?;
        let policy = self.command_policy(agent).with_sandbox(&sandbox);
        let mut options = exec_options(&self.models, self.exec_config().timeout());
        options.judge = Some(Arc::new(GatewayCommandJudge { policy: policy.clone() }));
        let levels = sandbox.levels.iter().map(|(name, level)| format!("{name}: {level}"));
        let sandbox_levels = if sandbox.policy.is_some() { levels.collect() } else { Vec::new() };
        options.sandbox = sandbox.policy;
        Ok(NodeCommandSettings { options, policy, sandbox: sandbox_levels })
    }

    /// Replaces `exec-approvals.json` by a file that is as strict or stricter for each agent. With
    /// `base_hash`, only if the present file has this hash.
    ///
    /// # Errors
    /// When the new file is not valid or would let more run, the present one is another or can't be
    /// read, and when it can't be written. The file is then unchanged.
    pub fn tighten_approvals(
        &self,
        text: &str,
        base_hash: Option<&str>,
    ) -> Result<ApprovalsReplacement, ApprovalsUpdateError> {
        let newer = ApprovalsFile::from_bytes(text.as_bytes())
            .map_err(ApprovalsUpdateError::InvalidContent)?;
        let configs = |agent: &str| {
            let config = policy_from_config(self.config(), agent);
            let mut unset = config.clone();
            // Where the config restricts nothing, the sandbox alone holds commands.
            if !self.config().has_exec_security(agent) {
                unset.security = SecurityLevel::Full;
            }
            vec![config, unset]
        };
        self.command_policy(self.default_agent()).replace_file_with(text, |former| {
            // The hash is of the bytes as they are, not as this program would write them.
            let hash = former.as_ref().ok().and_then(Option::as_deref);
            let hash = hash.map(|text| sha256_hex(text.as_bytes()));
            let former = match former {
                Ok(text) => ApprovalsDocument::from_bytes(text.clone().map(String::into_bytes)),
                Err(error) => ApprovalsDocument::from_read_error(error),
            };
            if base_hash.is_some_and(|base| hash.as_deref().unwrap_or_default() != base) {
                return Err(ApprovalsUpdateError::ChangedMeanwhile);
            }
            let former = former.into_file().map_err(ApprovalsUpdateError::Unreadable)?;
            match newer.find_widening(&former, configs) {
                Some(widening) => Err(ApprovalsUpdateError::Wider(widening)),
                None => Ok(()),
            }
        })
    }
}
