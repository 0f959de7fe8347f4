//! Reading a config from its file or from a text.

use std::{
    collections::BTreeSet,
    io,
    path::{Path, PathBuf},
};

use crate::{
    diagnostic::{Diagnostic, finish},
    env::Env,
    layer::Layer,
    layers::{Layers, LoadOptions, Stack},
    loaded::Loaded,
    paths::Paths,
    sections::Config,
    text::{mask, read},
    tree::Name,
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

    pub(crate) fn broken(text: &str, diagnostic: Diagnostic, path: Option<PathBuf>) -> Self {
        let mut diagnostics = vec![diagnostic];
        finish(&mut diagnostics, text, path.as_deref());
        Self::Broken { path, diagnostics, text_to_show: mask(text, &BTreeSet::new()) }
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
    pub fn load(paths: &Paths, env: &Env) -> Result<Loaded, LoadError> {
        Layers::load(&LoadOptions::new(paths, env))
    }

    /// Reads a config from a text, with no other layer than the defaults.
    ///
    /// # Errors
    ///
    /// When the text is not a JSON5 object.
    pub fn parse(text: &str, env: &Env) -> Result<Loaded, LoadError> {
        let document =
            read(text).map_err(|diagnostic| LoadError::broken(text, *diagnostic, None))?;
        let mut stack = Stack::new(env);
        stack.add(Layer::User, Name::Nowhere, document);
        Ok(stack.finish())
    }
}
