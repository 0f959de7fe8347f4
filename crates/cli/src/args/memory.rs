//! `openclaw memory`.

use clap::{Args, Subcommand};

/// `openclaw memory`.
#[derive(Debug, Args)]
pub(crate) struct MemoryArgs {
    #[command(subcommand)]
    pub(crate) action: MemoryAction,
}

/// What can be done with the notes of agents.
#[derive(Debug, Subcommand)]
pub(crate) enum MemoryAction {
    /// Show what is indexed, and with which embedding model
    Status(MemoryStatusArgs),
    /// Search the notes as the agent does
    Search(MemorySearchArgs),
    /// Bring the index up to date, with all vectors
    Index(MemoryIndexArgs),
}

/// `openclaw memory status`.
#[derive(Debug, Args)]
pub(crate) struct MemoryStatusArgs {
    /// The agent; default: every agent
    #[arg(long, value_name = "ID")]
    pub(crate) agent: Option<String>,
    /// Ask the server whether there is an embedding model
    #[arg(long)]
    pub(crate) deep: bool,
    /// Bring the index up to date first; implies --deep
    #[arg(long)]
    pub(crate) index: bool,
    /// Print one JSON array
    #[arg(long)]
    pub(crate) json: bool,
}

/// `openclaw memory search`.
#[derive(Debug, Args)]
pub(crate) struct MemorySearchArgs {
    /// Words or a question
    #[arg(value_name = "QUERY", required_unless_present = "query")]
    pub(crate) words: Option<String>,
    /// The same as QUERY
    #[arg(long, value_name = "QUERY", conflicts_with = "words")]
    pub(crate) query: Option<String>,
    /// The agent; default: the default agent of the config
    #[arg(long, value_name = "ID")]
    pub(crate) agent: Option<String>,
    /// The most results
    #[arg(long, value_name = "N")]
    pub(crate) max_results: Option<usize>,
    /// The least score of a result, from 0 to 1
    #[arg(long, value_name = "SCORE")]
    pub(crate) min_score: Option<f32>,
    /// Print one JSON object
    #[arg(long)]
    pub(crate) json: bool,
}

/// `openclaw memory index`.
#[derive(Debug, Args)]
pub(crate) struct MemoryIndexArgs {
    /// The agent; default: every agent
    #[arg(long, value_name = "ID")]
    pub(crate) agent: Option<String>,
    /// Read all notes again, also those that did not change
    #[arg(long)]
    pub(crate) force: bool,
    /// Print one JSON array
    #[arg(long)]
    pub(crate) json: bool,
}
