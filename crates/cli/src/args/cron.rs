//! `openclaw cron`.

use clap::{ArgGroup, Args, Subcommand};

use super::gateway::GatewayTargetArgs;

/// `openclaw cron`.
#[derive(Debug, Args)]
pub(crate) struct CronArgs {
    #[command(subcommand)]
    pub(crate) action: CronAction,
}

/// What is done with scheduled jobs.
#[derive(Debug, Subcommand)]
pub(crate) enum CronAction {
    /// Add a job
    #[command(visible_alias = "create")]
    Add(Box<CronAddArgs>),
    /// List the jobs
    List(CronListArgs),
    /// Show one job
    #[command(visible_alias = "get")]
    Show(CronJobArgs),
    /// Change a job; what is not named stays
    #[command(visible_alias = "update")]
    Edit(Box<CronEditArgs>),
    /// Remove jobs
    #[command(visible_aliases = ["remove", "delete"])]
    Rm(CronJobArgs),
    /// Schedule a job again
    Enable(CronJobArgs),
    /// Schedule a job no more
    Disable(CronJobArgs),
    /// Run a job now
    Run(CronRunArgs),
    /// List the runs of a job, the latest first
    Runs(CronRunsArgs),
    /// Show whether jobs run, and when the next one does
    Status(CronStatusArgs),
}

/// What a job does, when, and where its result goes.
#[derive(Debug, Args)]
#[command(group = ArgGroup::new("times").args(["at", "every", "cron"]))]
#[command(group = ArgGroup::new("said").args(["message", "system_event"]))]
#[command(group = ArgGroup::new("result").args(["announce", "no_deliver", "webhook"]))]
#[expect(clippy::struct_excessive_bools, reason = "each is a flag that can be typed")]
pub(crate) struct CronFieldArgs {
    /// Its name; default: the beginning of what it says
    #[arg(long, value_name = "NAME")]
    pub(crate) name: Option<String>,
    /// What it is for
    #[arg(long, value_name = "TEXT")]
    pub(crate) description: Option<String>,
    /// Run once: an ISO time (UTC unless it or --tz says otherwise), or a duration such as 20m
    #[arg(long, value_name = "TIME", help_heading = "Schedule")]
    pub(crate) at: Option<String>,
    /// Run again and again: a duration such as 30m, 1h30m or 1d
    #[arg(long, value_name = "DURATION", help_heading = "Schedule")]
    pub(crate) every: Option<String>,
    /// Run by a cron expression with 5 fields, or with 6 that begin with seconds
    #[arg(long, value_name = "EXPRESSION", help_heading = "Schedule")]
    pub(crate) cron: Option<String>,
    /// The time zone, such as Europe/Berlin; default: that of the machine for --cron, UTC for --at
    #[arg(long, value_name = "ZONE", help_heading = "Schedule")]
    pub(crate) tz: Option<String>,
    /// Begin exactly on time, also at full hours, at which jobs are spread over 5 minutes
    #[arg(long, conflicts_with = "stagger", help_heading = "Schedule")]
    pub(crate) exact: bool,
    /// Over how long the beginnings of such jobs are spread
    #[arg(long, value_name = "DURATION", help_heading = "Schedule")]
    pub(crate) stagger: Option<String>,
    /// A task for an agent, in a session of its own
    #[arg(long, short, value_name = "TEXT", help_heading = "What it does")]
    pub(crate) message: Option<String>,
    /// An event for an agent, in its main session
    #[arg(long, value_name = "TEXT", help_heading = "What it does")]
    pub(crate) system_event: Option<String>,
    /// The session: main, isolated or session:KEY; default: as the job needs
    #[arg(long, value_name = "TARGET", help_heading = "What it does")]
    pub(crate) session: Option<String>,
    /// The agent; default: the default agent of the config
    #[arg(long, value_name = "ID", help_heading = "What it does")]
    pub(crate) agent: Option<String>,
    /// The model of a task
    #[arg(long, value_name = "MODEL", help_heading = "What it does")]
    pub(crate) model: Option<String>,
    /// The time limit of a task, in seconds
    #[arg(long, value_name = "SECONDS", help_heading = "What it does")]
    pub(crate) timeout_seconds: Option<u64>,
    /// now or next-heartbeat; both begin a turn at once
    #[arg(long, value_name = "MODE", help_heading = "What it does")]
    pub(crate) wake: Option<String>,
    /// Tell the result in a session: that of --to, or the main session of the agent
    #[arg(long, help_heading = "Result")]
    pub(crate) announce: bool,
    /// Leave the result in the session of the run
    #[arg(long, help_heading = "Result")]
    pub(crate) no_deliver: bool,
    /// Post the result to a web address
    #[arg(long, value_name = "URL", help_heading = "Result")]
    pub(crate) webhook: Option<String>,
    /// The channel; last is the main session of the agent
    #[arg(long, value_name = "CHANNEL", help_heading = "Result")]
    pub(crate) channel: Option<String>,
    /// The key of the session that is told the result
    #[arg(long, value_name = "KEY", help_heading = "Result")]
    pub(crate) to: Option<String>,
    /// A run is well although its result could not be delivered
    #[arg(long, help_heading = "Result")]
    pub(crate) best_effort_deliver: bool,
    /// Remove a one-shot once it ran well, as is so anyway
    #[arg(long, conflicts_with = "keep_after_run", help_heading = "Schedule")]
    pub(crate) delete_after_run: bool,
    /// Keep a one-shot once it ran
    #[arg(long, help_heading = "Schedule")]
    pub(crate) keep_after_run: bool,
}

/// `openclaw cron add`.
#[derive(Debug, Args)]
pub(crate) struct CronAddArgs {
    /// When: once at a time or after 20m, again and again with every 20m, or a cron expression
    #[arg(value_name = "SCHEDULE", conflicts_with = "times")]
    pub(crate) schedule: Option<String>,
    /// The task
    #[arg(value_name = "PROMPT", conflicts_with = "said")]
    pub(crate) prompt: Option<String>,
    #[command(flatten)]
    pub(crate) fields: CronFieldArgs,
    /// Do not schedule it yet
    #[arg(long)]
    pub(crate) disabled: bool,
    #[command(flatten)]
    pub(crate) target: GatewayTargetArgs,
}

/// `openclaw cron edit`.
#[derive(Debug, Args)]
#[expect(clippy::struct_excessive_bools, reason = "each is a flag that can be typed")]
pub(crate) struct CronEditArgs {
    /// The job
    #[arg(value_name = "ID")]
    pub(crate) id: String,
    #[command(flatten)]
    pub(crate) fields: CronFieldArgs,
    /// Schedule it
    #[arg(long, conflicts_with = "disable")]
    pub(crate) enable: bool,
    /// Schedule it no more
    #[arg(long)]
    pub(crate) disable: bool,
    /// Use the default agent
    #[arg(long, conflicts_with = "agent")]
    pub(crate) clear_agent: bool,
    /// Use the model of the agent
    #[arg(long, conflicts_with = "model")]
    pub(crate) clear_model: bool,
    #[command(flatten)]
    pub(crate) target: GatewayTargetArgs,
}

/// A job by its id.
#[derive(Debug, Args)]
pub(crate) struct CronJobArgs {
    /// The job
    #[arg(value_name = "ID")]
    pub(crate) id: String,
    #[command(flatten)]
    pub(crate) target: GatewayTargetArgs,
}

/// `openclaw cron list`.
#[derive(Debug, Args)]
pub(crate) struct CronListArgs {
    /// Show disabled jobs too
    #[arg(long)]
    pub(crate) all: bool,
    /// Only the jobs of this agent
    #[arg(long, value_name = "ID")]
    pub(crate) agent: Option<String>,
    #[command(flatten)]
    pub(crate) target: GatewayTargetArgs,
}

/// `openclaw cron run`.
#[derive(Debug, Args)]
pub(crate) struct CronRunArgs {
    /// The job
    #[arg(value_name = "ID")]
    pub(crate) id: String,
    /// Only when it is due
    #[arg(long, conflicts_with = "force")]
    pub(crate) due: bool,
    /// Also when it is not due, as is so anyway
    #[arg(long)]
    pub(crate) force: bool,
    /// Wait for the end; the exit code is 0 only when the run was well
    #[arg(long)]
    pub(crate) wait: bool,
    /// How long to wait
    #[arg(long, value_name = "DURATION", default_value = "10m", requires = "wait")]
    pub(crate) wait_timeout: String,
    /// How often to look
    #[arg(long, value_name = "DURATION", default_value = "2s", requires = "wait")]
    pub(crate) poll_interval: String,
    #[command(flatten)]
    pub(crate) target: GatewayTargetArgs,
}

/// `openclaw cron runs`.
#[derive(Debug, Args)]
pub(crate) struct CronRunsArgs {
    /// The job; default: all jobs
    #[arg(value_name = "ID", conflicts_with = "id")]
    pub(crate) job: Option<String>,
    /// The same as ID
    #[arg(long, value_name = "ID")]
    pub(crate) id: Option<String>,
    /// Only this run
    #[arg(long, value_name = "ID")]
    pub(crate) run_id: Option<String>,
    /// The most runs
    #[arg(long, value_name = "N", default_value_t = 50)]
    pub(crate) limit: u32,
    #[command(flatten)]
    pub(crate) target: GatewayTargetArgs,
}

/// `openclaw cron status`.
#[derive(Debug, Args)]
pub(crate) struct CronStatusArgs {
    #[command(flatten)]
    pub(crate) target: GatewayTargetArgs,
}
