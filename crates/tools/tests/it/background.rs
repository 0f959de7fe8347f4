//! Commands in the background, and the tool `process`.

use std::path::Path;
use std::time::Duration;

use openclaw_core::{CommandReview, ToolEffect};
use openclaw_tools::{BackgroundOptions, CommandRuns};
use serde_json::{Value, json};

use crate::support::{Fixture, exec_options};

fn with_background(background: BackgroundOptions) -> Fixture {
    let mut options = exec_options();
    options.background = Some(background);
    Fixture::with(options)
}

fn fixture() -> (Fixture, CommandRuns) {
    let runs = CommandRuns::new(Duration::from_mins(30));
    let background = BackgroundOptions { runs: runs.clone(), yield_after: Duration::from_mins(5) };
    (with_background(background), runs)
}

/// Starts a command in the background and returns its id and process id.
async fn start(fixture: &Fixture, arguments: Value) -> (String, u32) {
    let output = fixture.call("exec", arguments).await;
    assert!(!output.is_error, "{}", output.text);
    let rest = output.text.strip_prefix("Command still running (session ").unwrap();
    let (id, rest) = rest.split_once(", pid ").unwrap();
    let (pid, _) = rest.split_once(')').unwrap();
    (id.to_owned(), pid.parse().unwrap())
}

async fn control(fixture: &Fixture, arguments: Value) -> String {
    fixture.call("process", arguments).await.text
}

/// Waits until a process has gone.
async fn wait_until_gone(pid: u32) {
    let gone = async {
        while Path::new(&format!("/proc/{pid}")).exists() {
            tokio::task::yield_now().await;
        }
    };
    tokio::time::timeout(Duration::from_mins(1), gone).await.unwrap();
}

#[tokio::test]
async fn a_command_that_takes_long_continues_in_the_background() {
    let (fixture, runs) = fixture();
    let command = json!({"command": "echo begun; exec sleep 1000", "yieldMs": 300});
    let (id, pid) = start(&fixture, command).await;
    assert!(id.split('-').count() == 2, "{id}");
    assert_eq!(runs.running_count(), 1);
    let listed = control(&fixture, json!({"action": "list"})).await;
    assert!(listed.starts_with(&format!("{id} running ")), "{listed}");
    assert!(listed.contains("ms :: echo begun; exec sleep 1000"), "{listed}");
    // What the call had already shown is no news.
    let polled = control(&fixture, json!({"action": "poll", "sessionId": id})).await;
    assert!(polled.starts_with(&format!("{id} running for ")), "{polled}");
    assert!(polled.ends_with("\n[no new output]"), "{polled}");
    let log = control(&fixture, json!({"action": "log", "sessionId": id})).await;
    assert!(log.ends_with("lines 1–1 of 1\nbegun\n"), "{log}");

    let killed = control(&fixture, json!({"action": "kill", "sessionId": id})).await;
    assert!(killed.starts_with(&format!("{id} ended: killed\n")), "{killed}");
    assert!(!Path::new(&format!("/proc/{pid}")).exists());
    assert_eq!(runs.take_exit_notices(), [""; 0]);
    let removed = control(&fixture, json!({"action": "remove", "sessionId": id})).await;
    assert_eq!(removed, format!("{id} is forgotten"));
    let listed = control(&fixture, json!({"action": "list"})).await;
    assert_eq!(listed, "no commands in the background");
}

#[tokio::test]
async fn a_short_command_does_not_go_to_the_background() {
    let (fixture, runs) = fixture();
    let output = fixture.call("exec", json!({"command": "echo done"})).await;
    assert_eq!(output.text, "exit code 0\ndone\n");
    assert_eq!(control(&fixture, json!({"action": "list"})).await, "no commands in the background");
    assert_eq!(runs.running_count(), 0);
}

#[tokio::test]
async fn input_is_written_until_its_end() {
    let (fixture, runs) = fixture();
    let (id, _) = start(&fixture, json!({"argv": ["cat"], "background": true})).await;
    let call = |action: &str, more: Value| {
        let mut arguments = json!({"action": action, "sessionId": id});
        arguments.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        arguments
    };
    for (action, written) in [("submit", "one\n"), ("write", "two")] {
        let data = written.trim_end();
        let output = control(&fixture, call(action, json!({"data": data}))).await;
        assert_eq!(output, format!("wrote {} bytes to {id}", written.len()));
        let polled = control(&fixture, call("poll", json!({"timeout": 30_000}))).await;
        assert!(polled.ends_with(&format!("\n{written}")), "{polled}");
    }
    let _ = control(&fixture, call("write", json!({"eof": true}))).await;
    let polled = control(&fixture, call("poll", json!({"timeout": 30_000}))).await;
    assert_eq!(polled, format!("{id} ended: exit 0\n[no new output]"));
    let output = control(&fixture, call("write", json!({"data": "x"}))).await;
    assert_eq!(output, format!("{id} has ended: exit 0"));
    assert_eq!(runs.take_exit_notices(), [""; 0]);
}

#[tokio::test]
async fn an_unknown_id_names_the_known_ones() {
    let (fixture, _runs) = fixture();
    let unknown = json!({"action": "poll", "sessionId": "nope"});
    let text = control(&fixture, unknown.clone()).await;
    assert_eq!(text, "No session found for nope. No command is in the background.");
    let (id, _) = start(&fixture, json!({"command": "sleep 1000", "background": true})).await;
    let text = control(&fixture, unknown).await;
    assert_eq!(text, format!("No session found for nope. Known are: {id}."));
    let text = control(&fixture, json!({"action": "remove", "sessionId": id})).await;
    assert_eq!(text, format!("{id} still runs; kill it first"));
}

#[tokio::test]
async fn an_end_is_reported_once() {
    let (fixture, runs) = fixture();
    let (id, pid) = start(&fixture, json!({"command": "read x", "background": true})).await;
    assert_eq!(runs.take_exit_notices(), [""; 0]);
    let _ = control(&fixture, json!({"action": "write", "sessionId": id, "eof": true})).await;
    wait_until_gone(pid).await;
    let notices = loop {
        let notices = runs.take_exit_notices();
        if !notices.is_empty() {
            break notices;
        }
        tokio::task::yield_now().await;
    };
    assert_eq!(notices, [format!("the background command {id} (`read x`) ended: exit 1")]);
    assert_eq!(runs.take_exit_notices(), [""; 0]);
}

#[tokio::test]
async fn background_commands_end_with_the_conversation() {
    let (fixture, runs) = fixture();
    let command = "env -i setsid sleep 1000 & exec sleep 1000";
    let (_, pid) = start(&fixture, json!({"command": command, "background": true})).await;
    drop((fixture, runs));
    wait_until_gone(pid).await;
}

#[tokio::test]
async fn ended_commands_are_forgotten_after_a_while() {
    let (_, runs) = fixture();
    let runs_soon = CommandRuns::new(Duration::ZERO);
    drop(runs);
    let background = BackgroundOptions { runs: runs_soon, yield_after: Duration::from_mins(5) };
    let fixture = with_background(background);
    let (id, _) = start(&fixture, json!({"command": "sleep 1000", "background": true})).await;
    let _ = control(&fixture, json!({"action": "kill", "sessionId": id})).await;
    assert_eq!(control(&fixture, json!({"action": "list"})).await, "no commands in the background");
}

#[tokio::test]
async fn what_is_typed_into_a_command_is_a_command() {
    let (fixture, _runs) = fixture();
    let (id, _) = start(&fixture, json!({"command": "sh", "background": true})).await;
    let write = json!({"action": "submit", "sessionId": id, "data": "rm -rf x"});
    let expected = ToolEffect::Exec {
        command: "rm -rf x\n".to_owned(),
        directory: ".".to_owned(),
        node: None,
        review: CommandReview::Unreviewed,
    };
    assert_eq!(fixture.plan("process", write), Ok(expected));
    for action in ["poll", "log", "kill"] {
        let effect = fixture.plan("process", json!({"action": action, "sessionId": id})).unwrap();
        assert!(matches!(effect, ToolEffect::OwnCommand { .. }), "{effect:?}");
    }
}

#[tokio::test]
async fn without_a_background_there_is_no_process_tool() {
    let fixture = Fixture::new();
    assert!(fixture.tools.iter().all(|tool| tool.spec().name.as_str() != "process"));
    let parameters = fixture.tool("exec").spec().parameters.to_string();
    assert!(!parameters.contains("background") && !parameters.contains("yieldMs"), "{parameters}");
    let output = fixture.call("exec", json!({"command": "echo 1", "background": true})).await;
    assert_eq!(output.text, "exit code 0\n1\n");
}

#[tokio::test]
async fn arguments_run_without_a_shell_in_the_given_environment() {
    let fixture = Fixture::new();
    let output =
        fixture.call("exec", json!({"argv": ["printf", "%s|", "$HOME", "a b", "*"]})).await;
    assert_eq!(output.text, "exit code 0\n$HOME|a b|*|");
    let arguments = json!({"command": "echo $TZ $FOO", "env": {"TZ": "UTC", "FOO": "bar"}});
    assert_eq!(fixture.call("exec", arguments).await.text, "exit code 0\nUTC bar\n");
    for (arguments, problem) in [
        (json!({}), "needs `command` or `argv`"),
        (json!({"command": "ls", "argv": ["ls"]}), "takes `command` or `argv`, not both"),
        (
            json!({"command": "ls", "env": {"LD_PRELOAD": "x"}}),
            "`env` cannot set `LD_PRELOAD`, which decides what programs load",
        ),
    ] {
        assert_eq!(fixture.plan("exec", arguments).unwrap_err().problem, problem);
    }
}

#[tokio::test]
async fn a_command_that_asks_for_a_terminal_has_its_own() {
    let (fixture, _runs) = fixture();
    let command = "tty >/dev/null && stty size && echo $TERM && echo seen >/dev/tty";
    let output = fixture.call("exec", json!({"command": command, "pty": true})).await;
    assert_eq!(output.text, "exit code 0\n40 120\r\nxterm-256color\r\nseen\r\n");
    // What ignores the end of its terminal ends all the same.
    let command = "trap '' HUP; (trap '' HUP; sleep 1000) & exec sleep 1000";
    let arguments = json!({"command": command, "pty": true, "background": true});
    let (id, pid) = start(&fixture, arguments).await;
    let _ = control(&fixture, json!({"action": "kill", "sessionId": id})).await;
    wait_until_gone(pid).await;
}

#[tokio::test]
async fn what_is_written_to_a_terminal_is_typed() {
    let (fixture, _runs) = fixture();
    let command = "read -p 'name? ' name; echo hello $name; cat; echo end";
    let arguments = json!({"argv": ["bash", "-c", command], "pty": true, "background": true});
    let (id, _) = start(&fixture, arguments).await;
    let write = json!({"action": "submit", "sessionId": id, "data": "ada", "eof": true});
    let _ = control(&fixture, write).await;
    let mut seen = String::new();
    while !seen.contains("ended: exit 0") {
        let poll = json!({"action": "poll", "sessionId": id, "timeout": 30_000});
        seen += &control(&fixture, poll).await;
    }
    assert!(seen.contains("hello ada\r\n") && seen.contains("end\r\n"), "{seen}");
}
