//! `exec`.

use std::time::Duration;

use openclaw_core::{CommandReview, ToolContext, ToolEffect};
use serde_json::json;

use crate::support::{Fixture, Progress, exec_options};

#[tokio::test]
async fn the_exit_code_and_the_output_are_reported() {
    let fixture = Fixture::new();
    let output = fixture.call("exec", json!({"command": "echo out; echo problem >&2"})).await;
    assert!(!output.is_error);
    assert!(output.text.starts_with("exit code 0\n") && output.text.contains("problem\n"));
    assert_eq!(output.summary.as_deref(), Some("exit 0"));

    let output = fixture.call("exec", json!({"command": "echo out; exit 3"})).await;
    assert!(output.is_error);
    assert_eq!(output.text, "exit code 3\nout\n");
    let output = fixture.call("exec", json!({"command": "kill -9 $$"})).await;
    assert!(output.is_error);
    assert_eq!(output.text, "ended by signal 9\n[no output]");
}

#[tokio::test]
async fn it_runs_in_the_requested_directory() {
    let fixture = Fixture::new();
    fixture.put("sub/x", "");
    let output = fixture.call("exec", json!({"command": "ls", "directory": "sub"})).await;
    assert_eq!(output.text, "exit code 0\nx\n");
    let real = std::fs::canonicalize(fixture.path("")).unwrap();
    let output = fixture.call("exec", json!({"command": "pwd", "directory": ""})).await;
    assert_eq!(output.text, format!("exit code 0\n{}\n", real.display()));
    let output = fixture.call("exec", json!({"command": "pwd", "directory": "sup"})).await;
    assert!(output.is_error);
    assert_eq!(output.text, "`sup` does not exist; near it: `sub`");

    let planned = fixture.plan("exec", json!({"command": "ls -l", "directory": "./sub/"}));
    let expected = ToolEffect::Exec {
        command: "ls -l".to_owned(),
        directory: "sub".to_owned(),
        node: None,
        review: CommandReview::Unreviewed,
    };
    assert_eq!(planned, Ok(expected));
}

#[tokio::test]
async fn the_shortest_limit_counts() {
    let short = Duration::from_millis(1500);
    let command = json!({"command": "echo begun; sleep 1000", "timeout": 900});
    let mut options = exec_options();
    options.time_limit = short;
    let tool = Fixture::with(options);
    let output = tool.call("exec", command.clone()).await;
    assert!(output.is_error);
    assert_eq!(output.text, "timed out: it ran for the 1.5 s it may and was ended\nbegun\n");

    let context = ToolContext {
        time_limit: Some(short),
        max_output_bytes: 50_000,
        takes_images: false,
        progress: &(),
    };
    let output = Fixture::new().call_in("exec", command, context).await;
    assert!(output.text.starts_with("timed out"), "{}", output.text);

    let command = json!({"command": "sleep 1000", "timeout": 1});
    let output = Fixture::new().call("exec", command).await;
    assert!(output.text.starts_with("timed out: it ran for the 1.0 s"), "{}", output.text);
}

#[tokio::test]
async fn long_output_keeps_its_ends_and_says_how_much_is_missing() {
    let fixture = Fixture::new();
    let command = "echo first; head -c 1000000 /dev/zero | tr '\\0' x; echo; echo last";
    let output = fixture.call("exec", json!({"command": command})).await;
    assert!(output.text.starts_with("exit code 0\nfirst\nxxx"));
    assert!(output.text.ends_with("xxx\nlast\n"));
    assert!(output.text.contains("\n[… 990012 bytes left out …]\n"), "{:.100}", output.text);
    assert!(output.text.len() < 10_100);
}

#[tokio::test]
async fn progress_is_reported_completely_as_it_arrives() {
    let fixture = Fixture::new();
    let progress = Progress::default();
    let context = ToolContext {
        time_limit: None,
        max_output_bytes: 50_000,
        takes_images: false,
        progress: &progress,
    };
    let command = r"printf 'h\303'; printf '\251llo'";
    let output = fixture.call_in("exec", json!({"command": command}), context).await;
    assert_eq!(output.text, "exit code 0\nhéllo");
    assert_eq!(progress.text(), "héllo");
}

#[tokio::test]
async fn the_environment_is_the_given_one() {
    let fixture = Fixture::new();
    let output = fixture.call("exec", json!({"command": "env; cat"})).await;
    assert!(output.text.contains("PATH=/usr/bin:/bin\n"));
    assert!(!output.text.contains("CARGO"), "{}", output.text);
}

#[tokio::test]
async fn a_command_that_cannot_be_run_is_answered() {
    let fixture = Fixture::new();
    let output = fixture.call("exec", json!({"command": "echo a\u{0}b"})).await;
    assert!(output.is_error);
    assert!(output.text.starts_with("not run: failed to start `/bin/sh`"), "{}", output.text);
}
