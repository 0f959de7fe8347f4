//! `write`.

use std::fs;
use std::os::unix::fs::{MetadataExt, PermissionsExt, symlink};

use openclaw_core::{ToolContext, ToolEffect};
use serde_json::json;

use crate::support::{Fixture, Progress};

fn names(fixture: &Fixture, directory: &str) -> Vec<String> {
    let entries = fs::read_dir(fixture.path(directory)).unwrap();
    let mut names: Vec<_> =
        entries.map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
    names.sort();
    names
}

#[tokio::test]
async fn what_is_written_and_edited_is_reported_as_a_diff() {
    let fixture = Fixture::new();
    let progress = Progress::default();
    let context = ToolContext {
        time_limit: None,
        max_output_bytes: 50_000,
        takes_images: false,
        progress: &progress,
    };
    for (tool, arguments) in [
        ("write", json!({"path": "a", "content": "one\ntwo\n"})),
        ("write", json!({"path": "a", "content": "one\n2\n"})),
        ("edit", json!({"path": "a", "old_text": "one", "new_text": "1"})),
        ("edit", json!({"path": "a", "old_text": "none", "new_text": "1"})),
    ] {
        fixture.call_in(tool, arguments, context).await;
    }
    fixture.put("b", b"\xff");
    let binary = json!({"path": "b", "content": "text"});
    fixture.call_in("write", binary, context).await;
    let changes = progress.changes();
    let diffs: Vec<_> = changes.iter().map(|it| (it.path.as_str(), it.diff.as_str())).collect();
    assert_eq!(
        diffs,
        [
            ("a", "@@ -0,0 +1,2 @@\n+one\n+two\n"),
            ("a", "@@ -1,2 +1,2 @@\n one\n-two\n+2\n"),
            ("a", "@@ -1,2 +1,2 @@\n-one\n+1\n 2\n"),
            ("b", ""),
        ]
    );
    assert!(changes[3].is_truncated);
}

#[tokio::test]
async fn a_file_is_created_with_its_directories() {
    let fixture = Fixture::new();
    let arguments = json!({"path": "a/b/c.txt", "content": "héllo"});
    let planned = fixture.plan("write", arguments.clone()).unwrap();
    assert_eq!(
        planned,
        ToolEffect::Write { path: "a/b/c.txt".to_owned(), protection: None, change: None }
    );
    assert!(!fixture.path("a").exists());

    let output = fixture.call("write", arguments).await;
    assert!(!output.is_error, "{}", output.text);
    assert_eq!(output.text, "created `a/b/c.txt`, 6 bytes");
    assert_eq!(output.summary.as_deref(), Some("wrote 6 bytes"));
    assert_eq!(fixture.text("a/b/c.txt"), "héllo");
    assert_eq!(names(&fixture, "a/b"), ["c.txt"]);
    let mode = fs::metadata(fixture.path("a/b/c.txt")).unwrap().mode();
    assert_eq!(mode & 0o111, 0);
}

#[tokio::test]
async fn an_existing_file_keeps_its_mode_and_readers_of_the_old_one_their_content() {
    let fixture = Fixture::new();
    fixture.put("run.sh", "old");
    fs::set_permissions(fixture.path("run.sh"), fs::Permissions::from_mode(0o4751)).unwrap();
    let mut reader = fs::File::open(fixture.path("run.sh")).unwrap();

    let output = fixture.call("write", json!({"path": "run.sh", "content": "new"})).await;
    assert_eq!(output.text, "replaced `run.sh`, 3 bytes");
    assert_eq!(fixture.text("run.sh"), "new");
    // All permissions except setuid and setgid.
    assert_eq!(fs::metadata(fixture.path("run.sh")).unwrap().mode() & 0o7777, 0o751);
    let mut old = String::new();
    std::io::Read::read_to_string(&mut reader, &mut old).unwrap();
    assert_eq!(old, "old");
    assert_eq!(names(&fixture, "."), ["run.sh"]);
}

#[tokio::test]
async fn what_is_no_file_to_be_written_is_left_alone() {
    let fixture = Fixture::new();
    fixture.put("dir/x", "x");
    fixture.put("kept", "kept");
    fixture.put("locked", "locked");
    fs::set_permissions(fixture.path("locked"), fs::Permissions::from_mode(0o444)).unwrap();
    symlink("kept", fixture.path("link")).unwrap();
    symlink("nothing", fixture.path("dangling")).unwrap();
    for (path, answer) in [
        ("dir", "`dir` is a directory, not a file"),
        ("new/", "`new` is a directory, not a file"),
        (".", "`.` is a directory, not a file"),
        ("kept/x", "`kept/x`: a part of it is not a directory"),
        ("locked", "`locked` is read-only"),
        ("link", "`link` is a symbolic link to `kept`; write to that file by its own path"),
        (
            "dangling",
            "`dangling` is a symbolic link to `nothing`; write to that file by its own path",
        ),
        ("dangling/x", "`dangling/x` leads through a symbolic link that is not followed"),
        ("~/x", "`~/x`: `~` is not expanded; paths are relative to the workspace"),
    ] {
        let output = fixture.call("write", json!({"path": path, "content": "new"})).await;
        assert!(output.is_error);
        assert!(output.text.ends_with(answer), "{}", output.text);
    }
    assert_eq!(fixture.text("kept"), "kept");
    assert_eq!(fixture.text("locked"), "locked");
    assert_eq!(names(&fixture, "."), ["dangling", "dir", "kept", "link", "locked"]);
}

#[tokio::test]
async fn a_failed_write_leaves_no_trace() {
    let fixture = Fixture::new();
    fixture.put("kept", "kept");
    let long = "x".repeat(300);
    let output = fixture.call("write", json!({"path": long, "content": "new"})).await;
    assert!(output.is_error);
    assert_eq!(names(&fixture, "."), ["kept"]);
}

#[tokio::test]
async fn another_hard_link_keeps_its_content() {
    let fixture = Fixture::new();
    fs::hard_link(fixture.outside().join("secret"), fixture.path("alias")).unwrap();
    let output = fixture.call("write", json!({"path": "alias", "content": "new"})).await;
    assert!(output.text.ends_with("(it was a hard link: its other names keep the old content)"));
    assert_eq!(fixture.text("alias"), "new");
    fixture.assert_outside_untouched();
}
