//! What a gateway asks for: once, bounded, and ended when it is cancelled.

use openclaw_exec_policy::{AskMode, SecurityLevel};
use serde_json::{Value, json};

use crate::fake_gateway::FakeGateway;
use crate::lab::{TestNode, TestPolicy};

fn script(text: &str) -> Value {
    json!({ "command": ["sh", "-c", text] })
}

fn code(answer: &Value) -> &str {
    answer["error"]["code"].as_str().unwrap_or_else(|| panic!("no error: {answer}"))
}

#[tokio::test]
async fn a_command_runs_with_its_streams_its_end_and_its_progress() {
    let gateway = FakeGateway::start().await;
    let node = TestNode::start_open(&gateway);
    let mut connected = gateway.welcome().await;
    let params = json!({
        "command": ["bash", "-lc", "echo out; echo err >&2; pwd; printf %s \"$GREETING\"; exit 3"],
        "cwd": "sub", "env": { "GREETING": "hello" },
    });
    std::fs::create_dir(node.path("sub")).unwrap();
    let result = connected.invoke("1", "system.run", params).await;
    let folder = node.path("sub").canonicalize().unwrap();
    assert_eq!(
        result,
        json!({
            "exitCode": 3, "timedOut": false, "success": false, "error": null, "truncated": false,
            "stdout": format!("out\n{}\nhello", folder.display()), "stderr": "err\n",
        })
    );
    let chunks: String = connected.progress.iter().map(|(_, _, chunk)| chunk.as_str()).collect();
    assert_eq!(chunks.len(), result["stdout"].as_str().unwrap().len() + "err\n".len());
    for (number, (id, seq, _)) in connected.progress.iter().enumerate() {
        assert_eq!((id.as_str(), *seq), ("1", number as u64));
    }
    let result = connected.invoke("2", "system.run", json!({ "command": ["echo", "a b"] })).await;
    assert_eq!((&result["stdout"], &result["success"]), (&json!("a b\n"), &json!(true)));
    let result = connected.invoke("3", "system.run", script("kill -9 $$")).await;
    assert_eq!(result["exitCode"], Value::Null);
    assert_eq!(result["error"], "ended by signal 9");
    node.stop().await;
}

#[tokio::test]
async fn the_same_key_is_one_run() {
    let gateway = FakeGateway::start().await;
    let node = TestNode::start_open(&gateway);
    let mut connected = gateway.welcome().await;
    let params = script("echo run >> runs; echo done; cat go; cat go2");
    // Both requests wait for the same run.
    connected.invoke("pipes", "system.run", script("mkfifo go go2")).await;
    let key = json!({ "idempotencyKey": "k" });
    connected.request_with("a", "system.run", &params, key.clone()).await;
    assert_eq!(connected.wait_for_progress().await, "done\n");
    connected.request_with("b", "system.run", &params, key.clone()).await;
    connected.request_with("c", "system.run", &script("id"), key.clone()).await;
    assert_eq!(code(&connected.answer("c").await), "IDEMPOTENCY_CONFLICT");
    let pipes = [node.path("go"), node.path("go2")];
    tokio::task::spawn_blocking(move || {
        for pipe in pipes {
            drop(std::fs::OpenOptions::new().write(true).open(pipe).unwrap());
        }
    })
    .await
    .unwrap();
    let (one, other) = (connected.next_result().await, connected.next_result().await);
    assert_eq!(one["payloadJSON"], other["payloadJSON"]);
    assert_ne!(one["id"], other["id"]);
    // And later requests get the recorded result, also over a new connection and a restart.
    connected.request_with("d", "system.run", &params, key.clone()).await;
    let first = connected.answer("d").await;
    assert_eq!(first["stdout"], "done\n");
    connected.request_with("e", "system.run", &script("id"), key.clone()).await;
    assert_eq!(code(&connected.answer("e").await), "IDEMPOTENCY_CONFLICT");
    assert_eq!(node.text("runs"), "run\n");
    let folder = node.stop().await;
    let policy = TestPolicy::new(SecurityLevel::Deny, AskMode::Off);
    let node = TestNode::start_in(folder, &gateway, &policy);
    let mut connected = gateway.welcome().await;
    connected.request_with("f", "system.run", &params, key).await;
    assert_eq!(connected.answer("f").await, first);
    assert_eq!(node.text("runs"), "run\n");
    node.stop().await;
}

#[tokio::test]
async fn a_command_goes_on_without_a_connection_and_its_result_is_told_after_the_next() {
    let gateway = FakeGateway::start().await;
    let node = TestNode::start_open(&gateway);
    let mut connected = gateway.welcome().await;
    connected.invoke("pipe", "system.run", script("mkfifo go")).await;
    connected.request("1", "system.run", &script("echo begun; cat go; echo end")).await;
    connected.wait_for_progress().await;
    drop(connected);
    let mut connected = gateway.welcome().await;
    let pipe = node.path("go");
    tokio::task::spawn_blocking(move || std::fs::OpenOptions::new().write(true).open(pipe))
        .await
        .unwrap()
        .unwrap();
    // An answer that nobody acknowledged is told again.
    connected.acknowledges = false;
    assert_eq!(connected.answer("1").await["stdout"], "begun\nend\n");
    drop(connected);
    let mut connected = gateway.welcome().await;
    assert_eq!(connected.answer("1").await["stdout"], "begun\nend\n");
    let found = connected.invoke("2", "system.which", json!({ "bins": [] })).await;
    assert_eq!(found, json!({ "bins": {} }));
    drop(connected);
    // One that was acknowledged is not.
    let mut connected = gateway.welcome().await;
    connected.request("3", "system.which", &json!({ "bins": [] })).await;
    assert_eq!(connected.next_result().await["id"], "3");
    node.stop().await;
}

#[tokio::test]
async fn a_cancelled_command_ends_whenever_the_cancellation_arrives() {
    let gateway = FakeGateway::start().await;
    let node = TestNode::start_open(&gateway);
    let mut connected = gateway.welcome().await;
    // Before the request.
    connected.cancel("early").await;
    connected.cancel("early").await;
    let answer = connected.invoke("early", "system.run", script("echo run >> runs")).await;
    assert_eq!(code(&answer), "CANCELLED");
    assert_eq!(node.text("runs"), "");
    // While it runs, and again: with the processes that left its session.
    connected.invoke("pipe", "system.run", script("mkfifo held")).await;
    let text = "setsid sh -c 'exec 9> held; sleep 1000' & echo begun; wait";
    connected.request("running", "system.run", &script(text)).await;
    connected.wait_for_progress().await;
    let pipe = node.path("held");
    let held = tokio::task::spawn_blocking(move || std::fs::File::open(pipe).unwrap());
    let mut held = held.await.unwrap();
    connected.cancel("running").await;
    connected.cancel("running").await;
    assert_eq!(code(&connected.answer("running").await), "CANCELLED");
    // The pipe ends with the last process that holds it.
    let rest = tokio::task::spawn_blocking(move || {
        std::io::Read::read_to_string(&mut held, &mut String::new()).unwrap()
    });
    assert_eq!(rest.await.unwrap(), 0);
    // After its end.
    connected.cancel("running").await;
    let again = json!({ "idempotencyKey": "running" });
    connected.request_with("later", "system.run", &script(text), again).await;
    assert_eq!(code(&connected.answer("later").await), "CANCELLED");
    // Of another node.
    let other = json!({ "invokeId": "other", "nodeId": "another" });
    connected.send_event("node.invoke.cancel", other).await;
    let result = connected.invoke("other", "system.run", script("echo it runs")).await;
    assert_eq!(result["stdout"], "it runs\n");
    node.stop().await;
}

#[tokio::test]
async fn a_command_ends_at_the_shorter_of_its_limits() {
    let gateway = FakeGateway::start().await;
    let node = TestNode::start_open(&gateway);
    let mut connected = gateway.welcome().await;
    let params = json!({ "command": ["sh", "-c", "echo begun; sleep 1000"], "timeoutMs": 300 });
    let result = connected.invoke("own", "system.run", params).await;
    assert_eq!((&result["timedOut"], &result["success"]), (&json!(true), &json!(false)));
    assert_eq!(result["stdout"], "begun\n");
    let limit = json!({ "idempotencyKey": "g", "timeoutMs": 300 });
    let params = json!({ "command": ["sh", "-c", "sleep 1000"], "timeoutMs": 1_800_000 });
    connected.request_with("gateway", "system.run", &params, limit).await;
    assert_eq!(connected.answer("gateway").await["timedOut"], true);
    node.stop().await;
}

#[tokio::test]
async fn a_flood_of_output_is_bounded() {
    let gateway = FakeGateway::start().await;
    let node = TestNode::start_open(&gateway);
    let mut connected = gateway.welcome().await;
    let flood = "printf start; head -c 30000000 /dev/zero | tr '\\0' x; printf '\\377\\033[2Jend'";
    let result = connected.invoke("1", "system.run", script(flood)).await;
    let stdout = result["stdout"].as_str().unwrap();
    assert!(stdout.len() < 201_000, "{}", stdout.len());
    assert!(stdout.starts_with("start"), "{}", &stdout[..20]);
    assert!(stdout.ends_with("\u{fffd}\u{1b}[2Jend"), "{:?}", &stdout[stdout.len() - 20..]);
    assert!(stdout.contains("bytes left out"));
    assert_eq!(result["truncated"], true);
    let told: usize = connected.progress.iter().map(|(_, _, chunk)| chunk.len()).sum();
    assert!(told <= 200_000, "{told}");
    node.stop().await;
}

#[tokio::test]
async fn what_cannot_be_served_is_an_error_with_its_reason() {
    let gateway = FakeGateway::start().await;
    let node = TestNode::start_open(&gateway);
    let mut connected = gateway.welcome().await;
    for (id, command, params, expected, said) in [
        ("1", "evil.cmd", json!({}), "UNKNOWN_COMMAND", "evil.cmd"),
        ("2", "system.which", json!({ "bins": 1 }), "INVALID_REQUEST", "bins"),
        ("3", "system.which", json!({ "bins": vec!["a"; 201] }), "INVALID_REQUEST", "200"),
        ("4", "system.run", json!({ "command": "ls" }), "INVALID_REQUEST", "command"),
        ("5", "system.run", json!({}), "INVALID_REQUEST", "no program"),
        ("6", "system.run", json!({ "command": [] }), "INVALID_REQUEST", "no program"),
        ("7", "system.run", json!({ "command": [""] }), "INVALID_REQUEST", ""),
        ("8", "system.run", json!({ "command": ["a\0b"] }), "INVALID_REQUEST", ""),
        (
            "9",
            "system.run",
            json!({ "command": ["id"], "cwd": "no/such" }),
            "INVALID_REQUEST",
            "no/such",
        ),
        (
            "10",
            "system.run",
            json!({ "command": ["id"], "env": { "LD_PRELOAD": "x" } }),
            "INVALID_REQUEST",
            "LD_PRELOAD",
        ),
        (
            "11",
            "system.run",
            json!({ "command": ["id"], "env": { "PATH": "/tmp" } }),
            "INVALID_REQUEST",
            "PATH",
        ),
        (
            "12",
            "system.run",
            json!({ "command": ["sh", "-c", "id"], "rawCommand": "ls" }),
            "RAW_COMMAND_MISMATCH",
            "`id`",
        ),
        (
            "13",
            "system.run",
            json!({ "command": ["id"], "agentId": "nobody" }),
            "SYSTEM_RUN_DENIED",
            "this agent",
        ),
    ] {
        let answer = connected.invoke(id, command, params).await;
        assert_eq!(code(&answer), expected, "{id}: {answer}");
        let message = answer["error"]["message"].as_str().unwrap();
        assert!(message.contains(said), "{id}: {message}");
    }
    let missing = json!({ "command": ["no-such-program-1"] });
    let answer = connected.invoke("14", "system.run", missing).await;
    assert_eq!(answer["exitCode"], 127, "{answer}");
    assert!(answer["error"].as_str().unwrap().contains("`no-such-program-1`"), "{answer}");
    let others = json!({ "nodeId": "another" });
    connected.request_with("15", "system.which", &json!({ "bins": [] }), others).await;
    assert_eq!(code(&connected.answer("15").await), "INVALID_REQUEST");
    let params = json!({ "paramsJSON": "{" });
    connected.request_with("16", "system.which", &json!({}), params).await;
    assert_eq!(code(&connected.answer("16").await), "INVALID_REQUEST");
    node.stop().await;
}

#[tokio::test]
async fn programs_are_found_as_commands_find_them() {
    let gateway = FakeGateway::start().await;
    let node = TestNode::start_open(&gateway);
    let mut connected = gateway.welcome().await;
    let bins = json!({ "bins": ["sh", "no-such-program-1", "/bin/sh", "", "../sh"] });
    let found = connected.invoke("1", "system.which", bins).await;
    let bins = found["bins"].as_object().unwrap();
    assert_eq!(bins.keys().collect::<Vec<_>>(), ["sh"]);
    node.stop().await;
}

#[tokio::test]
async fn a_request_twice_is_answered_once() {
    let gateway = FakeGateway::start().await;
    let node = TestNode::start_open(&gateway);
    let mut connected = gateway.welcome().await;
    connected.invoke("pipe", "system.run", script("mkfifo go")).await;
    let text = script("echo run >> runs; echo begun; cat go");
    connected.request("1", "system.run", &text).await;
    connected.wait_for_progress().await;
    connected.request("1", "system.run", &text).await;
    // Requests are taken in their order, so that the node has both.
    connected.invoke("between", "system.which", json!({ "bins": [] })).await;
    let pipe = node.path("go");
    tokio::task::spawn_blocking(move || std::fs::OpenOptions::new().write(true).open(pipe))
        .await
        .unwrap()
        .unwrap();
    assert_eq!(connected.answer("1").await["stdout"], "begun\n");
    connected.request("2", "system.which", &json!({ "bins": [] })).await;
    assert_eq!(connected.next_result().await["id"], "2");
    assert_eq!(node.text("runs"), "run\n");
    node.stop().await;
}
