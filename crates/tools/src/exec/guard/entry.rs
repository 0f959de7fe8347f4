//! What is kept of a guarded entry, to compare it with and to put it back.

use std::ffi::OsStr;
use std::path::PathBuf;
use std::sync::Arc;

use openclaw_core::FileProtection;
use openclaw_fs::{EntryKind, EntryStamp, LinklessDirectory};

/// The largest file whose content is kept, and the most that is kept of a tree, in bytes.
const MAX_FILE_BYTES: u64 = 4 << 20;
const MAX_KEPT_BYTES: u64 = 64 << 20;

/// A guarded file, link or directory.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct GuardedEntry {
    pub(crate) kind: GuardKind,
    pub(crate) content: EntryContent,
    /// The device and the inode.
    pub(crate) identity: (u64, u64),
    /// When it was created, in nanoseconds since 1970; `None` where the file system does not tell.
    pub(crate) born_ns: Option<i128>,
    /// Whether all that is in this directory was found.
    pub(crate) has_all_names: bool,
}

/// How an entry is guarded.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum GuardKind {
    /// A file in the directory of a repository, or that directory itself.
    GitDirectory,
    /// No command changes it.
    Fixed(FileProtection),
    /// It is usually a part of a repository, so a change of the branch changes it.
    Versioned(FileProtection),
}

impl GuardKind {
    /// Why it is guarded.
    pub(crate) fn protection(self) -> FileProtection {
        match self {
            Self::GitDirectory => FileProtection::GitData,
            Self::Fixed(protection) | Self::Versioned(protection) => protection,
        }
    }
}

/// What is at a path.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum EntryContent {
    File {
        bytes: Arc<[u8]>,
        mode: u32,
    },
    /// A file that cannot be read or is too large to be kept. It is only compared.
    Unread {
        stamp: EntryStamp,
        reason: UnreadReason,
    },
    Link(PathBuf),
    Directory,
    /// A device, a pipe or a socket.
    Special,
}

/// Why the content of a file is not kept.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum UnreadReason {
    Unreadable,
    TooLarge,
}

/// Reads entries, up to a number of bytes in all.
#[derive(Debug)]
pub(crate) struct EntryReader {
    left_bytes: u64,
}

impl EntryReader {
    pub(crate) fn new() -> Self {
        Self { left_bytes: MAX_KEPT_BYTES }
    }

    /// Reads what has a name in a directory, without following a link; `None` when nothing has it. A
    /// file that was not read before is not read now either.
    pub(crate) fn read_entry(
        &mut self,
        directory: &LinklessDirectory,
        name: &OsStr,
        kind: GuardKind,
        before: Option<&GuardedEntry>,
    ) -> Option<GuardedEntry> {
        let stamp = directory.entry_stamp(name).ok()?;
        let content = match stamp.kind {
            EntryKind::Directory => EntryContent::Directory,
            // One that has become something else meanwhile is nothing that can be put back.
            EntryKind::SymbolicLink => {
                directory.read_link(name).map_or(EntryContent::Special, EntryContent::Link)
            }
            EntryKind::File => self.read_file(directory, name, stamp, before),
            _ => EntryContent::Special,
        };
        let (identity, born_ns) = (stamp.identity, stamp.born_ns);
        Some(GuardedEntry { kind, content, identity, born_ns, has_all_names: false })
    }

    fn read_file(
        &mut self,
        directory: &LinklessDirectory,
        name: &OsStr,
        stamp: EntryStamp,
        before: Option<&GuardedEntry>,
    ) -> EntryContent {
        if let Some(EntryContent::Unread { reason, .. }) = before.map(|before| &before.content) {
            return EntryContent::Unread { stamp, reason: *reason };
        }
        match directory.read_file(name, MAX_FILE_BYTES.min(self.left_bytes)) {
            Ok(Some(bytes)) => {
                let mode = stamp.mode & 0o777;
                // The same bytes are kept once.
                if let Some(EntryContent::File { bytes: known, .. }) =
                    before.map(|before| &before.content)
                    && **known == *bytes
                {
                    return EntryContent::File { bytes: Arc::clone(known), mode };
                }
                self.left_bytes -= u64::try_from(bytes.len()).unwrap_or(self.left_bytes);
                EntryContent::File { bytes: bytes.into(), mode }
            }
            Ok(None) => EntryContent::Unread { stamp, reason: UnreadReason::TooLarge },
            Err(_) => EntryContent::Unread { stamp, reason: UnreadReason::Unreadable },
        }
    }
}
