//! Arguments of `openclaw status`.

use clap::Args;

/// `openclaw status`.
#[derive(Debug, Args)]
#[expect(clippy::struct_excessive_bools, reason = "each is a flag that can be typed")]
pub(crate) struct StatusArgs {
    /// Also ask each model server which models it serves
    #[arg(long, visible_alias = "all")]
    pub(crate) deep: bool,
    /// Accepted: the tokens of the sessions and what they cost are always shown
    #[arg(long, hide = true)]
    pub(crate) usage: bool,
    /// How long to wait for the gateway, in milliseconds
    #[arg(long, value_name = "MS", default_value_t = 2000)]
    pub(crate) timeout: u64,
    /// Print one JSON object
    #[arg(long)]
    pub(crate) json: bool,
    /// Accepted: `--verbose` prints more
    #[arg(long, hide = true)]
    pub(crate) debug: bool,
}
