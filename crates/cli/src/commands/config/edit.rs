//! `openclaw config edit`.

use std::fs::{self, OpenOptions};
use std::io::{self, Write as _};
use std::path::{Path, PathBuf};
use std::process::Command;

use openclaw_config::{ConfigFile, env_vars};

use super::{Place, writing};
use crate::diagnostic;
use crate::exit::Exit;

/// What a person begins with when there is no file.
const EMPTY: &str = "{\n}\n";

pub(super) fn run(place: Place<'_>) -> io::Result<Exit> {
    let Place { printer, env, paths } = place;
    let editor = [env_vars::VISUAL, env_vars::EDITOR]
        .into_iter()
        .find_map(|name| env.get(name).filter(|editor| !editor.trim().is_empty()));
    let Some(editor) = editor else {
        printer.error("there is no editor: neither VISUAL nor EDITOR is set");
        printer.hint(format_args!(
            "Set one, as in `EDITOR=nano openclaw config edit`, or edit {} yourself.",
            paths.config().display()
        ));
        return Ok(Exit::Failed);
    };
    let file = ConfigFile::of(paths);
    let before = match file.text() {
        Ok(before) => before,
        Err(error) => {
            diagnostic::print_broken(printer, &error);
            return Ok(Exit::Config);
        }
    };
    let old = before.as_deref().unwrap_or(EMPTY);
    let edited = match edit(paths.state_dir(), editor, old) {
        Ok(edited) => edited,
        Err((what, error)) => {
            printer.error(format_args!("failed to {what}: {error}"));
            return Ok(Exit::Failed);
        }
    };
    let Edited { copy, text } = edited;
    if text == old {
        let _ = fs::remove_file(&copy);
        printer.answer_line(format_args!("Nothing changed in {}", paths.config().display()))?;
        return Ok(Exit::Ok);
    }
    match file.replace(env, before.as_deref(), &text) {
        Ok(change) => {
            let _ = fs::remove_file(&copy);
            printer.answer_line(format_args!("Saved {}", change.path.display()))?;
            diagnostic::print_all(printer, &change.introduced, &change.after_to_show());
            Ok(Exit::Ok)
        }
        Err(error) => {
            writing::print_error(place, &error);
            printer.hint(format_args!("Your text is kept in {}.", copy.display()));
            Ok(writing::exit_of(&error))
        }
    }
}

/// What came out of an editor.
struct Edited {
    copy: PathBuf,
    text: String,
}

/// Lets a person edit a copy, which only they can read.
fn edit(folder: &Path, editor: &str, text: &str) -> Result<Edited, (String, io::Error)> {
    // The ending tells the editor the language.
    let copy = folder.join(format!("config-edit-{}.json5", std::process::id()));
    let failed = |what: &str| {
        let what = format!("{what} {}", copy.display());
        move |error| (what, error)
    };
    write_copy(&copy, text).map_err(failed("write the copy"))?;
    let ended = run_editor(editor, &copy);
    if let Err(error) = ended {
        let _ = fs::remove_file(&copy);
        return Err((format!("run the editor `{editor}`"), error));
    }
    let text = fs::read_to_string(&copy).map_err(failed("read the copy"))?;
    Ok(Edited { copy, text })
}

fn write_copy(copy: &Path, text: &str) -> io::Result<()> {
    if let Some(folder) = copy.parent() {
        fs::create_dir_all(folder)?;
    }
    let mut options = OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    options.open(copy)?.write_all(text.as_bytes())
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
