//! Which tools an agent is offered, and the settings of its commands.

use std::time::Duration;

use openclaw_config::defaults::EXEC_OUTPUT_BYTES;
use openclaw_models::ModelRegistry;
use openclaw_process::base_environment;
use openclaw_tools::{BackgroundOptions, CommandRuns, ExecOptions};

use crate::prompt::PromptProfile;
use crate::runtime::Runtime;

/// The time limit given to tools that require one when none is configured: a hundred years.
const UNLIMITED: Duration = Duration::from_hours(100 * 365 * 24);

/// The tools that are not offered in lean mode.
const HEAVY_TOOLS: [&str; 6] = ["browser", "cron", "list", "message", "process", "search"];

/// The tools that are not offered when `sandbox.workspaceAccess` is `ro`.
const WRITING_TOOLS: [&str; 3] = ["apply_patch", "edit", "write"];

impl Runtime {
    /// Where the background commands of one conversation run.
    pub(crate) fn new_command_runs(&self) -> CommandRuns {
        CommandRuns::new(self.exec_config().cleanup_after())
    }

    /// How commands run in the background, for an agent that can control them.
    pub(crate) fn background_options(&self, runs: CommandRuns) -> BackgroundOptions {
        BackgroundOptions { runs, yield_after: self.exec_config().background_after() }
    }
}

/// Whether an agent is offered a tool.
pub(crate) fn is_offered(
    models: &ModelRegistry,
    agent: &str,
    profile: PromptProfile,
    name: &str,
) -> bool {
    let is_heavy = profile == PromptProfile::Lean && HEAVY_TOOLS.contains(&name);
    let config = &models.loaded_config().config;
    let is_forbidden = WRITING_TOOLS.contains(&name) && !config.allows_workspace_writes(agent);
    !is_heavy && !is_forbidden && config.offers_tool(agent, name)
}

/// The settings of an agent's commands, without a judge and a background.
pub(crate) fn exec_options(models: &ModelRegistry, time_limit: Option<Duration>) -> ExecOptions {
    let variables =
        models.env().iter_pairs().map(|(name, value)| (name.to_owned(), value.to_owned()));
    ExecOptions {
        time_limit: time_limit.unwrap_or(UNLIMITED),
        max_output_bytes: EXEC_OUTPUT_BYTES,
        environment: base_environment(variables),
        supervisor: models.supervisor().clone(),
        judge: None,
        sandbox: None,
        background: None,
    }
}
