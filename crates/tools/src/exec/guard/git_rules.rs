//! Which changes of guarded entries a command may make: what Git does in ordinary work, and what goes
//! with a directory that was moved or removed as a whole.

use std::collections::HashMap;
use std::hash::Hash;
use std::path::{Path, PathBuf};

use super::entry::{EntryContent, GuardKind, GuardedEntry};
use super::git_config::{
    are_plain_options, find_work_tree, is_harmless_change, is_own_strategy, without_work_tree,
};
use super::listing::{PICK_OPTIONS, REBASE_LIST, REBASE_STRATEGY, STATE_FILES};
use super::scan::{GuardSnapshot, GuardedTree};
use super::targets::normalize_path;
use crate::workspace::protection_behind_link;

/// Two snapshots of a tree.
pub(crate) struct SnapshotPair<'a> {
    tree: &'a GuardedTree,
    pub(crate) before: &'a GuardSnapshot,
    pub(crate) after: &'a GuardSnapshot,
    known: HashMap<(u64, u64), &'a Path>,
}

impl<'a> SnapshotPair<'a> {
    pub(crate) fn new(
        tree: &'a GuardedTree,
        before: &'a GuardSnapshot,
        after: &'a GuardSnapshot,
    ) -> Self {
        let entries = before.entries.iter();
        let known = entries.map(|(path, entry)| (entry.identity, path.as_path())).collect();
        Self { tree, before, after, known }
    }

    /// What an entry was before, under whatever name. The number of a removed file can be that of a
    /// new one, which was created later.
    pub(crate) fn find_known(
        &self,
        identity: (u64, u64),
        born_ns: Option<i128>,
    ) -> Option<(&'a Path, &'a GuardedEntry)> {
        let path = *self.known.get(&identity)?;
        let entry = self.before.entries.get(path)?;
        (entry.born_ns == born_ns).then_some((path, entry))
    }

    /// Whether an entry will be at its path again after the undo.
    pub(crate) fn will_be_back(&self, path: &Path, entry: &GuardedEntry) -> bool {
        let now = self.after.entries.get(path);
        now.is_some_and(|now| now.content == entry.content) || !self.may_become(path, entry)
    }

    /// Whether it is certain that what is at a path now was not there before.
    pub(crate) fn is_certainly_new(&self, path: &Path) -> bool {
        if self.before.entries.contains_key(path) {
            return false;
        }
        let (Some(parent), Some(_)) = (path.parent(), path.file_name()) else { return false };
        if self.before.entries.get(parent).is_some_and(|entry| entry.has_all_names) {
            return true;
        }
        let mut directory = PathBuf::new();
        for name in path {
            let Some(listing) = self.before.searched.get(&directory) else { return false };
            if listing.problem.is_some() {
                return false;
            }
            match listing.find(name) {
                None => return true,
                Some(listed) if listed.is_directory => directory.push(name),
                // A file or a link, which has been replaced by a directory.
                Some(_) => return directory.join(name) != path,
            }
        }
        // A directory that has become something else.
        let now = self.after.entries.get(path).map(|entry| &entry.content);
        now.is_some_and(|content| *content != EntryContent::Directory)
    }

    /// Whether a command may create an entry.
    pub(crate) fn may_be_created(&self, path: &Path, entry: &GuardedEntry) -> bool {
        if self.is_moved_with_its_folder(path, entry) {
            return true;
        }
        if entry.kind != GuardKind::GitDirectory {
            return false;
        }
        let (Some(folder), Some(name)) = (path.parent(), path.file_name()) else { return false };
        match &entry.content {
            // The folder of the hooks itself, but no other folder in it.
            EntryContent::Directory => self.is_beside_or_git(path),
            EntryContent::File { bytes, .. } => match name.to_str() {
                Some("config" | "config.worktree") => self.may_change_configs(folder),
                Some("HEAD") => self.after.git_directories.contains(folder),
                Some("commondir") => **bytes == *b"../..\n" && self.is_worktree_folder(folder),
                Some("gitdir") => self.is_worktree_folder(folder) && self.links_back(folder, bytes),
                Some(REBASE_LIST) => added_commands(None, bytes).is_empty(),
                Some(REBASE_STRATEGY) => is_own_strategy(bytes),
                Some(PICK_OPTIONS) => are_plain_options(bytes),
                Some(".git") => self.is_link_to_own_part(path, bytes),
                _ => false,
            },
            _ => false,
        }
    }

    /// Whether a command may change an entry as it did.
    pub(crate) fn may_become(&self, path: &Path, before: &GuardedEntry) -> bool {
        let name = path.file_name().unwrap_or_default();
        let Some(after) = self.after.entries.get(path) else {
            // An emptied directory does nothing.
            let is_empty =
                before.kind != GuardKind::GitDirectory && before.content == EntryContent::Directory;
            let is_bare_head =
                name == "HEAD" && path.parent().is_some_and(|it| !it.ends_with(".git"));
            return is_empty
                || is_bare_head
                || STATE_FILES.iter().any(|file| name == *file)
                || self.is_removed_with_its_folder(path);
        };
        if before.kind != GuardKind::GitDirectory {
            return false;
        }
        let (EntryContent::File { bytes: old, mode: old_mode }, EntryContent::File { bytes, mode }) =
            (&before.content, &after.content)
        else {
            return false;
        };
        match name.to_str() {
            Some("config" | "config.worktree") => {
                old_mode == mode && self.may_change_configs(path.parent().unwrap_or(path))
            }
            Some("HEAD") => true,
            Some(REBASE_LIST) => added_commands(Some(old), bytes).is_empty(),
            Some(REBASE_STRATEGY) => is_own_strategy(bytes),
            Some(PICK_OPTIONS) => are_plain_options(bytes),
            Some("gitdir") => path.parent().is_some_and(|folder| {
                self.is_worktree_folder(folder) && self.links_back(folder, bytes)
            }),
            Some(".git") => self.is_link_to_own_part(path, bytes),
            _ => false,
        }
    }

    /// Whether a directory is that of a repository, or directly in one.
    fn is_beside_or_git(&self, path: &Path) -> bool {
        let is_git = |path: &Path| self.after.git_directories.contains(path);
        is_git(path) || path.parent().is_some_and(is_git)
    }

    /// Whether a folder is that of a worktree, in the directory of a repository.
    fn is_worktree_folder(&self, folder: &Path) -> bool {
        let group = folder.parent().filter(|group| group.ends_with("worktrees"));
        let repository = group.and_then(Path::parent);
        repository.is_some_and(|path| {
            path.ends_with(".git") && self.after.git_directories.contains(path)
                || self.before.git_directories.contains(path)
        })
    }

    /// Whether the configs of a repository may be as they are now. They belong together: one that is
    /// left while the other is undone could mean something else.
    fn may_change_configs(&self, folder: &Path) -> bool {
        let is_known_repository = self.before.git_directories.contains(folder);
        let content = |snapshot: &'a GuardSnapshot, name: &str| {
            snapshot.entries.get(&folder.join(name)).map(|entry| &entry.content)
        };
        ["config", "config.worktree"].into_iter().all(|name| {
            let (before, after) = (content(self.before, name), content(self.after, name));
            match (before, after) {
                (before, after) if before == after => true,
                (
                    Some(EntryContent::File { bytes: old, mode: old_mode }),
                    Some(EntryContent::File { bytes, mode }),
                ) => old_mode == mode && self.may_be_config(folder, Some(old), bytes),
                (None, Some(EntryContent::File { bytes, .. })) if is_known_repository => {
                    // Only what Git adds later; the first one of a repository is never missing.
                    name == "config.worktree" && is_harmless_change(Some(b""), bytes)
                }
                (None, Some(EntryContent::File { bytes, .. })) => {
                    self.may_be_config(folder, None, bytes)
                }
                _ => false,
            }
        })
    }

    /// Whether a config may have a text. That of a submodule may name its work tree.
    fn may_be_config(&self, folder: &Path, before: Option<&[u8]>, text: &[u8]) -> bool {
        if is_harmless_change(before, text) {
            return true;
        }
        let Some(work_tree) = find_work_tree(text) else { return false };
        let link = normalize_path(&folder.join(work_tree)).map(|tree| tree.join(".git"));
        let is_linked = link.is_some_and(|link| {
            let entry = self.after.entries.get(&link).map(|entry| &entry.content);
            matches!(entry, Some(EntryContent::File { bytes, .. })
                if self.resolve_link(&link, bytes).as_deref() == Some(folder))
        });
        is_linked
            && find_module_group(folder).is_some()
            && is_harmless_change(
                before.map(without_work_tree).as_deref(),
                &without_work_tree(text),
            )
    }

    /// Whether a `.git` file leads to the directory of a worktree or a submodule of this tree.
    fn is_link_to_own_part(&self, path: &Path, text: &[u8]) -> bool {
        self.resolve_link(path, text).is_some_and(|target| {
            let is_part = find_module_group(&target).is_some() || self.is_worktree_folder(&target);
            is_part && self.after.git_directories.contains(&target)
        })
    }

    /// Whether the file `gitdir` of a worktree names a `.git` file that leads back.
    fn links_back(&self, folder: &Path, text: &[u8]) -> bool {
        let Some(link) = self.resolve_text(folder, text) else { return false };
        match self.after.entries.get(&link).map(|entry| &entry.content) {
            Some(EntryContent::File { bytes, .. }) => {
                self.resolve_link(&link, bytes).as_deref() == Some(folder)
            }
            _ => false,
        }
    }

    /// The directory that a `.git` file leads to, if that is in the tree.
    fn resolve_link(&self, path: &Path, text: &[u8]) -> Option<PathBuf> {
        self.resolve_text(path.parent()?, text.strip_prefix(b"gitdir: ")?)
    }

    fn resolve_text(&self, folder: &Path, text: &[u8]) -> Option<PathBuf> {
        let text = std::str::from_utf8(text).ok()?;
        let target = self.tree.path.join(folder).join(text.strip_suffix('\n').unwrap_or(text));
        normalize_path(target.strip_prefix("/").ok()?).and_then(|target| {
            let target = Path::new("/").join(target);
            target.strip_prefix(&self.tree.path).ok().map(Path::to_owned)
        })
    }

    /// Whether an entry is the same as before, in a folder that was moved with all that is in it.
    fn is_moved_with_its_folder(&self, path: &Path, entry: &GuardedEntry) -> bool {
        let Some(old) = self.known.get(&entry.identity) else { return false };
        let is_same = self
            .before
            .entries
            .get(*old)
            .is_some_and(|before| before.content == entry.content && before.kind == entry.kind);
        is_same && old.file_name() == path.file_name() && self.is_removed_with_its_folder(old)
    }

    /// Whether an entry has gone together with the plain folder that it was in, or with the whole
    /// directory of a submodule, of a worktree or of a bare repository.
    fn is_removed_with_its_folder(&self, path: &Path) -> bool {
        let mut top = path;
        while let Some(parent) = top.parent().filter(|it| self.before.entries.contains_key(*it)) {
            top = parent;
        }
        // A folder such as `.github` is a part of what is guarded in it.
        let names_pattern = |path: &&Path| {
            let name = path.file_name().map(|name| name.to_string_lossy());
            name.is_some_and(|name| protection_behind_link(&name).is_some())
        };
        top = top.ancestors().filter(names_pattern).last().unwrap_or(top);
        let is_gone = |path: &Path| !self.after.searched.contains_key(path);
        let has_no_folder =
            top.parent().is_some_and(|parent| !parent.as_os_str().is_empty() && is_gone(parent));
        // The link of a worktree or a submodule that was removed.
        let is_link = path.ends_with(".git")
            && matches!(self.before.entries.get(path), Some(entry)
                if matches!(entry.content, EntryContent::File { .. }));
        let is_part_gone = path.ancestors().any(|folder| {
            let is_part = find_module_group(folder).is_some() || is_in_worktrees(folder);
            let is_bare = !folder.ends_with(".git") && !folder.as_os_str().is_empty();
            self.before.git_directories.contains(folder) && (is_part || is_bare) && is_gone(folder)
        });
        has_no_folder || is_link || is_part_gone
    }
}

/// The folder `.git/modules` that a path is beneath.
fn find_module_group(path: &Path) -> Option<&Path> {
    path.ancestors().skip(1).find(|folder| {
        folder.ends_with("modules")
            && folder.parent().is_some_and(|parent| parent.ends_with(".git"))
    })
}

fn is_in_worktrees(path: &Path) -> bool {
    let group = path.parent().filter(|group| group.ends_with("worktrees"));
    group.and_then(Path::parent).is_some_and(|parent| parent.ends_with(".git"))
}

/// The lines of a list of a rebase that run a command and were not in it before.
fn added_commands<'t>(before: Option<&[u8]>, text: &'t [u8]) -> Vec<&'t [u8]> {
    let lines = before.unwrap_or_default().split(|byte| *byte == b'\n');
    let mut known = count_items(lines.filter(|line| runs_command(line)));
    let lines = text.split(|byte| *byte == b'\n').filter(|line| runs_command(line));
    lines.filter(|line| !take_item(&mut known, line)).collect()
}

fn runs_command(line: &[u8]) -> bool {
    let line = line.trim_ascii_start();
    [b"exec".as_slice(), b"x"].iter().any(|word| {
        line.strip_prefix(*word)
            .is_some_and(|rest| rest.first().is_none_or(u8::is_ascii_whitespace))
    })
}

/// The text of a list of a rebase without the commands that were not in it before.
pub(crate) fn without_added_commands(before: Option<&[u8]>, text: &[u8]) -> Vec<u8> {
    let mut added = count_items(added_commands(before, text).into_iter());
    let lines = text.split_inclusive(|byte| *byte == b'\n');
    let is_kept = |line: &&[u8]| !take_item(&mut added, line.strip_suffix(b"\n").unwrap_or(line));
    lines.filter(is_kept).flatten().copied().collect()
}

/// How often each item comes.
pub(crate) fn count_items<T: Eq + Hash>(items: impl Iterator<Item = T>) -> HashMap<T, usize> {
    let mut counts = HashMap::new();
    for item in items {
        *counts.entry(item).or_default() += 1;
    }
    counts
}

/// Takes one item away; false when none is left.
pub(crate) fn take_item<Q: Eq + Hash + ?Sized>(counts: &mut HashMap<&Q, usize>, item: &Q) -> bool {
    match counts.get_mut(item).filter(|count| **count > 0) {
        Some(count) => {
            *count -= 1;
            true
        }
        None => false,
    }
}
