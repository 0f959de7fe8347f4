//! The last versions of a config file, archived in the state folder without their secrets.
//!
//! A key that is taken out of a config is then nowhere else on the disk. A version that is restored
//! gets its secrets from the file that it replaces.

use std::{
    fs,
    hash::Hasher as _,
    io,
    path::{Path, PathBuf},
    time::SystemTime,
};

use fnv::FnvHasher;
use openclaw_fs::create_private_dir;

use super::{SaveError, atomic, write_error};
use crate::{env::Env, sections::Config, text::withhold_secrets};

/// The number of versions that are kept.
pub(super) const MAX_VERSIONS: usize = 5;
/// The folder for the versions, in the state folder.
pub(super) const HISTORY_FOLDER: &str = "config-history";

/// A kept version of a config file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KeptVersion {
    /// Its number; a later version has a larger one.
    pub number: u64,
    /// The file with its text, in which each secret is `${KEY_NOT_KEPT}`.
    pub path: PathBuf,
    /// When it was kept, which is when the next version replaced it; `None` when the system does
    /// not say.
    pub kept_at: Option<SystemTime>,
}

/// Archives a text without its secrets as the newest version of `target`, and removes versions beyond [`MAX_VERSIONS`].
///
/// The names are the file's name with a growing number: `openclaw.json.1f3a….000012`.
pub(super) fn archive_version(
    state_dir: &Path,
    target: &Path,
    text: &str,
) -> Result<(), SaveError> {
    let folder = state_dir.join(HISTORY_FOLDER);
    create_private_dir(&folder).map_err(write_error(&folder))?;
    let prefix = version_prefix(target);
    let versions = list_versions(&folder, &prefix).map_err(write_error(&folder))?;
    let number = versions.last().map_or(1, |version| version.number + 1);
    let path = folder.join(format!("{prefix}{number:06}"));
    atomic::write_atomically(&path, &without_secrets(text), &mut |_| {})?;
    let old = (versions.len() + 1).saturating_sub(MAX_VERSIONS);
    for (index, KeptVersion { path, .. }) in versions.iter().enumerate() {
        if index < old {
            fs::remove_file(path).map_err(write_error(path))?;
        } else {
            withhold_in_file(path)?;
        }
    }
    Ok(())
}

/// Lists the kept versions of `target`, oldest first.
pub(super) fn kept_versions(state_dir: &Path, target: &Path) -> io::Result<Vec<KeptVersion>> {
    match list_versions(&state_dir.join(HISTORY_FOLDER), &version_prefix(target)) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(Vec::new()),
        versions => versions,
    }
}

fn without_secrets(text: &str) -> String {
    let config = Config::parse(text, &Env::default()).ok();
    let secrets = config.map(|config| config.secret_spans()).unwrap_or_default();
    withhold_secrets(text, &secrets)
}

/// Takes the secrets out of a version that was kept with them.
fn withhold_in_file(path: &Path) -> Result<(), SaveError> {
    let Ok(text) = fs::read_to_string(path) else { return Ok(()) };
    let withheld = without_secrets(&text);
    if withheld == text { Ok(()) } else { atomic::write_atomically(path, &withheld, &mut |_| {}) }
}

/// Lists the versions in a folder, oldest first.
fn list_versions(folder: &Path, prefix: &str) -> io::Result<Vec<KeptVersion>> {
    let mut versions = Vec::new();
    for entry in fs::read_dir(folder)? {
        let entry = entry?;
        let name = entry.file_name();
        let number = name.to_str().and_then(|name| name.strip_prefix(prefix)?.parse().ok());
        let kept_at = entry.metadata().and_then(|data| data.modified()).ok();
        versions.extend(number.map(|number| KeptVersion { number, path: entry.path(), kept_at }));
    }
    versions.sort_by_key(|version| version.number);
    Ok(versions)
}

/// The file's name and a hash of its folder: several files with the same name may share a state
/// folder.
fn version_prefix(target: &Path) -> String {
    let name = target.file_name().unwrap_or_default().to_string_lossy();
    let folder = target.parent().map(|folder| folder.canonicalize().unwrap_or(folder.to_owned()));
    let mut hasher = FnvHasher::default();
    hasher.write(folder.unwrap_or_default().as_os_str().as_encoded_bytes());
    format!("{name}.{:016x}.", hasher.finish())
}
