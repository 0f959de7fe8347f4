//! Files that are none, that others may write, and that have odd names.

use std::ffi::OsString;
use std::fs;
use std::os::unix::ffi::OsStringExt as _;
use std::os::unix::fs::{PermissionsExt as _, symlink};
use std::path::Path;

use openclaw_mock_vllm::Turn;
use openclaw_tests::{Home, make_fifo};

use crate::servers::tiny;

/// Puts a named pipe, a device and a directory in place of a file.
async fn put_odd(path: &Path, kind: &str) {
    fs::create_dir_all(path.parent().unwrap()).unwrap();
    match kind {
        "pipe" => make_fifo(path).await,
        "device" => symlink("/dev/zero", path).unwrap(),
        "terminal" => symlink("/dev/tty", path).unwrap(),
        _ => fs::create_dir(path).unwrap(),
    }
}

#[tokio::test]
async fn no_file_that_is_none_holds_a_run_up() {
    for kind in ["pipe", "device", "terminal", "directory"] {
        // A turn runs without these, or is refused at once. A restriction that cannot be read denies.
        for (name, codes) in [
            (".openclaw/openclaw.json", &[3][..]),
            (".openclaw/.env", &[0, 3]),
            (".openclaw/exec-approvals.json", &[0]),
            (".openclaw/exec-grants.json", &[0]),
            (".openclaw/agents/main/agent/auth-profiles.json", &[0, 3]),
            (".openclaw/workspace/AGENTS.md", &[0]),
            (".openclaw/workspace/MEMORY.md", &[0]),
            (".openclaw/workspace/skills/odd/SKILL.md", &[0]),
            (".openclaw/skills/odd/SKILL.md", &[0]),
            (".openclaw/workspace/.env", &[0]),
            (".openclaw/workspace/.openclaw/openclaw.json5", &[0, 3]),
            (".openclaw/state/server-cache.json", &[0]),
            (".openclaw/state/breakers.json", &[0]),
        ] {
            let (server, home) = tiny().await;
            put_odd(&home.path().join(name), kind).await;
            server.push(Turn::call("read", format!(r#"{{"path": "{}"}}"#, "AGENTS.md")));
            server.push(Turn::text("done"));
            let ended = home.run(&["agent", "-m", "hi"]).await;
            let code = ended.code.unwrap_or(-1);
            assert!(codes.contains(&code), "{kind} in place of {name}: {ended:#?}");
            let _ = home.run(&["doctor"]).await;
            let _ = home.run(&["config", "validate"]).await;
        }
        let (_server, home) = tiny().await;
        let odd = home.path().join("odd");
        put_odd(&odd, kind).await;
        let odd = odd.to_str().unwrap();
        for args in [
            &["sessions", "import", odd][..],
            &["approvals", "set", odd],
            &["config", "set", "--batch-file", odd],
            &["models", "list", "--config", odd],
        ] {
            let ended = home.run(args).await;
            assert!(ended.code.is_some_and(|code| (1..=3).contains(&code)), "{kind} {ended:#?}");
        }
        let included = format!("{{ $include: '{odd}' }}");
        let _ = home.config(&included).run(&["agent", "-m", "hi"]).await.code(3);
    }
}

#[tokio::test]
async fn a_config_and_a_state_folder_that_others_can_write_are_told() {
    for (name, mode) in [(".openclaw", 0o777), (".openclaw/openclaw.json", 0o666)] {
        let (_server, home) = tiny().await;
        let home = home.config("{}");
        let path = home.path().join(name);
        let told = ["can be written by every user", "chmod go-w"];
        let quiet = home.run(&["config", "validate"]).await;
        assert!(!quiet.stderr.contains(told[0]), "{quiet:#?}");
        fs::set_permissions(&path, fs::Permissions::from_mode(mode)).unwrap();
        let _ = home.run(&["config", "validate"]).await.says(&told);
        let _ = home.run(&["agent", "-m", "hi", "--verbose"]).await.says(&told);
        let _ = home.run(&["agent", "-m", "hi"]).await.says(&["note"]);
        fs::set_permissions(&path, fs::Permissions::from_mode(0o700)).unwrap();
        // Only root can give a file away.
        if std::os::unix::fs::chown(&path, Some(12345), None).is_ok() {
            let _ = home.run(&["config", "validate"]).await.says(&["belongs to another user"]);
        }
    }
}

#[tokio::test]
async fn names_that_are_not_utf_8_abort_nothing() {
    let odd = |path: &Path| {
        let mut bytes = path.to_owned().into_os_string().into_vec();
        bytes.extend(b"/od\xffd");
        OsString::from_vec(bytes)
    };
    let (server, home) = tiny().await;
    let folder = odd(home.path());
    fs::create_dir(&folder).unwrap();
    let home: Home = home.env("HOME", folder.clone());
    for args in
        [&["agent", "-m", "hi"][..], &["agent", "-m", "hi", "--json"], &["sessions", "list"]]
    {
        let ended = home.run(args).await;
        let code = ended.code.unwrap_or(-1);
        assert!((0..=3).contains(&code), "a home that is not UTF-8: {ended:#?}");
        assert!(!ended.stderr.contains("panicked"), "{ended:#?}");
    }
    let (other, home) = tiny().await;
    for (server, home) in [(&server, &home), (&other, &home)] {
        server.push(Turn::call("write", r#"{"path": "made.txt", "content": "x"}"#));
        server.push(Turn::call("exec", r#"{"command": "pwd; ls"}"#));
        server.push(Turn::text("done"));
        let script = r#"mkdir -p "$HOME/$(printf 'od\377d')" && cd "$HOME/$(printf 'od\377d')" && exec "$@""#;
        let mut command = home.shell(script, &["agent", "--workspace", ".", "-m", "hi"]);
        let output = tokio::task::spawn_blocking(move || command.output().unwrap()).await.unwrap();
        let code = output.status.code().unwrap_or(-1);
        let text = String::from_utf8_lossy(&output.stderr).into_owned();
        assert!((0..=3).contains(&code) && !text.contains("panicked"), "{code}: {text}");
    }
}
