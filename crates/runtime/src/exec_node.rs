//! Commands that run on a node: which one, and whether it can be reached when an agent starts.

use std::sync::Arc;

use openclaw_config::ExecHost;
use openclaw_core::Tool;
use openclaw_tools::{NodeOptions, NodesTool, choose_node};

use crate::agent_error::{AgentSetupError, AgentSetupErrorKind};
use crate::prompt::PromptProfile;
use crate::runtime::Runtime;

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

/// How the gateway that has the nodes is started.
const GATEWAY_HINT: &str = "`openclaw gateway run` starts the gateway of this config.";

/// Why there is no node for commands.
#[derive(Debug, thiserror::Error)]
enum NodeProblem {
    #[error("nothing here reaches the nodes of a gateway")]
    NoNodes,
    /// The gateway cannot be asked.
    #[error("{0}")]
    Gateway(String),
    /// No node is meant, or several.
    #[error("{0}")]
    Choice(String),
}

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
            judge: Arc::new(self.fenced_judge(agent, None)),
            agent: agent.to_owned(),
            session_key: session_key.map(str::to_owned),
        })
    }

    /// The tool that looks at nodes, for an agent that may use it where there are nodes.
    pub(crate) fn nodes_tool(&self, agent: &str, profile: PromptProfile) -> Option<Arc<dyn Tool>> {
        let invoker = self.nodes.as_ref()?;
        let is_useful = self.runs_commands_on_node() || invoker.has_nodes();
        let is_wanted = is_useful && self.offers_tool(agent, profile, NODES_TOOL);
        is_wanted.then(|| Arc::new(NodesTool::new(Arc::clone(invoker))) as Arc<dyn Tool>)
    }

    /// Checks that there is a node for the commands of an agent, if they run on one. It need not be
    /// connected.
    ///
    /// # Errors
    /// When no gateway can be asked, and when it has no such node or several.
    pub(crate) async fn check_node_host(&self, agent: &str) -> Result<(), AgentSetupError> {
        let runs_commands = self.offers_tool(agent, PromptProfile::Default, "exec");
        if !self.runs_commands_on_node() || !runs_commands {
            return Ok(());
        }
        let Err(problem) = self.find_node().await else { return Ok(()) };
        let is_of_session = self.is_node_of_session();
        let is_named = self.config().tools.exec.node.is_some();
        let (key, hint) = match problem {
            NodeProblem::NoNodes => ("tools.exec.host", None),
            NodeProblem::Gateway(_) => ("tools.exec.host", Some(GATEWAY_HINT)),
            NodeProblem::Choice(_) => (
                if is_named { "tools.exec.node" } else { "tools.exec.host" },
                Some(if is_of_session { SESSION_CHOICE_HINT } else { CHOICE_HINT }),
            ),
        };
        let origin = self.describe_origin(key);
        let message =
            format!("start the agent `{agent}`: {origin} runs commands on a node, and {problem}");
        let error = AgentSetupError::new(AgentSetupErrorKind::Restriction, message);
        let error = match hint {
            Some(hint) => error.with_hint(hint),
            None => error,
        };
        Err(error.with_hint(if is_of_session { SESSION_HOST_HINT } else { HOST_HINT }))
    }

    /// Checks that there is a node for commands, before a session runs them there.
    ///
    /// # Errors
    /// Why the session goes on as before, as a sentence.
    pub(crate) async fn check_node_change(&self, agent: &str) -> Result<(), String> {
        let runs_commands = self.offers_tool(agent, PromptProfile::Default, "exec");
        if !self.runs_commands_on_node() || !runs_commands {
            return Ok(());
        }
        let problem = match self.find_node().await {
            Ok(()) => return Ok(()),
            Err(problem) => problem,
        };
        let next = match problem {
            NodeProblem::NoNodes => "",
            NodeProblem::Gateway(_) => "; `openclaw gateway run` starts the gateway of this config",
            NodeProblem::Choice(_) => "; `openclaw nodes status` lists the nodes",
        };
        Err(format!("commands run as before: {problem}{next}"))
    }

    /// Whether there is the node that commands run on.
    async fn find_node(&self) -> Result<(), NodeProblem> {
        let nodes = self.nodes.as_ref().ok_or(NodeProblem::NoNodes)?;
        let known = nodes.list_nodes().await;
        let known = known.map_err(|error| NodeProblem::Gateway(error.to_string()))?;
        let wanted = self.config().tools.exec.node.as_deref();
        choose_node(&known, wanted).map(|_| ()).map_err(NodeProblem::Choice)
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
