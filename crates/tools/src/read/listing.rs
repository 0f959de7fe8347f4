//! Formats a directory: one entry per line.

use std::fmt::Write;

use openclaw_fs::{DirectoryEntry, EntryKind};

use crate::workspace::{MAX_NAMES, RelativePath};

/// Lists names in order: `name`, `directory/`, `link -> target`, `pipe (named pipe)`. Control
/// characters in names are escaped.
pub(crate) fn format_listing(directory: &RelativePath, names: &[DirectoryEntry]) -> String {
    let mut text = String::new();
    for entry in names {
        let name = entry.name.to_string_lossy();
        if name.contains(char::is_control) {
            text.extend(name.escape_debug());
        } else {
            text.push_str(&name);
        }
        // Writing to a string cannot fail.
        let _ = match entry.kind {
            EntryKind::Directory => writeln!(text, "/"),
            EntryKind::File | EntryKind::Unknown => writeln!(text),
            EntryKind::SymbolicLink => {
                let target =
                    directory.directory().link_target(&directory.as_path().join(&entry.name));
                writeln!(
                    text,
                    " -> {}",
                    target.unwrap_or_default().to_string_lossy().escape_debug()
                )
            }
            other => writeln!(text, " ({other})"),
        };
    }
    if names.len() == MAX_NAMES {
        let _ = writeln!(text, "… only the first {MAX_NAMES} entries that were found");
    }
    text
}
