//! Finds the guarded files of a directory tree and keeps their contents.

use std::collections::{BTreeMap, BTreeSet, HashMap, VecDeque};
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::SystemTime;

use openclaw_fs::LinklessDirectory;

use super::entry::{EntryContent, EntryReader, GuardKind, GuardedEntry};
use super::listing::{ListingCache, ListingProblem, NameListing};
use super::zone::{SearchZone, SearchedPlace};

/// The most guarded entries and directories that are found besides those that were there before.
const MAX_NEW_ENTRIES: usize = 20_000;
const MAX_NEW_DIRECTORIES: usize = 250_000;

/// A tree that is guarded.
#[derive(Debug)]
pub(crate) struct GuardedTree {
    pub(crate) directory: LinklessDirectory,
    pub(crate) path: PathBuf,
    /// Whether it is the workspace, at whose top the instructions of the agent are.
    pub(crate) is_workspace: bool,
    /// Paths in it that no command can change, or that are guarded as trees of their own.
    pub(crate) skipped: BTreeSet<PathBuf>,
}

/// The guarded entries of a tree.
#[derive(Debug, Clone, Default)]
pub(crate) struct GuardSnapshot {
    /// By path, relative to the tree.
    pub(crate) entries: BTreeMap<PathBuf, GuardedEntry>,
    /// What Git takes for a repository.
    pub(crate) git_directories: BTreeSet<PathBuf>,
    /// The directories that were searched.
    pub(crate) searched: HashMap<PathBuf, Arc<NameListing>>,
    /// Whatever else settings of this tree make Git and others use.
    pub(crate) targets: BTreeMap<PathBuf, GuardKind>,
    /// Directories that could not be listed or reached.
    pub(crate) unlisted: BTreeSet<PathBuf>,
    /// Whether there were too many names or directories to find all.
    pub(crate) is_incomplete: bool,
    /// When it was begun, in nanoseconds since 1970.
    pub(crate) begun_ns: i128,
}

impl GuardSnapshot {
    /// Takes over how entries are in a later snapshot; `None` for one that is gone.
    pub(crate) fn accept(
        &mut self,
        accepted: BTreeMap<PathBuf, Option<GuardedEntry>>,
        after: &Self,
    ) {
        for (path, entry) in accepted {
            let Some(entry) = entry else {
                self.forget(&path);
                continue;
            };
            // The directories on the way to it, where whatever comes later is new.
            for folder in path.ancestors().skip(1) {
                if let Some(found) = after.entries.get(folder) {
                    let found = GuardedEntry { has_all_names: true, ..found.clone() };
                    self.entries.entry(folder.to_owned()).or_insert(found);
                }
            }
            let has_all_names = entry.content == EntryContent::Directory;
            self.entries.insert(path, GuardedEntry { has_all_names, ..entry });
        }
    }

    /// Forgets an entry that is gone, so that one that comes later is new.
    fn forget(&mut self, path: &Path) {
        self.entries.remove(path);
        self.searched.remove(path);
        self.git_directories.remove(path);
        let (Some(folder), Some(name)) = (path.parent(), path.file_name()) else { return };
        if let Some(listing) = self.searched.get_mut(folder) {
            Arc::make_mut(listing).names.retain(|listed| listed.name != name);
        }
    }
}

/// A search of a tree.
struct TreeSearch<'a> {
    tree: &'a GuardedTree,
    before: Option<&'a GuardSnapshot>,
    snapshot: GuardSnapshot,
    reader: EntryReader,
    /// Directories that were there before come first, so that no flood of new ones hides them.
    known: VecDeque<(PathBuf, SearchZone)>,
    new: VecDeque<(PathBuf, SearchZone)>,
    new_entries: usize,
    new_directories: usize,
}

impl GuardedTree {
    /// Takes a snapshot of the tree. All that is in `before` is looked for first.
    pub(crate) fn take_snapshot(
        &self,
        cache: &mut ListingCache,
        before: Option<&GuardSnapshot>,
    ) -> GuardSnapshot {
        let begun_ns = coarse_time_ns();
        let snapshot = GuardSnapshot {
            begun_ns,
            targets: before.map(|before| before.targets.clone()).unwrap_or_default(),
            ..GuardSnapshot::default()
        };
        let mut search = TreeSearch {
            tree: self,
            before,
            snapshot,
            reader: EntryReader::new(),
            known: VecDeque::from([(PathBuf::new(), SearchZone::Plain)]),
            new: VecDeque::new(),
            new_entries: 0,
            new_directories: 0,
        };
        search.run(cache);
        search.add_targets(cache);
        cache.shrink_to(search.snapshot.searched.len());
        search.snapshot
    }
}

impl TreeSearch<'_> {
    fn run(&mut self, cache: &mut ListingCache) {
        while let Some((path, zone)) = self.known.pop_front().or_else(|| self.new.pop_front()) {
            if self.snapshot.searched.contains_key(&path) {
                continue;
            }
            if !self.was_searched(&path) {
                self.new_directories += 1;
                if self.new_directories > MAX_NEW_DIRECTORIES {
                    self.snapshot.is_incomplete = true;
                    return;
                }
            }
            self.search_directory(cache, path, zone);
        }
    }

    fn was_searched(&self, path: &Path) -> bool {
        self.before.is_some_and(|before| before.searched.contains_key(path))
    }

    fn search_directory(&mut self, cache: &mut ListingCache, path: PathBuf, zone: SearchZone) {
        let wants_all = matches!(zone, SearchZone::Guarded(_));
        let tree = self.tree;
        let listing = match cache.list_directory(&tree.directory, &path, wants_all) {
            Ok(listing) => listing,
            // Deeper than any path can lead.
            Err(error) if error.kind() == io::ErrorKind::InvalidFilename => {
                self.snapshot.is_incomplete = true;
                return;
            }
            Err(_) => return,
        };
        match listing.problem {
            Some(ListingProblem::Forbidden) => {
                self.snapshot.unlisted.insert(path.clone());
            }
            Some(ListingProblem::TooManyNames) => self.snapshot.is_incomplete = true,
            None => {}
        }
        let was_git = self.before.is_some_and(|before| before.git_directories.contains(&path));
        let is_named_git = self
            .snapshot
            .entries
            .get(&path)
            .is_some_and(|entry| entry.kind == GuardKind::GitDirectory && !wants_all);
        let is_git_directory = !wants_all && (listing.is_git_directory || was_git || is_named_git);
        let place =
            SearchedPlace { path: &path, zone, is_git_directory, is_workspace: tree.is_workspace };
        let mut wanted = Vec::new();
        for listed in &listing.names {
            let (kind, child_zone) = place.classify_entry(listed);
            if kind.is_none() && !listed.is_directory {
                continue;
            }
            let child = path.join(&listed.name);
            if tree.skipped.contains(&child) {
                continue;
            }
            if listed.is_directory {
                let queue = if self.was_searched(&child) { &mut self.known } else { &mut self.new };
                queue.push_back((child.clone(), child_zone));
            }
            wanted.extend(kind.map(|kind| (child, kind)));
        }
        // Those whose names a flood of others hides.
        if listing.problem.is_some()
            && let Some(before) = self.before
        {
            let children = before.entries.range(path.clone()..).skip_while(|(it, _)| **it == path);
            let children = children.take_while(|(it, _)| it.starts_with(&path));
            let own = children.filter(|(it, _)| it.parent() == Some(&path));
            wanted.extend(own.map(|(child, entry)| (child.clone(), entry.kind)));
        }
        if is_git_directory {
            self.add_git_directory(&path);
        }
        self.add_entries(&path, wanted);
        let has_all = listing.problem.is_none();
        if wants_all
            && has_all
            && let Some(entry) = self.snapshot.entries.get_mut(&path)
        {
            entry.has_all_names = true;
        }
        self.snapshot.searched.insert(path, listing);
    }

    fn add_git_directory(&mut self, path: &Path) {
        self.snapshot.git_directories.insert(path.to_owned());
        if let (Some(parent), Some(name)) = (path.parent(), path.file_name())
            && !self.snapshot.entries.contains_key(path)
        {
            let own = vec![(parent.join(name), GuardKind::GitDirectory)];
            self.add_entries(parent, own);
        }
    }

    /// Reads entries of one directory.
    fn add_entries(&mut self, parent: &Path, wanted: Vec<(PathBuf, GuardKind)>) {
        if wanted.is_empty() {
            return;
        }
        let Ok(directory) = self.tree.directory.open_beneath(parent) else { return };
        for (path, kind) in wanted {
            let before = self.before.and_then(|before| before.entries.get(&path));
            if before.is_none() {
                if self.new_entries >= MAX_NEW_ENTRIES {
                    self.snapshot.is_incomplete = true;
                    continue;
                }
                self.new_entries += 1;
            }
            let Some(name) = path.file_name() else { continue };
            if let Some(entry) = self.reader.read_entry(&directory, name, kind, before) {
                self.snapshot.entries.insert(path, entry);
            }
        }
    }

    /// Adds what settings of the tree lead to.
    fn add_targets(&mut self, cache: &mut ListingCache) {
        if self.before.is_none() {
            self.snapshot.targets = super::targets::find_targets(self.tree, &self.snapshot);
        }
        for (path, kind) in self.snapshot.targets.clone() {
            if self.snapshot.entries.contains_key(&path) || self.tree.skipped.contains(&path) {
                continue;
            }
            let Some(parent) = path.parent() else { continue };
            self.add_entries(parent, vec![(path.clone(), kind)]);
            let content = self.snapshot.entries.get(&path).map(|entry| &entry.content);
            if content == Some(&EntryContent::Directory) {
                // Searched already, but not with all that is in it.
                self.search_target(cache, path, kind);
            }
        }
    }

    fn search_target(&mut self, cache: &mut ListingCache, path: PathBuf, kind: GuardKind) {
        let mut pending = vec![path];
        while let Some(path) = pending.pop() {
            self.search_directory(cache, path.clone(), SearchZone::Guarded(kind));
            if self.new_entries >= MAX_NEW_ENTRIES {
                return;
            }
            let Some(listing) = self.snapshot.searched.get(&path) else { continue };
            let directories = listing.names.iter().filter(|listed| listed.is_directory);
            pending.extend(directories.map(|listed| path.join(&listed.name)));
        }
        self.known.clear();
        self.new.clear();
    }
}

/// The time by the clock that file systems use, in nanoseconds since 1970.
fn coarse_time_ns() -> i128 {
    // One tick of that clock is at most 10 ms.
    const TICK_NS: i128 = 10_000_000;
    let now = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default();
    i128::try_from(now.as_nanos()).unwrap_or(i128::MAX) - TICK_NS
}
