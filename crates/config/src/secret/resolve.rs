//! Resolves secrets, and describes them without revealing them.

use std::{
    fmt, io,
    path::{Path, PathBuf},
};

use secrecy::{ExposeSecret, SecretString};

use super::input::{SecretForm, SecretInput, SecretReferenceKind};
use crate::{env::Env, paths, template, template::TemplateError};

/// The longest secret that is read from a file, in bytes.
const MAX_FILE_BYTES: u64 = 64 * 1024;

/// A secret's value and its source.
#[derive(Debug, Clone)]
pub struct ResolvedSecret {
    /// The value. Its `Debug` is redacted.
    pub value: SecretString,
    /// The source.
    pub source: SecretSource,
}

/// The source of a secret; displayed as `env VLLM_API_KEY`, `env VLLM_API_KEY from FILE`, `config
/// literal`, `file PATH`, `auth profile ID in FILE` or `exec PROGRAM`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum SecretSource {
    /// Environment variables, in the order in which they are named.
    Env(Vec<String>),
    /// A variable that a file adds to the environment.
    AddedEnv {
        /// Its name.
        variable: String,
        /// Where it is set, a phrase that follows "from".
        origin: String,
    },
    /// A profile of an agent's `auth-profiles.json`.
    Profile {
        /// The id of the profile.
        id: String,
        /// The file.
        path: PathBuf,
    },
    /// The text of the config itself.
    Literal,
    /// A file.
    File(PathBuf),
    /// The output of this program.
    Command(String),
}

/// A secret has no value.
#[derive(Debug, thiserror::Error)]
#[error("{what}")]
pub struct SecretError {
    kind: SecretErrorKind,
    what: String,
    variable: Option<String>,
    source: Option<io::Error>,
}

/// Why a secret has no value.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum SecretErrorKind {
    /// It refers to a variable that is not set.
    UnsetVariable,
    /// Its value is empty.
    Empty,
    /// Its variables make it too large.
    TooLarge,
    /// Its file cannot be read as text or is too long.
    File,
    /// It is the output of a command, which this crate does not run; see
    /// [`SecretInput::exec_command`].
    ExecNotSupported,
    /// It is of one of `secrets.providers`, and the config does not say where that keeps it.
    Provider,
}

impl SecretError {
    /// The kind of the error.
    #[must_use]
    pub fn kind(&self) -> SecretErrorKind {
        self.kind
    }

    /// The unset variable, if that is the cause.
    #[must_use]
    pub fn variable(&self) -> Option<&str> {
        self.variable.as_deref()
    }

    pub(super) fn new(kind: SecretErrorKind, what: String) -> Self {
        Self { kind, what, variable: None, source: None }
    }

    fn from_unset_variable(variable: &str) -> Self {
        let what = format!("read the environment variable {variable}, which is not set");
        Self {
            variable: Some(variable.to_owned()),
            ..Self::new(SecretErrorKind::UnsetVariable, what)
        }
    }
}

impl ResolvedSecret {
    /// The first two and the last two characters (`vl..al`) of a secret with at least eight
    /// characters, else `set`.
    #[must_use]
    pub fn fingerprint(&self) -> String {
        let characters: Vec<char> = self.value.expose_secret().chars().collect();
        match characters.as_slice() {
            [first, second, .., before, last] if characters.len() >= 8 => {
                format!("{first}{second}..{before}{last}")
            }
            _ => "set".to_owned(),
        }
    }

    /// The number of its characters.
    #[must_use]
    pub fn char_count(&self) -> usize {
        self.value.expose_secret().chars().count()
    }

    /// What the value contains that no key may, as a noun: white space, a line break or a control
    /// character; `None` when it has none.
    #[must_use]
    pub fn unsendable_part(&self) -> Option<&'static str> {
        let found =
            self.value.expose_secret().chars().find(|c| c.is_whitespace() || c.is_control())?;
        Some(match found {
            '\n' | '\r' => "a line break",
            c if c.is_whitespace() => "white space",
            _ => "a control character",
        })
    }
}

impl SecretInput {
    /// Resolves the value.
    ///
    /// # Errors
    ///
    /// When a variable without a default is not set, when the value is empty, when a file cannot be
    /// read, and always for the output of a command. The error contains no part of the secret.
    pub fn resolve_secret(&self, env: &Env) -> Result<ResolvedSecret, SecretError> {
        let (value, source) = match &self.0 {
            SecretForm::Text(text) => resolve_text(text.expose_secret(), env)?,
            SecretForm::Env(variable) => read_variable(variable, env)?,
            SecretForm::File { path, pointer } => {
                let path = paths::expand_home(path, env);
                (read_secret_file(&path, pointer.as_deref())?, SecretSource::File(path))
            }
            SecretForm::Exec(words) => return Err(command_error(words)),
            SecretForm::Command(command) => return Err(command_error(&command.words)),
            SecretForm::Stored(locator) => match locator.kind {
                SecretReferenceKind::Env => read_variable(&locator.id, env)?,
                _ => return Err(locator.missing_provider_error()),
            },
            SecretForm::Unusable(what) => {
                return Err(SecretError::new(SecretErrorKind::Provider, what.clone()));
            }
        };
        if value.is_empty() {
            let what = format!("use the secret from {source}, which is empty");
            return Err(SecretError::new(SecretErrorKind::Empty, what));
        }
        Ok(ResolvedSecret { value: SecretString::from(value), source })
    }

    /// Whether it is the empty text, which counts as not set.
    #[must_use]
    pub fn is_blank(&self) -> bool {
        matches!(&self.0, SecretForm::Text(text) if text.expose_secret().is_empty())
    }
}

/// Whether a text looks like the name of a variable: only capitals, digits and `_`.
pub(crate) fn is_variable_name(text: &str) -> bool {
    text.starts_with(|c: char| c.is_ascii_uppercase())
        && text.chars().all(|c| c.is_ascii_uppercase() || c.is_ascii_digit() || c == '_')
}

fn command_error(words: &[String]) -> SecretError {
    let program = words.first().map(String::as_str).unwrap_or_default();
    let what = format!("get the secret from `{program}`: no command is run here");
    SecretError::new(SecretErrorKind::ExecNotSupported, what)
}

fn read_variable(variable: &str, env: &Env) -> Result<(String, SecretSource), SecretError> {
    let value = env.get(variable).ok_or_else(|| SecretError::from_unset_variable(variable))?;
    Ok((value.to_owned(), variable_source(vec![variable.to_owned()], env)))
}

/// The source of a text with variables: a file's variable, if one is among them.
fn variable_source(variables: Vec<String>, env: &Env) -> SecretSource {
    let added = variables.iter().find_map(|name| Some((name, env.added_origin(name)?)));
    match added {
        Some((name, origin)) => {
            SecretSource::AddedEnv { variable: name.clone(), origin: origin.to_owned() }
        }
        None => SecretSource::Env(variables),
    }
}

fn resolve_text(text: &str, env: &Env) -> Result<(String, SecretSource), SecretError> {
    if is_variable_name(text) && env.get(text).is_some() {
        return read_variable(text, env);
    }
    let filled = template::resolve_template(text, env).map_err(|error| match error {
        TemplateError::UnsetVariable { variable } => SecretError::from_unset_variable(&variable),
        error @ TemplateError::TooLarge { .. } => {
            SecretError::new(SecretErrorKind::TooLarge, error.to_string())
        }
    })?;
    let source = match filled.variables {
        variables if variables.is_empty() => SecretSource::Literal,
        variables => variable_source(variables, env),
    };
    Ok((filled.text, source))
}

/// Reads a file, or the text at a JSON pointer in it.
fn read_secret_file(path: &Path, pointer: Option<&str>) -> Result<String, SecretError> {
    let what = format!("read the secret in {}", path.display());
    let fail =
        |source| SecretError { source, ..SecretError::new(SecretErrorKind::File, what.clone()) };
    let text = openclaw_fs::read_text(path, MAX_FILE_BYTES).map_err(|error| fail(Some(error)))?;
    let Some(pointer) = pointer else {
        return Ok(text.trim_end_matches(['\n', '\r']).to_owned());
    };
    let invalid = |why: &str| SecretError::new(SecretErrorKind::File, format!("{what}: {why}"));
    // The parser's own message could quote the text.
    let json: serde_json::Value =
        serde_json::from_str(&text).map_err(|_error| invalid("it is not JSON"))?;
    let found = json.pointer(pointer);
    let found = found.ok_or_else(|| invalid(&format!("it has nothing at `{pointer}`")))?;
    let text = found.as_str().ok_or_else(|| invalid(&format!("`{pointer}` is no string in it")))?;
    Ok(text.to_owned())
}

impl fmt::Display for SecretSource {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Env(variables) => write!(f, "env {}", variables.join(", ")),
            Self::AddedEnv { variable, origin } => write!(f, "env {variable} from {origin}"),
            Self::Profile { id, path } => write!(f, "auth profile {id} in {}", path.display()),
            Self::Literal => f.write_str("config literal"),
            Self::File(path) => write!(f, "file {}", path.display()),
            Self::Command(program) => write!(f, "exec {program}"),
        }
    }
}
