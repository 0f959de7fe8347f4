//! From the words of a gateway to a planned and judged command, and back to what a gateway shows.

use std::collections::{BTreeMap, HashMap};
use std::path::PathBuf;
use std::sync::{Arc, Mutex, PoisonError};

use openclaw_core::CommandReview;
use openclaw_exec_policy::{CommandInput, escape_line, quote_words};
use openclaw_protocol::gateway::{
    NodeDecision, NodeError, NodeErrorCode, SystemRunParams, SystemRunPlan, SystemRunPrepareParams,
};
use openclaw_tools::{CommandHost, HostCommand, HostCommandError, HostCommandRequest};

use crate::policy::NodePolicy;

/// The agent of a request that names none.
const DEFAULT_AGENT: &str = "main";

/// The longest id of an agent, in bytes.
const MAX_AGENT_BYTES: usize = 64;

/// The most agents whose settings are kept.
const MAX_AGENTS: usize = 64;

/// Plans the commands of all agents.
#[derive(Debug)]
pub(crate) struct CommandPlanner {
    policy: Arc<dyn NodePolicy>,
    workspace: PathBuf,
    agents: Mutex<KnownAgents>,
}

/// The agents whose settings are known.
#[derive(Debug, Default)]
struct KnownAgents {
    /// The number of the settings that they are from.
    settings: u64,
    commands: HashMap<String, Arc<AgentCommands>>,
}

/// How the commands of one agent run.
#[derive(Debug)]
pub(crate) struct AgentCommands {
    pub(crate) host: CommandHost,
    pub(crate) sandbox: Vec<String>,
}

/// A command as a gateway asks for it.
#[derive(Debug, Clone, Default)]
pub(crate) struct CommandWish {
    command: Vec<String>,
    raw_command: Option<String>,
    cwd: Option<String>,
    env: Option<BTreeMap<String, String>>,
    pub(crate) agent_id: Option<String>,
    pub(crate) session_key: Option<String>,
}

/// A planned command with what the policy of this machine says.
#[derive(Debug)]
pub(crate) struct JudgedWish {
    pub(crate) command: HostCommand,
    pub(crate) plan: SystemRunPlan,
    pub(crate) decision: NodeDecision,
    /// Why it is not simply allowed.
    pub(crate) reason: Option<String>,
    pub(crate) sandbox: Vec<String>,
}

impl From<SystemRunPrepareParams> for CommandWish {
    fn from(params: SystemRunPrepareParams) -> Self {
        let SystemRunPrepareParams { command, raw_command, cwd, env, agent_id, session_key } =
            params;
        Self { command, raw_command, cwd, env, agent_id, session_key }
    }
}

impl From<&SystemRunParams> for CommandWish {
    fn from(params: &SystemRunParams) -> Self {
        let params = params.clone();
        Self {
            command: params.command,
            raw_command: params.raw_command,
            cwd: params.cwd,
            env: params.env,
            agent_id: params.agent_id,
            session_key: params.session_key,
        }
    }
}

impl CommandWish {
    pub(crate) fn agent_name(&self) -> &str {
        self.agent_id.as_deref().filter(|agent| !agent.is_empty()).unwrap_or(DEFAULT_AGENT)
    }

    /// What is to run: the text that a shell is given, or the words.
    fn command_input(&self) -> CommandInput {
        match self.command.as_slice() {
            [shell, option, text] if is_plain_shell(shell) && is_text_option(option) => {
                CommandInput::Script(text.clone())
            }
            words => CommandInput::Argv(words.to_vec()),
        }
    }

    /// The command as a person reads it.
    fn command_text(&self) -> String {
        match self.command_input() {
            CommandInput::Script(text) => text,
            CommandInput::Argv(words) => quote_words(&words),
        }
    }

    fn check_raw_command(&self) -> Result<(), NodeError> {
        let Some(raw) = &self.raw_command else { return Ok(()) };
        let text = self.command_text();
        if *raw == text || *raw == escape_line(&text) || *raw == quote_words(&self.command) {
            return Ok(());
        }
        Err(NodeError::new(
            NodeErrorCode::RawCommandMismatch,
            format!("`rawCommand` is not the text of `command`, which is `{}`", escape_line(&text)),
        ))
    }
}

/// Whether a program is a shell that is given a text as this machine's own shell would be.
fn is_plain_shell(program: &str) -> bool {
    matches!(program, "sh" | "bash" | "/bin/sh" | "/bin/bash" | "/usr/bin/sh" | "/usr/bin/bash")
}

fn is_text_option(option: &str) -> bool {
    matches!(option, "-c" | "-lc")
}

impl CommandPlanner {
    pub(crate) fn new(policy: Arc<dyn NodePolicy>, workspace: PathBuf) -> Self {
        Self { policy, workspace, agents: Mutex::default() }
    }

    /// How the commands of an agent run.
    ///
    /// # Errors
    /// When none run.
    pub(crate) fn agent_commands(&self, agent: &str) -> Result<Arc<AgentCommands>, NodeError> {
        if agent.len() > MAX_AGENT_BYTES || agent.chars().any(char::is_control) {
            return Err(invalid_request("`agentId` is no id of an agent"));
        }
        let denied = |problem| {
            NodeError::new(NodeErrorCode::SystemRunDenied, format!("failed to {problem}"))
        };
        let mut known = self.agents.lock().unwrap_or_else(PoisonError::into_inner);
        let settings = self.policy.reload_settings().map_err(denied)?;
        if known.settings != settings {
            // Commands that run go on as they began.
            *known = KnownAgents { settings, commands: HashMap::new() };
        }
        let agents = &mut known.commands;
        if let Some(known) = agents.get(agent) {
            return Ok(Arc::clone(known));
        }
        let settings = self.policy.command_settings(agent).map_err(denied)?;
        let host = CommandHost::new(&self.workspace, settings.options);
        let commands = Arc::new(AgentCommands { host, sandbox: settings.sandbox });
        // Settings in use stay alive with their commands.
        if agents.len() >= MAX_AGENTS {
            agents.clear();
        }
        agents.insert(agent.to_owned(), Arc::clone(&commands));
        Ok(commands)
    }

    /// Plans and judges a command. Reads files and blocks the thread.
    ///
    /// # Errors
    /// When it is no command that could run here.
    pub(crate) fn judge_wish(&self, wish: &CommandWish) -> Result<JudgedWish, NodeError> {
        wish.check_raw_command()?;
        if wish.command.is_empty() {
            return Err(invalid_request("`command` has no program"));
        }
        let commands = self.agent_commands(wish.agent_name())?;
        let command = commands.host.plan_command(HostCommandRequest {
            input: wish.command_input(),
            environment: wish.env.clone().unwrap_or_default(),
            directory: wish.cwd.clone().filter(|cwd| !cwd.is_empty()),
        });
        let command = command.map_err(|error| to_node_error(&error))?;
        let (decision, reason) = match command.review() {
            CommandReview::Allowed => (NodeDecision::Allow, None),
            // Nobody is asked about what cannot run. It is planned again before it runs.
            CommandReview::NeedsPerson { .. } if command.is_missing() => {
                (NodeDecision::Allow, None)
            }
            CommandReview::NeedsPerson { reasons, .. } => {
                (NodeDecision::Ask, Some(reasons.join("; ")))
            }
            CommandReview::Denied { reason, .. } => (NodeDecision::Deny, Some(reason.clone())),
            _ => (NodeDecision::Deny, Some("nothing judged it".to_owned())),
        };
        let plan = SystemRunPlan {
            argv: wish.command.clone(),
            cwd: Some(command.plan().context().directory.clone()),
            command_text: escape_line(&wish.command_text()),
            agent_id: wish.agent_id.clone(),
            session_key: wish.session_key.clone(),
            plan_hash: Some(command.plan().hash().to_string()),
            ..SystemRunPlan::default()
        };
        Ok(JudgedWish { command, plan, decision, reason, sandbox: commands.sandbox.clone() })
    }
}

/// The error of a request that cannot be understood.
pub(crate) fn invalid_request(message: impl Into<String>) -> NodeError {
    NodeError::new(NodeErrorCode::InvalidRequest, message)
}

/// The error for the gateway, with its cause.
pub(crate) fn to_node_error(error: &HostCommandError) -> NodeError {
    let code = match error {
        HostCommandError::ForbiddenVariable(_)
        | HostCommandError::Directory { .. }
        | HostCommandError::Invalid(_) => NodeErrorCode::InvalidRequest,
        HostCommandError::Changed => NodeErrorCode::ApprovalRequestMismatch,
        HostCommandError::Unjudged => NodeErrorCode::SystemRunDenied,
        _ => NodeErrorCode::Unavailable,
    };
    let cause = std::error::Error::source(error);
    let cause = cause.map_or_else(String::new, |cause| format!(": {cause}"));
    NodeError::new(code, format!("failed to {error}{cause}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn wish(command: &[&str], raw: Option<&str>) -> CommandWish {
        CommandWish {
            command: command.iter().map(|word| (*word).to_owned()).collect(),
            raw_command: raw.map(str::to_owned),
            ..CommandWish::default()
        }
    }

    #[test]
    fn a_text_for_a_shell_is_a_script_and_all_else_are_words() {
        for command in [["sh", "-c", "ls | wc"], ["bash", "-lc", "ls | wc"]] {
            assert_eq!(
                wish(&command, None).command_input(),
                CommandInput::Script("ls | wc".to_owned())
            );
        }
        for command in [
            &["zsh", "-c", "ls"][..],
            &["sh", "-x", "ls"],
            &["sh", "-c", "ls", "x"],
            &["./sh", "-c", "ls"],
            &["/tmp/bash", "-c", "ls"],
        ] {
            assert!(
                matches!(wish(command, None).command_input(), CommandInput::Argv(_)),
                "{command:?}"
            );
        }
    }

    #[test]
    fn the_text_that_is_shown_is_the_text_of_the_command() {
        for (command, raw, is_same) in [
            (&["echo", "a b"][..], "echo 'a b'", true),
            (&["echo", "a b"], "echo a b", false),
            (&["sh", "-c", "id; ls"], "id; ls", true),
            (&["sh", "-c", "id; ls"], "sh -c 'id; ls'", true),
            (&["sh", "-c", "id; ls"], "ls", false),
            (&["echo", "hi"], "", false),
        ] {
            let checked = wish(command, Some(raw)).check_raw_command();
            assert_eq!(checked.is_ok(), is_same, "{command:?} {raw:?}");
        }
    }
}
