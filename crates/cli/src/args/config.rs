//! Arguments of `openclaw config`.

use std::path::PathBuf;

use clap::{Arg, ArgAction, ArgMatches, Args, Command, FromArgMatches, Subcommand};

/// `openclaw config`.
#[derive(Debug, Args)]
pub(crate) struct ConfigArgs {
    #[command(subcommand)]
    pub(crate) action: ConfigAction,
}

/// The actions on the config.
#[derive(Debug, Subcommand)]
pub(crate) enum ConfigAction {
    /// Print the effective value of a key: the one that is set, else its default
    Get(ConfigGetArgs),
    /// Set a key, keeping the comments and the layout of the file
    Set(ConfigSetArgs),
    /// Remove a key
    Unset(ConfigUnsetArgs),
    /// List all problems of the config file
    Validate(ConfigValidateArgs),
    /// Return to a kept version of the config file, with the keys that the file has now
    Restore(ConfigRestoreArgs),
    /// Explain a key: its meaning, its effective value and the source of the value
    Explain(ConfigGetArgs),
    /// Print the JSON Schema of the config
    Schema,
    /// Print the path of the config file
    #[command(visible_alias = "path")]
    File,
    /// Open the config file in `$VISUAL` or `$EDITOR`, and save it only when it is valid
    Edit,
}

/// `openclaw config get` and `explain`.
#[derive(Debug, Args)]
pub(crate) struct ConfigGetArgs {
    /// The key; default: the whole config. As `models.providers.vllm.models[0].id` or `agents.defaults.models["vllm/x"]`
    #[arg(value_name = "PATH", default_value = "", hide_default_value = true)]
    pub(crate) path: String,
    /// Print JSON
    #[arg(long)]
    pub(crate) json: bool,
}

/// `openclaw config set`.
#[derive(Debug, Args)]
pub(crate) struct ConfigSetArgs {
    /// The key; `[+]` appends to a list
    #[arg(value_name = "PATH")]
    pub(crate) path: Option<String>,
    /// The value as JSON5; other text, such as `node`, is a string
    #[arg(value_name = "VALUE", requires = "path", allow_hyphen_values = true)]
    pub(crate) value: Option<String>,
    /// Refuse a value that is not JSON5
    #[arg(long)]
    pub(crate) strict_json: bool,
    /// Leave the keys of an object that the value does not name as they are
    #[arg(long)]
    pub(crate) merge: bool,
    /// Set several keys at once: `[{path, value}, …]`
    #[arg(long, value_name = "JSON", conflicts_with_all = ["path", "source"])]
    pub(crate) batch_json: Option<String>,
    /// The same from a file
    #[arg(long, value_name = "FILE", conflicts_with_all = ["path", "batch_json", "source"])]
    pub(crate) batch_file: Option<PathBuf>,
    /// Refer to a secret instead of writing it: the value of a variable, or a file's content
    #[arg(
        long = "ref-source", value_name = "SOURCE", value_parser = ["env", "file"],
        requires = "id", conflicts_with = "value"
    )]
    pub(crate) source: Option<String>,
    /// The name of the variable, or the path of the file
    #[arg(long = "ref-id", value_name = "ID", requires = "source")]
    pub(crate) id: Option<String>,
    /// The alias of a secret provider, stored with the reference
    #[arg(long = "ref-provider", value_name = "ALIAS", requires = "source")]
    pub(crate) provider: Option<String>,
    #[command(flatten)]
    pub(crate) write: ConfigWriteArgs,
    /// Accepted: a value is replaced as a whole anyway
    #[arg(long, hide = true, conflicts_with = "merge")]
    pub(crate) replace: bool,
    #[command(flatten)]
    pub(crate) unsupported: UnsupportedOptions,
}

/// `openclaw config unset`.
#[derive(Debug, Args)]
pub(crate) struct ConfigUnsetArgs {
    /// The key
    #[arg(value_name = "PATH")]
    pub(crate) path: String,
    #[command(flatten)]
    pub(crate) write: ConfigWriteArgs,
}

/// `openclaw config restore`.
#[derive(Debug, Args)]
pub(crate) struct ConfigRestoreArgs {
    /// The number of the version; default: the newest
    #[arg(value_name = "NUMBER")]
    pub(crate) number: Option<u64>,
    /// List the kept versions, and write nothing
    #[arg(long, conflicts_with_all = ["number", "dry_run"])]
    pub(crate) list: bool,
    #[command(flatten)]
    pub(crate) write: ConfigWriteArgs,
}

/// Options of the actions that write the file.
#[derive(Debug, Args)]
pub(crate) struct ConfigWriteArgs {
    /// Show what would change, and write nothing
    #[arg(long)]
    pub(crate) dry_run: bool,
    /// Print one JSON object
    #[arg(long)]
    pub(crate) json: bool,
}

/// `openclaw config validate`.
#[derive(Debug, Args)]
pub(crate) struct ConfigValidateArgs {
    /// Print one JSON object with every problem and its place
    #[arg(long)]
    pub(crate) json: bool,
    /// Treat warnings, such as unknown keys, as errors
    #[arg(long)]
    pub(crate) strict: bool,
}

/// Options of the original's `config set` that configure commands which print secrets. They are
/// understood, so that they can be refused with a reason.
#[derive(Debug)]
pub(crate) struct UnsupportedOptions {
    /// The first one that was given.
    pub(crate) first_given: Option<&'static str>,
}

const UNSUPPORTED_OPTION_NAMES: &[&str] = &[
    "allow-exec",
    "provider-allow-insecure-path",
    "provider-allow-symlink-command",
    "provider-allowlist",
    "provider-arg",
    "provider-command",
    "provider-env",
    "provider-json-only",
    "provider-max-bytes",
    "provider-max-output-bytes",
    "provider-mode",
    "provider-no-output-timeout-ms",
    "provider-pass-env",
    "provider-path",
    "provider-source",
    "provider-timeout-ms",
    "provider-trusted-dir",
];

impl Args for UnsupportedOptions {
    fn augment_args(command: Command) -> Command {
        command.args(UNSUPPORTED_OPTION_NAMES.iter().map(|name| {
            let option = Arg::new(*name).long(*name).hide(true);
            option.num_args(0..=1).action(ArgAction::Append)
        }))
    }

    fn augment_args_for_update(command: Command) -> Command {
        Self::augment_args(command)
    }
}

impl FromArgMatches for UnsupportedOptions {
    fn from_arg_matches(matches: &ArgMatches) -> Result<Self, clap::Error> {
        let given = UNSUPPORTED_OPTION_NAMES.iter().find(|name| matches.contains_id(name));
        Ok(Self { first_given: given.copied() })
    }

    fn update_from_arg_matches(&mut self, matches: &ArgMatches) -> Result<(), clap::Error> {
        *self = Self::from_arg_matches(matches)?;
        Ok(())
    }
}
