//! The workspace of an agent and the folders besides it: opened for the tools, and told to the
//! model.

use std::fmt::Write as _;
use std::path::{Path, PathBuf};

use openclaw_config::FileRootAccess;
use openclaw_models::ModelRegistry;
use openclaw_tools::{NamedRoot, Workspace};

use crate::agent_error::{AgentSetupError, AgentSetupErrorKind};
use crate::runtime::Runtime;

impl Runtime {
    /// Opens the workspace of an agent with the folders of `tools.fs.roots` that it may use.
    ///
    /// # Errors
    /// When the workspace cannot be opened, or a folder is not configured as it must be.
    pub(crate) fn open_agent_workspace(
        &self,
        path: &Path,
        agent: &str,
    ) -> Result<Workspace, AgentSetupError> {
        let models = &self.models;
        let workspace = open_workspace(path)?.with_private_paths(private_paths(models));
        let config = &models.loaded_config().config;
        let roots = config.file_roots(agent, models.env()).map_err(|error| {
            AgentSetupError::new(AgentSetupErrorKind::Workspace, "use tools.fs.roots")
                .with_source(error)
        })?;
        let roots = self.fence.restrict_roots(roots).into_iter().map(|root| NamedRoot {
            is_writable: root.access == FileRootAccess::ReadWrite,
            name: root.name,
            path: root.path,
        });
        Ok(workspace.with_named_roots(roots))
    }
}

/// The folders that cannot be opened, as warnings.
pub(crate) fn unavailable_root_warnings(workspace: &Workspace) -> Vec<String> {
    let unavailable = workspace.unavailable_roots().map(|(root, problem)| {
        format!(
            "the folder `{}:/` of `tools.fs.roots` cannot be opened: {}: {problem}",
            root.name,
            root.path.display()
        )
    });
    unavailable.collect()
}

/// What the system prompt says about the folders; empty when there are none.
pub(crate) fn describe_file_roots(workspace: &Workspace) -> String {
    let mut text = String::new();
    for root in workspace.available_roots() {
        if text.is_empty() {
            text.push_str(
                "The file tools also work in these folders, whose paths begin with their name:",
            );
        }
        let NamedRoot { name, path, is_writable } = root;
        let mode = if *is_writable { "" } else { ", read-only" };
        // Writing to a string cannot fail.
        let _ = write!(text, "\n- `{name}:/` is {}{mode}", path.display());
    }
    text
}

/// The files of the program itself, which no tool touches: its state and its config.
pub(crate) fn private_paths(models: &ModelRegistry) -> Vec<PathBuf> {
    let paths = models.app_paths();
    let own = [paths.state_dir(), paths.config_file()].map(Path::to_owned);
    let loaded = models.loaded_config().path.clone();
    own.into_iter().chain(paths.system_config()).chain(loaded).collect()
}

pub(crate) fn open_workspace(path: &Path) -> Result<Workspace, AgentSetupError> {
    Workspace::open(path).map_err(|error| {
        let message = format!("open the workspace {}", path.display());
        AgentSetupError::new(AgentSetupErrorKind::Workspace, message)
            .with_source(error)
            .with_hint("It must be a directory that exists; name another with `--workspace DIR`.")
    })
}
