//! What an entry is and when it changed.

use std::io;
use std::os::fd::AsFd;
use std::path::Path;

use rustix::fs::AtFlags;

use crate::EntryKind;

/// What an entry is and when it changed. Two stamps are equal only if the entry is the same and
/// neither its content nor its attributes were changed in between, as far as the clock of the file
/// system tells.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct EntryStamp {
    /// What it is.
    pub kind: EntryKind,
    /// The permission bits with set-id and sticky bits.
    pub mode: u32,
    /// The size in bytes.
    pub size: u64,
    /// The device and the inode.
    pub identity: (u64, u64),
    /// When content or attributes last changed, in nanoseconds since 1970. No program can set it.
    pub changed_ns: i128,
    /// When it was created, likewise; `None` where the file system does not tell.
    pub born_ns: Option<i128>,
}

#[cfg(target_os = "linux")]
impl EntryStamp {
    pub(super) fn of_open_file(file: impl AsFd) -> io::Result<Self> {
        Self::read(file, Path::new(""), AtFlags::EMPTY_PATH)
    }

    pub(super) fn at(directory: impl AsFd, path: &Path) -> io::Result<Self> {
        Self::read(directory, path, AtFlags::SYMLINK_NOFOLLOW)
    }

    fn read(directory: impl AsFd, path: &Path, flags: AtFlags) -> io::Result<Self> {
        use rustix::fs::{FileType, RawMode, StatxFlags, StatxTimestamp, makedev, statx};

        use crate::directory::entry_kind;

        let time = |time: StatxTimestamp| {
            i128::from(time.tv_sec) * 1_000_000_000 + i128::from(time.tv_nsec)
        };
        let wanted = StatxFlags::BASIC_STATS | StatxFlags::BTIME;
        let found = statx(directory, path, flags | AtFlags::NO_AUTOMOUNT, wanted)?;
        let has_birth = found.stx_mask & StatxFlags::BTIME.bits() != 0;
        Ok(Self {
            kind: entry_kind(FileType::from_raw_mode(RawMode::from(found.stx_mode))),
            mode: u32::from(found.stx_mode) & 0o7777,
            size: found.stx_size,
            identity: (makedev(found.stx_dev_major, found.stx_dev_minor), found.stx_ino),
            changed_ns: time(found.stx_ctime),
            born_ns: has_birth.then(|| time(found.stx_btime)),
        })
    }
}

#[cfg(not(target_os = "linux"))]
impl EntryStamp {
    pub(super) fn of_open_file(file: impl AsFd) -> io::Result<Self> {
        Ok(Self::from_stat(&rustix::fs::fstat(file)?))
    }

    pub(super) fn at(directory: impl AsFd, path: &Path) -> io::Result<Self> {
        Ok(Self::from_stat(&rustix::fs::statat(directory, path, AtFlags::SYMLINK_NOFOLLOW)?))
    }

    fn from_stat(stat: &rustix::fs::Stat) -> Self {
        let kind = rustix::fs::FileType::from_raw_mode(stat.st_mode);
        Self {
            kind: crate::directory::entry_kind(kind),
            mode: u32::from(stat.st_mode) & 0o7777,
            size: u64::try_from(stat.st_size).unwrap_or_default(),
            identity: (u64::try_from(stat.st_dev).unwrap_or_default(), u64::from(stat.st_ino)),
            changed_ns: i128::from(stat.st_ctime) * 1_000_000_000 + i128::from(stat.st_ctime_nsec),
            born_ns: None,
        }
    }
}
