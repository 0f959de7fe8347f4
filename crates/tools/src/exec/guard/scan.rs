//! Finds the guarded files of a directory tree and keeps their contents.

use std::collections::{BTreeMap, HashMap};
use std::ffi::OsString;
use std::fs::{self, Metadata};
use std::os::unix::fs::{MetadataExt, PermissionsExt};
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime};

use openclaw_core::FileProtection::{
    self, AgentInstructions, BuildPipeline, EditorSettings, GitData, ProjectSettings,
};

use crate::workspace::find_protection;

/// The largest file whose content is kept, in bytes.
const MAX_FILE_BYTES: u64 = 1 << 20;
/// The most guarded entries, and the most directories that are searched for them.
const MAX_ENTRIES: usize = 20_000;
const MAX_DIRECTORIES: usize = 100_000;
/// A directory that changed so recently could change again without a new time.
const TIME_GRANULARITY: Duration = Duration::from_millis(50);

/// Files of a Git directory that decide what Git runs, and where it finds the rest of itself.
const GIT_FILES: [&str; 4] = ["config", "config.worktree", "commondir", "gitdir"];

/// The guarded entries of a tree.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct GuardSnapshot {
    /// By path, relative to the tree.
    pub(crate) entries: BTreeMap<PathBuf, GuardedEntry>,
    /// Whether the tree is too large to find all of them.
    pub(crate) is_incomplete: bool,
}

/// A guarded file, link or directory.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct GuardedEntry {
    pub(crate) kind: GuardKind,
    pub(crate) content: EntryContent,
}

/// How an entry is guarded.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum GuardKind {
    /// A file in the directory of a repository, or that directory itself.
    GitDirectory,
    /// No command changes it.
    Fixed(FileProtection),
    /// It is usually a part of a repository, so a change of the branch changes it.
    Versioned(FileProtection),
}

/// What is at a path.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum EntryContent {
    File {
        bytes: Vec<u8>,
        mode: u32,
    },
    /// A file that is too large to be kept, by its identity, size and time.
    LargeFile([i128; 4]),
    Link(PathBuf),
    Directory,
    /// A device, a pipe or a socket.
    Special,
}

/// Directories that were searched, so that those without a change are not read again.
#[derive(Debug, Default)]
pub(crate) struct DirectoryCache(HashMap<PathBuf, CachedDirectory>);

#[derive(Debug, Clone)]
struct CachedDirectory {
    /// The device, the inode and the time of the last change.
    stamp: [i128; 3],
    listing: Listing,
}

/// What a search needs to know of a directory.
#[derive(Debug, Clone, Default)]
struct Listing {
    directories: Vec<OsString>,
    /// Names that may be guarded.
    candidates: Vec<OsString>,
    /// Whether Git takes it for a repository.
    is_git_directory: bool,
}

impl DirectoryCache {
    /// Takes a snapshot of the tree at `root`.
    pub(crate) fn take_snapshot(&mut self, root: &Path) -> GuardSnapshot {
        let mut snapshot = GuardSnapshot::default();
        let mut pending = vec![PathBuf::new()];
        let mut searched = 0;
        while let Some(relative) = pending.pop() {
            searched += 1;
            if searched > MAX_DIRECTORIES || snapshot.entries.len() > MAX_ENTRIES {
                snapshot.is_incomplete = true;
                break;
            }
            let listing = self.list_directory(&root.join(&relative));
            if listing.is_git_directory {
                snapshot.add_git_directory(root, &relative);
                continue;
            }
            for name in &listing.candidates {
                let path = relative.join(name);
                if let Some(kind) = guard_kind(&path) {
                    snapshot.add_tree(root, &path, kind);
                }
            }
            pending.extend(listing.directories.iter().map(|name| relative.join(name)));
        }
        if searched > self.0.len().saturating_mul(4) + 1000 {
            self.0.clear();
        }
        snapshot
    }

    fn list_directory(&mut self, path: &Path) -> Listing {
        let Ok(metadata) = fs::symlink_metadata(path) else { return Listing::default() };
        let stamp = [metadata.dev().into(), metadata.ino().into(), change_time_ns(&metadata)];
        if let Some(cached) = self.0.get(path).filter(|cached| cached.stamp == stamp) {
            return cached.listing.clone();
        }
        let listing = read_listing(path);
        let age = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default();
        let age = i128::try_from(age.as_nanos()).unwrap_or(i128::MAX) - change_time_ns(&metadata);
        if age > i128::try_from(TIME_GRANULARITY.as_nanos()).unwrap_or(i128::MAX) {
            self.0.insert(path.to_owned(), CachedDirectory { stamp, listing: listing.clone() });
        } else {
            self.0.remove(path);
        }
        listing
    }
}

fn read_listing(path: &Path) -> Listing {
    let mut listing = Listing::default();
    let (mut has_head, mut has_objects, mut has_refs) = (false, false, false);
    let entries = fs::read_dir(path).into_iter().flatten().flatten();
    for entry in entries {
        let name = entry.file_name();
        has_head |= name == "HEAD";
        has_objects |= name == "objects";
        has_refs |= name == "refs";
        // What is guarded by its own name is searched as such; a pair of names is guarded by the
        // second one, whose directory is searched as any other.
        let is_directory = entry.file_type().is_ok_and(|kind| kind.is_dir());
        let is_guarded = find_protection(Path::new(&name)).is_some();
        if is_guarded || !is_directory {
            listing.candidates.push(name);
        } else {
            listing.candidates.push(name.clone());
            listing.directories.push(name);
        }
    }
    listing.is_git_directory = has_head && has_objects && has_refs;
    listing
}

/// How an entry is guarded, by its path in the tree; `None` for one that is not.
fn guard_kind(path: &Path) -> Option<GuardKind> {
    let protection = find_protection(path)?;
    let name = path.file_name()?.to_string_lossy().to_lowercase();
    // Written by the program itself, and only read by anybody.
    if protection == ProjectSettings && path.ends_with(".openclaw/outputs") {
        return None;
    }
    Some(match protection {
        GitData if name.strip_suffix(".git").is_some() || name == "git~1" => {
            GuardKind::GitDirectory
        }
        // Only with `objects` and `refs` beside it, which is a Git directory.
        GitData if name == "head" => return None,
        GitData if name == ".gitconfig" || name == "git" => GuardKind::Fixed(protection),
        GitData | EditorSettings | BuildPipeline | AgentInstructions => {
            GuardKind::Versioned(protection)
        }
        _ => GuardKind::Fixed(protection),
    })
}

impl GuardSnapshot {
    /// Adds an entry and all that is beneath it.
    fn add_tree(&mut self, root: &Path, path: &Path, kind: GuardKind) {
        if self.entries.len() > MAX_ENTRIES {
            self.is_incomplete = true;
            return;
        }
        let full = root.join(path);
        let Some(content) = read_content(&full) else { return };
        let is_directory = content == EntryContent::Directory;
        if is_directory && kind == GuardKind::GitDirectory {
            self.add_git_directory(root, path);
            return;
        }
        self.entries.insert(path.to_owned(), GuardedEntry { kind, content });
        if !is_directory {
            return;
        }
        for entry in fs::read_dir(&full).into_iter().flatten().flatten() {
            let child = path.join(entry.file_name());
            if !child.ends_with(".openclaw/outputs") {
                self.add_tree(root, &child, kind);
            }
        }
    }

    /// Adds what is guarded of a Git directory, with those of its submodules and worktrees.
    fn add_git_directory(&mut self, root: &Path, path: &Path) {
        let kind = GuardKind::GitDirectory;
        if let Some(content) = read_content(&root.join(path)) {
            self.entries.insert(path.to_owned(), GuardedEntry { kind, content });
        }
        for name in GIT_FILES {
            let file = path.join(name);
            if let Some(content) = read_content(&root.join(&file)) {
                self.entries.insert(file, GuardedEntry { kind, content });
            }
        }
        self.add_hooks(root, &path.join("hooks"));
        for group in ["worktrees", "modules"] {
            let group = path.join(group);
            for entry in fs::read_dir(root.join(&group)).into_iter().flatten().flatten() {
                let child = group.join(entry.file_name());
                if entry.file_type().is_ok_and(|kind| kind.is_dir())
                    && self.entries.len() <= MAX_ENTRIES
                {
                    self.add_git_directory(root, &child);
                }
            }
        }
    }

    fn add_hooks(&mut self, root: &Path, path: &Path) {
        let kind = GuardKind::GitDirectory;
        let Some(content) = read_content(&root.join(path)) else { return };
        let is_directory = content == EntryContent::Directory;
        self.entries.insert(path.to_owned(), GuardedEntry { kind, content });
        if is_directory && self.entries.len() <= MAX_ENTRIES {
            for entry in fs::read_dir(root.join(path)).into_iter().flatten().flatten() {
                // Examples that Git does not run.
                if !entry.file_name().to_string_lossy().ends_with(".sample") {
                    self.add_hooks(root, &path.join(entry.file_name()));
                }
            }
        }
    }
}

/// Reads what is at a path, without following a link; `None` when there is nothing.
pub(crate) fn read_content(path: &Path) -> Option<EntryContent> {
    let metadata = fs::symlink_metadata(path).ok()?;
    let kind = metadata.file_type();
    Some(if kind.is_symlink() {
        EntryContent::Link(fs::read_link(path).ok()?)
    } else if kind.is_dir() {
        EntryContent::Directory
    } else if !kind.is_file() {
        EntryContent::Special
    } else if metadata.len() > MAX_FILE_BYTES {
        EntryContent::LargeFile([
            metadata.dev().into(),
            metadata.ino().into(),
            metadata.len().into(),
            change_time_ns(&metadata),
        ])
    } else {
        let mode = metadata.permissions().mode() & 0o777;
        EntryContent::File { bytes: fs::read(path).unwrap_or_default(), mode }
    })
}

fn change_time_ns(metadata: &Metadata) -> i128 {
    i128::from(metadata.ctime()) * 1_000_000_000 + i128::from(metadata.ctime_nsec())
}
