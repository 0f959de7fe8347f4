//! Nothing outside the workspace is read or written, whatever the path.

use std::fs;
use std::os::unix::fs::symlink;
use std::os::unix::net::UnixListener;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};

use openclaw_core::ToolOutput;
use openclaw_tools::Workspace;
use proptest::prelude::*;
use rustix::fs::{CWD, FileType, Mode, RenameFlags, mknodat, renameat_with};
use serde_json::json;

use crate::support::{Fixture, SECRET};

/// Reads, writes and edits a path.
async fn touch(fixture: &Fixture, path: &str) -> [ToolOutput; 3] {
    [
        fixture.call("read", json!({"path": path})).await,
        fixture.call("write", json!({"path": path, "content": "written"})).await,
        fixture.call("edit", json!({"path": path, "old_text": "canary", "new_text": "x"})).await,
    ]
}

#[tokio::test]
async fn ways_out_are_refused() {
    let fixture = Fixture::new();
    fixture.put("dir/x", "");
    let outside = fixture.outside();
    symlink(&outside, fixture.path("out")).unwrap();
    symlink("../outside", fixture.path("relative")).unwrap();
    symlink("../outside/secret", fixture.path("file")).unwrap();
    symlink("../outside/new", fixture.path("dangling")).unwrap();
    symlink("/proc/self/root", fixture.path("root")).unwrap();
    symlink("..", fixture.path("dir/up")).unwrap();
    symlink("loop", fixture.path("loop")).unwrap();
    let absolute = outside.join("secret");
    let through_root = format!("root{}", absolute.display());
    for path in [
        "../outside/secret",
        "dir/../../outside/secret",
        "dir/up/../outside/secret",
        "out/secret",
        "out/new",
        "out/new/deeper",
        "relative/secret",
        "relative/new/deeper",
        "file",
        "dangling",
        "loop",
        "~/.bashrc",
        "..",
        "/dev/stdin",
        &through_root,
        &format!("/proc/self/root{}", absolute.display()),
        &format!("/{}", absolute.display()),
        absolute.to_str().unwrap(),
        &format!("{}/../outside/secret", fixture.path("").display()),
        &format!("{}2/x", fixture.path("").display().to_string().trim_end_matches('/')),
    ] {
        for output in touch(&fixture, path).await {
            assert!(output.is_error, "{path}: {}", output.text);
            assert!(!output.text.contains("canary"), "{path}: {}", output.text);
        }
        fixture.assert_outside_untouched();
    }
}

#[tokio::test]
async fn links_that_stay_inside_are_read_and_names_that_look_odd_are_names() {
    let fixture = Fixture::new();
    fixture.put("dir/x", "inside");
    symlink("dir", fixture.path("link")).unwrap();
    symlink("../dir/x", fixture.path("dir/again")).unwrap();
    for path in ["link/x", "dir/again", "link/../dir/x"] {
        assert_eq!(fixture.call("read", json!({"path": path})).await.text, "inside");
    }
    for path in ["@x", "file:///x", "%2e%2e/x", r"a\..\..\x", "C:x", " ", "..x", "link/new", "./~"]
    {
        let output = fixture.call("write", json!({"path": path, "content": "odd"})).await;
        assert!(!output.is_error, "{path}: {}", output.text);
        assert_eq!(fixture.call("read", json!({"path": path})).await.text, "odd");
    }
    fixture.assert_outside_untouched();
}

#[tokio::test]
async fn pipes_sockets_and_devices_are_refused_at_once() {
    let fixture = Fixture::new();
    let mode = Mode::from_raw_mode(0o666);
    mknodat(CWD, fixture.path("pipe"), FileType::Fifo, mode, 0).unwrap();
    let _socket = UnixListener::bind(fixture.path("socket")).unwrap();
    for (path, kind) in [("pipe", "named pipe"), ("socket", "socket")] {
        for output in touch(&fixture, path).await {
            assert!(output.is_error);
            let expected = format!("`{path}` is a {kind}; only files and directories are opened");
            assert_eq!(output.text, expected);
        }
    }
    let devices = Workspace::open(std::path::Path::new("/dev")).unwrap();
    let tools = openclaw_tools::core_tools(devices, crate::support::exec_options());
    let call = crate::support::call("read", json!({"path": "zero"}));
    let context = openclaw_core::ToolContext {
        time_limit: None,
        max_output_bytes: 50_000,
        takes_images: false,
        progress: &(),
    };
    assert!(tools[3].plan_call(&call).unwrap().run(context).await.text.contains("is a device"));
}

#[test]
fn a_workspace_must_be_a_directory() {
    let fixture = Fixture::new();
    for path in [fixture.path("nothing"), fixture.outside().join("secret")] {
        let error = Workspace::open(&path).unwrap_err();
        assert_eq!(error.to_string(), format!("open the workspace `{}`", path.display()));
        assert!(std::error::Error::source(&error).is_some());
    }
}

#[tokio::test]
async fn the_workspace_is_the_directory_that_was_opened() {
    let fixture = Fixture::new();
    let moved = fixture.path("").with_file_name("moved");
    fs::rename(fixture.path(""), &moved).unwrap();
    symlink(fixture.outside(), fixture.path("").to_str().unwrap().trim_end_matches('/')).unwrap();
    for (path, error) in [("secret", true), ("new", true)] {
        let output = fixture.call("read", json!({"path": path})).await;
        assert_eq!(output.is_error, error);
    }
    fixture.call("write", json!({"path": "secret", "content": "x"})).await;
    assert_eq!(fs::read_to_string(moved.join("secret")).unwrap(), "x");
    assert_eq!(fs::read_to_string(fixture.outside().join("secret")).unwrap(), SECRET);
}

/// Sets the flag when dropped, after a failed assertion too.
struct StopOnDrop<'a>(&'a AtomicBool);

impl Drop for StopOnDrop<'_> {
    fn drop(&mut self) {
        self.0.store(true, Ordering::Relaxed);
    }
}

#[test]
fn a_directory_swapped_for_a_link_in_the_middle_of_a_call_never_leads_outside() {
    let fixture = Fixture::new();
    fixture.put("dir/secret", "harmless");
    symlink("../outside", fixture.path("link")).unwrap();
    let (dir, link) = (fixture.path("dir"), fixture.path("link"));
    let (done, swaps) = (AtomicBool::new(false), AtomicUsize::new(0));
    let (mut read, mut written, mut refused) = (0, 0, 0);
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
            for round in 0..20_000 {
                let output = fixture.call("read", json!({"path": "dir/secret"})).await;
                assert!(!output.text.contains("canary"));
                if output.is_error {
                    refused += 1;
                } else {
                    read += 1;
                }
                // Writes wait for the disk, so do fewer of them.
                if round % 20 == 0 {
                    let path = if round % 40 == 0 { "dir/secret" } else { "dir/new/deep/file" };
                    let arguments = json!({"path": path, "content": "harmless"});
                    let output = fixture.call("write", arguments).await;
                    if output.is_error {
                        refused += 1;
                    } else {
                        written += 1;
                    }
                    let arguments =
                        json!({"path": "dir/secret", "old_text": "canary", "new_text": "x"});
                    assert!(fixture.call("edit", arguments).await.is_error);
                }
            }
        });
    });
    fixture.assert_outside_untouched();
    // The race took place: the calls met both states.
    assert!(swaps.into_inner() > 1000);
    assert!(read > 100 && written > 10 && refused > 100, "{read} {written} {refused}");
}

fn component() -> impl Strategy<Value = String> {
    prop_oneof![
        Just("..".to_owned()),
        Just("../..".to_owned()),
        Just(".".to_owned()),
        Just(String::new()),
        Just("out".to_owned()),
        Just("up".to_owned()),
        Just("dir".to_owned()),
        Just("outside".to_owned()),
        Just("secret".to_owned()),
        Just("proc/self/cwd".to_owned()),
        "[a-z]{1,3}",
        any::<String>(),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(600))]

    #[test]
    fn no_path_leads_outside(parts in prop::collection::vec(component(), 1..7), rooted: bool) {
        let fixture = Fixture::new();
        fixture.put("dir/x", "");
        symlink("../../outside", fixture.path("dir/out")).unwrap();
        symlink(fixture.outside(), fixture.path("out")).unwrap();
        symlink("..", fixture.path("dir/up")).unwrap();
        let mut path = parts.join("/");
        if rooted {
            path.insert_str(0, fixture.path("").to_str().unwrap());
        }
        let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
        for output in runtime.block_on(touch(&fixture, &path)) {
            prop_assert!(!output.text.contains("canary"), "{}", output.text);
        }
        fixture.assert_outside_untouched();
    }
}
