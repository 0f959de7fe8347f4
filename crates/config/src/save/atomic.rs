//! Replaces a file atomically.

use std::{
    ffi::OsString,
    fs::{self, File, OpenOptions},
    io::{self, Write as _},
    path::{Path, PathBuf},
};

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

/// The most symbolic links to follow.
const MAX_LINKS: usize = 40;

/// Resolves symbolic links, even to a target that does not exist: a linked config file must stay a
/// link.
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

/// The path of a hidden companion file of `target` in the same folder.
pub(super) fn sibling_path(target: &Path, ending: &str) -> PathBuf {
    let mut name = OsString::from(".");
    name.push(target.file_name().unwrap_or_default());
    name.push(".");
    name.push(ending);
    target.with_file_name(name)
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

/// Creates a folder and its parents, accessible by their owner only.
pub(super) fn create_folder(folder: &Path) -> io::Result<()> {
    let mut builder = fs::DirBuilder::new();
    builder.recursive(true);
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    if folder.as_os_str().is_empty() { Ok(()) } else { builder.create(folder) }
}

/// Makes created files accessible by their owner only.
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

/// A folder cannot be opened as a file on this system, which orders renames itself.
#[cfg(not(unix))]
fn sync_folder(_: &Path) -> io::Result<()> {
    Ok(())
}
