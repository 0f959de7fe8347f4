//! The fence of a sub-agent: nothing that a session above it may not do.

use std::sync::Arc;

use openclaw_config::{CommandSandbox, Config, FileRoot, FileRootAccess, SessionVisibility};
use openclaw_store::{SessionKey, Store};

use crate::agent_error::{AgentSetupError, AgentSetupErrorKind};
use crate::conversation::ConversationError;
use crate::exec_overrides::ExecOverrides;
use crate::prompt::PromptProfile;
use crate::runtime::Runtime;
use crate::tool_settings::is_offered_by_config;

/// The most sessions above one.
const MAX_LAYERS: usize = 16;

/// The sessions above one, the nearest first.
#[derive(Debug, Clone, Default)]
pub(crate) struct Fence(Arc<[FenceLayer]>);

/// What one session above may do.
#[derive(Debug, Clone)]
pub(crate) struct FenceLayer {
    /// Its agent.
    pub(crate) agent: String,
    /// With the settings of the agent and what the session changes.
    pub(crate) runtime: Runtime,
}

impl Fence {
    pub(crate) fn new(layers: Vec<FenceLayer>) -> Self {
        Self(layers.into())
    }

    pub(crate) fn layers(&self) -> &[FenceLayer] {
        &self.0
    }

    /// How many sessions are above.
    pub(crate) fn depth(&self) -> u32 {
        u32::try_from(self.0.len()).unwrap_or(u32::MAX)
    }

    /// This fence within another one.
    pub(crate) fn within(&self, outer: &[FenceLayer]) -> Self {
        Self::new(self.0.iter().chain(outer).cloned().collect())
    }

    /// Whether each session above is offered a tool.
    pub(crate) fn allows_tool(&self, name: &str) -> bool {
        self.0.iter().all(|layer| {
            let config = &layer.runtime.models.loaded_config().config;
            is_offered_by_config(config, &layer.agent, PromptProfile::Default, name)
        })
    }

    /// Whether each session above may use a skill that `is_named` recognises by its names.
    pub(crate) fn allows_skill(&self, is_named: impl Fn(&String) -> bool) -> bool {
        self.0.iter().all(|layer| {
            let allowed = layer.runtime.config().allowed_skills(&layer.agent);
            allowed.is_none_or(|names| names.iter().any(&is_named))
        })
    }

    /// What an agent sees of other sessions: no more than each session above.
    pub(crate) fn visibility(&self, own: SessionVisibility) -> SessionVisibility {
        let above = self.0.iter().map(|it| it.runtime.config().session_visibility(&it.agent));
        above.fold(own, SessionVisibility::min)
    }

    /// The sandbox of commands: the stricter one of all.
    pub(crate) fn restrict_sandbox(&self, own: CommandSandbox) -> CommandSandbox {
        let above = self.0.iter().map(|it| it.runtime.config().command_sandbox(&it.agent));
        above.fold(own, CommandSandbox::stricter_of)
    }

    /// The folders besides the workspace: those that all have, with the least access.
    pub(crate) fn restrict_roots(&self, mut roots: Vec<FileRoot>) -> Vec<FileRoot> {
        for layer in self.0.iter() {
            let env = layer.runtime.models.env();
            // Roots that cannot be used are no roots.
            let above = layer.runtime.config().file_roots(&layer.agent, env).unwrap_or_default();
            roots.retain_mut(|root| {
                let same = above.iter().find(|other| other.path == root.path);
                if same.is_some_and(|same| same.access == FileRootAccess::ReadOnly) {
                    root.access = FileRootAccess::ReadOnly;
                }
                same.is_some()
            });
        }
        roots
    }

    /// The config with the stricter policy of commands of all.
    fn restrict_config(&self, config: &Config, agent: &str) -> Config {
        let mut config = config.clone();
        for FenceLayer { agent: above, runtime } in self.0.iter() {
            let outer = runtime.config();
            let security = outer.exec_security(above).min(config.exec_security(agent));
            let is_explicit = outer.has_exec_security(above);
            if security < config.exec_security(agent)
                || (is_explicit && !config.has_exec_security(agent))
            {
                config.tools.exec.security = Some(security);
            }
            let ask = outer.exec_ask_mode(above).max(config.exec_ask_mode(agent));
            if ask > config.exec_ask_mode(agent) {
                config.tools.exec.ask = Some(ask);
            }
        }
        config
    }
}

impl Runtime {
    /// The fence of a session; empty when no other session started it. Blocks the thread.
    ///
    /// # Errors
    /// When the store cannot be read, and when the agent of a session above is gone: what it could
    /// do is not known then.
    pub(crate) fn session_fence(
        &self,
        store: &Store,
        key: &SessionKey,
    ) -> Result<Fence, ConversationError> {
        let mut layers = Vec::new();
        let mut key = key.clone();
        while let Some(run) = store.child_run_with_key(&key)? {
            if layers.len() == MAX_LAYERS {
                let message = format!("open the sub-agent `{key}`: too many sessions are above it");
                return Err(AgentSetupError::new(AgentSetupErrorKind::Restriction, message).into());
            }
            let recorded = store.command_settings(&run.parent.parse()?)?;
            let overrides = ExecOverrides::from_recorded(recorded);
            let runtime = self.for_agent(&run.parent_agent)?;
            let runtime = runtime.with_overrides(&overrides, &run.parent_agent);
            layers.push(FenceLayer { agent: run.parent_agent, runtime });
            key = run.parent_key.parse()?;
        }
        Ok(Fence::new(layers))
    }

    /// This runtime of an agent, within a fence.
    pub(crate) fn with_fence(self, fence: Fence, agent: &str) -> Self {
        if fence.layers().is_empty() {
            return self;
        }
        let config = fence.restrict_config(self.config(), agent);
        Self { session_config: Some(Arc::new(config)), fence, ..self }
    }
}

#[cfg(test)]
mod tests;
