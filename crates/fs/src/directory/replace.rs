//! Replaces the content of a file beneath a directory.

use std::ffi::{OsStr, OsString};
use std::fs::File;
use std::io::Write as _;
use std::path::Path;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{SystemTime, UNIX_EPOCH};

use super::confined::{ConfinedDirectory, DirectoryBackend, NameStatus, split_name};
use super::{EntryError, EntryLocation, FileVersion};
use crate::EntryKind;
use crate::atomic::sync_file;

/// The result of replacing a file.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct ReplaceOutcome {
    /// The version of the new content.
    pub version: FileVersion,
    /// Whether the file did not exist before.
    pub is_new_file: bool,
    /// Whether the old content is still reachable through another hard link.
    pub has_other_links: bool,
}

impl<B: DirectoryBackend> ConfinedDirectory<B> {
    pub(super) fn replace_file(
        &self,
        path: &Path,
        content: &[u8],
        expected_version: Option<&FileVersion>,
        admit: &dyn Fn(&EntryLocation) -> bool,
    ) -> Result<ReplaceOutcome, EntryError> {
        let (directory, name) = split_name(path).ok_or(EntryError::IsDirectory)?;
        let (directory, mut location) = self.make_directories(directory)?;
        location.push_name(name);
        if !admit(&location) {
            return Err(EntryError::ConcurrentMove);
        }
        replace_name(&*directory, name, content, expected_version)
    }

    pub(super) fn replace_private_file(
        &self,
        path: &Path,
        content: &[u8],
    ) -> Result<(), EntryError> {
        let (directory, name) = split_name(path).ok_or(EntryError::IsDirectory)?;
        let (directory, _) = self.make_directories(directory)?;
        match directory.examine_name(name) {
            Ok(old) => check_replaceable(&*directory, name, &old)?,
            Err(EntryError::Missing) => {}
            Err(error) => return Err(error),
        }
        let mut temporary = TemporaryEntry::create_in(&*directory, true)?;
        temporary.file.write_all(content)?;
        sync_file(&temporary.file)?;
        temporary.rename_to(name)?;
        directory.sync_entries();
        Ok(())
    }
}

fn replace_name<B: DirectoryBackend>(
    directory: &B,
    name: &OsStr,
    content: &[u8],
    expected_version: Option<&FileVersion>,
) -> Result<ReplaceOutcome, EntryError> {
    let old = match directory.examine_name(name) {
        Ok(status) => Some(status),
        Err(EntryError::Missing) if expected_version.is_none() => None,
        Err(error) => return Err(error),
    };
    if let Some(old) = &old {
        check_replaceable(directory, name, old)?;
    }
    let mut temporary = TemporaryEntry::create_in(directory, old.is_some())?;
    if let Some(old) = &old {
        B::copy_attributes(&temporary.file, old)?;
    }
    temporary.file.write_all(content)?;
    sync_file(&temporary.file)?;
    if let Some(expected) = expected_version
        && directory.examine_name(name)?.version != *expected
    {
        return Err(EntryError::ConcurrentChange);
    }
    let version = temporary.rename_to(name)?;
    directory.sync_entries();
    Ok(ReplaceOutcome {
        version,
        is_new_file: old.is_none(),
        has_other_links: old.is_some_and(|status| status.link_count > 1),
    })
}

fn check_replaceable<B: DirectoryBackend>(
    directory: &B,
    name: &OsStr,
    status: &NameStatus,
) -> Result<(), EntryError> {
    match status.metadata.kind {
        // A rename checks permissions of the directory only, so check those of the file here.
        EntryKind::File if status.is_read_only || !directory.can_write(name) => {
            Err(EntryError::ReadOnly)
        }
        EntryKind::File => Ok(()),
        EntryKind::Directory => Err(EntryError::IsDirectory),
        EntryKind::SymbolicLink => Err(EntryError::SymbolicLink(directory.read_link(name)?)),
        other => Err(EntryError::SpecialFile(other)),
    }
}

/// A temporary file beside the file to replace; removed unless it is renamed.
struct TemporaryEntry<'a, B: DirectoryBackend> {
    directory: &'a B,
    name: OsString,
    file: File,
    is_renamed: bool,
}

impl<'a, B: DirectoryBackend> TemporaryEntry<'a, B> {
    /// Creates an empty file. If it replaces a file, only its owner can read it until it has the
    /// permissions of that one.
    fn create_in(directory: &'a B, is_private: bool) -> Result<Self, EntryError> {
        static CREATED: AtomicU64 = AtomicU64::new(0);
        let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default().as_nanos();
        let number = CREATED.fetch_add(1, Ordering::Relaxed);
        let name = OsString::from(format!(".openclaw-{}-{now:x}-{number}.tmp", std::process::id()));
        let file = directory.create_file(&name, is_private)?;
        Ok(Self { directory, name, file, is_renamed: false })
    }

    /// Returns the version, which renaming changes.
    fn rename_to(mut self, name: &OsStr) -> Result<FileVersion, EntryError> {
        self.directory.rename_file(&self.name, name)?;
        self.is_renamed = true;
        Ok(FileVersion::from_file(&self.file)?)
    }
}

impl<B: DirectoryBackend> Drop for TemporaryEntry<'_, B> {
    fn drop(&mut self) {
        if !self.is_renamed {
            // A failed removal must not hide the original error.
            let _ = self.directory.remove_entry(&self.name);
        }
    }
}
