//! `openclaw nodes`.

use clap::{Args, Subcommand};
use openclaw_config::HumanDuration;

use super::gateway::GatewayTargetArgs;

/// `openclaw nodes`.
#[derive(Debug, Args)]
pub(crate) struct NodesArgs {
    #[command(subcommand)]
    pub(crate) action: NodesAction,
}

/// What is done with the nodes of a gateway.
#[derive(Debug, Subcommand)]
pub(crate) enum NodesAction {
    /// List the commands that wait for an approval, and the paired nodes
    List(NodesListArgs),
    /// Show the paired nodes and whether they are connected
    Status(NodesListArgs),
    /// List everything that waits for an approval, each with the command that approves it
    Pending(NodesPendingArgs),
    /// Approve commands that a node added after it was paired
    Approve(NodesRequestArgs),
    /// Reject commands that a node added after it was paired
    Reject(NodesRequestArgs),
    /// Forget a node: a connection of it ends, and it must be approved again
    Remove(NodesRemoveArgs),
    /// Give a node another name
    Rename(NodesRenameArgs),
    /// Show what is known about a node
    Describe(NodesNodeArgs),
    /// Have a node carry out one of its commands
    Invoke(NodesInvokeArgs),
    /// Run a program on a node; the exit code is that of the program
    Run(NodesRunArgs),
}

/// `openclaw nodes list` and `openclaw nodes status`.
#[derive(Debug, Args)]
pub(crate) struct NodesListArgs {
    /// Only the nodes that are connected
    #[arg(long)]
    pub(crate) connected: bool,
    /// Only the nodes that connected within this time, e.g. `24h`
    #[arg(long, value_name = "DURATION")]
    pub(crate) last_connected: Option<HumanDuration>,
    #[command(flatten)]
    pub(crate) target: GatewayTargetArgs,
}

/// `openclaw nodes pending`.
#[derive(Debug, Args)]
pub(crate) struct NodesPendingArgs {
    #[command(flatten)]
    pub(crate) target: GatewayTargetArgs,
}

/// `openclaw nodes approve` and `openclaw nodes reject`.
#[derive(Debug, Args)]
pub(crate) struct NodesRequestArgs {
    /// The request, as `nodes pending` shows it
    #[arg(value_name = "REQUEST")]
    pub(crate) request: String,
    #[command(flatten)]
    pub(crate) target: GatewayTargetArgs,
}

/// `openclaw nodes remove`.
#[derive(Debug, Args)]
pub(crate) struct NodesRemoveArgs {
    /// The whole id or the name of the node
    #[arg(long, value_name = "NODE", required = true)]
    pub(crate) node: String,
    #[command(flatten)]
    pub(crate) target: GatewayTargetArgs,
}

/// `openclaw nodes describe`.
#[derive(Debug, Args)]
pub(crate) struct NodesNodeArgs {
    /// The whole id or the name of the node; not needed when there is only one
    #[arg(long, value_name = "NODE")]
    pub(crate) node: Option<String>,
    #[command(flatten)]
    pub(crate) target: GatewayTargetArgs,
}

/// `openclaw nodes rename`.
#[derive(Debug, Args)]
pub(crate) struct NodesRenameArgs {
    /// The whole id or the name of the node; not needed when there is only one
    #[arg(long, value_name = "NODE")]
    pub(crate) node: Option<String>,
    /// The new name
    #[arg(long, value_name = "NAME")]
    pub(crate) name: String,
    #[command(flatten)]
    pub(crate) target: GatewayTargetArgs,
}

/// `openclaw nodes invoke`.
#[derive(Debug, Args)]
pub(crate) struct NodesInvokeArgs {
    /// The whole id or the name of the node; not needed when there is only one
    #[arg(long, value_name = "NODE")]
    pub(crate) node: Option<String>,
    /// The command, e.g. `system.which`
    #[arg(long, value_name = "COMMAND")]
    pub(crate) command: String,
    /// Its parameters, a JSON object
    #[arg(long, value_name = "JSON", default_value = "{}")]
    pub(crate) params: String,
    /// How long the node may take, in milliseconds
    #[arg(long, value_name = "MS", default_value_t = 15_000)]
    pub(crate) invoke_timeout: u64,
    /// The same key is one invocation; default: a new one
    #[arg(long, value_name = "KEY")]
    pub(crate) idempotency_key: Option<String>,
    #[command(flatten)]
    pub(crate) target: GatewayTargetArgs,
}

/// `openclaw nodes run`.
#[derive(Debug, Args)]
pub(crate) struct NodesRunArgs {
    /// The program and its arguments, after `--`
    #[arg(value_name = "PROGRAM", required = true, trailing_var_arg = true)]
    #[arg(allow_hyphen_values = true)]
    pub(crate) command: Vec<String>,
    /// The whole id or the name of the node; not needed when there is only one
    #[arg(long, value_name = "NODE")]
    pub(crate) node: Option<String>,
    /// The directory on the node
    #[arg(long, value_name = "DIR")]
    pub(crate) cwd: Option<String>,
    /// A change of the program's environment
    #[arg(long, value_name = "NAME=VALUE")]
    pub(crate) env: Vec<String>,
    /// How long the program may run, in milliseconds
    #[arg(long, value_name = "MS", default_value_t = 1_800_000)]
    pub(crate) command_timeout: u64,
    /// How long the node may take to say what it would run, in milliseconds
    #[arg(long, value_name = "MS", default_value_t = 15_000)]
    pub(crate) invoke_timeout: u64,
    #[command(flatten)]
    pub(crate) target: GatewayTargetArgs,
}
