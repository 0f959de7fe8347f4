//! The processes of commands: what they reach of the terminal and of the program, and that none is
//! left, whatever ends the program.

use std::path::Path;

use openclaw_mock_vllm::{MockVllm, ModelSpec, Turn};
use openclaw_tests::{Home, soon};
use serde_json::json;
use tokio::io::AsyncReadExt;
use tokio::net::unix::pipe;
use tokio::process::Command;

use crate::servers::tiny;

/// Types a `y` into the controlling terminal, by the system call TIOCSTI.
const TYPE_AHEAD: &str = r#"perl -e 'open(T, "+<", "/dev/tty") or exit 7; ioctl(T, 0x5412, "y")'"#;

/// A server and a home with a model whose window has room for the tool `process`.
async fn roomy() -> (MockVllm, Home) {
    let server = MockVllm::builder().model(ModelSpec::new("tiny", 40_960)).start().await.unwrap();
    let home = Home::with_vllm(&server.base_url(), "any-value");
    (server, home)
}

/// A command whose processes leave its group, its session, its parent and its environment. Each
/// holds the pipe open.
fn family(fifo: &Path) -> String {
    format!(
        "exec 9>'{}'
        sleep 1000 &
        (env -i setsid sh -c '(sleep 1000) &' &)
        (setsid nohup sh -c '(sleep 1000 &) &' </dev/null >/dev/null 2>&1 &)
        trap '' HUP INT QUIT TERM
        echo up >&9; while :; do sleep 1000; done",
        fifo.display()
    )
}

/// Waits until the processes of a [`family`] run.
async fn wait_until_up(alive: &mut pipe::Receiver) {
    let mut word = [0; 3];
    soon(alive.read_exact(&mut word)).await.unwrap();
    assert_eq!(&word, b"up\n");
}

/// Waits until no process of a [`family`] is left.
async fn wait_until_gone(mut alive: pipe::Receiver) {
    let mut rest = Vec::new();
    soon(alive.read_to_end(&mut rest)).await.unwrap();
    assert_eq!(rest, b"");
}

#[tokio::test]
async fn a_command_does_not_reach_the_terminal() {
    let (server, home) = tiny().await;
    let command = format!(
        "{TYPE_AHEAD}; echo $? >out
        (echo forged >/dev/tty) 2>/dev/null || echo mute >>out
        (read x </dev/tty) 2>/dev/null || echo deaf >>out
        tty >>out; sed 's/.*) //' /proc/$$/stat | cut -d ' ' -f 5 >>out"
    );
    server.push(Turn::call("exec", json!({"command": command}).to_string()));
    server.push(Turn::text("done"));
    let ended = home.run_on_terminal(&["agent", "--yes", "-m", "hi"], "").await.code(0);
    assert_eq!(home.get("out"), "7\nmute\ndeaf\nnot a tty\n0\n", "{ended:#?}");
    assert!(!ended.stdout.contains("\nforged"), "{ended:#?}");
}

#[tokio::test]
async fn a_program_that_is_killed_leaves_no_process() {
    for background in [false, true] {
        let (server, home) = roomy().await;
        let fifo = home.fifo("alive").await;
        let mut alive = pipe::OpenOptions::new().open_receiver(&fifo).unwrap();
        let arguments = json!({"command": family(&fifo), "background": background});
        server.push(Turn::call("exec", arguments.to_string()));
        if background {
            let wait = json!({"command": "exec sleep 1000"});
            server.push(Turn::call("exec", wait.to_string()));
        }
        let running = home.start(&["agent", "--yes", "-m", "hi"]);
        wait_until_up(&mut alive).await;
        running.kill().await;
        wait_until_gone(alive).await;
    }
}

#[tokio::test]
#[expect(clippy::disallowed_methods, reason = "the test sends a signal to the program")]
async fn every_signal_that_ends_a_program_ends_its_commands() {
    for signal in ["HUP", "QUIT", "TERM", "INT"] {
        let (server, home) = tiny().await;
        let fifo = home.fifo("alive").await;
        let mut alive = pipe::OpenOptions::new().open_receiver(&fifo).unwrap();
        server.push(Turn::call("exec", json!({"command": family(&fifo)}).to_string()));
        let running = home.start(&["agent", "--yes", "-m", "hi"]);
        wait_until_up(&mut alive).await;
        let kill = format!("kill -{signal} {}", running.id());
        assert!(Command::new("sh").args(["-c", &kill]).status().await.unwrap().success());
        let _ = running.ended().await.code(130).says(&["stopped"]);
        wait_until_gone(alive).await;
    }
}

#[tokio::test]
async fn a_background_command_ends_with_the_answer() {
    let (server, home) = roomy().await;
    let fifo = home.fifo("alive").await;
    let mut alive = pipe::OpenOptions::new().open_receiver(&fifo).unwrap();
    let arguments = json!({"command": family(&fifo), "background": true});
    server.push(Turn::call("exec", arguments.to_string()));
    server.push(Turn::call("process", json!({"action": "list"}).to_string()));
    server.push(Turn::text("it runs"));
    let running = home.start(&["agent", "--yes", "-m", "hi"]);
    wait_until_up(&mut alive).await;
    let ended = running.ended().await.code(0);
    let _ = ended.says(&["a command in the background ends with the program: ", "(`exec 9>"]);
    wait_until_gone(alive).await;
    let told = server.requests().last().unwrap().json().to_string();
    assert!(told.contains("Command still running (session "), "{told}");
    assert!(told.contains(" :: exec 9>"), "{told}");
}

#[tokio::test]
async fn the_parent_of_a_command_shows_no_key() {
    let (server, home) = tiny().await;
    let home = home.env("OPENAI_API_KEY", "canary-5d1c");
    let command = "tr '\\0' '\\n' </proc/$PPID/environ >parent; tr '\\0' ' ' </proc/$PPID/cmdline \
                   >line; env >own";
    server.push(Turn::call("exec", json!({"command": command}).to_string()));
    server.push(Turn::text("done"));
    let _ = home.run(&["agent", "--yes", "-m", "hi"]).await.code(0);
    assert_eq!(home.get("parent"), "");
    assert!(home.get("line").contains("__supervise-commands"));
    assert!(!home.get("own").contains("canary-5d1c"));
}
