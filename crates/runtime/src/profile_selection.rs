//! Selects how much an agent sends to its model.
//!
//! Nobody sets a mode for the first model of a few thousand tokens that they try: the prompt of the
//! default profile would fill its window. Without a mode, such an agent gets the lean profile.

use openclaw_config::LocalModelMode;
use openclaw_core::{ChatModel, ChatRequest, History, ModelInfo};
use openclaw_models::{ModelConnection, ModelRegistry};

use crate::agent::{AgentRun, AgentSpec};
use crate::agent_error::AgentError;
use crate::prompt::PromptProfile;
use crate::runtime::Runtime;

/// The largest context window, in tokens, at which `localModelMode: "auto"` selects the lean
/// profile.
const LEAN_MAX_WINDOW: u32 = 32_768;

/// The largest context window, in tokens, that the default profile may not fit into. Its tools and
/// its guidance have about 3,000.
const SMALL_WINDOW: u32 = 8_192;

/// The part of a small window that the first request leaves to the conversation.
const ROOM_DIVISOR: u32 = 4;

impl Runtime {
    /// Builds an agent around its connected model.
    pub(crate) async fn build_agent(
        &self,
        connected: ModelConnection,
        around: AgentSpec<'_>,
    ) -> Result<AgentRun, AgentError> {
        let info = connected.model.model_info();
        // A session whose node is gone can still be opened: its commands are denied one by one.
        if info.capabilities.tools && !self.is_node_of_session() {
            self.check_node_host(around.agent).await?;
        }
        let mode = configured_mode(&self.models, &info);
        let profile = select_profile(mode.unwrap_or_default(), &info);
        let window = info.limits.context_window;
        if mode.is_some() || window > SMALL_WINDOW || !info.capabilities.tools {
            return self.build_with_profile(connected, around, profile);
        }
        let run = self.build_with_profile(connected.clone(), around.clone(), profile)?;
        let Some(tokens) = count_first_request(&run).await else { return Ok(run) };
        if tokens.saturating_add(window / ROOM_DIVISOR) <= window {
            return Ok(run);
        }
        let mut lean = self.build_with_profile(connected, around, PromptProfile::Lean)?;
        lean.default_profile_tokens = Some(tokens);
        Ok(lean)
    }
}

/// The mode that the config sets for a model, which overrides that of the agent; `None` if it sets
/// none.
fn configured_mode(models: &ModelRegistry, info: &ModelInfo) -> Option<LocalModelMode> {
    let defaults = &models.loaded_config().config.agents.defaults;
    let entry = defaults.models.get(&info.reference.to_string());
    let own = entry.and_then(|entry| entry.local_model_mode);
    own.or_else(|| defaults.has_local_model_mode().then(|| defaults.local_model_mode()))
}

fn select_profile(mode: LocalModelMode, info: &ModelInfo) -> PromptProfile {
    match mode {
        LocalModelMode::Lean => PromptProfile::Lean,
        LocalModelMode::Auto if info.limits.context_window <= LEAN_MAX_WINDOW => {
            PromptProfile::Lean
        }
        LocalModelMode::Auto | LocalModelMode::Default => PromptProfile::Default,
    }
}

/// Counts the tokens of an agent's first request, without the question. `None` when the server
/// fails to.
async fn count_first_request(run: &AgentRun) -> Option<u32> {
    let mut history = History::new();
    history.push_user_message("hi");
    let mut request = ChatRequest::new(history);
    request.suffix = run.agent.render_suffix().map(Into::into);
    request.system_prompt = Some(run.prompt.full_text().into());
    request.tools = run.agent.tool_specs().to_vec().into();
    Some(run.model.count_tokens(&request).await.ok()?.token_count())
}
