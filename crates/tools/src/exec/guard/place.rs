//! Whether the path of a tree still leads to it, and how it is put back where it was.

use std::ffi::OsStr;
use std::io;
use std::path::{Path, PathBuf};

use openclaw_fs::LinklessDirectory;

use super::report::GuardFailure;
use super::scan::GuardedTree;

/// The most names that are tried for what is set aside.
const MAX_NAMES: usize = 1000;

/// A tree that was moved away from its path and is back.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct PlaceChange {
    /// The absolute path of the tree.
    pub(crate) path: PathBuf,
    /// Where that is now which was in its place; `None` if nothing was.
    pub(crate) aside: Option<PathBuf>,
}

impl GuardedTree {
    /// Whether the path of the tree leads to it.
    pub(crate) fn is_in_place(&self) -> bool {
        let at_path = LinklessDirectory::open(&self.path).and_then(|found| found.stamp());
        match (at_path, self.directory.stamp()) {
            (Ok(found), Ok(own)) => found.identity == own.identity,
            _ => false,
        }
    }

    /// Moves the tree back to its path. Returns what was done; `None` when it is there.
    ///
    /// # Errors
    /// When the path leads to something else then.
    pub(crate) fn return_to_place(&self) -> Result<Option<PlaceChange>, GuardFailure> {
        if self.is_in_place() {
            return Ok(None);
        }
        match self.move_back() {
            Ok(aside) if self.is_in_place() => {
                Ok(Some(PlaceChange { path: self.path.clone(), aside }))
            }
            _ => Err(GuardFailure::Replaced(self.path.clone())),
        }
    }

    fn move_back(&self) -> io::Result<Option<PathBuf>> {
        let (Some(folder), Some(name)) = (self.path.parent(), self.path.file_name()) else {
            return Err(io::ErrorKind::InvalidInput.into());
        };
        let parent = LinklessDirectory::open(folder)?;
        let current = self.directory.current_path().ok_or(io::ErrorKind::NotFound)?;
        let (Some(current_folder), Some(current_name)) = (current.parent(), current.file_name())
        else {
            return Err(io::ErrorKind::InvalidInput.into());
        };
        let from = LinklessDirectory::open(current_folder)?;
        // It could have been moved on meanwhile.
        if from.entry_stamp(current_name)?.identity != self.directory.stamp()?.identity {
            return Err(io::ErrorKind::NotFound.into());
        }
        let aside = match parent.entry_stamp(name) {
            Ok(_) => Some(set_aside(&parent, folder, name)?),
            Err(error) if error.kind() == io::ErrorKind::NotFound => None,
            Err(error) => return Err(error),
        };
        from.move_entry(current_name, &parent, name)?;
        Ok(aside)
    }
}

/// Moves what has a name to an unused one beside it.
fn set_aside(parent: &LinklessDirectory, folder: &Path, name: &OsStr) -> io::Result<PathBuf> {
    for number in 0..MAX_NAMES {
        let mut new_name = name.to_owned();
        new_name.push(".undone");
        if number > 0 {
            new_name.push(format!("-{number}"));
        }
        match parent.move_entry(name, parent, &new_name) {
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {}
            moved => return moved.map(|()| folder.join(new_name)),
        }
    }
    Err(io::ErrorKind::AlreadyExists.into())
}
