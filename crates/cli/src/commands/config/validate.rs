//! `openclaw config validate`.

use std::io;

use openclaw_config::{
    ConfigLoader, Diagnostic, KeyEffect, KeyPath, LoadError, LoadOptions, Severity,
};
use openclaw_protocol::results::config::{ConfigProblem, FileProblem, ValidationResult};
use openclaw_terminal::sanitize;

use super::{ConfigCommandContext, problems};
use crate::args::config::ConfigValidateArgs;
use crate::diagnostic;
use crate::exit::ExitReason;
use crate::json_answer::write_json_answer;

pub(super) fn run(
    context: ConfigCommandContext<'_>,
    args: &ConfigValidateArgs,
) -> io::Result<ExitReason> {
    let ConfigCommandContext { printer, paths, env } = context;
    let path = paths.config_file().display();
    // Validates the file itself, never the last good version that would be used instead.
    let options = LoadOptions::new(paths, env).with_strict(args.strict).with_last_good(false);
    let loaded = match ConfigLoader::load(&options) {
        Ok(loaded) => loaded,
        Err(error) if args.json => {
            write_json_answer(printer, &report_load_error(context, &error))?;
            return Ok(ExitReason::Config);
        }
        Err(error) => {
            diagnostic::print_load_error(printer, &error);
            return Ok(ExitReason::Config);
        }
    };
    let is_error = |diagnostic: &&Diagnostic| diagnostic.severity == Severity::Error;
    let count = loaded.diagnostics.iter().filter(is_error).count();
    let unused_keys = loaded.unused_keys();
    let unused = unused_keys.iter().map(ToString::to_string);
    if args.json {
        let answer = ValidationResult {
            valid: count == 0,
            path: path.to_string(),
            exists: loaded.exists,
            problems: problems::report_diagnostics(&loaded.diagnostics),
            unused: Some(unused.collect()),
        };
        write_json_answer(printer, &answer)?;
    } else {
        diagnostic::print_config_problems(printer, &loaded, &[]);
        match (count, loaded.exists) {
            (0, true) => printer.write_answer_line(format_args!("Config valid: {path}"))?,
            (0, false) => {
                let text = format!("Config valid: there is none at {path}, the defaults hold");
                printer.write_answer_line(text)?;
            }
            (1, _) => printer.print_error(format_args!("1 problem in {path}")),
            (count, _) => printer.print_error(format_args!("{count} problems in {path}")),
        }
        if !printer.is_verbose() {
            printer.write_answer(&unused_text(&unused_keys))?;
        }
    }
    Ok(if count == 0 { ExitReason::Ok } else { ExitReason::Config })
}

/// Lists the keys without effect by the reason, one line each.
fn unused_text(keys: &[KeyPath]) -> String {
    let mut by_reason: Vec<(&str, Vec<String>)> = Vec::new();
    for key in keys {
        let KeyEffect::None { reason } = KeyEffect::for_path(key) else { continue };
        match by_reason.iter_mut().find(|(known, _)| *known == reason) {
            Some((_, keys)) => keys.push(key.to_string()),
            None => by_reason.push((reason, vec![key.to_string()])),
        }
    }
    let lines = by_reason.iter().map(|(reason, keys)| {
        let verb = if keys.len() == 1 { "has" } else { "have" };
        format!("{} {verb} no effect: {reason}\n", keys.join(", "))
    });
    lines.map(|line| sanitize::escape_line(line.trim_end()) + "\n").collect()
}

fn report_load_error(context: ConfigCommandContext<'_>, error: &LoadError) -> ValidationResult {
    let path = context.paths.config_file().display().to_string();
    let diagnostics = error.diagnostics();
    let problems = if diagnostics.is_empty() {
        let causes =
            openclaw_runtime::error_causes(error).into_iter().map(|cause| format!(": {cause}"));
        let message = format!("failed to {error}{}", causes.collect::<String>());
        let severity = "error".to_owned();
        vec![ConfigProblem::File(FileProblem { file: path.clone(), severity, message })]
    } else {
        problems::report_diagnostics(diagnostics)
    };
    let exists = !matches!(error, LoadError::Missing { .. });
    ValidationResult { valid: false, path, exists, problems, unused: None }
}
