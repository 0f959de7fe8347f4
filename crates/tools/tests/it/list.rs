//! `list` and `search` show what is below a directory, and nothing else.

use std::fs;
use std::os::unix::fs::symlink;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};

use openclaw_tools::{Workspace, core_tools};
use rustix::fs::{CWD, FileType, Mode, RenameFlags, mknodat, renameat_with};
use serde_json::{Value, json};

use crate::support::{Fixture, SECRET, call, exec_options, save};

async fn text(fixture: &Fixture, tool: &str, arguments: Value) -> String {
    let output = fixture.call(tool, arguments).await;
    assert!(!output.is_error, "{}", output.text);
    output.text
}

fn small_project() -> Fixture {
    let fixture = Fixture::new();
    fixture.put("src/main.rs", "fn main() {\n    run();\n}\n");
    fixture.put("src/deep/er/lib.rs", "pub fn run() {}\n");
    fixture.put("README.md", "run it\r\nand again\r\n");
    fixture.put("target/out.rs", "run\n");
    fixture.put("src/skip.log", "run\n");
    fixture.put(".hidden", "run\n");
    fixture.put(".git/config", "run\n");
    fixture.put(".gitignore", "target/\n");
    fixture.put("src/.gitignore", "*.log\n!keep.log\n");
    fixture.put("src/keep.log", "run\n");
    fixture
}

#[tokio::test]
async fn a_directory_is_listed_by_level_without_hidden_and_ignored_entries() {
    let fixture = small_project();
    let left_out = "[4 hidden or ignored left out; `hidden` shows them]";
    assert_eq!(text(&fixture, "list", json!({})).await, format!("README.md\nsrc/\n{left_out}"));
    assert_eq!(
        text(&fixture, "list", json!({"depth": 2})).await,
        format!(
            "README.md\nsrc/\nsrc/deep/\nsrc/keep.log\nsrc/main.rs\n{}",
            left_out.replace('4', "6")
        )
    );
    assert_eq!(
        text(&fixture, "list", json!({"path": "src", "hidden": true})).await,
        "src/.gitignore\nsrc/deep/\nsrc/keep.log\nsrc/main.rs\nsrc/skip.log\n"
    );
    // What is named is listed, whatever the patterns above say.
    assert_eq!(text(&fixture, "list", json!({"path": "target"})).await, "target/out.rs\n");
    assert_eq!(text(&fixture, "list", json!({"path": ".git"})).await, ".git/config\n");
    let whole = text(&fixture, "list", json!({"depth": 9, "hidden": true})).await;
    assert!(whole.contains(".git/\n") && !whole.contains(".git/config"), "{whole}");
}

#[tokio::test]
async fn a_glob_finds_files_at_any_depth() {
    let fixture = small_project();
    for (arguments, expected) in [
        (json!({"glob": "*.rs"}), "src/deep/er/lib.rs\nsrc/main.rs\n"),
        (json!({"glob": "*.rs", "depth": 2}), "src/main.rs\n"),
        (json!({"glob": "src/*.rs"}), "src/main.rs\n"),
        (json!({"glob": "deep/**/*.rs", "path": "src"}), "src/deep/er/lib.rs\n"),
        (json!({"glob": "*.{md,log}, !keep*"}), "README.md\n"),
        (json!({"glob": "deep/"}), "src/deep/\n"),
        (json!({"glob": "nothing*"}), "[nothing matches"),
    ] {
        let text = text(&fixture, "list", arguments.clone()).await;
        let shown = text.split("[4 hidden").next().unwrap().split("[6 hidden").next().unwrap();
        let shown = shown.split("[2 hidden").next().unwrap();
        let shown = if shown.starts_with("[nothing") { "[nothing matches" } else { shown };
        assert_eq!(shown, expected, "{arguments}: {text}");
    }
    let error = fixture.plan("list", json!({"glob": "a["})).unwrap_err();
    assert!(error.problem.starts_with("`glob`: "), "{}", error.problem);
}

#[tokio::test]
async fn lines_are_found_with_their_file_and_number() {
    let fixture = small_project();
    for (arguments, expected) in [
        (
            json!({"pattern": r"\brun\b"}),
            "README.md\n1:run it\n\nsrc/deep/er/lib.rs\n1:pub fn run() {}\n\n\
             src/keep.log\n1:run\n\nsrc/main.rs\n2:    run();\n\
             [6 hidden or ignored left out; `hidden` shows them]",
        ),
        (
            json!({"pattern": "run();", "literal": true, "path": "src/main.rs", "context": 1}),
            "src/main.rs\n1-fn main() {\n2:    run();\n3-}\n",
        ),
        (
            json!({"pattern": "AGAIN$", "ignore_case": true, "path": "README.md"}),
            "README.md\n2:and again\n",
        ),
        (
            json!({"pattern": "fn", "glob": "*.rs", "limit": 1, "path": "src"}),
            "src/deep/er/lib.rs\n1:pub fn run() {}\n[only the first 1 matching lines; narrow it \
             with `pattern`, `path` or `glob`; 1 hidden or ignored left out; `hidden` shows them]",
        ),
        (
            json!({"pattern": "absent", "glob": "*.md"}),
            "[no line matches in 1 file; 6 hidden or ignored left out; `hidden` shows them]",
        ),
    ] {
        assert_eq!(text(&fixture, "search", arguments.clone()).await, expected, "{arguments}");
    }
}

#[tokio::test]
async fn binary_and_special_files_are_skipped_and_long_lines_cut() {
    let fixture = Fixture::new();
    fixture.put("a.bin", b"needle\n\0needle\n");
    fixture.put("long", format!("{}needle{}\n", "é".repeat(5_000), "x".repeat(5_000)));
    fixture.put("utf16", b"\xff\xfen\0e\0e\0d\0l\0e\0\n\0");
    fixture.put("latin", b"caf\xe9 needle\n");
    mknodat(CWD, fixture.path("pipe"), FileType::Fifo, Mode::from_raw_mode(0o666), 0).unwrap();
    symlink("long", fixture.path("link")).unwrap();
    let found = text(&fixture, "search", json!({"pattern": "needle"})).await;
    let lines: Vec<&str> = found.lines().collect();
    assert_eq!((lines[0], lines[1]), ("latin", "1:caf\u{fffd} needle"));
    assert_eq!(lines[3], "long");
    assert!(
        lines[4].starts_with("1:…é") && lines[4].contains("needlex") && lines[4].ends_with('…')
    );
    assert!(lines[4].len() < 500);
    assert_eq!(&lines[6..], ["utf16", "1:needle", "[1 binary files skipped]"]);
    let listed = text(&fixture, "list", json!({})).await;
    assert!(listed.contains("link -> long\n") && listed.contains("pipe (named pipe)\n"));
}

#[tokio::test]
async fn what_is_too_much_is_cut_and_told() {
    let fixture = Fixture::new();
    for number in 0..1_200 {
        save(&fixture.path(&format!("file-{number:04}")), "needle\n");
    }
    let listed = text(&fixture, "list", json!({})).await;
    assert_eq!(listed.lines().count(), 1_001);
    assert!(listed.ends_with("[only the first 1000; narrow it with `path`, `glob` or `depth`]"));
    let found = text(&fixture, "search", json!({"pattern": "needle", "limit": 5_000})).await;
    assert!(found.contains("[only the first 1000 matching lines"));
    let context = openclaw_core::ToolContext {
        time_limit: None,
        max_output_bytes: 2_000,
        takes_images: false,
        progress: &(),
    };
    for (tool, arguments) in [("list", json!({})), ("search", json!({"pattern": "needle"}))] {
        let output = fixture.call_in(tool, arguments, context).await;
        assert!(output.text.len() <= 2_000 && output.text.contains("[only the first"));
    }
}

#[tokio::test]
async fn names_cannot_write_to_a_terminal() {
    let fixture = Fixture::new();
    save(&fixture.path("a\u{1b}[31m\nb"), "needle\n");
    for (tool, arguments) in [("list", json!({})), ("search", json!({"pattern": "needle"}))] {
        let text = text(&fixture, tool, arguments).await;
        assert!(text.starts_with(r"a\u{1b}[31m\nb"), "{text:?}");
    }
}

#[tokio::test]
async fn the_programs_own_files_are_not_shown_by_any_way() {
    let home = tempfile::tempdir().unwrap();
    let state = home.path().join("state");
    let inside = state.join("workspace");
    fs::create_dir_all(inside.join("own")).unwrap();
    fs::create_dir_all(state.join("sessions")).unwrap();
    save(&state.join("sessions/db"), SECRET);
    save(&inside.join("own/db"), SECRET);
    save(&inside.join("plain"), "canary-plain\n");
    fs::hard_link(state.join("sessions/db"), inside.join("alias")).unwrap();
    let workspace = Workspace::open(&inside).unwrap();
    let workspace = workspace.with_private_paths([state.clone(), inside.join("own")]);
    let root = openclaw_tools::NamedRoot {
        name: "home".to_owned(),
        path: home.path().to_owned(),
        is_writable: true,
    };
    let tools = core_tools(workspace.with_named_roots([root]), exec_options());
    let context = openclaw_core::ToolContext {
        time_limit: None,
        max_output_bytes: 50_000,
        takes_images: false,
        progress: &(),
    };
    for path in [".", "home:/", "home:/state", "home:/state/workspace"] {
        for (tool, arguments) in [
            ("list", json!({"path": path, "depth": 9, "hidden": true})),
            ("search", json!({"path": path, "pattern": "canary", "hidden": true})),
        ] {
            let tool = tools.iter().find(|it| it.spec().name.as_str() == tool).unwrap();
            let planned = tool.plan_call(&call(tool.spec().name.as_str(), arguments)).unwrap();
            let text = planned.run(context).await.text;
            assert!(!text.contains(SECRET) && !text.contains("sessions"), "{path}: {text}");
            assert!(!text.contains("own"), "{path}: {text}");
        }
    }
    let write = tools.iter().find(|it| it.spec().name.as_str() == "write").unwrap();
    for path in ["home:/state/openclaw.json", "home:/state/sessions/db", "own/db"] {
        let planned = write.plan_call(&call("write", json!({"path": path, "content": "x"})));
        let output = planned.unwrap().run(context).await;
        assert!(output.is_error && output.text.contains("belongs to the state"), "{}", output.text);
    }
}

/// Sets the flag when dropped, after a failed assertion too.
struct StopOnDrop<'a>(&'a AtomicBool);

impl Drop for StopOnDrop<'_> {
    fn drop(&mut self) {
        self.0.store(true, Ordering::Relaxed);
    }
}

/// How often a directory is swapped for a link while it is walked.
const SWAPS: usize = 3_000;

#[test]
fn a_directory_swapped_for_a_link_during_a_walk_never_leads_outside() {
    let swaps_wanted = option_env!("OPENCLAW_TEST_SWAPS");
    let swaps_wanted = swaps_wanted.map_or(SWAPS, |text| text.parse().unwrap());
    let fixture = Fixture::new();
    fixture.put("dir/sub/file", "harmless canary-inside\n");
    symlink("../outside", fixture.path("link")).unwrap();
    let (dir, link) = (fixture.path("dir"), fixture.path("link"));
    let (done, swaps) = (AtomicBool::new(false), AtomicUsize::new(0));
    let (mut walked, mut refused) = (0, 0);
    std::thread::scope(|scope| {
        scope.spawn(|| {
            while !done.load(Ordering::Relaxed) {
                renameat_with(CWD, &dir, CWD, &link, RenameFlags::EXCHANGE).unwrap();
                swaps.fetch_add(1, Ordering::Relaxed);
            }
        });
        let _stop = StopOnDrop(&done);
        let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
        runtime.block_on(async {
            while swaps.load(Ordering::Relaxed) < swaps_wanted || walked < 20 || refused < 20 {
                for path in [".", "dir", "dir/sub", "link"] {
                    let search = json!({"path": path, "pattern": "canary", "hidden": true});
                    let list = json!({"path": path, "depth": 5, "hidden": true});
                    for (tool, arguments) in [("search", search), ("list", list)] {
                        let output = fixture.call(tool, arguments).await;
                        assert!(!output.text.contains("secret"), "{}", output.text);
                        assert!(!output.text.contains(SECRET), "{}", output.text);
                        let counted = if output.is_error { &mut refused } else { &mut walked };
                        *counted += 1;
                    }
                }
            }
        });
    });
    fixture.assert_outside_untouched();
    println!("{} swaps, {walked} walks, {refused} refused", swaps.into_inner());
}
