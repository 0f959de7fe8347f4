//! Replaces a file atomically: readers and a crash see the old content or the new one.

use std::ffi::OsString;
use std::fs::{self, File};
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};

use crate::create_private_file;

/// The most symbolic links to follow.
const MAX_LINKS: usize = 40;

/// The steps of a commit, reported when done.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CommitStep {
    /// The content is on the disk, still under the temporary name.
    Synced,
    /// The file has its final name.
    Renamed,
}

/// New content of a file, written under a temporary name beside it, readable by its owner only.
/// Dropping it without a commit removes it.
#[derive(Debug)]
pub struct AtomicFile {
    file: File,
    temporary: PathBuf,
    target: PathBuf,
    is_committed: bool,
}

impl AtomicFile {
    /// Creates the new content of `target`, which need not exist.
    ///
    /// # Errors
    /// When the temporary file cannot be created.
    pub fn create(target: &Path) -> io::Result<Self> {
        static CREATED: AtomicU64 = AtomicU64::new(0);
        let number = CREATED.fetch_add(1, Ordering::Relaxed);
        let temporary = hidden_sibling(target, &format!("{}-{number}.new", std::process::id()));
        Self::create_at(temporary, target)
    }

    /// Like [`AtomicFile::create`], for a caller that holds a lock on `target`: the temporary name
    /// is always the same, so that the leftover of a killed writer is removed.
    ///
    /// # Errors
    /// When the leftover cannot be removed or the temporary file cannot be created.
    pub fn create_under_lock(target: &Path) -> io::Result<Self> {
        let temporary = hidden_sibling(target, "new");
        match fs::remove_file(&temporary) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
            _ => {}
        }
        Self::create_at(temporary, target)
    }

    fn create_at(temporary: PathBuf, target: &Path) -> io::Result<Self> {
        let file = create_private_file(&temporary)?;
        Ok(Self { file, temporary, target: target.to_owned(), is_committed: false })
    }

    /// The path of the temporary file.
    #[must_use]
    pub fn temporary_path(&self) -> &Path {
        &self.temporary
    }

    /// Gives the new file the permissions of the one that it replaces, if there is one.
    ///
    /// # Errors
    /// When they cannot be read or set.
    pub fn keep_permissions(&self) -> io::Result<()> {
        match fs::metadata(&self.target) {
            Ok(old) => self.file.set_permissions(old.permissions()),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(()),
            Err(error) => Err(error),
        }
    }

    /// Puts the content on the disk and gives it the final name. On return it survives a crash.
    ///
    /// # Errors
    /// When the content cannot be synced or renamed: the old file is unchanged then. When only the
    /// directory cannot be synced, the file is replaced already.
    pub fn commit(self) -> io::Result<()> {
        self.commit_with(&mut |_| {})
    }

    /// Like [`AtomicFile::commit`], and calls `report` after each step.
    ///
    /// # Errors
    /// As [`AtomicFile::commit`].
    pub fn commit_with(mut self, report: &mut dyn FnMut(CommitStep)) -> io::Result<()> {
        sync_file(&self.file)?;
        report(CommitStep::Synced);
        fs::rename(&self.temporary, &self.target)?;
        self.is_committed = true;
        report(CommitStep::Renamed);
        match self.target.parent() {
            Some(folder) => sync_directory(folder),
            None => Ok(()),
        }
    }
}

impl Write for AtomicFile {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.file.write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.file.flush()
    }
}

impl Drop for AtomicFile {
    fn drop(&mut self) {
        if !self.is_committed {
            // A failed removal must not hide the original error.
            let _ = fs::remove_file(&self.temporary);
        }
    }
}

/// Resolves symbolic links of the last component, even to a target that does not exist. A caller
/// that replaces the result keeps the link.
#[must_use]
pub fn resolve_symlinks(path: &Path) -> PathBuf {
    let mut path = path.to_owned();
    for _ in 0..MAX_LINKS {
        match fs::read_link(&path) {
            Ok(link) => path = path.parent().unwrap_or(Path::new("")).join(link),
            Err(_) => break,
        }
    }
    path
}

/// The path of a hidden companion file of `target` in the same directory.
pub(crate) fn hidden_sibling(target: &Path, ending: &str) -> PathBuf {
    let mut name = OsString::from(".");
    name.push(target.file_name().unwrap_or_default());
    name.push(".");
    name.push(ending);
    target.with_file_name(name)
}

/// Waits until the content of a file is on the disk.
///
/// # Errors
/// When it cannot be written.
#[expect(clippy::disallowed_methods, reason = "this crate owns syncing")]
pub fn sync_file(file: &File) -> io::Result<()> {
    file.sync_all()
}

#[cfg(unix)]
fn sync_directory(folder: &Path) -> io::Result<()> {
    let folder = if folder.as_os_str().is_empty() { Path::new(".") } else { folder };
    sync_file(&File::open(folder)?)
}

/// A directory cannot be opened as a file on this system, which orders renames itself.
#[cfg(not(unix))]
fn sync_directory(_: &Path) -> io::Result<()> {
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn names(folder: &Path) -> Vec<OsString> {
        let mut names: Vec<_> =
            fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().file_name()).collect();
        names.sort();
        names
    }

    #[test]
    fn content_appears_with_the_commit_only() {
        let home = tempfile::tempdir().unwrap();
        let target = home.path().join("file");
        for text in ["one", "two"] {
            let before = fs::read_to_string(&target).ok();
            let mut new = AtomicFile::create(&target).unwrap();
            new.write_all(text.as_bytes()).unwrap();
            assert_eq!(fs::read_to_string(&target).ok(), before);
            new.commit().unwrap();
            assert_eq!(fs::read_to_string(&target).unwrap(), text);
        }
        let mut dropped = AtomicFile::create(&target).unwrap();
        dropped.write_all(b"three").unwrap();
        drop(dropped);
        assert_eq!(fs::read_to_string(&target).unwrap(), "two");
        assert_eq!(names(home.path()), ["file"]);
    }

    #[test]
    fn a_failed_commit_leaves_no_temporary_file() {
        let home = tempfile::tempdir().unwrap();
        let target = home.path().join("folder");
        fs::create_dir(&target).unwrap();
        AtomicFile::create(&target).unwrap().commit().unwrap_err();
        assert_eq!(names(home.path()), ["folder"]);
    }

    #[test]
    fn the_leftover_of_a_killed_writer_is_removed_under_the_lock() {
        let home = tempfile::tempdir().unwrap();
        let target = home.path().join("file");
        let killed = AtomicFile::create_under_lock(&target).unwrap();
        std::mem::forget(killed);
        AtomicFile::create_under_lock(&target).unwrap().commit().unwrap();
        assert_eq!(names(home.path()), ["file"]);
    }

    #[cfg(unix)]
    #[test]
    fn the_owner_alone_reads_a_new_file_and_a_replaced_one_may_keep_its_mode() {
        use std::os::unix::fs::PermissionsExt as _;
        let home = tempfile::tempdir().unwrap();
        let target = home.path().join("file");
        let mode = || fs::metadata(&target).unwrap().permissions().mode() & 0o777;
        let new = AtomicFile::create(&target).unwrap();
        new.keep_permissions().unwrap();
        new.commit().unwrap();
        assert_eq!(mode(), 0o600);
        fs::set_permissions(&target, fs::Permissions::from_mode(0o640)).unwrap();
        let new = AtomicFile::create(&target).unwrap();
        new.keep_permissions().unwrap();
        new.commit().unwrap();
        assert_eq!(mode(), 0o640);
    }

    #[cfg(unix)]
    #[test]
    fn links_are_resolved_to_targets_that_need_not_exist() {
        use std::os::unix::fs::symlink;
        let home = tempfile::tempdir().unwrap();
        symlink("b", home.path().join("a")).unwrap();
        symlink("c/d", home.path().join("b")).unwrap();
        symlink("loop", home.path().join("loop")).unwrap();
        assert_eq!(resolve_symlinks(&home.path().join("a")), home.path().join("c/d"));
        assert_eq!(resolve_symlinks(&home.path().join("loop")), home.path().join("loop"));
    }
}
