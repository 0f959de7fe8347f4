//! The last versions of a config file, archived in the state folder.

use std::{
    fs,
    hash::Hasher as _,
    io,
    path::{Path, PathBuf},
};

use fnv::FnvHasher;
use openclaw_fs::create_private_dir;

use super::{SaveError, atomic, write_error};

/// The number of versions that are kept.
pub(super) const MAX_VERSIONS: usize = 5;
/// The folder for the versions, in the state folder.
pub(super) const HISTORY_FOLDER: &str = "config-history";

/// Archives a text as the newest version of `target`, and removes versions beyond [`MAX_VERSIONS`].
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
    let number = versions.last().map_or(1, |(number, _)| number + 1);
    let path = folder.join(format!("{prefix}{number:06}"));
    atomic::write_atomically(&path, text, &mut |_| {})?;
    let old = (versions.len() + 1).saturating_sub(MAX_VERSIONS);
    for (_, path) in versions.iter().take(old) {
        fs::remove_file(path).map_err(write_error(path))?;
    }
    Ok(())
}

/// Lists the versions with their numbers, oldest first.
fn list_versions(folder: &Path, prefix: &str) -> io::Result<Vec<(u64, PathBuf)>> {
    let mut versions = Vec::new();
    for entry in fs::read_dir(folder)? {
        let entry = entry?;
        let name = entry.file_name();
        let number = name.to_str().and_then(|name| name.strip_prefix(prefix)?.parse().ok());
        versions.extend(number.map(|number| (number, entry.path())));
    }
    versions.sort();
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
