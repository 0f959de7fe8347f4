//! `openclaw devices`.

use clap::{Args, Subcommand};

use super::gateway::GatewayTargetArgs;

/// `openclaw devices`.
#[derive(Debug, Args)]
pub(crate) struct DevicesArgs {
    #[command(subcommand)]
    pub(crate) action: DevicesAction,
}

/// What is done with the devices of a gateway.
#[derive(Debug, Subcommand)]
pub(crate) enum DevicesAction {
    /// List the devices that wait for an approval and those that are paired
    List(DevicesListArgs),
    /// Approve a device that waits; without REQUEST only show what would be approved
    Approve(DevicesApproveArgs),
    /// Reject a device that waits
    Reject(DevicesRejectArgs),
    /// Forget a device: its connections end, and it must be approved again
    Remove(DevicesRemoveArgs),
    /// Give a device another name
    Rename(DevicesRenameArgs),
    /// Replace the token of a device, which gets the new one when it connects next
    Rotate(DevicesRotateArgs),
    /// Revoke the token of a device: its connections end
    Revoke(DevicesRevokeArgs),
    /// Forget all devices
    Clear(DevicesClearArgs),
}

/// `openclaw devices list`.
#[derive(Debug, Args)]
pub(crate) struct DevicesListArgs {
    #[command(flatten)]
    pub(crate) target: GatewayTargetArgs,
}

/// `openclaw devices approve`.
#[derive(Debug, Args)]
pub(crate) struct DevicesApproveArgs {
    /// The request, as `devices list` shows it
    #[arg(value_name = "REQUEST", conflicts_with = "latest")]
    pub(crate) request: Option<String>,
    /// Show the newest request, without approving it
    #[arg(long)]
    pub(crate) latest: bool,
    /// Let a node in without approving the commands that it offers
    #[arg(long, requires = "request")]
    pub(crate) identity_only: bool,
    #[command(flatten)]
    pub(crate) target: GatewayTargetArgs,
}

/// `openclaw devices reject`.
#[derive(Debug, Args)]
pub(crate) struct DevicesRejectArgs {
    /// The request, as `devices list` shows it
    #[arg(value_name = "REQUEST")]
    pub(crate) request: String,
    #[command(flatten)]
    pub(crate) target: GatewayTargetArgs,
}

/// `openclaw devices remove`.
#[derive(Debug, Args)]
pub(crate) struct DevicesRemoveArgs {
    /// The whole id of the device
    #[arg(value_name = "DEVICE")]
    pub(crate) device: String,
    #[command(flatten)]
    pub(crate) target: GatewayTargetArgs,
}

/// `openclaw devices rename`.
#[derive(Debug, Args)]
pub(crate) struct DevicesRenameArgs {
    /// The whole id of the device
    #[arg(long, value_name = "ID")]
    pub(crate) device: String,
    /// The name; an empty one takes it away
    #[arg(long, value_name = "NAME")]
    pub(crate) name: String,
    #[command(flatten)]
    pub(crate) target: GatewayTargetArgs,
}

/// `openclaw devices rotate`.
#[derive(Debug, Args)]
pub(crate) struct DevicesRotateArgs {
    /// The whole id of the device
    #[arg(long, value_name = "ID")]
    pub(crate) device: String,
    /// The role whose token is replaced
    #[arg(long, value_name = "ROLE", default_value = "operator")]
    pub(crate) role: String,
    /// What the device may do from now on; default: what it may do already
    #[arg(long, value_name = "SCOPE", num_args = 1..)]
    pub(crate) scope: Vec<String>,
    #[command(flatten)]
    pub(crate) target: GatewayTargetArgs,
}

/// `openclaw devices revoke`.
#[derive(Debug, Args)]
pub(crate) struct DevicesRevokeArgs {
    /// The whole id of the device
    #[arg(long, value_name = "ID")]
    pub(crate) device: String,
    /// The role whose token is revoked
    #[arg(long, value_name = "ROLE", default_value = "operator")]
    pub(crate) role: String,
    #[command(flatten)]
    pub(crate) target: GatewayTargetArgs,
}

/// `openclaw devices clear`.
#[derive(Debug, Args)]
pub(crate) struct DevicesClearArgs {
    /// Reject the devices that wait as well
    #[arg(long)]
    pub(crate) pending: bool,
    /// Do it; without this nothing is changed
    #[arg(long)]
    pub(crate) yes: bool,
    #[command(flatten)]
    pub(crate) target: GatewayTargetArgs,
}

impl DevicesAction {
    /// How the gateway is reached.
    pub(crate) fn take_target(self) -> (DevicesRequest, GatewayTargetArgs) {
        match self {
            Self::List(args) => (DevicesRequest::List, args.target),
            Self::Approve(args) => match args.request {
                Some(request) => {
                    let identity_only = args.identity_only;
                    (DevicesRequest::Approve { request, identity_only }, args.target)
                }
                None => (DevicesRequest::Preview { only_latest: args.latest }, args.target),
            },
            Self::Reject(args) => (DevicesRequest::Reject { request: args.request }, args.target),
            Self::Remove(args) => (DevicesRequest::Remove { device: args.device }, args.target),
            Self::Rename(DevicesRenameArgs { device, name, target }) => {
                (DevicesRequest::Rename { device, name }, target)
            }
            Self::Rotate(DevicesRotateArgs { device, role, scope, target }) => {
                (DevicesRequest::Rotate { device, role, scopes: scope }, target)
            }
            Self::Revoke(DevicesRevokeArgs { device, role, target }) => {
                (DevicesRequest::Revoke { device, role }, target)
            }
            Self::Clear(DevicesClearArgs { pending, yes, target }) => {
                (DevicesRequest::Clear { pending, yes }, target)
            }
        }
    }
}

/// What a command asks of a gateway about its devices.
#[derive(Debug)]
pub(crate) enum DevicesRequest {
    List,
    Preview { only_latest: bool },
    Approve { request: String, identity_only: bool },
    Reject { request: String },
    Remove { device: String },
    Rename { device: String, name: String },
    Rotate { device: String, role: String, scopes: Vec<String> },
    Revoke { device: String, role: String },
    Clear { pending: bool, yes: bool },
}
