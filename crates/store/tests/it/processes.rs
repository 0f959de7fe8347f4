//! Several processes that share one file.

use std::io::{BufRead, BufReader, Read as _, stdin};
use std::process::{Child, Command, Stdio};

use openclaw_store::{Store, StoreErrorKind};

use crate::talk::{Talk, key, store, take};

/// The other process: this test with a file and a key as extra arguments. Without them, as when all
/// tests run, it does nothing.
#[test]
fn talks_in_a_process_of_its_own() {
    let mut args = std::env::args();
    let Some(path) = args.find_map(|arg| arg.strip_prefix("store=").map(str::to_owned)) else {
        return;
    };
    let store = Store::open(path).unwrap();
    let key = args.next().unwrap().parse().unwrap();
    let mut talk = Talk::new(store.acquire_current(&key, "main").unwrap());
    for number in 0..20 {
        talk.turn(&format!("question {number}"));
    }
    println!("\nready");
    let _ = stdin().read(&mut [0]);
}

#[expect(clippy::disallowed_methods, reason = "only a process of its own is another process")]
fn start(store: &Store, key: &str) -> Child {
    Command::new(std::env::current_exe().unwrap())
        .args(["--exact", "processes::talks_in_a_process_of_its_own", "--nocapture"])
        .arg(format!("store={}", store.path().display()))
        .arg(key)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap()
}

/// Waits for `ready` and returns the process's output; the process fails when nobody reads it.
fn wait_until_ready(child: &mut Child) -> impl BufRead + use<> {
    let mut output = BufReader::new(child.stdout.take().unwrap());
    assert!(output.by_ref().lines().any(|line| line.unwrap() == "ready"));
    output
}

#[test]
fn two_processes_write_at_once_and_a_session_is_used_by_one() {
    let (_folder, store) = store();
    let mut first = start(&store, "agent:main:main");
    let mut second = start(&store, "agent:main:other");
    let mut own = Talk::new(store.acquire_current(&"own".parse().unwrap(), "main").unwrap());
    for number in 0..20 {
        own.turn(&format!("question {number}"));
    }
    let _first_output = wait_until_ready(&mut first);
    let _second_output = wait_until_ready(&mut second);
    let error = store.acquire_current(&key(), "main").unwrap_err();
    assert_eq!(error.kind(), StoreErrorKind::InUse);
    assert!(error.to_string().contains(&first.id().to_string()), "{error}");
    first.kill().unwrap();
    first.wait().unwrap();
    // The lease ends with its holder.
    let loaded = take(&store);
    assert_eq!(loaded.history.steps().count(), 20 * 3);
    drop(second.stdin.take());
    assert!(second.wait().unwrap().success());
    let sessions = store.list_sessions().unwrap();
    assert_eq!(sessions.len(), 3);
    assert!(sessions.iter().all(|info| info.turns == 20 && !info.turn_open));
}
