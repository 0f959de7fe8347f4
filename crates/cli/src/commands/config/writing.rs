//! What is said about a change of the config file, made or refused.

use std::io;

use openclaw_config::{Change, EditErrorKind, SaveError};
use serde_json::json;
use similar::TextDiff;

use super::{Place, get, problems};
use crate::args::config::Writing;
use crate::diagnostic;
use crate::exit::Exit;
use crate::report;

/// Tells how a change ended; `done` says what was done.
pub(super) fn end(
    place: Place<'_>,
    writing: &Writing,
    outcome: Result<Change, SaveError>,
    done: &str,
) -> io::Result<Exit> {
    let printer = place.printer;
    let change = match outcome {
        Ok(change) => change,
        Err(error) => {
            if writing.json {
                printer.answer_json(&error_json(&error))?;
            }
            print_error(place, &error);
            return Ok(exit_of(&error));
        }
    };
    if writing.json {
        printer.answer_json(&json!({
            "ok": true,
            "path": change.path.display().to_string(),
            "changed": change.is_new(),
            "dryRun": writing.dry_run,
            "diff": writing.dry_run.then(|| diff(&change)),
            "problems": problems::json(&change.introduced),
        }))?;
    } else if writing.dry_run {
        printer.answer(&diff(&change))?;
    } else if change.is_new() {
        printer.answer_line(format_args!("{done} in {}", change.path.display()))?;
    } else {
        printer.answer_line(format_args!("Nothing to change in {}", change.path.display()))?;
    }
    if !writing.json {
        diagnostic::print_all(printer, &change.introduced, &change.after_to_show());
    }
    Ok(Exit::Ok)
}

/// The change as `diff -u` shows it, without secrets.
pub(crate) fn diff(change: &Change) -> String {
    let after = change.after_to_show();
    if change.is_new() && change.before_to_show == after {
        return "A secret would change, and nothing else.\n".to_owned();
    }
    let path = change.path.display().to_string();
    let old = if change.before.is_some() { path.as_str() } else { "/dev/null" };
    let diff = TextDiff::from_lines(&change.before_to_show, &after);
    diff.unified_diff().header(old, &path).to_string()
}

/// Writes why a change was not made.
pub(super) fn print_error(place: Place<'_>, error: &SaveError) {
    let printer = place.printer;
    match error {
        SaveError::Load(error) | SaveError::Broken(error) => {
            diagnostic::print_broken(printer, error);
        }
        SaveError::Invalid { diagnostics, text_to_show } => {
            diagnostic::print_all(printer, diagnostics, text_to_show);
        }
        SaveError::Edit(edit) if *edit.kind() == EditErrorKind::NotSet => {
            get::print_missing(printer, edit.path());
        }
        other => {
            printer.error(format_args!("failed to {other}"));
            for cause in report::causes(other) {
                printer.aside(format_args!("cause: {cause}"));
            }
        }
    }
    printer.note(format_args!("{} is unchanged", place.paths.config().display()));
}

fn error_json(error: &SaveError) -> serde_json::Value {
    let problems = match error {
        SaveError::Invalid { diagnostics, .. } => problems::json(diagnostics),
        SaveError::Load(error) | SaveError::Broken(error) => problems::json(error.diagnostics()),
        _ => json!([]),
    };
    json!({ "ok": false, "error": format!("failed to {error}"), "problems": problems })
}

pub(super) fn exit_of(error: &SaveError) -> Exit {
    match error {
        SaveError::Edit(edit) if *edit.kind() == EditErrorKind::NotSet => Exit::Failed,
        SaveError::Locked { .. } | SaveError::Write { .. } | SaveError::Changed { .. } => {
            Exit::Failed
        }
        _ => Exit::Config,
    }
}
