//! The program's own files stay out of reach, and protected files are never written unseen.

use std::fs;
use std::os::unix::fs::symlink;
use std::path::Path;
use std::sync::Arc;

use openclaw_core::{FileProtection, Tool, ToolContext, ToolEffect, ToolOutput};
use openclaw_tools::{Workspace, core_tools};
use serde_json::{Value, json};
use tempfile::TempDir;

use crate::support::{Fixture, call, exec_options, save};

/// A home directory as the workspace, with the program's state in it and its config elsewhere.
struct ProtectedHome {
    directory: TempDir,
    tools: Vec<Arc<dyn Tool>>,
}

const SECRET: &str = "canary-3d90 token";

impl ProtectedHome {
    fn new() -> Self {
        let directory = tempfile::tempdir().unwrap();
        let home = directory.path();
        fs::create_dir_all(home.join(".openclaw/state")).unwrap();
        fs::create_dir(home.join("dotfiles")).unwrap();
        save(&home.join(".openclaw/state/auth.json"), SECRET);
        save(&home.join("dotfiles/openclaw.json"), SECRET);
        symlink("../dotfiles/openclaw.json", home.join(".openclaw/openclaw.json")).unwrap();
        let private = [home.join(".openclaw"), home.join(".openclaw/openclaw.json")];
        let workspace = Workspace::open(home).unwrap().with_private_paths(private);
        let tools = core_tools(workspace, exec_options());
        Self { directory, tools }
    }

    fn path(&self, name: &str) -> std::path::PathBuf {
        self.directory.path().join(name)
    }

    async fn call(&self, tool: &str, arguments: Value) -> ToolOutput {
        let tool_of = |name: &str| self.tools.iter().find(|it| it.spec().name.as_str() == name);
        let context = ToolContext {
            time_limit: None,
            max_output_bytes: 50_000,
            takes_images: false,
            progress: &(),
        };
        match tool_of(tool).unwrap().plan_call(&call(tool, arguments)) {
            Ok(planned) => planned.run(context).await,
            Err(error) => ToolOutput::from_error(error.to_string()),
        }
    }

    /// Reads, writes and edits a path, and asserts that nothing of it works.
    async fn assert_unreachable(&self, path: &str) {
        let edit = json!({"path": path, "old_text": "canary", "new_text": "x"});
        for output in [
            self.call("read", json!({"path": path})).await,
            self.call("write", json!({"path": path, "content": "written"})).await,
            self.call("edit", edit).await,
        ] {
            assert!(output.is_error, "{path}: {}", output.text);
            assert!(!output.text.contains("canary"), "{path}: {}", output.text);
        }
        for file in [".openclaw/state/auth.json", "dotfiles/openclaw.json"] {
            assert_eq!(fs::read_to_string(self.path(file)).unwrap(), SECRET, "{path}");
        }
    }
}

#[tokio::test]
async fn the_state_and_the_config_are_out_of_reach_by_any_path() {
    let home = ProtectedHome::new();
    symlink(".openclaw/state", home.path("link")).unwrap();
    symlink(".openclaw/state/auth.json", home.path("notes.txt")).unwrap();
    for path in [
        ".openclaw/state/auth.json",
        ".openclaw/openclaw.json",
        ".openclaw/new/deep",
        ".openclaw/state",
        ".openclaw",
        ".OpenClaw/state/auth.json",
        "dotfiles/openclaw.json",
        "dotfiles/../.openclaw/state/auth.json",
        "none/../.openclaw/state/new",
        "link/auth.json",
        "link/new",
        "notes.txt",
        home.path(".openclaw/state/auth.json").to_str().unwrap(),
    ] {
        home.assert_unreachable(path).await;
    }
    let output = home.call("read", json!({"path": ".openclaw/state/auth.json"})).await;
    assert_eq!(
        output.text,
        "`.openclaw/state/auth.json` belongs to the state and the config of this program, which no \
         tool reads or writes; only the user changes them"
    );
    assert!(!home.path(".openclaw/new").exists());
}

#[tokio::test]
async fn a_hard_link_to_the_state_is_not_read_and_writing_it_does_not_change_the_state() {
    let home = ProtectedHome::new();
    fs::hard_link(home.path(".openclaw/state/auth.json"), home.path("alias")).unwrap();
    save(&home.path("two"), "harmless");
    fs::hard_link(home.path("two"), home.path("names")).unwrap();
    let output = home.call("read", json!({"path": "alias"})).await;
    assert!(output.is_error && output.text.contains("state and the config"), "{}", output.text);
    let edit = json!({"path": "alias", "old_text": "canary", "new_text": "x"});
    assert!(home.call("edit", edit).await.is_error);
    home.call("write", json!({"path": "alias", "content": "own"})).await;
    assert_eq!(fs::read_to_string(home.path(".openclaw/state/auth.json")).unwrap(), SECRET);
    assert_eq!(home.call("read", json!({"path": "names"})).await.text, "harmless");
}

#[tokio::test]
async fn a_workspace_inside_the_state_folder_works() {
    let home = ProtectedHome::new();
    let inside = home.path(".openclaw/workspace");
    fs::create_dir(&inside).unwrap();
    symlink("../state", inside.join("out")).unwrap();
    let workspace = Workspace::open(&inside).unwrap().with_private_paths([home.path(".openclaw")]);
    let tools = core_tools(workspace, exec_options());
    let inner = ProtectedHome { directory: home.directory, tools };
    let write = json!({"path": "notes/a.txt", "content": "text"});
    let output = inner.call("write", write).await;
    assert!(!output.is_error, "{}", output.text);
    assert_eq!(inner.call("read", json!({"path": "notes/a.txt"})).await.text, "text");
    assert!(inner.call("read", json!({"path": "out/auth.json"})).await.is_error);
}

#[tokio::test]
async fn a_write_to_a_protected_file_says_so_whatever_path_leads_there() {
    let fixture = Fixture::new();
    fixture.put(".git/hooks/pre-commit", "old");
    symlink(".git", fixture.path("plain")).unwrap();
    symlink("../.git/hooks", fixture.path(".git/again")).unwrap();
    let table = [
        (".git/hooks/pre-commit", Some(FileProtection::GitData)),
        (".git/new", Some(FileProtection::GitData)),
        ("plain/hooks/pre-commit", Some(FileProtection::GitData)),
        ("plain/new/deep", Some(FileProtection::GitData)),
        ("none/../plain/config", Some(FileProtection::GitData)),
        ("plain/../.GIT/config", Some(FileProtection::GitData)),
        (".vscode/tasks.json", Some(FileProtection::EditorSettings)),
        ("AGENTS.md", Some(FileProtection::AgentInstructions)),
        ("none/../AGENTS.md", Some(FileProtection::AgentInstructions)),
        ("MEMORY.md", None),
        ("memory/today.md", None),
        ("src/main.rs", None),
    ];
    for (path, expected) in table {
        let write = fixture.plan("write", json!({"path": path, "content": ""})).unwrap();
        let edit = json!({"path": path, "old_text": "a", "new_text": "b"});
        for effect in [write, fixture.plan("edit", edit).unwrap()] {
            let ToolEffect::Write { protection, .. } = effect else { panic!("{effect:?}") };
            assert_eq!(protection, expected, "{path}");
        }
    }
}

#[tokio::test]
async fn a_link_made_after_the_approval_does_not_lead_to_a_protected_file() {
    let fixture = Fixture::new();
    fixture.put(".git/hooks/pre-commit", "old");
    fixture.put("dir/pre-commit", "harmless");
    let write = call("write", json!({"path": "dir/pre-commit", "content": "evil"}));
    let planned = fixture.tool("write").plan_call(&write).unwrap();
    assert!(matches!(planned.effect(), ToolEffect::Write { protection: None, .. }));
    fs::rename(fixture.path("dir"), fixture.path("moved")).unwrap();
    symlink(".git/hooks", fixture.path("dir")).unwrap();
    let context = ToolContext {
        time_limit: None,
        max_output_bytes: 50_000,
        takes_images: false,
        progress: &(),
    };
    let output = planned.run(context).await;
    assert!(output.is_error && output.text.contains("protected file"), "{}", output.text);
    assert_eq!(fixture.text(".git/hooks/pre-commit"), "old");
}

#[tokio::test]
async fn the_change_of_a_protected_file_is_planned_and_made_only_as_planned() {
    let fixture = Fixture::new();
    fixture.put(".envrc", "one\ntwo\n");
    let context = || ToolContext {
        time_limit: None,
        max_output_bytes: 50_000,
        takes_images: false,
        progress: &(),
    };
    let edit = json!({"path": ".envrc", "old_text": "two", "new_text": "2"});
    let write = json!({"path": ".envrc", "content": "one\n2\n"});
    for (name, arguments) in [("edit", edit), ("write", write)] {
        fixture.put(".envrc", "one\ntwo\n");
        let planned = fixture.tool(name).plan_call(&call(name, arguments)).unwrap();
        let ToolEffect::Write { change: Some(change), .. } = planned.effect() else {
            panic!("{planned:?}")
        };
        assert_eq!(change.diff, "@@ -1,2 +1,2 @@\n one\n-two\n+2\n", "{name}");
        fixture.put(".envrc", "two, three\n");
        let output = planned.run(context()).await;
        assert!(output.is_error && output.text.contains("since"), "{name}: {}", output.text);
        assert_eq!(fixture.text(".envrc"), "two, three\n");
    }
    let write = call("write", json!({"path": ".profile", "content": "new\n"}));
    let planned = fixture.tool("write").plan_call(&write).unwrap();
    fixture.put(".profile", "of somebody else\n");
    assert!(planned.run(context()).await.is_error);
    assert_eq!(fixture.text(".profile"), "of somebody else\n");
    let planned = fixture.tool("write").plan_call(&write).unwrap();
    assert!(!planned.run(context()).await.is_error);
    assert_eq!(fixture.text(".profile"), "new\n");
}

#[tokio::test]
async fn writing_a_hard_link_leaves_the_protected_file_as_it_is() {
    let fixture = Fixture::new();
    fixture.put(".git/hooks/pre-commit", "old");
    fs::hard_link(fixture.path(".git/hooks/pre-commit"), fixture.path("script")).unwrap();
    let output = fixture.call("write", json!({"path": "script", "content": "evil"})).await;
    assert!(!output.is_error, "{}", output.text);
    assert_eq!(fixture.text(".git/hooks/pre-commit"), "old");
}

#[tokio::test]
async fn names_with_control_characters_are_refused() {
    let fixture = Fixture::new();
    for path in ["a\nb", "a\u{1b}[2J", "a\tb", "\u{85}x", "nul\0"] {
        let output = fixture.call("write", json!({"path": path, "content": ""})).await;
        assert!(output.is_error && output.text.contains("control character"), "{}", output.text);
    }
    assert_eq!(fs::read_dir(Path::new(&fixture.path(""))).unwrap().count(), 0);
}
