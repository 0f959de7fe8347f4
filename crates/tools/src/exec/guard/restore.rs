//! Finds what a command changed of the guarded files, and puts it back.

use std::fs::{self, Permissions};
use std::io::{self, Write};
use std::os::unix::fs::{PermissionsExt, symlink};
use std::path::{Path, PathBuf};

use openclaw_core::FileProtection;

use super::git_config::is_harmless_change;
use super::scan::{EntryContent, GuardKind, GuardSnapshot, GuardedEntry};

/// A change of a guarded file that was found after a command.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct GuardedChange {
    /// Relative to the workspace.
    pub(crate) path: PathBuf,
    pub(crate) protection: FileProtection,
    pub(crate) outcome: ChangeOutcome,
}

/// What became of a change.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum ChangeOutcome {
    Undone,
    /// Git changed it with the branch.
    Kept,
    /// Why it is still there.
    Failed(String),
}

/// Undoes every change between two snapshots of a tree that a command may not make. With
/// `keeps_versioned` changes of files that are usually part of a repository stay.
pub(crate) fn undo_changes(
    root: &Path,
    before: &GuardSnapshot,
    after: &GuardSnapshot,
    keeps_versioned: bool,
) -> Vec<GuardedChange> {
    let mut changes = Vec::new();
    let mut record = |path: &Path, entry: &GuardedEntry, undo: &dyn Fn() -> io::Result<()>| {
        let (protection, is_versioned) = match entry.kind {
            GuardKind::GitDirectory => (FileProtection::GitData, false),
            GuardKind::Fixed(protection) => (protection, false),
            GuardKind::Versioned(protection) => (protection, true),
        };
        let outcome = if is_versioned && keeps_versioned {
            ChangeOutcome::Kept
        } else {
            match undo() {
                Ok(()) => ChangeOutcome::Undone,
                Err(error) => ChangeOutcome::Failed(error.to_string()),
            }
        };
        changes.push(GuardedChange { path: path.to_owned(), protection, outcome });
    };
    // What is new goes first, since it can be where something was. Children go before parents.
    for (path, entry) in after.entries.iter().rev() {
        if !before.entries.contains_key(path) && !may_be_created(path, entry, before, after) {
            record(path, entry, &|| remove_entry(&root.join(path)));
        }
    }
    for (path, entry) in &before.entries {
        let current = after.entries.get(path);
        let is_same = current.is_some_and(|current| current.content == entry.content);
        if is_same || may_become(path, entry, current) {
            continue;
        }
        record(path, entry, &|| restore_entry(root, path, &entry.content));
    }
    changes.sort_by(|a, b| a.path.cmp(&b.path));
    changes
}

/// Whether a command may create an entry: what Git needs for a new repository or worktree.
fn may_be_created(
    path: &Path,
    entry: &GuardedEntry,
    before: &GuardSnapshot,
    after: &GuardSnapshot,
) -> bool {
    if entry.kind != GuardKind::GitDirectory {
        // A directory alone does nothing; what is in it is looked at by itself.
        return false;
    }
    let name = path.file_name().unwrap_or_default();
    match &entry.content {
        EntryContent::Directory => {
            // The directory of the hooks itself, but nothing in it.
            name == "hooks" || !path.iter().any(|part| part == "hooks")
        }
        EntryContent::File { bytes, .. } if name == "config" || name == "config.worktree" => {
            // In a repository that was there before, a config that is new can replace nothing.
            let folder = path.parent().unwrap_or(path);
            !before.entries.contains_key(folder) && is_harmless_change(None, bytes)
        }
        EntryContent::File { bytes, .. } if name == "commondir" => bytes == b"../..\n",
        EntryContent::File { bytes, .. } if name == "gitdir" => {
            path.iter().any(|part| part == "worktrees") && !bytes.contains(&0)
        }
        // A link to the directory of a worktree or a submodule.
        EntryContent::File { bytes, .. } if name == ".git" => {
            let text = String::from_utf8_lossy(bytes);
            let target = text.strip_prefix("gitdir: ").unwrap_or_default().trim_end();
            let is_inside =
                ["/.git/worktrees/", ".git/modules/"].iter().any(|group| target.contains(group));
            is_inside && after.entries.keys().any(|known| Path::new(target).ends_with(known))
        }
        _ => false,
    }
}

/// Whether a command may change an entry as it did.
fn may_become(path: &Path, before: &GuardedEntry, after: Option<&GuardedEntry>) -> bool {
    let name = path.file_name().unwrap_or_default();
    match (before.kind, &before.content, after.map(|entry| &entry.content)) {
        (
            GuardKind::GitDirectory,
            EntryContent::File { bytes: old, mode: old_mode },
            Some(EntryContent::File { bytes: new, mode: new_mode }),
        ) if name == "config" || name == "config.worktree" => {
            old_mode == new_mode && is_harmless_change(Some(old), new)
        }
        // `git worktree remove` and `git submodule deinit`, with all that is in them.
        (GuardKind::GitDirectory, content, None) => {
            let is_link = name == ".git" && matches!(content, EntryContent::File { .. });
            is_link || path.iter().any(|part| part == "worktrees" || part == "modules")
        }
        // An emptied directory does nothing.
        (kind, EntryContent::Directory, None) => kind != GuardKind::GitDirectory,
        _ => false,
    }
}

/// Puts back what was at a path. Whatever stands in the way of its directory is removed.
fn restore_entry(root: &Path, path: &Path, content: &EntryContent) -> io::Result<()> {
    let mut directory = root.to_owned();
    for part in path.parent().into_iter().flat_map(Path::iter) {
        directory.push(part);
        // A link would lead the restored file to another place.
        let is_directory = fs::symlink_metadata(&directory).is_ok_and(|entry| entry.is_dir());
        if !is_directory {
            remove_entry(&directory)?;
            fs::create_dir(&directory)?;
        }
    }
    let full = root.join(path);
    match content {
        EntryContent::File { bytes, mode } => {
            remove_entry(&full)?;
            let mut file = fs::File::create_new(&full)?;
            file.set_permissions(Permissions::from_mode(*mode))?;
            file.write_all(bytes)
        }
        EntryContent::Link(target) => {
            remove_entry(&full)?;
            symlink(target, &full)
        }
        EntryContent::Directory => {
            let is_directory = fs::symlink_metadata(&full).is_ok_and(|entry| entry.is_dir());
            if is_directory {
                return Ok(());
            }
            remove_entry(&full)?;
            fs::create_dir(&full)
        }
        EntryContent::LargeFile(_) => Err(io::Error::other("it is too large to be put back")),
        EntryContent::Special => Err(io::Error::other("it is no file that can be put back")),
    }
}

/// Removes what is at a path, without following a link.
fn remove_entry(path: &Path) -> io::Result<()> {
    let result = match fs::symlink_metadata(path) {
        Ok(entry) if entry.is_dir() => fs::remove_dir_all(path),
        Ok(_) => fs::remove_file(path),
        Err(error) => Err(error),
    };
    result
        .or_else(|error| if error.kind() == io::ErrorKind::NotFound { Ok(()) } else { Err(error) })
}
