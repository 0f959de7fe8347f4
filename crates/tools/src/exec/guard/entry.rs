//! What is kept of a guarded entry, to compare it with and to put it back.

use std::ffi::OsStr;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use openclaw_core::FileProtection;
use openclaw_fs::{EntryKind, EntryStamp, LinklessDirectory};

/// The largest file whose content is kept, and the most that is kept of one kind in a tree, in bytes.
/// Each kind has its own, so that the files of one cannot use up what another needs.
const MAX_FILE_BYTES: u64 = 16 << 20;
const MAX_KEPT_BYTES: u64 = 64 << 20;
/// The same for files that are usually part of a repository.
const MAX_VERSIONED_FILE_BYTES: u64 = 4 << 20;
const MAX_KEPT_VERSIONED_BYTES: u64 = 32 << 20;
/// A file that changed so recently could change again without a new time.
const TIME_GRANULARITY: Duration = Duration::from_millis(50);

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
    /// The stamp with which a file has this content, whenever it is met again; `None` when the file
    /// could change without another stamp.
    pub(crate) settled: Option<EntryStamp>,
}

impl GuardedEntry {
    /// Guards it by another kind, if that is stronger.
    pub(crate) fn strengthen(&mut self, kind: GuardKind) {
        if self.kind.is_weaker_than(kind) {
            self.kind = kind;
        }
    }
}

/// How an entry is guarded.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum GuardKind {
    /// A file in the directory of a repository, or that directory itself.
    GitDirectory,
    /// No command changes it.
    Fixed(FileProtection),
    /// It is usually a part of a repository, so another commit that is checked out changes it.
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

    /// Whether it lets more changes be than another one.
    pub(crate) fn is_weaker_than(self, other: Self) -> bool {
        matches!((self, other), (Self::Versioned(_), Self::Fixed(_) | Self::GitDirectory))
    }

    fn max_file_bytes(self) -> u64 {
        if matches!(self, Self::Versioned(_)) { MAX_VERSIONED_FILE_BYTES } else { MAX_FILE_BYTES }
    }

    fn max_kept_bytes(self) -> u64 {
        if matches!(self, Self::Versioned(_)) { MAX_KEPT_VERSIONED_BYTES } else { MAX_KEPT_BYTES }
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

/// Reads entries, up to a number of bytes of each kind.
#[derive(Debug)]
pub(crate) struct EntryReader {
    kept: Vec<(GuardKind, u64)>,
    /// Whether nothing is known to write to the tree, so that a content stays that of its stamp.
    is_quiet: bool,
}

/// A file of which only the stamp is known yet.
#[derive(Debug)]
pub(crate) struct FoundFile<'a> {
    pub(crate) name: &'a OsStr,
    pub(crate) kind: GuardKind,
    pub(crate) stamp: EntryStamp,
}

impl EntryReader {
    pub(crate) fn new(is_quiet: bool) -> Self {
        Self { kept: Vec::new(), is_quiet }
    }

    /// Reads what has a name in a directory, without following a link; `None` when nothing has it.
    /// The content of a file is that of `known`, which may be the same file earlier, or `None` when
    /// it has to be read.
    pub(crate) fn read_entry(
        directory: &LinklessDirectory,
        name: &OsStr,
        kind: GuardKind,
        known: Option<&GuardedEntry>,
    ) -> Option<(GuardedEntry, Option<EntryStamp>)> {
        let stamp = directory.entry_stamp(name).ok()?;
        let mut settled = None;
        let mut unread = None;
        let content = match stamp.kind {
            EntryKind::Directory => EntryContent::Directory,
            // One that has become something else meanwhile is nothing that can be put back.
            EntryKind::SymbolicLink => {
                directory.read_link(name).map_or(EntryContent::Special, EntryContent::Link)
            }
            EntryKind::File => match known {
                Some(known) if known.settled == Some(stamp) => {
                    settled = known.settled;
                    known.content.clone()
                }
                _ => {
                    unread = Some(stamp);
                    EntryContent::Unread { stamp, reason: UnreadReason::TooLarge }
                }
            },
            _ => EntryContent::Special,
        };
        let (identity, born_ns) = (stamp.identity, stamp.born_ns);
        let entry =
            GuardedEntry { kind, content, identity, born_ns, has_all_names: false, settled };
        Some((entry, unread))
    }

    /// Counts a content that is kept already.
    pub(crate) fn count_known(&mut self, entry: &GuardedEntry) {
        if entry.settled.is_some()
            && let EntryContent::File { bytes, .. } = &entry.content
        {
            let length = u64::try_from(bytes.len()).unwrap_or(u64::MAX);
            self.take_bytes(entry.kind, length);
        }
    }

    /// Reads a file. One that was not read before is not read now either. Returns as well the stamp
    /// with which it has this content from now on.
    pub(crate) fn read_file(
        &mut self,
        directory: &LinklessDirectory,
        file: &FoundFile<'_>,
        before: Option<&GuardedEntry>,
    ) -> (EntryContent, Option<EntryStamp>) {
        let FoundFile { name, kind, stamp } = *file;
        if let Some(EntryContent::Unread { reason, .. }) = before.map(|before| &before.content) {
            return (EntryContent::Unread { stamp, reason: *reason }, None);
        }
        let limit = kind.max_file_bytes().min(self.left_bytes(kind));
        let bytes = match directory.read_file(name, limit) {
            Ok(Some(bytes)) => bytes,
            Ok(None) => {
                let reason = UnreadReason::TooLarge;
                return (EntryContent::Unread { stamp, reason }, None);
            }
            Err(_) => {
                let reason = UnreadReason::Unreadable;
                return (EntryContent::Unread { stamp, reason }, None);
            }
        };
        let mode = stamp.mode & 0o777;
        let is_settled = self.is_quiet
            && has_settled(stamp.changed_ns)
            && directory.entry_stamp(name).is_ok_and(|now| now == stamp);
        let settled = is_settled.then_some(stamp);
        // The same bytes are kept once.
        if let Some(EntryContent::File { bytes: known, .. }) = before.map(|before| &before.content)
            && **known == *bytes
        {
            return (EntryContent::File { bytes: Arc::clone(known), mode }, settled);
        }
        self.take_bytes(kind, u64::try_from(bytes.len()).unwrap_or(u64::MAX));
        (EntryContent::File { bytes: bytes.into(), mode }, settled)
    }

    fn left_bytes(&self, kind: GuardKind) -> u64 {
        let kept = self.kept.iter().find(|(other, _)| *other == kind);
        kind.max_kept_bytes().saturating_sub(kept.map_or(0, |(_, bytes)| *bytes))
    }

    fn take_bytes(&mut self, kind: GuardKind, bytes: u64) {
        match self.kept.iter_mut().find(|(other, _)| *other == kind) {
            Some((_, kept)) => *kept = kept.saturating_add(bytes),
            None => self.kept.push((kind, bytes)),
        }
    }
}

/// Whether whatever changed at a time would now have another time if it changed again.
pub(crate) fn has_settled(changed_ns: i128) -> bool {
    let now = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default();
    let age = i128::try_from(now.as_nanos()).unwrap_or(i128::MAX) - changed_ns;
    age > i128::try_from(TIME_GRANULARITY.as_nanos()).unwrap_or(i128::MAX)
}

/// The time by the clock that file systems use, in nanoseconds since 1970.
pub(crate) fn coarse_time_ns() -> i128 {
    // One tick of that clock is at most 10 ms.
    const TICK_NS: i128 = 10_000_000;
    let now = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default();
    i128::try_from(now.as_nanos()).unwrap_or(i128::MAX) - TICK_NS
}
