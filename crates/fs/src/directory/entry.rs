//! What is found in a directory.

use std::ffi::OsString;
use std::fmt;
use std::fs::{File, Metadata};
use std::io;
use std::time::{Duration, SystemTime};

use super::EntryLocation;
use crate::EntryKind;

/// The file or directory at a path.
#[derive(Debug)]
pub enum OpenedEntry {
    /// A regular file opened for reading, with its version at that time.
    File(File, FileVersion),
    /// The entries of a directory, sorted by name.
    Directory(Vec<DirectoryEntry>),
}

/// The file or directory at a path, and where it is.
#[derive(Debug)]
#[non_exhaustive]
pub struct LocatedEntry {
    /// The file or directory.
    pub entry: OpenedEntry,
    /// Where it is, after symbolic links and `..`.
    pub location: EntryLocation,
    /// Whether it is a file that has other hard links.
    pub has_other_links: bool,
}

/// An entry of a directory.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct DirectoryEntry {
    /// The name in the directory.
    pub name: OsString,
    /// What it is; a symbolic link is not followed.
    pub kind: EntryKind,
}

/// The size and age of an entry.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub struct EntryMetadata {
    /// What it is.
    pub kind: EntryKind,
    /// The size in bytes.
    pub size: u64,
    /// When the content was last changed.
    pub modified: SystemTime,
}

/// A version of a file: differs when the content changes or another file takes the name.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct FileVersion([i128; 7]);

/// Which of the numbers of a version is the size.
const SIZE_INDEX: usize = if cfg!(unix) { 2 } else { 0 };

/// The version as one word, to be compared with that of another run.
impl fmt::Display for FileVersion {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, number) in self.0.iter().enumerate() {
            write!(f, "{}{number}", if index == 0 { "" } else { ":" })?;
        }
        Ok(())
    }
}

impl FileVersion {
    /// The version of an open file.
    ///
    /// # Errors
    /// When the system does not tell its metadata.
    pub fn from_file(file: &File) -> io::Result<Self> {
        file.metadata().map(|metadata| Self::from_metadata(&metadata))
    }

    /// The size in bytes.
    #[must_use]
    pub fn size(&self) -> u64 {
        u64::try_from(self.0[SIZE_INDEX]).unwrap_or_default()
    }

    /// When the file was last changed, as far as the system tells; its content, or its name and mode.
    #[must_use]
    pub fn last_change(&self) -> SystemTime {
        let nanoseconds = self.change_times().into_iter().max().unwrap_or_default();
        let since = u64::try_from(nanoseconds).map(Duration::from_nanos).unwrap_or_default();
        SystemTime::UNIX_EPOCH + since
    }

    /// Nanoseconds since 1970.
    #[cfg(unix)]
    fn change_times(&self) -> [i128; 2] {
        let [_, _, _, modified, modified_nanos, changed, changed_nanos] = self.0;
        let second = 1_000_000_000;
        [modified * second + modified_nanos, changed * second + changed_nanos]
    }

    #[cfg(not(unix))]
    fn change_times(&self) -> [i128; 2] {
        let [_, modified, created, ..] = self.0;
        [modified, created]
    }

    #[cfg(unix)]
    pub(super) fn from_metadata(metadata: &Metadata) -> Self {
        use std::os::unix::fs::MetadataExt as _;
        Self([
            metadata.dev().into(),
            metadata.ino().into(),
            metadata.size().into(),
            metadata.mtime().into(),
            metadata.mtime_nsec().into(),
            metadata.ctime().into(),
            metadata.ctime_nsec().into(),
        ])
    }

    #[cfg(not(unix))]
    pub(super) fn from_metadata(metadata: &Metadata) -> Self {
        Self::from_times(metadata.len(), metadata.modified().ok(), metadata.created().ok())
    }

    #[cfg(not(unix))]
    pub(super) fn from_times(
        size: u64,
        modified: Option<SystemTime>,
        created: Option<SystemTime>,
    ) -> Self {
        let nanoseconds = |time: Option<SystemTime>| {
            let since = time?.duration_since(SystemTime::UNIX_EPOCH).ok()?;
            i128::try_from(since.as_nanos()).ok()
        };
        let [modified, created] = [modified, created].map(|time| nanoseconds(time).unwrap_or(-1));
        Self([size.into(), modified, created, 0, 0, 0, 0])
    }

    #[cfg(unix)]
    pub(super) fn from_stat(stat: &rustix::fs::Stat) -> Self {
        Self([
            stat.st_dev.into(),
            stat.st_ino.into(),
            stat.st_size.into(),
            stat.st_mtime.into(),
            stat.st_mtime_nsec.into(),
            stat.st_ctime.into(),
            stat.st_ctime_nsec.into(),
        ])
    }
}
