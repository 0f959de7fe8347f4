//! The program's own files: no tool reads or writes them, whatever path or link leads there.

use std::collections::HashSet;
use std::fs::Metadata;
use std::os::unix::fs::MetadataExt as _;
use std::path::{Path, PathBuf};

use crate::workspace::protection::fold_name;

/// The most entries that are compared with a file that has several names.
const MAX_COMPARED_ENTRIES: usize = 50_000;

/// Files and folders that no tool touches.
#[derive(Debug, Default)]
pub(crate) struct PrivatePaths {
    /// Absolute and without symbolic links as far as they exist.
    paths: Vec<PathBuf>,
    /// The workspace, which may be inside one of them.
    workspace: PathBuf,
}

impl PrivatePaths {
    /// Paths that need not exist. One that the workspace is inside of keeps its other parts
    /// private.
    pub(crate) fn new(paths: impl IntoIterator<Item = PathBuf>, workspace: &Path) -> Self {
        let mut all: Vec<PathBuf> = Vec::new();
        for path in paths {
            let path = std::path::absolute(&path).unwrap_or(path);
            all.push(resolve_existing_part(&path));
            // The place of a link itself, which could be replaced.
            all.extend(
                path.parent()
                    .map(resolve_existing_part)
                    .zip(path.file_name())
                    .map(|(folder, name)| folder.join(name)),
            );
        }
        all.sort_unstable();
        all.dedup();
        Self { paths: all, workspace: workspace.to_owned() }
    }

    /// Whether an absolute path without symbolic links is private.
    pub(crate) fn contains(&self, path: &Path) -> bool {
        self.paths.iter().any(|private| {
            let is_around_workspace =
                self.workspace != *private && self.workspace.starts_with(private);
            let is_exempt = is_around_workspace && path.starts_with(&self.workspace);
            !is_exempt && is_beneath(path, private)
        })
    }

    /// Whether a file is another name of a private one. When that can't be told, it counts as one.
    pub(crate) fn contains_file(&self, file: &Metadata) -> bool {
        file.nlink() > 1 && self.collect_identities().contains_file(file)
    }

    /// The private files by their identity, to compare many files with.
    pub(crate) fn collect_identities(&self) -> PrivateIdentities {
        let mut identities = HashSet::new();
        let mut pending = self.paths.clone();
        while let Some(path) = pending.pop() {
            if identities.len() >= MAX_COMPARED_ENTRIES {
                return PrivateIdentities(None);
            }
            let Ok(metadata) = std::fs::symlink_metadata(&path) else { continue };
            identities.insert((metadata.dev(), metadata.ino()));
            if metadata.is_dir() && path != self.workspace {
                let entries = std::fs::read_dir(&path).into_iter().flatten();
                pending.extend(entries.filter_map(|entry| Some(entry.ok()?.path())));
            }
        }
        PrivateIdentities(Some(identities))
    }
}

/// The private files by device and inode; `None` when there are too many to tell.
#[derive(Debug)]
pub(crate) struct PrivateIdentities(Option<HashSet<(u64, u64)>>);

impl PrivateIdentities {
    /// Whether a file with several names may be a private one.
    pub(crate) fn contains_file(&self, file: &Metadata) -> bool {
        let identity = (file.dev(), file.ino());
        self.0.as_ref().is_none_or(|identities| identities.contains(&identity))
    }
}

/// Whether a path is another one or beneath it, on the most lenient file system.
pub(crate) fn is_beneath(path: &Path, parent: &Path) -> bool {
    let mut names = path.components();
    parent.components().all(|expected| {
        names.next().is_some_and(|name| {
            name == expected
                || fold_name(&name.as_os_str().to_string_lossy())
                    == fold_name(&expected.as_os_str().to_string_lossy())
        })
    })
}

/// Resolves the symbolic links of the part of a path that exists.
pub(crate) fn resolve_existing_part(path: &Path) -> PathBuf {
    for existing in path.ancestors() {
        if let (Ok(resolved), Ok(rest)) =
            (std::fs::canonicalize(existing), path.strip_prefix(existing))
        {
            return if rest.as_os_str().is_empty() { resolved } else { resolved.join(rest) };
        }
    }
    path.to_owned()
}
