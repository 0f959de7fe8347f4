//! Loads a config from its file or from a text.

use std::{
    collections::BTreeSet,
    io,
    path::{Path, PathBuf},
};

use crate::{
    diagnostic::{Diagnostic, finalize_diagnostics},
    env::Env,
    layer::ConfigLayer,
    layers::{ConfigLoader, LayerStack, LoadOptions, take_includes},
    loaded_config::LoadedConfig,
    paths::AppPaths,
    sections::Config,
    text::{parse_document, redact_secrets},
    tree::SourceName,
};

/// The config cannot be used at all. The file is unchanged.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum LoadError {
    /// The file was given by option or variable and does not exist.
    #[error("find the config file {} named by {named_by}", path.display())]
    Missing {
        /// The file.
        path: PathBuf,
        /// The option or the variable that gave the path.
        named_by: &'static str,
    },
    /// The file cannot be read.
    #[error("read the config file {}", path.display())]
    Unreadable {
        /// The file.
        path: PathBuf,
        /// The cause.
        source: io::Error,
    },
    /// The text is not a JSON5 object.
    #[error("parse {}{}", config_name(path.as_deref()), first_problem(diagnostics))]
    Broken {
        /// The file; `None` for a text from elsewhere.
        path: Option<PathBuf>,
        /// What is wrong; never empty.
        diagnostics: Vec<Diagnostic>,
        /// The text with likely secrets as `*`. The diagnostics' spans fit it.
        redacted_text: String,
    },
}

fn config_name(path: Option<&Path>) -> String {
    match path {
        Some(path) => format!("the config file {}", path.display()),
        None => "the config text".to_owned(),
    }
}

/// Where and what the first problem is, as the end of a sentence about a text.
pub(crate) fn first_problem(diagnostics: &[Diagnostic]) -> String {
    let [first, others @ ..] = diagnostics else { return String::new() };
    let Diagnostic { path, line, column, message, .. } = first;
    let key = if path.is_root() { String::new() } else { format!("`{path}`: ") };
    let more = match others.len() {
        0 => String::new(),
        count => format!(" (and {count} more)"),
    };
    format!(" at line {line}, column {column}: {key}{message}{more}")
}

impl LoadError {
    /// What is wrong in the file; empty when it could not be read.
    #[must_use]
    pub fn diagnostics(&self) -> &[Diagnostic] {
        match self {
            Self::Broken { diagnostics, .. } => diagnostics,
            _ => &[],
        }
    }

    pub(crate) fn from_syntax_error(
        text: &str,
        diagnostic: Diagnostic,
        path: Option<PathBuf>,
    ) -> Self {
        let mut diagnostics = vec![diagnostic];
        finalize_diagnostics(&mut diagnostics, text, path.as_deref());
        Self::Broken { path, diagnostics, redacted_text: redact_secrets(text, &BTreeSet::new()) }
    }
}

impl Config {
    /// Loads all layers as [`LoadOptions::new`] describes. When no file exists and none was given,
    /// every value has its default.
    ///
    /// # Errors
    ///
    /// See [`ConfigLoader::load`](crate::ConfigLoader::load). A value of the wrong type is not an
    /// error: it is ignored with a diagnostic.
    pub fn load(paths: &AppPaths, env: &Env) -> Result<LoadedConfig, LoadError> {
        ConfigLoader::load(&LoadOptions::new(paths, env))
    }

    /// Parses a config from a text, without layers other than the defaults. Files that the text
    /// includes are left out.
    ///
    /// # Errors
    ///
    /// When the text is not a JSON5 object.
    pub fn parse(text: &str, env: &Env) -> Result<LoadedConfig, LoadError> {
        let mut document = parse_document(text)
            .map_err(|diagnostic| LoadError::from_syntax_error(text, *diagnostic, None))?;
        let _ = take_includes(&mut document.root);
        let mut stack = LayerStack::new(env.clone());
        stack.add_layer(ConfigLayer::User, SourceName::Inline, document);
        Ok(stack.into_loaded())
    }
}
