//! `openclaw config`: works on the config file, valid or broken.

pub(crate) mod change_report;
mod edit;
mod explain;
mod get;
mod problems;
mod restore;
mod schema;
pub(crate) mod set;
mod validate;

use std::io;

use openclaw_config::{AppPaths, Config, Env};
use openclaw_terminal::OutputPrinter;

use crate::args::config::{ConfigAction, ConfigArgs as Args};
use crate::exit::ExitReason;
use crate::json_answer::write_json_answer;

/// What the config commands need. The config is not loaded, for it may be broken.
#[derive(Debug, Clone, Copy)]
pub(crate) struct ConfigCommandContext<'p> {
    pub(crate) printer: &'p OutputPrinter,
    pub(crate) paths: &'p AppPaths,
    pub(crate) env: &'p Env,
}

pub(crate) fn run(context: ConfigCommandContext<'_>, args: Args) -> io::Result<ExitReason> {
    let ConfigCommandContext { printer, paths, .. } = context;
    match args.action {
        ConfigAction::Get(args) => get::run(context, &args),
        ConfigAction::Set(args) => set::set_keys(context, &args),
        ConfigAction::Unset(args) => set::unset_key(context, &args),
        ConfigAction::Validate(args) => validate::run(context, &args),
        ConfigAction::Restore(args) => restore::run(context, &args),
        ConfigAction::Explain(args) => explain::run(context, &args),
        ConfigAction::Schema => {
            write_json_answer(printer, &Config::json_schema())?;
            Ok(ExitReason::Ok)
        }
        ConfigAction::File => {
            printer.write_answer_line(paths.config_file().display())?;
            Ok(ExitReason::Ok)
        }
        ConfigAction::Edit => edit::run(context),
    }
}
