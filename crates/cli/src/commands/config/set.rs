//! `openclaw config set` and `unset`.

use std::{fs, io};

use openclaw_config::{
    Change, Config, ConfigFile, Document, EditError, Layer, NewValue, SaveError,
};
use serde_json::{Map, Value, json};

use super::{Place, get, writing};
use crate::args::config::{ConfigSet, ConfigUnset, Writing};
use crate::exit::Exit;

/// One key as it was typed, and its new value.
#[derive(Debug)]
struct Assignment {
    path: String,
    value: NewValue,
}

pub(super) fn set(place: Place<'_>, args: &ConfigSet) -> io::Result<Exit> {
    let assignments = match assignments(args) {
        Ok(assignments) => assignments,
        Err(problem) => {
            place.printer.error(problem);
            return Ok(Exit::Usage);
        }
    };
    for Assignment { path, .. } in &assignments {
        if !is_path(place, path) {
            return Ok(Exit::Usage);
        }
    }
    let done = match assignments.as_slice() {
        [one] => format!("Set `{}`", one.path),
        several => format!("Set {} keys", several.len()),
    };
    let outcome = save(place, &args.writing, |document| {
        assignments.iter().try_for_each(|Assignment { path, value }| {
            let path = document.path(path).unwrap_or_default();
            if args.merge { document.merge(&path, value) } else { document.set(&path, value) }
        })
    });
    let saved = outcome.is_ok() && !args.writing.dry_run;
    let end = writing::end(place, &args.writing, outcome, &done)?;
    if saved {
        warn_of_stronger(place, &assignments);
    }
    Ok(end)
}

/// Warns when a value was set and another layer's holds all the same.
fn warn_of_stronger(place: Place<'_>, assignments: &[Assignment]) {
    let Ok(loaded) = Config::load(place.paths, place.env) else { return };
    for Assignment { path, .. } in assignments {
        let origin = loaded.origin(path);
        if origin.layer() > Layer::User {
            place.printer.warning(format_args!("the {} wins: {origin}", origin.layer()));
        }
    }
}

pub(super) fn unset(place: Place<'_>, args: &ConfigUnset) -> io::Result<Exit> {
    if !is_path(place, &args.path) {
        return Ok(Exit::Usage);
    }
    let outcome = save(place, &args.writing, |document| {
        let path = document.path(&args.path).unwrap_or_default();
        document.unset(&path)
    });
    writing::end(place, &args.writing, outcome, &format!("Removed `{}`", args.path))
}

fn save(
    place: Place<'_>,
    writing: &Writing,
    edit: impl FnOnce(&mut Document) -> Result<(), EditError>,
) -> Result<Change, SaveError> {
    let file = ConfigFile::of(place.paths);
    if writing.dry_run { file.preview(place.env, edit) } else { file.edit(place.env, edit) }
}

/// Whether a text is a path in any document; says so when it is not.
fn is_path(place: Place<'_>, typed: &str) -> bool {
    let problem = Document::parse("{}").ok().and_then(|empty| empty.path(typed).err());
    if let Some(problem) = problem {
        get::print_invalid_path(place.printer, typed, problem);
    }
    problem.is_none()
}

/// What is to be set, or why the arguments do not say it.
fn assignments(args: &ConfigSet) -> Result<Vec<Assignment>, String> {
    if let Some(option) = args.foreign.given {
        return Err(format!(
            "`--{option}` does nothing here: commands that print secrets are not set up by \
             options; use `--ref-source env` or `--ref-source file`"
        ));
    }
    if let Some(batch) = &args.batch_json {
        return self::batch(batch);
    }
    if let Some(file) = &args.batch_file {
        let text = fs::read_to_string(file)
            .map_err(|error| format!("failed to read {}: {error}", file.display()))?;
        return self::batch(&text);
    }
    let Some(path) = args.path.clone() else {
        return Err("there is nothing to set: write a path and a value".to_owned());
    };
    let value = match (&args.source, &args.id, &args.value) {
        (Some(source), Some(id), _) => reference(source, id, args.provider.as_deref())?,
        (_, _, Some(text)) => value(text, args.strict_json)?,
        _ => return Err(format!("there is no value for `{path}`: write it behind the path")),
    };
    Ok(vec![Assignment { path, value }])
}

/// `{source, id}` for a variable, `{source, path}` for a file.
fn reference(source: &str, id: &str, provider: Option<&str>) -> Result<NewValue, String> {
    let key = if source == "file" { "path" } else { "id" };
    let provider = provider.map(|provider| format!(", provider: {}", json!(provider)));
    let provider = provider.unwrap_or_default();
    value(&format!("{{source: {}, {key}: {}{provider}}}", json!(source), json!(id)), true)
}

/// Reads JSON5, or takes what is none as a string. What begins like JSON5 and is broken is no
/// string that anybody means.
fn value(text: &str, strict: bool) -> Result<NewValue, String> {
    match NewValue::parse(text) {
        Ok(value) => Ok(value),
        Err(error) if strict || text.trim_start().starts_with(['{', '[', '"', '\'']) => {
            Err(format!("failed to {error}"))
        }
        Err(_) => Ok(NewValue::string(text)),
    }
}

/// Reads `[{path, value}, …]`; for a secret, `ref` may stand for `value`.
fn batch(text: &str) -> Result<Vec<Assignment>, String> {
    let shape = "a batch is a JSON list of `{\"path\": …, \"value\": …}`";
    let batch: Vec<Map<String, Value>> =
        serde_json::from_str(text).map_err(|error| format!("{shape}: {error}"))?;
    let assignments = batch.into_iter().enumerate().map(|(place, mut entry)| {
        let wrong = || format!("{shape}: element {place} is not");
        let path = entry.remove("path").ok_or_else(wrong)?;
        let value = entry.remove("value").or_else(|| entry.remove("ref")).ok_or_else(wrong)?;
        let path = path.as_str().filter(|_| entry.is_empty()).ok_or_else(wrong)?.to_owned();
        Ok(Assignment { path, value: value.into() })
    });
    assignments.collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_value_is_json5_or_a_bare_string() {
        let read = |text| format!("{:?}", value(text, false).unwrap());
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
            assert!(value(broken, false).is_err(), "{broken}");
        }
        assert!(value("node", true).is_err());
    }

    #[test]
    fn a_batch_is_a_list_of_paths_and_values() {
        let read = |text: &str| batch(text).map(|batch| batch.len());
        assert_eq!(read(r#"[{"path": "a", "value": 1}, {"path": "b", "ref": {}}]"#), Ok(2));
        for wrong in ["{}", "[1]", r#"[{"path": "a"}]"#, r#"[{"path": "a", "value": 1, "x": 1}]"#] {
            assert!(read(wrong).is_err(), "{wrong}");
        }
    }
}
