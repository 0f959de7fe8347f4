//! `openclaw config set` and `unset`.

use std::io;

use openclaw_config::{
    Config, ConfigChange, ConfigDocument, ConfigFile, ConfigLayer, EditError, KeyEffect, KeyPath,
    NewValue, SaveError,
};
use serde_json::{Map, Value, json};

use super::{ConfigCommandContext, change_report, get};
use crate::args::config::{ConfigSetArgs, ConfigUnsetArgs, ConfigWriteArgs};
use crate::exit::ExitReason;

/// The largest file of assignments, in bytes.
const MAX_BATCH_BYTES: u64 = 4 * 1024 * 1024;

/// One typed key and its new value.
#[derive(Debug)]
pub(crate) struct KeyAssignment {
    pub(crate) path: String,
    pub(crate) value: NewValue,
}

pub(super) fn set_keys(
    context: ConfigCommandContext<'_>,
    args: &ConfigSetArgs,
) -> io::Result<ExitReason> {
    let assignments = match parse_assignments(args) {
        Ok(assignments) => assignments,
        Err(problem) => {
            context.printer.print_error(problem);
            return Ok(ExitReason::Usage);
        }
    };
    for KeyAssignment { path, .. } in &assignments {
        if !check_path(context, path) {
            return Ok(ExitReason::Usage);
        }
    }
    let success_message = match assignments.as_slice() {
        [one] => format!("Set `{}`", one.path),
        several => format!("Set {} keys", several.len()),
    };
    let outcome = save_edit(context, &args.write, |document| {
        assignments.iter().try_for_each(|KeyAssignment { path, value }| {
            let path = document.parse_path(path).unwrap_or_default();
            if args.merge {
                document.merge_value(&path, value)
            } else {
                document.set_value(&path, value)
            }
        })
    });
    let saved = outcome.is_ok() && !args.write.dry_run;
    let end = change_report::report_change(context, &args.write, outcome, &success_message)?;
    if saved {
        warn_about_effects(context, &assignments);
    }
    Ok(end)
}

/// Sets keys whose paths are known to be valid, and reports it.
pub(crate) fn assign_keys(
    context: ConfigCommandContext<'_>,
    write_args: &ConfigWriteArgs,
    assignments: &[KeyAssignment],
    success_message: &str,
) -> io::Result<ExitReason> {
    let outcome = save_edit(context, write_args, |document| {
        assignments.iter().try_for_each(|KeyAssignment { path, value }| {
            let path = document.parse_path(path).unwrap_or_default();
            document.set_value(&path, value)
        })
    });
    let saved = outcome.is_ok() && !write_args.dry_run;
    let end = change_report::report_change(context, write_args, outcome, success_message)?;
    if saved {
        warn_about_effects(context, assignments);
    }
    Ok(end)
}

/// Warns when another layer overrides a value that was set, and when it does not act.
fn warn_about_effects(context: ConfigCommandContext<'_>, assignments: &[KeyAssignment]) {
    let Ok(loaded) = Config::load(context.paths, context.env) else { return };
    let unused = loaded.unused_keys();
    for KeyAssignment { path, .. } in assignments {
        let set: KeyPath = path.parse().unwrap_or_default();
        let is_related = |key: &&KeyPath| {
            key.segments().starts_with(set.segments()) || set.segments().starts_with(key.segments())
        };
        for key in unused.iter().filter(is_related) {
            if let KeyEffect::None { reason } = KeyEffect::for_path(key) {
                context.printer.print_note(format_args!("`{key}` has no effect: {reason}"));
            }
        }
        let origin = loaded.find_origin(path);
        if origin.layer() > ConfigLayer::User {
            context.printer.print_warning(format_args!("the {} wins: {origin}", origin.layer()));
        }
    }
}

pub(super) fn unset_key(
    context: ConfigCommandContext<'_>,
    args: &ConfigUnsetArgs,
) -> io::Result<ExitReason> {
    if !check_path(context, &args.path) {
        return Ok(ExitReason::Usage);
    }
    let outcome = save_edit(context, &args.write, |document| {
        let path = document.parse_path(&args.path).unwrap_or_default();
        document.unset_with_parents(&path)
    });
    change_report::report_change(context, &args.write, outcome, &format!("Removed `{}`", args.path))
}

fn save_edit(
    context: ConfigCommandContext<'_>,
    write_args: &ConfigWriteArgs,
    edit: impl FnOnce(&mut ConfigDocument) -> Result<(), EditError>,
) -> Result<ConfigChange, SaveError> {
    let file = ConfigFile::from_paths(context.paths);
    if write_args.dry_run {
        file.preview_edit(context.env, edit)
    } else {
        file.apply_edit(context.env, edit)
    }
}

/// Returns true when `typed` is a valid key path; prints the problem otherwise.
pub(crate) fn check_path(context: ConfigCommandContext<'_>, typed: &str) -> bool {
    let problem = ConfigDocument::parse("{}").ok().and_then(|empty| empty.parse_path(typed).err());
    if let Some(problem) = problem {
        get::print_invalid_path(context.printer, typed, problem);
    }
    problem.is_none()
}

/// Returns the requested assignments, or what is wrong with the arguments.
fn parse_assignments(args: &ConfigSetArgs) -> Result<Vec<KeyAssignment>, String> {
    if let Some(option) = args.unsupported.first_given {
        return Err(format!(
            "`--{option}` does nothing here: commands that print secrets are not set up by \
             options; use `--ref-source env` or `--ref-source file`"
        ));
    }
    if let Some(batch) = &args.batch_json {
        return self::parse_batch(batch);
    }
    if let Some(file) = &args.batch_file {
        let text = openclaw_fs::read_text(file, MAX_BATCH_BYTES)
            .map_err(|error| format!("failed to read {}: {error}", file.display()))?;
        return self::parse_batch(&text);
    }
    let Some(path) = args.path.clone() else {
        return Err("there is nothing to set: write a path and a value".to_owned());
    };
    let value = match (&args.source, &args.id, &args.value) {
        (Some(source), Some(id), _) => secret_reference(source, id, args.provider.as_deref())?,
        (_, _, Some(text)) => parse_value(text, args.strict_json)?,
        _ => return Err(format!("there is no value for `{path}`: write it behind the path")),
    };
    Ok(vec![KeyAssignment { path, value }])
}

/// Returns `{source, id}` for a variable, `{source, path}` for a file.
fn secret_reference(source: &str, id: &str, provider: Option<&str>) -> Result<NewValue, String> {
    let key = if source == "file" { "path" } else { "id" };
    let provider = provider.map(|provider| format!(", provider: {}", json!(provider)));
    let provider = provider.unwrap_or_default();
    parse_value(&format!("{{source: {}, {key}: {}{provider}}}", json!(source), json!(id)), true)
}

/// Parses JSON5, and takes other text as a string. Text that begins like JSON5 and is malformed is
/// an error: nobody means it as a string.
pub(crate) fn parse_value(text: &str, strict: bool) -> Result<NewValue, String> {
    match NewValue::parse(text) {
        Ok(value) => Ok(value),
        Err(error) if strict || text.trim_start().starts_with(['{', '[', '"', '\'']) => {
            Err(format!("failed to {error}"))
        }
        Err(_) => Ok(NewValue::from_string(text)),
    }
}

/// Parses `[{path, value}, …]`; `ref` instead of `value` refers to a secret.
fn parse_batch(text: &str) -> Result<Vec<KeyAssignment>, String> {
    let shape = "a batch is a JSON list of `{\"path\": …, \"value\": …}`";
    let batch: Vec<Map<String, Value>> =
        serde_json::from_str(text).map_err(|error| format!("{shape}: {error}"))?;
    let assignments = batch.into_iter().enumerate().map(|(index, mut entry)| {
        let shape_error = || format!("{shape}: element {index} is not");
        let path = entry.remove("path").ok_or_else(shape_error)?;
        let value =
            entry.remove("value").or_else(|| entry.remove("ref")).ok_or_else(shape_error)?;
        let path = path.as_str().filter(|_| entry.is_empty()).ok_or_else(shape_error)?.to_owned();
        Ok(KeyAssignment { path, value: value.into() })
    });
    assignments.collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_value_is_json5_or_a_bare_string() {
        let read = |text| format!("{:?}", parse_value(text, false).unwrap());
        for (text, kind) in [
            ("node", "NewValue(a string)"),
            ("http://127.0.0.1:8000/v1", "NewValue(a string)"),
            ("", "NewValue(a string)"),
            ("0x10", "NewValue(a number)"),
            ("true", "NewValue(a boolean)"),
            ("null", "NewValue(null)"),
            ("[1, 2,]", "NewValue(a list)"),
            ("{a: 'b'}", "NewValue(an object)"),
        ] {
            assert_eq!(read(text), kind, "{text}");
        }
        for broken in ["{a: 1", "[1", "'x"] {
            assert!(parse_value(broken, false).is_err(), "{broken}");
        }
        assert!(parse_value("node", true).is_err());
    }

    #[test]
    fn a_batch_is_a_list_of_paths_and_values() {
        let read = |text: &str| parse_batch(text).map(|batch| batch.len());
        assert_eq!(read(r#"[{"path": "a", "value": 1}, {"path": "b", "ref": {}}]"#), Ok(2));
        for wrong in ["{}", "[1]", r#"[{"path": "a"}]"#, r#"[{"path": "a", "value": 1, "x": 1}]"#] {
            assert!(read(wrong).is_err(), "{wrong}");
        }
    }
}
