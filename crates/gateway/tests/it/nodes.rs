//! Nodes: how they are paired, and what comes of the commands that they are sent.

use openclaw_mock_vllm::MockVllm;
use serde_json::{Value, json};

use crate::lab::{GatewayLab, TestClient};
use crate::test_device::TestDevice;
use crate::test_node::TestNode;

const ALL: &[&str] = &["system.run.prepare", "system.run", "system.which"];

fn reason(answer: &Value) -> &str {
    let error = &answer["error"];
    error["details"]["code"].as_str().or(error["code"].as_str()).unwrap_or("none")
}

async fn described(owner: &mut TestClient, node: &TestNode) -> Value {
    owner.call("node.describe", json!({ "nodeId": node.id() })).await["payload"].clone()
}

#[tokio::test]
async fn a_node_waits_for_its_approval_also_with_the_gateways_token_and_is_approved_whole() {
    let server = MockVllm::builder().start().await.unwrap();
    let lab = GatewayLab::start(&server).await;
    let mut owner = lab.operator().await;
    let mut node = TestNode::new(1, ALL);
    let id = node.request_pairing(&lab).await;
    let requested = owner.event("device.pair.requested").await;
    let mut declared: Vec<&str> = ALL.to_vec();
    declared.sort_unstable();
    assert_eq!(requested["payload"]["commands"], json!(declared));
    assert_eq!(requested["payload"]["role"], "node");
    // The beginning of an id is no id.
    let prefix = owner.call("device.pair.approve", json!({ "requestId": id[..8] })).await;
    assert_eq!(reason(&prefix), "UNKNOWN_REQUEST_ID");
    let approved = owner.call("device.pair.approve", json!({ "requestId": id })).await;
    assert_eq!(approved["payload"]["commands"], json!(declared), "{approved}");
    let mut client = node.connect(&lab).await;
    assert!(node.token.is_some());
    let offer = client.event("node.commands").await;
    assert_eq!(offer["payload"]["commands"], json!(declared));
    let list = owner.call("node.list", json!({})).await;
    let entry = &list["payload"]["nodes"][0];
    assert_eq!(entry["nodeId"], node.id());
    assert_eq!(entry["approvalState"], "approved");
    assert_eq!(entry["displayName"], "server-node");
    assert_eq!(entry["pathEnv"], "/usr/bin:/bin");
    assert_eq!((&entry["connected"], &entry["paired"]), (&json!(true), &json!(true)));
    // It is let in again with the token of its device alone, and after a restart.
    node.gateway_token = None;
    drop((client, owner));
    let lab = lab.restart(&server).await;
    drop(node.connect(&lab).await);
    node.token = Some("another".to_owned());
    assert_eq!(node.attempt(&lab, |_| ()).await.reason(), "AUTH_DEVICE_TOKEN_MISMATCH");
    lab.end().await;
}

#[tokio::test]
async fn a_node_is_let_in_only_as_what_it_proves_to_be() {
    let server = MockVllm::builder().start().await.unwrap();
    let lab = GatewayLab::start(&server).await;
    let node = TestNode::new(1, ALL);
    let without = node.attempt(&lab, |params| params["device"] = Value::Null).await;
    assert_eq!(without.reason(), "DEVICE_IDENTITY_REQUIRED");
    let other_mode = node.attempt(&lab, |params| params["client"]["mode"] = json!("cli")).await;
    assert_eq!(other_mode.reason(), "DEVICE_AUTH_SIGNATURE_INVALID");
    let older = node.attempt(&lab, |params| params["maxProtocol"] = json!(3)).await;
    assert_eq!(older.reason(), "PAIRING_REQUIRED");
    let too_old = node.attempt(&lab, |params| params["maxProtocol"] = json!(2)).await;
    assert_eq!(too_old.reason(), "PROTOCOL_MISMATCH");
    let flood: Vec<String> = (0..100_000).map(|number| format!("c{number}")).collect();
    let mut client = lab.open().await;
    client.next().await;
    client.request("c", "connect", json!({ "commands": flood })).await;
    assert_eq!(client.closing().await.0, 1009);
    lab.end().await;
}

#[tokio::test]
async fn a_node_and_an_operator_have_nothing_of_each_other() {
    let server = MockVllm::builder().start().await.unwrap();
    let lab = GatewayLab::start(&server).await;
    let mut owner = lab.operator().await;
    let mut node = TestNode::new(1, ALL);
    let mut client = node.pair(&lab, &mut owner).await;
    for method in ["status", "node.list", "node.invoke", "exec.approval.list", "agent"] {
        let refused = client.call(method, json!({})).await;
        assert_eq!(reason(&refused), "ROLE_NOT_ALLOWED", "{method}");
    }
    for method in ["node.invoke.result", "node.event", "node.pending.drain", "skills.bins"] {
        let refused = owner.call(method, json!({})).await;
        assert_eq!(refused["error"]["code"], "INVALID_REQUEST", "{method}");
    }
    for method in ["node.skills.update", "node.runnerInventory.update", "node.pluginTools.update"] {
        assert_eq!(client.call(method, json!({ "x": [1] })).await["ok"], true, "{method}");
    }
    let drained = client.call("node.pending.drain", json!({})).await;
    assert_eq!(drained["payload"]["items"], json!([]));
    let event = json!({ "event": "exec.denied", "payloadJSON": "{}" });
    assert_eq!(client.call("node.event", event).await["payload"]["handled"], false);
    // What operators are told does not reach it: the next event is its own.
    TestNode::new(2, ALL).request_pairing(&lab).await;
    owner.event("device.pair.requested").await;
    client.event("node.commands").await;
    for _ in 0..6 {
        client.request("x", "status", json!({})).await;
    }
    let (code, text) = client.closing().await;
    assert_eq!(code, 1008, "{text}");
    // The same device as an operator is another role, which is approved for itself.
    let operator = TestDevice::new(1, &["operator.read"]);
    let id = operator.request_pairing(&lab).await;
    let list = owner.call("device.pair.list", json!({})).await;
    let pending = list["payload"]["pending"].as_array().unwrap().iter();
    let mut pending = pending.filter(|one| one["requestId"] == id);
    assert_eq!(pending.next().unwrap()["role"], "operator");
    lab.end().await;
}

#[tokio::test]
async fn commands_that_a_node_adds_later_wait_for_an_approval_of_their_own() {
    let server = MockVllm::builder().start().await.unwrap();
    let lab = GatewayLab::start(&server).await;
    let mut owner = lab.operator().await;
    let mut node = TestNode::new(1, &["system.which"]);
    drop(node.pair(&lab, &mut owner).await);
    node.commands = vec!["system.which".to_owned(), "system.run".to_owned()];
    let mut client = node.connect(&lab).await;
    let requested = owner.event("node.pair.requested").await;
    let id = requested["payload"]["requestId"].as_str().unwrap().to_owned();
    assert_eq!(requested["payload"]["commands"], json!(["system.run"]));
    let offer = client.event("node.commands").await;
    assert_eq!(offer["payload"]["commands"], json!(["system.which"]));
    assert_eq!(offer["payload"]["pendingRequestId"], id);
    let entry = described(&mut owner, &node).await;
    assert_eq!(entry["approvalState"], "pending-reapproval");
    let run = node.invoke("system.run", &json!({ "command": ["id"] }));
    let refused = owner.call("node.invoke", run.clone()).await;
    assert_eq!(reason(&refused), "UNKNOWN_COMMAND");
    assert_eq!(refused["error"]["details"]["nodeCommandDispatched"], false);
    // Only `operator.admin` gives others power over the node's machine.
    let mut pairer = lab.connect(&["operator.pairing"], &[]).await;
    let refused = pairer.call("node.pair.approve", json!({ "requestId": id })).await;
    assert_eq!(refused["error"]["details"]["missingScope"], "operator.admin");
    let prefix = owner.call("node.pair.approve", json!({ "requestId": id[..8] })).await;
    assert_eq!(reason(&prefix), "UNKNOWN_REQUEST_ID");
    let list = owner.call("node.pair.list", json!({})).await;
    assert_eq!(list["payload"]["pending"][0]["requestId"], id);
    let approved = owner.call("node.pair.approve", json!({ "requestId": id })).await;
    assert_eq!(approved["payload"]["node"]["approvalState"], "approved", "{approved}");
    assert_eq!(owner.event("node.pair.resolved").await["payload"]["decision"], "approved");
    let offer = client.event("node.commands").await;
    assert_eq!(offer["payload"]["commands"], json!(["system.run", "system.which"]));
    owner.request("run", "node.invoke", run).await;
    let request = client.event("node.invoke.request").await;
    node.answer(&mut client, &request, &json!({ "exitCode": 0 })).await;
    assert_eq!(owner.response("run").await["payload"]["payload"]["exitCode"], 0);
    let again = owner.call("node.pair.approve", json!({ "requestId": id })).await;
    assert_eq!(reason(&again), "UNKNOWN_REQUEST_ID");
    lab.end().await;
}

#[tokio::test]
async fn an_identity_alone_offers_no_command_and_what_is_not_served_is_told_with_the_reason() {
    let server = MockVllm::builder().start().await.unwrap();
    let lab = GatewayLab::start(&server).await;
    let mut owner = lab.operator().await;
    let mut node = TestNode::new(1, &["system.which", "evil.cmd", "a\u{1b}b"]);
    let id = node.request_pairing(&lab).await;
    let only = json!({ "requestId": id, "identityOnly": true });
    // One that may pair but not administer approves the identity.
    let mut pairer = lab.connect(&["operator.pairing"], &[]).await;
    let approved = pairer.call("device.pair.approve", only).await;
    assert_eq!(approved["payload"]["commands"], json!([]), "{approved}");
    let mut client = node.connect(&lab).await;
    let offer = client.event("node.commands").await;
    assert_eq!(offer["payload"]["commands"], json!([]));
    let refused = offer["payload"]["refusedCommands"].as_object().unwrap();
    assert_eq!(refused.len(), 2);
    assert!(refused["evil.cmd"].as_str().unwrap().contains("does not know"));
    let entry = described(&mut owner, &node).await;
    assert_eq!(entry["approvalState"], "pending-approval");
    assert_eq!(entry["refusedCommands"], offer["payload"]["refusedCommands"]);
    let request = entry["pendingRequestId"].as_str().unwrap();
    let rejected = owner.call("node.pair.reject", json!({ "requestId": request })).await;
    assert_eq!(rejected["ok"], true);
    assert_eq!(described(&mut owner, &node).await["approvalState"], "unapproved");
    drop(client);
    // A system whose commands are not served says why, and another system is another machine.
    let mut other = TestNode::new(2, ALL);
    other.platform = "Linux".to_owned();
    let mut client = other.pair(&lab, &mut owner).await;
    let offer = client.event("node.commands").await;
    assert_eq!(offer["payload"]["commands"], json!([]));
    assert!(offer["payload"]["refusedCommands"]["system.run"].as_str().unwrap().contains("Linux"));
    other.platform = "macos".to_owned();
    let id = other.request_pairing(&lab).await;
    let list = owner.call("device.pair.list", json!({})).await;
    let pending = list["payload"]["pending"].as_array().unwrap();
    let pending = pending.iter().find(|one| one["requestId"] == id).unwrap();
    assert_eq!(pending["reason"], "metadata-upgrade");
    lab.end().await;
}

#[tokio::test]
async fn a_node_that_is_removed_or_revoked_leaves_at_once_and_asks_anew() {
    let server = MockVllm::builder().start().await.unwrap();
    let lab = GatewayLab::start(&server).await;
    let mut owner = lab.operator().await;
    for (seed, method) in [(1, "node.pair.remove"), (2, "device.pair.remove"), (3, "revoke")] {
        let mut node = TestNode::new(seed, ALL);
        let mut client = node.pair(&lab, &mut owner).await;
        let (method, params) = match method {
            "node.pair.remove" => (method, json!({ "nodeId": node.id() })),
            "device.pair.remove" => (method, json!({ "deviceId": node.id() })),
            _ => ("device.token.revoke", json!({ "deviceId": node.id(), "role": "node" })),
        };
        let invoking = node.invoke("system.which", &json!({ "bins": [] }));
        owner.request("i", "node.invoke", invoking).await;
        client.event("node.invoke.request").await;
        let removed = owner.call(method, params).await;
        assert_eq!(removed["payload"]["closedConnections"], 1, "{method}: {removed}");
        assert_eq!(client.closing().await.0, 4001, "{method}");
        let ended = owner.response("i").await;
        assert_eq!(reason(&ended), "DISCONNECTED", "{method}");
        let list = owner.call("node.list", json!({})).await;
        assert_eq!(list["payload"]["nodes"], json!([]), "{method}");
        // The gateway's own token does not bring it back.
        node.token = None;
        node.request_pairing(&lab).await;
    }
    lab.end().await;
}

#[tokio::test]
async fn the_newest_connection_of_a_node_counts_and_the_old_one_is_told() {
    let server = MockVllm::builder().start().await.unwrap();
    let lab = GatewayLab::start(&server).await;
    let mut owner = lab.operator().await;
    let mut node = TestNode::new(1, ALL);
    let mut old = node.pair(&lab, &mut owner).await;
    owner.request("i", "node.invoke", node.invoke("system.which", &json!({}))).await;
    let request = old.event("node.invoke.request").await;
    let mut new = node.connect(&lab).await;
    let (code, text) = old.closing().await;
    assert_eq!((code, text.contains("newer connection")), (4002, true));
    // What the old connection got is answered over the new one.
    let acknowledged = node.answer(&mut new, &request, &json!({ "bins": {} })).await;
    assert_eq!(acknowledged["payload"], json!({ "ok": true }));
    assert_eq!(owner.response("i").await["payload"]["payload"], json!({ "bins": {} }));
    assert_eq!(described(&mut owner, &node).await["connected"], true);
    lab.end().await;
}

#[tokio::test]
async fn nobody_answers_for_another_node_nor_twice_nor_late() {
    let server = MockVllm::builder().start().await.unwrap();
    let lab = GatewayLab::start(&server).await;
    let mut owner = lab.operator().await;
    let (mut node, mut other) = (TestNode::new(1, ALL), TestNode::new(2, ALL));
    let mut client = node.pair(&lab, &mut owner).await;
    let mut stranger = other.pair(&lab, &mut owner).await;
    let ignored = json!({ "ok": true, "ignored": true });
    owner.request("i", "node.invoke", node.invoke("system.which", &json!({}))).await;
    let request = client.event("node.invoke.request").await;
    assert!(request["payload"]["timeoutMs"].as_u64().unwrap() <= 30_000);
    assert_eq!(request["payload"]["idempotencyKey"], "key-1");
    assert_eq!(other.answer(&mut stranger, &request, &json!(1)).await["payload"], ignored);
    let forged = json!({ "id": request["payload"]["id"], "nodeId": node.id(), "ok": true });
    let refused = stranger.call("node.invoke.result", forged.clone()).await;
    assert_eq!(refused["error"]["code"], "INVALID_REQUEST");
    let unknown = json!({ "id": "unknown", "nodeId": node.id(), "ok": true });
    assert_eq!(client.call("node.invoke.result", unknown).await["payload"], ignored);
    let mut broken = forged.clone();
    broken["payloadJSON"] = json!("{no JSON");
    let taken = client.call("node.invoke.result", broken).await;
    assert_eq!(taken["payload"], json!({ "ok": true }));
    let answer = owner.response("i").await;
    assert_eq!(answer["payload"]["payload"], json!({ "payloadJSON": "{no JSON" }));
    assert_eq!(client.call("node.invoke.result", forged).await["payload"], ignored);
    // A time limit ends the wait, tells the node, and what comes later is for nobody.
    let mut short = node.invoke("system.which", &json!({}));
    short["timeoutMs"] = json!(1);
    let ended = owner.call("node.invoke", short).await;
    assert_eq!(ended["error"]["code"], "UNAVAILABLE");
    let details = &ended["error"]["details"];
    assert_eq!(
        (&details["nodeError"]["code"], &details["nodeCommandDispatched"]),
        (&json!("TIMEOUT"), &json!(true))
    );
    let request = client.event("node.invoke.request").await;
    let cancel = client.event("node.invoke.cancel").await;
    assert_eq!(cancel["payload"]["invokeId"], request["payload"]["id"]);
    assert_eq!(node.answer(&mut client, &request, &json!(1)).await["payload"], ignored);
    // A failure of the node is told as such.
    owner.request("i", "node.invoke", node.invoke("system.which", &json!({}))).await;
    let request = client.event("node.invoke.request").await;
    let failure = json!({
        "id": request["payload"]["id"], "nodeId": node.id(), "ok": false,
        "error": { "code": "SYSTEM_RUN_DENIED", "message": "not allowed here" },
    });
    client.call("node.invoke.result", failure).await;
    let failed = owner.response("i").await;
    assert_eq!(reason(&failed), "SYSTEM_RUN_DENIED");
    assert!(failed["error"]["message"].as_str().unwrap().contains("not allowed here"));
    lab.end().await;
}

#[tokio::test]
async fn what_a_disconnected_node_got_may_have_run_and_is_not_sent_again() {
    let server = MockVllm::builder().start().await.unwrap();
    let lab = GatewayLab::start(&server).await;
    let mut owner = lab.operator().await;
    let mut node = TestNode::new(1, ALL);
    let mut client = node.pair(&lab, &mut owner).await;
    let run = node.invoke("system.run", &json!({ "command": ["id"] }));
    owner.request("i", "node.invoke", run.clone()).await;
    let request = client.event("node.invoke.request").await;
    drop(client);
    let ended = owner.response("i").await;
    assert_eq!(reason(&ended), "DISCONNECTED");
    assert_eq!(ended["error"]["details"]["nodeCommandDispatched"], true);
    let absent = owner.call("node.invoke", run).await;
    assert_eq!(reason(&absent), "NOT_CONNECTED");
    assert_eq!(absent["error"]["details"]["nodeCommandDispatched"], false);
    for id in [&node.id()[..16], "", "server-node"] {
        let mut unknown = node.invoke("system.which", &json!({}));
        unknown["nodeId"] = json!(id);
        assert_eq!(reason(&owner.call("node.invoke", unknown).await), "UNKNOWN_NODE", "{id}");
    }
    let mut client = node.connect(&lab).await;
    client.event("node.commands").await;
    let late = node.answer(&mut client, &request, &json!({})).await;
    assert_eq!(late["payload"]["ignored"], true);
    // The commands of a client that leaves are ended.
    let mut leaving = lab.operator().await;
    leaving.request("i", "node.invoke", node.invoke("system.which", &json!({}))).await;
    let request = client.event("node.invoke.request").await;
    assert_ne!(request["payload"]["nodeId"], Value::Null);
    drop(leaving);
    let cancel = client.event("node.invoke.cancel").await;
    assert_eq!(cancel["payload"]["invokeId"], request["payload"]["id"]);
    lab.end().await;
}

#[tokio::test]
async fn output_reaches_the_caller_in_order_while_the_command_runs() {
    let server = MockVllm::builder().start().await.unwrap();
    let lab = GatewayLab::start(&server).await;
    let (mut owner, mut bystander) = (lab.operator().await, lab.operator().await);
    let mut node = TestNode::new(1, ALL);
    let mut client = node.pair(&lab, &mut owner).await;
    let mut run = node.invoke("system.run", &json!({ "command": ["seq"], "timeoutMs": 60_000 }));
    // The limit of the command counts when it is longer.
    run["timeoutMs"] = json!(1);
    owner.request("i", "node.invoke", run).await;
    let request = client.event("node.invoke.request").await;
    assert_eq!(request["payload"]["timeoutMs"], 65_000);
    for seq in 0..200 {
        let progress = json!({
            "invokeId": request["payload"]["id"], "nodeId": node.id(), "seq": seq,
            "chunk": format!("{seq}\n"),
        });
        client.request(&format!("p{seq}"), "node.invoke.progress", progress).await;
    }
    let long = json!({
        "invokeId": request["payload"]["id"], "nodeId": node.id(), "seq": 200,
        "chunk": "x".repeat(70_000),
    });
    let refused = client.call("node.invoke.progress", long).await;
    assert_eq!(refused["error"]["code"], "INVALID_REQUEST");
    node.answer(&mut client, &request, &json!({ "exitCode": 0 })).await;
    let mut output = String::new();
    let mut omitted = 0;
    while omitted + output.lines().count() < 200 {
        let event = owner.event("node.invoke.progress").await;
        assert_eq!(event["payload"]["idempotencyKey"], "key-1");
        omitted += usize::try_from(event["payload"]["omittedBytes"].as_u64().unwrap()).unwrap();
        output.push_str(event["payload"]["chunk"].as_str().unwrap());
    }
    let numbers: Vec<usize> = output.lines().map(|line| line.parse().unwrap()).collect();
    assert_eq!((numbers, omitted), ((0..200).collect(), 0));
    assert_eq!(owner.response("i").await["payload"]["payload"]["exitCode"], 0);
    assert_eq!(bystander.call("status", json!({})).await["ok"], true);
    let frames = bystander.seen_events();
    assert!(!frames.iter().any(|name| name == "node.invoke.progress"), "{frames:?}");
    lab.end().await;
}
