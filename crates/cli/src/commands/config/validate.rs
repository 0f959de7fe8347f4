//! `openclaw config validate`.

use std::io;

use openclaw_config::{Diagnostic, Layers, LoadError, LoadOptions, Severity};
use serde_json::{Value, json};

use super::{Place, problems};
use crate::args::config::ConfigValidate;
use crate::diagnostic;
use crate::exit::Exit;
use crate::report;

pub(super) fn run(place: Place<'_>, args: &ConfigValidate) -> io::Result<Exit> {
    let Place { printer, paths, env } = place;
    let path = paths.config().display();
    // A file that is broken is to be told, whatever is read in its place.
    let options = LoadOptions::new(paths, env).strict(args.strict).keep_last_good(false);
    let loaded = match Layers::load(&options) {
        Ok(loaded) => loaded,
        Err(error) if args.json => {
            printer.answer_json(&broken_json(place, &error))?;
            return Ok(Exit::Config);
        }
        Err(error) => {
            diagnostic::print_broken(printer, &error);
            return Ok(Exit::Config);
        }
    };
    let wrong = |found: &&Diagnostic| found.severity == Severity::Error;
    let count = loaded.diagnostics.iter().filter(wrong).count();
    let unused = loaded.unused().into_iter().map(|key| key.to_string());
    if args.json {
        let mut answer = json!({
            "valid": count == 0,
            "path": path.to_string(),
            "exists": loaded.exists,
            "problems": problems::json(&loaded.diagnostics),
        });
        if let (true, Some(answer)) = (printer.is_verbose(), answer.as_object_mut()) {
            answer.insert("unused".to_owned(), unused.collect::<Vec<_>>().into());
        }
        printer.answer_json(&answer)?;
    } else {
        diagnostic::print(printer, &loaded);
        match (count, loaded.exists) {
            (0, true) => printer.answer_line(format_args!("Config valid: {path}"))?,
            (0, false) => {
                let text = format!("Config valid: there is none at {path}, the defaults hold");
                printer.answer_line(text)?;
            }
            (1, _) => printer.error(format_args!("1 problem in {path}")),
            (count, _) => printer.error(format_args!("{count} problems in {path}")),
        }
    }
    Ok(if count == 0 { Exit::Ok } else { Exit::Config })
}

fn broken_json(place: Place<'_>, error: &LoadError) -> Value {
    let path = place.paths.config().display().to_string();
    let found = error.diagnostics();
    let problems = if found.is_empty() {
        let causes = report::causes(error).into_iter().map(|cause| format!(": {cause}"));
        let message = format!("failed to {error}{}", causes.collect::<String>());
        json!([{ "file": path, "severity": "error", "message": message }])
    } else {
        problems::json(found)
    };
    let exists = !matches!(error, LoadError::Missing { .. });
    json!({ "valid": false, "path": path, "exists": exists, "problems": problems })
}
