//! Walks a directory tree by its handles: no path is opened twice, and no link is followed.

use std::cell::OnceCell;
use std::ffi::OsStr;
use std::fs::File;
use std::io::{self, Read};
use std::ops::ControlFlow;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Instant;

use ignore::Match;
use ignore::gitignore::{Gitignore, GitignoreBuilder};
use ignore::overrides::Override;
use openclaw_fs::{DirectoryEntry, DirectoryHandle, EntryKind};

use crate::workspace::files::MAX_NAMES;
use crate::workspace::private_paths::PrivateIdentities;
use crate::workspace::{RelativePath, ToolPathError, Workspace};

/// The deepest directory that is walked; each level holds a descriptor.
const MAX_DEPTH: usize = 100;
/// The most entries of one walk.
const MAX_ENTRIES: usize = 500_000;
/// The files whose patterns leave entries out.
const IGNORE_FILES: [&str; 2] = [".gitignore", ".ignore"];
/// The largest of these files that is read.
const MAX_IGNORE_BYTES: u64 = 1 << 20;
/// The walked folder in the paths that patterns are compared with.
const PATTERN_ROOT: &str = "/";
/// The directory of Git's data, which is not walked.
const GIT_DIRECTORY: &str = ".git";

/// What a walk visits.
#[derive(Debug)]
pub(crate) struct WalkOptions {
    /// How many levels below the directory; at least 1.
    pub(crate) max_depth: usize,
    /// Whether entries are visited whose names begin with a dot, and those that `.gitignore` names.
    pub(crate) include_hidden: bool,
    /// The patterns that a visited entry must match; directories are walked anyway.
    pub(crate) filter: Option<Override>,
    pub(crate) cancellation: WalkCancellation,
}

/// When a walk ends early.
#[derive(Debug, Clone)]
pub(crate) struct WalkCancellation {
    pub(crate) is_cancelled: Arc<AtomicBool>,
    pub(crate) deadline: Instant,
}

/// An entry that a walk visits.
#[derive(Debug)]
pub(crate) struct WalkEntry<'a> {
    /// Its path, relative to the same folder as the walked path.
    pub(crate) path: PathBuf,
    pub(crate) kind: EntryKind,
    walk: &'a TreeWalk<'a>,
    directory: &'a DirectoryHandle,
    name: &'a OsStr,
}

/// What a walk left out.
#[derive(Debug, Default, Clone, Copy)]
pub(crate) struct WalkReport {
    /// Entries that are hidden or ignored.
    pub(crate) hidden_entries: usize,
    /// Directories that could not be read.
    pub(crate) unreadable_directories: usize,
    /// Whether the walk ended before everything was visited, for another reason than the visitor.
    pub(crate) is_incomplete: bool,
}

impl WalkCancellation {
    pub(crate) fn is_over(&self) -> bool {
        self.is_cancelled.load(Ordering::Relaxed) || Instant::now() >= self.deadline
    }
}

impl WalkEntry<'_> {
    /// Opens a regular file for reading; `None` when it is none by now, or belongs to the program
    /// itself under another name.
    pub(crate) fn open_file(&self) -> Option<File> {
        use std::os::unix::fs::MetadataExt as _;
        let file = self.directory.open_child_file(self.name).ok()?;
        let metadata = file.metadata().ok()?;
        let is_private =
            metadata.nlink() > 1 && self.walk.private_identities().contains_file(&metadata);
        (!is_private).then_some(file)
    }

    /// The target of a symbolic link.
    pub(crate) fn link_target(&self) -> PathBuf {
        self.directory.link_target(Path::new(self.name)).unwrap_or_default()
    }
}

/// A walk under way.
#[derive(Debug)]
struct TreeWalk<'a> {
    workspace: &'a Workspace,
    options: &'a WalkOptions,
    private: OnceCell<PrivateIdentities>,
}

/// What changes during a walk.
struct WalkState<'v> {
    report: WalkReport,
    visited: usize,
    /// The patterns of the directories on the way, the innermost last.
    ignored: Vec<Gitignore>,
    visit: &'v mut dyn FnMut(&WalkEntry<'_>) -> ControlFlow<()>,
}

/// A directory of the walk.
struct WalkedDirectory<'a> {
    handle: &'a DirectoryHandle,
    /// Relative to the folder that paths are relative to; empty for that folder.
    path: &'a Path,
    /// Without symbolic links.
    real_path: PathBuf,
    depth: usize,
}

impl Workspace {
    /// Visits the entries below a directory in the order of their paths. What belongs to the
    /// program itself is not visited, and neither is the content of `.git`.
    ///
    /// # Errors
    /// When the path is not a directory that can be opened.
    pub(crate) fn walk_directory(
        &self,
        path: &RelativePath,
        options: &WalkOptions,
        visit: &mut dyn FnMut(&WalkEntry<'_>) -> ControlFlow<()>,
    ) -> Result<WalkReport, ToolPathError> {
        let refuse = |error| self.describe_error(path, error);
        let handle = path.directory().open_directory(path.as_path()).map_err(refuse)?;
        let location = path.directory().locate_directory(path.as_path()).map_err(refuse)?;
        let real_path = handle.real_path().map_err(refuse)?;
        let walk = TreeWalk { workspace: self, options, private: OnceCell::new() };
        let shown = if path.as_path() == Path::new(".") { Path::new("") } else { path.as_path() };
        let outer = location.relative_path();
        let mut state =
            WalkState { report: WalkReport::default(), visited: 0, ignored: Vec::new(), visit };
        if !options.include_hidden {
            let above: Vec<&Path> = outer.ancestors().skip(1).collect();
            for directory in above.into_iter().rev() {
                let handle =
                    path.directory().open_directory(&join_dot(directory)).map_err(refuse)?;
                state.ignored.extend(read_ignore_file(&handle, directory));
            }
        }
        let directory = WalkedDirectory { handle: &handle, path: shown, real_path, depth: 1 };
        // Patterns apply to the place of the directory, whatever links the path goes through.
        let _ = walk.visit_directory(&directory, outer, &mut state);
        Ok(state.report)
    }
}

impl TreeWalk<'_> {
    fn private_identities(&self) -> &PrivateIdentities {
        self.private.get_or_init(|| self.workspace.private.collect_identities())
    }

    fn visit_directory(
        &self,
        directory: &WalkedDirectory<'_>,
        place: &Path,
        state: &mut WalkState<'_>,
    ) -> ControlFlow<()> {
        if self.workspace.is_private_path(&directory.real_path) {
            return ControlFlow::Continue(());
        }
        let Ok(entries) = directory.handle.read_directory(Path::new("."), MAX_NAMES) else {
            state.report.unreadable_directories += 1;
            return ControlFlow::Continue(());
        };
        state.report.is_incomplete |= entries.len() == MAX_NAMES;
        let depth_before = state.ignored.len();
        if !self.options.include_hidden {
            state.ignored.extend(read_ignore_file(directory.handle, place));
        }
        let flow =
            entries.iter().try_for_each(|entry| self.visit_entry(directory, place, entry, state));
        state.ignored.truncate(depth_before);
        flow
    }

    fn visit_entry(
        &self,
        directory: &WalkedDirectory<'_>,
        place: &Path,
        entry: &DirectoryEntry,
        state: &mut WalkState<'_>,
    ) -> ControlFlow<()> {
        state.visited += 1;
        if state.visited > MAX_ENTRIES || self.options.cancellation.is_over() {
            state.report.is_incomplete = true;
            return ControlFlow::Break(());
        }
        let real_path = directory.real_path.join(&entry.name);
        if self.workspace.is_private_path(&real_path) {
            return ControlFlow::Continue(());
        }
        let place = place.join(&entry.name);
        let is_directory = entry.kind == EntryKind::Directory;
        let pattern_path = Path::new(PATTERN_ROOT).join(&place);
        if !self.options.include_hidden
            && (entry.name.as_encoded_bytes().starts_with(b".")
                || is_ignored(&state.ignored, &pattern_path, is_directory))
        {
            state.report.hidden_entries += 1;
            return ControlFlow::Continue(());
        }
        let is_wanted = self.options.filter.as_ref().is_none_or(|filter| {
            let path = directory.path.join(&entry.name);
            match filter.matched(Path::new(PATTERN_ROOT).join(path), is_directory) {
                Match::Whitelist(_) => true,
                Match::Ignore(_) => false,
                // Only patterns that exclude, or a directory whose files may match.
                Match::None => !is_directory,
            }
        });
        let path = directory.path.join(&entry.name);
        if is_wanted {
            let (name, kind, handle) = (entry.name.as_os_str(), entry.kind, directory.handle);
            let visited =
                WalkEntry { path: path.clone(), kind, walk: self, directory: handle, name };
            (state.visit)(&visited)?;
        }
        let is_walked =
            is_directory && entry.name != GIT_DIRECTORY && directory.depth < self.options.max_depth;
        if !is_walked {
            return ControlFlow::Continue(());
        }
        if directory.depth >= MAX_DEPTH {
            state.report.is_incomplete = true;
            return ControlFlow::Continue(());
        }
        let opened = directory.handle.open_child_directory(&entry.name);
        let Some((handle, real_path)) =
            opened.ok().and_then(|handle| handle.real_path().ok().map(|real| (handle, real)))
        else {
            state.report.unreadable_directories += 1;
            return ControlFlow::Continue(());
        };
        // Moved elsewhere since it was read.
        if real_path != directory.real_path.join(&entry.name) {
            state.report.unreadable_directories += 1;
            return ControlFlow::Continue(());
        }
        let depth = directory.depth + 1;
        let child = WalkedDirectory { handle: &handle, path: &path, real_path, depth };
        self.visit_directory(&child, &place, state)
    }
}

/// Whether the innermost pattern that matches leaves an entry out.
fn is_ignored(patterns: &[Gitignore], path: &Path, is_directory: bool) -> bool {
    let mut matches = patterns.iter().rev().map(|patterns| patterns.matched(path, is_directory));
    matches.find(|found| !found.is_none()).is_some_and(|found| found.is_ignore())
}

/// The patterns of a directory's ignore files; `None` when it has none.
fn read_ignore_file(directory: &DirectoryHandle, place: &Path) -> Option<Gitignore> {
    let mut builder = GitignoreBuilder::new(Path::new(PATTERN_ROOT).join(place));
    let mut has_patterns = false;
    for name in IGNORE_FILES {
        let Ok(file) = directory.open_child_file(OsStr::new(name)) else { continue };
        let mut bytes = Vec::new();
        let read: io::Result<usize> = file.take(MAX_IGNORE_BYTES).read_to_end(&mut bytes);
        if read.is_err() {
            continue;
        }
        for line in String::from_utf8_lossy(&bytes).trim_start_matches('\u{feff}').lines() {
            // A line that is no pattern leaves nothing out.
            has_patterns |= builder.add_line(None, line).is_ok();
        }
    }
    if has_patterns { builder.build().ok() } else { None }
}

fn join_dot(path: &Path) -> PathBuf {
    Path::new(".").join(path)
}
