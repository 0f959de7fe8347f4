//! Which files are notes, and what becomes of changed, strange and foreign ones.

use std::os::unix::fs::symlink;
use std::sync::Arc;

use openclaw_memory::{MemoryIndex, MemoryIndexOptions, NoteFolder};

use crate::lab::{CHUNKS, Lab, MAX_BYTES, found_paths, write_file};

#[tokio::test]
async fn only_notes_are_searched() {
    let lab = Lab::new();
    for path in ["MEMORY.md", "USER.md", "memory/a.md", "memory/deep/er/b.MD"] {
        lab.write(path, "zebra");
    }
    for path in ["AGENTS.md", "zebra.md", "memory/c.txt", "memory/.trash/d.md", "memory/.e.md"] {
        lab.write(path, "zebra");
    }
    let mut found = found_paths(&lab.index(None), "zebra").await;
    found.sort_unstable();
    assert_eq!(found, ["MEMORY.md", "USER.md", "memory/a.md", "memory/deep/er/b.MD"]);
}

#[tokio::test]
async fn changed_renamed_and_deleted_notes_are_noticed_before_a_search() {
    let lab = Lab::new();
    let index = lab.index(None);
    lab.write("memory/a.md", "the zebra");
    assert_eq!(found_paths(&index, "zebra").await, ["memory/a.md"]);
    // The same size, within the same tick of the clock.
    lab.write("memory/a.md", "the okapi");
    assert_eq!(found_paths(&index, "zebra").await, [""; 0]);
    assert_eq!(found_paths(&index, "okapi").await, ["memory/a.md"]);
    std::fs::rename(lab.workspace().join("memory/a.md"), lab.workspace().join("memory/b.md"))
        .unwrap();
    assert_eq!(found_paths(&index, "okapi").await, ["memory/b.md"]);
    lab.remove("memory/b.md");
    assert_eq!(found_paths(&index, "okapi").await, [""; 0]);
    assert_eq!(index.status().await.unwrap().chunks, 0);
}

#[tokio::test]
async fn a_note_that_is_no_text_or_too_long_does_no_harm() {
    let lab = Lab::new();
    lab.write("memory/latin1.md", b"The caf\xe9 opens at nine, says the zebra.");
    lab.write("memory/binary.md", b"zebra\0zebra");
    lab.write("memory/empty.md", b"");
    let limit = usize::try_from(MAX_BYTES).unwrap();
    lab.write("memory/huge.md", format!("okapi\n{}\ngnu", "x y\n".repeat(limit)));
    lab.write("memory/line.md", "quagga ".repeat(5000));
    let index = lab.index(None);
    assert_eq!(found_paths(&index, "zebra").await, ["memory/latin1.md"]);
    assert_eq!(found_paths(&index, "okapi").await, ["memory/huge.md"]);
    assert_eq!(found_paths(&index, "gnu").await, [""; 0]);
    assert!(!found_paths(&index, "quagga").await.is_empty());
    assert_eq!(index.status().await.unwrap().truncated, ["memory/huge.md"]);
}

#[tokio::test]
async fn no_link_leads_out_of_the_workspace() {
    let lab = Lab::new();
    let outside = lab.folder.path().join("secret");
    write_file(&outside.join("key.md"), b"zebra");
    write_file(&lab.workspace().join("docs/inside.md"), b"okapi");
    symlink(outside.join("key.md"), lab.workspace().join("memory/file.md")).unwrap();
    symlink("../../secret/key.md", lab.workspace().join("memory/relative.md")).unwrap();
    symlink(&outside, lab.workspace().join("memory/folder")).unwrap();
    symlink("../docs/inside.md", lab.workspace().join("memory/inside.md")).unwrap();
    let index = lab.index(None);
    assert_eq!(found_paths(&index, "zebra").await, [""; 0]);
    assert_eq!(found_paths(&index, "okapi").await, ["memory/inside.md"]);
    for path in ["memory/file.md", "memory/relative.md", "memory/folder/key.md", "../secret/key.md"]
    {
        assert_eq!(index.read_note(path, 1, None).unwrap(), None, "{path}");
    }
    // A link whose file changes.
    write_file(&lab.workspace().join("docs/inside.md"), b"gnu");
    assert_eq!(found_paths(&index, "gnu").await, ["memory/inside.md"]);
    // The folder of notes itself.
    std::fs::remove_dir_all(lab.workspace().join("memory")).unwrap();
    symlink(&outside, lab.workspace().join("memory")).unwrap();
    assert_eq!(found_paths(&index, "zebra").await, [""; 0]);
    assert_eq!(index.read_note("memory/key.md", 1, None).unwrap(), None);
}

#[tokio::test]
async fn a_refused_file_is_neither_searched_nor_read() {
    let lab = Lab::new();
    lab.write("memory/private.md", "zebra");
    lab.write("memory/open.md", "zebra");
    let notes = NoteFolder::open(&lab.workspace(), MAX_BYTES).unwrap();
    let notes =
        notes.with_filter(Arc::new(|place, _| !place.absolute_path().ends_with("private.md")));
    let path = lab.index_path();
    let index =
        MemoryIndex::new(MemoryIndexOptions { path, notes, chunks: CHUNKS, embedder: None });
    assert_eq!(found_paths(&index, "zebra").await, ["memory/open.md"]);
    assert_eq!(index.read_note("memory/private.md", 1, None).unwrap(), None);
}

#[tokio::test]
async fn lines_of_a_note_can_be_read() {
    let lab = Lab::new();
    lab.write("MEMORY.md", "one\ntwo\nthree\nfour\n");
    let index = lab.index(None);
    let read = |first, count| index.read_note("MEMORY.md", first, count).unwrap().unwrap();
    assert_eq!(read(1, None).text, "one\ntwo\nthree\nfour");
    let passage = read(2, Some(2));
    assert_eq!(
        (passage.text.as_str(), passage.line_count, passage.total_lines),
        ("two\nthree", 2, 4)
    );
    assert_eq!((read(9, None).text.as_str(), read(0, Some(1)).text.as_str()), ("", "one"));
    assert_eq!(index.read_note("memory/none.md", 1, None).unwrap(), None);
}

#[tokio::test]
async fn the_index_is_for_its_owner_only() {
    use std::os::unix::fs::PermissionsExt as _;
    let lab = Lab::new();
    lab.write("MEMORY.md", "zebra");
    found_paths(&lab.index(None), "zebra").await;
    let mode = |path: &std::path::Path| std::fs::metadata(path).unwrap().permissions().mode();
    assert_eq!(mode(&lab.index_path()) & 0o777, 0o600);
    assert_eq!(mode(lab.index_path().parent().unwrap()) & 0o777, 0o700);
}
