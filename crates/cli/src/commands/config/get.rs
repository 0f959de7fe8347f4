//! `openclaw config get`.

use std::io;

use openclaw_config::{Config, ConfigDocument, KeyPath, LoadedConfig};
use openclaw_terminal::OutputPrinter;
use serde_json::Value;

use super::problems::{ConfigKeyLookup, look_up_key};
use super::{ConfigCommandContext, schema};
use crate::args::config::ConfigGetArgs;
use crate::diagnostic;
use crate::exit::ExitReason;
use crate::json_answer::write_json_answer;

pub(super) fn run(
    context: ConfigCommandContext<'_>,
    args: &ConfigGetArgs,
) -> io::Result<ExitReason> {
    let (loaded, path) = match load_and_parse_path(context, &args.path) {
        Ok(found) => found,
        Err(exit) => return Ok(exit),
    };
    let set = loaded.redacted_json(&path, context.env);
    let Some(value) = set.or_else(|| schema::find_property(&path)?.default) else {
        print_missing(context.printer, &path);
        return Ok(ExitReason::Failed);
    };
    match value {
        Value::String(text) if !args.json => context.printer.write_answer_line(text)?,
        value => write_json_answer(context.printer, &value)?,
    }
    Ok(ExitReason::Ok)
}

/// Loads the config and parses the path, or prints why that failed.
pub(super) fn load_and_parse_path(
    context: ConfigCommandContext<'_>,
    typed: &str,
) -> Result<(LoadedConfig, KeyPath), ExitReason> {
    let loaded = Config::load(context.paths, context.env).map_err(|error| {
        diagnostic::print_load_error(context.printer, &error);
        ExitReason::Config
    })?;
    if loaded.is_last_good() {
        diagnostic::summarise_config_problems(context.printer, &loaded, &[]);
    }
    let text = loaded.source_text().map_or("{}", |text| text);
    let path = match ConfigDocument::parse(text) {
        Ok(document) => document.parse_path(typed),
        Err(_) => typed.parse(),
    };
    match path {
        Ok(path) => Ok((loaded, path)),
        Err(error) => {
            print_invalid_path(context.printer, typed, error);
            Err(ExitReason::Usage)
        }
    }
}

pub(super) fn print_invalid_path(
    printer: &OutputPrinter,
    typed: &str,
    error: openclaw_config::InvalidKeyPath,
) {
    printer.print_error(format_args!("failed to {error}: `{typed}`"));
    printer.print_hint(
        "Write a key as `models.providers.vllm.models[0].id`, and one with dots in it as \
         `agents.defaults.models[\"vllm/llama-3.3\"]`.",
    );
}

/// Prints that a key is not set, or that there is no such key.
pub(super) fn print_missing(printer: &OutputPrinter, path: &KeyPath) {
    match look_up_key(path) {
        ConfigKeyLookup::Known => printer.print_error(format_args!("`{path}` is not set")),
        ConfigKeyLookup::Unknown { at, help } => {
            printer.print_error(format_args!("`{at}` is not a key of the config"));
            if let Some(help) = help {
                printer.print_hint(help);
            }
        }
    }
}
