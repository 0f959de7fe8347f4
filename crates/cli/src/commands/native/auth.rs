//! `openclaw models auth paste-token`: keeps a key in the original's file of keys.

use std::io::{self, BufRead as _, IsTerminal as _, Write as _};
use std::path::Path;

use openclaw_config::LoadedConfig;
use openclaw_config::defaults::{AUTH_PROFILES_FILE_NAME, MAIN_AGENT};
use openclaw_fs::{AtomicFile, create_private_dir, read_text};
use serde_json::{Value, json};

use super::{NativeArgs, refuse};
use crate::commands::config::ConfigCommandContext;
use crate::exit::ExitReason;

/// The largest file of keys, in bytes.
const MAX_FILE_BYTES: u64 = 1 << 20;

/// Reads a key from standard input and keeps it as a profile of a provider.
pub(super) fn paste_token(
    context: ConfigCommandContext<'_>,
    loaded: &LoadedConfig,
    args: &NativeArgs<'_>,
) -> io::Result<ExitReason> {
    let printer = context.printer;
    let Some(provider) = args.option("--provider").filter(|name| !name.is_empty()) else {
        return Ok(refuse(context, "`--provider ID` is missing"));
    };
    let profile = args.option("--profile-id").map_or_else(
        // The name that the original gives it.
        || format!("{provider}:manual"),
        str::to_owned,
    );
    if io::stdin().is_terminal() {
        printer.print_question(format_args!("the key of {provider} (it is shown as you type):"));
    }
    let mut line = String::new();
    io::stdin().lock().read_line(&mut line)?;
    let key = line.trim();
    if key.is_empty() || key.contains(char::is_whitespace) {
        return Ok(refuse(context, "standard input has no key: one line without white space"));
    }
    let agent = args.option("--agent").unwrap_or(MAIN_AGENT);
    let Some(folder) =
        loaded.config.agent_dirs(agent, context.paths, context.env).into_iter().next()
    else {
        return Ok(refuse(context, "there is no folder for keys"));
    };
    let path = folder.join(AUTH_PROFILES_FILE_NAME);
    let entry = json!({ "type": "token", "provider": provider, "token": key });
    let written = read_profiles(&path)
        .and_then(|file| with_profile(file, &profile, entry))
        .and_then(|file| write_private(&folder, &path, &format!("{file:#}\n")));
    if let Err(problem) = written {
        return Ok(refuse(
            context,
            &format!("failed to keep the key in {}: {problem}", path.display()),
        ));
    }
    printer.write_answer_line(format_args!("Changed {}", path.display()))?;
    printer.print_note(format_args!("the profile {profile} has the key of {provider}"));
    Ok(ExitReason::Ok)
}

/// The file of keys; one without profiles when there is none.
fn read_profiles(path: &Path) -> Result<Value, String> {
    match read_text(path, MAX_FILE_BYTES) {
        // The parser's own message could quote a key.
        Ok(text) => serde_json::from_str(&text).map_err(|_| "it is no JSON".to_owned()),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(json!({ "version": 1 })),
        Err(error) => Err(error.to_string()),
    }
}

fn with_profile(mut file: Value, id: &str, entry: Value) -> Result<Value, String> {
    let fields = file.as_object_mut().ok_or("it is no JSON object")?;
    let profiles = fields.entry("profiles").or_insert_with(|| json!({}));
    let profiles = profiles.as_object_mut().ok_or("`profiles` is no object")?;
    profiles.insert(id.to_owned(), entry);
    Ok(file)
}

fn write_private(folder: &Path, path: &Path, text: &str) -> Result<(), String> {
    let written = create_private_dir(folder).and_then(|()| {
        let mut file = AtomicFile::create(path)?;
        file.write_all(text.as_bytes())?;
        file.commit()
    });
    written.map_err(|error| error.to_string())
}
