//! `openclaw chat`.

use clap::{Args, ValueEnum};
use openclaw_chat::ReasoningDisplay;

use crate::args::AgentArgs;
use crate::args::gateway::RunGatewayArgs;

/// `openclaw chat`.
#[derive(Debug, Args)]
#[expect(clippy::struct_excessive_bools, reason = "each is a flag that can be typed")]
pub(crate) struct ChatArgs {
    /// The first message, followed by piped input
    #[arg(value_name = "TEXT")]
    pub(crate) text: Vec<String>,
    /// Continue the session that was used last in this folder
    #[arg(long = "continue", short = 'c', conflicts_with_all = ["session", "session_id", "resume"])]
    pub(crate) continue_latest: bool,
    /// Continue this session, by its id; without an ID choose one of this folder
    #[arg(long, value_name = "ID", num_args = 0..=1, default_missing_value = "")]
    #[arg(conflicts_with_all = ["session", "session_id"])]
    pub(crate) resume: Option<String>,
    /// The session to continue; default: that of the agent and the project folder, outside a
    /// project `agent:ID:main`
    #[arg(long, value_name = "KEY", conflicts_with = "session_id")]
    pub(crate) session: Option<String>,
    /// The session by its id; created if there is none
    #[arg(long, value_name = "ID")]
    pub(crate) session_id: Option<String>,
    #[command(flatten)]
    pub(crate) agent: AgentArgs,
    /// How the model's reasoning is shown; default: `short`, with `--verbose` `full`
    #[arg(long, value_name = "HOW")]
    pub(crate) reasoning: Option<ReasoningArg>,
    /// Plain text: each line of stdin is a message, and answers go to stdout; the default without a
    /// terminal
    #[arg(long)]
    pub(crate) plain: bool,
    /// Run the conversation in this process, also when a gateway is configured
    #[arg(long, conflicts_with_all = ["gateway", "token", "password", "as_device"])]
    pub(crate) local: bool,
    #[command(flatten)]
    pub(crate) gateway: RunGatewayArgs,
    /// Record the exchanges with the model server, for `/trace` and `openclaw trace`
    #[arg(long)]
    pub(crate) trace: bool,
}

/// The values of `--reasoning`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum ReasoningArg {
    /// Not at all
    Off,
    /// While they come their last line, and how long they took
    Short,
    /// As they are
    Full,
}

impl From<ReasoningArg> for ReasoningDisplay {
    fn from(argument: ReasoningArg) -> Self {
        match argument {
            ReasoningArg::Off => Self::Off,
            ReasoningArg::Short => Self::Short,
            ReasoningArg::Full => Self::Full,
        }
    }
}
