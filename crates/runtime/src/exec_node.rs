//! Commands that run on a node: which one, and whether it can be reached when an agent starts.

use std::sync::Arc;

use openclaw_config::ExecHost;
use openclaw_core::Tool;
use openclaw_tools::{NodeOptions, NodesTool, choose_node};

use crate::agent_error::{AgentSetupError, AgentSetupErrorKind};
use crate::prompt::PromptProfile;
use crate::runtime::Runtime;
use crate::tool_settings::is_offered;

/// The tool that looks at nodes.
const NODES_TOOL: &str = "nodes";

/// What to do when commands run on a node and there is none to use.
const HOST_HINT: &str = "`openclaw config set tools.exec.host auto` runs commands on this machine.";

/// The same where the session chose the node.
const SESSION_HOST_HINT: &str = "`/exec host=auto` runs the commands of this session on this \
                                 machine, and `/exec reset` returns to the config.";

/// How a node is chosen.
const CHOICE_HINT: &str = "`openclaw nodes status` lists the nodes, and `openclaw config set \
                           tools.exec.node NODE` chooses one by its name or its whole id.";

/// The same for a session.
const SESSION_CHOICE_HINT: &str = "`openclaw nodes status` lists the nodes, and `/exec host=node \
                                   node=NODE` chooses one by its name or its whole id.";

impl Runtime {
    /// Whether the commands of agents run on a node.
    #[must_use]
    pub fn runs_commands_on_node(&self) -> bool {
        self.config().tools.exec.host() == ExecHost::Node
    }

    /// Where commands run and whose policy decides, when that is a node; for people.
    #[must_use]
    pub fn describe_node_host(&self) -> Option<String> {
        if !self.runs_commands_on_node() {
            return None;
        }
        let node = self.config().tools.exec.node.as_deref();
        let node = node.map_or("the only node".to_owned(), |node| format!("the node `{node}`"));
        Some(format!(
            "commands run on {node}: its allowlist and its sandbox count, and the stricter of its \
             policy and the one here"
        ))
    }

    /// Where an agent's commands run when they run on a node.
    pub(crate) fn node_options(
        &self,
        agent: &str,
        session_key: Option<&str>,
    ) -> Option<NodeOptions> {
        let invoker = self.nodes.as_ref().filter(|_| self.runs_commands_on_node())?;
        Some(NodeOptions {
            invoker: Arc::clone(invoker),
            node: self.config().tools.exec.node.clone(),
            judge: Arc::new(self.command_policy(agent)),
            agent: agent.to_owned(),
            session_key: session_key.map(str::to_owned),
        })
    }

    /// The tool that looks at nodes, for an agent that may use it where there are nodes.
    pub(crate) fn nodes_tool(&self, agent: &str, profile: PromptProfile) -> Option<Arc<dyn Tool>> {
        let invoker = self.nodes.as_ref()?;
        let is_useful = self.runs_commands_on_node() || invoker.has_nodes();
        let is_wanted = is_useful && is_offered(&self.models, agent, profile, NODES_TOOL);
        is_wanted.then(|| Arc::new(NodesTool::new(Arc::clone(invoker))) as Arc<dyn Tool>)
    }

    /// Checks that there is a node for the commands of an agent, if they run on one. It need not be
    /// connected.
    ///
    /// # Errors
    /// When no gateway can be asked, and when it has no such node or several.
    pub(crate) async fn check_node_host(&self, agent: &str) -> Result<(), AgentSetupError> {
        let runs_commands = is_offered(&self.models, agent, PromptProfile::Default, "exec");
        if !self.runs_commands_on_node() || !runs_commands {
            return Ok(());
        }
        let refuse = |key: &str, problem: &str| {
            let message = format!(
                "start the agent `{agent}`: {} runs commands on a node, and {problem}",
                self.describe_origin(key)
            );
            AgentSetupError::new(AgentSetupErrorKind::Restriction, message)
        };
        let is_of_session = self.is_node_of_session();
        let back = if is_of_session { SESSION_HOST_HINT } else { HOST_HINT };
        let Some(nodes) = &self.nodes else {
            return Err(refuse("tools.exec.host", "nothing here reaches the nodes of a gateway")
                .with_hint(back));
        };
        let known = nodes.list_nodes().await.map_err(|error| {
            refuse("tools.exec.host", &error.to_string())
                .with_hint("`openclaw gateway run` starts the gateway of this config.")
                .with_hint(back)
        })?;
        let wanted = self.config().tools.exec.node.as_deref();
        let key = if wanted.is_some() { "tools.exec.node" } else { "tools.exec.host" };
        let choice = if is_of_session { SESSION_CHOICE_HINT } else { CHOICE_HINT };
        choose_node(&known, wanted)
            .map(|_| ())
            .map_err(|problem| refuse(key, &problem).with_hint(choice).with_hint(back))
    }

    /// Warns that no command can run where the session chose a node that there is not.
    pub(crate) async fn session_node_warning(&self, agent: &str) -> Option<String> {
        if !self.is_node_of_session() {
            return None;
        }
        let error = self.check_node_host(agent).await.err()?;
        Some(format!("no command runs in this session: failed to {error}. {SESSION_HOST_HINT}"))
    }

    /// Whether the session chose where commands run, and not the config.
    pub(crate) fn is_node_of_session(&self) -> bool {
        self.session_config.as_deref().is_some_and(|session| {
            let (own, config) =
                (&session.tools.exec, &self.models.loaded_config().config.tools.exec);
            own.host != config.host || own.node != config.node
        })
    }

    /// A setting with the file and the line that it comes from, or the session.
    fn describe_origin(&self, key: &str) -> String {
        if self.is_node_of_session() {
            return "`/exec` of this session".to_owned();
        }
        self.models.loaded_config().find_origin(key).to_string()
    }
}
