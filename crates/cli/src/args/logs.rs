//! Arguments of `openclaw logs`.

use clap::Args;

/// `openclaw logs`.
#[derive(Debug, Args)]
pub(crate) struct LogsArgs {
    /// Go on with what is written from now on, until Ctrl-C
    #[arg(long, short = 'f')]
    pub(crate) follow: bool,
    /// The most lines to show
    #[arg(long, short = 'n', value_name = "N", default_value_t = 200)]
    pub(crate) limit: usize,
    /// The most bytes of the log to read
    #[arg(long, value_name = "N", default_value_t = 250_000)]
    pub(crate) max_bytes: u64,
    /// How often `--follow` looks for new lines, in milliseconds
    #[arg(long, value_name = "MS", default_value_t = 1000)]
    #[arg(value_parser = clap::value_parser!(u64).range(10..))]
    pub(crate) interval: u64,
    /// Print one JSON object a line
    #[arg(long, conflicts_with = "plain")]
    pub(crate) json: bool,
    /// Print without colour
    #[arg(long, alias = "no-color")]
    pub(crate) plain: bool,
}
