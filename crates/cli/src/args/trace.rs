//! `openclaw trace …`.

use clap::{Args, Subcommand};
use openclaw_chat::exchanges::ExchangeSelector;

/// `openclaw trace`.
#[derive(Debug, Args)]
pub(crate) struct TraceArgs {
    #[command(subcommand)]
    pub(crate) action: TraceAction,
}

/// The actions on recorded exchanges.
#[derive(Debug, Subcommand)]
pub(crate) enum TraceAction {
    /// List the exchanges, the newest last
    List(TraceListArgs),
    /// Show an exchange: the request, the response and the times
    Show(TraceShowArgs),
    /// Print a curl command that sends the same request; keys are named by their variables
    Curl(TraceCurlArgs),
    /// Send the same body to another server and compare the responses
    Replay(TraceReplayArgs),
    /// Remove all exchanges from the disk
    Clear,
}

/// `openclaw trace list`.
#[derive(Debug, Args)]
pub(crate) struct TraceListArgs {
    /// Print one JSON array
    #[arg(long)]
    pub(crate) json: bool,
}

/// `openclaw trace show`.
#[derive(Debug, Args)]
pub(crate) struct TraceShowArgs {
    /// The exchange: its number, or `last` for the last one of a model
    #[arg(value_name = "ID", default_value = "last")]
    pub(crate) exchange: ExchangeSelector,
    /// Print everything stored as one JSON object
    #[arg(long, conflicts_with_all = ["events", "full"])]
    pub(crate) json: bool,
    /// Show each event of the answer with its time
    #[arg(long)]
    pub(crate) events: bool,
    /// Show whole messages instead of their beginnings
    #[arg(long)]
    pub(crate) full: bool,
}

/// `openclaw trace curl`.
#[derive(Debug, Args)]
pub(crate) struct TraceCurlArgs {
    /// The exchange: its number, or `last` for the last one of a model
    #[arg(value_name = "ID", default_value = "last")]
    pub(crate) exchange: ExchangeSelector,
}

/// `openclaw trace replay`.
#[derive(Debug, Args)]
pub(crate) struct TraceReplayArgs {
    /// The exchange: its number, or `last` for the last one of a model
    #[arg(value_name = "ID", default_value = "last")]
    pub(crate) exchange: ExchangeSelector,
    /// The base URL of the server to send it to
    #[arg(long, value_name = "URL")]
    pub(crate) against: String,
    /// The environment variable with the key for that server; without it no key is sent
    #[arg(long, value_name = "NAME")]
    pub(crate) key_env: Option<String>,
    /// Print one JSON object with both sides
    #[arg(long)]
    pub(crate) json: bool,
}
