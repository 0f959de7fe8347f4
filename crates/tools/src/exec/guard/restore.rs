//! Changes a tree that commands may still change at the same time: by handles, following no link, and
//! removing nothing that was there before.

use std::ffi::{OsStr, OsString};
use std::io;
use std::path::Path;
use std::time::SystemTime;

use openclaw_fs::{EntryKind, EntryStamp, LinklessDirectory, TreeRemoval};

use super::checkouts::CheckedOutTrees;
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
    /// Where changes of versioned files stay.
    kept: &'a CheckedOutTrees,
}

impl<'a> TreeRestorer<'a> {
    pub(crate) fn new(
        tree: &'a GuardedTree,
        pair: &'a SnapshotPair<'a>,
        kept: &'a CheckedOutTrees,
    ) -> Self {
        Self { tree, pair, kept }
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
        let result =
            self.open_parent(path).and_then(|(parent, name)| self.clear_if_present(&parent, name));
        match result {
            Err(error) if error.kind() == io::ErrorKind::NotFound => ChangeOutcome::Undone,
            result => describe_result(result),
        }
    }

    /// Replaces the file at a path. What was moved there is set aside.
    pub(crate) fn put_file(&self, path: &Path, bytes: &[u8], mode: u32) -> ChangeOutcome {
        let result = self.open_parent(path).and_then(|(parent, name)| {
            let moved = self.make_room(&parent, name, self.pair.before.entries.get(path))?;
            with_access(&parent, || parent.put_file(name, bytes, mode)).map(|()| moved)
        });
        describe_result(result)
    }

    /// Moves what is not kept from where it is now to where it was before, if nothing is there.
    /// Returns how it is then; `None` when it is not there or cannot be recognized.
    pub(crate) fn return_entry(
        &self,
        path: &Path,
        old_path: &Path,
        entry: &GuardedEntry,
    ) -> io::Result<Option<EntryStamp>> {
        let (from, name) = self.open_parent(path)?;
        let stamp = with_access(&from, || from.entry_stamp(name))?;
        let Some(old_name) = old_path.file_name() else { return Ok(None) };
        if stamp.born_ns.is_none()
            || (stamp.identity, stamp.born_ns) != (entry.identity, entry.born_ns)
        {
            return Ok(None);
        }
        let (parent, _) = self.open_parents(old_path)?;
        with_access(&from, || with_access(&parent, || from.move_entry(name, &parent, old_name)))?;
        parent.entry_stamp(old_name).map(Some)
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

    /// Puts back what was at a path. Whatever stands in the way is removed if the command made it,
    /// or set aside.
    pub(crate) fn restore(&self, path: &Path, entry: &GuardedEntry) -> ChangeOutcome {
        describe_result(self.put_back(path, entry))
    }

    fn put_back(&self, path: &Path, entry: &GuardedEntry) -> io::Result<Option<OsString>> {
        let Some(name) = path.file_name() else { return Ok(None) };
        let (parent, displaced) = self.open_parents(path)?;
        let is_directory = parent.entry_stamp(name).is_ok_and(|it| it.kind == EntryKind::Directory);
        if entry.content == EntryContent::Directory && is_directory {
            return Ok(displaced);
        }
        let moved = self.make_room(&parent, name, Some(entry))?;
        self.put_content(&parent, name, entry).map(|()| moved.or(displaced))
    }

    /// Makes room for an entry: a file that was not made by the command is not overwritten.
    fn make_room(
        &self,
        parent: &LinklessDirectory,
        name: &OsStr,
        entry: Option<&GuardedEntry>,
    ) -> io::Result<Option<OsString>> {
        match with_access(parent, || parent.entry_stamp(name)) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
            // A file that can be replaced is never missing meanwhile.
            Ok(stamp)
                if stamp.kind != EntryKind::Directory
                    && entry.is_none_or(|it| it.content != EntryContent::Directory)
                    && (self.may_be_removed(&stamp)
                        || entry.is_some_and(|it| {
                            (it.identity, it.born_ns) == (stamp.identity, stamp.born_ns)
                        })) =>
            {
                Ok(None)
            }
            _ => self.clear_if_present(parent, name),
        }
    }

    fn put_content(
        &self,
        parent: &LinklessDirectory,
        name: &OsStr,
        entry: &GuardedEntry,
    ) -> io::Result<()> {
        match &entry.content {
            EntryContent::Directory => {
                if self.move_back(parent, name, entry)? {
                    return Ok(());
                }
                with_access(parent, || parent.create_child(name))
            }
            EntryContent::File { bytes, mode } => {
                match with_access(parent, || parent.put_file(name, bytes, *mode)) {
                    Err(error) if is_space_error(&error) => {
                        // What a command wrote must not stay because it has filled the disk.
                        let _ = parent.remove_file(name);
                        parent.put_file(name, bytes, *mode)
                    }
                    result => result,
                }
            }
            EntryContent::Link(target) => with_access(parent, || parent.put_link(name, target)),
            EntryContent::Unread { .. } | EntryContent::Special => {
                Err(io::Error::other("it was not kept"))
            }
        }
    }

    /// Opens the directory of a path, which is created if it is missing. Returns as well what was
    /// set aside for it.
    fn open_parents(&self, path: &Path) -> io::Result<(LinklessDirectory, Option<OsString>)> {
        let mut parent = self.tree.directory.open_beneath(Path::new(""))?;
        let mut displaced = None;
        for name in path.parent().into_iter().flat_map(Path::iter) {
            // A link would lead what is put back to another place.
            let stamp = with_access(&parent, || parent.entry_stamp(name));
            if !stamp.is_ok_and(|stamp| stamp.kind == EntryKind::Directory) {
                displaced = self.clear_if_present(&parent, name)?.or(displaced);
                parent.create_child(name)?;
            }
            parent = parent.open_child(name)?;
        }
        Ok((parent, displaced))
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

    fn clear_if_present(
        &self,
        parent: &LinklessDirectory,
        name: &OsStr,
    ) -> io::Result<Option<OsString>> {
        match self.clear(parent, name) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
            result => result,
        }
    }

    /// Whether nothing is lost when an entry is removed: the command made it, or its content is kept
    /// and put back where it was.
    fn may_be_removed(&self, stamp: &EntryStamp) -> bool {
        let known = self.pair.find_known(stamp.identity, stamp.born_ns);
        match known.filter(|_| stamp.kind != EntryKind::Directory) {
            Some((path, entry)) => {
                let is_kept =
                    matches!(entry.content, EntryContent::File { .. } | EntryContent::Link(_));
                let stays = self.kept.keeps(path, entry.kind);
                is_kept && !stays && self.pair.will_be_back(path, entry)
            }
            None => stamp.born_ns.is_some_and(|born| born >= self.pair.before.begun_ns),
        }
    }

    /// Removes an entry if the command made it with all that is in it. Else it is moved to the top of
    /// the tree, under the name that is returned.
    fn clear(&self, parent: &LinklessDirectory, name: &OsStr) -> io::Result<Option<OsString>> {
        let admit = |stamp: &EntryStamp| self.may_be_removed(stamp);
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

/// Describes an undo, which may have set something aside under the name that is given.
fn describe_result(result: io::Result<Option<OsString>>) -> ChangeOutcome {
    match result {
        Ok(None) => ChangeOutcome::Undone,
        Ok(Some(name)) => ChangeOutcome::SetAside(name.into()),
        Err(error) => ChangeOutcome::Failed(describe_error(&error)),
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
