//! The options of services, which `openclaw gateway` and `openclaw node` share.

use clap::Args;

/// How a service is installed.
#[derive(Debug, Args)]
#[expect(clippy::struct_excessive_bools, reason = "each is a switch of its own")]
pub(crate) struct ServiceInstallArgs {
    /// Replace another definition of the service
    #[arg(long)]
    pub(crate) force: bool,
    /// Let the services of this user go on after the logout and start with the machine
    #[arg(long)]
    pub(crate) enable_linger: bool,
    /// Print the definition and install nothing
    #[arg(long, conflicts_with_all = ["force", "enable_linger"])]
    pub(crate) dry_run: bool,
    /// Print one JSON object
    #[arg(long)]
    pub(crate) json: bool,
}

/// How a service is controlled.
#[derive(Debug, Clone, Copy, Args)]
pub(crate) struct ServiceControlArgs {
    /// Print one JSON object
    #[arg(long)]
    pub(crate) json: bool,
}
