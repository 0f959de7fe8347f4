#![doc = include_str!("../README.md")]

mod access;
mod atomic;
mod directory;
mod entry_kind;
#[cfg(unix)]
mod linkless;
mod lock;
mod private;
mod read;
mod rotating_log;
mod space;
mod state_file;
mod writers;

pub use access::{ForeignAccess, remove_foreign_access};
pub use atomic::{AtomicFile, CommitStep, resolve_symlinks, sync_file};
pub use directory::{
    DirectoryEntry, DirectoryHandle, EntryError, EntryLocation, EntryMetadata, FileVersion,
    LocatedEntry, OpenedEntry, ReplaceOutcome,
};
pub use entry_kind::EntryKind;
#[cfg(unix)]
pub use linkless::{EntryStamp, LinklessDirectory, TreeRemoval};
pub use lock::{LockError, LockFile};
pub use private::{
    create_private_dir, create_private_file, create_private_log, open_private_file,
    open_private_log, restrict_to_owner,
};
pub use read::{
    NotRegularFile, open_regular_file, read_bytes, read_opened, read_prefix, read_text,
};
pub use rotating_log::RotatingLog;
pub use space::available_space;
pub use state_file::{StateFile, StateFileError};
pub use writers::{ForeignWriter, foreign_writer};
