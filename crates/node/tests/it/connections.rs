//! What a node says about itself, and how it connects, waits and connects again.

use openclaw_device::verify_signature;
use openclaw_exec_policy::{AskMode, SecurityLevel};
use openclaw_node::{NodeHost, NodeReport, NodeStartError};
use serde_json::json;

use crate::fake_gateway::FakeGateway;
use crate::lab::{TestNode, TestPolicy, options};

#[tokio::test]
async fn a_node_says_exactly_what_gateways_expect() {
    let gateway = FakeGateway::start().await;
    let node = TestNode::start_open(&gateway);
    let connecting = gateway.accept().await;
    let params = &connecting.params;
    assert_eq!(params["role"], "node");
    assert_eq!(params.get("scopes"), None);
    let client = &params["client"];
    assert_eq!(client["id"], "node-host");
    assert_eq!(client["mode"], "node");
    // A gateway offers no command of any other platform.
    assert_eq!(client["platform"], "linux");
    assert_eq!(client["deviceFamily"], "Linux");
    assert_eq!(client["displayName"], "test-node");
    assert_eq!(params["caps"], json!(["system", "invoke-ledger"]));
    let commands = json!([
        "system.run.prepare",
        "system.run",
        "system.which",
        "system.execApprovals.get",
        "system.execApprovals.set"
    ]);
    assert_eq!(params["commands"], commands);
    assert_eq!(params["pathEnv"], "/usr/bin:/bin");
    assert_eq!(params["auth"], json!({ "token": "the-owners-token" }));
    let device = &params["device"];
    let signed = format!(
        "v3|{}|node-host|node|node||{}|the-owners-token|{}|linux|linux",
        device["id"].as_str().unwrap(),
        device["signedAt"],
        connecting.nonce
    );
    let text = |key: &str| device[key].as_str().unwrap();
    verify_signature(text("publicKey"), &signed, text("signature")).unwrap();
    node.stop().await;
}

#[tokio::test]
async fn a_node_waits_for_its_approval_and_goes_on_by_itself() {
    let gateway = FakeGateway::start().await;
    let mut node = TestNode::start_open(&gateway);
    for _ in 0..2 {
        let details = json!({ "requestId": "r-1", "reason": "not-paired" });
        gateway.accept().await.refuse("PAIRING_REQUIRED", details).await;
        let report = node.next_report().await;
        let NodeReport::WaitingForApproval { request_id, .. } = report else {
            panic!("{report:?}")
        };
        assert_eq!(request_id.as_deref(), Some("r-1"));
    }
    let grant = json!({ "deviceToken": "the-nodes-token" });
    let mut connected = gateway.accept().await.welcome(grant, 60_000).await;
    assert_eq!(node.next_report().await, NodeReport::Connected);
    let found = connected.invoke("1", "system.which", json!({ "bins": ["sh"] })).await;
    assert!(found["bins"]["sh"].is_string(), "{found}");
    drop(connected);

    // From now on it needs no secret of the owner, also after a restart.
    let again = gateway.accept().await;
    assert_eq!(again.params["auth"], json!({ "deviceToken": "the-nodes-token" }));
    drop(again);
    let folder = node.stop().await;
    let policy = TestPolicy::new(SecurityLevel::Full, AskMode::Off);
    let node = TestNode::start_in(folder, &gateway, &policy);
    let again = gateway.accept().await;
    assert_eq!(again.params["auth"], json!({ "deviceToken": "the-nodes-token" }));
    // One that was revoked is forgotten.
    again.refuse("AUTH_DEVICE_TOKEN_MISMATCH", json!({})).await;
    let again = gateway.accept().await;
    assert_eq!(again.params["auth"], json!({ "token": "the-owners-token" }));
    node.stop().await;
}

#[tokio::test]
async fn a_wrong_secret_stops_a_node_that_was_never_connected() {
    let gateway = FakeGateway::start().await;
    let node = TestNode::start_open(&gateway);
    gateway.accept().await.refuse("AUTH_TOKEN_MISMATCH", json!({})).await;
    let reason = node.wait_for_stop().await;
    assert_eq!(reason.error.reason_code(), Some("AUTH_TOKEN_MISMATCH"));

    let mut node = TestNode::start_open(&gateway);
    drop(gateway.welcome().await);
    assert_eq!(node.next_report().await, NodeReport::Connected);
    // Later it may only have been replaced, while commands run here.
    gateway.accept().await.refuse("AUTH_TOKEN_MISMATCH", json!({})).await;
    drop(gateway.welcome().await);
    node.stop().await;
}

#[tokio::test]
async fn a_connection_without_ticks_is_replaced() {
    let gateway = FakeGateway::start().await;
    let mut node = TestNode::start_open(&gateway);
    let silent = gateway.accept().await.welcome(json!({}), 20).await;
    let mut second = gateway.welcome().await;
    let found = second.invoke("1", "system.which", json!({ "bins": [] })).await;
    assert_eq!(found, json!({ "bins": {} }));
    assert_eq!(node.next_report().await, NodeReport::Connected);
    let report = node.next_report().await;
    let NodeReport::Disconnected { reason, .. } = report else { panic!("{report:?}") };
    assert!(reason.contains("silent for 40 ms"), "{reason}");
    drop(silent);
    node.stop().await;
}

#[tokio::test]
async fn garbage_keeps_a_node_connected() {
    let gateway = FakeGateway::start().await;
    let node = TestNode::start_open(&gateway);
    let mut connected = gateway.welcome().await;
    for text in [
        "garbage",
        "{}",
        "[1, 2]",
        "{\"type\":\"event\"}",
        "{\"type\":\"event\",\"event\":\"unknown\",\"recipientProfileId\":\"x\"}",
        "{\"type\":\"res\",\"id\":\"999\",\"ok\":true}",
        "{\"type\":\"event\",\"event\":\"node.invoke.request\",\"payload\":{\"id\":1}}",
        "{\"type\":\"event\",\"event\":\"node.invoke.request\"}",
        "{\"type\":\"event\",\"event\":\"node.invoke.cancel\",\"payload\":[]}",
        "{\"type\":\"cancel\",\"id\":\"1\"}",
        "{\"type\":\"req\",\"id\":\"1\",\"method\":\"x\"}",
        &"[".repeat(30_000),
    ] {
        connected.send_text(text).await;
    }
    let found = connected.invoke("1", "system.which", json!({ "bins": ["no-such"] })).await;
    assert_eq!(found, json!({ "bins": {} }));
    node.stop().await;
}

#[tokio::test]
async fn what_a_gateway_decided_about_the_commands_is_reported() {
    let gateway = FakeGateway::start().await;
    let mut node = TestNode::start_open(&gateway);
    let mut connected = gateway.welcome().await;
    assert_eq!(node.next_report().await, NodeReport::Connected);
    let event = json!({
        "type": "event", "event": "node.commands",
        "payload": {
            "nodeId": connected.node_id, "commands": ["system.which", "camera.snap"],
            "pendingCommands": ["system.run"], "pendingRequestId": "r".repeat(300),
            "refusedCommands": { "system.run.prepare": "it is denied", "x": "y" },
        },
    });
    connected.send_text(&event.to_string()).await;
    let report = node.next_report().await;
    let NodeReport::CommandsDecided(decision) = report else { panic!("{report:?}") };
    assert_eq!(decision.approved, ["system.which"]);
    assert_eq!(decision.waiting, ["system.run"]);
    assert_eq!(decision.request_id.as_deref(), Some("r".repeat(200).as_str()));
    assert_eq!(decision.refused.len(), 1);
    assert_eq!(decision.rejected(), ["system.execApprovals.get", "system.execApprovals.set"]);
    node.stop().await;
}

#[tokio::test]
async fn one_node_at_a_time_uses_a_folder() {
    let gateway = FakeGateway::start().await;
    let node = TestNode::start_open(&gateway);
    let policy = TestPolicy::new(SecurityLevel::Full, AskMode::Off);
    let second = NodeHost::open(
        options(node.folder.path(), gateway.port()),
        std::sync::Arc::new(policy),
        |_| (),
    );
    assert!(matches!(second, Err(NodeStartError::AlreadyRunning { .. })), "{second:?}");
    node.stop().await;
}
