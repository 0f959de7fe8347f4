//! Replaces a file atomically, step by step.

use std::{
    io::{self, Write as _},
    path::Path,
};

use openclaw_fs::{AtomicFile, CommitStep};

use super::{SaveError, write_error};

/// The steps of a write, reported when done.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum WriteStep {
    /// The lock is acquired.
    Locked,
    /// The old text is archived.
    VersionKept,
    /// The temporary file is created, empty.
    Created,
    /// A part of the text is written.
    PartWritten,
    /// All of the text is written.
    Written,
    /// The temporary file is synced to disk.
    Synced,
    /// The temporary file has replaced the old one.
    Renamed,
}

/// Replaces the file atomically, or creates it, readable by its owner only.
///
/// The caller must hold the lock: the leftover of a killed writer is removed. The new file keeps
/// the mode of the old one.
pub(super) fn write_atomically(
    target: &Path,
    text: &str,
    step: &mut dyn FnMut(WriteStep),
) -> Result<(), SaveError> {
    let mut write = || -> io::Result<()> {
        let mut file = AtomicFile::create_under_lock(target)?;
        step(WriteStep::Created);
        let (first, rest) = text.as_bytes().split_at(text.len() / 2);
        file.write_all(first)?;
        step(WriteStep::PartWritten);
        file.write_all(rest)?;
        step(WriteStep::Written);
        file.keep_permissions()?;
        file.commit_with(&mut |committed| {
            step(match committed {
                CommitStep::Synced => WriteStep::Synced,
                CommitStep::Renamed => WriteStep::Renamed,
            });
        })
    };
    write().map_err(write_error(target))
}
