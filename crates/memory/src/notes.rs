//! The notes: `MEMORY.md`, `USER.md` and the Markdown files below `memory/` of a workspace, read
//! through its open directory.

use std::fmt;
use std::fs::File;
use std::io::{self, Read as _};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use openclaw_fs::{
    DirectoryHandle, EntryKind, EntryLocation, FileVersion, LocatedEntry, OpenedEntry,
};

use crate::error::MemoryError;

/// The notes at the top of the workspace.
const TOP_NOTES: [&str; 2] = ["MEMORY.md", "USER.md"];
/// The folder with all others.
const NOTE_FOLDER: &str = "memory";
/// The deepest folder below `memory/` that is read.
const MAX_DEPTH: usize = 16;
/// The most names that are read of one folder.
const MAX_NAMES: usize = 50_000;
/// The most notes.
const MAX_NOTES: usize = 100_000;

/// Whether a file, opened at this place, may be read.
pub type NoteFilter = Arc<dyn Fn(&EntryLocation, &File) -> bool + Send + Sync>;

/// The notes of a workspace. A path never leads outside: links are followed only as far as they stay
/// in the workspace, and those to folders not at all.
#[derive(Clone)]
pub struct NoteFolder {
    directory: Arc<DirectoryHandle>,
    path: PathBuf,
    filter: Option<NoteFilter>,
    max_bytes: u64,
}

/// A note that exists.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct NoteEntry {
    /// The path in the workspace, with `/`.
    pub(crate) path: String,
    /// Differs when the file changes; `None` for a link, whose file may change on its own.
    pub(crate) version: Option<FileVersion>,
}

/// The notes that exist, sorted by path.
#[derive(Debug, Default)]
pub(crate) struct NoteListing {
    pub(crate) notes: Vec<NoteEntry>,
    /// Folders that could not be read, or are too deep or too many.
    pub(crate) unread: Vec<String>,
}

/// The content of a note.
#[derive(Debug)]
pub(crate) struct NoteContent {
    pub(crate) text: String,
    pub(crate) version: FileVersion,
    /// Whether the file is longer.
    pub(crate) is_truncated: bool,
}

/// Lines of a note.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NotePassage {
    /// The path in the workspace.
    pub path: String,
    /// The number of the first line, from 1.
    pub first_line: usize,
    /// How many lines follow, with that one.
    pub line_count: usize,
    /// How many lines the note has.
    pub total_lines: usize,
    /// The lines.
    pub text: String,
}

impl fmt::Debug for NoteFolder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("NoteFolder").field("path", &self.path).finish_non_exhaustive()
    }
}

impl NoteFolder {
    /// Opens the notes of a workspace, of each of which at most `max_bytes` are read.
    ///
    /// # Errors
    /// When the workspace is no readable directory.
    pub fn open(workspace: &Path, max_bytes: u64) -> Result<Self, MemoryError> {
        let opened = DirectoryHandle::open(workspace);
        let directory =
            opened.map_err(|source| MemoryError::Notes { path: workspace.to_owned(), source })?;
        let (directory, path) = (Arc::new(directory), workspace.to_owned());
        Ok(Self { directory, path, filter: None, max_bytes })
    }

    /// Leaves out the files that the filter refuses.
    #[must_use]
    pub fn with_filter(self, filter: NoteFilter) -> Self {
        Self { filter: Some(filter), ..self }
    }

    /// The path that it was opened with, for display only.
    #[must_use]
    pub fn path(&self) -> &Path {
        &self.path
    }

    pub(crate) fn max_bytes(&self) -> u64 {
        self.max_bytes
    }

    pub(crate) fn list_notes(&self) -> NoteListing {
        let mut listing = NoteListing::default();
        for name in TOP_NOTES {
            let kind = self.directory.entry_metadata(Path::new(name)).map(|entry| entry.kind);
            if let Ok(kind) = kind {
                push_note(&mut listing, &self.directory, name, name.to_owned(), kind);
            }
        }
        if let Ok(folder) = self.directory.open_child_directory(NOTE_FOLDER.as_ref()) {
            visit_folder(&mut listing, &folder, NOTE_FOLDER, 0);
        }
        listing.notes.sort_by(|a, b| a.path.cmp(&b.path));
        listing
    }

    /// Reads a note; `None` when it is gone, is no regular file, leads outside, or may not be read.
    pub(crate) fn read_note(&self, path: &str) -> io::Result<Option<NoteContent>> {
        let path = Path::new(path);
        let Ok(opened) = self.directory.open_located_entry(path, 0) else { return Ok(None) };
        let LocatedEntry { entry: OpenedEntry::File(file, version), location, .. } = opened else {
            return Ok(None);
        };
        if self.filter.as_ref().is_some_and(|is_permitted| !is_permitted(&location, &file)) {
            return Ok(None);
        }
        let mut bytes = Vec::new();
        file.take(self.max_bytes + 1).read_to_end(&mut bytes)?;
        let is_truncated = bytes.len() as u64 > self.max_bytes;
        if is_truncated {
            bytes.pop();
        }
        // No text. Bytes that are no UTF-8 may be of another encoding, and are replaced.
        let text = if bytes.contains(&0) {
            String::new()
        } else {
            String::from_utf8_lossy(&bytes).trim_start_matches('\u{feff}').to_owned()
        };
        Ok(Some(NoteContent { text, version, is_truncated }))
    }

    /// Reads lines of a note; `None` when there is no such note.
    pub(crate) fn read_passage(
        &self,
        path: &str,
        first_line: usize,
        line_count: Option<usize>,
    ) -> io::Result<Option<NotePassage>> {
        let Some(path) = note_path(path) else { return Ok(None) };
        let Some(content) = self.read_note(&path)? else { return Ok(None) };
        let first_line = first_line.max(1);
        let wanted = content.text.lines().skip(first_line - 1);
        let lines: Vec<&str> = wanted.take(line_count.unwrap_or(usize::MAX)).collect();
        Ok(Some(NotePassage {
            first_line,
            line_count: lines.len(),
            total_lines: content.text.lines().count(),
            text: lines.join("\n"),
            path,
        }))
    }
}

/// The path of a note as it is listed; `None` when no note can have it.
fn note_path(path: &str) -> Option<String> {
    let path = path.trim();
    let path = path.strip_prefix("./").unwrap_or(path);
    let parts: Vec<&str> = path.split('/').collect();
    let is_plain = parts.iter().all(|part| !part.is_empty() && !part.starts_with('.'));
    let is_below = parts.len() > 1 && parts.first() == Some(&NOTE_FOLDER) && is_markdown(path);
    (is_plain && (TOP_NOTES.contains(&path) || is_below)).then(|| path.to_owned())
}

fn is_markdown(name: &str) -> bool {
    Path::new(name).extension().is_some_and(|extension| extension.eq_ignore_ascii_case("md"))
}

fn visit_folder(listing: &mut NoteListing, folder: &DirectoryHandle, path: &str, depth: usize) {
    let Ok(entries) = folder.read_directory(Path::new("."), MAX_NAMES) else {
        listing.unread.push(path.to_owned());
        return;
    };
    if entries.len() >= MAX_NAMES {
        listing.unread.push(path.to_owned());
    }
    for entry in entries {
        // A name that is no UTF-8 could not be asked for.
        let Some(name) = entry.name.to_str().filter(|name| !name.starts_with('.')) else {
            continue;
        };
        let place = format!("{path}/{name}");
        if entry.kind != EntryKind::Directory {
            if is_markdown(name) {
                push_note(listing, folder, name, place, entry.kind);
            }
            continue;
        }
        match folder.open_child_directory(&entry.name) {
            Ok(child) if depth < MAX_DEPTH => visit_folder(listing, &child, &place, depth + 1),
            _ => listing.unread.push(place),
        }
    }
}

fn push_note(
    listing: &mut NoteListing,
    folder: &DirectoryHandle,
    name: &str,
    path: String,
    kind: EntryKind,
) {
    if listing.notes.len() >= MAX_NOTES {
        if listing.notes.len() == MAX_NOTES && listing.unread.last() != Some(&path) {
            listing.unread.push(path);
        }
        return;
    }
    let version = match kind {
        EntryKind::File => folder.child_version(name.as_ref()).ok(),
        EntryKind::SymbolicLink | EntryKind::Unknown => None,
        _ => return,
    };
    listing.notes.push(NoteEntry { path, version });
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_notes_have_a_path() {
        for (path, expected) in [
            ("MEMORY.md", Some("MEMORY.md")),
            ("./USER.md", Some("USER.md")),
            ("memory/2026-01-01.md", Some("memory/2026-01-01.md")),
            ("memory/a/b.MD", Some("memory/a/b.MD")),
            ("memory/a.txt", None),
            ("AGENTS.md", None),
            ("memory/../AGENTS.md", None),
            ("memory//a.md", None),
            ("memory/.obsidian/a.md", None),
            ("/MEMORY.md", None),
            ("memory", None),
        ] {
            assert_eq!(note_path(path).as_deref(), expected, "{path}");
        }
    }
}
