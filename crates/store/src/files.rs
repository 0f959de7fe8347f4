//! The files of a store: names, permissions, locks and free space.

use std::ffi::OsString;
use std::fs::{self, DirBuilder, File, OpenOptions};
use std::io::{self, Read as _};
use std::path::{Path, PathBuf};
use std::time::{SystemTime, UNIX_EPOCH};

use crate::StoreError;
use crate::error::Fault;

/// With less than this a turn is not begun: 64 MiB.
const LEAST_FREE: u64 = 64 * 1024 * 1024;

/// The endings of the files that make one database.
const DATABASE: [&str; 3] = ["", "-wal", "-shm"];

/// Unix time in milliseconds.
pub(crate) fn now() -> i64 {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    i64::try_from(since.as_millis()).unwrap_or(i64::MAX)
}

/// The file that belongs to `path` by its name's ending.
pub(crate) fn beside(path: &Path, ending: &str) -> PathBuf {
    let mut name: OsString = path.file_name().unwrap_or_default().to_owned();
    name.push(ending);
    path.with_file_name(name)
}

/// Creates the folder of the store for its owner alone, and the file.
pub(crate) fn prepare(path: &Path) -> Result<(), StoreError> {
    if let Some(folder) = path.parent().filter(|folder| !folder.as_os_str().is_empty()) {
        create_folder(folder)?;
    }
    let file = open_private(path).map_err(StoreError::file("create", path))?;
    let _ = &file;
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt as _;
        let metadata = file.metadata().map_err(StoreError::file("read", path))?;
        if metadata.permissions().mode() & 0o077 != 0 {
            let private = fs::Permissions::from_mode(0o600);
            file.set_permissions(private).map_err(StoreError::file("protect", path))?;
        }
    }
    Ok(())
}

pub(crate) fn create_folder(folder: &Path) -> Result<(), StoreError> {
    let mut builder = DirBuilder::new();
    builder.recursive(true);
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    builder.create(folder).map_err(StoreError::file("create", folder))
}

/// Opens a file for reading and writing, creating it for its owner alone.
pub(crate) fn open_private(path: &Path) -> io::Result<File> {
    let mut options = OpenOptions::new();
    options.read(true).write(true).create(true).truncate(false);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    options.open(path)
}

/// Creates a file for its owner alone, which must not be there yet.
pub(crate) fn create_private(path: &Path) -> io::Result<File> {
    let mut options = OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    options.open(path)
}

/// Whether the file was closed by its last user, as far as can be told without reading it.
pub(crate) fn was_closed(path: &Path) -> bool {
    let log = fs::metadata(beside(path, "-wal")).is_ok_and(|log| log.len() > 0);
    !log && !suspicion(path).exists() && has_its_length(path).unwrap_or(false)
}

/// Whether a file is as long as its header says.
fn has_its_length(path: &Path) -> io::Result<bool> {
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

/// The file that says that the store is to be examined.
pub(crate) fn suspicion(path: &Path) -> PathBuf {
    beside(path, "-suspect")
}

/// Has the next one who opens the store examine it.
pub(crate) fn suspect(path: &Path) {
    // Whoever could not say so says at least that it is damaged.
    let _ = open_private(&suspicion(path));
}

/// Gives the files another name: what is left of a damaged store.
pub(crate) fn set_aside(path: &Path) -> Result<PathBuf, StoreError> {
    let to = free_name(path, "damaged");
    for ending in DATABASE {
        let from = beside(path, ending);
        match fs::rename(&from, beside(&to, ending)) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => {
                return Err(StoreError::file("set aside", &from)(error));
            }
            _ => {}
        }
    }
    Ok(to)
}

/// Copies the files as they are.
pub(crate) fn copy(path: &Path, to: &Path) -> Result<(), StoreError> {
    for ending in ["", "-wal"] {
        let from = beside(path, ending);
        let target = beside(to, ending);
        let copied = File::open(&from).and_then(|mut from| {
            let mut to = create_private(&target)?;
            io::copy(&mut from, &mut to)?;
            to.sync_all()
        });
        match copied {
            Err(error) if error.kind() != io::ErrorKind::NotFound => {
                return Err(StoreError::file("back up", &from)(error));
            }
            _ => {}
        }
    }
    Ok(())
}

/// A name beside `path` that nothing has, e.g. `sessions.db.backup-1760000000`.
pub(crate) fn free_name(path: &Path, what: &str) -> PathBuf {
    let seconds = now() / 1000;
    let mut name = beside(path, &format!(".{what}-{seconds}"));
    let mut number = 1;
    while name.exists() {
        number += 1;
        name = beside(path, &format!(".{what}-{seconds}-{number}"));
    }
    name
}

/// Refuses when the disk is nearly full. Where the system does not say, nothing is refused.
pub(crate) fn check_space(path: &Path) -> Result<(), StoreError> {
    match free_space(path) {
        Some(free) => enough(free, path),
        None => Ok(()),
    }
}

fn enough(free: u64, path: &Path) -> Result<(), StoreError> {
    if free >= LEAST_FREE {
        return Ok(());
    }
    Err(StoreError::new(Fault::LowSpace { path: path.to_owned(), free }))
}

#[cfg(unix)]
fn free_space(path: &Path) -> Option<u64> {
    let disk = rustix::fs::statvfs(path).ok()?;
    disk.f_bavail.checked_mul(disk.f_frsize)
}

#[cfg(not(unix))]
fn free_space(_: &Path) -> Option<u64> {
    None
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::StoreErrorKind;

    #[test]
    fn a_turn_is_not_begun_with_little_space() {
        let path = Path::new("/state/sessions.db");
        assert!(enough(LEAST_FREE, path).is_ok());
        let error = enough(12 * 1024 * 1024 + 5, path).unwrap_err();
        assert_eq!(error.kind(), StoreErrorKind::DiskFull);
        let text = "begin a turn with only 12 MiB free for `/state/sessions.db`";
        assert_eq!(error.to_string(), text);
        assert!(error.hint().is_some());
    }

    #[cfg(unix)]
    #[test]
    fn the_free_space_is_known() {
        assert!(free_space(Path::new("/")).is_some_and(|free| free > 0));
        assert!(check_space(Path::new("/no/such/place")).is_ok());
    }
}
