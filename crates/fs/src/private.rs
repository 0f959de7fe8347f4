//! Files and directories that only their owner can access: modes 0600 and 0700.
//!
//! The mode is set when the entry is created, so that it is never accessible to others. Systems
//! without Unix modes use the permissions of the parent directory.

use std::fs::{DirBuilder, File, OpenOptions};
use std::io;
use std::path::Path;

/// Creates a directory and its missing parents, accessible to their owner only. An existing
/// directory and an empty path are left as they are.
///
/// # Errors
/// When one cannot be created, or something else is at the path.
pub fn create_private_dir(path: &Path) -> io::Result<()> {
    if path.as_os_str().is_empty() {
        return Ok(());
    }
    let mut builder = DirBuilder::new();
    builder.recursive(true);
    #[cfg(unix)]
    #[expect(clippy::disallowed_methods, reason = "this crate owns the modes of files")]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    builder.create(path)
}

/// Creates a file for writing; fails if anything exists at the path, a symbolic link included.
///
/// # Errors
/// When the file cannot be created.
pub fn create_private_file(path: &Path) -> io::Result<File> {
    private_options().write(true).create_new(true).open(path)
}

/// Like [`create_private_file`], but each write appends to the end.
///
/// # Errors
/// When the file cannot be created.
pub fn create_private_log(path: &Path) -> io::Result<File> {
    private_options().append(true).create_new(true).open(path)
}

/// Opens a file of which each write appends to the end, and creates it if it does not exist.
///
/// # Errors
/// When the file cannot be opened or created.
pub fn open_private_log(path: &Path) -> io::Result<File> {
    private_options().append(true).create(true).open(path)
}

/// Opens a file for reading and writing, and creates it if it does not exist. The content of an
/// existing file is kept.
///
/// # Errors
/// When the file cannot be opened or created.
pub fn open_private_file(path: &Path) -> io::Result<File> {
    private_options().read(true).write(true).create(true).truncate(false).open(path)
}

/// Sets the mode 0600 if others have access to the file.
///
/// # Errors
/// When the mode cannot be read or set, e.g. because another user owns the file.
#[cfg(unix)]
pub fn restrict_to_owner(file: &File) -> io::Result<()> {
    use std::os::unix::fs::PermissionsExt as _;
    if file.metadata()?.permissions().mode() & 0o077 != 0 {
        file.set_permissions(std::fs::Permissions::from_mode(0o600))?;
    }
    Ok(())
}

/// Sets the mode 0600 on systems with Unix modes.
///
/// # Errors
/// None on this system.
#[cfg(not(unix))]
pub fn restrict_to_owner(_: &File) -> io::Result<()> {
    Ok(())
}

#[cfg(unix)]
#[expect(clippy::disallowed_methods, reason = "this crate owns the modes of files")]
fn private_options() -> OpenOptions {
    let mut options = OpenOptions::new();
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    options
}

#[cfg(not(unix))]
fn private_options() -> OpenOptions {
    OpenOptions::new()
}

#[cfg(unix)]
#[cfg(test)]
mod tests {
    use std::io::Write as _;
    use std::os::unix::fs::{PermissionsExt as _, symlink};

    use super::*;

    fn mode(path: &Path) -> u32 {
        std::fs::metadata(path).unwrap().permissions().mode() & 0o777
    }

    #[test]
    fn only_the_owner_has_access() {
        let home = tempfile::tempdir().unwrap();
        let folder = home.path().join("a/b");
        create_private_dir(&folder).unwrap();
        create_private_dir(&folder).unwrap();
        create_private_dir(Path::new("")).unwrap();
        create_private_file(&folder.join("new")).unwrap();
        create_private_log(&folder.join("log")).unwrap();
        open_private_file(&folder.join("open")).unwrap();
        assert_eq!([mode(&home.path().join("a")), mode(&folder)], [0o700; 2]);
        assert_eq!(["new", "log", "open"].map(|name| mode(&folder.join(name))), [0o600; 3]);
    }

    #[test]
    fn an_existing_file_is_opened_without_losing_content_and_never_created_twice() {
        let home = tempfile::tempdir().unwrap();
        let path = home.path().join("file");
        create_private_log(&path).unwrap().write_all(b"kept").unwrap();
        open_private_file(&path).unwrap();
        assert_eq!(std::fs::read(&path).unwrap(), b"kept");
        symlink("elsewhere", home.path().join("link")).unwrap();
        for name in ["file", "link"] {
            let error = create_private_file(&home.path().join(name)).unwrap_err();
            assert_eq!(error.kind(), io::ErrorKind::AlreadyExists);
        }
    }

    #[test]
    fn access_of_others_is_taken_away() {
        let home = tempfile::tempdir().unwrap();
        let path = home.path().join("file");
        let file = create_private_file(&path).unwrap();
        for (before, after) in [(0o644, 0o600), (0o660, 0o600), (0o400, 0o400)] {
            file.set_permissions(std::fs::Permissions::from_mode(before)).unwrap();
            restrict_to_owner(&file).unwrap();
            assert_eq!(mode(&path), after, "{before:o}");
        }
    }
}
