//! Finds the guarded files of a directory tree and keeps their contents.

use std::collections::{BTreeMap, BTreeSet, HashMap, VecDeque};
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Instant;

use openclaw_fs::{EntryStamp, LinklessDirectory};

use super::entry::{EntryContent, EntryReader, FoundFile, GuardKind, GuardedEntry, coarse_time_ns};
use super::listing::{GIT_FILES, ListingCache, ListingProblem, NameListing};
use super::zone::{SearchZone, SearchedPlace};

/// The most guarded entries that are found in one search besides those that were there before. The
/// rest is found by the next one, when these were removed.
const MAX_NEW_ENTRIES: usize = 20_000;
/// The most guarded entries of a tree.
const MAX_ENTRIES: usize = 500_000;
/// The most bytes that the remembered and the waiting directories of a search take, roughly.
const MAX_HELD_BYTES: usize = 1 << 30;
/// What a remembered directory takes besides its path and its names.
const DIRECTORY_BYTES: usize = 250;
/// The longest path that is searched, in bytes.
const MAX_PATH_BYTES: usize = 64 << 10;

/// A tree that is guarded.
#[derive(Debug)]
pub(crate) struct GuardedTree {
    pub(crate) directory: LinklessDirectory,
    pub(crate) path: PathBuf,
    /// Whether it is the workspace, at whose top the instructions of the agent are.
    pub(crate) is_workspace: bool,
    /// The user's home directories, whose settings may name files of the tree.
    pub(crate) homes: Vec<PathBuf>,
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
    /// What is asked for after a command that began with this snapshot.
    pub(crate) fn later_request(&self, deadline: Instant) -> SnapshotRequest<'_> {
        SnapshotRequest { before: Some(self), known: Some(self), deadline }
    }

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

/// What a snapshot is taken for.
#[derive(Debug, Clone, Copy)]
pub(crate) struct SnapshotRequest<'a> {
    /// How the tree was before a command; all that is in it is looked for first. `None` before one.
    pub(crate) before: Option<&'a GuardSnapshot>,
    /// Contents that need not be read again when a file did not change.
    pub(crate) known: Option<&'a GuardSnapshot>,
    /// When the search gives up.
    pub(crate) deadline: Instant,
}

/// A search of a tree.
struct TreeSearch<'a> {
    tree: &'a GuardedTree,
    request: SnapshotRequest<'a>,
    snapshot: GuardSnapshot,
    reader: EntryReader,
    /// Directories that were there before come first, so that no flood of new ones hides them.
    known: VecDeque<(PathBuf, SearchZone)>,
    /// The last one first, so that few wait at a time.
    new: Vec<(PathBuf, SearchZone)>,
    /// Files to read in the order of their weight.
    unread: Vec<UnreadFile>,
    new_entries: usize,
    held_bytes: usize,
}

/// A file that is read when all were found.
struct UnreadFile {
    path: PathBuf,
    kind: GuardKind,
    stamp: EntryStamp,
}

impl UnreadFile {
    /// What Git and others run and read at once comes first, and then small files.
    fn weight(&self) -> (bool, u64) {
        let name = self.path.file_name().unwrap_or_default();
        let is_core = self.stamp.mode & 0o111 != 0 || GIT_FILES.iter().any(|file| name == *file);
        (!is_core, self.stamp.size)
    }
}

impl GuardedTree {
    /// Takes a snapshot of the tree.
    pub(crate) fn take_snapshot(
        &self,
        cache: &mut ListingCache,
        request: SnapshotRequest<'_>,
    ) -> GuardSnapshot {
        let begun_ns = coarse_time_ns();
        let targets = request.before.map(|before| before.targets.clone()).unwrap_or_default();
        let snapshot = GuardSnapshot { targets, begun_ns, ..GuardSnapshot::default() };
        let mut search = TreeSearch {
            tree: self,
            request,
            snapshot,
            reader: EntryReader::new(request.before.is_none()),
            known: VecDeque::from([(PathBuf::new(), SearchZone::Plain)]),
            new: Vec::new(),
            unread: Vec::new(),
            new_entries: 0,
            held_bytes: 0,
        };
        search.run(cache);
        search.read_files();
        search.add_targets(cache);
        search.read_files();
        cache.shrink_to(search.snapshot.searched.len());
        search.snapshot
    }
}

impl TreeSearch<'_> {
    fn run(&mut self, cache: &mut ListingCache) {
        loop {
            // All that was there before is searched in any case: what is not found counts as removed.
            if self.known.is_empty() && !self.new.is_empty() && self.is_exhausted() {
                self.snapshot.is_incomplete = true;
                return;
            }
            let Some((path, zone)) = self.take_next() else { return };
            if !self.snapshot.searched.contains_key(&path) {
                self.search_directory(cache, path, zone);
            }
        }
    }

    fn take_next(&mut self) -> Option<(PathBuf, SearchZone)> {
        if let Some(next) = self.known.pop_front() {
            return Some(next);
        }
        let next = self.new.pop()?;
        self.held_bytes = self.held_bytes.saturating_sub(next.0.as_os_str().len());
        Some(next)
    }

    fn is_exhausted(&self) -> bool {
        self.held_bytes > MAX_HELD_BYTES || Instant::now() > self.request.deadline
    }

    fn was_searched(&self, path: &Path) -> bool {
        self.request.before.is_some_and(|before| before.searched.contains_key(path))
    }

    /// Searches one directory. Returns what is in it; `None` when it has gone.
    fn search_directory(
        &mut self,
        cache: &mut ListingCache,
        path: PathBuf,
        zone: SearchZone,
    ) -> Option<Arc<NameListing>> {
        let wants_all = matches!(zone, SearchZone::Guarded(_));
        let tree = self.tree;
        let listing = if path.as_os_str().len() > MAX_PATH_BYTES {
            Err(io::ErrorKind::InvalidFilename.into())
        } else {
            cache.list_directory(&tree.directory, &path, wants_all)
        };
        let listing = match listing {
            Ok(listing) => listing,
            Err(error) => {
                // What has gone or became a link meanwhile hides nothing.
                let is_gone =
                    matches!(error.kind(), io::ErrorKind::NotFound | io::ErrorKind::NotADirectory);
                self.snapshot.is_incomplete |= !is_gone;
                return None;
            }
        };
        match listing.problem {
            Some(ListingProblem::Forbidden) => {
                self.snapshot.unlisted.insert(path.clone());
            }
            Some(ListingProblem::TooManyNames) => self.snapshot.is_incomplete = true,
            None => {}
        }
        let before = self.request.before;
        let was_git = before.is_some_and(|before| before.git_directories.contains(&path));
        let is_named_git = self
            .snapshot
            .entries
            .get(&path)
            .is_some_and(|entry| entry.kind == GuardKind::GitDirectory && !wants_all);
        let is_git_directory = !wants_all && (listing.is_git_directory || was_git || is_named_git);
        let home = tree.homes.iter().find_map(|home| home.strip_prefix(&tree.path).ok());
        let is_workspace = tree.is_workspace;
        let place = SearchedPlace { path: &path, zone, is_git_directory, is_workspace, home };
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
                if self.was_searched(&child) {
                    self.known.push_back((child.clone(), child_zone));
                } else {
                    self.held_bytes += child.as_os_str().len();
                    self.new.push((child.clone(), child_zone));
                }
            }
            wanted.extend(kind.map(|kind| (child, kind)));
        }
        // Those whose names a flood of others hides.
        if listing.problem.is_some()
            && let Some(before) = before
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
        // Of new directories only those of Git are asked for again.
        if before.is_none() || listing.is_git_directory || self.was_searched(&path) {
            let names: usize = listing.names.iter().map(|listed| listed.name.len() + 40).sum();
            self.held_bytes += DIRECTORY_BYTES + path.as_os_str().len() + names;
            self.snapshot.searched.insert(path, Arc::clone(&listing));
        }
        Some(listing)
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

    /// Adds entries of one directory.
    fn add_entries(&mut self, parent: &Path, wanted: Vec<(PathBuf, GuardKind)>) {
        if wanted.is_empty() {
            return;
        }
        let Ok(directory) = self.tree.directory.open_beneath(parent) else { return };
        let SnapshotRequest { before: old, known, .. } = self.request;
        let limit = if old.is_some() { MAX_NEW_ENTRIES } else { MAX_ENTRIES };
        for (path, kind) in wanted {
            let before = old.and_then(|old| old.entries.get(&path));
            if before.is_none() {
                if self.new_entries >= limit {
                    self.snapshot.is_incomplete = true;
                    continue;
                }
                self.new_entries += 1;
            }
            let Some(name) = path.file_name() else { continue };
            let known = before.or_else(|| known.and_then(|known| known.entries.get(&path)));
            let Some((mut entry, unread)) = EntryReader::read_entry(&directory, name, kind, known)
            else {
                continue;
            };
            match unread {
                None => self.reader.count_known(&entry),
                Some(stamp) if old.is_some() => {
                    let file = FoundFile { name, kind, stamp };
                    (entry.content, entry.settled) =
                        self.reader.read_file(&directory, &file, before);
                }
                Some(stamp) => self.unread.push(UnreadFile { path: path.clone(), kind, stamp }),
            }
            self.snapshot.entries.insert(path, entry);
        }
    }

    /// Reads the files that were found, the most important ones first.
    fn read_files(&mut self) {
        let mut unread = std::mem::take(&mut self.unread);
        unread.sort_by_key(UnreadFile::weight);
        for UnreadFile { path, kind, stamp } in unread {
            let (Some(parent), Some(name)) = (path.parent(), path.file_name()) else { continue };
            let Ok(directory) = self.tree.directory.open_beneath(parent) else { continue };
            let file = FoundFile { name, kind, stamp };
            let (content, settled) = self.reader.read_file(&directory, &file, None);
            if let Some(entry) = self.snapshot.entries.get_mut(&path) {
                (entry.content, entry.settled) = (content, settled);
            }
        }
    }

    /// Adds what settings of the tree lead to.
    fn add_targets(&mut self, cache: &mut ListingCache) {
        if self.request.before.is_none() {
            self.snapshot.targets = super::targets::find_targets(self.tree, &self.snapshot);
        }
        for (path, kind) in self.snapshot.targets.clone() {
            if self.tree.skipped.contains(&path) || self.strengthen_entry(&path, kind) {
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

    /// Guards an entry with all that is in it as what settings name, if it is there.
    fn strengthen_entry(&mut self, path: &Path, kind: GuardKind) -> bool {
        let entries = self.snapshot.entries.range_mut(path.to_owned()..);
        for (_, entry) in entries.take_while(|(it, _)| it.starts_with(path)) {
            entry.strengthen(kind);
        }
        self.snapshot.entries.contains_key(path)
    }

    fn search_target(&mut self, cache: &mut ListingCache, path: PathBuf, kind: GuardKind) {
        let mut pending = vec![path];
        while let Some(path) = pending.pop() {
            let zone = SearchZone::Guarded(kind);
            let Some(listing) = self.search_directory(cache, path.clone(), zone) else { continue };
            if self.snapshot.is_incomplete {
                return;
            }
            let directories = listing.names.iter().filter(|listed| listed.is_directory);
            pending.extend(directories.map(|listed| path.join(&listed.name)));
        }
        self.known.clear();
        self.new.clear();
    }
}
