//! Changes the config file safely.
//!
//! A change is made under a lock to the current content of the file, so that concurrent changes by
//! two programs are not lost. It is reviewed before anything is written: it must not introduce an
//! error, and it must not lose keys that it did not remove explicitly. The file is replaced
//! atomically; a killed writer leaves the old file or the new one.

mod atomic;
mod history;
mod restore;
mod review;
#[cfg(test)]
mod tests;

use std::{
    fmt, io,
    path::{Path, PathBuf},
    time::Duration,
};

use openclaw_fs::{LockError, LockFile, read_prefix, resolve_symlinks};

use self::atomic::WriteStep;
pub use self::history::KeptVersion;
use crate::{
    diagnostic::{Diagnostic, Severity},
    edit::ConfigDocument,
    edit::EditError,
    env::Env,
    layers::LastGoodStore,
    load::{LoadError, first_problem},
    loaded_config::LoadedConfig,
    path::KeyPath,
    paths::AppPaths,
    text::MAX_BYTES,
};

/// How long to wait for another program; a change takes a few milliseconds.
const LOCK_TIMEOUT: Duration = Duration::from_secs(10);

/// A config file that can be changed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ConfigFile {
    path: PathBuf,
    state_dir: PathBuf,
    /// The copy of the last text that could be parsed.
    last_good: PathBuf,
}

/// A change of a config file, made or previewed.
///
/// `Debug` does not show the texts, which may contain secrets.
#[derive(Clone)]
pub struct ConfigChange {
    /// The file; if `path` was a symbolic link, its target.
    pub path: PathBuf,
    /// The old text; `None` when there was no file.
    pub before: Option<String>,
    /// The new text.
    pub after: String,
    /// The new text as a config, with its diagnostics.
    pub loaded: LoadedConfig,
    /// The old text with likely secrets as `*`; empty without a file.
    pub redacted_before: String,
    /// The diagnostics of the new text that the old text did not have.
    pub new_diagnostics: Vec<Diagnostic>,
}

/// Why a config file was not changed.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum SaveError {
    /// The file cannot be read or is too broken to be edited.
    #[error(transparent)]
    Load(LoadError),
    /// The edit cannot be made.
    #[error(transparent)]
    Edit(EditError),
    /// The new text is not a JSON5 object.
    #[error("save the changed config text, which is not a JSON5 object")]
    InvalidText(#[source] LoadError),
    /// The edit would introduce an error or an unknown key.
    #[error("save the changed config text, which is wrong{}", first_problem(diagnostics))]
    Invalid {
        /// The new problems; never empty.
        diagnostics: Vec<Diagnostic>,
        /// The text with likely secrets as `*`. The diagnostics' spans fit it.
        redacted_text: String,
    },
    /// Keys would be lost that the edit did not remove.
    #[error("save the changed config text, which has lost {}", list(keys))]
    KeysLost {
        /// The lost keys, without the keys below them.
        keys: Vec<KeyPath>,
    },
    /// The file was changed by another program since it was read.
    #[error("save over {}, which has changed since it was read", path.display())]
    Changed {
        /// The file.
        path: PathBuf,
    },
    /// There is no such kept version.
    #[error("restore {}: {}", describe_version(*number), describe_kept(kept))]
    NoSuchVersion {
        /// The number that was asked for; `None` for the newest.
        number: Option<u64>,
        /// The numbers of the kept versions.
        kept: Vec<u64>,
    },
    /// The version had secrets that the present file does not have.
    #[error(
        "restore the version: its secrets are not kept, and the config has none at {}; set each \
         with `openclaw config set KEY VALUE`, then restore the version again",
        list(keys)
    )]
    SecretsNotKept {
        /// The keys of the secrets.
        keys: Vec<KeyPath>,
    },
    /// The present file has secrets that would be lost.
    #[error(
        "restore the version: the secret at {} is not in it and would be lost; note it down and \
         remove it with `openclaw config unset KEY`, then restore the version again",
        list(keys)
    )]
    SecretsLost {
        /// The keys of the secrets.
        keys: Vec<KeyPath>,
    },
    /// Another program held the lock for too long.
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
        /// The cause.
        source: io::Error,
    },
}

fn describe_version(number: Option<u64>) -> String {
    number.map_or_else(|| "a version".to_owned(), |number| format!("version {number}"))
}

fn describe_kept(kept: &[u64]) -> String {
    let numbers: Vec<String> = kept.iter().map(u64::to_string).collect();
    match numbers.as_slice() {
        [] => "none is kept yet".to_owned(),
        numbers => format!("the kept versions are {}", numbers.join(", ")),
    }
}

fn list(keys: &[KeyPath]) -> String {
    keys.iter().map(|key| format!("`{key}`")).collect::<Vec<_>>().join(", ")
}

impl ConfigFile {
    /// The config file of an installation.
    #[must_use]
    pub fn from_paths(paths: &AppPaths) -> Self {
        Self {
            path: paths.config_file().to_owned(),
            state_dir: paths.state_dir().to_owned(),
            last_good: LastGoodStore::from_paths(paths).into_copy_path(),
        }
    }

    /// Reads the text of the file; `None` when there is no file.
    ///
    /// # Errors
    ///
    /// When the file cannot be read or is not UTF-8 text.
    pub fn read_text(&self) -> Result<Option<String>, LoadError> {
        let unreadable = |source| LoadError::Unreadable { path: self.path.clone(), source };
        let bytes = match read_prefix(&self.path, MAX_BYTES as u64 + 1) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
            bytes => bytes.map_err(unreadable)?,
        };
        let not_text = |_| unreadable(io::ErrorKind::InvalidData.into());
        String::from_utf8(bytes).map(Some).map_err(not_text)
    }

    /// Makes and reviews an edit without writing it.
    ///
    /// # Errors
    ///
    /// As for [`ConfigFile::apply_edit`], except for the errors of writing.
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
        let change =
            review::prepare_change(resolve_symlinks(&self.path), before, document.text(), env)?;
        change.reject_diagnostics(|diagnostic| {
            review::is_error(diagnostic) || review::is_unknown_key(&change.loaded, diagnostic)
        })?;
        Ok(change)
    }

    /// Makes an edit and saves it; creates the file if it does not exist.
    ///
    /// # Errors
    ///
    /// When the file is broken, when the edit cannot be made, when it introduces an error or an
    /// unknown key, and when the file cannot be written. The file is then unchanged.
    pub fn apply_edit(
        &self,
        env: &Env,
        edit: impl FnOnce(&mut ConfigDocument) -> Result<(), EditError>,
    ) -> Result<ConfigChange, SaveError> {
        self.edit_with_hook(env, edit, &mut |_| {})
    }

    /// Replaces the text `before` by a new text, written by a person who may remove any keys.
    ///
    /// # Errors
    ///
    /// When the file no longer contains `before`, when the new text is broken or has an error that
    /// the file did not have, and when the file cannot be written. The file is then unchanged.
    pub fn replace_text(
        &self,
        env: &Env,
        before: Option<&str>,
        text: &str,
    ) -> Result<ConfigChange, SaveError> {
        let target = resolve_symlinks(&self.path);
        let _lock = acquire_lock(&target, LOCK_TIMEOUT)?;
        let now = self.read_text().map_err(SaveError::Load)?;
        if now.as_deref() != before {
            return Err(SaveError::Changed { path: self.path.clone() });
        }
        let change = review::prepare_change(target, now, text, env)?;
        change.reject_diagnostics(review::is_error)?;
        self.write_change(&change, &mut |_| {})?;
        Ok(change)
    }

    /// Makes an edit, and calls the hook after each step.
    fn edit_with_hook(
        &self,
        env: &Env,
        edit: impl FnOnce(&mut ConfigDocument) -> Result<(), EditError>,
        step: &mut dyn FnMut(WriteStep),
    ) -> Result<ConfigChange, SaveError> {
        let target = resolve_symlinks(&self.path);
        let _lock = acquire_lock(&target, LOCK_TIMEOUT)?;
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
    /// Whether the new text differs from the old one.
    #[must_use]
    pub fn has_changes(&self) -> bool {
        self.before.as_deref() != Some(&self.after)
    }

    /// The new text with likely secrets as `*`.
    #[must_use]
    pub fn redacted_after(&self) -> String {
        self.loaded.redacted_text().unwrap_or_default()
    }

    fn reject_diagnostics(&self, is_bad: impl Fn(&Diagnostic) -> bool) -> Result<(), SaveError> {
        let bad = self.new_diagnostics.iter().filter(|diagnostic| is_bad(diagnostic));
        // An unknown key in an existing file is only a warning; adding one is an error.
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
        f.debug_struct("ConfigChange")
            .field("path", path)
            .field("introduced", introduced)
            .finish_non_exhaustive()
    }
}

/// Waits for the exclusive lock on a config file, so that only one program at a time changes it.
fn acquire_lock(target: &Path, timeout: Duration) -> Result<LockFile, SaveError> {
    LockFile::acquire_beside(target, timeout).map_err(|error| match error {
        LockError::Timeout { path } => SaveError::Locked { path },
        LockError::Unavailable { path, source } => SaveError::Write { path, source },
        other => SaveError::Write { path: target.to_owned(), source: io::Error::other(other) },
    })
}

fn write_error(path: &Path) -> impl FnOnce(io::Error) -> SaveError {
    let path = path.to_owned();
    |source| SaveError::Write { path, source }
}
