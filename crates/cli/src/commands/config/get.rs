//! `openclaw config get`.

use std::io;

use openclaw_config::{Config, Document, KeyPath, Loaded};
use serde_json::Value;

use super::problems::{Key, look_up};
use super::{Place, schema};
use crate::args::config::ConfigGet;
use crate::diagnostic;
use crate::exit::Exit;
use crate::printer::Printer;

pub(super) fn run(place: Place<'_>, args: &ConfigGet) -> io::Result<Exit> {
    let (loaded, path) = match find(place, &args.path) {
        Ok(found) => found,
        Err(exit) => return Ok(exit),
    };
    let set = loaded.value_to_show(&path, place.env);
    let Some(value) = set.or_else(|| schema::property(&path)?.default) else {
        print_missing(place.printer, &path);
        return Ok(Exit::Failed);
    };
    match value {
        Value::String(text) if !args.json => place.printer.answer_line(text)?,
        value => place.printer.answer_json(&value)?,
    }
    Ok(Exit::Ok)
}

/// Loads the config and reads a path that was typed, or says why that cannot be.
pub(super) fn find(place: Place<'_>, typed: &str) -> Result<(Loaded, KeyPath), Exit> {
    let loaded = Config::load(place.paths, place.env).map_err(|error| {
        diagnostic::print_broken(place.printer, &error);
        Exit::Config
    })?;
    if loaded.is_last_good() {
        diagnostic::print(place.printer, &loaded);
    }
    let text = loaded.text().map_or("{}", |text| text);
    let path = match Document::parse(text) {
        Ok(document) => document.path(typed),
        Err(_) => typed.parse(),
    };
    match path {
        Ok(path) => Ok((loaded, path)),
        Err(error) => {
            print_invalid_path(place.printer, typed, error);
            Err(Exit::Usage)
        }
    }
}

pub(super) fn print_invalid_path(
    printer: Printer,
    typed: &str,
    error: openclaw_config::InvalidKeyPath,
) {
    printer.error(format_args!("failed to {error}: `{typed}`"));
    printer.hint(
        "Write a key as `models.providers.vllm.models[0].id`, and one with dots in it as \
         `agents.defaults.models[\"vllm/llama-3.3\"]`.",
    );
}

/// Says that a key has no value, and whether there is such a key at all.
pub(super) fn print_missing(printer: Printer, path: &KeyPath) {
    match look_up(path) {
        Key::Known => printer.error(format_args!("`{path}` is not set")),
        Key::Unknown { at, help } => {
            printer.error(format_args!("`{at}` is not a key of the config"));
            if let Some(help) = help {
                printer.hint(help);
            }
        }
    }
}
