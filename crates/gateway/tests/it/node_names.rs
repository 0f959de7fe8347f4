//! The names that people give nodes.

use openclaw_mock_vllm::MockVllm;
use serde_json::{Value, json};

use crate::lab::GatewayLab;
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

    let removed = owner.call("node.pair.remove", json!({ "nodeId": other.id() })).await;
    assert_eq!(removed["payload"]["removed"], true, "{removed}");
    lab.end().await;
}
