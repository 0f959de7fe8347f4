//! `openclaw prompt`.

use std::path::PathBuf;

use clap::{Args, Subcommand};

/// `openclaw prompt`.
#[derive(Debug, Args)]
pub(crate) struct PromptArgs {
    #[command(subcommand)]
    pub(crate) action: PromptAction,
}

/// The actions on the prompt.
#[derive(Debug, Subcommand)]
pub(crate) enum PromptAction {
    /// Show the parts of an agent's first request, with the tokens of each
    Explain(PromptExplainArgs),
}

/// `openclaw prompt explain`.
#[derive(Debug, Args)]
pub(crate) struct PromptExplainArgs {
    /// The model, as `provider/model-id`; default: as for `agent`
    #[arg(long, value_name = "REF")]
    pub(crate) model: Option<String>,
    /// The agent
    #[arg(long, value_name = "ID", default_value = "main")]
    pub(crate) agent: String,
    /// The directory that the tools work in; default: `agents.defaults.workspace`, else the project
    /// that the command is started in
    #[arg(long, value_name = "DIR")]
    pub(crate) workspace: Option<PathBuf>,
    /// Print one JSON object
    #[arg(long)]
    pub(crate) json: bool,
}
