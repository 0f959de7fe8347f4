//! Who else than the user can change a file.

use std::path::Path;

/// Somebody other than the user who can change a file or the entries of a directory.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum ForeignWriter {
    /// It belongs to another user.
    Owner,
    /// Every user can write it.
    Everyone,
}

/// Who else can change the file or directory at a path, following links. `None` when nobody can, or
/// when it cannot be looked at. With `trusts_root`, the owner may also be root.
///
/// A directory in which only the owner of an entry can replace it, such as `/tmp`, does not count
/// as writable. Systems without owners and modes have no answer.
#[cfg(unix)]
#[must_use]
pub fn foreign_writer(path: &Path, trusts_root: bool) -> Option<ForeignWriter> {
    use std::os::unix::fs::MetadataExt as _;

    /// The mode bit of writing by everyone.
    const WRITABLE_BY_EVERYONE: u32 = 0o002;
    /// The mode bit of a directory whose entries only their owners can replace.
    const STICKY: u32 = 0o1000;
    let metadata = std::fs::metadata(path).ok()?;
    let is_own = metadata.uid() == rustix::process::geteuid().as_raw();
    if !(is_own || trusts_root && metadata.uid() == 0) {
        return Some(ForeignWriter::Owner);
    }
    let is_writable = metadata.mode() & WRITABLE_BY_EVERYONE != 0;
    (is_writable && metadata.mode() & STICKY == 0).then_some(ForeignWriter::Everyone)
}

/// Who else can change the file or directory at a path: not known on this system.
#[cfg(not(unix))]
#[must_use]
pub fn foreign_writer(_: &Path, _: bool) -> Option<ForeignWriter> {
    None
}

#[cfg(all(test, unix))]
mod tests {
    use std::{fs, os::unix::fs::PermissionsExt as _};

    use super::*;

    #[test]
    fn a_file_that_everyone_can_write_has_a_foreign_writer() {
        let folder = tempfile::tempdir().unwrap();
        for (mode, expected) in [
            (0o700, None),
            (0o755, None),
            (0o775, None),
            (0o777, Some(ForeignWriter::Everyone)),
            (0o1777, None),
        ] {
            fs::set_permissions(folder.path(), fs::Permissions::from_mode(mode)).unwrap();
            assert_eq!(foreign_writer(folder.path(), false), expected, "{mode:o}");
        }
        assert_eq!(foreign_writer(Path::new("/nonexistent"), false), None);
        if rustix::process::geteuid().as_raw() != 0 {
            assert_eq!(foreign_writer(Path::new("/etc"), false), Some(ForeignWriter::Owner));
        }
        assert_eq!(foreign_writer(Path::new("/etc"), true), None);
    }
}
