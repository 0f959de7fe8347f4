//! `openclaw config`: works on the config file, be it valid or broken.

mod edit;
mod explain;
mod get;
mod problems;
mod schema;
mod set;
mod validate;
pub(crate) mod writing;

use std::io;

use openclaw_config::{Config, Env, Paths};

use crate::args::config::{Config as Args, ConfigAction};
use crate::exit::Exit;
use crate::printer::Printer;

/// What the commands have at hand: no config, for it may be what is broken.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Place<'p> {
    pub(crate) printer: Printer,
    pub(crate) paths: &'p Paths,
    pub(crate) env: &'p Env,
}

pub(crate) fn run(place: Place<'_>, args: Args) -> io::Result<Exit> {
    let Place { printer, paths, .. } = place;
    match args.action {
        ConfigAction::Get(args) => get::run(place, &args),
        ConfigAction::Set(args) => set::set(place, &args),
        ConfigAction::Unset(args) => set::unset(place, &args),
        ConfigAction::Validate(args) => validate::run(place, &args),
        ConfigAction::Explain(args) => explain::run(place, &args),
        ConfigAction::Schema => {
            printer.answer_json(&Config::json_schema())?;
            Ok(Exit::Ok)
        }
        ConfigAction::File => {
            printer.answer_line(paths.config().display())?;
            Ok(Exit::Ok)
        }
        ConfigAction::Edit => edit::run(place),
    }
}
