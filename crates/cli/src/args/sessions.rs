//! `openclaw sessions`.

use std::path::PathBuf;

use clap::{Args, Subcommand};

/// `openclaw sessions`; without an action it lists.
#[derive(Debug, Args)]
#[command(args_conflicts_with_subcommands = true)]
pub(crate) struct SessionsArgs {
    #[command(subcommand)]
    pub(crate) action: Option<SessionsAction>,
    #[command(flatten)]
    pub(crate) list: SessionsListArgs,
}

/// The actions on stored sessions.
#[derive(Debug, Subcommand)]
pub(crate) enum SessionsAction {
    /// List the sessions, the one that was used last first
    List(SessionsListArgs),
    /// Print the conversation of a session
    Show(SessionsShowArgs),
    /// Write a session as lines of JSON, to stdout or to a file
    Export(SessionsExportArgs),
    /// Import sessions: an export, or transcripts of the original OpenClaw, a file or a folder at once
    Import(SessionsImportArgs),
    /// Undo what tools changed in files, in the last turn that changed any
    Undo(SessionsUndoArgs),
    /// Delete sessions permanently
    Delete(SessionsDeleteArgs),
}

/// `openclaw sessions undo`.
#[derive(Debug, Args)]
pub(crate) struct SessionsUndoArgs {
    /// The session: its id, the beginning of it, or its key; default: that of `openclaw chat`
    #[arg(value_name = "SESSION")]
    pub(crate) session: Option<String>,
    /// Undo the file changes; the conversation stays
    #[arg(long, required = true)]
    pub(crate) files: bool,
    /// Print one JSON object
    #[arg(long)]
    pub(crate) json: bool,
}

/// `openclaw sessions list`.
#[derive(Debug, Args)]
pub(crate) struct SessionsListArgs {
    /// Only sessions that were used in the last MINUTES minutes
    #[arg(long, value_name = "MINUTES", value_parser = clap::value_parser!(u64).range(1..))]
    pub(crate) active: Option<u64>,
    /// Only sessions of this agent
    #[arg(long, value_name = "ID")]
    pub(crate) agent: Option<String>,
    /// Only sessions of the folder that the command is started in
    #[arg(long)]
    pub(crate) here: bool,
    /// Only sessions whose first message, key or id has this text
    #[arg(long, value_name = "TEXT")]
    pub(crate) search: Option<String>,
    /// Only the N sessions that were used last; default: 30 on a terminal, otherwise all
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u64).range(1..))]
    pub(crate) limit: Option<u64>,
    /// Print one JSON object
    #[arg(long)]
    pub(crate) json: bool,
    /// Accepted: the sessions of all agents are always listed
    #[arg(long, hide = true, conflicts_with = "agent")]
    pub(crate) all_agents: bool,
}

/// `openclaw sessions show`.
#[derive(Debug, Args)]
pub(crate) struct SessionsShowArgs {
    /// The session: its id, the beginning of it, or its key; default: that of `openclaw chat`
    #[arg(value_name = "SESSION")]
    pub(crate) session: Option<String>,
    /// Only your last N messages, each with what followed it
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u64).range(1..))]
    pub(crate) last: Option<u64>,
    /// Print one JSON object, including what was undone or replaced by a summary
    #[arg(long)]
    pub(crate) json: bool,
}

/// `openclaw sessions export`.
#[derive(Debug, Args)]
pub(crate) struct SessionsExportArgs {
    /// The session: its id, the beginning of it, or its key; default: that of `openclaw chat`
    #[arg(value_name = "SESSION")]
    pub(crate) session: Option<String>,
    /// Write to this file, readable by you alone, instead of stdout
    #[arg(long, short, value_name = "FILE")]
    pub(crate) output: Option<PathBuf>,
    /// Overwrite an existing file
    #[arg(long, requires = "output")]
    pub(crate) force: bool,
}

/// `openclaw sessions import`.
#[derive(Debug, Args)]
pub(crate) struct SessionsImportArgs {
    /// The file or folder, such as `~/.openclaw`; nothing in it is changed, and of a folder what was
    /// imported before is left out
    #[arg(value_name = "PATH")]
    pub(crate) file: PathBuf,
    /// The key for it; default: the file's own, else `agent:ID:main` of the agent
    #[arg(long, value_name = "KEY")]
    pub(crate) session: Option<String>,
    /// The agent whose session it becomes; default: as the folder `agents/ID/sessions` says, else
    /// `main`
    #[arg(long, value_name = "ID")]
    pub(crate) agent: Option<String>,
    /// Print one JSON object
    #[arg(long)]
    pub(crate) json: bool,
}

/// `openclaw sessions delete`.
#[derive(Debug, Args)]
pub(crate) struct SessionsDeleteArgs {
    /// The sessions: ids, beginnings of ids, or keys
    #[arg(value_name = "SESSION", required = true)]
    pub(crate) sessions: Vec<String>,
    /// Delete without asking
    #[arg(long, short = 'y')]
    pub(crate) yes: bool,
    /// Print one JSON object
    #[arg(long)]
    pub(crate) json: bool,
}
