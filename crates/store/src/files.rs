//! The files of a store: names, permissions and free space.

use std::ffi::OsString;
use std::fs::{self, File};
use std::io::{self, Read as _};
use std::path::{Path, PathBuf};
use std::time::{SystemTime, UNIX_EPOCH};

use openclaw_fs::{
    available_space, create_private_dir, create_private_file, open_private_file, restrict_to_owner,
    sync_file,
};

use crate::StoreError;
use crate::error::StoreFault;

/// A turn is not begun with less free space than this: 64 MiB.
const MIN_FREE_BYTES: u64 = 64 * 1024 * 1024;

/// The suffixes of the files that make up one database.
const DATABASE_SUFFIXES: [&str; 3] = ["", "-wal", "-shm"];

/// Unix time in milliseconds.
pub(crate) fn unix_millis() -> i64 {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    i64::try_from(since.as_millis()).unwrap_or(i64::MAX)
}

/// The path whose file name is that of `path` plus `ending`.
pub(crate) fn sibling_path(path: &Path, ending: &str) -> PathBuf {
    let mut name: OsString = path.file_name().unwrap_or_default().to_owned();
    name.push(ending);
    path.with_file_name(name)
}

/// Creates the store's folder and file, accessible to the owner only.
pub(crate) fn prepare_file(path: &Path) -> Result<(), StoreError> {
    if let Some(folder) = path.parent() {
        create_folder(folder)?;
    }
    let file = open_private_file(path).map_err(StoreError::from_io_error("create", path))?;
    restrict_to_owner(&file).map_err(StoreError::from_io_error("protect", path))
}

pub(crate) fn create_folder(folder: &Path) -> Result<(), StoreError> {
    create_private_dir(folder).map_err(StoreError::from_io_error("create", folder))
}

/// Returns whether the last process closed the file, as far as its size and its siblings tell.
pub(crate) fn was_closed_cleanly(path: &Path) -> bool {
    let log = fs::metadata(sibling_path(path, "-wal")).is_ok_and(|log| log.len() > 0);
    !log && !suspect_marker_path(path).exists() && has_declared_length(path).unwrap_or(false)
}

/// Returns whether the file has the length that its header declares.
fn has_declared_length(path: &Path) -> io::Result<bool> {
    let mut file = File::open(path)?;
    let length = file.metadata()?.len();
    if length == 0 {
        return Ok(true);
    }
    let mut header = [0; 32];
    file.read_exact(&mut header)?;
    let [.., a, b, c, d] = header;
    let pages = u64::from(u32::from_be_bytes([a, b, c, d]));
    let size = match (header.get(16), header.get(17)) {
        (Some(0), Some(1)) => 65536,
        (Some(high), Some(low)) => u64::from(*high) << 8 | u64::from(*low),
        _ => 0,
    };
    Ok(pages * size == length)
}

/// The marker file that makes the next open examine the store.
pub(crate) fn suspect_marker_path(path: &Path) -> PathBuf {
    sibling_path(path, "-suspect")
}

/// Makes the next open of the store examine it.
pub(crate) fn mark_suspect(path: &Path) {
    // When this fails, the error for the damaged file still reaches the caller.
    let _ = open_private_file(&suspect_marker_path(path));
}

/// Renames the files of a damaged store, and returns the new path.
pub(crate) fn set_aside(path: &Path) -> Result<PathBuf, StoreError> {
    let to = unused_path(path, "damaged");
    for ending in DATABASE_SUFFIXES {
        let from = sibling_path(path, ending);
        match fs::rename(&from, sibling_path(&to, ending)) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => {
                return Err(StoreError::from_io_error("set aside", &from)(error));
            }
            _ => {}
        }
    }
    Ok(to)
}

/// Copies the database files byte for byte.
pub(crate) fn copy_database_files(path: &Path, to: &Path) -> Result<(), StoreError> {
    for ending in ["", "-wal"] {
        let from = sibling_path(path, ending);
        let target = sibling_path(to, ending);
        let copied = File::open(&from).and_then(|mut from| {
            let mut to = create_private_file(&target)?;
            io::copy(&mut from, &mut to)?;
            sync_file(&to)
        });
        match copied {
            Err(error) if error.kind() != io::ErrorKind::NotFound => {
                return Err(StoreError::from_io_error("back up", &from)(error));
            }
            _ => {}
        }
    }
    Ok(())
}

/// An unused path beside `path`, e.g. `sessions.db.backup-1760000000`.
pub(crate) fn unused_path(path: &Path, label: &str) -> PathBuf {
    let seconds = unix_millis() / 1000;
    let mut name = sibling_path(path, &format!(".{label}-{seconds}"));
    let mut number = 1;
    while name.exists() {
        number += 1;
        name = sibling_path(path, &format!(".{label}-{seconds}-{number}"));
    }
    name
}

/// Fails when the disk is nearly full. Passes when the free space is unknown.
pub(crate) fn check_free_space(path: &Path) -> Result<(), StoreError> {
    match available_space(path) {
        Some(free) => require_free_space(free, path),
        None => Ok(()),
    }
}

fn require_free_space(free: u64, path: &Path) -> Result<(), StoreError> {
    if free >= MIN_FREE_BYTES {
        return Ok(());
    }
    Err(StoreError::new(StoreFault::LowSpace { path: path.to_owned(), free }))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::StoreErrorKind;

    #[test]
    fn a_turn_is_not_begun_with_little_space() {
        let path = Path::new("/state/sessions.db");
        assert!(require_free_space(MIN_FREE_BYTES, path).is_ok());
        let error = require_free_space(12 * 1024 * 1024 + 5, path).unwrap_err();
        assert_eq!(error.kind(), StoreErrorKind::DiskFull);
        let text = "begin a turn with only 12 MiB free for `/state/sessions.db`";
        assert_eq!(error.to_string(), text);
        assert!(error.hint().is_some());
    }

    #[test]
    fn unknown_free_space_is_no_reason_to_refuse() {
        assert!(check_free_space(Path::new("/no/such/place")).is_ok());
    }
}
