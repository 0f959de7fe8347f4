//! A gateway without a secret, and the nodes on which it could run commands.

use openclaw_gateway::{GatewayAuthentication, GatewayServer, GatewaySettings};
use openclaw_mock_vllm::MockVllm;
use serde_json::json;

use crate::lab::{GatewayLab, runtime_of, settings_in};
use crate::test_node::TestNode;

const HARMLESS: &[&str] = &["system.which"];
const POWERFUL: &[&str] = &["system.which", "system.run"];

fn open(settings: &mut GatewaySettings) {
    settings.authentication = GatewayAuthentication::Open;
}

#[tokio::test]
async fn a_gateway_with_a_node_that_runs_commands_does_not_become_open() {
    let server = MockVllm::builder().start().await.unwrap();
    let lab = GatewayLab::start(&server).await;
    let mut owner = lab.operator().await;
    let _node = TestNode::new(1, POWERFUL).pair(&lab, &mut owner).await;
    let mut settings = settings_in(lab.state());
    open(&mut settings);
    let runtime = || runtime_of(&server.base_url(), lab.state(), "");
    let refused = lab.handle.replace_config(runtime(), settings.clone()).await.unwrap_err();
    assert!(refused.to_string().contains("\"server-node\""), "{refused}");
    // Nothing was changed: a client without a secret is not let in.
    let mut stranger = lab.open().await;
    stranger.next().await;
    let params = json!({ "minProtocol": 4, "maxProtocol": 4, "role": "operator", "scopes": [],
        "client": { "id": "cli", "version": "1", "platform": "linux", "mode": "cli" } });
    stranger.request("c", "connect", params).await;
    assert_eq!(stranger.response("c").await["ok"], false);
    let state = lab.end().await;
    let runtime = runtime_of(&server.base_url(), state.path(), "");
    let refused = GatewayServer::bind(runtime, settings).await.unwrap_err();
    assert!(refused.to_string().contains("gateway.auth.mode"), "{refused}");
    assert!(refused.hint().unwrap().contains("gateway.auth.mode token"), "{refused:?}");
}

#[tokio::test]
async fn an_open_gateway_approves_no_commands_that_give_power_over_a_node() {
    let server = MockVllm::builder().start().await.unwrap();
    let lab = GatewayLab::start_with(&server, "", open).await;
    let mut owner = lab.operator().await;
    let powerful = TestNode::new(1, POWERFUL);
    let id = powerful.request_pairing(&lab).await;
    let refused = owner.call("device.pair.approve", json!({ "requestId": id })).await;
    assert_eq!(refused["error"]["code"], "FORBIDDEN", "{refused}");
    assert!(refused["error"]["message"].as_str().unwrap().contains("gateway.auth.mode"));
    let params = json!({ "requestId": id, "identityOnly": true });
    assert_eq!(owner.call("device.pair.approve", params).await["ok"], true);
    let mut node = powerful;
    let _client = node.connect(&lab).await;
    let requested = owner.event("node.pair.requested").await;
    let params = json!({ "requestId": requested["payload"]["requestId"] });
    let refused = owner.call("node.pair.approve", params).await;
    assert_eq!(refused["error"]["code"], "FORBIDDEN", "{refused}");
    let _harmless = TestNode::new(2, HARMLESS).pair(&lab, &mut owner).await;
    lab.end().await;
}
