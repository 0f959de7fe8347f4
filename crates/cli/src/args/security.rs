//! `openclaw security`.

use clap::{Args, Subcommand};

/// `openclaw security`.
#[derive(Debug, Args)]
pub(crate) struct SecurityArgs {
    #[command(subcommand)]
    pub(crate) action: SecurityAction,
}

/// What can be done about security.
#[derive(Debug, Subcommand)]
pub(crate) enum SecurityAction {
    /// Examine the config, the modes of files, what is exposed, the policy of commands and the skills
    Audit(SecurityAuditArgs),
}

/// `openclaw security audit`.
#[derive(Debug, Args)]
pub(crate) struct SecurityAuditArgs {
    /// Also ask the model server what it answers without a key
    #[arg(long)]
    pub(crate) deep: bool,
    /// Take the access of others to the program's own files away; nothing else is changed
    #[arg(long)]
    pub(crate) fix: bool,
    /// Print one JSON object
    #[arg(long)]
    pub(crate) json: bool,
}
