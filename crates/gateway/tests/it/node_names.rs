//! The names that people give nodes.

use openclaw_mock_vllm::MockVllm;
use serde_json::{Value, json};

use crate::lab::GatewayLab;
use crate::test_device::TestDevice;
use crate::test_node::TestNode;

const ALL: &[&str] = &["system.run.prepare", "system.run", "system.which"];

fn reason(answer: &Value) -> &str {
    answer["error"]["details"]["code"].as_str().unwrap_or("none")
}

#[tokio::test]
async fn no_node_gets_the_name_of_another_one_or_none() {
    let server = MockVllm::builder().start().await.unwrap();
    let lab = GatewayLab::start(&server).await;
    let mut owner = lab.operator().await;
    let (mut one, mut other) = (TestNode::new(1, ALL), TestNode::new(2, ALL));
    drop(one.pair(&lab, &mut owner).await);
    drop(other.pair(&lab, &mut owner).await);
    let rename = |node: &TestNode, name: &str| json!({ "nodeId": node.id(), "displayName": name });
    assert_eq!(owner.call("node.rename", rename(&one, "desk")).await["ok"], true);
    for name in ["desk", " desk ", &one.id()] {
        let refused = owner.call("node.rename", rename(&other, name)).await;
        assert_eq!(reason(&refused), "NAME_TAKEN", "{name}: {refused}");
        assert!(refused["error"]["message"].as_str().unwrap().contains(&one.id()), "{refused}");
    }
    let refused = owner.call("node.rename", rename(&other, " ")).await;
    assert_eq!(reason(&refused), "INVALID_NAME", "{refused}");
    // Its own name again is no other node's.
    assert_eq!(owner.call("node.rename", rename(&one, "desk")).await["ok"], true);

    // The other method has the same rules.
    let label = |node: &TestNode, name: &str| json!({ "deviceId": node.id(), "label": name });
    for (name, problem) in [("desk", "NAME_TAKEN"), ("", "INVALID_NAME")] {
        let refused = owner.call("device.pair.rename", label(&other, name)).await;
        assert_eq!(reason(&refused), problem, "{refused}");
    }
    assert_eq!(owner.call("device.pair.rename", label(&other, "shelf")).await["ok"], true);
    let described = owner.call("node.describe", json!({ "nodeId": other.id() })).await;
    assert_eq!(described["payload"]["displayName"], "shelf", "{described}");

    let removed = owner.call("node.pair.remove", json!({ "nodeId": other.id() })).await;
    assert_eq!(removed["payload"]["removed"], true, "{removed}");
    lab.end().await;
}

#[tokio::test]
async fn a_node_is_renamed_by_who_may_do_all_that_the_node_may() {
    let server = MockVllm::builder().start().await.unwrap();
    let lab = GatewayLab::start(&server).await;
    let mut owner = lab.operator().await;
    let mut node = TestNode::new(1, ALL);
    drop(node.pair(&lab, &mut owner).await);
    let mut pairer = TestDevice::new(2, &["operator.pairing"]);
    let mut pairer = pairer.pair(&lab, &mut owner).await;
    let mut admin = TestDevice::new(3, &["operator.admin"]);
    let mut admin = admin.pair(&lab, &mut owner).await;
    let mut owner_who_pairs = lab.connect(&["operator.pairing"], &[]).await;
    for (method, params) in [
        ("node.rename", json!({ "nodeId": node.id(), "displayName": "desk" })),
        ("device.pair.rename", json!({ "deviceId": node.id(), "label": "desk" })),
    ] {
        let refused = pairer.call(method, params.clone()).await;
        assert_eq!(reason(&refused), "MISSING_SCOPE", "{method}: {refused}");
        for client in [&mut admin, &mut owner_who_pairs] {
            assert_eq!(client.call(method, params.clone()).await["ok"], true, "{method}");
        }
    }
    lab.end().await;
}
