//! The entry point: the models of a config, and the clock of their prompts.

use std::sync::Arc;
use std::time::SystemTime;

use openclaw_config::{Config, ExecConfig};
use openclaw_models::ModelRegistry;
use openclaw_tools::{JobKeeper, NodeInvoker};

use crate::memory::OpenMemories;
use crate::prompt::date_time::PromptClock;
use crate::subagents::{Fence, SubagentObserver, SubagentRegistry};

/// Creates the agents and conversations that a config describes. Clones share the models' caches
/// and breakers.
#[derive(Debug, Clone)]
pub struct Runtime {
    pub(crate) models: ModelRegistry,
    pub(crate) clock: PromptClock,
    /// What reaches the nodes of a gateway; `None` without one.
    pub(crate) nodes: Option<Arc<dyn NodeInvoker>>,
    /// What keeps the jobs of sessions; `None` without a gateway.
    pub(crate) jobs: Option<Arc<dyn JobKeeper>>,
    /// Whether nobody waits for its turns.
    pub(crate) is_background: bool,
    /// The config with what the session changes; `None` when it changes nothing.
    pub(crate) session_config: Option<Arc<Config>>,
    /// The indices of notes that are open.
    pub(crate) memories: OpenMemories,
    /// The sub-agents of this program.
    pub(crate) subagents: SubagentRegistry,
    /// What the sessions above may do; empty for a session that no other one started.
    pub(crate) fence: Fence,
}

impl Runtime {
    /// Creates a runtime. Contacts no server.
    #[must_use]
    pub fn new(models: ModelRegistry) -> Self {
        Self {
            models,
            clock: PromptClock::default(),
            nodes: None,
            jobs: None,
            is_background: false,
            session_config: None,
            memories: OpenMemories::default(),
            subagents: SubagentRegistry::default(),
            fence: Fence::default(),
        }
    }

    /// Uses another clock for the time in prompts.
    #[must_use]
    pub fn with_clock(mut self, now: impl Fn() -> SystemTime + Send + Sync + 'static) -> Self {
        self.clock = PromptClock(Arc::new(now));
        self
    }

    /// Runs commands on the nodes that `nodes` reaches, where the config or a session says so.
    #[must_use]
    pub fn with_nodes(mut self, nodes: Arc<dyn NodeInvoker>) -> Self {
        self.nodes = Some(nodes);
        self
    }

    /// Tells `observer` the ends of sub-agents. The first one stays.
    #[must_use]
    pub fn with_subagent_observer(self, observer: Arc<dyn SubagentObserver>) -> Self {
        self.subagents.set_observer(observer);
        self
    }

    /// Shares the sub-agents that run here with another runtime, of another config.
    #[must_use]
    pub fn with_subagents_of(mut self, other: &Self) -> Self {
        self.subagents = other.subagents.clone();
        self
    }

    /// Lets agents schedule jobs of their sessions, which `jobs` keeps.
    #[must_use]
    pub fn with_jobs(mut self, jobs: Arc<dyn JobKeeper>) -> Self {
        self.jobs = Some(jobs);
        self
    }

    /// Lets the requests of others go first: nobody waits for the turns of this runtime.
    #[must_use]
    pub fn in_background(mut self) -> Self {
        self.is_background = true;
        self
    }

    /// The models of the config.
    #[must_use]
    pub fn models(&self) -> &ModelRegistry {
        &self.models
    }

    /// The id of the agent that answers when none is named.
    #[must_use]
    pub fn default_agent(&self) -> &str {
        self.config().default_agent()
    }

    /// The config of command execution.
    #[must_use]
    pub fn exec_config(&self) -> &ExecConfig {
        &self.config().tools.exec
    }

    pub(crate) fn config(&self) -> &Config {
        self.session_config.as_deref().unwrap_or(&self.models.loaded_config().config)
    }
}
