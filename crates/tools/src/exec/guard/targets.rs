//! What settings that are already there make Git and others use: hooks in a folder of the work tree,
//! included config, programs that are named, and the targets of guarded links.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Component, Path, PathBuf};

use openclaw_core::FileProtection::{GitData, LoginKeys, ShellStartup};
use openclaw_fs::LinklessDirectory;

use super::entry::{EntryContent, GuardKind};
use super::git_config::{ConfigTarget, find_config_targets};
use super::scan::{GuardSnapshot, GuardedTree};
use super::zone::is_of_packages;
use crate::workspace::{find_own_protection, protection_behind_link};

/// How many configs may include each other, and how many links may lead to each other.
const MAX_CHAIN: usize = 8;
/// The largest config that is read for what it names.
const MAX_CONFIG_BYTES: u64 = 1 << 20;

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
                    GuardKind::GitDirectory => GuardKind::Fixed(GitData),
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
    search.add_user_configs();
    search.add_home_links();
    search.found
}

/// The configs of a user, in the home directory.
const USER_CONFIGS: [&str; 2] = [".gitconfig", ".config/git/config"];
/// Commands in an `.envrc` whose arguments are read, run, or searched for programs.
const LOADING_COMMANDS: [&str; 9] = [
    ".",
    "source",
    "source_env",
    "source_env_if_exists",
    "dotenv",
    "dotenv_if_exists",
    "load_prefix",
    "PATH_add",
    "path_add",
];

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
            match target {
                ConfigTarget::Included(value) => {
                    let kind = GuardKind::Fixed(GitData);
                    let Some(path) = self.add(folder, Path::new(&value), kind) else { continue };
                    let Some(left) = left.checked_sub(1) else { continue };
                    if let Some(text) = self.read(&path) {
                        self.add_config(&path, work_tree, &text, left);
                    }
                }
                target => self.add_program(work_tree, &target),
            }
        }
    }

    /// Adds the folder of hooks or the program that a config names. A word without a path counts
    /// when a file in the work tree has its name, as the argument of an interpreter could.
    fn add_program(&mut self, work_tree: &Path, target: &ConfigTarget) {
        let kind = GuardKind::Fixed(GitData);
        match target {
            ConfigTarget::Hooks(value) => {
                self.add(work_tree, Path::new(value), kind);
            }
            ConfigTarget::Program(value) => {
                let path = self.tree.path.join(work_tree).join(value);
                if path.is_file() || (value.contains('/') && !path.is_dir()) {
                    self.add(work_tree, Path::new(value), kind);
                }
            }
            ConfigTarget::Included(_) => {}
        }
    }

    /// Adds what the user's own config of Git, outside of the tree, names in it.
    fn add_user_configs(&mut self) {
        let work_trees: BTreeSet<PathBuf> = self
            .snapshot
            .git_directories
            .iter()
            .map(|folder| work_tree_of(&folder.join("config")))
            .collect();
        let mut configs: Vec<(PathBuf, PathBuf)> = Vec::new();
        for home in &self.tree.homes {
            configs.extend(USER_CONFIGS.map(|name| (home.join(name), home.clone())));
        }
        configs.push((PathBuf::from("/etc/gitconfig"), PathBuf::from("/")));
        for _ in 0..MAX_CHAIN {
            let mut included = Vec::new();
            for (config, home) in &configs {
                // One in the tree is read where it is guarded.
                let Some(text) = read_small_file(config) else { continue };
                let folder = config.parent().unwrap_or(config);
                for target in find_config_targets(&text) {
                    let target = target.map_value(|value| expand_home(value, home));
                    match &target {
                        ConfigTarget::Included(value) => {
                            self.add(folder, Path::new(value), GuardKind::Fixed(GitData));
                            included.push((folder.join(value), home.clone()));
                        }
                        other => work_trees.iter().for_each(|tree| self.add_program(tree, other)),
                    }
                }
            }
            if included.is_empty() {
                return;
            }
            configs = included;
        }
    }

    /// Adds the files of the tree that protected links in a home directory lead to.
    fn add_home_links(&mut self) {
        for home in self.tree.homes.clone() {
            for folder in [home.clone(), home.join(".config"), home.join(".ssh")] {
                let entries = std::fs::read_dir(&folder).into_iter().flatten().flatten();
                for link in entries.filter(|it| it.file_type().is_ok_and(|kind| kind.is_symlink()))
                {
                    let (path, name) = (link.path(), link.file_name());
                    let relative = path.strip_prefix(&home).unwrap_or(&path);
                    let protection = find_own_protection(relative, false)
                        .or_else(|| protection_behind_link(&name.to_string_lossy()))
                        .or_else(|| (folder.ends_with(".ssh")).then_some(LoginKeys));
                    if let (Some(protection), Ok(target)) = (protection, path.read_link()) {
                        self.add(&folder, &target, GuardKind::Fixed(protection));
                    }
                }
            }
        }
    }

    /// Adds what an `.envrc` reads or runs, or will when it is there.
    fn add_environment(&mut self, folder: &Path, text: &[u8]) {
        let kind = GuardKind::Fixed(ShellStartup);
        let text = String::from_utf8_lossy(text);
        let text = ["${PWD}/", "$PWD/", "$(pwd)/"]
            .iter()
            .fold(text.into_owned(), |text, here| text.replace(here, "./"));
        let separators = |c: char| c.is_whitespace() || "\"'`;&|()<>$={}:".contains(c);
        for line in text.lines() {
            let line = line.split_once(" #").map_or(line, |(line, _)| line);
            let mut is_loaded = false;
            for word in line.split(separators).filter(|word| !word.is_empty()) {
                let known = ENVIRONMENT_FILES.iter().filter(|(part, _)| word.contains(part));
                let files = known.flat_map(|(_, files)| files.iter().copied());
                for file in files {
                    self.add(folder, Path::new(file), kind);
                }
                let named = word.split_once('#').map_or(word, |(path, _)| path);
                let path = self.tree.path.join(folder).join(named);
                if path.is_file() || (is_loaded && !is_of_packages(Path::new(named))) {
                    self.add(folder, Path::new(named), kind);
                }
                is_loaded |= LOADING_COMMANDS.contains(&word);
            }
        }
    }

    /// Adds what a path leads to, which need not exist, with the chain of links on the way.
    fn add(&mut self, folder: &Path, target: &Path, kind: GuardKind) -> Option<PathBuf> {
        let mut path = self.resolve(folder, target)?;
        for _ in 0..MAX_CHAIN {
            let known = self.snapshot.entries.get(&path).map(|entry| entry.kind);
            let known = self.found.get(&path).copied().or(known);
            // What settings name is run, even if it is in a folder of versioned files.
            if known.is_none_or(|known| known.is_weaker_than(kind)) {
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
        let place = match (full.parent(), full.file_name()) {
            (Some(parent), Some(name)) => match std::fs::canonicalize(parent) {
                Ok(parent) => parent.join(name),
                Err(_) => Path::new("/").join(normalize_path(full.strip_prefix("/").ok()?)?),
            },
            _ => std::fs::canonicalize(&full).ok()?,
        };
        let relative = place.strip_prefix(&self.tree.path).ok()?.to_owned();
        let is_around = folder.starts_with(&relative);
        (!is_around).then_some(relative)
    }

    fn read(&self, path: &Path) -> Option<Vec<u8>> {
        let parent = self.tree.directory.open_beneath(path.parent()?).ok()?;
        parent.read_file(path.file_name()?, MAX_CONFIG_BYTES).ok()?
    }
}

fn expand_home(value: &str, home: &Path) -> String {
    match value.strip_prefix("~/") {
        Some(rest) => home.join(rest).to_string_lossy().into_owned(),
        None => value.to_owned(),
    }
}

fn read_small_file(path: &Path) -> Option<Vec<u8>> {
    let parent = LinklessDirectory::open(&std::fs::canonicalize(path.parent()?).ok()?).ok()?;
    if let Ok(text) = parent.read_file(path.file_name()?, MAX_CONFIG_BYTES) {
        return text;
    }
    // A link, as managers of such files make them.
    let place = std::fs::canonicalize(path).ok()?;
    let parent = LinklessDirectory::open(place.parent()?).ok()?;
    parent.read_file(place.file_name()?, MAX_CONFIG_BYTES).ok()?
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
