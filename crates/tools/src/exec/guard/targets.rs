//! What settings that are already there make Git and others use: hooks in a folder of the work tree,
//! included config, programs that are named, and the targets of guarded links.

use std::collections::BTreeMap;
use std::path::{Component, Path, PathBuf};

use openclaw_core::FileProtection::{GitData, ShellStartup};

use super::entry::{EntryContent, GuardKind};
use super::git_config::{ConfigTarget, find_config_targets};
use super::scan::{GuardSnapshot, GuardedTree};

/// How many configs may include each other, and how many links may lead to each other.
const MAX_CHAIN: usize = 8;

/// Finds the targets of a snapshot that are in its tree and not guarded by themselves.
pub(crate) fn find_targets(
    tree: &GuardedTree,
    snapshot: &GuardSnapshot,
) -> BTreeMap<PathBuf, GuardKind> {
    let mut search = TargetSearch { tree, snapshot, found: BTreeMap::new() };
    for (path, entry) in &snapshot.entries {
        match &entry.content {
            EntryContent::Link(target) => {
                let kind = match entry.kind {
                    GuardKind::GitDirectory => GuardKind::Versioned(GitData),
                    kind => kind,
                };
                search.add(path.parent().unwrap_or(path), target, kind);
            }
            EntryContent::File { bytes, .. }
                if entry.kind == GuardKind::GitDirectory && is_config(path) =>
            {
                search.add_config(path, &work_tree_of(path), bytes, MAX_CHAIN);
            }
            EntryContent::File { bytes, .. } if path.ends_with(".envrc") => {
                search.add_environment(path.parent().unwrap_or(path), bytes);
            }
            _ => {}
        }
    }
    search.found
}

/// What commands of `direnv` read besides the files that they name. It runs again by itself when such
/// a file has changed.
const ENVIRONMENT_FILES: [(&str, &[&str]); 5] = [
    ("flake", &["flake.nix", "flake.lock"]),
    ("nix", &["shell.nix", "default.nix"]),
    ("devenv", &["devenv.nix", "devenv.yaml", "devenv.lock"]),
    ("devbox", &["devbox.json", "devbox.lock"]),
    ("dotenv", &[".env"]),
];

struct TargetSearch<'a> {
    tree: &'a GuardedTree,
    snapshot: &'a GuardSnapshot,
    found: BTreeMap<PathBuf, GuardKind>,
}

impl TargetSearch<'_> {
    /// Adds what a config in the tree names. Its programs and hooks are found from the work tree.
    fn add_config(&mut self, config: &Path, work_tree: &Path, text: &[u8], left: usize) {
        let folder = config.parent().unwrap_or(config);
        for target in find_config_targets(text) {
            let kind = GuardKind::Versioned(GitData);
            match target {
                ConfigTarget::Hooks(value) => {
                    self.add(work_tree, Path::new(&value), kind);
                }
                ConfigTarget::Program(value) => {
                    if !self.tree.path.join(work_tree).join(&value).is_dir() {
                        self.add(work_tree, Path::new(&value), kind);
                    }
                }
                ConfigTarget::Included(value) => {
                    let Some(path) = self.add(folder, Path::new(&value), kind) else { continue };
                    let Some(left) = left.checked_sub(1) else { continue };
                    if let Some(text) = self.read(&path) {
                        self.add_config(&path, work_tree, &text, left);
                    }
                }
            }
        }
    }

    /// Adds what an `.envrc` reads or runs.
    fn add_environment(&mut self, folder: &Path, text: &[u8]) {
        let kind = GuardKind::Fixed(ShellStartup);
        let text = String::from_utf8_lossy(text);
        let separators = |c: char| c.is_whitespace() || "\"'`;&|()<>$={}".contains(c);
        for word in text.split(separators).filter(|word| !word.is_empty()) {
            let known = ENVIRONMENT_FILES.iter().filter(|(part, _)| word.contains(part));
            let files = known.flat_map(|(_, files)| files.iter().copied());
            let named = word.split_once('#').map_or(word, |(path, _)| path);
            for file in files.chain([named]) {
                if self.tree.path.join(folder).join(file).is_file() {
                    self.add(folder, Path::new(file), kind);
                }
            }
        }
    }

    /// Adds what a path leads to, with the chain of links on the way.
    fn add(&mut self, folder: &Path, target: &Path, kind: GuardKind) -> Option<PathBuf> {
        let mut path = self.resolve(folder, target)?;
        for _ in 0..MAX_CHAIN {
            if self.tree.path.join(&path).symlink_metadata().is_err() {
                return None;
            }
            if !self.snapshot.entries.contains_key(&path) {
                self.found.insert(path.clone(), kind);
            }
            let Ok(next) = self.tree.path.join(&path).read_link() else { return Some(path) };
            path = self.resolve(path.parent()?, &next)?;
        }
        None
    }

    /// The place of a path in the tree, with links on the way to it resolved; `None` outside of it,
    /// and for the tree itself or a folder around `folder`.
    fn resolve(&self, folder: &Path, target: &Path) -> Option<PathBuf> {
        let full = self.tree.path.join(folder).join(target);
        let (parent, name) = (full.parent()?, full.file_name());
        let place = match name {
            Some(name) => std::fs::canonicalize(parent).ok()?.join(name),
            None => std::fs::canonicalize(&full).ok()?,
        };
        let relative = place.strip_prefix(&self.tree.path).ok()?.to_owned();
        let is_around = folder.starts_with(&relative);
        (!is_around).then_some(relative)
    }

    fn read(&self, path: &Path) -> Option<Vec<u8>> {
        const MAX_CONFIG_BYTES: u64 = 1 << 20;

        let parent = self.tree.directory.open_beneath(path.parent()?).ok()?;
        parent.read_file(path.file_name()?, MAX_CONFIG_BYTES).ok()?
    }
}

fn is_config(path: &Path) -> bool {
    path.file_name().is_some_and(|name| name == "config" || name == "config.worktree")
}

/// The work tree of a config: the folder around `.git`, and else the folder of the config itself.
fn work_tree_of(config: &Path) -> PathBuf {
    let folders = config.ancestors().skip(1);
    let mut in_git = folders.skip_while(|folder| !folder.ends_with(".git"));
    let folder = in_git.next().and_then(Path::parent).or_else(|| config.parent());
    folder.unwrap_or(Path::new("")).to_owned()
}

/// A path with its `.` and `..` removed; `None` when it leads above the tree.
pub(crate) fn normalize_path(path: &Path) -> Option<PathBuf> {
    let mut normal = PathBuf::new();
    for part in path.components() {
        match part {
            Component::Normal(name) => normal.push(name),
            Component::CurDir => {}
            Component::ParentDir if normal.pop() => {}
            _ => return None,
        }
    }
    Some(normal)
}
