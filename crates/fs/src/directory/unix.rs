//! What all Unix systems share.

use std::fs::File;
use std::os::fd::AsFd as _;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use rustix::fs::{FileType, Gid, Mode, Stat, Uid, fchmod, fchown, fstat};

use super::confined::{FileAttributes, NameStatus};
use super::{EntryError, EntryMetadata, FileVersion};
use crate::EntryKind;

pub(crate) fn entry_kind(file_type: FileType) -> EntryKind {
    match file_type {
        FileType::RegularFile => EntryKind::File,
        FileType::Directory => EntryKind::Directory,
        FileType::Symlink => EntryKind::SymbolicLink,
        FileType::Fifo => EntryKind::NamedPipe,
        FileType::Socket => EntryKind::Socket,
        FileType::CharacterDevice | FileType::BlockDevice => EntryKind::Device,
        FileType::Unknown => EntryKind::Unknown,
    }
}

#[cfg_attr(
    target_os = "linux",
    expect(clippy::useless_conversion, reason = "the widths differ between systems")
)]
pub(super) fn status_from_stat(stat: &Stat) -> NameStatus {
    let mode = u32::from(stat.st_mode);
    NameStatus {
        metadata: EntryMetadata {
            kind: entry_kind(FileType::from_raw_mode(stat.st_mode)),
            size: u64::try_from(stat.st_size).unwrap_or_default(),
            modified: modified_time(stat),
        },
        version: FileVersion::from_stat(stat),
        is_read_only: mode & 0o222 == 0,
        link_count: stat.st_nlink.into(),
        attributes: FileAttributes { mode: mode & 0o777, owner: stat.st_uid, group: stat.st_gid },
    }
}

/// Times before 1970 count as 1970.
fn modified_time(stat: &Stat) -> SystemTime {
    let seconds = u64::try_from(stat.st_mtime).unwrap_or_default();
    let nanoseconds = u32::try_from(stat.st_mtime_nsec).unwrap_or_default();
    UNIX_EPOCH.checked_add(Duration::new(seconds, nanoseconds)).unwrap_or(UNIX_EPOCH)
}

/// Sets the permissions and, where permitted, the owner and the group.
pub(super) fn change_attributes(file: &File, wanted: FileAttributes) -> Result<(), EntryError> {
    let own = fstat(file)?;
    if (own.st_uid, own.st_gid) != (wanted.owner, wanted.group) {
        // Only root can change the owner; otherwise the user becomes the owner.
        let (owner, group) = (Uid::from_raw(wanted.owner), Gid::from_raw(wanted.group));
        let _ = fchown(file.as_fd(), Some(owner), Some(group));
    }
    Ok(fchmod(file, Mode::from_raw_mode(wanted.mode as rustix::fs::RawMode))?)
}
