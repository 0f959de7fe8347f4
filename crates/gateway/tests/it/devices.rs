//! Devices: how they are paired, what they may do, and how that ends.

use openclaw_device::ClaimsVersion;
use openclaw_mock_vllm::MockVllm;
use serde_json::{Value, json};

use crate::lab::GatewayLab;
use crate::test_device::TestDevice;
use crate::test_node::TestNode;

const READ: &str = "operator.read";
const PAIRING: &str = "operator.pairing";
const ADMIN: &str = "operator.admin";

#[tokio::test]
async fn a_device_waits_for_its_approval_and_then_has_what_was_granted() {
    let server = MockVllm::builder().start().await.unwrap();
    let lab = GatewayLab::start(&server).await;
    let mut owner = lab.operator().await;
    let mut device = TestDevice::new(1, &[READ]);
    let id = device.request_pairing(&lab).await;
    let requested = owner.event("device.pair.requested").await;
    assert_eq!(requested["payload"]["requestId"], id);
    assert_eq!(requested["payload"]["scopes"], json!([READ]));
    // The same request keeps its id.
    assert_eq!(device.request_pairing(&lab).await, id);
    let list = owner.call("device.pair.list", json!({})).await;
    assert_eq!(list["payload"]["pending"][0]["deviceId"], device.identity.id());
    assert_eq!(list["payload"]["paired"], json!([]));
    let approved = owner.call("device.pair.approve", json!({ "requestId": id })).await;
    assert_eq!(approved["ok"], true, "{approved}");
    assert_eq!(owner.event("device.pair.resolved").await["payload"]["decision"], "approved");
    let mut client = device.connect(&lab).await;
    assert!(device.token.is_some());
    assert_eq!(client.call("status", json!({})).await["ok"], true);
    for method in ["agent", "exec.approval.list", "device.pair.list"] {
        let refused = client.call(method, json!({})).await;
        assert_eq!(refused["error"]["details"]["code"], "MISSING_SCOPE", "{method}");
    }
    let list = owner.call("device.pair.list", json!({})).await;
    assert_eq!(list["payload"]["pending"], json!([]));
    let paired = &list["payload"]["paired"][0];
    assert_eq!(
        (&paired["connected"], &paired["tokens"][0]["state"]),
        (&json!(true), &json!("active"))
    );
    assert!(!list.to_string().contains(device.token.as_deref().unwrap()));
    lab.end().await;
}

#[tokio::test]
async fn a_paired_device_stays_paired_after_a_restart_and_its_token_is_stored_as_a_hash() {
    let server = MockVllm::builder().start().await.unwrap();
    let lab = GatewayLab::start(&server).await;
    let mut owner = lab.operator().await;
    let mut device = TestDevice::new(1, &[READ]);
    drop(device.pair(&lab, &mut owner).await);
    drop(owner);
    let token = device.token.clone().unwrap();
    let lab = lab.restart(&server).await;
    let mut client = device.connect(&lab).await;
    assert_eq!(client.call("status", json!({})).await["ok"], true);
    assert_eq!(device.token.as_ref(), Some(&token));
    drop(client);
    let state = lab.end().await;
    let mut folders = vec![state.path().to_owned()];
    let mut files = 0;
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                folders.push(path);
            } else if path.is_file() {
                files += 1;
                let bytes = std::fs::read(&path).unwrap();
                let found = bytes.windows(token.len()).any(|window| window == token.as_bytes());
                assert!(!found, "{}", path.display());
            }
        }
    }
    assert!(files > 2);
}

#[tokio::test]
async fn a_scope_is_granted_and_not_claimed() {
    let server = MockVllm::builder().start().await.unwrap();
    let lab = GatewayLab::start(&server).await;
    let mut owner = lab.operator().await;
    let mut device = TestDevice::new(1, &[READ]);
    drop(device.pair(&lab, &mut owner).await);
    device.scopes = vec![ADMIN.to_owned(), READ.to_owned()];
    let attempt = device.attempt(&lab, |_| ()).await;
    assert_eq!(attempt.response["payload"]["auth"]["scopes"], json!([READ]));
    // Without its token it asks anew, and for more it must be approved.
    device.token = None;
    let id = device.request_pairing(&lab).await;
    let list = owner.call("device.pair.list", json!({})).await;
    let pending = &list["payload"]["pending"][0];
    assert_eq!((&pending["requestId"], &pending["reason"]), (&json!(id), &json!("scope-upgrade")));
    // What was signed is what counts.
    let device = TestDevice::new(2, &[READ]);
    let attempt = device.attempt(&lab, |params| params["scopes"] = json!([ADMIN])).await;
    assert_eq!(attempt.reason(), "DEVICE_AUTH_SIGNATURE_INVALID");
    lab.end().await;
}

#[tokio::test]
async fn nobody_gives_more_than_what_they_have_and_no_device_approves_itself() {
    let server = MockVllm::builder().start().await.unwrap();
    let lab = GatewayLab::start(&server).await;
    let mut owner = lab.operator().await;
    let mut pairer = TestDevice::new(1, &[PAIRING, READ]);
    let mut pairing = pairer.pair(&lab, &mut owner).await;
    // Itself, with more.
    let more = TestDevice { token: None, ..TestDevice::new(1, &[PAIRING, READ, ADMIN]) };
    let own = more.request_pairing(&lab).await;
    let refused = pairing.call("device.pair.approve", json!({ "requestId": own })).await;
    assert_eq!(refused["error"]["details"]["missingScope"], ADMIN, "{refused}");
    // Itself, with the same.
    let same = TestDevice::new(1, &[PAIRING, READ]);
    let own = same.request_pairing(&lab).await;
    let refused = pairing.call("device.pair.approve", json!({ "requestId": own })).await;
    assert_eq!(refused["error"]["code"], "FORBIDDEN", "{refused}");
    // Another one, with more.
    let admin = TestDevice::new(2, &[ADMIN]);
    let other = admin.request_pairing(&lab).await;
    let refused = pairing.call("device.pair.approve", json!({ "requestId": other })).await;
    assert_eq!(refused["error"]["details"]["missingScope"], ADMIN);
    // Another one, with what it has itself.
    let reader = TestDevice::new(3, &[READ]);
    let request = reader.request_pairing(&lab).await;
    let approved = pairing.call("device.pair.approve", json!({ "requestId": request })).await;
    assert_eq!(approved["ok"], true, "{approved}");
    // Its own token with more, and the devices of those that may do more.
    let rotate = json!({
        "deviceId": pairer.identity.id(), "role": "operator", "scopes": [ADMIN, PAIRING],
    });
    let refused = pairing.call("device.token.rotate", rotate).await;
    assert_eq!(refused["error"]["details"]["missingScope"], ADMIN);
    let mut strong = TestDevice::new(4, &[ADMIN]);
    drop(strong.pair(&lab, &mut owner).await);
    let of_strong = json!({ "deviceId": strong.identity.id(), "role": "operator", "label": "x" });
    for method in
        ["device.pair.remove", "device.pair.rename", "device.token.revoke", "device.token.rotate"]
    {
        let refused = pairing.call(method, of_strong.clone()).await;
        assert_eq!(refused["error"]["details"]["missingScope"], ADMIN, "{method}: {refused}");
    }
    lab.end().await;
}

#[tokio::test]
async fn a_request_is_decided_once_and_by_its_whole_id() {
    let server = MockVllm::builder().start().await.unwrap();
    let lab = GatewayLab::start(&server).await;
    let mut owner = lab.operator().await;
    let mut device = TestDevice::new(1, &[READ]);
    let first = device.request_pairing(&lab).await;
    for id in [&first[..8], "", "none"] {
        let refused = owner.call("device.pair.approve", json!({ "requestId": id })).await;
        assert_eq!(refused["error"]["details"]["code"], "UNKNOWN_REQUEST_ID", "{id}");
    }
    device.scopes.push(PAIRING.to_owned());
    let second = device.request_pairing(&lab).await;
    assert_ne!(first, second);
    let call = |id: &str| json!({ "requestId": id });
    let old = owner.call("device.pair.approve", call(&first)).await;
    assert_eq!(old["error"]["details"]["code"], "UNKNOWN_REQUEST_ID");
    assert_eq!(owner.call("device.pair.reject", call(&second)).await["ok"], true);
    let rejected = owner.call("device.pair.approve", call(&second)).await;
    assert_eq!(rejected["error"]["details"]["code"], "UNKNOWN_REQUEST_ID");
    let third = device.request_pairing(&lab).await;
    let mut other = lab.operator().await;
    let (one, two) = tokio::join!(
        owner.call("device.pair.approve", call(&third)),
        other.call("device.pair.approve", call(&third)),
    );
    assert_eq!([&one, &two].iter().filter(|answer| answer["ok"] == true).count(), 1);
    lab.end().await;
}

#[tokio::test]
async fn what_ends_a_credential_closes_its_connections_at_once() {
    let server = MockVllm::builder().start().await.unwrap();
    let lab = GatewayLab::start(&server).await;
    let mut owner = lab.operator().await;
    for (seed, method, said, then) in [
        (1, "device.pair.remove", "removed", "AUTH_DEVICE_TOKEN_MISMATCH"),
        (2, "device.token.revoke", "revoked", "AUTH_DEVICE_TOKEN_MISMATCH"),
        (3, "device.token.rotate", "replaced", "AUTH_DEVICE_TOKEN_MISMATCH"),
    ] {
        let mut device = TestDevice::new(seed, &[READ]);
        let mut client = device.pair(&lab, &mut owner).await;
        let params = json!({ "deviceId": device.identity.id(), "role": "operator" });
        let ended = owner.call(method, params).await;
        assert_eq!(ended["ok"], true, "{method}: {ended}");
        let (code, reason) = client.closing().await;
        assert_eq!(code, 4001, "{method}");
        assert!(reason.contains(said), "{method}: {reason}");
        assert_eq!(device.refusal(&lab).await, then, "{method}");
        let old = device.token.take();
        if method == "device.token.rotate" {
            drop(device.connect(&lab).await);
            assert_ne!(device.token, old);
        } else {
            device.request_pairing(&lab).await;
        }
    }
    lab.end().await;
}

#[tokio::test]
async fn a_device_gets_its_own_new_token_and_others_get_theirs_when_they_connect() {
    let server = MockVllm::builder().start().await.unwrap();
    let lab = GatewayLab::start(&server).await;
    let mut owner = lab.operator().await;
    let mut device = TestDevice::new(1, &[PAIRING]);
    let mut client = device.pair(&lab, &mut owner).await;
    let mut second = device.connect(&lab).await;
    let params = json!({ "deviceId": device.identity.id(), "role": "operator" });
    let rotated = client.call("device.token.rotate", params.clone()).await;
    let token = rotated["payload"]["token"].as_str().unwrap().to_owned();
    assert_eq!(second.closing().await.0, 4001);
    assert_eq!(client.call("device.pair.list", json!({})).await["ok"], true);
    device.token = Some(token);
    drop(device.connect(&lab).await);
    let rotated = owner.call("device.token.rotate", params).await;
    assert_eq!(rotated["payload"]["token"], Value::Null);
    assert_eq!(rotated["payload"]["tokenDelivery"], "next-connect");
    lab.end().await;
}

#[tokio::test]
async fn a_device_that_becomes_another_machine_must_be_approved_again() {
    let server = MockVllm::builder().start().await.unwrap();
    let lab = GatewayLab::start(&server).await;
    let mut owner = lab.operator().await;
    let mut device = TestDevice::new(1, &[READ]);
    drop(device.pair(&lab, &mut owner).await);
    device.platform = "macos";
    device.request_pairing(&lab).await;
    let list = owner.call("device.pair.list", json!({})).await;
    assert_eq!(list["payload"]["pending"][0]["reason"], "metadata-upgrade");
    // The older form of the signature says nothing about the platform.
    let mut old = TestDevice { version: ClaimsVersion::V2, ..TestDevice::new(5, &[READ]) };
    drop(old.pair(&lab, &mut owner).await);
    let renamed = owner
        .call("device.pair.rename", json!({ "deviceId": old.identity.id(), "label": "laptop" }))
        .await;
    assert_eq!(renamed["payload"]["label"], "laptop");
    for label in ["x".repeat(65), "a\nb".to_owned()] {
        let params = json!({ "deviceId": old.identity.id(), "label": label });
        let refused = owner.call("device.pair.rename", params).await;
        assert_eq!(refused["error"]["code"], "INVALID_REQUEST");
    }
    lab.end().await;
}

#[tokio::test]
async fn who_may_pair_only_approves_a_node_without_commands_that_reach_its_machine() {
    let server = MockVllm::builder().start().await.unwrap();
    let lab = GatewayLab::start(&server).await;
    let mut owner = lab.operator().await;
    let mut pairer = lab.connect(&[PAIRING], &[]).await;
    let mut node = TestNode::new(1, &["system.which", "system.run"]);
    let id = node.request_pairing(&lab).await;
    let approved = pairer.call("device.pair.approve", json!({ "requestId": id })).await;
    assert_eq!(approved["payload"]["commands"], json!([]), "{approved}");
    let waiting = approved["payload"]["waitingCommands"].as_array().unwrap();
    assert_eq!(waiting.len(), 2, "{approved}");
    let mut client = node.connect(&lab).await;
    assert_eq!(client.event("node.commands").await["payload"]["commands"], json!([]));
    let described = owner.call("node.describe", json!({ "nodeId": node.id() })).await;
    assert_eq!(described["payload"]["approvalState"], "pending-approval");
    lab.end().await;
}
