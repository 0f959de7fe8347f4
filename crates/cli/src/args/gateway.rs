//! `openclaw gateway`.

use std::path::PathBuf;

use clap::{Args, Subcommand, ValueEnum};
use openclaw_config::{GatewayAuthMode, GatewayBind};

use super::service::{ServiceControlArgs, ServiceInstallArgs};

/// `openclaw gateway`.
#[derive(Debug, Args)]
#[command(args_conflicts_with_subcommands = true)]
pub(crate) struct GatewayArgs {
    #[command(subcommand)]
    pub(crate) action: Option<GatewayAction>,
    #[command(flatten)]
    pub(crate) run: GatewayRunArgs,
}

impl GatewayArgs {
    /// Whether agents run in this process.
    pub(crate) fn runs_agents(&self) -> bool {
        matches!(self.action, None | Some(GatewayAction::Run(_)))
    }
}

/// What is done with a gateway.
#[derive(Debug, Subcommand)]
pub(crate) enum GatewayAction {
    /// Serve the sessions of this machine to other programs, until Ctrl-C
    Run(GatewayRunArgs),
    /// Show whether a gateway runs and answers
    #[command(visible_alias = "probe")]
    Status(GatewayStatusArgs),
    /// Ask a running gateway how it is
    Health(GatewayHealthArgs),
    /// Call a method of a running gateway
    Call(GatewayCallArgs),
    /// Install the gateway as a service of this user, and start it
    Install(GatewayInstallArgs),
    /// Stop the service and remove it
    Uninstall(ServiceControlArgs),
    /// Start the service
    Start(ServiceControlArgs),
    /// Stop the service
    Stop(ServiceControlArgs),
    /// Stop the service and start it again
    Restart(ServiceControlArgs),
}

/// `openclaw gateway install`.
#[derive(Debug, Args)]
pub(crate) struct GatewayInstallArgs {
    /// Listen on this port instead of `gateway.port`
    #[arg(long, value_name = "PORT")]
    pub(crate) port: Option<u16>,
    /// Refused: other users could read it in the definition
    #[arg(long, value_name = "TOKEN", hide = true)]
    pub(crate) token: Option<String>,
    #[command(flatten)]
    pub(crate) service: ServiceInstallArgs,
}

/// `openclaw gateway run`.
#[derive(Debug, Args)]
pub(crate) struct GatewayRunArgs {
    /// Listen on this port instead of `gateway.port`; 0 lets the system choose
    #[arg(long, value_name = "PORT")]
    pub(crate) port: Option<u16>,
    /// Listen on these addresses instead of those of `gateway.bind`
    #[arg(long, value_name = "ADDRESSES")]
    pub(crate) bind: Option<BindChoice>,
    /// How clients authenticate, instead of `gateway.auth.mode`
    #[arg(long, value_name = "MODE")]
    pub(crate) auth: Option<AuthChoice>,
    #[command(flatten)]
    pub(crate) secret: GatewaySecretArgs,
    /// Read the password of clients from this file
    #[arg(long, value_name = "FILE", conflicts_with = "password")]
    pub(crate) password_file: Option<PathBuf>,
}

/// The secret of a gateway.
#[derive(Debug, Args)]
pub(crate) struct GatewaySecretArgs {
    /// The token, instead of `gateway.auth.token`; other users see it in the list of processes
    #[arg(long, value_name = "TOKEN")]
    pub(crate) token: Option<String>,
    /// The password, instead of `gateway.auth.password`; other users see it in the list of processes
    #[arg(long, value_name = "PASSWORD")]
    pub(crate) password: Option<String>,
}

/// How a running gateway is reached.
#[derive(Debug, Args)]
pub(crate) struct GatewayTargetArgs {
    /// The gateway's address, instead of the one of the config
    #[arg(long, value_name = "URL")]
    pub(crate) url: Option<String>,
    #[command(flatten)]
    pub(crate) secret: GatewaySecretArgs,
    /// Connect as a paired device instead of as the owner of the gateway, as is done anyway for
    /// another gateway than that of the state folder without a token
    #[arg(long, conflicts_with_all = ["token", "password"])]
    pub(crate) as_device: bool,
    /// How long to wait for an answer, in milliseconds
    #[arg(long, value_name = "MS", default_value_t = 10_000)]
    pub(crate) timeout: u64,
    /// Print one JSON object
    #[arg(long)]
    pub(crate) json: bool,
}

/// The gateway that runs the turns of `agent` and `chat`.
#[derive(Debug, Args)]
pub(crate) struct RunGatewayArgs {
    /// Run turns in the gateway at this address, instead of in this process or in the gateway of
    /// the config
    #[arg(long, value_name = "URL", alias = "url", help_heading = "Gateway")]
    pub(crate) gateway: Option<String>,
    /// The gateway's token; other users see it in the list of processes
    #[arg(long, value_name = "TOKEN", help_heading = "Gateway")]
    pub(crate) token: Option<String>,
    /// The gateway's password; other users see it in the list of processes
    #[arg(long, value_name = "PASSWORD", help_heading = "Gateway")]
    pub(crate) password: Option<String>,
    /// Connect as a paired device, as is done anyway for another machine without a token
    #[arg(long, conflicts_with_all = ["token", "password"], help_heading = "Gateway")]
    pub(crate) as_device: bool,
}

/// `openclaw gateway status`.
#[derive(Debug, Args)]
pub(crate) struct GatewayStatusArgs {
    #[command(flatten)]
    pub(crate) target: GatewayTargetArgs,
    /// Changes nothing: a gateway that does not answer is a failure in any case
    #[arg(long)]
    pub(crate) require_rpc: bool,
    /// Show the settings without asking the gateway; the exit code is 0 then
    #[arg(long, conflicts_with = "require_rpc")]
    pub(crate) no_probe: bool,
}

/// `openclaw gateway health`.
#[derive(Debug, Args)]
pub(crate) struct GatewayHealthArgs {
    #[command(flatten)]
    pub(crate) target: GatewayTargetArgs,
}

/// `openclaw gateway call`.
#[derive(Debug, Args)]
pub(crate) struct GatewayCallArgs {
    /// The method, e.g. `status`
    #[arg(value_name = "METHOD")]
    pub(crate) method: String,
    /// Its parameters, a JSON object
    #[arg(long, value_name = "JSON", default_value = "{}")]
    pub(crate) params: String,
    /// Wait for the second response of a method that has two, such as `agent`
    #[arg(long)]
    pub(crate) expect_final: bool,
    #[command(flatten)]
    pub(crate) target: GatewayTargetArgs,
}

/// The addresses to listen on.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum BindChoice {
    /// This machine only
    Loopback,
    /// This machine only
    Auto,
    /// All networks of this machine
    Lan,
    /// The tailnet
    Tailnet,
    /// The address of `gateway.customBindHost`
    Custom,
}

/// How clients authenticate.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum AuthChoice {
    /// Not at all; for this machine only
    None,
    /// With a token
    Token,
    /// With a password
    Password,
    /// By a proxy in front
    TrustedProxy,
}

impl From<BindChoice> for GatewayBind {
    fn from(choice: BindChoice) -> Self {
        match choice {
            BindChoice::Loopback => Self::Loopback,
            BindChoice::Auto => Self::Auto,
            BindChoice::Lan => Self::Lan,
            BindChoice::Tailnet => Self::Tailnet,
            BindChoice::Custom => Self::Custom,
        }
    }
}

impl From<AuthChoice> for GatewayAuthMode {
    fn from(choice: AuthChoice) -> Self {
        match choice {
            AuthChoice::None => Self::None,
            AuthChoice::Token => Self::Token,
            AuthChoice::Password => Self::Password,
            AuthChoice::TrustedProxy => Self::TrustedProxy,
        }
    }
}
