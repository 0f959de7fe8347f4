//! Commands of `exec` in a sandbox.

use std::fs;
use std::path::PathBuf;

use openclaw_process::sandbox::{RootAccess, SandboxPolicy, SandboxProfile, SandboxRoot};
use openclaw_tools::{BackgroundOptions, CommandRuns};
use serde_json::json;

use crate::support::{Fixture, Progress, SECRET, exec_options, save};

/// A fixture whose commands run in a sandbox. The workspace has to be known before it exists.
fn sandboxed(profile: SandboxProfile) -> (Fixture, PathBuf) {
    let fixture = Fixture::new();
    let workspace = fs::canonicalize(fixture.path("")).unwrap();
    let sandbox = Some(SandboxPolicy::new(profile, &workspace));
    let mut options = exec_options();
    options.sandbox = sandbox;
    (fixture.with_exec(options), workspace)
}

#[tokio::test]
async fn a_command_works_in_the_workspace_and_reaches_nothing_else() {
    let (fixture, _) = sandboxed(SandboxProfile::Workspace);
    let output = fixture
        .call(
            "exec",
            json!({"command": "echo two > new && cat new && echo t > $TMPDIR/t && cat $TMPDIR/t"}),
        )
        .await;
    assert_eq!(output.text, "exit code 0\ntwo\nt\n");
    // The temporary folder is the same for the next command, and nobody else's.
    let output =
        fixture.call("exec", json!({"command": "cat $TMPDIR/t; stat -c %a $TMPDIR"})).await;
    assert_eq!(output.text, "exit code 0\nt\n700\n");
    for command in [
        "echo x > ../outside/secret",
        "rm -r ../outside",
        "mv new ../outside/",
        "ln ../outside/secret taken && echo x > taken",
    ] {
        let output = fixture.call("exec", json!({"command": command})).await;
        assert!(output.is_error, "{command}: {}", output.text);
        assert!(
            output
                .text
                .contains("[the command ran in a sandbox, where it writes only in the workspace"),
            "{}",
            output.text
        );
        assert!(!output.text.contains(SECRET), "{command}: {}", output.text);
    }
    fixture.assert_outside_untouched();
}

#[tokio::test]
async fn the_model_is_reported_what_a_sandbox_forbids_only_when_it_did() {
    let (fixture, _) = sandboxed(SandboxProfile::Workspace);
    let output = fixture.call("exec", json!({"command": "echo none >&2; exit 3"})).await;
    assert_eq!(output.text, "exit code 3\nnone\n");
    let script = "import socket; socket.create_connection(('127.0.0.1', 9))";
    let output = fixture.call("exec", json!({"command": format!("python3 -c \"{script}\"")})).await;
    assert!(output.text.contains("has no network"), "{}", output.text);
}

#[tokio::test]
async fn a_change_of_a_hook_is_undone_and_told_to_the_model_and_the_person() {
    let (fixture, workspace) = sandboxed(SandboxProfile::Workspace);
    let output =
        fixture.call("exec", json!({"command": "git init -q . && git status --short"})).await;
    assert_eq!(output.text, "exit code 0\n[no output]");
    let command = "(sleep 0.2; echo x > .git/hooks/pre-commit) & echo x > .git/hooks/pre-push; wait; \
                   git config core.fsmonitor ./x; echo done";
    let progress = Progress::default();
    let context = openclaw_core::ToolContext {
        time_limit: None,
        max_output_bytes: 50_000,
        takes_images: false,
        progress: &progress,
    };
    let output = fixture.call_in("exec", json!({"command": command}), context).await;
    for path in [".git/hooks/pre-commit", ".git/hooks/pre-push", ".git/config"] {
        let line = format!(
            "[undone: the command changed `{path}`: Git runs it or takes commands from it]"
        );
        assert!(output.text.contains(&line), "{}", output.text);
        assert!(progress.text().contains(&line), "{}", progress.text());
    }
    assert_eq!(output.summary.as_deref(), Some("exit 0, 3 changes of guarded files undone"));
    assert!(!workspace.join(".git/hooks/pre-commit").exists());
    let config = fs::read_to_string(workspace.join(".git/config")).unwrap();
    assert!(!config.contains("fsmonitor"), "{config}");
}

#[tokio::test]
async fn a_read_only_sandbox_changes_no_file_of_the_workspace() {
    let (fixture, workspace) = sandboxed(SandboxProfile::ReadOnly);
    let output = fixture.call("exec", json!({"command": "echo x > new"})).await;
    assert!(output.text.contains("where it writes only in `$TMPDIR`"), "{}", output.text);
    assert!(!workspace.join("new").exists());
}

#[tokio::test]
async fn where_a_command_runs_is_checked_when_it_is_planned() {
    let (fixture, _) = sandboxed(SandboxProfile::Workspace);
    let plan = |host: &str| fixture.plan("exec", json!({"command": "true", "host": host}));
    for host in ["", "auto", "sandbox", "gateway"] {
        assert!(plan(host).is_ok(), "{host}");
    }
    assert!(plan("node").unwrap_err().to_string().contains("`host` cannot be `node`"));
    assert!(plan("moon").unwrap_err().to_string().contains("`host` is `auto`"));
    let without = Fixture::new();
    assert!(without.plan("exec", json!({"command": "true", "host": "gateway"})).is_ok());
    assert!(without.plan("exec", json!({"command": "true", "host": "sandbox"})).is_err());
}

#[tokio::test]
async fn writable_roots_are_guarded_and_read_only_ones_cannot_be_changed() {
    let (fixture, workspace) = sandboxed(SandboxProfile::Workspace);
    let outside = fs::canonicalize(fixture.outside()).unwrap();
    let root = outside.join("root");
    for folder in [root.join("sub/.vscode"), workspace.join("inner/.vscode")] {
        fs::create_dir_all(&folder).unwrap();
        save(&folder.join("tasks.json"), "keep");
    }
    let mut sandbox = SandboxPolicy::new(SandboxProfile::Workspace, &workspace);
    let access = RootAccess::Write;
    sandbox.roots = vec![
        SandboxRoot { path: root.clone(), access },
        // One in the workspace is guarded once.
        SandboxRoot { path: workspace.join("inner"), access },
    ];
    let mut options = exec_options();
    options.sandbox = Some(sandbox);
    let fixture = fixture.with_exec(options);
    let (root, inner) = (root.display().to_string(), workspace.join("inner").display().to_string());
    for folder in [&root, &inner] {
        for (script, path) in [
            (format!("echo x > {folder}/.envrc"), format!("{folder}/.envrc")),
            (
                format!("d=$(find {folder} -name .vscode) && echo x > $d/tasks.json"),
                if *folder == root {
                    format!("{folder}/sub/.vscode/tasks.json")
                } else {
                    format!("{folder}/.vscode/tasks.json")
                },
            ),
            (
                format!("git init -q {folder}/r && echo x > {folder}/r/.git/hooks/update"),
                format!("{folder}/r/.git/hooks/update"),
            ),
        ] {
            let output = fixture.call("exec", json!({"command": script})).await;
            let line = format!("[undone: the command changed `{path}`");
            assert_eq!(output.text.matches(&line).count(), 1, "{script}: {}", output.text);
            fs::remove_dir_all(std::path::Path::new(folder).join("r")).ok();
        }
    }
    // Instructions of the agent are at the top of the workspace only.
    let output =
        fixture.call("exec", json!({"command": format!("echo x > {root}/TOOLS.md")})).await;
    assert_eq!(output.text, "exit code 0\n[no output]");
}

#[tokio::test]
async fn what_is_written_into_a_sandboxed_command_stays_in_the_sandbox() {
    let runs = CommandRuns::new(std::time::Duration::from_mins(30));
    let background =
        BackgroundOptions { runs: runs.clone(), yield_after: std::time::Duration::from_mins(5) };
    let (fixture, workspace) = sandboxed(SandboxProfile::Workspace);
    let sandbox = Some(SandboxPolicy::new(SandboxProfile::Workspace, &workspace));
    let mut options = exec_options();
    (options.sandbox, options.background) = (sandbox, Some(background));
    let fixture = fixture.with_exec(options);
    for pty in [false, true] {
        let start = json!({"argv": ["sh"], "background": true, "pty": pty});
        let output = fixture.call("exec", start).await;
        let rest = output.text.strip_prefix("Command still running (session ").unwrap();
        let id = rest.split(',').next().unwrap();
        let submit = |data: &str| json!({"action": "submit", "sessionId": id, "data": data});
        for line in [
            "echo x > ../outside/secret",
            "echo x > .envrc",
            "mkdir -p .git && echo x > .git/config",
            "echo in > kept; exit",
        ] {
            let written = fixture.call("process", submit(line)).await;
            assert!(!written.is_error, "{}", written.text);
        }
        let mut told = String::new();
        while !told.contains(" ended: ") {
            let poll = json!({"action": "poll", "sessionId": id, "timeout": 30_000});
            told.push_str(&fixture.call("process", poll).await.text);
        }
        assert!(told.contains("[undone: the command changed `.envrc`"), "{pty}: {told}");
        assert_eq!(fixture.text("kept"), "in\n");
        assert!(!workspace.join(".envrc").exists());
        fs::remove_dir_all(workspace.join(".git")).ok();
    }
    fixture.assert_outside_untouched();
}

#[tokio::test]
async fn a_terminal_works_in_the_sandbox() {
    let (fixture, _) = sandboxed(SandboxProfile::Workspace);
    let command = "test -t 0 && test -t 1 && stty size && tty >/dev/null && echo shown > /dev/tty && \
                   stty -echo && ! cat /dev/pts/ptmx 2>/dev/null; ls /dev/pts 2>&1 | head -1; \
                   python3 -c 'import fcntl, termios; fcntl.ioctl(0, termios.TIOCSTI, b\"x\")' 2>&1 | tail -1";
    let output = fixture.call("exec", json!({"command": command, "pty": true})).await;
    let text = output.text.replace('\r', "");
    assert!(text.starts_with("exit code 0\n40 120\nshown\n"), "{text}");
    assert!(text.contains("PermissionError"), "{text}");
    assert!(text.contains("ermission denied"), "{text}");
}
