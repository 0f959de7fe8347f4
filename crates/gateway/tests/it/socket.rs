//! The websocket: who is let in, and what is told to those who are not.

use openclaw_gateway::{Gateway, GatewayStartErrorKind};
use openclaw_mock_vllm::MockVllm;
use serde_json::json;
use tokio_tungstenite::tungstenite::{Bytes, Message};

use crate::lab::{Lab, connect_params, runtime_of, settings_in};

#[tokio::test]
async fn a_client_that_does_not_connect_properly_is_told_why() {
    let server = MockVllm::builder().start().await.unwrap();
    let lab = Lab::start(&server).await;
    let request =
        |params| json!({ "type": "req", "id": "1", "method": "connect", "params": params });
    let mut wrong_token = connect_params(&[], &[]);
    wrong_token["auth"]["token"] = json!("another-token");
    let mut too_old = connect_params(&[], &[]);
    (too_old["minProtocol"], too_old["maxProtocol"]) = (json!(1), json!(3));
    for (message, code, said) in [
        (Message::text("nonsense"), 1007, "JSON object"),
        (Message::text("{\"type\":\"req\",\"method\":\"connect\"}"), 1007, "`id`"),
        (Message::text("{\"type\":\"event\"}"), 1008, "connect"),
        (Message::Binary(Bytes::from_static(b"x")), 1003, "text"),
        (Message::text(request(wrong_token).to_string()), 1008, "AUTH_TOKEN_MISMATCH"),
        (Message::text(request(too_old).to_string()), 1002, "PROTOCOL_MISMATCH"),
        (
            Message::text(json!({ "type": "req", "id": "1", "method": "health" }).to_string()),
            1008,
            "INVALID_REQUEST",
        ),
    ] {
        let mut client = lab.open().await;
        client.next().await;
        client.send(message.clone()).await;
        let (closed_with, reason) = client.closing().await;
        assert_eq!(closed_with, code, "{message:?}: {reason}");
        assert!(reason.contains(said), "{message:?}: {reason}");
    }
    lab.end().await;
}

#[tokio::test]
async fn little_can_be_sent_before_the_handshake() {
    let server = MockVllm::builder().start().await.unwrap();
    let lab = Lab::start(&server).await;
    let mut client = lab.open().await;
    client.next().await;
    client.send(Message::text("x".repeat(70_000))).await;
    let (code, reason) = client.closing().await;
    assert_eq!((code, reason.as_str()), (1009, "too much before `connect`"));
    // A connected client may send more than that.
    let mut client = lab.operator().await;
    let answer = client.call("no.such.method", json!({ "text": "x".repeat(1 << 20) })).await;
    assert_eq!(answer["error"]["code"], "INVALID_REQUEST");
    lab.end().await;
}

#[tokio::test]
async fn a_method_needs_its_scope() {
    let server = MockVllm::builder().start().await.unwrap();
    let lab = Lab::start(&server).await;
    let mut client = lab.connect(&["operator.read"], &[]).await;
    assert_eq!(client.call("status", json!({})).await["ok"], true);
    assert_eq!(client.call("health", json!({})).await["payload"]["ok"], true);
    let models = client.call("models.list", json!({})).await;
    assert_eq!(models["payload"]["primary"], "vllm/tiny");
    assert_eq!(client.call("agents.list", json!({})).await["payload"]["defaultId"], "main");
    for method in ["agent", "agent.wait", "chat.send", "chat.abort", "exec.approval.resolve"] {
        let answer = client.call(method, json!({})).await;
        assert_eq!(answer["error"]["code"], "FORBIDDEN", "{method}");
        assert_eq!(answer["error"]["details"]["code"], "MISSING_SCOPE", "{method}");
    }
    let mut nothing = lab.connect(&[], &[]).await;
    assert_eq!(nothing.call("status", json!({})).await["error"]["code"], "FORBIDDEN");
    lab.end().await;
}

#[tokio::test]
async fn a_state_folder_has_one_gateway() {
    let server = MockVllm::builder().start().await.unwrap();
    let lab = Lab::start(&server).await;
    let runtime = runtime_of(&server, lab.state(), "");
    let error = Gateway::bind(runtime, settings_in(lab.state())).await.unwrap_err();
    assert_eq!(error.kind(), GatewayStartErrorKind::AlreadyRunning);
    assert!(error.to_string().contains(&format!("process {}", std::process::id())), "{error}");
    lab.end().await;
}

#[tokio::test]
async fn clients_are_told_that_the_gateway_ends() {
    let server = MockVllm::builder().start().await.unwrap();
    let lab = Lab::start(&server).await;
    let mut client = lab.operator().await;
    let ended = tokio::spawn(lab.end());
    assert_eq!(client.event("shutdown").await["payload"]["reason"], "the gateway ends");
    assert_eq!(client.closing().await.0, 1001);
    ended.await.unwrap();
}
