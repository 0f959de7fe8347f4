//! What a service runs and how it is ended.

use std::path::PathBuf;
use std::time::Duration;

use crate::ServiceError;

/// A program that a service manager starts and keeps running.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct ServiceDefinition {
    /// The name of the service without a suffix, e.g. `openclaw-gateway`.
    pub name: String,
    /// What it is, for a person.
    pub description: String,
    /// The program, an absolute path.
    pub program: PathBuf,
    /// Its arguments.
    pub args: Vec<String>,
    /// The variables that it gets besides those of the service manager. Everybody who may read the
    /// definition can read them.
    pub environment: Vec<(String, String)>,
    /// Where it starts; `None` is the user's home directory.
    pub directory: Option<PathBuf>,
    /// How long it may take until it is ready.
    pub start_timeout: Duration,
    /// How long it may take to end.
    pub stop_timeout: Duration,
    /// How long it may be silent before it is started anew; `None` for ever.
    pub watchdog: Option<Duration>,
    /// The exit code after which it is not started again.
    pub final_exit_code: Option<u8>,
}

impl ServiceDefinition {
    /// Describes a service that may take 30 seconds to start and to end.
    #[must_use]
    pub fn new(name: &str, description: &str, program: impl Into<PathBuf>) -> Self {
        Self {
            name: name.to_owned(),
            description: description.to_owned(),
            program: program.into(),
            args: Vec::new(),
            environment: Vec::new(),
            directory: None,
            start_timeout: Duration::from_secs(30),
            stop_timeout: Duration::from_secs(30),
            watchdog: None,
            final_exit_code: None,
        }
    }

    /// The program and its arguments.
    ///
    /// # Errors
    /// When the path is not absolute, or a text cannot be written into a definition.
    pub(crate) fn command_line(&self) -> Result<Vec<&str>, ServiceError> {
        if !self.program.is_absolute() {
            return Err(ServiceError::RelativeProgram { program: self.program.clone() });
        }
        let program = self.program.to_str().ok_or_else(|| unwritable(&self.program.display()))?;
        let mut words = vec![program];
        words.extend(self.args.iter().map(String::as_str));
        for word in words.iter().chain([&self.name.as_str(), &self.description.as_str()]) {
            check_text(word)?;
        }
        for (name, value) in &self.environment {
            check_text(name)?;
            check_text(value)?;
        }
        Ok(words)
    }

    /// The directory as text.
    ///
    /// # Errors
    /// When it cannot be written into a definition.
    pub(crate) fn directory_text(&self) -> Result<Option<&str>, ServiceError> {
        let Some(directory) = &self.directory else { return Ok(None) };
        let text = directory.to_str().ok_or_else(|| unwritable(&directory.display()))?;
        check_text(text).map(|()| Some(text))
    }
}

/// Refuses what would begin a line of its own in a definition.
fn check_text(text: &str) -> Result<(), ServiceError> {
    if text.chars().any(char::is_control) { Err(unwritable(&text.escape_debug())) } else { Ok(()) }
}

fn unwritable(text: &impl std::fmt::Display) -> ServiceError {
    ServiceError::UnwritableText { text: text.to_string() }
}
