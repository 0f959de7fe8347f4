//! Restores a kept version of a config file.
//!
//! A version has no secrets. They come from the same keys of the file that is replaced, and a
//! version is not restored when a secret would be missing in it or be lost by it.

use std::{collections::BTreeSet, fs, path::Path};

use openclaw_fs::resolve_symlinks;

use super::{
    ConfigChange, ConfigFile, LOCK_TIMEOUT, SaveError, acquire_lock,
    history::{self, KeptVersion},
    review, write_error,
};
use crate::{
    edit::{ConfigDocument, NewValue},
    env::Env,
    path::KeyPath,
    pattern::to_key_path,
    sections::Config,
    text::{WITHHELD_SECRET, find_secrets},
};

impl ConfigFile {
    /// The kept versions of the file, oldest first.
    ///
    /// # Errors
    ///
    /// When the folder of the versions cannot be read.
    pub fn kept_versions(&self) -> Result<Vec<KeptVersion>, SaveError> {
        let target = resolve_symlinks(&self.path);
        let versions = history::kept_versions(&self.state_dir, &target);
        versions.map_err(write_error(&self.state_dir.join(history::HISTORY_FOLDER)))
    }

    /// Prepares the return to a kept version, the newest without a number, without writing it.
    ///
    /// # Errors
    ///
    /// As for [`ConfigFile::restore_version`], except for the errors of writing.
    pub fn preview_restore(
        &self,
        env: &Env,
        number: Option<u64>,
    ) -> Result<ConfigChange, SaveError> {
        let versions = self.kept_versions()?;
        let is_wanted = |version: &&KeptVersion| number.is_none_or(|n| n == version.number);
        let Some(version) = versions.iter().rfind(is_wanted) else {
            let kept = versions.iter().map(|version| version.number).collect();
            return Err(SaveError::NoSuchVersion { number, kept });
        };
        let text = fs::read_to_string(&version.path).map_err(write_error(&version.path))?;
        let mut restored = parse_file(&text, &version.path)?;
        let before = self.read_text().map_err(SaveError::Load)?;
        let present = self.readable_text(before.as_deref());
        let document = ConfigDocument::parse(&present).map_err(SaveError::Load)?;
        fill_secrets(&mut restored, &document)?;
        check_lost_secrets(&present, &document, &restored)?;
        let target = resolve_symlinks(&self.path);
        let change = review::prepare_change(target, before, restored.text(), env)?;
        change.reject_diagnostics(review::is_error)?;
        Ok(change)
    }

    /// Returns to a kept version, the newest without a number. The present text becomes a version
    /// as with any change.
    ///
    /// # Errors
    ///
    /// When there is no such version, when the present file lacks a secret that the version had or
    /// has one that the version does not have, and when the file cannot be written. The file is
    /// then unchanged.
    pub fn restore_version(
        &self,
        env: &Env,
        number: Option<u64>,
    ) -> Result<ConfigChange, SaveError> {
        let _lock = acquire_lock(&resolve_symlinks(&self.path), LOCK_TIMEOUT)?;
        let change = self.preview_restore(env, number)?;
        if change.has_changes() {
            self.write_change(&change, &mut |_| {})?;
        }
        Ok(change)
    }

    /// The present text if it can be parsed, else the last one that could be.
    fn readable_text(&self, present: Option<&str>) -> String {
        let is_readable = |text: &str| ConfigDocument::parse(text).is_ok();
        if let Some(text) = present.filter(|text| is_readable(text)) {
            return text.to_owned();
        }
        let last_good = fs::read_to_string(&self.last_good).ok();
        last_good.filter(|text| is_readable(text)).unwrap_or_else(|| "{}".to_owned())
    }
}

fn parse_file(text: &str, path: &Path) -> Result<ConfigDocument, SaveError> {
    ConfigDocument::parse(text)
        .map_err(|error| SaveError::Load(review::with_file_path(error, path.to_owned())))
}

/// Takes the secrets of a version from the same keys of the present document.
fn fill_secrets(restored: &mut ConfigDocument, present: &ConfigDocument) -> Result<(), SaveError> {
    let mut withheld = Vec::new();
    restored.root_node().walk_nodes(&mut |steps, _, node| {
        if node.as_text() == Some(WITHHELD_SECRET) {
            withheld.push(to_key_path(steps));
        }
        true
    });
    let mut keys = Vec::new();
    for path in withheld {
        match present.root_node().find_path(&path, &BTreeSet::default()) {
            Some((_, node)) => restored
                .set_value(&path, &NewValue::from(node.value.clone()))
                .map_err(SaveError::Edit)?,
            None => keys.push(path),
        }
    }
    if keys.is_empty() { Ok(()) } else { Err(SaveError::SecretsNotKept { keys }) }
}

/// Refuses to replace a text by one that has not the same secrets: they would be kept nowhere.
fn check_lost_secrets(
    present: &str,
    document: &ConfigDocument,
    restored: &ConfigDocument,
) -> Result<(), SaveError> {
    let config = Config::parse(present, &Env::default()).ok();
    let secrets = config.map(|config| config.secret_spans()).unwrap_or_default();
    let secrets = find_secrets(present, &secrets);
    let mut keys: Vec<KeyPath> = Vec::new();
    document.root_node().walk_nodes(&mut |steps, _, node| {
        let path = to_key_path(steps);
        if secrets.contains(&node.span) {
            let kept = restored.root_node().find_path(&path, &BTreeSet::default());
            if kept.is_none_or(|(_, kept)| kept.as_text() != node.as_text()) {
                keys.push(path);
            }
        }
        true
    });
    if keys.is_empty() { Ok(()) } else { Err(SaveError::SecretsLost { keys }) }
}
