//! What a search needs to know of a directory, kept until the directory changes.

use std::collections::HashMap;
use std::ffi::{OsStr, OsString};
use std::io;
use std::ops::ControlFlow;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use openclaw_fs::{EntryKind, LinklessDirectory};

use super::entry::has_settled;
use crate::workspace::{may_be_protected, protection_behind_link};

/// The most names that are kept of one directory, and of one that is guarded with all that is in it.
const MAX_NAMES: usize = 2_000_000;
const MAX_GUARDED_NAMES: usize = 500_000;
/// The most directories that are remembered, and the longest of their paths, in bytes.
const MAX_REMEMBERED: usize = 250_000;
const MAX_REMEMBERED_PATH: usize = 4096;

/// Names in a Git directory that decide what Git runs, and where it finds the rest of itself.
pub(crate) const GIT_FILES: [&str; 5] =
    ["HEAD", "config", "config.worktree", "commondir", "gitdir"];
/// A list of commands of an unfinished rebase.
pub(crate) const REBASE_LIST: &str = "git-rebase-todo";
/// The strategy of an unfinished rebase, which is the name of a program, and the options of an
/// unfinished series of picks.
pub(crate) const REBASE_STRATEGY: &str = "strategy";
pub(crate) const PICK_OPTIONS: &str = "opts";
/// What an unfinished operation of Git makes it run when it goes on.
pub(crate) const STATE_FILES: [&str; 3] = [REBASE_LIST, REBASE_STRATEGY, PICK_OPTIONS];

/// The names in a directory that matter to a search.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct NameListing {
    /// All directories and links, and whatever may be guarded by its name or begins with a dot,
    /// sorted.
    pub(crate) names: Vec<ListedName>,
    /// Whether Git takes it for a repository.
    pub(crate) is_git_directory: bool,
    /// Whether there are no other names than those.
    pub(crate) has_all_names: bool,
    /// What could not be found out.
    pub(crate) problem: Option<ListingProblem>,
}

/// Why a listing is not complete.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum ListingProblem {
    /// Its mode does not let the user read it or pass through it.
    Forbidden,
    TooManyNames,
}

/// An entry of a [`NameListing`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct ListedName {
    pub(crate) name: OsString,
    pub(crate) is_directory: bool,
    pub(crate) is_link: bool,
    /// Whether it may be guarded by its name.
    pub(crate) is_candidate: bool,
}

impl NameListing {
    /// Whether something with this name may be guarded was there.
    pub(crate) fn find(&self, name: &OsStr) -> Option<&ListedName> {
        let index = self.names.binary_search_by(|listed| listed.name.as_os_str().cmp(name));
        self.names.get(index.ok()?)
    }

    fn read(directory: &LinklessDirectory, wants_all: bool) -> io::Result<Self> {
        let (mut has_head, mut has_objects, mut has_refs, mut has_common) =
            (false, false, false, false);
        let mut listing = Self { has_all_names: wants_all, ..Self::default() };
        let max_names = if wants_all { MAX_GUARDED_NAMES } else { MAX_NAMES };
        directory.visit_entries(|mut entry| {
            if entry.kind == EntryKind::Unknown {
                let Ok(stamp) = directory.entry_stamp(&entry.name) else {
                    return ControlFlow::Continue(());
                };
                entry.kind = stamp.kind;
            }
            let name = entry.name.to_string_lossy();
            let is_named = |wanted: &str| name.eq_ignore_ascii_case(wanted);
            has_head |= is_named("HEAD");
            has_objects |= is_named("objects");
            has_refs |= is_named("refs");
            has_common |= is_named("commondir");
            let is_directory = entry.kind == EntryKind::Directory;
            let is_link = entry.kind == EntryKind::SymbolicLink;
            let is_candidate = may_be_protected(&name)
                || GIT_FILES.iter().chain(&STATE_FILES).any(|file| is_named(file))
                || (!is_directory
                    && ["hooks", "remotes", "branches"].iter().any(|it| is_named(it)))
                || (is_link && protection_behind_link(&name).is_some());
            let has_dot = name.starts_with('.');
            if wants_all || is_directory || is_link || is_candidate || has_dot {
                if listing.names.len() == max_names {
                    listing.problem = Some(ListingProblem::TooManyNames);
                    return ControlFlow::Break(());
                }
                let name = entry.name;
                listing.names.push(ListedName { name, is_directory, is_link, is_candidate });
            }
            ControlFlow::Continue(())
        })?;
        listing.names.sort_unstable_by(|one, other| one.name.cmp(&other.name));
        listing.is_git_directory = has_head && (has_common || has_objects && has_refs);
        Ok(listing)
    }
}

/// Listings of directories that did not change since.
#[derive(Debug, Default)]
pub(crate) struct ListingCache(HashMap<PathBuf, CachedListing>);

#[derive(Debug)]
struct CachedListing {
    /// The device, the inode and the time of the last change.
    stamp: ((u64, u64), i128),
    listing: Arc<NameListing>,
}

impl ListingCache {
    /// Lists a directory, with all of its names if these are wanted.
    ///
    /// # Errors
    /// When it has gone or is none.
    pub(crate) fn list_directory(
        &mut self,
        root: &LinklessDirectory,
        path: &Path,
        wants_all: bool,
    ) -> io::Result<Arc<NameListing>> {
        // A wrong guess does not have the identity of what was listed.
        if let Some(cached) = self.0.get(path)
            && let Ok(guess) = root.guess_stamp(path)
            && cached.stamp == (guess.identity, guess.changed_ns)
            && (cached.listing.has_all_names || !wants_all)
        {
            return Ok(Arc::clone(&cached.listing));
        }
        let read = || -> io::Result<_> {
            let directory = root.open_beneath(path)?;
            let stamp = directory.stamp()?;
            Ok((stamp, Arc::new(NameListing::read(&directory, wants_all)?)))
        };
        match read() {
            Ok((stamp, listing)) => {
                self.remember(path, (stamp.identity, stamp.changed_ns), &listing);
                Ok(listing)
            }
            Err(error) if error.kind() == io::ErrorKind::PermissionDenied => {
                let problem = Some(ListingProblem::Forbidden);
                Ok(Arc::new(NameListing { problem, ..NameListing::default() }))
            }
            Err(error) => Err(error),
        }
    }

    fn remember(&mut self, path: &Path, stamp: ((u64, u64), i128), listing: &Arc<NameListing>) {
        let has_room =
            self.0.len() < MAX_REMEMBERED && path.as_os_str().len() <= MAX_REMEMBERED_PATH;
        if has_room && has_settled(stamp.1) && listing.problem.is_none() {
            let listing = Arc::clone(listing);
            self.0.insert(path.to_owned(), CachedListing { stamp, listing });
        } else {
            self.0.remove(path);
        }
    }

    /// Forgets directories that are gone, when most are.
    pub(crate) fn shrink_to(&mut self, searched: usize) {
        if self.0.len() > searched.saturating_mul(4) + 1000 {
            self.0.clear();
        }
    }
}

#[cfg(test)]
mod tests {
    use std::os::unix::ffi::OsStrExt as _;

    use super::*;

    #[test]
    fn whatever_a_name_is_made_of_it_is_found_if_it_was_there() {
        let top = tempfile::tempdir().unwrap();
        let directory = LinklessDirectory::open(top.path()).unwrap();
        let names: [&[u8]; 12] = [
            b"a",
            b"A",
            b"a ",
            b"a.",
            b"a\n",
            b"a\xff",
            b"\xff",
            b"\xc3\xa9",
            b"e\xcc\x81",
            b".git",
            b".GIT",
            b"-",
        ];
        for name in names {
            directory.create_child(OsStr::from_bytes(name)).unwrap();
        }
        for plain in ["b", "a.txt"] {
            directory.put_file(OsStr::new(plain), b"", 0o600).unwrap();
        }
        directory.put_link(OsStr::new("link"), Path::new("a")).unwrap();
        for wants_all in [false, true] {
            let listing = NameListing::read(&directory, wants_all).unwrap();
            for name in names {
                let found = listing.find(OsStr::from_bytes(name)).unwrap();
                assert!(found.is_directory && found.name.as_bytes() == name, "{name:?}");
            }
            assert!(listing.find(OsStr::new("link")).unwrap().is_link);
            // What was not there is not found by a name that is near it.
            for name in [&b"a\xfe"[..], b"aa", b"", b"\xc3", b".git ", b"a\n\n", b"a/b"] {
                assert!(listing.find(OsStr::from_bytes(name)).is_none(), "{name:?}");
            }
            assert_eq!(listing.find(OsStr::new("b")).is_some(), wants_all);
        }
    }
}
