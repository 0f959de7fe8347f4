//! `openclaw infer`.

use clap::{Args, Subcommand};
use openclaw_config::HumanDuration;

/// `openclaw infer`.
#[derive(Debug, Args)]
pub(crate) struct InferArgs {
    #[command(subcommand)]
    pub(crate) capability: InferCapability,
}

/// The kinds of inference.
#[derive(Debug, Subcommand)]
pub(crate) enum InferCapability {
    /// Generate text with a language model
    #[command(subcommand_required = true)]
    Model(InferModelArgs),
}

/// `openclaw infer model`.
#[derive(Debug, Args)]
pub(crate) struct InferModelArgs {
    #[command(subcommand)]
    pub(crate) action: InferModelAction,
}

/// The actions on a model.
#[derive(Debug, Subcommand)]
pub(crate) enum InferModelAction {
    /// Send one prompt and print the answer
    Run(InferRunArgs),
}

/// `openclaw infer model run`.
#[derive(Debug, Args)]
#[expect(clippy::struct_excessive_bools, reason = "each is a flag that can be typed")]
pub(crate) struct InferRunArgs {
    /// The model, as `provider/model-id`; default: as for `agent`
    #[arg(long, value_name = "REF")]
    pub(crate) model: Option<String>,
    /// Use that model alone, never a fallback
    #[arg(long)]
    pub(crate) strict: bool,
    /// The prompt; `-` reads it from stdin
    #[arg(long, value_name = "TEXT", allow_hyphen_values = true)]
    pub(crate) prompt: String,
    /// Wait for a server that is not up yet, as for `agent`
    #[arg(long, value_name = "TIME", num_args = 0..=1, default_missing_value = "10m")]
    pub(crate) wait: Option<HumanDuration>,
    /// Print one JSON object instead of the bare answer
    #[arg(long)]
    pub(crate) json: bool,
    /// Accepted: the command always runs in this process; `gateway call` asks a gateway
    #[arg(long)]
    pub(crate) local: bool,
    /// Record the exchanges with the model server, for `openclaw trace`
    #[arg(long)]
    pub(crate) trace: bool,
    #[arg(long, hide = true)]
    pub(crate) gateway: bool,
}
