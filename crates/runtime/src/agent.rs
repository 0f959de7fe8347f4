//! Builds an agent around a connected model.

use std::fmt;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use openclaw_agent_loop::{
    Agent, AgentParts, CompactionLimits, RepetitionLimit, TimeLimit, TurnLimits,
};
use openclaw_config::defaults::{
    MAIN_AGENT, MODEL_CALLS, PARALLEL_TOOLS, TOOL_CALLS, TOOL_OUTPUT_BYTES,
};
use openclaw_config::{CompactionMode, KeyedTimeLimit, LoadedConfig, RunKind};
use openclaw_core::{Approver, ChatModel, Journal, Tool, ToolSpec};
use openclaw_models::{ConnectReport, FallbackChain, ModelConnection, ModelRegistry};
use openclaw_store::RequestPrefix;
use openclaw_tools::{ChangeJournal, CommandRuns, Workspace, WorkspaceOutputStore};

use crate::agent_error::{AgentError, AgentSetupError, AgentSetupErrorKind};
use crate::agent_workspace::unavailable_root_warnings;
use crate::background_model::BackgroundModel;
use crate::prompt::{
    PromptProfile, SystemPrompt, context_files::ContextFileLimits, date_time, skills,
};
use crate::runtime::Runtime;
use crate::subagents::{Fence, SessionDesk};
use crate::tool_settings::{AgentTools, ToolSetup};

/// The notice when the prompt recorded for the session differs from a freshly built one.
const PROMPT_CHANGED_NOTICE: &str = "\
    the context files or skills changed since this session began; the session keeps its system \
    prompt, which the server may have cached, and a new session (`/new`) gets the new one";

/// Options of an agent that are not in the config.
pub struct AgentOptions {
    /// The agent, by its id; `None` is the default agent.
    pub agent: Option<String>,
    /// The model, by reference or alias; `None` uses the configured one.
    pub model: Option<String>,
    /// The workspace; `None` uses the configured one, which is created if missing.
    pub workspace: Option<PathBuf>,
    /// The time limit of the turn and where it was set; `None` uses the configured one.
    pub time_limit: Option<TimeLimit>,
    /// Decides whether a tool call may run.
    pub approver: Arc<dyn Approver>,
    /// Where the turn is recorded.
    pub journal: Arc<dyn Journal>,
}

/// An agent that is ready to run turns.
#[derive(Debug)]
pub struct AgentRun {
    /// The agent.
    pub agent: Agent,
    /// The model that answers; a fallback may replace it.
    pub model: Arc<dyn ChatModel>,
    /// The same model as a chain; each new turn starts with its primary model again.
    chain: FallbackChain,
    /// What happened while the model was connected and the agent was built.
    pub report: ConnectReport,
    /// The commands that the agent runs in the background.
    pub command_runs: CommandRuns,
    /// The directory that the tools work in.
    pub workspace: PathBuf,
    /// How detailed the system prompt is.
    pub profile: PromptProfile,
    /// The tokens of the first request in the default profile, where the window is too small for
    /// it and the profile is lean for that reason.
    pub default_profile_tokens: Option<u32>,
    /// The system prompt.
    pub prompt: SystemPrompt,
    /// What its tools change; `None` when that cannot be undone.
    pub(crate) changes: Option<Arc<ChangeJournal>>,
}

/// Everything an agent is built from, besides its model.
#[derive(Clone)]
pub(crate) struct AgentSpec<'a> {
    pub(crate) agent: &'a str,
    pub(crate) workspace: &'a Path,
    pub(crate) time_limit: Option<TimeLimit>,
    pub(crate) approver: Arc<dyn Approver>,
    pub(crate) journal: Arc<dyn Journal>,
    /// The system prompt and tools that earlier requests of the session began with.
    pub(crate) prefix: Option<&'a RequestPrefix>,
    /// Where the changes of tools are recorded; `None` when they cannot be undone.
    pub(crate) changes: Option<Arc<ChangeJournal>>,
    /// The commands that run in the background.
    pub(crate) command_runs: CommandRuns,
    /// The key of the session, if there is one.
    pub(crate) session_key: Option<&'a str>,
    /// What the tools over sessions know of the session, if there is one.
    pub(crate) desk: Option<SessionDesk>,
}

impl AgentRun {
    /// Returns the connected model, to build another agent with.
    pub(crate) fn model_connection(&self) -> ModelConnection {
        ModelConnection { model: self.chain.clone(), report: ConnectReport::default() }
    }

    /// Marks the next request as the start of a turn.
    pub(crate) fn begin_turn(&self) {
        self.chain.begin_turn();
    }
}

impl fmt::Debug for AgentOptions {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("AgentOptions")
            .field("agent", &self.agent)
            .field("model", &self.model)
            .field("workspace", &self.workspace)
            .field("time_limit", &self.time_limit)
            .field("approver", &self.approver)
            .finish_non_exhaustive()
    }
}

impl Runtime {
    /// Builds an agent.
    ///
    /// # Errors
    /// When the workspace cannot be used, and when no model can be connected.
    pub async fn create_agent(&self, options: AgentOptions) -> Result<AgentRun, AgentError> {
        let AgentOptions { agent, model, workspace, time_limit: time, approver, journal } = options;
        let agent = agent.as_deref().unwrap_or(self.default_agent());
        let this = self.for_agent(agent)?;
        let workspace = this.resolve_workspace(workspace)?;
        let connected = this.models.connect_model(model.as_deref()).await?;
        let workspace = workspace.as_path();
        this.build_agent(
            connected,
            AgentSpec {
                agent,
                workspace,
                time_limit: time,
                approver,
                journal,
                prefix: None,
                changes: None,
                command_runs: this.new_command_runs(),
                session_key: None,
                desk: None,
            },
        )
        .await
    }

    /// Returns the workspace to use. Creates it if it is missing in the state folder.
    pub(crate) fn resolve_workspace(
        &self,
        asked: Option<PathBuf>,
    ) -> Result<PathBuf, AgentSetupError> {
        workspace_path(&self.models, asked)
    }

    /// Builds an agent around its connected model, with a prompt of this profile.
    pub(crate) fn build_with_profile(
        &self,
        connected: ModelConnection,
        around: AgentSpec<'_>,
        profile: PromptProfile,
    ) -> Result<AgentRun, AgentError> {
        let ModelConnection { model: chain, mut report } = connected;
        let mut model: Arc<dyn ChatModel> = Arc::new(chain.clone());
        if self.is_background {
            model = Arc::new(BackgroundModel { model });
        }
        let AgentSpec {
            agent,
            workspace: path,
            time_limit: time,
            approver,
            journal,
            prefix,
            changes,
            command_runs,
            session_key,
            desk,
        } = around;
        let models = &self.models;
        let workspace = self.open_agent_workspace(path, agent)?;
        report.warnings.extend(unavailable_root_warnings(&workspace));
        let workspace = match &changes {
            Some(changes) => workspace.with_change_journal(Arc::clone(changes)),
            None => workspace,
        };
        let info = model.model_info();
        let exec_time = models.loaded_config().config.tools.exec.timeout();
        let skills = self.offered_skills(&info, profile, agent, path);
        let tools = if info.capabilities.tools {
            let setup = ToolSetup { agent, path, profile, skills: &skills, session_key };
            let AgentTools { mut tools, warnings } =
                self.build_tools(&workspace, setup, command_runs.clone())?;
            report.warnings.extend(warnings);
            tools.extend(desk.into_iter().flat_map(|desk| desk.tools(profile, &info)));
            tools
        } else {
            Vec::new()
        };
        let skills = skills::render_section(skills.ready(), profile, self.config().skills.limits);
        let (fresh, warnings) = self.build_prompt(&workspace, profile, !tools.is_empty(), skills);
        report.warnings.extend(warnings);
        let fresh = fresh.with_agent_name(self.config().agent_name(agent));
        let prompt = prefix
            .filter(|prefix| matches_prefix(prefix, &tools))
            .and_then(|prefix| fresh.with_recorded_text(prefix.system_prompt.as_deref()?));
        if prompt.as_ref().is_some_and(|prompt| *prompt != fresh) {
            report.warnings.push(PROMPT_CHANGED_NOTICE.to_owned());
        }
        let prompt = prompt.unwrap_or(fresh);
        let parts = AgentParts {
            model: Arc::clone(&model),
            tools,
            system_prompt: Some(prompt.full_text().into()),
            approver,
            journal,
            output_store: Some(Arc::new(WorkspaceOutputStore::new(workspace))),
            no_reply_marker: None,
            request_suffix: Some(date_time::time_suffix(self.clock.clone())),
            limits: self.turn_limits(time, exec_time),
        };
        let agent = Agent::new(parts).map_err(|error| {
            AgentSetupError::new(AgentSetupErrorKind::Tools, "put the tools together")
                .with_source(error)
        })?;
        let workspace = path.to_owned();
        Ok(AgentRun {
            agent,
            model,
            chain,
            report,
            command_runs,
            workspace,
            profile,
            default_profile_tokens: None,
            prompt,
            changes,
        })
    }

    /// The limits of a turn. Without `turn_timeout` the configured one counts.
    fn turn_limits(
        &self,
        turn_timeout: Option<TimeLimit>,
        tool_timeout: Option<Duration>,
    ) -> TurnLimits {
        TurnLimits {
            turn_timeout: turn_timeout.or_else(|| default_time(&self.models)),
            max_model_calls: MODEL_CALLS,
            max_tool_calls: TOOL_CALLS,
            tool_timeout,
            max_parallel_tools: PARALLEL_TOOLS,
            max_tool_output_bytes: TOOL_OUTPUT_BYTES,
            max_output_tokens: None,
            repetition: self.repetition_limit(),
            compaction: Some(compaction_limits(&self.models)),
        }
    }

    /// Returns how much of an answer may repeat itself; `None`: any amount.
    #[must_use]
    pub fn repetition_limit(&self) -> Option<RepetitionLimit> {
        let llm = &self.models.loaded_config().config.agents.defaults.llm;
        RepetitionLimit::from_lines(llm.repeated_lines())
    }

    /// Checks that an agent with this id exists.
    ///
    /// # Errors
    /// When the config has no such agent.
    pub fn check_agent(&self, id: &str) -> Result<(), AgentSetupError> {
        self.for_agent(id).map(|_| ())
    }

    /// Returns a runtime whose config has this agent's settings applied.
    pub(crate) fn for_agent(&self, id: &str) -> Result<Self, AgentSetupError> {
        let models = &self.models;
        let config = &models.loaded_config().config;
        let ids = config.agent_ids();
        if !ids.contains(&id) {
            let message = format!("find the agent `{id}`");
            return Err(AgentSetupError::new(AgentSetupErrorKind::UnknownAgent, message)
                .with_hint(format!(
                    "Configure it under `agents.list`, or use one that there is: {}.",
                    ids.iter().map(|id| format!("`{id}`")).collect::<Vec<_>>().join(", ")
                )));
        }
        check_restrictions(models.loaded_config(), id)?;
        if id == MAIN_AGENT && !config.has_agent_entry(id) {
            return Ok(Self { session_config: None, fence: Fence::default(), ..self.clone() });
        }
        let models = self.models.clone().with_agent(id);
        Ok(Self { models, session_config: None, fence: Fence::default(), ..self.clone() })
    }

    /// Builds the system prompt, and returns it with what the user should know about its files.
    fn build_prompt(
        &self,
        workspace: &Workspace,
        profile: PromptProfile,
        tools: bool,
        skills: String,
    ) -> (SystemPrompt, Vec<String>) {
        let defaults = &self.config().agents.defaults;
        let mut prompt = if tools {
            let path = workspace.path().display().to_string();
            SystemPrompt::with_tools(profile, &path).with_file_roots(workspace)
        } else {
            SystemPrompt::without_tools()
        };
        let mut caps = ContextFileLimits::for_profile(profile);
        let of = |set: Option<u32>| set.and_then(|set| usize::try_from(set).ok());
        caps.per_file_chars = of(defaults.bootstrap_max_chars).unwrap_or(caps.per_file_chars);
        caps.total_chars = of(defaults.bootstrap_total_max_chars).unwrap_or(caps.total_chars);
        let warnings = prompt.add_workspace_sections(workspace, caps, skills);
        (prompt, warnings)
    }
}

/// Checks that every restriction that the config puts on the agent holds.
fn check_restrictions(loaded: &LoadedConfig, id: &str) -> Result<(), AgentSetupError> {
    let blockers = loaded.start_blockers(RunKind::Agent { id: Some(id) });
    if blockers.is_empty() {
        return Ok(());
    }
    let message = format!("start the agent `{id}`: a restriction in the config would not hold");
    let error = AgentSetupError::new(AgentSetupErrorKind::Restriction, message);
    Err(blockers.into_iter().fold(error, |error, found| error.with_hint(found.to_string())))
}

/// Whether the recorded prefix has exactly these tools.
fn matches_prefix(prefix: &RequestPrefix, tools: &[Arc<dyn Tool>]) -> bool {
    let mut specs: Vec<&ToolSpec> = tools.iter().map(|tool| tool.spec()).collect();
    specs.sort_by(|a, b| a.name.cmp(&b.name));
    specs.into_iter().eq(prefix.tools.iter())
}

fn default_time(models: &ModelRegistry) -> Option<TimeLimit> {
    configured_timeout(models, &models.loaded_config().config.run_time_limit())
}

fn configured_timeout(models: &ModelRegistry, limit: &KeyedTimeLimit) -> Option<TimeLimit> {
    let duration = limit.duration?;
    Some(TimeLimit { duration, source: models.time_limit_source(limit).into() })
}

fn compaction_limits(models: &ModelRegistry) -> CompactionLimits {
    let config = &models.loaded_config().config;
    CompactionLimits {
        summarise_in_parts: config.agents.defaults.compaction.mode() == CompactionMode::Safeguard,
        timeout: configured_timeout(models, &config.summary_time_limit()),
    }
}

/// Returns the requested workspace, or the configured one. Only a workspace in the state folder is
/// created: elsewhere a folder that is missing is more likely a mistake than a wish.
fn workspace_path(
    models: &ModelRegistry,
    asked: Option<PathBuf>,
) -> Result<PathBuf, AgentSetupError> {
    if let Some(path) = asked {
        return Ok(path);
    }
    let config = &models.loaded_config().config;
    let path = config.resolve_workspace(models.app_paths(), models.env()).map_err(|error| {
        AgentSetupError::new(AgentSetupErrorKind::Workspace, "use agents.defaults.workspace")
            .with_source(error)
    })?;
    let path = std::path::absolute(&path).unwrap_or(path);
    let is_configured = config.agents.defaults.workspace.is_some();
    let state_dir = std::path::absolute(models.app_paths().state_dir()).ok();
    let is_in_state_dir = path.parent() == state_dir.as_deref();
    if is_configured && !is_in_state_dir && !path.exists() {
        let message = format!("open the workspace {}: there is no such folder", path.display());
        return Err(AgentSetupError::new(AgentSetupErrorKind::Workspace, message).with_hint(format!(
            "`mkdir -p '{}'` makes it; `openclaw config explain agents.defaults.workspace` says \
             where it is set, and `--workspace DIR` names another.",
            path.display()
        )));
    }
    std::fs::create_dir_all(&path).map_err(|error| {
        let message = format!("create the workspace {}", path.display());
        AgentSetupError::new(AgentSetupErrorKind::Workspace, message)
            .with_source(error)
            .with_hint("Set `agents.defaults.workspace`, or name one with `--workspace DIR`.")
    })?;
    Ok(path)
}
