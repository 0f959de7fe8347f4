//! Paths that lead astray elsewhere: each is refused, or is exactly the name that it says.

use std::fs;
use std::os::unix::fs::symlink;
use std::os::unix::net::UnixListener;

use rustix::fs::{CWD, FileType, Mode, mknodat};
use serde_json::{Value, json};

use crate::support::{Fixture, SECRET};

/// What must come of a path.
#[derive(Debug, Clone, Copy, PartialEq)]
enum Expected {
    /// No tool reads or writes it.
    Refused,
    /// It is a name of the workspace, whatever it looks like.
    ExactName,
}
use Expected::{ExactName, Refused};

fn paths(fixture: &Fixture) -> Vec<(String, Expected)> {
    let absolute = fixture.outside().join("secret").to_str().unwrap().to_owned();
    let fixed = [
        ("../outside/secret", Refused),
        ("a/../../outside/secret", Refused),
        ("dir/up/../outside/secret", Refused),
        ("/etc/passwd", Refused),
        ("//etc/passwd", Refused),
        ("/", Refused),
        ("..", Refused),
        ("../", Refused),
        ("~/x", Refused),
        ("~", Refused),
        ("", Refused),
        ("a\0b", Refused),
        ("a\nb", Refused),
        ("a\u{1b}[2Jb", Refused),
        ("a\u{9b}b", Refused),
        ("absolute-out", Refused),
        ("relative-out", Refused),
        ("directory-out/secret", Refused),
        ("directory-out/new", Refused),
        ("directory-out/new/deep", Refused),
        ("chain-0", Refused),
        ("loop", Refused),
        ("dangling", Refused),
        ("/proc/self/root/etc/passwd", Refused),
        ("root/etc/passwd", Refused),
        ("/proc/self/fd/0", Refused),
        ("fd/0", Refused),
        ("/dev/stdin", Refused),
        ("/dev/fd/3", Refused),
        ("/dev/zero", Refused),
        ("/sys/kernel/uevent_seqnum", Refused),
        ("pipe", Refused),
        ("socket", Refused),
        ("dir/x/y", Refused),
        ("@x", ExactName),
        ("file:///x", ExactName),
        ("%2e%2e/x", ExactName),
        ("%2e%2e%2fx", ExactName),
        (r"a\..\..\x", ExactName),
        (r"C:\x", ExactName),
        ("C:x", ExactName),
        (r"\\?\x", ExactName),
        ("CON", ExactName),
        ("NUL.txt", ExactName),
        ("trailing.", ExactName),
        ("trailing ", ExactName),
        (" leading", ExactName),
        ("caf\u{e9}", ExactName),
        ("cafe\u{301}", ExactName),
        ("...", ExactName),
        ("..x", ExactName),
        ("-rf", ExactName),
        ("$HOME", ExactName),
        ("${HOME}/x", ExactName),
        ("a;b", ExactName),
        ("*", ExactName),
        ("./~", ExactName),
        ("dir/./new", ExactName),
        ("dir//other", ExactName),
        ("other:/x", ExactName),
    ];
    let long = "x".repeat(300);
    let deep = vec!["d"; 3_000].join("/");
    let mut all: Vec<_> =
        fixed.iter().map(|(path, expected)| ((*path).to_owned(), *expected)).collect();
    all.extend([
        (absolute.clone(), Refused),
        (format!("/proc/self/root{absolute}"), Refused),
        (format!("root{absolute}"), Refused),
        (long, Refused),
        (deep, Refused),
    ]);
    all
}

#[tokio::test]
async fn each_path_is_refused_or_is_exactly_its_name() {
    let fixture = Fixture::new();
    fixture.put("dir/x", "inside");
    symlink(fixture.outside().join("secret"), fixture.path("absolute-out")).unwrap();
    symlink("../outside/secret", fixture.path("relative-out")).unwrap();
    symlink("../outside", fixture.path("directory-out")).unwrap();
    symlink("../outside/none", fixture.path("dangling")).unwrap();
    symlink("loop", fixture.path("loop")).unwrap();
    symlink("..", fixture.path("dir/up")).unwrap();
    symlink("/proc/self/root", fixture.path("root")).unwrap();
    symlink("/proc/self/fd", fixture.path("fd")).unwrap();
    for number in 0..41 {
        let target = format!("chain-{}", number + 1);
        symlink(target, fixture.path(&format!("chain-{number}"))).unwrap();
    }
    fixture.put("chain-41", "end");
    mknodat(CWD, fixture.path("pipe"), FileType::Fifo, Mode::from_raw_mode(0o666), 0).unwrap();
    let _socket = UnixListener::bind(fixture.path("socket")).unwrap();
    let paths = paths(&fixture);
    for (path, expected) in &paths {
        let write = json!({"path": path, "content": "odd"});
        let read = json!({"path": path});
        let edit = json!({"path": path, "old_text": "canary", "new_text": "x"});
        let search = json!({"path": path, "pattern": "."});
        let calls: [(&str, Value); 4] =
            [("write", write), ("read", read), ("edit", edit), ("search", search)];
        let shown = path.get(..40).unwrap_or(path);
        for (tool, arguments) in calls {
            let output = fixture.call(tool, arguments).await;
            assert!(!output.text.contains(SECRET), "{tool} {shown}: {}", output.text);
            assert!(output.text.len() < 1_000, "{tool} {shown}");
            let is_listed_root = tool == "search" && path.is_empty();
            match expected {
                Refused if is_listed_root => {}
                Refused => assert!(output.is_error, "{tool} {shown}: {}", output.text),
                ExactName if tool == "edit" => assert!(output.is_error, "{shown}"),
                ExactName => assert!(!output.is_error, "{tool} {shown}: {}", output.text),
            }
        }
        if *expected == ExactName {
            assert_eq!(fs::read_to_string(fixture.path(path)).unwrap(), "odd", "{shown}");
        }
        fixture.assert_outside_untouched();
    }
    println!("{} paths, each with 4 tools", paths.len());
}
