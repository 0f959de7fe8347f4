//! The kinds of entries in a directory.

use std::fmt;

/// The kind of an entry in a directory.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum EntryKind {
    /// A regular file.
    File,
    /// A directory.
    Directory,
    /// A symbolic link.
    SymbolicLink,
    /// A named pipe.
    NamedPipe,
    /// A Unix domain socket.
    Socket,
    /// A character or block device.
    Device,
    /// The file system does not tell the kind.
    Unknown,
}

impl EntryKind {
    /// The kind as a noun, e.g. `named pipe`.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::File => "file",
            Self::Directory => "directory",
            Self::SymbolicLink => "symbolic link",
            Self::NamedPipe => "named pipe",
            Self::Socket => "socket",
            Self::Device => "device",
            Self::Unknown => "thing of an unknown kind",
        }
    }
}

impl fmt::Display for EntryKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl From<std::fs::FileType> for EntryKind {
    fn from(file_type: std::fs::FileType) -> Self {
        if file_type.is_file() {
            Self::File
        } else if file_type.is_dir() {
            Self::Directory
        } else if file_type.is_symlink() {
            Self::SymbolicLink
        } else {
            special_kind(file_type)
        }
    }
}

#[cfg(unix)]
fn special_kind(file_type: std::fs::FileType) -> EntryKind {
    use std::os::unix::fs::FileTypeExt as _;
    if file_type.is_fifo() {
        EntryKind::NamedPipe
    } else if file_type.is_socket() {
        EntryKind::Socket
    } else if file_type.is_char_device() || file_type.is_block_device() {
        EntryKind::Device
    } else {
        EntryKind::Unknown
    }
}

#[cfg(not(unix))]
fn special_kind(_: std::fs::FileType) -> EntryKind {
    EntryKind::Unknown
}
