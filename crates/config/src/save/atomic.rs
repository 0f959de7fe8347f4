//! Replacing a file in one step.

use std::{
    ffi::OsString,
    fs::{self, File, OpenOptions},
    io::{self, Write as _},
    path::{Path, PathBuf},
};

use super::{SaveError, write_error};

/// The steps of a change, each told when it is done.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum WriteStep {
    /// The lock is held.
    Locked,
    /// The old text is in the history.
    VersionKept,
    /// The new file is there, empty and under another name.
    Created,
    /// It has a part of the text.
    PartWritten,
    /// It has all of the text.
    Written,
    /// It is on the disk.
    Synced,
    /// It has taken the place of the old one.
    Renamed,
}

/// So many links are followed one after the other.
const MAX_LINKS: usize = 40;

/// What a path leads to, whether or not that exists: links are followed, so that a link to a file
/// elsewhere stays a link.
pub(super) fn resolve_symlinks(path: &Path) -> PathBuf {
    let mut path = path.to_owned();
    for _ in 0..MAX_LINKS {
        match fs::read_link(&path) {
            Ok(link) => path = path.parent().unwrap_or(Path::new("")).join(link),
            Err(_) => break,
        }
    }
    path
}

/// A hidden file in the same folder that belongs to `target`.
pub(super) fn sibling_path(target: &Path, ending: &str) -> PathBuf {
    let mut name = OsString::from(".");
    name.push(target.file_name().unwrap_or_default());
    name.push(".");
    name.push(ending);
    target.with_file_name(name)
}

/// Replaces the file by one with this text, or creates it for its owner alone.
///
/// Only one program at a time may write a target: what is left of a writer that was killed is
/// taken away. The new file has the mode of the old one.
pub(super) fn write_atomically(
    target: &Path,
    text: &str,
    step: &mut dyn FnMut(WriteStep),
) -> Result<(), SaveError> {
    let new = sibling_path(target, "new");
    let fail = write_error(&new);
    write_new_file(&new, target, text, step).map_err(fail)?;
    let renamed = fs::rename(&new, target).map_err(write_error(target));
    if renamed.is_err() {
        let _ = fs::remove_file(&new);
    }
    renamed?;
    step(WriteStep::Renamed);
    match target.parent() {
        Some(folder) => sync_folder(folder).map_err(write_error(folder)),
        None => Ok(()),
    }
}

fn write_new_file(
    new: &Path,
    target: &Path,
    text: &str,
    step: &mut dyn FnMut(WriteStep),
) -> io::Result<()> {
    match fs::remove_file(new) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
        _ => {}
    }
    let mut options = OpenOptions::new();
    options.write(true).create_new(true);
    let mut file = set_private_mode(&mut options).open(new)?;
    let written = write_contents(&mut file, target, text, step);
    if written.is_err() {
        let _ = fs::remove_file(new);
    }
    written
}

fn write_contents(
    file: &mut File,
    target: &Path,
    text: &str,
    step: &mut dyn FnMut(WriteStep),
) -> io::Result<()> {
    step(WriteStep::Created);
    let (first, rest) = text.as_bytes().split_at(text.len() / 2);
    file.write_all(first)?;
    step(WriteStep::PartWritten);
    file.write_all(rest)?;
    step(WriteStep::Written);
    match fs::metadata(target) {
        Ok(old) => file.set_permissions(old.permissions())?,
        Err(error) if error.kind() == io::ErrorKind::NotFound => {}
        Err(error) => return Err(error),
    }
    file.sync_all()?;
    step(WriteStep::Synced);
    Ok(())
}

/// Creates a folder and those above it, for their owner alone.
pub(super) fn create_folder(folder: &Path) -> io::Result<()> {
    let mut builder = fs::DirBuilder::new();
    builder.recursive(true);
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    if folder.as_os_str().is_empty() { Ok(()) } else { builder.create(folder) }
}

/// Lets only the owner read what is created.
pub(super) fn set_private_mode(options: &mut OpenOptions) -> &mut OpenOptions {
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(options, 0o600);
    options
}

#[cfg(unix)]
fn sync_folder(folder: &Path) -> io::Result<()> {
    let folder = if folder.as_os_str().is_empty() { Path::new(".") } else { folder };
    File::open(folder)?.sync_all()
}

/// A folder cannot be opened as a file here; the system orders the names itself.
#[cfg(not(unix))]
fn sync_folder(_: &Path) -> io::Result<()> {
    Ok(())
}
