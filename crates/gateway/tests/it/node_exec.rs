//! An agent in the gateway whose commands run on a node.

use openclaw_mock_vllm::{MockVllm, Turn};
use serde_json::{Value, json};

use crate::lab::{GatewayLab, TestClient};
use crate::test_node::TestNode;

const COMMANDS: &[&str] = &["system.run.prepare", "system.run"];

const ON_NODE: &str = "tools: { exec: { host: 'node', node: 'server-node' } }";

fn request(message: &str, key: &str) -> Value {
    json!({ "message": message, "idempotencyKey": key })
}

/// What the node says that it would run.
fn plan(decision: &str) -> Value {
    json!({
        "plan": {
            "argv": ["/bin/sh", "-c", "make"], "cwd": "/srv", "commandText": "make",
            "planHash": "abc",
        },
        "decision": decision,
    })
}

/// The parameters of an invocation, which must be of this command.
fn invoked_params(request: &Value, command: &str) -> Value {
    assert_eq!(request["payload"]["command"], command, "{request}");
    serde_json::from_str(request["payload"]["paramsJSON"].as_str().unwrap()).unwrap()
}

/// The text of the run's answer.
async fn run_answer(client: &mut TestClient, id: &str) -> String {
    loop {
        let response = client.response(id).await;
        assert_eq!(response["ok"], true, "{response}");
        if response["payload"]["status"] != "accepted" {
            return response["payload"]["result"]["payloads"][0]["text"]
                .as_str()
                .unwrap()
                .to_owned();
        }
    }
}

#[tokio::test]
async fn a_command_runs_on_the_node_after_both_sides_allow_it() {
    let server = MockVllm::builder().start().await.unwrap();
    let lab = GatewayLab::start_with(&server, ON_NODE, |_| ()).await;
    let mut owner = lab.operator().await;
    let mut node = TestNode::new(1, COMMANDS);
    let mut client = node.pair(&lab, &mut owner).await;

    server.push(Turn::call("exec", r#"{"command":"make"}"#));
    server.push(Turn::text("Built."));
    owner.request("1", "agent", request("Build it", "k1")).await;
    let asked = client.event("node.invoke.request").await;
    assert_eq!(
        invoked_params(&asked, "system.run.prepare")["command"],
        json!(["sh", "-c", "make"])
    );
    node.answer(&mut client, &asked, &plan("ask")).await;
    let question = owner.event("exec.approval.requested").await;
    let shown = &question["payload"]["request"];
    assert_eq!((&shown["host"], &shown["node"]), (&json!("node"), &json!("server-node")));
    assert_eq!((&shown["command"], &shown["cwd"]), (&json!("make"), &json!("/srv")));
    let decision = json!({ "id": question["payload"]["id"], "decision": "allow-once" });
    assert_eq!(owner.call("exec.approval.resolve", decision).await["ok"], true);
    let run = client.event("node.invoke.request").await;
    let params = invoked_params(&run, "system.run");
    assert_eq!(
        (&params["approved"], &params["systemRunPlan"]["planHash"]),
        (&json!(true), &json!("abc"))
    );
    let result = json!({ "exitCode": 0, "success": true, "stdout": "on the node\n" });
    node.answer(&mut client, &run, &result).await;
    assert_eq!(run_answer(&mut owner, "1").await, "Built.");
    let told = String::from_utf8_lossy(&server.requests().last().unwrap().body).into_owned();
    assert!(told.contains("exit code 0 (on the node `server-node`)"), "{told}");

    // The node's own policy is not overruled.
    server.push(Turn::call("exec", r#"{"command":"make install"}"#));
    server.push(Turn::text("Denied."));
    owner.request("2", "agent", request("Install it", "k2")).await;
    let asked = client.event("node.invoke.request").await;
    node.answer(&mut client, &asked, &plan("deny")).await;
    assert_eq!(run_answer(&mut owner, "2").await, "Denied.");
    lab.end().await;
}

#[tokio::test]
async fn a_node_that_left_is_named_as_not_connected_and_one_that_leaves_as_unknown() {
    let server = MockVllm::builder().start().await.unwrap();
    let lab = GatewayLab::start_with(&server, ON_NODE, |_| ()).await;
    let mut owner = lab.operator().await;
    let mut node = TestNode::new(1, COMMANDS);
    let mut client = node.pair(&lab, &mut owner).await;

    server.push(Turn::call("exec", r#"{"command":"make"}"#));
    server.push(Turn::text("Who knows."));
    owner.request("1", "agent", request("Build it", "k1")).await;
    let asked = client.event("node.invoke.request").await;
    node.answer(&mut client, &asked, &plan("allow")).await;
    let run = client.event("node.invoke.request").await;
    assert_eq!(invoked_params(&run, "system.run")["approved"], Value::Null);
    drop(client);
    assert_eq!(run_answer(&mut owner, "1").await, "Who knows.");
    let told = String::from_utf8_lossy(&server.requests().last().unwrap().body).into_owned();
    assert!(told.contains("do not repeat it without checking"), "{told}");

    server.push(Turn::call("exec", r#"{"command":"make"}"#));
    server.push(Turn::text("Later."));
    owner.request("2", "agent", request("Build it", "k2")).await;
    assert_eq!(run_answer(&mut owner, "2").await, "Later.");
    let told = String::from_utf8_lossy(&server.requests().last().unwrap().body).into_owned();
    assert!(told.contains("the node `server-node` is not connected; nothing was run"), "{told}");
    lab.end().await;
}
