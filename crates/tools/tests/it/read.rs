//! `read`.

use std::os::unix::fs::symlink;

use openclaw_core::ToolEffect;
use serde_json::json;

use crate::support::Fixture;

#[tokio::test]
async fn a_file_is_returned_as_it_is() {
    let fixture = Fixture::new();
    fixture.put("src/a.txt", "one\r\n\ttwo\nlast");
    let output = fixture.call("read", json!({"path": "src/a.txt"})).await;
    assert_eq!(output.text, "one\r\n\ttwo\nlast");
    assert_eq!(output.summary.as_deref(), Some("3 lines"));
    assert!(!output.is_error);
}

#[tokio::test]
async fn a_long_file_is_read_on_from_where_it_says() {
    let fixture = Fixture::new();
    let lines: Vec<String> = (1..=2340).map(|line| format!("line {line}\n")).collect();
    fixture.put("a", lines.concat());
    let first = fixture.call("read", json!({"path": "a"})).await;
    assert!(first.text.starts_with("line 1\n"));
    assert!(
        first.text.ends_with("line 2000\n[340 more lines; read on with offset 2001]"),
        "{}",
        first.text
    );
    let rest = fixture.call("read", json!({"path": "a", "offset": 2001})).await;
    assert!(rest.text.starts_with("line 2001\n") && rest.text.ends_with("line 2340\n"));
    let some = fixture.call("read", json!({"path": "a", "offset": 5.0, "limit": 1})).await;
    assert_eq!(some.text, "line 5\n[2335 more lines; read on with offset 6]");
    let past = fixture.call("read", json!({"path": "a", "offset": 9000})).await;
    assert!(past.is_error);
    assert_eq!(past.text, "offset 9000 is past the end: there are 2340 lines");
}

#[tokio::test]
async fn what_models_send_for_nothing_is_taken_as_nothing() {
    let fixture = Fixture::new();
    fixture.put("a", "one\n");
    for arguments in [
        json!({"path": "a", "offset": 0, "limit": 0}),
        json!({"path": "./a", "offset": null, "limit": -1}),
        json!({"path": "b/../a", "offset": -3}),
        json!({"path": fixture.path("a")}),
    ] {
        std::fs::create_dir_all(fixture.path("b")).unwrap();
        assert_eq!(fixture.call("read", arguments).await.text, "one\n");
    }
}

#[tokio::test]
async fn a_directory_is_listed() {
    let fixture = Fixture::new();
    for name in ["b.txt", "dir/x", "a", "odd\nname"] {
        fixture.put(name, "");
    }
    symlink("b.txt", fixture.path("link")).unwrap();
    let output = fixture.call("read", json!({"path": "."})).await;
    assert_eq!(output.text, "a\nb.txt\ndir/\nlink -> b.txt\nodd\\nname\n");
    assert_eq!(output.summary.as_deref(), Some("5 entries"));
    let output = fixture.call("read", json!({"path": "dir/", "limit": 1})).await;
    assert_eq!(output.text, "x\n");
    let output = fixture.call("read", json!({"path": ".", "offset": 2, "limit": 2})).await;
    assert_eq!(output.text, "b.txt\ndir/\n[2 more lines; read on with offset 4]");
}

#[tokio::test]
async fn binary_and_empty_files_are_named_as_such() {
    let fixture = Fixture::new();
    fixture.put("a.bin", b"\x7fELF\0\0\0");
    fixture.put("empty", "");
    let output = fixture.call("read", json!({"path": "a.bin"})).await;
    assert_eq!(output.text, "[`a.bin` is a binary file of 7 bytes]");
    assert_eq!(fixture.call("read", json!({"path": "empty"})).await.text, "[empty]");
}

#[tokio::test]
async fn a_missing_file_is_answered_with_what_there_is() {
    let fixture = Fixture::new();
    fixture.put("src/main.rs", "");
    fixture.put("src/args.rs", "");
    for (path, answer) in [
        ("src/mian.rs", "`src/mian.rs` does not exist; near it: `src/main.rs`"),
        ("src/Main.rs", "`src/Main.rs` does not exist; near it: `src/main.rs`"),
        ("sre/main.rs", "`sre/main.rs` does not exist; near it: `src`"),
        ("src/zzz", "`src/zzz` does not exist; `src` has `args.rs`, `main.rs`"),
        ("src/main.rs/x", "`src/main.rs/x`: a part of it is not a directory"),
    ] {
        let output = fixture.call("read", json!({"path": path})).await;
        assert!(output.is_error);
        assert_eq!(output.text, answer);
    }
}

#[test]
fn the_plan_is_a_relative_path() {
    let fixture = Fixture::new();
    for (path, planned) in [
        ("a//b/./c", "a/b/c"),
        ("", "refused"),
        (".", "."),
        (fixture.path("x/y").to_str().unwrap(), "x/y"),
        (fixture.path("").to_str().unwrap(), "."),
    ] {
        match fixture.plan("read", json!({"path": path})) {
            Ok(effect) => assert_eq!(effect, ToolEffect::Read { path: planned.to_owned() }),
            Err(_) => assert_eq!(planned, "refused"),
        }
    }
}
