//! `openclaw approvals` and `openclaw exec-policy`.

use std::path::PathBuf;

use clap::{Args, Subcommand};

/// `openclaw approvals`.
#[derive(Debug, Args)]
pub(crate) struct ApprovalsArgs {
    #[command(subcommand)]
    pub(crate) action: ApprovalsAction,
}

/// The actions on the approvals file.
#[derive(Debug, Subcommand)]
pub(crate) enum ApprovalsAction {
    /// Show the approvals file and the policy that results from it
    Get(ApprovalsShowArgs),
    /// List the patterns of commands that run without a question
    List(ApprovalsShowArgs),
    /// Change the patterns of commands that run without a question
    #[command(subcommand_required = true)]
    Allowlist(AllowlistArgs),
}

/// `openclaw approvals get`, `openclaw approvals list` and `openclaw exec-policy show`.
#[derive(Debug, Args)]
pub(crate) struct ApprovalsShowArgs {
    /// The agent
    #[arg(long, value_name = "ID", default_value = "main")]
    pub(crate) agent: String,
    /// Print one JSON object
    #[arg(long)]
    pub(crate) json: bool,
}

/// `openclaw approvals allowlist`.
#[derive(Debug, Args)]
pub(crate) struct AllowlistArgs {
    #[command(subcommand)]
    pub(crate) action: AllowlistAction,
}

/// The actions on an allowlist.
#[derive(Debug, Subcommand)]
pub(crate) enum AllowlistAction {
    /// Let commands of a program run without a question
    Add(AllowlistPatternArgs),
    /// Have commands of a program asked about again
    Remove(AllowlistPatternArgs),
}

/// `openclaw approvals allowlist add` and `remove`.
#[derive(Debug, Args)]
pub(crate) struct AllowlistPatternArgs {
    /// The path of the program, with `*`, `**`, `?` and a leading `~`, or its bare name; `remove`
    /// also takes the id of an entry
    #[arg(value_name = "PATTERN")]
    pub(crate) pattern: String,
    /// The agent; `*` is every agent
    #[arg(long, value_name = "ID", default_value = "*")]
    pub(crate) agent: String,
    /// Print one JSON object
    #[arg(long)]
    pub(crate) json: bool,
}

/// `openclaw exec-policy`.
#[derive(Debug, Args)]
pub(crate) struct ExecPolicyArgs {
    #[command(subcommand)]
    pub(crate) action: ExecPolicyAction,
}

/// What can be shown of the policy of commands.
#[derive(Debug, Subcommand)]
pub(crate) enum ExecPolicyAction {
    /// Show the settings of the config, and those that hold with the approvals file
    Show(ApprovalsShowArgs),
    /// Explain whether a command would run, be asked about or be denied; nothing is run
    Explain(ExecPolicyExplainArgs),
}

/// `openclaw exec-policy explain`.
#[derive(Debug, Args)]
pub(crate) struct ExecPolicyExplainArgs {
    /// The command, as one text
    #[arg(value_name = "COMMAND", allow_hyphen_values = true)]
    pub(crate) command: String,
    /// The agent that would run it
    #[arg(long, value_name = "ID", default_value = "main")]
    pub(crate) agent: String,
    /// The directory that it would run in
    #[arg(long, value_name = "DIR", default_value = ".")]
    pub(crate) workspace: PathBuf,
    /// Print one JSON object
    #[arg(long)]
    pub(crate) json: bool,
}
