//! Changes a tree that commands may still change at the same time: by handles, following no link, and
//! removing nothing that was there before.

use std::ffi::{OsStr, OsString};
use std::io;
use std::path::Path;
use std::time::SystemTime;

use openclaw_fs::{EntryKind, EntryStamp, LinklessDirectory, TreeRemoval};

use super::entry::{EntryContent, GuardKind, GuardedEntry};
use super::git_rules::SnapshotPair;
use super::scan::GuardedTree;
use super::undo::{ChangeOutcome, describe_error};

/// The deepest directory that is removed.
const MAX_DEPTH: usize = 48;
/// The most names that are tried for what is set aside.
const MAX_NAMES: usize = 32;
/// The longest name that gets an ending.
const MAX_NAME_BYTES: usize = 240;

/// Changes one tree.
pub(crate) struct TreeRestorer<'a> {
    tree: &'a GuardedTree,
    pair: &'a SnapshotPair<'a>,
}

impl<'a> TreeRestorer<'a> {
    pub(crate) fn new(tree: &'a GuardedTree, pair: &'a SnapshotPair<'a>) -> Self {
        Self { tree, pair }
    }

    /// Makes a directory readable, and passable those on the way to it.
    pub(crate) fn open_directory(&self, path: &Path) -> io::Result<()> {
        let mut directory = self.tree.directory.open_beneath(Path::new(""))?;
        for name in path {
            directory.make_accessible()?;
            directory = directory.open_child(name)?;
        }
        directory.make_accessible().map(drop)
    }

    /// Removes what is at a path, or sets aside what was there before the command under another name.
    pub(crate) fn remove(&self, path: &Path) -> ChangeOutcome {
        let result = self.open_parent(path).and_then(|(parent, name)| self.clear(&parent, name));
        match result {
            Ok(None) => ChangeOutcome::Undone,
            Ok(Some(name)) => ChangeOutcome::SetAside(name.into()),
            Err(error) if error.kind() == io::ErrorKind::NotFound => ChangeOutcome::Undone,
            Err(error) => ChangeOutcome::Failed(describe_error(&error)),
        }
    }

    /// Replaces the file at a path.
    pub(crate) fn put_file(&self, path: &Path, bytes: &[u8], mode: u32) -> ChangeOutcome {
        let result = self
            .open_parent(path)
            .and_then(|(parent, name)| with_access(&parent, || parent.put_file(name, bytes, mode)));
        match result {
            Ok(()) => ChangeOutcome::Undone,
            Err(error) => ChangeOutcome::Failed(describe_error(&error)),
        }
    }

    /// Takes from a directory one of the names by which Git knows a repository.
    pub(crate) fn disarm_repository(&self, folder: &Path) -> (&'static str, ChangeOutcome) {
        let mut outcome = ChangeOutcome::Failed("it may have been there before".to_owned());
        for name in ["HEAD", "commondir", "objects", "refs"] {
            let path = folder.join(name);
            if self.pair.is_certainly_new(&path) && self.exists(&path) {
                outcome = self.remove(&path);
                if outcome.is_undone() && name != "commondir" {
                    break;
                }
            }
        }
        ("HEAD", outcome)
    }

    fn exists(&self, path: &Path) -> bool {
        self.open_parent(path).is_ok_and(|(parent, name)| parent.entry_stamp(name).is_ok())
    }

    /// Puts back what was at a path. Whatever stands in the way of its directory is removed or set
    /// aside.
    pub(crate) fn restore(&self, path: &Path, entry: &GuardedEntry) -> io::Result<()> {
        let mut parent = self.tree.directory.open_beneath(Path::new(""))?;
        let Some(name) = path.file_name() else { return Ok(()) };
        for part in path.parent().into_iter().flat_map(Path::iter) {
            parent = self.open_or_create(&parent, part)?;
        }
        let is_directory = parent.entry_stamp(name).is_ok_and(|it| it.kind == EntryKind::Directory);
        match &entry.content {
            EntryContent::Directory if is_directory => Ok(()),
            EntryContent::Directory => {
                self.clear_if_present(&parent, name)?;
                if self.move_back(&parent, name, entry)? {
                    return Ok(());
                }
                with_access(&parent, || parent.create_child(name))
            }
            EntryContent::File { bytes, mode } => {
                if is_directory {
                    self.clear_if_present(&parent, name)?;
                }
                match with_access(&parent, || parent.put_file(name, bytes, *mode)) {
                    Err(error) if is_space_error(&error) => {
                        // What a command wrote must not stay because it has filled the disk.
                        let _ = parent.remove_file(name);
                        parent.put_file(name, bytes, *mode)
                    }
                    result => result,
                }
            }
            EntryContent::Link(target) => {
                if is_directory {
                    self.clear_if_present(&parent, name)?;
                }
                with_access(&parent, || parent.put_link(name, target))
            }
            EntryContent::Unread { .. } | EntryContent::Special => {
                Err(io::Error::other("it was not kept"))
            }
        }
    }

    fn open_or_create(
        &self,
        parent: &LinklessDirectory,
        name: &OsStr,
    ) -> io::Result<LinklessDirectory> {
        // A link would lead what is put back to another place.
        let stamp = with_access(parent, || parent.entry_stamp(name));
        if !stamp.is_ok_and(|stamp| stamp.kind == EntryKind::Directory) {
            self.clear_if_present(parent, name)?;
            parent.create_child(name)?;
        }
        parent.open_child(name)
    }

    /// Moves the directory of a repository back from where it is now, with all that is in it.
    fn move_back(
        &self,
        parent: &LinklessDirectory,
        name: &OsStr,
        entry: &GuardedEntry,
    ) -> io::Result<bool> {
        let mut found = self.pair.after.entries.iter().filter(|(path, other)| {
            other.identity == entry.identity && !self.pair.before.entries.contains_key(*path)
        });
        let Some((path, _)) = found.next().filter(|_| entry.kind == GuardKind::GitDirectory) else {
            return Ok(false);
        };
        let (from, old_name) = self.open_parent(path)?;
        if from.entry_stamp(old_name)?.identity != entry.identity {
            return Ok(false);
        }
        from.move_entry(old_name, parent, name).map(|()| true)
    }

    fn clear_if_present(&self, parent: &LinklessDirectory, name: &OsStr) -> io::Result<()> {
        match self.clear(parent, name) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => Err(error),
            _ => Ok(()),
        }
    }

    /// Removes an entry if the command made it with all that is in it. Else it is moved to the top of
    /// the tree, under the name that is returned.
    fn clear(&self, parent: &LinklessDirectory, name: &OsStr) -> io::Result<Option<OsString>> {
        let begun = self.pair.before.begun_ns;
        let admit = |stamp: &EntryStamp| {
            let is_born_after = stamp.born_ns.is_some_and(|born| born >= begun);
            // Whatever was known is put back by itself.
            is_born_after
                || stamp.kind != EntryKind::Directory && self.pair.is_known(stamp.identity)
        };
        let removal = TreeRemoval { max_depth: MAX_DEPTH, admit: &admit };
        let may_be_removed = with_access(parent, || parent.may_remove_tree(name, removal));
        match may_be_removed {
            Ok(true) => match with_access(parent, || parent.remove_tree(name, removal)) {
                Ok(()) => Ok(None),
                Err(error) if error.kind() == io::ErrorKind::NotFound => Err(error),
                // Somebody still fills it.
                Err(_) => with_access(parent, || self.set_aside(parent, name)).map(Some),
            },
            Err(error) if error.kind() == io::ErrorKind::NotFound => Err(error),
            _ => with_access(parent, || self.set_aside(parent, name)).map(Some),
        }
    }

    fn set_aside(&self, parent: &LinklessDirectory, name: &OsStr) -> io::Result<OsString> {
        let base = if name.len() > MAX_NAME_BYTES { OsStr::new("file") } else { name };
        for number in 0..MAX_NAMES {
            let mut new_name = base.to_owned();
            new_name.push(".undone");
            if number + 1 == MAX_NAMES {
                // All others were taken on purpose.
                let now = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH);
                new_name.push(format!("-{:x}", now.unwrap_or_default().as_nanos()));
            } else if number > 0 {
                new_name.push(format!("-{number}"));
            }
            match parent.move_entry(name, &self.tree.directory, &new_name) {
                Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {}
                moved => return moved.map(|()| new_name),
            }
        }
        Err(io::Error::other("there are too many files with the ending `.undone`"))
    }

    fn open_parent<'p>(&self, path: &'p Path) -> io::Result<(LinklessDirectory, &'p OsStr)> {
        let (Some(parent), Some(name)) = (path.parent(), path.file_name()) else {
            return Err(io::ErrorKind::InvalidInput.into());
        };
        Ok((self.tree.directory.open_beneath(parent)?, name))
    }
}

fn is_space_error(error: &io::Error) -> bool {
    matches!(error.kind(), io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded)
}

/// Does something in a directory, and once more with the right to do it if the command took that
/// away.
fn with_access<T>(directory: &LinklessDirectory, act: impl Fn() -> io::Result<T>) -> io::Result<T> {
    match act() {
        Err(error)
            if error.kind() == io::ErrorKind::PermissionDenied
                && directory.make_accessible().unwrap_or(false) =>
        {
            act()
        }
        result => result,
    }
}
