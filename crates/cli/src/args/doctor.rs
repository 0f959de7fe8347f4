//! Arguments of `doctor` and `models probe`.

use clap::Args;
use clap::builder::PossibleValuesParser;
use openclaw_doctor::Check;

/// `openclaw doctor`.
#[derive(Debug, Args)]
#[expect(clippy::struct_excessive_bools, reason = "each is a flag that can be typed")]
pub(crate) struct DoctorArgs {
    /// The model, as `provider/model-id`; default: `agents.defaults.model.primary`, else the only
    /// model that the server has
    #[arg(long, value_name = "REF")]
    pub(crate) model: Option<String>,
    /// The provider to examine when no model is named
    #[arg(long, value_name = "ID")]
    pub(crate) provider: Option<String>,
    /// Run only this check and those that it depends on; may be repeated
    #[arg(long, value_name = "CHECK", value_parser = checks(), hide_possible_values = true)]
    pub(crate) only: Vec<String>,
    /// The time limit of one check [default: 60]
    #[arg(long, value_name = "SECONDS", value_parser = super::parse_seconds)]
    pub(crate) timeout: Option<u64>,
    /// Fix the config file where possible: shows the change and asks first
    #[arg(long, visible_alias = "repair")]
    pub(crate) fix: bool,
    /// With `--fix`, do not ask
    #[arg(long, short = 'y', visible_alias = "force")]
    pub(crate) yes: bool,
    /// Print one JSON object
    #[arg(long)]
    pub(crate) json: bool,
    #[arg(long, hide = true)]
    pub(crate) deep: bool,
    #[arg(long, hide = true)]
    pub(crate) non_interactive: bool,
}

/// `openclaw models probe`.
#[derive(Debug, Args)]
pub(crate) struct ModelsProbeArgs {
    /// The model, as `provider/model-id` or by its alias; default: as for `agent`
    #[arg(value_name = "REF")]
    pub(crate) model: Option<String>,
    /// The time limit of one check [default: 60]
    #[arg(long, value_name = "SECONDS", value_parser = super::parse_seconds)]
    pub(crate) timeout: Option<u64>,
    /// Print one JSON object
    #[arg(long)]
    pub(crate) json: bool,
}

fn checks() -> PossibleValuesParser {
    PossibleValuesParser::new(Check::ALL.map(Check::id))
}
