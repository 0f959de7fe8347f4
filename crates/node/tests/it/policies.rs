//! Whatever a gateway says, the node's own policy decides.

use openclaw_exec_policy::{AskMode, SecurityLevel};
use serde_json::{Value, json};

use crate::fake_gateway::{ConnectedNode, FakeGateway};
use crate::lab::{TestNode, TestPolicy};

fn code(answer: &Value) -> &str {
    answer["error"]["code"].as_str().unwrap_or_else(|| panic!("no error: {answer}"))
}

/// Parameters as a gateway sends them after a person approved what was prepared.
fn approved(command: &Value, prepared: &Value, run_id: &str) -> Value {
    json!({
        "command": command, "systemRunPlan": prepared["plan"], "runId": run_id,
        "approved": true, "approvalDecision": "allow-once",
    })
}

async fn prepare(connected: &mut ConnectedNode, id: &str, params: Value) -> Value {
    connected.invoke(id, "system.run.prepare", params).await
}

#[tokio::test]
async fn a_denied_command_does_not_run_whatever_was_approved() {
    let gateway = FakeGateway::start().await;
    let policy = TestPolicy::new(SecurityLevel::Deny, AskMode::Off);
    let node = TestNode::start(&gateway, &policy);
    let mut connected = gateway.welcome().await;
    let command = json!(["touch", "made"]);
    let prepared = prepare(&mut connected, "p", json!({ "command": command })).await;
    assert_eq!(prepared["decision"], "deny");
    assert!(prepared["reason"].is_string());
    assert_eq!(prepared["execPolicy"], json!({ "security": "Deny" }));
    let mut params = approved(&command, &prepared, "run-1");
    params["sessionKey"] = json!("agent:main:main");
    let answer = connected.invoke("1", "system.run", params).await;
    assert_eq!(code(&answer), "SYSTEM_RUN_DENIED");
    let [event] = connected.events.as_slice() else { panic!("{:?}", connected.events) };
    assert_eq!(event["event"], "exec.denied");
    let payload: Value = serde_json::from_str(event["payloadJSON"].as_str().unwrap()).unwrap();
    assert_eq!(
        payload,
        json!({
            "sessionKey": "agent:main:main", "runId": "run-1", "host": "node",
            "reason": "SYSTEM_RUN_DENIED",
        })
    );
    assert!(!node.path("made").exists());
    node.stop().await;
}

#[tokio::test]
async fn a_question_is_answered_for_exactly_what_was_prepared_and_once() {
    let gateway = FakeGateway::start().await;
    let policy = TestPolicy::new(SecurityLevel::Full, AskMode::Always);
    let node = TestNode::start(&gateway, &policy);
    let mut connected = gateway.welcome().await;
    std::fs::create_dir(node.path("other")).unwrap();
    let command = json!(["sh", "-c", "echo run >> runs"]);
    let prepared = prepare(&mut connected, "p", json!({ "command": command })).await;
    assert_eq!(prepared["decision"], "ask");
    assert_eq!(prepared["plan"]["commandText"], "echo run >> runs");
    assert_eq!(prepared["plan"]["argv"], command);

    // Without an approval, and with half of one.
    let whole = approved(&command, &prepared, "run-1");
    let without = |key: &str| {
        let mut params = whole.clone();
        params.as_object_mut().unwrap().remove(key);
        params
    };
    for (id, key) in [("1", "approved"), ("2", "systemRunPlan"), ("3", "runId")] {
        let answer = connected.invoke(id, "system.run", without(key)).await;
        assert_eq!(code(&answer), "APPROVAL_REQUIRED", "{key}");
    }
    // With the approval of something else.
    let mut text = whole.clone();
    text["command"] = json!(["sh", "-c", "echo run >> runs; id"]);
    let mut directory = whole.clone();
    directory["cwd"] = json!("other");
    let mut variables = whole.clone();
    variables["env"] = json!({ "LANG": "x" });
    let mut agent = whole.clone();
    agent["agentId"] = json!("other");
    for (id, params) in [("4", text), ("5", directory), ("6", variables)] {
        let answer = connected.invoke(id, "system.run", params).await;
        assert_eq!(code(&answer), "APPROVAL_REQUEST_MISMATCH", "{id}");
    }
    assert_eq!(node.text("runs"), "");

    let result = connected.invoke("7", "system.run", whole.clone()).await;
    assert_eq!(result["success"], true, "{result}");
    // The same approval for a second run, with another key.
    let answer = connected.invoke("8", "system.run", whole).await;
    assert_eq!(code(&answer), "APPROVAL_REQUEST_MISMATCH");
    assert_eq!(node.text("runs"), "run\n");
    node.stop().await;
}

#[tokio::test]
async fn a_script_that_changed_since_it_was_prepared_does_not_run() {
    let gateway = FakeGateway::start().await;
    let policy = TestPolicy::new(SecurityLevel::Full, AskMode::Always);
    let node = TestNode::start(&gateway, &policy);
    let mut connected = gateway.welcome().await;
    let save = |text: &str| {
        std::io::Write::write_all(
            &mut std::fs::File::create(node.path("a.sh")).unwrap(),
            text.as_bytes(),
        )
        .unwrap();
    };
    save("echo one >> runs");
    let command = json!(["sh", "a.sh"]);
    let prepared = prepare(&mut connected, "p", json!({ "command": command })).await;
    save("echo two >> runs");
    let params = approved(&command, &prepared, "run-1");
    let answer = connected.invoke("1", "system.run", params.clone()).await;
    assert_eq!(code(&answer), "APPROVAL_REQUEST_MISMATCH");
    assert_eq!(node.text("runs"), "");
    node.stop().await;
}

#[tokio::test]
async fn changed_settings_count_for_the_next_command_and_unusable_ones_let_nothing_run() {
    let gateway = FakeGateway::start().await;
    let policy = TestPolicy::new(SecurityLevel::Full, AskMode::Off);
    let node = TestNode::start(&gateway, &policy);
    let mut connected = gateway.welcome().await;
    let run = json!({ "command": ["sh", "-c", "read forever < fifo"] });
    let _made = connected.invoke("0", "system.run", json!({ "command": ["mkfifo", "fifo"] })).await;

    *policy.limit.lock().unwrap() = std::time::Duration::from_millis(50);
    *policy.settings.lock().unwrap() = Ok(2);
    let answer = connected.invoke("1", "system.run", run.clone()).await;
    assert_eq!(answer["timedOut"], true, "{answer}");

    *policy.settings.lock().unwrap() = Err("read the file `f`: it is broken".to_owned());
    for (id, command) in [("2", "system.run"), ("3", "system.run.prepare")] {
        let answer = connected.invoke(id, command, run.clone()).await;
        assert_eq!(code(&answer), "SYSTEM_RUN_DENIED", "{answer}");
        let text = answer["error"]["message"].as_str().unwrap();
        assert_eq!(text, "failed to read the file `f`: it is broken");
    }
    *policy.settings.lock().unwrap() = Ok(2);
    let answer = connected.invoke("4", "system.run", json!({ "command": ["true"] })).await;
    assert_eq!(answer["success"], true, "{answer}");
    node.stop().await;
}

#[tokio::test]
async fn a_plan_that_is_not_what_runs_is_refused_also_where_nobody_is_asked() {
    let gateway = FakeGateway::start().await;
    let node = TestNode::start_open(&gateway);
    let mut connected = gateway.welcome().await;
    let prepared = prepare(&mut connected, "p", json!({ "command": ["echo", "hi"] })).await;
    assert_eq!(prepared["decision"], "allow");
    let other = approved(&json!(["id"]), &prepared, "run-1");
    let answer = connected.invoke("1", "system.run", other).await;
    assert_eq!(code(&answer), "APPROVAL_REQUEST_MISMATCH");
    let same = approved(&json!(["echo", "hi"]), &prepared, "run-1");
    assert_eq!(connected.invoke("2", "system.run", same).await["stdout"], "hi\n");
    // The text that is shown is another way to say the same.
    let raw = json!({ "command": ["echo", "hi"], "rawCommand": "echo hi" });
    assert_eq!(connected.invoke("3", "system.run", raw).await["stdout"], "hi\n");
    node.stop().await;
}

#[tokio::test]
async fn a_gateway_makes_the_policy_stricter_but_never_wider() {
    let gateway = FakeGateway::start().await;
    let node = TestNode::start_open(&gateway);
    let mut connected = gateway.welcome().await;
    let present = connected.invoke("1", "system.execApprovals.get", json!({})).await;
    assert_eq!(
        present,
        json!({ "path": "/the/file", "exists": true, "hash": "h", "file": { "version": 1 } })
    );
    let wider = json!({ "file": { "version": 1 }, "baseHash": "h" });
    let answer = connected.invoke("2", "system.execApprovals.set", wider).await;
    assert_eq!(code(&answer), "SYSTEM_RUN_DENIED");
    let message = answer["error"]["message"].as_str().unwrap();
    assert!(message.contains("edit the file on the node, /the/file"), "{message}");
    let stale = json!({ "file": { "version": 1 }, "baseHash": "other" });
    let answer = connected.invoke("3", "system.execApprovals.set", stale).await;
    assert_eq!(code(&answer), "INVALID_REQUEST");
    let stricter = json!({
        "file": { "version": 1, "defaults": { "security": "deny" } }, "baseHash": "h",
    });
    let answer = connected.invoke("4", "system.execApprovals.set", stricter).await;
    assert_eq!(answer["exists"], true, "{answer}");
    let answer = connected.invoke("5", "system.run", json!({ "command": ["id"] })).await;
    assert_eq!(code(&answer), "SYSTEM_RUN_DENIED");
    node.stop().await;
}

#[tokio::test]
async fn nobody_is_asked_about_a_program_that_does_not_exist() {
    let gateway = FakeGateway::start().await;
    for mode in [AskMode::Always, AskMode::OnMiss] {
        let policy = TestPolicy::new(SecurityLevel::Allowlist, mode);
        let node = TestNode::start(&gateway, &policy);
        let mut connected = gateway.welcome().await;
        let missing = json!({ "command": ["./made-later", "x"] });
        let prepared = prepare(&mut connected, "p", missing.clone()).await;
        assert_eq!(prepared["decision"], "allow", "{prepared}");
        let answer = connected.invoke("1", "system.run", missing.clone()).await;
        assert_eq!(answer["exitCode"], 127, "{answer}");
        // It is looked up again before it runs.
        let mut made = missing;
        made["systemRunPlan"] = prepared["plan"].clone();
        std::fs::copy("/bin/true", node.path("made-later")).unwrap();
        let answer = connected.invoke("2", "system.run", made).await;
        assert_eq!(code(&answer), "APPROVAL_REQUEST_MISMATCH", "{answer}");
        let asked = prepare(&mut connected, "q", json!({ "command": ["./made-later"] })).await;
        assert_eq!(asked["decision"], "ask", "{asked}");
        std::fs::remove_file(node.path("made-later")).unwrap();
        // A policy that runs nothing says so all the same, and a text is for a shell.
        let text = json!({ "command": ["sh", "-c", "made-later; id"] });
        assert_eq!(prepare(&mut connected, "s", text).await["decision"], "ask");
        node.stop().await;
    }
    let policy = TestPolicy::new(SecurityLevel::Deny, AskMode::Off);
    let node = TestNode::start(&gateway, &policy);
    let mut connected = gateway.welcome().await;
    let denied = prepare(&mut connected, "p", json!({ "command": ["made-later"] })).await;
    assert_eq!(denied["decision"], "deny", "{denied}");
    node.stop().await;
}
