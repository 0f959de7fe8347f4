//! Commands of nodes that are approved before they run, and the files that restrict them.

use openclaw_mock_vllm::MockVllm;
use openclaw_protocol::gateway::INVOKE_LEDGER_CAP;
use serde_json::{Value, json};

use crate::lab::{GatewayLab, TestClient};
use crate::test_device::TestDevice;
use crate::test_node::TestNode;

const ALL: &[&str] =
    &["system.run.prepare", "system.run", "system.execApprovals.get", "system.execApprovals.set"];

fn reason(answer: &Value) -> &str {
    let error = &answer["error"];
    error["details"]["code"].as_str().or(error["code"].as_str()).unwrap_or("none")
}

/// Invokes a command and answers it; returns what the node got and the response.
async fn carry_out(
    owner: &mut TestClient,
    (node, client): (&TestNode, &mut TestClient),
    invoke: Value,
    result: &Value,
) -> (Value, Value) {
    owner.request("i", "node.invoke", invoke).await;
    let request = client.event("node.invoke.request").await;
    node.answer(client, &request, result).await;
    let params = request["payload"]["paramsJSON"].as_str().unwrap();
    (serde_json::from_str(params).unwrap(), owner.response("i").await)
}

fn plan(hash: &str) -> Value {
    json!({
        "argv": ["/usr/bin/id"], "cwd": "/srv", "commandText": "id", "agentId": null,
        "sessionKey": null, "planHash": hash,
    })
}

/// Has a command prepared, and asks whether it may run.
async fn request(
    owner: &mut TestClient,
    (node, client): (&TestNode, &mut TestClient),
    hash: &str,
) -> String {
    let prepare = node.invoke("system.run.prepare", &json!({ "command": ["id"], "cwd": null }));
    let result = json!({ "plan": plan(hash), "decision": "ask" });
    carry_out(owner, (node, client), prepare, &result).await;
    let params = json!({
        "host": "node", "nodeId": node.id(), "twoPhase": true,
        "command": "echo harmless",
        "systemRunPlan": { "planHash": hash, "commandText": "echo harmless" },
    });
    owner.request("ask", "exec.approval.request", params).await;
    let accepted = owner.response("ask").await;
    assert_eq!(accepted["payload"]["status"], "accepted", "{accepted}");
    accepted["payload"]["id"].as_str().unwrap().to_owned()
}

#[tokio::test]
async fn what_only_the_gateway_says_is_taken_out_of_what_clients_send() {
    let server = MockVllm::builder().start().await.unwrap();
    let lab = GatewayLab::start(&server).await;
    let mut owner = lab.operator().await;
    let mut node = TestNode::new(1, ALL);
    let mut client = node.pair(&lab, &mut owner).await;
    let forged = json!({
        "command": ["id"], "approved": true, "approvalDecision": "allow-once",
        "systemRunPlan": plan("h"), "timeoutMs": 1000,
    });
    let run = node.invoke("system.run", &forged);
    let (got, _) = carry_out(&mut owner, (&node, &mut client), run, &json!({})).await;
    assert_eq!(got, json!({ "command": ["id"], "timeoutMs": 1000 }));
    let mut with_id = forged;
    with_id["runId"] = json!("made-up");
    let refused = owner.call("node.invoke", node.invoke("system.run", &with_id)).await;
    assert_eq!(reason(&refused), "UNKNOWN_APPROVAL_ID");
    // Nobody runs commands without `operator.admin`, nor widens the policy of a node.
    let mut writer = lab.connect(&["operator.write", "operator.approvals"], &[]).await;
    for command in ["system.run", "system.execApprovals.set"] {
        let refused = writer.call("node.invoke", node.invoke(command, &json!({}))).await;
        assert_eq!(refused["error"]["details"]["missingScope"], "operator.admin");
    }
    for (method, params) in [
        ("exec.approvals.get", json!({})),
        ("exec.approvals.node.get", json!({ "nodeId": node.id() })),
    ] {
        let refused = writer.call(method, params).await;
        assert_eq!(reason(&refused), "MISSING_SCOPE", "{method}");
    }
    lab.end().await;
}

#[tokio::test]
async fn the_question_shows_the_variables_of_a_command_and_why_the_node_asks() {
    let server = MockVllm::builder().start().await.unwrap();
    let lab = GatewayLab::start(&server).await;
    let (mut owner, mut approver) = (lab.operator().await, lab.operator().await);
    let mut node = TestNode::new(1, ALL);
    let mut client = node.pair(&lab, &mut owner).await;
    let env = json!({ "TAR_OPTIONS": "--checkpoint-action=exec=id" });
    let prepare =
        node.invoke("system.run.prepare", &json!({ "command": ["id"], "env": env.clone() }));
    let result = json!({ "plan": plan("h1"), "decision": "ask", "reason": "sets a variable" });
    carry_out(&mut owner, (&node, &mut client), prepare, &result).await;
    let params = json!({
        "host": "node", "nodeId": node.id(), "systemRunPlan": { "planHash": "h1" },
    });
    owner.request("ask", "exec.approval.request", params).await;
    let asked = approver.event("exec.approval.requested").await;
    let shown = &asked["payload"]["request"];
    assert_eq!(shown["command"], r#"TAR_OPTIONS="--checkpoint-action=exec=id" id"#);
    assert_eq!((&shown["env"], &shown["reason"]), (&env, &json!("sets a variable")));
    lab.end().await;
}

#[tokio::test]
async fn an_approval_is_for_one_run_of_exactly_what_the_node_prepared() {
    let server = MockVllm::builder().start().await.unwrap();
    let lab = GatewayLab::start(&server).await;
    let (mut owner, mut approver) = (lab.operator().await, lab.operator().await);
    let (mut node, mut other) = (TestNode::new(1, ALL), TestNode::new(2, ALL));
    let mut client = node.pair(&lab, &mut owner).await;
    let _stranger = other.pair(&lab, &mut owner).await;
    // Only a plan that the node made is asked about.
    let made_up = json!({
        "host": "node", "nodeId": node.id(), "systemRunPlan": { "planHash": "made-up" },
    });
    let refused = owner.call("exec.approval.request", made_up).await;
    assert_eq!(reason(&refused), "APPROVAL_REQUEST_MISMATCH");
    let elsewhere = owner.call("exec.approval.request", json!({ "host": "gateway" })).await;
    assert_eq!(reason(&elsewhere), "INVALID_REQUEST");
    let id = request(&mut owner, (&node, &mut client), "h1").await;
    let asked = approver.event("exec.approval.requested").await;
    // What is shown comes from the node.
    assert_eq!(asked["payload"]["request"]["command"], "id");
    assert_eq!(asked["payload"]["request"]["nodeId"], node.id());
    let run =
        |id: &str| json!({ "command": ["id"], "approved": true, "runId": id, "timeoutMs": 1000 });
    let early = owner.call("node.invoke", node.invoke("system.run", &run(&id))).await;
    assert_eq!(reason(&early), "APPROVAL_REQUIRED");
    let always = json!({ "id": id, "decision": "allow-always" });
    assert_eq!(approver.call("exec.approval.resolve", always).await["ok"], false);
    let prefix = json!({ "id": id[..8], "decision": "allow-once" });
    let refused = approver.call("exec.approval.resolve", prefix).await;
    assert_eq!(reason(&refused), "UNKNOWN_APPROVAL_ID");
    approver.request("wait", "exec.approval.waitDecision", json!({ "id": id })).await;
    let once = json!({ "id": id, "decision": "allow-once" });
    assert_eq!(approver.call("exec.approval.resolve", once.clone()).await["ok"], true);
    assert_eq!(approver.call("exec.approval.resolve", once).await["ok"], true);
    let deny = json!({ "id": id, "decision": "deny" });
    let late = approver.call("exec.approval.resolve", deny).await;
    assert_eq!(reason(&late), "APPROVAL_ALREADY_RESOLVED");
    for (who, response) in [(&mut approver, "wait"), (&mut owner, "ask")] {
        let decided = who.response(response).await;
        assert_eq!(decided["payload"]["decision"], "allow-once", "{response}: {decided}");
    }
    // Another command, node, plan or folder is not what was approved, and uses nothing up.
    let mut changed = run(&id);
    changed["command"] = json!(["rm", "-rf", "/"]);
    let mut moved = run(&id);
    moved["cwd"] = json!("/");
    let mut planned = run(&id);
    planned["systemRunPlan"] = json!({ "planHash": "h2" });
    for params in [changed, moved, planned] {
        let refused = owner.call("node.invoke", node.invoke("system.run", &params)).await;
        assert_eq!(reason(&refused), "APPROVAL_REQUEST_MISMATCH");
    }
    let refused = owner.call("node.invoke", other.invoke("system.run", &run(&id))).await;
    assert_eq!(reason(&refused), "APPROVAL_NODE_MISMATCH");
    let mut admin = TestDevice::new(9, &["operator.admin"]);
    let mut device = admin.pair(&lab, &mut owner).await;
    let refused = device.call("node.invoke", node.invoke("system.run", &run(&id))).await;
    assert_eq!(reason(&refused), "APPROVAL_DEVICE_MISMATCH");
    let invoke = node.invoke("system.run", &run(&id));
    let (got, answer) =
        carry_out(&mut owner, (&node, &mut client), invoke, &json!({ "exitCode": 0 })).await;
    assert_eq!(answer["ok"], true, "{answer}");
    assert_eq!(got["approved"], true);
    assert_eq!((&got["runId"], &got["systemRunPlan"]), (&json!(id), &plan("h1")));
    let again = owner.call("node.invoke", node.invoke("system.run", &run(&id))).await;
    assert_eq!(reason(&again), "UNKNOWN_APPROVAL_ID");
    lab.end().await;
}

#[tokio::test]
async fn a_denied_command_does_not_run_and_no_device_allows_its_own() {
    let server = MockVllm::builder().start().await.unwrap();
    let lab = GatewayLab::start(&server).await;
    let mut owner = lab.operator().await;
    let mut node = TestNode::new(1, ALL);
    let mut client = node.pair(&lab, &mut owner).await;
    let id = request(&mut owner, (&node, &mut client), "h1").await;
    owner.call("exec.approval.resolve", json!({ "id": id, "decision": "deny" })).await;
    assert_eq!(owner.response("ask").await["payload"]["decision"], "deny");
    let run = json!({ "command": ["id"], "approved": true, "runId": id });
    let refused = owner.call("node.invoke", node.invoke("system.run", &run)).await;
    assert_eq!(reason(&refused), "APPROVAL_REQUIRED");
    let mut admin = TestDevice::new(9, &["operator.admin"]);
    let mut device = admin.pair(&lab, &mut owner).await;
    let own = request(&mut device, (&node, &mut client), "h2").await;
    let allow = json!({ "id": own, "decision": "allow-once" });
    let refused = device.call("exec.approval.resolve", allow.clone()).await;
    assert_eq!(reason(&refused), "FORBIDDEN");
    assert_eq!(
        owner.call("exec.approval.list", json!({})).await["payload"]["approvals"][0]["id"],
        own
    );
    // The question of a client that leaves is withdrawn.
    owner.request("wait", "exec.approval.waitDecision", json!({ "id": own })).await;
    drop(device);
    assert_eq!(owner.response("wait").await["payload"]["terminalReason"], "withdrawn");
    let late = owner.call("exec.approval.resolve", allow).await;
    assert_eq!(reason(&late), "UNKNOWN_APPROVAL_ID");
    lab.end().await;
}

#[tokio::test]
async fn a_policy_is_replaced_only_when_it_is_the_one_that_was_read() {
    let server = MockVllm::builder().start().await.unwrap();
    let lab = GatewayLab::start(&server).await;
    let mut owner = lab.operator().await;
    let read = owner.call("exec.approvals.get", json!({})).await;
    assert_eq!(read["payload"]["exists"], false, "{read}");
    let file = json!({ "version": 1, "defaults": { "security": "deny" } });
    let stale = json!({ "file": file, "baseHash": "0000" });
    assert_eq!(reason(&owner.call("exec.approvals.set", stale).await), "BASE_HASH_MISMATCH");
    assert_eq!(
        reason(&owner.call("exec.approvals.set", json!({ "file": file })).await),
        "BASE_HASH_MISMATCH"
    );
    let set = json!({ "file": file, "baseHash": read["payload"]["hash"] });
    let written = owner.call("exec.approvals.set", set.clone()).await;
    assert_eq!(written["payload"]["file"], file, "{written}");
    assert_eq!(written["payload"]["resolvedDefaults"]["security"], "deny");
    assert_eq!(reason(&owner.call("exec.approvals.set", set).await), "BASE_HASH_MISMATCH");
    let invalid = json!({
        "file": { "version": 1, "defaults": { "security": "none" } },
        "baseHash": written["payload"]["hash"],
    });
    assert_eq!(reason(&owner.call("exec.approvals.set", invalid).await), "INVALID_REQUEST");
    let kept = owner.call("exec.approvals.get", json!({})).await;
    assert_eq!(kept["payload"]["hash"], written["payload"]["hash"]);
    // The file of a node is the node's affair.
    let mut node = TestNode::new(1, ALL);
    let mut client = node.pair(&lab, &mut owner).await;
    let params = json!({ "nodeId": node.id(), "file": file, "baseHash": "h" });
    owner.request("s", "exec.approvals.node.set", params).await;
    let request = client.event("node.invoke.request").await;
    assert_eq!(request["payload"]["command"], "system.execApprovals.set");
    let passed: Value =
        serde_json::from_str(request["payload"]["paramsJSON"].as_str().unwrap()).unwrap();
    assert_eq!(passed, json!({ "file": file, "baseHash": "h" }));
    node.answer(&mut client, &request, &json!({ "hash": "h2" })).await;
    assert_eq!(owner.response("s").await["payload"]["hash"], "h2");
    lab.end().await;
}

#[tokio::test]
async fn the_same_request_learns_what_came_of_an_approved_command() {
    let server = MockVllm::builder().start().await.unwrap();
    let lab = GatewayLab::start(&server).await;
    let mut owner = lab.operator().await;
    let mut node = TestNode::new(1, ALL);
    let mut client = node.pair(&lab, &mut owner).await;
    let id = request(&mut owner, (&node, &mut client), "h1").await;
    owner.call("exec.approval.resolve", json!({ "id": id, "decision": "allow-once" })).await;
    owner.response("ask").await;
    let run = json!({ "command": ["id"], "cwd": null, "approved": true, "runId": id });
    let invoke = node.invoke("system.run", &run);
    // A node that is not connected got nothing, and the approval stays.
    drop(client);
    loop {
        let refused = owner.call("node.invoke", invoke.clone()).await;
        if refused["error"]["details"]["nodeError"]["code"] == "NOT_CONNECTED" {
            break;
        }
    }
    let with_ledger = |params: &mut Value| params["caps"] = json!(["system", INVOKE_LEDGER_CAP]);
    let mut client = node.attempt(&lab, with_ledger).await.client;
    owner.request("lost", "node.invoke", invoke.clone()).await;
    let first = client.event("node.invoke.request").await["payload"]["paramsJSON"].clone();
    drop(client);
    let lost = owner.response("lost").await;
    assert_eq!(lost["error"]["details"]["nodeCommandDispatched"], true, "{lost}");
    // The node keeps its results, so that it gets the same request again, and no other one.
    let mut client = node.attempt(&lab, with_ledger).await.client;
    let mut other = invoke.clone();
    other["idempotencyKey"] = json!("another");
    let refused = owner.call("node.invoke", other).await;
    assert_eq!(reason(&refused), "APPROVAL_REQUIRED", "{refused}");
    let (again, answer) =
        carry_out(&mut owner, (&node, &mut client), invoke.clone(), &json!({ "exitCode": 0 }))
            .await;
    assert_eq!(again.to_string(), first.as_str().unwrap());
    assert_eq!(answer["payload"]["payload"]["exitCode"], 0, "{answer}");
    // One without a ledger could run it twice.
    drop(client);
    drop(node.attempt(&lab, |_| ()).await);
    let refused = owner.call("node.invoke", invoke).await;
    assert_eq!(reason(&refused), "UNKNOWN_APPROVAL_ID", "{refused}");
    lab.end().await;
}

#[tokio::test]
async fn a_plan_without_a_hash_goes_back_whole_with_a_command_that_matches_it() {
    let server = MockVllm::builder().start().await.unwrap();
    let lab = GatewayLab::start(&server).await;
    let mut owner = lab.operator().await;
    let mut node = TestNode::new(1, ALL);
    let mut client = node.pair(&lab, &mut owner).await;
    let plan = json!({
        "argv": ["/usr/bin/id"], "cwd": "/srv", "commandText": "/usr/bin/id", "agentId": null,
        "sessionKey": null, "mutableFileOperand": { "argvIndex": 0, "sha256": "x" },
    });
    let prepare = node.invoke("system.run.prepare", &json!({ "command": ["id"] }));
    let result = json!({ "plan": plan });
    carry_out(&mut owner, (&node, &mut client), prepare, &result).await;
    // A client may leave out what is `null`.
    let mut sent = plan.clone();
    sent.as_object_mut().unwrap().retain(|_, value| !value.is_null());
    let ask = json!({
        "host": "node", "nodeId": node.id(), "twoPhase": true, "systemRunPlan": sent,
    });
    owner.request("ask", "exec.approval.request", ask).await;
    let accepted = owner.response("ask").await;
    let id = accepted["payload"]["id"].as_str().unwrap().to_owned();
    let decision = json!({ "id": id, "decision": "allow-once" });
    let decided = owner.call("exec.approval.resolve", decision).await;
    assert_eq!(decided["ok"], true, "{decided}");
    let run = json!({
        "command": ["id"], "approved": true, "runId": id, "systemRunPlan": sent,
    });
    let run = node.invoke("system.run", &run);
    let (got, _) = carry_out(&mut owner, (&node, &mut client), run, &json!({})).await;
    assert_eq!(got["systemRunPlan"], plan, "{got}");
    assert_eq!(got["command"], plan["argv"]);
    assert_eq!((&got["rawCommand"], &got["cwd"]), (&plan["commandText"], &plan["cwd"]));
    assert_eq!(got.get("agentId"), None);
    lab.end().await;
}
