//! `openclaw config edit`.

use std::fs;
use std::io::{self, Write as _};
use std::path::{Path, PathBuf};
use std::process::Command;

use openclaw_config::{ConfigFile, env_vars};
use openclaw_fs::{create_private_dir, create_private_file};

use super::{ConfigCommandContext, change_report};
use crate::diagnostic;
use crate::exit::ExitReason;

/// The editor's initial text when there is no config file.
const EMPTY_CONFIG: &str = "{\n}\n";

pub(super) fn run(context: ConfigCommandContext<'_>) -> io::Result<ExitReason> {
    let ConfigCommandContext { printer, env, paths } = context;
    let editor = [env_vars::VISUAL, env_vars::EDITOR]
        .into_iter()
        .find_map(|name| env.get(name).filter(|editor| !editor.trim().is_empty()));
    let Some(editor) = editor else {
        printer.print_error("there is no editor: neither VISUAL nor EDITOR is set");
        printer.print_hint(format_args!(
            "Set one, as in `EDITOR=nano openclaw config edit`, or edit {} yourself.",
            paths.config_file().display()
        ));
        return Ok(ExitReason::Failed);
    };
    let file = ConfigFile::from_paths(paths);
    let before = match file.read_text() {
        Ok(before) => before,
        Err(error) => {
            diagnostic::print_load_error(printer, &error);
            return Ok(ExitReason::Config);
        }
    };
    let old = before.as_deref().unwrap_or(EMPTY_CONFIG);
    let result = match edit_copy(paths.state_dir(), editor, old) {
        Ok(edited) => edited,
        Err((what, error)) => {
            printer.print_error(format_args!("failed to {what}: {error}"));
            return Ok(ExitReason::Failed);
        }
    };
    let EditorResult { copy, text } = result;
    if text == old {
        let _ = fs::remove_file(&copy);
        printer.write_answer_line(format_args!(
            "Nothing changed in {}",
            paths.config_file().display()
        ))?;
        return Ok(ExitReason::Ok);
    }
    match file.replace_text(env, before.as_deref(), &text) {
        Ok(change) => {
            let _ = fs::remove_file(&copy);
            printer.write_answer_line(format_args!("Saved {}", change.path.display()))?;
            diagnostic::print_diagnostics(
                printer,
                &change.new_diagnostics,
                &change.redacted_after(),
            );
            Ok(ExitReason::Ok)
        }
        Err(error) => {
            change_report::print_save_error(context, &error);
            printer.print_hint(format_args!("Your text is kept in {}.", copy.display()));
            Ok(change_report::exit_reason(&error))
        }
    }
}

/// The copy after the editor has exited.
struct EditorResult {
    copy: PathBuf,
    text: String,
}

/// Opens a copy, readable only by the user, in the editor.
fn edit_copy(folder: &Path, editor: &str, text: &str) -> Result<EditorResult, (String, io::Error)> {
    // The ending tells the editor the language.
    let copy = folder.join(format!("config-edit-{}.json5", std::process::id()));
    let describe_failure = |what: &str| {
        let what = format!("{what} {}", copy.display());
        move |error| (what, error)
    };
    write_copy(&copy, text).map_err(describe_failure("write the copy"))?;
    let editor_result = run_editor(editor, &copy);
    if let Err(error) = editor_result {
        let _ = fs::remove_file(&copy);
        return Err((format!("run the editor `{editor}`"), error));
    }
    let text = fs::read_to_string(&copy).map_err(describe_failure("read the copy"))?;
    Ok(EditorResult { copy, text })
}

fn write_copy(copy: &Path, text: &str) -> io::Result<()> {
    if let Some(folder) = copy.parent() {
        create_private_dir(folder)?;
    }
    create_private_file(copy)?.write_all(text.as_bytes())
}

#[expect(
    clippy::disallowed_methods,
    reason = "an editor has the terminal until its person is done: nothing bounds, confines or \
              captures it"
)]
fn run_editor(editor: &str, copy: &Path) -> io::Result<()> {
    let mut words = editor.split_whitespace();
    let program = words.next().unwrap_or_default();
    let status = Command::new(program).args(words).arg(copy).status()?;
    if status.success() {
        return Ok(());
    }
    Err(io::Error::other(format!("it ended with {status}")))
}
