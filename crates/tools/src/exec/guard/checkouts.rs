//! Which repositories of a tree got another commit checked out by a command, one that no command made.
//! Files that are usually part of a repository may change with such a commit.

use std::collections::{BTreeMap, BTreeSet, HashSet};
use std::ops::ControlFlow;
use std::path::{Path, PathBuf};

use openclaw_fs::{EntryKind, LinklessDirectory};

use super::entry::{EntryContent, GuardKind};
use super::scan::{GuardSnapshot, GuardedTree};
use super::targets::normalize_path;

/// The largest file with one reference, or with the place of a repository.
const MAX_LINE_BYTES: u64 = 64 << 10;
/// The largest file with many references.
const MAX_PACKED_BYTES: u64 = 16 << 20;
/// The most references in files of their own, and how deep their folders are.
const MAX_REFERENCES: usize = 20_000;
const MAX_DEPTH: usize = 16;

/// The commits of a tree that were there without a command: those that references named before the
/// first one, and those that appeared while none ran.
#[derive(Debug, Default)]
pub(crate) struct CommitHistory {
    own: HashSet<String>,
    /// What references named after the last command, by the directory of the repository; `None` for
    /// those that could not be read.
    last: Option<BTreeMap<PathBuf, Option<ReferenceList>>>,
    /// The commit that was checked out before the running command.
    heads: BTreeMap<PathBuf, String>,
}

/// What the references of a repository name.
#[derive(Debug, Default)]
struct ReferenceList {
    commits: HashSet<String>,
    /// Whether Git takes other objects for some.
    has_replacements: bool,
}

/// The work trees in which changes of versioned files stay.
#[derive(Debug, Default)]
pub(crate) struct CheckedOutTrees {
    changed: BTreeSet<PathBuf>,
    others: BTreeSet<PathBuf>,
}

impl CheckedOutTrees {
    /// Whether a change of an entry stays.
    pub(crate) fn keeps(&self, path: &Path, kind: GuardKind) -> bool {
        let is_work_tree = |it: &&Path| self.changed.contains(*it) || self.others.contains(*it);
        let work_tree = path.ancestors().skip(1).find(is_work_tree);
        matches!(kind, GuardKind::Versioned(_))
            && work_tree.is_some_and(|it| self.changed.contains(it))
    }
}

impl CommitHistory {
    /// Looks at the repositories before a command, while no other one runs.
    pub(crate) fn begin_run(&mut self, tree: &GuardedTree, snapshot: &GuardSnapshot) {
        for folder in &snapshot.git_directories {
            let Some(now) = read_references(tree, folder) else { continue };
            match &self.last {
                None => self.own.extend(now.commits),
                // In a repository that was not looked at nobody knows who made what.
                Some(last) => {
                    let Some(Some(last)) = last.get(folder) else { continue };
                    let is_new = |commit: &String| !last.commits.contains(commit);
                    self.own.extend(now.commits.into_iter().filter(is_new));
                }
            }
        }
        let folders = snapshot.git_directories.iter();
        self.heads =
            folders.filter_map(|folder| Some((folder.clone(), read_head(tree, folder)?))).collect();
    }

    /// Looks at the repositories after a command.
    pub(crate) fn end_run(&mut self, tree: &GuardedTree, before: &GuardSnapshot) {
        let folders = before.git_directories.iter();
        let references = folders.map(|it| (it.clone(), read_references(tree, it)));
        self.last = Some(references.collect());
    }

    /// Finds the work trees that have another commit than before, one that no command made.
    pub(crate) fn find_checkouts(
        &self,
        tree: &GuardedTree,
        after: &GuardSnapshot,
    ) -> CheckedOutTrees {
        let mut found = CheckedOutTrees::default();
        let links = after.entries.keys().filter(|path| path.ends_with(".git"));
        let links: BTreeSet<&PathBuf> = links.chain(&after.git_directories).collect();
        for link in links.into_iter().filter(|path| path.ends_with(".git")) {
            let Some(work_tree) = link.parent() else { continue };
            let is_changed = repository_behind(tree, after, link)
                .is_some_and(|folder| self.has_own_checkout(tree, &folder));
            let trees = if is_changed { &mut found.changed } else { &mut found.others };
            trees.insert(work_tree.to_owned());
        }
        found
    }

    fn has_own_checkout(&self, tree: &GuardedTree, folder: &Path) -> bool {
        let Some(head) = read_head(tree, folder) else { return false };
        let common = common_directory(tree, folder);
        let references = common.and_then(|common| read_references(tree, &common));
        self.own.contains(&head)
            && self.heads.get(folder) != Some(&head)
            && references.is_some_and(|it| !it.has_replacements)
    }
}

/// The directory of the repository that `.git` is or names.
fn repository_behind(tree: &GuardedTree, after: &GuardSnapshot, link: &Path) -> Option<PathBuf> {
    if after.git_directories.contains(link) {
        return Some(link.to_owned());
    }
    let EntryContent::File { bytes, .. } = &after.entries.get(link)?.content else { return None };
    let text = std::str::from_utf8(bytes).ok()?;
    let named = place_in_tree(tree, link.parent()?, text.strip_prefix("gitdir:")?.trim())?;
    after.git_directories.contains(&named).then_some(named)
}

/// The commit that is checked out.
fn read_head(tree: &GuardedTree, folder: &Path) -> Option<String> {
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
fn common_directory(tree: &GuardedTree, folder: &Path) -> Option<PathBuf> {
    match read_text(tree, &folder.join("commondir"), MAX_LINE_BYTES) {
        Some(place) => place_in_tree(tree, folder, place.trim()),
        None => Some(folder.to_owned()),
    }
}

fn place_in_tree(tree: &GuardedTree, folder: &Path, named: &str) -> Option<PathBuf> {
    let full = normalize_path(tree.path.join(folder).join(named).strip_prefix("/").ok()?)?;
    Path::new("/").join(full).strip_prefix(&tree.path).ok().map(Path::to_owned)
}

/// What the references of a repository name, with what is checked out; `None` when not all of them
/// could be read.
fn read_references(tree: &GuardedTree, folder: &Path) -> Option<ReferenceList> {
    let mut list = ReferenceList::default();
    list.commits.extend(read_head(tree, folder));
    if let Some(packed) = read_file(tree, &folder.join("packed-refs"), MAX_PACKED_BYTES).ok()? {
        for line in String::from_utf8_lossy(&packed).lines() {
            list.has_replacements |= line.contains(" refs/replace/");
            let words = line.trim_start_matches('^').split(' ');
            list.commits.extend(words.filter_map(as_commit));
        }
    }
    let top = folder.join("refs");
    let mut left = MAX_REFERENCES;
    let mut pending = vec![(top.clone(), MAX_DEPTH)];
    while let Some((path, depth)) = pending.pop() {
        let directory = match tree.directory.open_beneath(&path) {
            Ok(directory) => directory,
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => continue,
            Err(_) => return None,
        };
        let names = list_names(&directory, left)?;
        left -= names.len();
        for (name, kind) in names {
            if kind == EntryKind::Directory {
                pending.push((path.join(&name), depth.checked_sub(1)?));
                continue;
            }
            list.has_replacements |= path.starts_with(top.join("replace"));
            let text = directory.read_file(&name, MAX_LINE_BYTES).ok()??;
            list.commits.extend(as_commit(&String::from_utf8_lossy(&text)));
        }
    }
    Some(list)
}

/// The names in a directory; `None` when there are more than `limit` or not all could be read.
fn list_names(
    directory: &LinklessDirectory,
    limit: usize,
) -> Option<Vec<(std::ffi::OsString, EntryKind)>> {
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

fn as_commit(text: &str) -> Option<String> {
    let text = text.trim();
    let is_id = matches!(text.len(), 40 | 64) && text.bytes().all(|it| it.is_ascii_hexdigit());
    is_id.then(|| text.to_ascii_lowercase())
}

fn read_text(tree: &GuardedTree, path: &Path, limit: u64) -> Option<String> {
    String::from_utf8(read_file(tree, path, limit).ok()??).ok()
}

/// The content of a file; `None` when it is not there. One that is too large is an error.
fn read_file(tree: &GuardedTree, path: &Path, limit: u64) -> std::io::Result<Option<Vec<u8>>> {
    let (Some(parent), Some(name)) = (path.parent(), path.file_name()) else { return Ok(None) };
    match tree.directory.open_beneath(parent).and_then(|it| it.read_file(name, limit)) {
        Ok(None) => Err(std::io::ErrorKind::FileTooLarge.into()),
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(None),
        result => result,
    }
}
