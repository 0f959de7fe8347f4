//! Secrets printed by a command, e.g. a password manager.

use std::ffi::OsString;
use std::io;
use std::path::{Path, PathBuf};
use std::time::Duration;

use openclaw_config::{Env, ResolvedSecret, SecretCommand, SecretRequest, SecretSource};
use openclaw_fs::foreign_writer;
use openclaw_process::{
    CommandEnd, CommandLimits, CommandSpec, OutputStream, ProcessError, StdinSource,
    SupervisorProgram, WorkDir, base_environment, run,
};
use serde_json::{Value, json};

/// The longest accepted secret, in bytes.
const MAX_SECRET_BYTES: usize = 64 * 1024;

/// The version of the protocol in which a command of `secrets.providers` is asked.
const PROTOCOL_VERSION: u32 = 1;

/// Why a command gave no secret. Never contains the command's output.
#[derive(Debug, thiserror::Error)]
pub(crate) enum SecretCommandError {
    #[error("start the async runtime that runs `{0}`")]
    Runtime(String, #[source] io::Error),
    #[error("run `{0}`")]
    NotRun(String, #[source] ProcessError),
    #[error("run `{program}`: {problem}")]
    NotTrusted { program: String, problem: String },
    #[error("get a secret from `{program}`: it ended with {end}")]
    Failed { program: String, end: String },
    #[error("get a secret from `{0}`: it printed none")]
    Empty(String),
    #[error("get a secret from `{0}`: its output is not UTF-8 text of up to 64 KiB")]
    NotText(String),
    #[error("get the secret `{id}` from `{program}`: its answer {problem}")]
    InvalidAnswer { program: String, id: String, problem: &'static str },
}

/// Runs a command without a shell, waits for it to exit, and returns its secret.
pub(crate) fn run_secret_command(
    command: &SecretCommand,
    env: &Env,
    supervisor: SupervisorProgram,
) -> Result<ResolvedSecret, SecretCommandError> {
    let mut words = command.words.iter().map(OsString::from);
    let program = words.next().unwrap_or_default();
    let name = program.to_string_lossy().into_owned();
    if command.request.is_some() {
        check_program(command, &name)?;
    }
    let variables = env.iter_pairs().map(|(name, value)| (name.to_owned(), value.to_owned()));
    let mut environment = base_environment(variables);
    let passed = command.passed_variables.iter();
    environment.extend(passed.filter_map(|name| Some((name.into(), env.get_os(name)?.into()))));
    environment.extend(command.variables.iter().map(|(name, value)| (name.into(), value.into())));
    let spec = CommandSpec {
        program,
        args: words.collect(),
        directory: WorkDir::Path(PathBuf::from(".")),
        env: environment,
        stdin: command.request.as_ref().map_or(StdinSource::Null, |request| {
            StdinSource::Bytes(request_text(request).into_bytes())
        }),
        supervisor,
        sandbox: None,
    };
    let limit = command.time_limit;
    let printed =
        std::thread::scope(|scope| scope.spawn(|| run_to_completion(spec, limit, &name)).join());
    let printed =
        printed.unwrap_or_else(|_panicked| Err(SecretCommandError::Empty(name.clone())))?;
    let text =
        String::from_utf8(printed).map_err(|_bytes| SecretCommandError::NotText(name.clone()))?;
    let secret = match &command.request {
        Some(request) => read_answer(&text, request, &name)?,
        None => text.trim().to_owned(),
    };
    match secret.as_str() {
        "" => Err(SecretCommandError::Empty(name)),
        secret => Ok(ResolvedSecret { value: secret.into(), source: SecretSource::Command(name) }),
    }
}

/// Refuses a program of `secrets.providers` that is not where or what its provider says.
fn check_program(command: &SecretCommand, name: &str) -> Result<(), SecretCommandError> {
    let refuse = |problem: &str| {
        Err(SecretCommandError::NotTrusted {
            program: name.to_owned(),
            problem: problem.to_owned(),
        })
    };
    let path = Path::new(name);
    if !path.is_absolute() {
        return refuse("`command` must be an absolute path");
    }
    if !command.allows_symlink && path.is_symlink() {
        return refuse("it is a symbolic link, and `allowSymlinkCommand` is not set");
    }
    let real = path.canonicalize().unwrap_or_else(|_| path.to_owned());
    let is_trusted = |folder: &String| {
        Path::new(folder).canonicalize().is_ok_and(|folder| real.starts_with(folder))
    };
    if !command.trusted_dirs.is_empty() && !command.trusted_dirs.iter().any(is_trusted) {
        return refuse("it is in none of `trustedDirs`");
    }
    if !command.allows_insecure_path && foreign_writer(&real, true).is_some() {
        return refuse("other users can change it, and `allowInsecurePath` is not set");
    }
    Ok(())
}

fn request_text(request: &SecretRequest) -> String {
    let SecretRequest { provider, id, .. } = request;
    json!({ "protocolVersion": PROTOCOL_VERSION, "provider": provider, "ids": [id] }).to_string()
}

/// The secret in an answer: `{ "protocolVersion": 1, "values": { ID: TEXT } }`.
fn read_answer(
    text: &str,
    request: &SecretRequest,
    program: &str,
) -> Result<String, SecretCommandError> {
    let SecretRequest { id, json_only, .. } = request;
    let invalid = |problem| {
        let (program, id) = (program.to_owned(), id.clone());
        Err(SecretCommandError::InvalidAnswer { program, id, problem })
    };
    let answer: Value = match serde_json::from_str(text.trim()) {
        Ok(answer @ Value::Object(_)) => answer,
        _ if *json_only => return invalid("is no JSON object"),
        _ => return Ok(text.trim().to_owned()),
    };
    if answer.get("protocolVersion").and_then(Value::as_u64) != Some(PROTOCOL_VERSION.into()) {
        return invalid("has not the `protocolVersion` 1");
    }
    match answer.get("values").and_then(|values| values.get(id)) {
        Some(Value::String(secret)) => Ok(secret.clone()),
        Some(_) => invalid("has no text for it in `values`"),
        None => invalid("does not have it in `values`"),
    }
}

/// Runs a command to completion on its own thread, because the caller may be in async code.
/// Blocking is fine: nothing can be sent before the keys are known.
fn run_to_completion(
    spec: CommandSpec,
    limit: Duration,
    name: &str,
) -> Result<Vec<u8>, SecretCommandError> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
    let runtime = runtime.map_err(|error| SecretCommandError::Runtime(name.to_owned(), error))?;
    let bounds = CommandLimits {
        time_limit: Some(limit),
        max_output_bytes: 0,
        grace_period: Duration::from_secs(1),
    };
    let mut printed = Vec::new();
    let finished = runtime.block_on(run(spec, bounds, |stream, bytes| {
        if stream == OutputStream::Stdout && printed.len() <= MAX_SECRET_BYTES {
            printed.extend_from_slice(bytes);
        }
    }));
    let finished = finished.map_err(|error| SecretCommandError::NotRun(name.to_owned(), error))?;
    let end = match finished.end {
        CommandEnd::Exited(0) if printed.len() > MAX_SECRET_BYTES => {
            return Err(SecretCommandError::NotText(name.to_owned()));
        }
        CommandEnd::Exited(0) => return Ok(printed),
        CommandEnd::Exited(code) => format!("exit code {code}"),
        CommandEnd::Signalled(signal) => format!("signal {signal}"),
        CommandEnd::Stopped => "a stop".to_owned(),
        CommandEnd::TimedOut(limit) => format!("no end within {} s", limit.as_secs()),
    };
    Err(SecretCommandError::Failed { program: name.to_owned(), end })
}
