//! Reading a config from its file or from a text.

use std::{
    collections::BTreeSet,
    io,
    path::{Path, PathBuf},
};

use crate::{
    diagnostic::{Diagnostic, finalize_diagnostics},
    env::Env,
    layer::ConfigLayer,
    layers::{ConfigLoader, LayerStack, LoadOptions},
    loaded_config::LoadedConfig,
    paths::AppPaths,
    sections::Config,
    text::{parse_document, redact_secrets},
    tree::SourceName,
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
        redacted_text: String,
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
    /// Reads all [`Layers`] as [`LoadOptions::new`] says. When no file exists and nobody named
    /// one, every value is its default.
    ///
    /// # Errors
    ///
    /// See [`Layers::load`]. A value with a wrong type is no error: it is left out, and a
    /// diagnostic says so.
    pub fn load(paths: &AppPaths, env: &Env) -> Result<LoadedConfig, LoadError> {
        ConfigLoader::load(&LoadOptions::new(paths, env))
    }

    /// Reads a config from a text, with no other layer than the defaults.
    ///
    /// # Errors
    ///
    /// When the text is not a JSON5 object.
    pub fn parse(text: &str, env: &Env) -> Result<LoadedConfig, LoadError> {
        let document = parse_document(text)
            .map_err(|diagnostic| LoadError::from_syntax_error(text, *diagnostic, None))?;
        let mut stack = LayerStack::new(env);
        stack.add_layer(ConfigLayer::User, SourceName::Inline, document);
        Ok(stack.into_loaded())
    }
}
