//! `openclaw skills`.

use clap::{Args, Subcommand};

/// `openclaw skills`; without an action it lists.
#[derive(Debug, Args)]
#[command(args_conflicts_with_subcommands = true)]
pub(crate) struct SkillsArgs {
    #[command(subcommand)]
    pub(crate) action: Option<SkillsAction>,
    #[command(flatten)]
    pub(crate) list: SkillsListArgs,
}

/// What can be seen of skills.
#[derive(Debug, Subcommand)]
pub(crate) enum SkillsAction {
    /// List the skills that are found, and whether the agent uses each
    List(SkillsListArgs),
    /// Show what a skill says about itself, what it needs and what is missing
    #[command(visible_alias = "info")]
    Show(SkillsShowArgs),
    /// Say which skills cannot be used, and why
    Check(SkillsCheckArgs),
}

/// `openclaw skills list`.
#[derive(Debug, Args)]
pub(crate) struct SkillsListArgs {
    /// Only skills that the agent uses
    #[arg(long)]
    pub(crate) eligible: bool,
    #[command(flatten)]
    pub(crate) common: SkillsCommonArgs,
}

/// `openclaw skills show`.
#[derive(Debug, Args)]
pub(crate) struct SkillsShowArgs {
    /// The skill
    #[arg(value_name = "NAME")]
    pub(crate) name: String,
    #[command(flatten)]
    pub(crate) common: SkillsCommonArgs,
}

/// `openclaw skills check`.
#[derive(Debug, Args)]
pub(crate) struct SkillsCheckArgs {
    #[command(flatten)]
    pub(crate) common: SkillsCommonArgs,
}

/// Options of every action.
#[derive(Debug, Args)]
pub(crate) struct SkillsCommonArgs {
    /// The agent whose skills are meant; default: the default agent of the config
    #[arg(long, value_name = "ID")]
    pub(crate) agent: Option<String>,
    /// Print one JSON object
    #[arg(long)]
    pub(crate) json: bool,
}
