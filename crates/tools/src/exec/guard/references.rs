//! What the references of a repository name. It is kept, and read again only where something changed:
//! a repository may have thousands of references, and they are looked at around every command.

use std::collections::{BTreeMap, HashSet};
use std::ffi::OsString;
use std::io;
use std::ops::ControlFlow;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use openclaw_fs::{EntryKind, EntryStamp, LinklessDirectory};

use super::entry::has_settled;
use super::scan::GuardedTree;
use super::targets::normalize_path;

/// The largest file with one reference, or with the place of a repository.
const MAX_LINE_BYTES: u64 = 64 << 10;
/// The largest file with many references.
const MAX_PACKED_BYTES: u64 = 16 << 20;
/// The most references in files of their own, and how deep their folders are.
const MAX_REFERENCES: usize = 20_000;
const MAX_DEPTH: usize = 16;

/// What the references of a repository name, with what is checked out.
#[derive(Debug, Default)]
pub(crate) struct ReferenceList {
    pub(crate) commits: HashSet<String>,
    /// Whether Git takes other objects for some.
    pub(crate) has_replacements: bool,
}

/// How closely references are looked at.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum ReferenceCheck {
    /// Folders that did not change are taken as they were: Git replaces the files in them, and does
    /// not write into them.
    Folders,
    /// Each file is looked at, since a command may have written into it.
    Files,
}

/// The references of one repository as they were last read.
#[derive(Debug, Default)]
pub(crate) struct ReferenceCache {
    head: Option<String>,
    packed: PackedReferences,
    folders: BTreeMap<PathBuf, ReferenceFolder>,
    list: Option<Arc<ReferenceList>>,
}

/// The file with many references.
#[derive(Debug, Default)]
struct PackedReferences {
    /// The stamp with which the file has this content; `None` when it has to be read.
    stamp: Option<EntryStamp>,
    list: Arc<ReferenceList>,
}

/// A folder below `refs`.
#[derive(Debug)]
struct ReferenceFolder {
    /// As [`PackedReferences::stamp`].
    stamp: Option<EntryStamp>,
    folders: Vec<OsString>,
    files: Vec<ReferenceFile>,
}

#[derive(Debug)]
struct ReferenceFile {
    name: OsString,
    /// As [`PackedReferences::stamp`].
    stamp: Option<EntryStamp>,
    commit: Option<String>,
}

impl ReferenceCache {
    /// What the references name; `None` when not all of them could be read.
    pub(crate) fn read(
        &mut self,
        tree: &GuardedTree,
        folder: &Path,
        check: ReferenceCheck,
    ) -> Option<Arc<ReferenceList>> {
        let head = read_head(tree, folder);
        let mut is_changed = self.list.is_none() || head != self.head;
        let result = self
            .read_packed(tree, folder)
            .and_then(|changed| Some(changed | self.read_folders(tree, folder, check)?));
        let Some(changed) = result else {
            *self = Self::default();
            return None;
        };
        is_changed |= changed;
        self.head = head;
        if is_changed {
            self.list = Some(Arc::new(self.collect_list(folder)));
        }
        self.list.clone()
    }

    fn collect_list(&self, folder: &Path) -> ReferenceList {
        let replacements = folder.join("refs/replace");
        let files = self.folders.values().flat_map(|folder| &folder.files);
        let commits = files.filter_map(|file| file.commit.clone()).chain(self.head.clone());
        ReferenceList {
            commits: commits.chain(self.packed.list.commits.iter().cloned()).collect(),
            has_replacements: self.packed.list.has_replacements
                || self.folders.iter().any(|(path, folder)| {
                    path.starts_with(&replacements) && !folder.files.is_empty()
                }),
        }
    }

    /// Returns whether the file with many references changed.
    fn read_packed(&mut self, tree: &GuardedTree, folder: &Path) -> Option<bool> {
        let directory = tree.directory.open_beneath(folder).ok()?;
        let stamp = match directory.entry_stamp("packed-refs".as_ref()) {
            Ok(stamp) => stamp,
            Err(error) if error.kind() == io::ErrorKind::NotFound => {
                let had_some = !self.packed.list.commits.is_empty();
                self.packed = PackedReferences::default();
                return Some(had_some);
            }
            Err(_) => return None,
        };
        if self.packed.stamp == Some(stamp) {
            return Some(false);
        }
        let packed = directory.read_file("packed-refs".as_ref(), MAX_PACKED_BYTES).ok()??;
        let mut list = ReferenceList::default();
        for line in String::from_utf8_lossy(&packed).lines() {
            list.has_replacements |= line.contains(" refs/replace/");
            let words = line.trim_start_matches('^').split(' ');
            list.commits.extend(words.filter_map(as_commit));
        }
        let list = Arc::new(list);
        self.packed = PackedReferences { stamp: settled(stamp), list };
        Some(true)
    }

    /// Returns whether a reference in a file of its own changed.
    fn read_folders(
        &mut self,
        tree: &GuardedTree,
        folder: &Path,
        check: ReferenceCheck,
    ) -> Option<bool> {
        let mut before = std::mem::take(&mut self.folders);
        let mut pending = vec![(folder.join("refs"), MAX_DEPTH)];
        let (mut is_changed, mut left) = (false, MAX_REFERENCES);
        while let Some((path, depth)) = pending.pop() {
            let known = before.remove(&path);
            let (now, changed) = match read_folder(tree, &path, known, check, left) {
                Ok(Some(read)) => read,
                Ok(None) => continue,
                Err(()) => return None,
            };
            is_changed |= changed;
            left = left.checked_sub(now.files.len() + now.folders.len())?;
            for name in &now.folders {
                pending.push((path.join(name), depth.checked_sub(1)?));
            }
            self.folders.insert(path, now);
        }
        Some(is_changed || !before.is_empty())
    }
}

/// Reads a folder of references; `None` when it is gone. Returns as well whether it changed.
fn read_folder(
    tree: &GuardedTree,
    path: &Path,
    known: Option<ReferenceFolder>,
    check: ReferenceCheck,
    limit: usize,
) -> Result<Option<(ReferenceFolder, bool)>, ()> {
    // A wrong guess does not have the identity of what was read.
    let is_same = known.as_ref().is_some_and(|known| {
        let guess = known.stamp.and_then(|_| tree.directory.guess_stamp(path).ok());
        guess.is_some() && guess == known.stamp
    });
    let known = match known {
        Some(known) if is_same && check == ReferenceCheck::Folders => {
            return Ok(Some((known, false)));
        }
        known => known,
    };
    let directory = match tree.directory.open_beneath(path) {
        Ok(directory) => directory,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
        Err(_) => return Err(()),
    };
    let stamp = directory.stamp().map_err(|_| ())?;
    let mut is_changed = known.is_none();
    let mut files = BTreeMap::new();
    let mut now = ReferenceFolder { stamp: settled(stamp), folders: Vec::new(), files: Vec::new() };
    match known {
        Some(known) if known.stamp == Some(stamp) => {
            now.folders = known.folders;
            files.extend(known.files.into_iter().map(|file| (file.name.clone(), Some(file))));
        }
        known => {
            is_changed = true;
            let names = list_names(&directory, limit).ok_or(())?;
            let mut old: BTreeMap<_, _> = known
                .into_iter()
                .flat_map(|known| known.files)
                .map(|file| (file.name.clone(), file))
                .collect();
            for (name, kind) in names {
                if kind == EntryKind::Directory {
                    now.folders.push(name);
                } else {
                    let file = old.remove(&name);
                    files.insert(name, file);
                }
            }
        }
    }
    for (name, known) in files {
        let file = read_reference(&directory, name, known.as_ref()).ok_or(())?;
        is_changed |= known.is_none_or(|known| known.commit != file.commit);
        now.files.push(file);
    }
    Ok(Some((now, is_changed)))
}

/// Reads a reference, unless it is as it was.
fn read_reference(
    directory: &LinklessDirectory,
    name: OsString,
    known: Option<&ReferenceFile>,
) -> Option<ReferenceFile> {
    let stamp = directory.entry_stamp(&name).ok()?;
    if let Some(known) = known.filter(|known| known.stamp == Some(stamp)) {
        let (stamp, commit) = (known.stamp, known.commit.clone());
        return Some(ReferenceFile { name, stamp, commit });
    }
    let text = directory.read_file(&name, MAX_LINE_BYTES).ok()??;
    let commit = as_commit(&String::from_utf8_lossy(&text));
    Some(ReferenceFile { name, stamp: settled(stamp), commit })
}

/// The stamp of what cannot change any more without another one.
fn settled(stamp: EntryStamp) -> Option<EntryStamp> {
    has_settled(stamp.changed_ns).then_some(stamp)
}

/// The commit that is checked out.
pub(crate) fn read_head(tree: &GuardedTree, folder: &Path) -> Option<String> {
    let head = read_text(tree, &folder.join("HEAD"), MAX_LINE_BYTES)?;
    let Some(name) = head.strip_prefix("ref:") else { return as_commit(&head) };
    let name = name.trim();
    if !name.starts_with("refs/") || normalize_path(Path::new(name))? != Path::new(name) {
        return None;
    }
    let common = common_directory(tree, folder)?;
    if let Some(text) = read_text(tree, &common.join(name), MAX_LINE_BYTES) {
        return as_commit(&text);
    }
    let packed = read_text(tree, &common.join("packed-refs"), MAX_PACKED_BYTES)?;
    let mut lines = packed.lines().filter_map(|line| line.split_once(' '));
    lines.find(|(_, other)| *other == name).and_then(|(commit, _)| as_commit(commit))
}

/// Where the references of a repository are: elsewhere if it is that of a further work tree.
pub(crate) fn common_directory(tree: &GuardedTree, folder: &Path) -> Option<PathBuf> {
    match read_text(tree, &folder.join("commondir"), MAX_LINE_BYTES) {
        Some(place) => place_in_tree(tree, folder, place.trim()),
        None => Some(folder.to_owned()),
    }
}

/// Where a path that is written in a file of a folder leads to, relative to the tree.
pub(crate) fn place_in_tree(tree: &GuardedTree, folder: &Path, named: &str) -> Option<PathBuf> {
    let full = normalize_path(tree.path.join(folder).join(named).strip_prefix("/").ok()?)?;
    Path::new("/").join(full).strip_prefix(&tree.path).ok().map(Path::to_owned)
}

/// The names in a directory; `None` when there are more than `limit` or not all could be read.
fn list_names(directory: &LinklessDirectory, limit: usize) -> Option<Vec<(OsString, EntryKind)>> {
    let mut names = Vec::new();
    let mut is_complete = true;
    let listed = directory.visit_entries(|entry| {
        is_complete = names.len() < limit;
        if !is_complete {
            return ControlFlow::Break(());
        }
        names.push((entry.name, entry.kind));
        ControlFlow::Continue(())
    });
    if listed.is_err() || !is_complete {
        return None;
    }
    for (name, kind) in &mut names {
        if *kind == EntryKind::Unknown {
            *kind = directory.entry_stamp(name).ok()?.kind;
        }
    }
    Some(names)
}

/// The id of an object in lower case, if a text is one.
pub(crate) fn as_commit(text: &str) -> Option<String> {
    let text = text.trim();
    let is_id = matches!(text.len(), 40 | 64) && text.bytes().all(|it| it.is_ascii_hexdigit());
    is_id.then(|| text.to_ascii_lowercase())
}

fn read_text(tree: &GuardedTree, path: &Path, limit: u64) -> Option<String> {
    let directory = tree.directory.open_beneath(path.parent()?).ok()?;
    String::from_utf8(directory.read_file(path.file_name()?, limit).ok()??).ok()
}
