//! Reports a change of the config file, made or refused.

use std::io;

use openclaw_config::{ConfigChange, EditErrorKind, SaveError};
use openclaw_protocol::results::config::{ChangeRefusal, ChangeResult};
use similar::TextDiff;

use super::{ConfigCommandContext, get, problems};
use crate::args::config::ConfigWriteArgs;
use crate::diagnostic;
use crate::exit::ExitReason;
use crate::json_answer::write_json_answer;

/// Reports how a change ended; `done` describes the change.
pub(super) fn report_change(
    context: ConfigCommandContext<'_>,
    write_args: &ConfigWriteArgs,
    outcome: Result<ConfigChange, SaveError>,
    success_message: &str,
) -> io::Result<ExitReason> {
    let printer = context.printer;
    let change = match outcome {
        Ok(change) => change,
        Err(error) => {
            if write_args.json {
                write_json_answer(printer, &report_save_error(&error))?;
            }
            print_save_error(context, &error);
            return Ok(exit_reason(&error));
        }
    };
    if write_args.json {
        write_json_answer(
            printer,
            &ChangeResult {
                ok: true,
                path: change.path.display().to_string(),
                changed: change.has_changes(),
                dry_run: write_args.dry_run,
                diff: write_args.dry_run.then(|| redacted_diff(&change)),
                problems: problems::report_diagnostics(&change.new_diagnostics),
            },
        )?;
    } else if write_args.dry_run {
        printer.write_answer(&redacted_diff(&change))?;
    } else if change.has_changes() {
        printer
            .write_answer_line(format_args!("{success_message} in {}", change.path.display()))?;
    } else {
        printer
            .write_answer_line(format_args!("Nothing to change in {}", change.path.display()))?;
    }
    if !write_args.json {
        diagnostic::print_diagnostics(printer, &change.new_diagnostics, &change.redacted_after());
    }
    Ok(ExitReason::Ok)
}

/// Returns the change in the format of `diff -u`, with secrets redacted.
pub(crate) fn redacted_diff(change: &ConfigChange) -> String {
    let after = change.redacted_after();
    if change.has_changes() && change.redacted_before == after {
        return "A secret would change, and nothing else.\n".to_owned();
    }
    let path = change.path.display().to_string();
    let old = if change.before.is_some() { path.as_str() } else { "/dev/null" };
    let diff = TextDiff::from_lines(&change.redacted_before, &after);
    diff.unified_diff().header(old, &path).to_string()
}

/// Prints why a change was not saved.
pub(super) fn print_save_error(context: ConfigCommandContext<'_>, error: &SaveError) {
    let printer = context.printer;
    match error {
        SaveError::Load(error) | SaveError::InvalidText(error) => {
            diagnostic::print_load_error(printer, error);
        }
        SaveError::Invalid { diagnostics, redacted_text } => {
            diagnostic::print_diagnostics(printer, diagnostics, redacted_text);
        }
        SaveError::Edit(edit) if *edit.kind() == EditErrorKind::NotSet => {
            get::print_missing(printer, edit.path());
        }
        other => {
            printer.print_error(format_args!("failed to {other}"));
            for cause in openclaw_runtime::error_causes(other) {
                printer.print_indented(format_args!("cause: {cause}"));
            }
        }
    }
    printer.print_note(format_args!("{} is unchanged", context.paths.config_file().display()));
}

fn report_save_error(error: &SaveError) -> ChangeRefusal {
    let problems = match error {
        SaveError::Invalid { diagnostics, .. } => problems::report_diagnostics(diagnostics),
        SaveError::Load(error) | SaveError::InvalidText(error) => {
            problems::report_diagnostics(error.diagnostics())
        }
        _ => Vec::new(),
    };
    ChangeRefusal { ok: false, error: format!("failed to {error}"), problems }
}

pub(super) fn exit_reason(error: &SaveError) -> ExitReason {
    match error {
        SaveError::Edit(edit) if *edit.kind() == EditErrorKind::NotSet => ExitReason::Failed,
        SaveError::Locked { .. } | SaveError::Write { .. } | SaveError::Changed { .. } => {
            ExitReason::Failed
        }
        _ => ExitReason::Config,
    }
}
