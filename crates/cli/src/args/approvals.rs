//! `openclaw approvals` and `openclaw exec-policy`.

use std::path::PathBuf;

use clap::{Args, Subcommand};

use super::config::ConfigWriteArgs;

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
    /// Replace the approvals file, and keep the old one beside it
    Set(ApprovalsSetArgs),
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

/// `openclaw approvals set`.
#[derive(Debug, Args)]
pub(crate) struct ApprovalsSetArgs {
    /// The new file, or `-` for standard input
    #[arg(value_name = "FILE", required_unless_present_any = ["from_file", "stdin"])]
    pub(crate) file: Option<String>,
    /// The new file; the same as FILE
    #[arg(long = "file", value_name = "PATH", conflicts_with_all = ["file", "stdin"])]
    pub(crate) from_file: Option<String>,
    /// Read standard input; the same as `-`
    #[arg(long, conflicts_with = "file")]
    pub(crate) stdin: bool,
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
    /// Require a question for commands of a program again
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

/// What can be shown and changed of the policy of commands.
#[derive(Debug, Subcommand)]
pub(crate) enum ExecPolicyAction {
    /// Show the settings of the config, and the effective ones together with the approvals file
    Show(ApprovalsShowArgs),
    /// Explain whether a command would run, need a question or be denied; nothing is run
    Explain(ExecPolicyExplainArgs),
    /// Change `tools.exec` in the config
    Set(ExecPolicySetArgs),
    /// Change `tools.exec` in the config to a named policy: `cautious`, `deny-all` or `yolo`
    Preset(ExecPolicyPresetArgs),
}

/// `openclaw exec-policy set`.
#[derive(Debug, Args)]
pub(crate) struct ExecPolicySetArgs {
    /// A key below `tools.exec`, e.g. `security` or `timeoutSeconds`
    #[arg(value_name = "KEY", requires = "value",
        required_unless_present_any = ["security", "ask", "ask_fallback", "host"])]
    pub(crate) key: Option<String>,
    /// Its value
    #[arg(value_name = "VALUE", allow_hyphen_values = true)]
    pub(crate) value: Option<String>,
    /// Which commands may run: `deny`, `allowlist` or `full`
    #[arg(long, value_name = "MODE")]
    pub(crate) security: Option<String>,
    /// When a person is asked: `off`, `on-miss` or `always`
    #[arg(long, value_name = "MODE")]
    pub(crate) ask: Option<String>,
    /// Which commands run when there is nobody to ask: `deny`, `allowlist` or `full`; stored in the
    /// approvals file
    #[arg(long, value_name = "MODE")]
    pub(crate) ask_fallback: Option<String>,
    /// Where commands run
    #[arg(long, value_name = "HOST")]
    pub(crate) host: Option<String>,
    #[command(flatten)]
    pub(crate) write: ConfigWriteArgs,
}

/// `openclaw exec-policy preset`.
#[derive(Debug, Args)]
pub(crate) struct ExecPolicyPresetArgs {
    /// `cautious`: programs on the allowlist run, others need a question; `deny-all`: no command
    /// runs; `yolo`: every command runs without a question
    #[arg(value_name = "NAME")]
    pub(crate) name: String,
    #[command(flatten)]
    pub(crate) write: ConfigWriteArgs,
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
