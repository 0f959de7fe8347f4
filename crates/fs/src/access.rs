//! Who may do what with a file or directory, and taking that away from others.

use std::io;
use std::path::Path;

/// The access that others than its owner have to a file or directory.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub struct ForeignAccess {
    /// The mode, e.g. `0o644`.
    pub mode: u32,
    /// Whether it belongs to another user.
    pub is_foreign: bool,
    /// Whether it is a directory.
    pub is_directory: bool,
}

impl ForeignAccess {
    /// Looks at a path without following a link; `None` for a link, and on systems without modes.
    ///
    /// # Errors
    /// When there is nothing, or it cannot be looked at.
    #[cfg(unix)]
    pub fn of_path(path: &Path) -> io::Result<Option<Self>> {
        use std::os::unix::fs::MetadataExt as _;
        let metadata = std::fs::symlink_metadata(path)?;
        Ok((!metadata.is_symlink()).then(|| Self {
            mode: metadata.mode() & 0o7777,
            is_foreign: metadata.uid() != rustix::process::geteuid().as_raw(),
            is_directory: metadata.is_dir(),
        }))
    }

    /// Looks at a path: not known on this system.
    ///
    /// # Errors
    /// None on this system.
    #[cfg(not(unix))]
    pub fn of_path(_: &Path) -> io::Result<Option<Self>> {
        Ok(None)
    }

    /// Whether others can change it.
    #[must_use]
    pub fn is_writable(self) -> bool {
        self.mode & 0o022 != 0
    }

    /// Whether others can read it.
    #[must_use]
    pub fn is_readable(self) -> bool {
        self.mode & 0o044 != 0
    }
}

/// Takes all access to a file or directory from others than its owner. A link is not followed.
///
/// # Errors
/// When it belongs to another user, or the mode cannot be set.
#[cfg(unix)]
pub fn remove_foreign_access(path: &Path) -> io::Result<()> {
    use std::os::unix::fs::PermissionsExt as _;

    use rustix::fs::{Mode, OFlags, open};
    let flags = OFlags::RDONLY | OFlags::NOFOLLOW | OFlags::NONBLOCK | OFlags::CLOEXEC;
    let file = std::fs::File::from(open(path, flags, Mode::empty())?);
    let mode = file.metadata()?.permissions().mode() & 0o700;
    file.set_permissions(std::fs::Permissions::from_mode(mode))
}

/// Takes the access of others away: nothing to do on this system.
///
/// # Errors
/// None on this system.
#[cfg(not(unix))]
pub fn remove_foreign_access(_: &Path) -> io::Result<()> {
    Ok(())
}

#[cfg(all(test, unix))]
mod tests {
    use std::fs::{self, File, Permissions};
    use std::os::unix::fs::{PermissionsExt as _, symlink};

    use super::*;

    #[test]
    fn the_access_of_others_is_seen_and_taken_away() {
        let folder = tempfile::tempdir().unwrap();
        let (file, link) = (folder.path().join("file"), folder.path().join("link"));
        File::create(&file).unwrap();
        symlink(&file, &link).unwrap();
        for (mode, readable, writable, after) in
            [(0o644, true, false, 0o600), (0o660, true, true, 0o600), (0o700, false, false, 0o700)]
        {
            fs::set_permissions(&file, Permissions::from_mode(mode)).unwrap();
            let access = ForeignAccess::of_path(&file).unwrap().unwrap();
            assert_eq!((access.is_readable(), access.is_writable()), (readable, writable));
            assert!(remove_foreign_access(&link).is_err());
            remove_foreign_access(&file).unwrap();
            assert_eq!(ForeignAccess::of_path(&file).unwrap().unwrap().mode, after);
        }
        assert_eq!(ForeignAccess::of_path(&link).unwrap(), None);
        assert!(ForeignAccess::of_path(&folder.path().join("none")).is_err());
    }
}
