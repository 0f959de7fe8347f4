//! Folders besides the workspace: reached by their name or absolutely, by their own handle.

use std::fs;
use std::os::unix::fs::symlink;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};

use openclaw_core::{Tool, ToolContext, ToolEffect, ToolOutput};
use openclaw_tools::{NamedRoot, Workspace, core_tools};
use rustix::fs::{CWD, RenameFlags, renameat_with};
use serde_json::{Value, json};

use crate::support::{SECRET, call, exec_options, save};

struct NamedFolders {
    home: tempfile::TempDir,
    tools: Vec<Arc<dyn Tool>>,
}

impl NamedFolders {
    /// A workspace, a folder to read, one to write, and a read-only one in the workspace.
    fn new() -> Self {
        let home = tempfile::tempdir().unwrap();
        for name in ["ws/vendor", "data/sub", "notes/.git", "outside", "notes/sub"] {
            fs::create_dir_all(home.path().join(name)).unwrap();
        }
        save(&home.path().join("outside/secret"), SECRET);
        save(&home.path().join("data/sub/file"), "from data\n");
        let root = |name: &str, path: &str, is_writable| NamedRoot {
            name: name.to_owned(),
            path: home.path().join(path),
            is_writable,
        };
        let workspace = Workspace::open(&home.path().join("ws")).unwrap().with_named_roots([
            root("data", "data", false),
            root("notes", "notes", true),
            root("all", "", true),
            root("vendor", "ws/vendor", false),
            root("gone", "gone", true),
        ]);
        let names: Vec<&str> = workspace.available_roots().map(|root| &*root.name).collect();
        assert_eq!(names, ["data", "notes", "all", "vendor"]);
        let (gone, problem) = workspace.unavailable_roots().next().unwrap();
        assert!(gone.name == "gone" && problem.contains("No such file"), "{problem}");
        Self { tools: core_tools(workspace, exec_options()), home }
    }

    fn path(&self, name: &str) -> String {
        self.home.path().join(name).to_str().unwrap().to_owned()
    }

    fn tool(&self, name: &str) -> &dyn Tool {
        self.tools.iter().find(|tool| tool.spec().name.as_str() == name).unwrap().as_ref()
    }

    async fn call(&self, tool: &str, arguments: Value) -> ToolOutput {
        let context = ToolContext {
            time_limit: None,
            max_output_bytes: 50_000,
            takes_images: false,
            progress: &(),
        };
        match self.tool(tool).plan_call(&call(tool, arguments)) {
            Ok(planned) => planned.run(context).await,
            Err(error) => ToolOutput::from_error(error.to_string()),
        }
    }

    async fn write(&self, path: &str) -> ToolOutput {
        self.call("write", json!({"path": path, "content": "written"})).await
    }
}

#[tokio::test]
async fn a_path_is_resolved_by_the_name_of_its_folder_or_absolutely() {
    let folders = NamedFolders::new();
    let absolute = folders.path("data/sub/file");
    for path in ["data:/sub/file", "data:/./sub//file", "all:/data/sub/file", &absolute] {
        let output = folders.call("read", json!({"path": path})).await;
        assert_eq!(output.text, "from data\n", "{path}");
    }
    assert_eq!(folders.call("list", json!({"path": "data:"})).await.text, "data:/sub/\n");
    let found = folders.call("search", json!({"path": "data:/", "pattern": "from"})).await;
    assert_eq!(found.text, "data:/sub/file\n1:from data\n");
    let effect = folders.tool("read").plan_call(&call("read", json!({"path": absolute}))).unwrap();
    assert_eq!(*effect.effect(), ToolEffect::Read { path: "data:/sub/file".to_owned() });
    assert_eq!(folders.write("notes:/new/a").await.text, "created `notes:/new/a`, 7 bytes");
    assert_eq!(fs::read_to_string(folders.path("notes/new/a")).unwrap(), "written");
    let output = folders.call("read", json!({"path": "data:/sub/fil"})).await;
    assert!(output.text.ends_with("near it: `data:/sub/file`"), "{}", output.text);
    let output = folders.call("read", json!({"path": "gone:/a"})).await;
    assert!(output.text.contains("the folder `gone:/` cannot be opened: No such"));
    // No folder has this name, so it is one in the workspace.
    assert!(!folders.write("other:/a").await.is_error);
    assert!(Path::new(&folders.path("ws/other:/a")).exists());
}

#[tokio::test]
async fn the_innermost_folder_decides_about_writing() {
    let folders = NamedFolders::new();
    for (path, allowed) in [
        ("data:/x", false),
        ("all:/data/x", false),
        ("data:/new/deep/x", false),
        ("vendor/x", false),
        ("vendor:/x", false),
        ("all:/ws/vendor/x", false),
        ("all:/ws/x", true),
        ("all:/x", true),
        ("notes:/x", true),
        ("x", true),
    ] {
        let output = folders.write(path).await;
        assert_eq!(!output.is_error, allowed, "{path}: {}", output.text);
        assert!(allowed || output.text.contains("is read-only"), "{}", output.text);
    }
    let edit = json!({"path": "data:/sub/file", "old_text": "from", "new_text": "to"});
    assert!(folders.call("edit", edit).await.is_error);
    assert!(!Path::new(&folders.path("data/new")).exists());
}

#[tokio::test]
async fn the_protected_set_holds_in_every_folder() {
    let folders = NamedFolders::new();
    let protection = |path: &str| {
        let arguments = json!({"path": path, "content": "x"});
        let planned = folders.tool("write").plan_call(&call("write", arguments)).unwrap();
        match planned.effect() {
            ToolEffect::Write { protection, .. } => *protection,
            other => panic!("{other:?}"),
        }
    };
    for path in ["notes:/.git/config", "all:/ws/AGENTS.md", "notes:/.envrc", "all:/.ssh/config"] {
        assert!(protection(path).is_some(), "{path}");
    }
    assert_eq!(protection("notes:/AGENTS.md"), None);
    assert_eq!(protection("notes:/x"), None);
}

#[tokio::test]
async fn no_path_leads_out_of_a_folder() {
    let folders = NamedFolders::new();
    symlink("../outside", folders.path("notes/out")).unwrap();
    symlink(folders.path("outside"), folders.path("notes/absolute")).unwrap();
    for path in ["data:/../outside/secret", "notes:/out/secret", "notes:/absolute/secret"] {
        for output in [
            folders.call("read", json!({"path": path})).await,
            folders.write(path).await,
            folders.call("list", json!({"path": path})).await,
            folders.call("search", json!({"path": path, "pattern": "canary"})).await,
        ] {
            assert!(output.is_error && !output.text.contains(SECRET), "{path}: {}", output.text);
        }
    }
    let searched = json!({"path": "notes:/", "pattern": "canary", "hidden": true});
    assert!(!folders.call("search", searched).await.text.contains(SECRET));
}

#[test]
fn a_swap_in_a_folder_never_leads_outside() {
    let swaps_wanted = option_env!("OPENCLAW_TEST_SWAPS");
    let swaps_wanted: usize = swaps_wanted.map_or(3_000, |text| text.parse().unwrap());
    let folders = NamedFolders::new();
    save(Path::new(&folders.path("notes/sub/secret")), "harmless");
    symlink("../outside", folders.path("notes/link")).unwrap();
    let (dir, link) = (folders.path("notes/sub"), folders.path("notes/link"));
    let (done, swaps) = (AtomicBool::new(false), AtomicUsize::new(0));
    std::thread::scope(|scope| {
        scope.spawn(|| {
            while !done.load(Ordering::Relaxed) {
                renameat_with(CWD, &dir, CWD, &link, RenameFlags::EXCHANGE).unwrap();
                swaps.fetch_add(1, Ordering::Relaxed);
            }
        });
        let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
        let all_calls = async {
            let mut round = 0;
            while swaps.load(Ordering::Relaxed) < swaps_wanted {
                let read = folders.call("read", json!({"path": "notes:/sub/secret"})).await;
                assert!(!read.text.contains("canary"), "{}", read.text);
                round += 1;
                if round % 20 == 0 {
                    let write = json!({"path": "notes:/sub/secret", "content": "harmless"});
                    folders.call("write", write).await;
                }
            }
        };
        let result = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| {
            runtime.block_on(all_calls);
        }));
        done.store(true, Ordering::Relaxed);
        result.unwrap();
    });
    assert_eq!(fs::read_to_string(folders.path("outside/secret")).unwrap(), SECRET);
    assert_eq!(fs::read_dir(folders.path("outside")).unwrap().count(), 1);
}
