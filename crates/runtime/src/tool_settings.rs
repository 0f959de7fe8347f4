//! The tools that an agent is offered, and the settings of its commands.

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use openclaw_config::Config;
use openclaw_config::defaults::EXEC_OUTPUT_BYTES;
use openclaw_core::{ModelInfo, Tool};
use openclaw_models::ModelRegistry;
use openclaw_process::base_environment;
use openclaw_tools::{
    BackgroundOptions, CommandRuns, ExecOptions, JobTool, SkillTool, Workspace, core_tools,
};

use crate::agent_error::AgentSetupError;
use crate::prompt::PromptProfile;
use crate::runtime::Runtime;
use crate::skills::{AgentSkills, unusable_skills_warning};

/// The file in the state folder with the commits that commands have made.
const COMMIT_RECORD_FILE_NAME: &str = "command-commits";

/// The time limit given to tools that require one when none is configured: a hundred years.
const UNLIMITED: Duration = Duration::from_hours(100 * 365 * 24);

/// The tool that loads skills.
pub(crate) const SKILL_TOOL: &str = "skill";

/// The tool that schedules jobs.
const JOB_TOOL: &str = "cron";

/// The tools that are not offered in lean mode.
const HEAVY_TOOLS: [&str; 17] = [
    "agents_list",
    "browser",
    "cron",
    "list",
    "memory_get",
    "memory_search",
    "message",
    "nodes",
    "process",
    "search",
    "session_status",
    "sessions_history",
    "sessions_list",
    "sessions_search",
    "sessions_send",
    "sessions_spawn",
    "subagents",
];

/// The tools that are not offered when `sandbox.workspaceAccess` is `ro`.
const WRITING_TOOLS: [&str; 3] = ["apply_patch", "edit", "write"];

/// The tools that an agent is offered.
#[derive(Debug)]
pub(crate) struct AgentTools {
    pub(crate) tools: Vec<Arc<dyn Tool>>,
    /// What the user should know about them.
    pub(crate) warnings: Vec<String>,
}

/// What the tools of an agent depend on.
#[derive(Debug, Clone, Copy)]
pub(crate) struct ToolSetup<'a> {
    pub(crate) agent: &'a str,
    /// The workspace.
    pub(crate) path: &'a Path,
    pub(crate) profile: PromptProfile,
    pub(crate) skills: &'a AgentSkills,
    /// The key of the session, if there is one.
    pub(crate) session_key: Option<&'a str>,
}

impl Runtime {
    /// The skills of an agent that may load them.
    pub(crate) fn offered_skills(
        &self,
        info: &ModelInfo,
        profile: PromptProfile,
        agent: &str,
        workspace: &Path,
    ) -> AgentSkills {
        if info.capabilities.tools && self.offers_tool(agent, profile, SKILL_TOOL) {
            self.agent_skills(agent, workspace)
        } else {
            AgentSkills::default()
        }
    }

    /// The tools that the agent is offered, and warnings about them.
    pub(crate) fn build_tools(
        &self,
        workspace: &Workspace,
        setup: ToolSetup<'_>,
        command_runs: CommandRuns,
    ) -> Result<AgentTools, AgentSetupError> {
        let ToolSetup { agent, path, profile, skills, session_key } = setup;
        let models = &self.models;
        let exec_time = models.loaded_config().config.tools.exec.timeout();
        let sandbox = self.agent_sandbox_with_skills(agent, path, skills)?;
        let (variables, mut warnings) = self.skill_variables(skills);
        warnings.extend(unusable_skills_warning(skills));
        let judge = self.command_policy(agent).with_sandbox(&sandbox);
        if self.offers_tool(agent, profile, "exec") {
            let wide = judge.wide_patterns();
            warnings.extend(wide.iter().map(|wide| judge.describe_wide_pattern(wide)));
        }
        let mut exec = exec_options(models, exec_time);
        exec.judge = Some(Arc::new(self.fenced_judge(agent, Some(&sandbox))));
        exec.sandbox = sandbox.policy;
        exec.node = self.node_options(agent, session_key);
        // A command on a node ends with its call.
        exec.background = (exec.node.is_none() && self.offers_tool(agent, profile, "process"))
            .then(|| self.background_options(command_runs));
        exec.environment.extend(variables);
        let mut tools = core_tools(workspace.clone(), exec);
        tools.retain(|tool| self.offers_tool(agent, profile, tool.spec().name.as_str()));
        let skills: Vec<_> = skills.ready().cloned().collect();
        if !skills.is_empty() {
            tools.push(Arc::new(SkillTool::new(skills)));
        }
        tools.extend(self.nodes_tool(agent, profile));
        tools.extend(self.job_tool(agent, session_key, profile));
        tools.extend(self.memory_tools(agent, workspace, profile)?);
        Ok(AgentTools { tools, warnings })
    }

    /// The tool over the jobs of the session, where a gateway keeps them.
    fn job_tool(
        &self,
        agent: &str,
        session_key: Option<&str>,
        profile: PromptProfile,
    ) -> Option<Arc<dyn Tool>> {
        // A job outlives the sub-agent that made it, and would run without its fence.
        if self.fence.depth() > 0 {
            return None;
        }
        let (keeper, session_key) = (self.jobs.as_ref()?, session_key?);
        let is_wanted = self.offers_tool(agent, profile, JOB_TOOL);
        is_wanted.then(|| Arc::new(JobTool::new(Arc::clone(keeper), agent, session_key)) as _)
    }

    /// Where the background commands of one conversation run.
    pub(crate) fn new_command_runs(&self) -> CommandRuns {
        CommandRuns::new(self.exec_config().cleanup_after())
    }

    /// How commands run in the background, for an agent that can control them.
    pub(crate) fn background_options(&self, runs: CommandRuns) -> BackgroundOptions {
        BackgroundOptions { runs, yield_after: self.exec_config().background_after() }
    }
}

/// Whether the config offers a tool to an agent.
pub(crate) fn is_offered_by_config(
    config: &Config,
    agent: &str,
    profile: PromptProfile,
    name: &str,
) -> bool {
    let is_heavy = profile == PromptProfile::Lean && HEAVY_TOOLS.contains(&name);
    let is_forbidden = WRITING_TOOLS.contains(&name) && !config.allows_workspace_writes(agent);
    // A skill is a file to read, so who names the tools of an agent need not name this one too.
    if name == SKILL_TOOL {
        return config.offers_tool(agent, "read") && !config.denies_tool(agent, name);
    }
    !is_heavy && !is_forbidden && config.offers_tool(agent, name)
}

/// The settings of an agent's commands, without a judge and a background.
pub(crate) fn exec_options(models: &ModelRegistry, time_limit: Option<Duration>) -> ExecOptions {
    let variables =
        models.env().iter_pairs().map(|(name, value)| (name.to_owned(), value.to_owned()));
    let (time_limit, supervisor) = (time_limit.unwrap_or(UNLIMITED), models.supervisor().clone());
    let mut options = ExecOptions::new(time_limit, EXEC_OUTPUT_BYTES, supervisor);
    options.environment = base_environment(variables);
    options.commit_record = Some(models.app_paths().state_dir().join(COMMIT_RECORD_FILE_NAME));
    options
}
