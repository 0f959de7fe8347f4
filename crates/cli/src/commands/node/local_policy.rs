//! The policy of this machine for the commands of a gateway: its config and its
//! `exec-approvals.json`.

use std::path::PathBuf;
use std::sync::{Mutex, MutexGuard, PoisonError};

use openclaw_config::{LoadedConfig, RunKind};
use openclaw_node::{ApprovalsChangeError, ApprovalsSnapshot, CommandSettings, NodePolicy};
use openclaw_runtime::{ApprovalsUpdateError, CommandPolicy, Runtime};
use serde_json::{Value, json};

use crate::commands::exec_policy::redact_token;
use crate::config_source::{ConfigSource, ConfigSourceError};

/// Decides by the config and the approvals file of this machine. Both are read again for each
/// command, so that a change counts at once.
#[derive(Debug)]
pub(super) struct LocalNodePolicy {
    source: ConfigSource,
    current: Mutex<CurrentConfig>,
    workspace: PathBuf,
}

/// The config that decides.
#[derive(Debug)]
struct CurrentConfig {
    runtime: Runtime,
    /// Another number for each config.
    number: u64,
}

impl LocalNodePolicy {
    /// Decides by the config of `runtime` until another one is read from `source`.
    pub(super) fn new(runtime: Runtime, source: ConfigSource, workspace: PathBuf) -> Self {
        let current = Mutex::new(CurrentConfig { runtime, number: 1 });
        Self { source, current, workspace }
    }

    fn policy(&self, agent: &str) -> CommandPolicy {
        let runtime = self.runtime();
        let policy = runtime.command_policy(agent);
        match runtime.node_sandbox(agent, &self.workspace) {
            Ok(sandbox) => policy.with_sandbox(&sandbox),
            Err(_) => policy,
        }
    }

    fn runtime(&self) -> Runtime {
        self.lock_current().runtime.clone()
    }

    fn lock_current(&self) -> MutexGuard<'_, CurrentConfig> {
        self.current.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Reads the config. What cannot be used is never replaced by what was read before.
    fn load_config(&self, former: &LoadedConfig) -> Result<LoadedConfig, String> {
        let loaded = self.source.load_present().map_err(|error| match error {
            ConfigSourceError::Override(text) => format!("use `--set {text}`"),
            ConfigSourceError::Load(error) => {
                let cause = std::error::Error::source(&error);
                cause.map_or_else(|| error.to_string(), |cause| format!("{error}: {cause}"))
            }
        })?;
        if former.exists && !loaded.exists {
            let path = self.source.paths.config_file().display();
            return Err(format!(
                "find the config file {path}, which was there before; without it a restart of the \
                 node is needed"
            ));
        }
        match loaded.start_blockers(RunKind::DefaultAgent).first() {
            Some(blocker) => {
                let mut blocker = (*blocker).clone();
                blocker.help = None;
                Err(format!("use the config: {blocker}"))
            }
            None => Ok(loaded),
        }
    }
}

impl NodePolicy for LocalNodePolicy {
    fn reload_settings(&self) -> Result<u64, String> {
        let mut current = self.lock_current();
        let former = current.runtime.models().loaded_config();
        let loaded = self.load_config(former).map_err(|problem| {
            format!("{problem}; this node runs no command until that is mended")
        })?;
        if !loaded.has_same_sources(former) {
            let models = self.source.create_models(loaded);
            let number = current.number.wrapping_add(1);
            *current = CurrentConfig { runtime: Runtime::new(models), number };
        }
        Ok(current.number)
    }

    fn command_settings(&self, agent: &str) -> Result<CommandSettings, String> {
        let settings = self.runtime().node_command_settings(agent, &self.workspace);
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
        let runtime = self.runtime();
        let policy = runtime.command_policy(runtime.default_agent());
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
        self.reload_settings()
            .map_err(|problem| ApprovalsChangeError::Refused(format!("failed to {problem}")))?;
        match self.runtime().tighten_approvals(text, base_hash) {
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
