//! Command line arguments.

pub(crate) mod approvals;
pub(crate) mod chat;
pub(crate) mod config;
pub(crate) mod cron;
pub(crate) mod deferred;
pub(crate) mod devices;
pub(crate) mod doctor;
pub(crate) mod gateway;
mod infer;
pub(crate) mod logs;
pub(crate) mod memory;
pub(crate) mod node;
pub(crate) mod nodes;
pub(crate) mod prompt;
pub(crate) mod sandbox;
pub(crate) mod security;
pub(crate) mod service;
pub(crate) mod sessions;
pub(crate) mod setup;
pub(crate) mod skills;
pub(crate) mod status;
pub(crate) mod trace;

use std::path::PathBuf;

use clap::{Args, Parser, Subcommand, ValueEnum};
use openclaw_config::{HumanDuration, InvalidDuration, RunKind};

use self::deferred::DeferredArgs;
use self::gateway::RunGatewayArgs;

pub(crate) use self::infer::{InferArgs, InferCapability, InferModelAction, InferRunArgs};

/// The whole command line.
#[derive(Debug, Parser)]
#[command(
    name = "openclaw",
    version = concat!(env!("CARGO_PKG_VERSION"), env!("OPENCLAW_COMMIT_SUFFIX")),
    about = "An agent for the models that you serve yourself",
    long_about = "An agent for the models that you serve yourself.\n\n\
        Answers and JSON go to stdout, everything else to stderr. With `VLLM_API_KEY` set to any \
        value, the models of a vLLM server on http://127.0.0.1:8000/v1 are found automatically.",
    after_help = "Also: agents, completion, health, help, tui, and what else the original has.",
    arg_required_else_help = true,
    disable_help_subcommand = true
)]
pub(crate) struct Cli {
    #[command(flatten)]
    pub(crate) global: GlobalArgs,
    #[command(subcommand)]
    pub(crate) command: CliCommand,
}

/// Options of every command.
#[derive(Debug, Args)]
pub(crate) struct GlobalArgs {
    /// Read this config file instead of `~/.openclaw/openclaw.json`
    #[arg(long, global = true, value_name = "FILE", help_heading = "Global options")]
    pub(crate) config: Option<PathBuf>,
    /// Override a key of the config for this run; may be repeated
    #[arg(long, global = true, value_name = "KEY=VALUE", help_heading = "Global options")]
    pub(crate) set: Vec<String>,
    /// Print more on stderr: config keys without effect, each request, each decision
    #[arg(long, short = 'v', global = true, help_heading = "Global options")]
    pub(crate) verbose: bool,
    /// Print only errors on stderr
    #[arg(long, short, global = true, conflicts_with = "verbose", help_heading = "Global options")]
    pub(crate) quiet: bool,
}

/// The commands.
#[derive(Debug, Subcommand)]
pub(crate) enum CliCommand {
    /// Run one turn of an agent: answer a message, with tools, until it is done
    Agent(DeferredArgs<AgentTurnArgs>),
    /// Chat with an agent: each message is a turn, and the session is stored
    Chat(DeferredArgs<chat::ChatArgs>),
    /// Find a server, try a model of it, and write the config
    #[command(visible_aliases = ["onboard", "configure"])]
    Setup(DeferredArgs<setup::SetupArgs>),
    /// Ask a model without an agent: no session, no tools
    #[command(visible_alias = "capability", subcommand_required = true)]
    Infer(DeferredArgs<InferArgs>),
    /// Read, change, check and explain the config
    #[command(subcommand_required = true)]
    Config(DeferredArgs<config::ConfigArgs>),
    /// Show the models, the gateway, the sessions and what they cost
    Status(DeferredArgs<status::StatusArgs>),
    /// Check the config, the server and the model, and suggest fixes
    Doctor(DeferredArgs<doctor::DoctorArgs>),
    /// Show, test and reset the models and their servers
    #[command(subcommand_required = true)]
    Models(DeferredArgs<ModelsArgs>),
    /// List, show, export, import and delete the stored sessions
    Sessions(DeferredArgs<sessions::SessionsArgs>),
    /// List, show and check the skills of an agent
    Skills(DeferredArgs<skills::SkillsArgs>),
    /// Search the notes of agents, and show and update the index of them
    #[command(subcommand_required = true)]
    Memory(DeferredArgs<memory::MemoryArgs>),
    /// Add, list, change and run scheduled jobs
    #[command(visible_alias = "automations", subcommand_required = true)]
    Cron(DeferredArgs<cron::CronArgs>),
    /// Show, copy and replay the recorded exchanges with model servers
    #[command(subcommand_required = true)]
    Trace(DeferredArgs<trace::TraceArgs>),
    /// Show and change which commands run without a question
    #[command(visible_alias = "exec-approvals", subcommand_required = true)]
    Approvals(DeferredArgs<approvals::ApprovalsArgs>),
    /// Show, explain and change the policy for commands
    #[command(subcommand_required = true)]
    ExecPolicy(DeferredArgs<approvals::ExecPolicyArgs>),
    /// List settings that are less safe than they could be, with the command that fixes each
    #[command(subcommand_required = true)]
    Security(DeferredArgs<security::SecurityArgs>),
    /// Explain the sandbox that commands run in
    #[command(subcommand_required = true)]
    Sandbox(DeferredArgs<sandbox::SandboxArgs>),
    /// Serve the sessions of this machine to other programs
    Gateway(DeferredArgs<gateway::GatewayArgs>),
    /// List, approve and remove the devices that may use a gateway
    #[command(subcommand_required = true)]
    Devices(DeferredArgs<devices::DevicesArgs>),
    /// Run commands on this machine for a gateway
    #[command(subcommand_required = true)]
    Node(DeferredArgs<node::NodeArgs>),
    /// List, approve and rename the nodes of a gateway, and run commands on them
    #[command(subcommand_required = true)]
    Nodes(DeferredArgs<nodes::NodesArgs>),
    /// Show the log of agents, chats and the gateway
    Logs(DeferredArgs<logs::LogsArgs>),
    /// Show the parts of an agent's first request
    #[command(subcommand_required = true)]
    Prompt(DeferredArgs<prompt::PromptArgs>),
}

/// `openclaw agent`.
#[derive(Debug, Args)]
#[expect(clippy::struct_excessive_bools, reason = "each is a flag that can be typed")]
pub(crate) struct AgentTurnArgs {
    /// The message, followed by piped input; `-` reads standard input only. `/new` or `/reset`
    /// begins a new session, with what follows as its first message
    #[arg(value_name = "TEXT", conflicts_with = "message")]
    pub(crate) text: Vec<String>,
    /// The message as an option; `-` reads it from standard input, which is otherwise not read
    #[arg(long, short = 'm', value_name = "TEXT", allow_hyphen_values = true)]
    #[arg(required_unless_present_any = ["resume", "text", "print"])]
    pub(crate) message: Option<String>,
    /// Print the answer and exit, as `agent` does anyway; without TEXT standard input is the message
    #[arg(long, short = 'p')]
    pub(crate) print: bool,
    /// The session that the turn belongs to; default: that of the agent and the project folder,
    /// outside a project `agent:ID:main`
    #[arg(long, value_name = "KEY", conflicts_with_all = ["session_id", "no_session"])]
    pub(crate) session: Option<String>,
    /// The session by its id, or by the short id that `sessions` shows; created if there is none
    #[arg(long, value_name = "ID", conflicts_with = "no_session")]
    pub(crate) session_id: Option<String>,
    /// Continue the session that was used last in this folder
    #[arg(long = "continue", short = 'c')]
    #[arg(conflicts_with_all = ["session", "session_id", "no_session", "resume"])]
    pub(crate) continue_latest: bool,
    /// Without a message, finish the turn that was interrupted, or that failed before the model
    /// answered. With the ID of a session and a message, continue that session
    #[arg(long, value_name = "ID", num_args = 0..=1, default_missing_value = "")]
    #[arg(conflicts_with = "no_session")]
    pub(crate) resume: Option<String>,
    /// Run the turn without a session: continue none and store nothing
    #[arg(long)]
    pub(crate) no_session: bool,
    #[command(flatten)]
    pub(crate) agent: AgentArgs,
    /// Print one JSON object with the answer, the usage and what happened
    #[arg(long, conflicts_with = "output_format")]
    pub(crate) json: bool,
    /// What goes to stdout: the answer; one JSON object at the end, as with `--json`; or one JSON
    /// line for each event, as it happens
    #[arg(long, value_name = "FORMAT", default_value = "text")]
    pub(crate) output_format: OutputFormat,
    /// Run the turn in this process, also when a gateway is configured
    #[arg(long, conflicts_with_all = ["gateway", "token", "password", "as_device"])]
    pub(crate) local: bool,
    #[command(flatten)]
    pub(crate) gateway: RunGatewayArgs,
    /// The same key again is the same run of the gateway, and its result; default: a new one
    #[arg(long, value_name = "KEY", conflicts_with = "local", help_heading = "Gateway")]
    pub(crate) idempotency_key: Option<String>,
    /// Record the exchanges with the model server, for `openclaw trace`
    #[arg(long)]
    pub(crate) trace: bool,
}

impl AgentTurnArgs {
    /// The session that `--resume` names; `None` without an ID.
    pub(crate) fn resumed_session(&self) -> Option<&str> {
        self.resume.as_deref().filter(|id| !id.is_empty())
    }

    /// The agent of the turn, as far as the options alone say which.
    pub(crate) fn started_agent(&self) -> StartedAgent {
        let id = match (&self.session, &self.session_id) {
            _ if self.agent.id.is_some() => self.agent.id.as_deref(),
            _ if self.resumed_session().is_some() => None,
            (Some(key), _) => key.strip_prefix("agent:").and_then(|rest| rest.split(':').next()),
            (None, Some(_)) => None,
            (None, None) => return StartedAgent::Default,
        };
        StartedAgent::Session(id.map(str::to_owned))
    }
}

/// The agent of a turn, before the config and the sessions are known.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum StartedAgent {
    /// The default agent.
    Default,
    /// The agent with this id; `None` when only the session says which.
    Session(Option<String>),
}

impl StartedAgent {
    /// The kind of the run.
    pub(crate) fn run_kind(&self) -> RunKind<'_> {
        match self {
            Self::Default => RunKind::DefaultAgent,
            Self::Session(id) => RunKind::Agent { id: id.as_deref() },
        }
    }
}

/// Options of an agent, shared by `agent` and `chat`.
#[derive(Debug, Args)]
pub(crate) struct AgentArgs {
    /// The model, as `provider/model-id`; default: `agents.defaults.model.primary`, else the only
    /// model that the server has
    #[arg(long, value_name = "REF")]
    pub(crate) model: Option<String>,
    /// Use that model alone, never a fallback
    #[arg(long)]
    pub(crate) strict: bool,
    /// The agent; default: the one whose session it is, else the default agent of the config
    #[arg(long = "agent", value_name = "ID")]
    pub(crate) id: Option<String>,
    /// The directory that the tools work in; default: that of the session, else
    /// `agents.defaults.workspace`, else the project that the command is started in
    #[arg(long, value_name = "DIR")]
    pub(crate) workspace: Option<PathBuf>,
    /// The time limit of the turn; default: `agents.defaults.timeoutSeconds`
    #[arg(long, value_name = "SECONDS", value_parser = parse_seconds)]
    pub(crate) timeout: Option<u64>,
    /// Wait for a session that another process uses and for a server that is not up yet: a number
    /// of seconds, or a time like `90s`, `10m`, `2h`; without a value 10 minutes
    #[arg(long, value_name = "TIME", num_args = 0..=1, default_missing_value = "10m")]
    pub(crate) wait: Option<HumanDuration>,
    /// Run commands without asking
    #[arg(long, short = 'y')]
    pub(crate) yes: bool,
}

impl AgentTurnArgs {
    /// The output format: `--json` is short for `--output-format json`.
    pub(crate) fn stdout_format(&self) -> OutputFormat {
        if self.json { OutputFormat::Json } else { self.output_format }
    }
}

/// Parses a time limit: a number of seconds, or a text such as `90s`, `10m` or `2h`.
pub(crate) fn parse_seconds(text: &str) -> Result<u64, String> {
    let HumanDuration(limit) = text.parse().map_err(|error: InvalidDuration| error.to_string())?;
    match limit.as_secs() {
        0 => Err("expected one second at least; `--set agents.defaults.timeoutSeconds=0` sets no \
                  limit for a turn"
            .to_owned()),
        seconds => Ok(seconds),
    }
}

/// The format of stdout.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum OutputFormat {
    Text,
    Json,
    StreamJson,
}

/// `openclaw models`.
#[derive(Debug, Args)]
pub(crate) struct ModelsArgs {
    #[command(subcommand)]
    pub(crate) action: ModelsAction,
}

/// The actions on models.
#[derive(Debug, Subcommand)]
pub(crate) enum ModelsAction {
    /// List the models of the config and those that the servers list
    List(ModelsListArgs),
    /// Show the default model, its fallbacks, aliases, and where each key comes from
    Status(ModelsStatusArgs),
    /// Test which features the server supports with a model, and store the result
    Probe(doctor::ModelsProbeArgs),
    /// Take over the providers that the original generated in `models.json`
    Import(ModelsImportArgs),
    /// Close the circuit breakers of models that failed, so that they are used in order again
    Reset(ModelsResetArgs),
}

/// `openclaw models import`.
#[derive(Debug, Args)]
pub(crate) struct ModelsImportArgs {
    /// The file; default: that of each agent in the state folder
    #[arg(value_name = "FILE")]
    pub(crate) file: Option<PathBuf>,
}

/// `openclaw models reset`.
#[derive(Debug, Args)]
pub(crate) struct ModelsResetArgs {
    /// Only this model and its server, as `provider/model-id` or by alias, or all models of a
    /// provider by its id
    #[arg(value_name = "REF")]
    pub(crate) name: Option<String>,
    /// Print one JSON object
    #[arg(long)]
    pub(crate) json: bool,
}

/// `openclaw models list`.
#[derive(Debug, Args)]
#[expect(clippy::struct_excessive_bools, reason = "each is a flag that can be typed")]
pub(crate) struct ModelsListArgs {
    /// Only this provider
    #[arg(long, value_name = "ID")]
    pub(crate) provider: Option<String>,
    /// Only providers on this machine or the local network
    #[arg(long)]
    pub(crate) local: bool,
    /// Print one JSON object
    #[arg(long, conflicts_with = "plain")]
    pub(crate) json: bool,
    /// Print one `provider/model-id` a line
    #[arg(long)]
    pub(crate) plain: bool,
    /// Accepted: every known model is always listed
    #[arg(long, hide = true)]
    pub(crate) all: bool,
}

/// `openclaw models status`.
#[derive(Debug, Args)]
#[expect(clippy::struct_excessive_bools, reason = "each is a flag that can be typed")]
pub(crate) struct ModelsStatusArgs {
    /// Print one JSON object
    #[arg(long, conflicts_with = "plain")]
    pub(crate) json: bool,
    /// Print the default model only
    #[arg(long)]
    pub(crate) plain: bool,
    /// Ask each server which models it serves
    #[arg(long)]
    pub(crate) probe: bool,
    /// Fail when a model that is used has no server or no key
    #[arg(long)]
    pub(crate) check: bool,
}
