//! `openclaw config validate`.

use std::io;

use openclaw_chat::error_report;
use openclaw_config::{ConfigLoader, Diagnostic, LoadError, LoadOptions, Severity};
use serde_json::{Value, json};

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
            write_json_answer(printer, &load_error_json(context, &error))?;
            return Ok(ExitReason::Config);
        }
        Err(error) => {
            diagnostic::print_load_error(printer, &error);
            return Ok(ExitReason::Config);
        }
    };
    let is_error = |diagnostic: &&Diagnostic| diagnostic.severity == Severity::Error;
    let count = loaded.diagnostics.iter().filter(is_error).count();
    let unused = loaded.unused_keys().into_iter().map(|key| key.to_string());
    if args.json {
        let mut answer = json!({
            "valid": count == 0,
            "path": path.to_string(),
            "exists": loaded.exists,
            "problems": problems::diagnostics_json(&loaded.diagnostics),
        });
        if let (true, Some(answer)) = (printer.is_verbose(), answer.as_object_mut()) {
            answer.insert("unused".to_owned(), unused.collect::<Vec<_>>().into());
        }
        write_json_answer(printer, &answer)?;
    } else {
        diagnostic::print_config_problems(printer, &loaded);
        match (count, loaded.exists) {
            (0, true) => printer.write_answer_line(format_args!("Config valid: {path}"))?,
            (0, false) => {
                let text = format!("Config valid: there is none at {path}, the defaults hold");
                printer.write_answer_line(text)?;
            }
            (1, _) => printer.print_error(format_args!("1 problem in {path}")),
            (count, _) => printer.print_error(format_args!("{count} problems in {path}")),
        }
    }
    Ok(if count == 0 { ExitReason::Ok } else { ExitReason::Config })
}

fn load_error_json(context: ConfigCommandContext<'_>, error: &LoadError) -> Value {
    let path = context.paths.config_file().display().to_string();
    let diagnostics = error.diagnostics();
    let problems = if diagnostics.is_empty() {
        let causes =
            error_report::error_causes(error).into_iter().map(|cause| format!(": {cause}"));
        let message = format!("failed to {error}{}", causes.collect::<String>());
        json!([{ "file": path, "severity": "error", "message": message }])
    } else {
        problems::diagnostics_json(diagnostics)
    };
    let exists = !matches!(error, LoadError::Missing { .. });
    json!({ "valid": false, "path": path, "exists": exists, "problems": problems })
}
