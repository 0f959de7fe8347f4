//! Which repositories of a tree got another commit checked out by a command, one that no command made.
//! Files that are usually part of a repository may change with such a commit.

use std::collections::{BTreeMap, BTreeSet, HashSet};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use super::commit_record::CommitRecord;
use super::entry::{EntryContent, GuardKind};
use super::objects::ObjectStore;
use super::references::{
    ReferenceCache, ReferenceCheck, ReferenceList, common_directory, place_in_tree, read_head,
};
use super::scan::{GuardSnapshot, GuardedTree};

/// The commits of a tree that were there without a command: those that references named before the
/// first one, and those that appeared while none ran.
#[derive(Debug, Default)]
pub(crate) struct CommitHistory {
    own: HashSet<String>,
    /// What references named after the last command, by the directory of the repository; `None` for
    /// those that could not be read.
    last: Option<BTreeMap<PathBuf, Option<Arc<ReferenceList>>>>,
    /// The references as they were last read, by the same.
    references: BTreeMap<PathBuf, ReferenceCache>,
    /// What references named before the running command.
    begun: BTreeMap<PathBuf, Arc<ReferenceList>>,
    /// The commit that was checked out before the running command.
    heads: BTreeMap<PathBuf, String>,
}

/// The changed entries that are as in the commit that a command checked out.
#[derive(Debug, Default)]
pub(crate) struct CheckedOutTrees {
    verified: BTreeSet<PathBuf>,
}

impl CheckedOutTrees {
    /// Whether a change of an entry stays.
    pub(crate) fn keeps(&self, path: &Path, kind: GuardKind) -> bool {
        matches!(kind, GuardKind::Versioned(_)) && self.verified.contains(path)
    }
}

/// A commit of the user that a command checked out.
struct OwnCheckout<'a> {
    commit: String,
    objects: ObjectStore<'a>,
}

impl CommitHistory {
    /// Looks at the repositories before a command, while no other one runs.
    pub(crate) fn begin_run(&mut self, tree: &GuardedTree, snapshot: &GuardSnapshot) {
        self.begun.clear();
        for folder in &snapshot.git_directories {
            let Some(now) = self.read_references(tree, folder, ReferenceCheck::Folders) else {
                continue;
            };
            self.begun.insert(folder.clone(), Arc::clone(&now));
            match &self.last {
                None => self.own.extend(now.commits.iter().cloned()),
                // In a repository that was not looked at nobody knows who made what.
                Some(last) => {
                    let Some(Some(last)) = last.get(folder) else { continue };
                    if Arc::ptr_eq(last, &now) {
                        continue;
                    }
                    let is_new = |commit: &&String| !last.commits.contains(*commit);
                    self.own.extend(now.commits.iter().filter(is_new).cloned());
                }
            }
        }
        let folders = snapshot.git_directories.iter();
        self.heads =
            folders.filter_map(|folder| Some((folder.clone(), read_head(tree, folder)?))).collect();
    }

    /// Looks at the repositories after a command, and records the commits that it made.
    pub(crate) fn end_run(
        &mut self,
        tree: &GuardedTree,
        before: &GuardSnapshot,
        record: &CommitRecord,
    ) {
        let mut last = BTreeMap::new();
        let mut made = Vec::new();
        for folder in &before.git_directories {
            let now = self.read_references(tree, folder, ReferenceCheck::Files);
            if let (Some(now), Some(begun)) = (&now, self.begun.get(folder))
                && !Arc::ptr_eq(now, begun)
            {
                let is_new = |commit: &&String| {
                    !begun.commits.contains(*commit) && !self.own.contains(*commit)
                };
                made.extend(now.commits.iter().filter(is_new).cloned());
            }
            last.insert(folder.clone(), now);
        }
        self.references.retain(|folder, _| before.git_directories.contains(folder));
        self.last = Some(last);
        if !made.is_empty() {
            record.add(made);
        }
    }

    fn read_references(
        &mut self,
        tree: &GuardedTree,
        folder: &Path,
        check: ReferenceCheck,
    ) -> Option<Arc<ReferenceList>> {
        self.references.entry(folder.to_owned()).or_default().read(tree, folder, check)
    }

    /// Finds what has changed with a commit that was checked out, one that no command made: what is
    /// as in that commit, and nothing else in its work tree.
    pub(crate) fn find_checkouts(
        &self,
        tree: &GuardedTree,
        before: &GuardSnapshot,
        after: &GuardSnapshot,
        record: &CommitRecord,
    ) -> CheckedOutTrees {
        let links = after.entries.keys().filter(|path| path.ends_with(".git"));
        let links: BTreeSet<&PathBuf> = links.chain(&after.git_directories).collect();
        let mut work_trees = BTreeMap::new();
        for link in links.into_iter().filter(|path| path.ends_with(".git")) {
            let Some(work_tree) = link.parent() else { continue };
            let checkout = repository_behind(tree, after, link)
                .and_then(|folder| self.find_own_checkout(tree, &folder, record));
            work_trees.insert(work_tree, checkout);
        }
        let mut found = CheckedOutTrees::default();
        for path in before.entries.keys().chain(after.entries.keys()) {
            let content = |snapshot: &'_ GuardSnapshot| {
                let entry = snapshot.entries.get(path);
                entry.map(|entry| (entry.kind, entry.content.clone()))
            };
            let (old, new) = (content(before), content(after));
            let is_versioned = [&old, &new]
                .into_iter()
                .flatten()
                .any(|(kind, _)| matches!(kind, GuardKind::Versioned(_)));
            if !is_versioned || old == new {
                continue;
            }
            let work_tree = path.ancestors().skip(1).find(|it| work_trees.contains_key(*it));
            let Some(work_tree) = work_tree else { continue };
            if let Some(Some(checkout)) = work_trees.get_mut(work_tree)
                && let Ok(place) = path.strip_prefix(work_tree)
                && checkout.brings(place, new.as_ref().map(|(_, content)| content))
            {
                found.verified.insert(path.clone());
            }
        }
        found
    }

    fn find_own_checkout<'t>(
        &self,
        tree: &'t GuardedTree,
        folder: &Path,
        record: &CommitRecord,
    ) -> Option<OwnCheckout<'t>> {
        let commit = read_head(tree, folder)?;
        if !self.own.contains(&commit) || self.heads.get(folder) == Some(&commit) {
            return None;
        }
        let common = common_directory(tree, folder)?;
        let references = ReferenceCache::default().read(tree, &common, ReferenceCheck::Files)?;
        let is_own = !references.has_replacements && !record.may_contain(&commit);
        is_own.then(|| OwnCheckout { commit, objects: ObjectStore::new(tree, &common) })
    }
}

impl OwnCheckout<'_> {
    /// Whether the commit has this content at a place of the work tree; `None` for nothing.
    fn brings(&mut self, place: &Path, content: Option<&EntryContent>) -> bool {
        let Ok(committed) = self.objects.find_entry(&self.commit, place) else { return false };
        match (committed, content) {
            (None, None) => true,
            (Some(entry), Some(EntryContent::Directory)) => entry.mode == "40000",
            (Some(entry), Some(EntryContent::File { bytes, mode })) => {
                let is_program = mode & 0o100 != 0;
                let expected = if is_program { "100755" } else { "100644" };
                entry.mode == expected && entry.has_content(bytes)
            }
            (Some(entry), Some(EntryContent::Link(target))) => {
                entry.mode == "120000" && entry.has_content(target.as_os_str().as_encoded_bytes())
            }
            _ => false,
        }
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
