//! Reading a config from its file or from a text.

use std::{
    collections::BTreeSet,
    fs::File,
    io::{self, Read},
    path::{Path, PathBuf},
};

use crate::{
    decode::{Decoded, decode},
    diagnostic::{Diagnostic, Severity, Span, finish},
    env::Env,
    lint::lint,
    loaded::{Loaded, Source},
    paths::Paths,
    sections::Config,
    text::{MAX_BYTES, mask, read},
};

/// A config cannot be used at all. The file is left as it is.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum LoadError {
    /// The file was named by the user and does not exist.
    #[error("find the config file {} named by {named_by}", path.display())]
    Missing {
        /// The file.
        path: PathBuf,
        /// The option or the variable that named it.
        named_by: &'static str,
    },
    /// The file cannot be read.
    #[error("read the config file {}", path.display())]
    Unreadable {
        /// The file.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// The text is not a JSON5 object.
    #[error("understand the config{}", of_file(path.as_deref()))]
    Broken {
        /// The file; absent for a text that came from elsewhere.
        path: Option<PathBuf>,
        /// What is wrong with it; never empty.
        diagnostics: Vec<Diagnostic>,
        /// The text to show, with what looks like a secret as `*`; the spans fit it.
        text_to_show: String,
    },
}

fn of_file(path: Option<&Path>) -> String {
    path.map(|path| format!(" file {}", path.display())).unwrap_or_default()
}

impl LoadError {
    /// What is wrong in the file; empty when it was not read.
    #[must_use]
    pub fn diagnostics(&self) -> &[Diagnostic] {
        match self {
            Self::Broken { diagnostics, .. } => diagnostics,
            _ => &[],
        }
    }
}

impl Config {
    /// Reads the config file. When it does not exist and nobody named it, every value is its
    /// default.
    ///
    /// # Errors
    ///
    /// When a named file does not exist, when the file cannot be read, and when it is not a JSON5
    /// object. A value with a wrong type is no error: it is left out, and a diagnostic says so.
    pub fn load(paths: &Paths, env: &Env) -> Result<Loaded, LoadError> {
        let path = paths.config().to_owned();
        let bytes = match (read_file(&path), paths.config_named_by()) {
            (Ok(bytes), _) => bytes,
            (Err(error), named_by) if error.kind() == io::ErrorKind::NotFound => {
                return match named_by {
                    Some(named_by) => Err(LoadError::Missing { path, named_by }),
                    None => Ok(defaults(path)),
                };
            }
            (Err(source), _) => return Err(LoadError::Unreadable { path, source }),
        };
        match String::from_utf8(bytes) {
            Ok(text) => parse(&text, env, Some(path)),
            // The last character may have been cut in two; that it is too long is said instead.
            Err(error) if error.as_bytes().len() > MAX_BYTES => {
                parse(&String::from_utf8_lossy(error.as_bytes()), env, Some(path))
            }
            Err(error) => {
                let at = error.utf8_error().valid_up_to();
                let text = String::from_utf8_lossy(error.as_bytes());
                let span = Span { start: at, end: at };
                let message = "the file is not UTF-8 text";
                Err(broken(&text, Diagnostic::new(Severity::Error, span, message), Some(path)))
            }
        }
    }

    /// Reads a config from a text.
    ///
    /// # Errors
    ///
    /// When the text is not a JSON5 object.
    pub fn parse(text: &str, env: &Env) -> Result<Loaded, LoadError> {
        parse(text, env, None)
    }
}

/// Reads a file up to one byte more than is accepted.
fn read_file(path: &Path) -> io::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    File::open(path)?.take(MAX_BYTES as u64 + 1).read_to_end(&mut bytes)?;
    Ok(bytes)
}

fn defaults(path: PathBuf) -> Loaded {
    let (config, diagnostics) = (Config::default(), Vec::new());
    Loaded { config, path: Some(path), exists: false, diagnostics, source: None }
}

fn broken(text: &str, diagnostic: Diagnostic, path: Option<PathBuf>) -> LoadError {
    let mut diagnostics = vec![diagnostic];
    finish(&mut diagnostics, text, path.as_deref());
    LoadError::Broken { path, diagnostics, text_to_show: mask(text, &BTreeSet::new()) }
}

fn parse(text: &str, env: &Env, path: Option<PathBuf>) -> Result<Loaded, LoadError> {
    let mut document = match read(text) {
        Ok(document) => document,
        Err(diagnostic) => return Err(broken(text, *diagnostic, path)),
    };
    let Decoded { value: config, diagnostics: found, secrets, left_out } = decode(&document);
    let mut diagnostics = std::mem::take(&mut document.duplicates);
    diagnostics.extend(found);
    diagnostics.extend(lint(&document, &secrets, env));
    finish(&mut diagnostics, text, path.as_deref());
    let source = Some(Source { document, secrets, left_out });
    Ok(Loaded { config, exists: path.is_some(), path, diagnostics, source })
}
