//! `openclaw sandbox`.

use std::path::PathBuf;

use clap::{Args, Subcommand};

/// `openclaw sandbox`.
#[derive(Debug, Args)]
pub(crate) struct SandboxArgs {
    #[command(subcommand)]
    pub(crate) action: SandboxAction,
}

/// What can be shown of the sandbox.
#[derive(Debug, Subcommand)]
pub(crate) enum SandboxAction {
    /// Explain what commands may do, what enforces it, and whether a command needs a question;
    /// nothing is run
    Explain(SandboxExplainArgs),
}

/// `openclaw sandbox explain`.
#[derive(Debug, Args)]
pub(crate) struct SandboxExplainArgs {
    /// A command, as one text
    #[arg(value_name = "COMMAND", allow_hyphen_values = true)]
    pub(crate) command: Option<String>,
    /// The agent that would run it
    #[arg(long, value_name = "ID", default_value = "main")]
    pub(crate) agent: String,
    /// The workspace
    #[arg(long, value_name = "DIR", default_value = ".")]
    pub(crate) workspace: PathBuf,
    /// Print one JSON object
    #[arg(long)]
    pub(crate) json: bool,
}
