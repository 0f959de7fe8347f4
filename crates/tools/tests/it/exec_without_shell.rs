//! Commands that are allowed without asking run as they were judged, without a shell.

use std::os::unix::fs::PermissionsExt;
use std::sync::Arc;

use openclaw_core::{CommandReview, ToolContext, ToolEffect};
use openclaw_exec_policy::{CommandPlan, PlanBody};
use openclaw_tools::{CommandJudge, CommandPlace, JudgedCommand};
use serde_json::json;

use crate::support::{Fixture, call, exec_options};

/// Has every command run without a shell that can.
#[derive(Debug)]
struct TrustingJudge;

impl CommandJudge for TrustingJudge {
    fn agent(&self) -> &'static str {
        "main"
    }

    fn judge_command(&self, plan: &CommandPlan, _place: CommandPlace) -> JudgedCommand {
        let without_shell = matches!(plan.body(), PlanBody::Pipelines(_));
        JudgedCommand { review: CommandReview::Allowed, without_shell }
    }
}

fn fixture() -> Fixture {
    let mut options = exec_options();
    options.judge = Some(Arc::new(TrustingJudge));
    // A shell would run this file first, and tell so.
    options.environment.push(("ENV".into(), "/dev/null".into()));
    Fixture::with(options)
}

async fn run(fixture: &Fixture, command: &str) -> String {
    fixture.call("exec", json!({"command": command})).await.text
}

#[tokio::test]
async fn pipelines_run_with_the_words_that_were_judged() {
    let fixture = fixture();
    fixture.put("b", "2\n");
    fixture.put("a", "1\n");
    for (command, text) in [
        ("ls", "exit code 0\na\nb\n"),
        ("cat a b | sort -r | head -n 1", "exit code 0\n2\n"),
        ("cat a && cat b", "exit code 0\n1\n2\n"),
        ("cat a; false", "exit code 1\n1\n"),
        ("false || cat b", "exit code 0\n2\n"),
        ("false && cat b", "exit code 1\n[no output]"),
        ("false && cat a || cat b", "exit code 0\n2\n"),
        ("true || cat a && cat b", "exit code 0\n2\n"),
        ("cat a >/dev/null && cat b", "exit code 0\n2\n"),
        ("ls missing 2>/dev/null || printf '%s|' '$HOME' '*' '; id'", "exit code 0\n$HOME|*|; id|"),
        ("env TERM=x printf '%s' a", "exit code 0\na"),
    ] {
        assert_eq!(run(&fixture, command).await, text, "{command}");
    }
}

#[tokio::test]
async fn the_environment_and_the_parent_show_that_there_is_no_shell() {
    let fixture = fixture();
    let output = run(&fixture, "cat /proc/self/cmdline").await;
    assert_eq!(output, "exit code 0\n/usr/bin/cat\0/proc/self/cmdline\0");
    // `PWD` and `_` are set by shells.
    let output = run(&fixture, "env").await;
    assert!(!output.contains("\nPWD=") && !output.contains("\n_="), "{output}");
}

#[tokio::test]
async fn all_commands_share_one_time_limit_and_one_output_limit() {
    let fixture = fixture();
    let arguments = json!({"command": "sleep 0.8; sleep 1000", "timeout": 1});
    let output = fixture.call("exec", arguments).await;
    assert!(output.text.starts_with("timed out"), "{}", output.text);
    let output = run(&fixture, "head -c 9000 /dev/zero; head -c 9000 /dev/zero").await;
    assert!(output.contains("bytes left out"), "{output:.100}");
    assert!(output.len() < 10_200, "{}", output.len());
}

#[tokio::test]
async fn what_changed_after_it_was_judged_does_not_run() {
    let fixture = fixture();
    let put = |code: &str| {
        fixture.put("tool.sh", format!("#!/bin/sh\nexit {code}\n"));
        let mode = std::fs::Permissions::from_mode(0o755);
        std::fs::set_permissions(fixture.path("tool.sh"), mode).unwrap();
    };
    put("3");
    for command in ["./tool.sh", "sh tool.sh"] {
        let planned =
            fixture.tool("exec").plan_call(&call("exec", json!({"command": command}))).unwrap();
        put("44");
        let context = ToolContext {
            time_limit: None,
            max_output_bytes: 1000,
            takes_images: false,
            progress: &(),
        };
        let output = planned.run(context).await;
        assert!(output.is_error && output.text.contains("has changed"), "{}", output.text);
        let output = run(&fixture, command).await;
        assert!(output.starts_with("exit code 44\n"), "{output}");
        put("3");
    }
}

#[tokio::test]
async fn what_is_no_command_is_denied_whatever_the_judge_says() {
    let fixture = fixture();
    for command in ["", " ", "ls \0"] {
        let planned = fixture.plan("exec", json!({"command": command})).unwrap();
        let ToolEffect::Exec { review, .. } = planned else { panic!("{planned:?}") };
        assert!(matches!(review, CommandReview::Denied { is_final: true, .. }), "{command:?}");
    }
}
