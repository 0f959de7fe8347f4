//! `openclaw node`.

use clap::{Args, Subcommand};

use crate::args::gateway::{GatewaySecretArgs, GatewayTargetArgs};
use crate::args::service::{ServiceControlArgs, ServiceInstallArgs};

/// `openclaw node`.
#[derive(Debug, Args)]
pub(crate) struct NodeArgs {
    #[command(subcommand)]
    pub(crate) action: NodeAction,
}

impl NodeArgs {
    /// Whether commands of a gateway run in this process.
    pub(crate) fn runs_commands(&self) -> bool {
        matches!(self.action, NodeAction::Run(_))
    }
}

/// What is done with the node of this machine.
#[derive(Debug, Subcommand)]
pub(crate) enum NodeAction {
    /// Run commands on this machine for a gateway, until Ctrl-C
    Run(NodeRunArgs),
    /// Show whether the node runs, and what its gateway knows of it
    Status(NodeStatusArgs),
    /// Show the identity of this node
    Identity(NodeIdentityArgs),
    /// Install the node as a service of this user, and start it
    Install(NodeInstallArgs),
    /// Stop the service and remove it
    Uninstall(ServiceControlArgs),
    /// Start the service
    Start(ServiceControlArgs),
    /// Stop the service
    Stop(ServiceControlArgs),
    /// Stop the service and start it again
    Restart(ServiceControlArgs),
}

/// `openclaw node install`.
#[derive(Debug, Args)]
pub(crate) struct NodeInstallArgs {
    #[command(flatten)]
    pub(crate) gateway: NodeGatewayArgs,
    #[command(flatten)]
    pub(crate) service: ServiceInstallArgs,
}

/// The gateway of a node, and its name there.
#[derive(Debug, Args)]
pub(crate) struct NodeGatewayArgs {
    /// The gateway's host; remembered, at first this machine
    #[arg(long, value_name = "HOST")]
    pub(crate) host: Option<String>,
    /// The gateway's port; remembered, at first 18789
    #[arg(long, value_name = "PORT")]
    pub(crate) port: Option<u16>,
    /// The name of this node for people; remembered, at first the name of the machine
    #[arg(long, value_name = "NAME")]
    pub(crate) display_name: Option<String>,
}

/// `openclaw node run`.
#[derive(Debug, Args)]
pub(crate) struct NodeRunArgs {
    #[command(flatten)]
    pub(crate) gateway: NodeGatewayArgs,
    #[command(flatten)]
    pub(crate) secret: GatewaySecretArgs,
}

/// `openclaw node status`.
#[derive(Debug, Args)]
pub(crate) struct NodeStatusArgs {
    #[command(flatten)]
    pub(crate) target: GatewayTargetArgs,
}

/// `openclaw node identity`.
#[derive(Debug, Args)]
pub(crate) struct NodeIdentityArgs {
    /// Print one JSON object
    #[arg(long)]
    pub(crate) json: bool,
}
