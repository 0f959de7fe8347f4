//! `edit`.

use openclaw_core::{ToolEffect, ToolOutput};
use proptest::prelude::*;
use serde_json::json;

use crate::support::Fixture;

async fn edit(fixture: &Fixture, old: &str, new: &str, all: bool) -> ToolOutput {
    let arguments = json!({"path": "a", "old_text": old, "new_text": new, "all": all});
    assert_eq!(
        fixture.plan("edit", arguments.clone()),
        Ok(ToolEffect::Write { path: "a".to_owned(), protection: None, change: None })
    );
    fixture.call("edit", arguments).await
}

#[tokio::test]
async fn one_place_is_changed_and_told_by_line() {
    for (content, old, new, result, lines) in [
        ("one\ntwo\nthree", "two", "2\n2b", "one\n2\n2b\nthree", "lines 2-3"),
        ("one\ntwo\nthree", "three", "3", "one\ntwo\n3", "line 3"),
        ("one\ntwo\nthree\n", "two\n", "", "one\nthree\n", "line 2"),
        ("one\r\ntwo\r\n", "one\ntwo", "1\n2", "1\r\n2\r\n", "lines 1-2"),
        ("one\r\ntwo", "one\r\ntwo", "1\r\n2", "1\r\n2", "lines 1-2"),
        ("\u{feff}one\n", "one", "1", "\u{feff}1\n", "line 1"),
        ("mixed\r\nends\n", "ends\n", "END\n", "mixed\r\nEND\n", "line 2"),
    ] {
        let fixture = Fixture::new();
        fixture.put("a", content);
        let output = edit(&fixture, old, new, false).await;
        assert_eq!(output.text, format!("changed `a` at {lines}"));
        assert_eq!(output.summary.as_deref(), Some(lines));
        assert_eq!(fixture.text("a"), result);
    }
}

#[tokio::test]
async fn every_place_is_changed_if_all_are_meant() {
    let fixture = Fixture::new();
    fixture.put("a", "x = 1\nx = 2\ny\nx x\n");
    let output = edit(&fixture, "x", "long\nname", true).await;
    assert_eq!(output.text, "changed `a` at lines 1-2, 3-4, 6-7, 7-8");
    assert_eq!(fixture.text("a"), "long\nname = 1\nlong\nname = 2\ny\nlong\nname long\nname\n");
}

#[tokio::test]
async fn a_text_that_is_not_there_once_is_explained() {
    let fixture = Fixture::new();
    let content = "fn main() {\n\tlet a = 1;\n\tlet b = 2;\n}\naaa\n";
    for (old, new, answer) in [
        ("let", "var", "occurs 2 times, at lines 2, 3; give more of the text around"),
        ("aa", "b", "occurs 2 times, at lines 5, 5;"),
        ("", "b", "`old_text` is empty; use `write`"),
        ("let a", "let a", "`old_text` and `new_text` are the same"),
        (
            "    let a = 1;\n    let b = 2;\n",
            "x",
            "line 2 differs only in white space. The file has:\n\tlet a = 1;\n\tlet b = 2;\n",
        ),
        ("fn main() {\r\n", "x", "line 1 differs only in line ends (the file has LF, not CRLF)"),
        (
            "fn main() {\n\tlet c = 3;\n",
            "x",
            "its first line is at line 1, but then it differs. The file has:\nfn main() {\n\tlet a",
        ),
        ("let z = 0;", "let b = 2;", "`new_text` is already at line 3"),
        ("nowhere", "x", "nothing is near it; read the file again"),
    ] {
        fixture.put("a", content);
        let output = edit(&fixture, old, new, false).await;
        assert!(output.is_error);
        assert!(output.text.starts_with("`a` is not changed: "), "{}", output.text);
        assert!(output.text.contains(answer), "{}", output.text);
        assert_eq!(fixture.text("a"), content);
    }
}

#[tokio::test]
async fn several_edits_are_made_at_once_or_not_at_all() {
    let content = "\u{feff}one\r\ntwo\r\nthree\r\ntwo\r\n";
    let pair = |old: &str, new: &str| json!({"old_text": old, "new_text": new});
    let both = [pair("three\n", "3\nIII\n"), pair("one", "1")];
    let text = serde_json::to_string(&both).unwrap();
    for edits in [json!(both), json!(text)] {
        let fixture = Fixture::new();
        fixture.put("a", content);
        let output = fixture.call("edit", json!({"path": "a", "edits": edits})).await;
        assert_eq!(output.text, "changed `a` at lines 1, 3-4");
        assert_eq!(fixture.text("a"), "\u{feff}1\r\ntwo\r\n3\r\nIII\r\ntwo\r\n");
    }
    let fixture = Fixture::new();
    let table = [
        (json!([pair("one", "1"), pair("two", "2")]), "edit 2: `old_text` occurs 2 times"),
        (json!([pair("one", "1"), pair("none", "2")]), "edit 2: `old_text` does not occur"),
        (json!([pair("one\ntwo", "1"), pair("two\nth", "2")]), "edit 2: `old_text` overlaps"),
        (json!([]), "there is nothing to replace"),
        (json!("[1"), "expected a list of edits"),
        (json!([{"old_text": "one"}]), "missing field `new_text`"),
    ];
    for (edits, problem) in table {
        fixture.put("a", content);
        let output = fixture.call("edit", json!({"path": "a", "edits": edits})).await;
        assert!(output.is_error && output.text.contains(problem), "{}", output.text);
        assert_eq!(fixture.text("a"), content);
    }
}

#[tokio::test]
async fn the_names_that_other_agents_give_the_arguments_are_understood() {
    for arguments in [
        json!({"path": "a", "oldText": "x", "newText": "y", "all": true}),
        json!({"path": "a", "old_string": "x", "new_string": "y", "replace_all": true}),
        json!({"path": "a", "edits": [{"oldText": "x", "newText": "y", "all": true}]}),
        json!({"path": "a", "edits": {"old_string": "x", "new_string": "y"}, "replaceAll": true}),
    ] {
        let fixture = Fixture::new();
        fixture.put("a", "x x");
        let output = fixture.call("edit", arguments.clone()).await;
        assert_eq!(fixture.text("a"), "y y", "{arguments} {}", output.text);
    }
}

#[tokio::test]
async fn a_file_that_changed_since_it_was_read_must_be_read_again() {
    let fixture = Fixture::new();
    fixture.put("dir/a", "one");
    std::os::unix::fs::symlink("dir", fixture.path("link")).unwrap();
    let edit = |old: &str, new: &str| json!({"path": "dir/a", "old_text": old, "new_text": new});
    let read = json!({"path": "link/a"});
    fixture.call("read", read.clone()).await;
    // What the tools write themselves is seen.
    for (old, new) in [("one", "two"), ("two", "three")] {
        assert!(!fixture.call("edit", edit(old, new)).await.is_error);
    }
    fixture.put("dir/a", "three and more");
    let write = json!({"path": "dir/a", "content": "new"});
    for (tool, arguments) in [("edit", edit("three", "3")), ("write", write.clone())] {
        let output = fixture.call(tool, arguments).await;
        assert!(output.is_error && output.text.contains("read it again"), "{}", output.text);
        assert_eq!(fixture.text("dir/a"), "three and more");
    }
    fixture.call("read", read).await;
    assert!(!fixture.call("edit", edit("three", "3")).await.is_error);
    std::fs::remove_file(fixture.path("dir/a")).unwrap();
    assert!(!fixture.call("write", write).await.is_error);
    assert_eq!(fixture.text("dir/a"), "new");
}

#[tokio::test]
async fn only_text_files_are_edited() {
    let fixture = Fixture::new();
    fixture.put("a", b"caf\xe9 x");
    let output = edit(&fixture, "x", "y", false).await;
    assert_eq!(output.text, "`a` is not UTF-8 text");
    assert_eq!(std::fs::read(fixture.path("a")).unwrap(), b"caf\xe9 x");
    std::fs::remove_file(fixture.path("a")).unwrap();
    std::fs::create_dir(fixture.path("a")).unwrap();
    assert_eq!(edit(&fixture, "x", "y", false).await.text, "`a` is a directory, not a file");
}

proptest! {
    #[test]
    fn any_edit_does_what_replacing_does(
        before in "(a|b|\r|\n|\r\n){0,9}", old in "(a|b|\n|\r\n){1,3}",
        new in "(a|b|c|\n|\r\n){0,3}", all: bool,
    ) {
        let fixture = Fixture::new();
        fixture.put("a", &before);
        let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
        let output = runtime.block_on(edit(&fixture, &old, &new, all));
        let after = fixture.text("a");
        let is_crlf = before.contains("\r\n") && before.replace("\r\n", "").matches('\n').count() == 0;
        if output.is_error {
            prop_assert_eq!(after, before);
        } else if is_crlf {
            prop_assert_eq!(after.replace("\r\n", "").matches('\n').count(), 0);
        } else {
            prop_assert_eq!(after, before.replace(&old, &new));
        }
    }
}
