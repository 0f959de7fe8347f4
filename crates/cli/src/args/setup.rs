//! Arguments of `openclaw setup`.

use std::path::PathBuf;

use clap::{Arg, ArgAction, ArgMatches, Args, Command, FromArgMatches};

/// `openclaw setup`.
#[derive(Debug, Args)]
pub(crate) struct SetupArgs {
    /// The address of your server, instead of those on this machine; may be repeated
    #[arg(long, value_name = "URL", alias = "custom-base-url")]
    pub(crate) base_url: Vec<String>,
    /// The name that the server gets in the config [default: vllm]
    #[arg(long, value_name = "ID", alias = "custom-provider-id", requires = "base_url")]
    pub(crate) provider: Option<String>,
    /// The environment variable with the server's key; the key itself is never written
    #[arg(long, value_name = "VAR")]
    pub(crate) api_key_env: Option<String>,
    /// The model to use, by its id on the server
    #[arg(long, value_name = "ID", alias = "custom-model-id")]
    pub(crate) model: Option<String>,
    /// The folder that agents work in; default: the project that a command is started in
    #[arg(long, value_name = "DIR")]
    pub(crate) workspace: Option<PathBuf>,
    /// Ask nothing: take the first model and write the config
    #[arg(long, short = 'y', visible_alias = "non-interactive")]
    pub(crate) yes: bool,
    #[command(flatten)]
    pub(crate) original: OriginalOptions,
}

/// Options of the original's `onboard` and `configure`. They are understood, so that a script with
/// them goes on.
#[derive(Debug)]
pub(crate) struct OriginalOptions {
    /// Those that were given.
    pub(crate) given: Vec<&'static str>,
}

const ORIGINAL_OPTION_NAMES: &[&str] = &[
    "accept-risk",
    "anthropic-api-key",
    "auth-choice",
    "custom-api-key",
    "custom-compatibility",
    "daemon-runtime",
    "flow",
    "gateway-auth",
    "gateway-bind",
    "gateway-password",
    "gateway-port",
    "gateway-token",
    "gateway-token-ref-env",
    "install-daemon",
    "json",
    "mode",
    "no-install-daemon",
    "node-manager",
    "openai-api-key",
    "opencode-zen-api-key",
    "openrouter-api-key",
    "remote-token",
    "remote-url",
    "reset",
    "reset-scope",
    "secret-input-mode",
    "section",
    "skip-bootstrap",
    "skip-channels",
    "skip-daemon",
    "skip-health",
    "skip-search",
    "skip-skills",
    "skip-ui",
    "suppress-gateway-token-output",
    "tailscale",
    "tailscale-reset-on-exit",
    "token",
    "token-expires-in",
    "token-profile-id",
    "token-provider",
    "wizard",
];

impl Args for OriginalOptions {
    fn augment_args(command: Command) -> Command {
        command.args(ORIGINAL_OPTION_NAMES.iter().map(|name| {
            let option = Arg::new(*name).long(*name).hide(true);
            option.num_args(0..=1).action(ArgAction::Append)
        }))
    }

    fn augment_args_for_update(command: Command) -> Command {
        Self::augment_args(command)
    }
}

impl FromArgMatches for OriginalOptions {
    fn from_arg_matches(matches: &ArgMatches) -> Result<Self, clap::Error> {
        let is_given = |name: &&&str| matches.contains_id(name);
        Ok(Self { given: ORIGINAL_OPTION_NAMES.iter().filter(is_given).copied().collect() })
    }

    fn update_from_arg_matches(&mut self, matches: &ArgMatches) -> Result<(), clap::Error> {
        *self = Self::from_arg_matches(matches)?;
        Ok(())
    }
}
