//! Secrets printed by a command, e.g. a password manager.

use std::ffi::OsString;
use std::io;
use std::path::PathBuf;
use std::time::Duration;

use openclaw_config::defaults::SECRET_COMMAND_SECONDS;
use openclaw_config::{Env, ResolvedSecret, SecretSource};
use openclaw_process::{
    CommandEnd, CommandLimits, CommandSpec, OutputStream, ProcessError, StdinSource,
    SupervisorProgram, WorkDir, base_environment, run,
};

/// The longest accepted secret, in bytes.
const MAX_SECRET_BYTES: usize = 64 * 1024;

/// Why a command gave no secret. Never contains the command's output.
#[derive(Debug, thiserror::Error)]
pub(crate) enum SecretCommandError {
    #[error("start the async runtime that runs `{0}`")]
    Runtime(String, #[source] io::Error),
    #[error("run `{0}`")]
    NotRun(String, #[source] ProcessError),
    #[error("get a secret from `{program}`: it ended with {end}")]
    Failed { program: String, end: String },
    #[error("get a secret from `{0}`: it printed none")]
    Empty(String),
    #[error("get a secret from `{0}`: its output is not UTF-8 text of up to 64 KiB")]
    NotText(String),
}

/// Runs a command without a shell, waits for it to exit, and returns its stdout, trimmed.
pub(crate) fn run_secret_command(
    command: &[String],
    env: &Env,
    supervisor: SupervisorProgram,
) -> Result<ResolvedSecret, SecretCommandError> {
    let mut words = command.iter().map(OsString::from);
    let program = words.next().unwrap_or_default();
    let name = program.to_string_lossy().into_owned();
    let variables = env.iter_pairs().map(|(name, value)| (name.to_owned(), value.to_owned()));
    let spec = CommandSpec {
        program,
        args: words.collect(),
        directory: WorkDir::Path(PathBuf::from(".")),
        env: base_environment(variables),
        stdin: StdinSource::Null,
        supervisor,
        sandbox: None,
    };
    let printed = std::thread::scope(|scope| scope.spawn(|| run_to_completion(spec, &name)).join());
    let printed =
        printed.unwrap_or_else(|_panicked| Err(SecretCommandError::Empty(name.clone())))?;
    let text =
        String::from_utf8(printed).map_err(|_bytes| SecretCommandError::NotText(name.clone()))?;
    match text.trim() {
        "" => Err(SecretCommandError::Empty(name)),
        secret => Ok(ResolvedSecret { value: secret.into(), source: SecretSource::Command(name) }),
    }
}

/// Runs a command to completion on its own thread, because the caller may be in async code.
/// Blocking is fine: nothing can be sent before the keys are known.
fn run_to_completion(spec: CommandSpec, name: &str) -> Result<Vec<u8>, SecretCommandError> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
    let runtime = runtime.map_err(|error| SecretCommandError::Runtime(name.to_owned(), error))?;
    let bounds = CommandLimits {
        time_limit: Some(Duration::from_secs(SECRET_COMMAND_SECONDS)),
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
        CommandEnd::TimedOut(limit) => format!("no end within {} s", limit.as_secs()),
    };
    Err(SecretCommandError::Failed { program: name.to_owned(), end })
}
