//! Removes whole trees.

use std::ffi::OsStr;
use std::fmt;
use std::io;

use super::{EntryStamp, LinklessDirectory};
use crate::EntryKind;

/// What may be removed with an entry.
#[derive(Clone, Copy)]
pub struct TreeRemoval<'a> {
    /// The deepest directory that is removed, counted from the entry itself.
    pub max_depth: usize,
    /// Whether an entry may be removed.
    pub admit: &'a dyn Fn(&EntryStamp) -> bool,
}

impl fmt::Debug for TreeRemoval<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("TreeRemoval").field("max_depth", &self.max_depth).finish_non_exhaustive()
    }
}

/// How many names of a directory are held at a time.
const NAMES_AT_ONCE: usize = 4096;
/// The most names of a directory that are examined before it is removed.
const MAX_EXAMINED: usize = 100_000;

impl LinklessDirectory {
    /// Whether an entry and all that is in it may be removed.
    ///
    /// # Errors
    /// When a part cannot be examined.
    pub fn may_remove_tree(&self, name: &OsStr, removal: TreeRemoval<'_>) -> io::Result<bool> {
        let stamp = self.entry_stamp(name)?;
        if !(removal.admit)(&stamp) {
            return Ok(false);
        }
        if stamp.kind != EntryKind::Directory {
            return Ok(true);
        }
        let Some(max_depth) = removal.max_depth.checked_sub(1) else { return Ok(false) };
        let child = self.open_child(name)?;
        child.make_accessible()?;
        let entries = child.list(MAX_EXAMINED)?;
        if entries.len() == MAX_EXAMINED {
            return Ok(false);
        }
        for entry in entries {
            if !child.may_remove_tree(&entry.name, TreeRemoval { max_depth, ..removal })? {
                return Ok(false);
            }
        }
        Ok(true)
    }

    /// Removes an entry and all that is in it, as far as each part may be removed. Links are
    /// removed, not followed.
    ///
    /// # Errors
    /// When a part may or can not be removed. What was removed before stays so.
    pub fn remove_tree(&self, name: &OsStr, removal: TreeRemoval<'_>) -> io::Result<()> {
        let stamp = self.entry_stamp(name)?;
        if !(removal.admit)(&stamp) {
            return Err(io::Error::other("something else is there meanwhile"));
        }
        if stamp.kind != EntryKind::Directory {
            return self.remove_file(name);
        }
        let max_depth = removal
            .max_depth
            .checked_sub(1)
            .ok_or_else(|| io::Error::other("there are too many directories in each other"))?;
        let child = self.open_child(name)?;
        child.make_accessible()?;
        loop {
            let entries = child.list(NAMES_AT_ONCE)?;
            for entry in &entries {
                child.remove_tree(&entry.name, TreeRemoval { max_depth, ..removal })?;
            }
            if entries.len() < NAMES_AT_ONCE {
                return self.remove_child(name);
            }
        }
    }
}
