//! The program's own files: no tool reads or writes them, whatever path or link leads there.

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
    /// private, which no path of the workspace leads to.
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
            !is_around_workspace && is_beneath(path, private)
        })
    }

    /// Whether a file is another name of a private one. When that can't be told, it counts as one.
    pub(crate) fn contains_file(&self, file: &Metadata) -> bool {
        if file.nlink() < 2 {
            return false;
        }
        let mut pending = self.paths.clone();
        let mut compared = 0;
        while let Some(path) = pending.pop() {
            compared += 1;
            if compared > MAX_COMPARED_ENTRIES {
                return true;
            }
            let Ok(metadata) = std::fs::symlink_metadata(&path) else { continue };
            if (metadata.dev(), metadata.ino()) == (file.dev(), file.ino()) {
                return true;
            }
            if metadata.is_dir() && path != self.workspace {
                let entries = std::fs::read_dir(&path).into_iter().flatten();
                pending.extend(entries.filter_map(|entry| Some(entry.ok()?.path())));
            }
        }
        false
    }
}

/// Whether a path is another one or beneath it, on the most lenient file system.
fn is_beneath(path: &Path, parent: &Path) -> bool {
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
fn resolve_existing_part(path: &Path) -> PathBuf {
    for existing in path.ancestors() {
        if let (Ok(resolved), Ok(rest)) =
            (std::fs::canonicalize(existing), path.strip_prefix(existing))
        {
            return if rest.as_os_str().is_empty() { resolved } else { resolved.join(rest) };
        }
    }
    path.to_owned()
}
