//! Changing the config file without ever losing it.
//!
//! A change is made under a lock, to what the file holds at that moment, so that two programs
//! that change it at once lose nothing. It is judged before anything is written: it must not
//! introduce an error, and no key may be gone that nobody asked to remove. The file is replaced
//! in one step; whoever is killed on the way leaves the old or the new one.

mod atomic;
mod history;
mod lock;
mod review;
mod state_file;
#[cfg(test)]
mod tests;

use std::{
    fmt, fs,
    io::{self, Read as _},
    path::{Path, PathBuf},
};

pub use self::state_file::StateFile;

use self::atomic::WriteStep;
use crate::{
    diagnostic::{Diagnostic, Severity},
    edit::ConfigDocument,
    edit::EditError,
    env::Env,
    load::LoadError,
    loaded_config::LoadedConfig,
    path::KeyPath,
    paths::AppPaths,
    text::MAX_BYTES,
};

/// A config file to change.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ConfigFile {
    path: PathBuf,
    state_dir: PathBuf,
}

/// A change of a config file that is made or could be made.
///
/// `Debug` does not show the texts, which may hold secrets.
#[derive(Clone)]
pub struct ConfigChange {
    /// The file; where `path` is a link, what the link leads to.
    pub path: PathBuf,
    /// The text before; absent when there was no file.
    pub before: Option<String>,
    /// The text after.
    pub after: String,
    /// The text after as a config, with all that is to be said about it.
    pub loaded: LoadedConfig,
    /// The text before to show, with what looks like a secret as `*`; empty without a file.
    pub redacted_before: String,
    /// What is wrong or doubtful with the text after and was not with the text before.
    pub new_diagnostics: Vec<Diagnostic>,
}

/// A config file was not changed.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum SaveError {
    /// The file cannot be read, or is so broken that nothing in it can be changed.
    #[error(transparent)]
    Load(LoadError),
    /// The edit cannot be made.
    #[error(transparent)]
    Edit(EditError),
    /// The new text is not a JSON5 object.
    #[error("save a text that is broken")]
    InvalidText(#[source] LoadError),
    /// The edit would introduce an error, or a key that nothing knows.
    #[error("save a config with what is wrong in it")]
    Invalid {
        /// What it would introduce; never empty.
        diagnostics: Vec<Diagnostic>,
        /// The text to show, with what looks like a secret as `*`; the spans fit it.
        redacted_text: String,
    },
    /// Keys would be gone that nobody asked to remove.
    #[error("save a text that has lost {}", list(keys))]
    KeysLost {
        /// The keys, each without what is below it.
        keys: Vec<KeyPath>,
    },
    /// Somebody else changed the file since it was read.
    #[error("save over {}, which has changed since it was read", path.display())]
    Changed {
        /// The file.
        path: PathBuf,
    },
    /// Another program has held the lock for too long.
    #[error("lock {}: another program holds it", path.display())]
    Locked {
        /// The lock file.
        path: PathBuf,
    },
    /// A file or a folder cannot be written.
    #[error("write {}", path.display())]
    Write {
        /// The file or the folder.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
}

fn list(keys: &[KeyPath]) -> String {
    keys.iter().map(|key| format!("`{key}`")).collect::<Vec<_>>().join(", ")
}

impl ConfigFile {
    /// The config file of an installation.
    #[must_use]
    pub fn from_paths(paths: &AppPaths) -> Self {
        Self { path: paths.config_file().to_owned(), state_dir: paths.state_dir().to_owned() }
    }

    /// The text of the file as it is; absent when there is no file.
    ///
    /// # Errors
    ///
    /// When the file cannot be read or is not UTF-8 text.
    pub fn read_text(&self) -> Result<Option<String>, LoadError> {
        let unreadable = |source| LoadError::Unreadable { path: self.path.clone(), source };
        let mut text = String::new();
        let file = match fs::File::open(&self.path) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
            file => file.map_err(unreadable)?,
        };
        file.take(MAX_BYTES as u64 + 1).read_to_string(&mut text).map_err(unreadable)?;
        Ok(Some(text))
    }

    /// Makes and judges an edit, and writes nothing.
    ///
    /// # Errors
    ///
    /// As for [`ConfigFile::edit`], but for what concerns the writing.
    pub fn preview_edit(
        &self,
        env: &Env,
        edit: impl FnOnce(&mut ConfigDocument) -> Result<(), EditError>,
    ) -> Result<ConfigChange, SaveError> {
        let before = self.read_text().map_err(SaveError::Load)?;
        let mut document = match &before {
            Some(text) => ConfigDocument::parse(text),
            None => ConfigDocument::parse("{}\n"),
        }
        .map_err(|error| SaveError::Load(review::with_file_path(error, self.path.clone())))?;
        let old = document.clone();
        edit(&mut document).map_err(SaveError::Edit)?;
        review::check_lost_keys(&old, &document)?;
        let change = review::prepare_change(
            atomic::resolve_symlinks(&self.path),
            before,
            document.text(),
            env,
        )?;
        change.reject_diagnostics(|diagnostic| {
            review::is_error(diagnostic) || review::is_unknown_key(&change.loaded, diagnostic)
        })?;
        Ok(change)
    }

    /// Makes an edit and saves it; the file is created when there is none.
    ///
    /// # Errors
    ///
    /// When the file is broken, when the edit cannot be made, when it introduces an error or an
    /// unknown key, and when the file cannot be written. The file is then as it was.
    pub fn apply_edit(
        &self,
        env: &Env,
        edit: impl FnOnce(&mut ConfigDocument) -> Result<(), EditError>,
    ) -> Result<ConfigChange, SaveError> {
        self.edit_with_hook(env, edit, &mut |_| {})
    }

    /// Saves a whole new text, made from the text `before` by a person who may remove what they
    /// like.
    ///
    /// # Errors
    ///
    /// When the file does not hold `before` any more, when the text is broken or has an error
    /// that the file did not have, and when the file cannot be written. The file is then as it
    /// was.
    pub fn replace_text(
        &self,
        env: &Env,
        before: Option<&str>,
        text: &str,
    ) -> Result<ConfigChange, SaveError> {
        let target = atomic::resolve_symlinks(&self.path);
        let _lock = lock::acquire_lock(&target)?;
        let now = self.read_text().map_err(SaveError::Load)?;
        if now.as_deref() != before {
            return Err(SaveError::Changed { path: self.path.clone() });
        }
        let change = review::prepare_change(target, now, text, env)?;
        change.reject_diagnostics(review::is_error)?;
        self.write_change(&change, &mut |_| {})?;
        Ok(change)
    }

    /// Makes an edit, and tells each step before the next one.
    fn edit_with_hook(
        &self,
        env: &Env,
        edit: impl FnOnce(&mut ConfigDocument) -> Result<(), EditError>,
        step: &mut dyn FnMut(WriteStep),
    ) -> Result<ConfigChange, SaveError> {
        let target = atomic::resolve_symlinks(&self.path);
        let _lock = lock::acquire_lock(&target)?;
        step(WriteStep::Locked);
        let change = self.preview_edit(env, edit)?;
        if change.has_changes() {
            self.write_change(&change, step)?;
        }
        Ok(change)
    }

    fn write_change(
        &self,
        change: &ConfigChange,
        step: &mut dyn FnMut(WriteStep),
    ) -> Result<(), SaveError> {
        if let Some(before) = &change.before {
            history::archive_version(&self.state_dir, &change.path, before)?;
            step(WriteStep::VersionKept);
        }
        atomic::write_atomically(&change.path, &change.after, step)
    }
}

impl ConfigChange {
    /// Whether the text after differs from the text before.
    #[must_use]
    pub fn has_changes(&self) -> bool {
        self.before.as_deref() != Some(&self.after)
    }

    /// The text after to show, with what looks like a secret as `*`.
    #[must_use]
    pub fn redacted_after(&self) -> String {
        self.loaded.redacted_text().unwrap_or_default()
    }

    fn reject_diagnostics(&self, is_bad: impl Fn(&Diagnostic) -> bool) -> Result<(), SaveError> {
        let bad = self.new_diagnostics.iter().filter(|diagnostic| is_bad(diagnostic));
        // What is only a warning in a file that is read is an error of whoever adds it.
        let refused = |diagnostic: &Diagnostic| {
            let message = diagnostic.message.replace(", it is ignored", "");
            Diagnostic { severity: Severity::Error, message, ..diagnostic.clone() }
        };
        let diagnostics: Vec<Diagnostic> = bad.map(refused).collect();
        if diagnostics.is_empty() {
            return Ok(());
        }
        Err(SaveError::Invalid { diagnostics, redacted_text: self.redacted_after() })
    }
}

impl fmt::Debug for ConfigChange {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { path, new_diagnostics: introduced, .. } = self;
        f.debug_struct("Change")
            .field("path", path)
            .field("introduced", introduced)
            .finish_non_exhaustive()
    }
}

fn write_error(path: &Path) -> impl FnOnce(io::Error) -> SaveError {
    let path = path.to_owned();
    |source| SaveError::Write { path, source }
}
