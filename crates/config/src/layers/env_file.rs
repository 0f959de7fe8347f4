//! The `.env` file of the state folder.

use std::io;

use crate::{
    diagnostic::{Diagnostic, Severity, TextSpan},
    dotenv::{MAX_ENV_FILE_BYTES, parse_env_text},
    env::Env,
    paths::AppPaths,
};

/// Adds the variables of the state folder's `.env` file, if there is one. Returns what is wrong with
/// the file, without any of its text.
///
/// A `.env` file of the current directory is not read: it may come from somebody else's repository.
pub(super) fn add_state_variables(env: &mut Env, paths: &AppPaths) -> Option<Diagnostic> {
    let path = paths.env_file();
    let report = |message: String, help: &str| {
        let found = Diagnostic::new(Severity::Warning, TextSpan::default(), message)
            .with_help(Some(help.to_owned()));
        Some(Diagnostic { span: None, ..found })
    };
    let text = match openclaw_fs::read_text(&path, MAX_ENV_FILE_BYTES) {
        Ok(text) => text,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return None,
        Err(error) => {
            let message = format!("{} cannot be read: {error}", path.display());
            return report(message, "make it a text file of `NAME=VALUE` lines that you can read");
        }
    };
    let (assignments, invalid) = parse_env_text(&text);
    let origin = path.display().to_string();
    for (name, value) in assignments {
        env.add_variable(&name, &value, &origin);
    }
    let [first, ..] = invalid.as_slice() else { return None };
    let message = format!("line {} of {origin} is no `NAME=VALUE`, it has no effect", first.0);
    report(message, "write one `NAME=VALUE` a line, and `#` before a comment")
}
