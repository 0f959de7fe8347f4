//! `openclaw chat`.

use std::path::PathBuf;

use clap::Args;
use openclaw_config::Period;

use crate::chat::Reasoning;

/// `openclaw chat`.
#[derive(Debug, Args)]
#[expect(clippy::struct_excessive_bools, reason = "each is a flag that can be typed")]
pub(crate) struct Chat {
    /// The session to go on with; default: `agent:ID:main` of the agent
    #[arg(long, value_name = "KEY", conflicts_with = "session_id")]
    pub(crate) session: Option<String>,
    /// The same by the session's own id; one that there is not is made
    #[arg(long, value_name = "ID")]
    pub(crate) session_id: Option<String>,
    /// The model, as `provider/model-id`; default: `agents.defaults.model.primary`, else the only
    /// model that the server has
    #[arg(long, value_name = "REF")]
    pub(crate) model: Option<String>,
    /// Use that model alone, never a fallback
    #[arg(long)]
    pub(crate) strict: bool,
    /// The agent; default: the one whose session it is, else `main`
    #[arg(long = "agent", value_name = "ID")]
    pub(crate) id: Option<String>,
    /// The directory that the tools work in; default: `agents.defaults.workspace`
    #[arg(long, value_name = "DIR")]
    pub(crate) workspace: Option<PathBuf>,
    /// The longest a turn may take; default: `agents.defaults.timeoutSeconds`
    #[arg(long, value_name = "SECONDS", value_parser = clap::value_parser!(u64).range(1..))]
    pub(crate) timeout: Option<u64>,
    /// Wait for a session that another process uses and a server that is not there yet, as for
    /// `agent`
    #[arg(long, value_name = "TIME", num_args = 0..=1, default_missing_value = "10m")]
    pub(crate) wait: Option<Period>,
    /// Run commands without asking
    #[arg(long, short = 'y')]
    pub(crate) yes: bool,
    /// How the model's thoughts are shown; default: `short`, with `--verbose` `full`
    #[arg(long, value_name = "HOW")]
    pub(crate) reasoning: Option<Reasoning>,
    /// No more than text: each line of stdin is a message, and answers go to stdout. So it is
    /// without a terminal too
    #[arg(long)]
    pub(crate) plain: bool,
    /// Keep what is said to and by the model server, for `/trace` and `openclaw trace`
    #[arg(long)]
    pub(crate) trace: bool,
}
