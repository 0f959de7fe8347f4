//! The websocket: who is let in, and what is told to those who are not.

use std::time::Duration;

use openclaw_gateway::{GatewayServer, GatewayStartErrorKind};
use openclaw_mock_vllm::MockVllm;
use serde_json::json;
use tokio_tungstenite::tungstenite::{Bytes, Message};

use crate::lab::{GatewayLab, connect_params, runtime_of, settings_in};

#[tokio::test]
async fn a_client_that_does_not_connect_properly_is_told_why() {
    let server = MockVllm::builder().start().await.unwrap();
    let lab = GatewayLab::start(&server).await;
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
    let lab = GatewayLab::start(&server).await;
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
    let lab = GatewayLab::start(&server).await;
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
    let lab = GatewayLab::start(&server).await;
    let runtime = runtime_of(&server.base_url(), lab.state(), "");
    let error = GatewayServer::bind(runtime, settings_in(lab.state())).await.unwrap_err();
    assert_eq!(error.kind(), GatewayStartErrorKind::AlreadyRunning);
    assert!(error.to_string().contains(&format!("process {}", std::process::id())), "{error}");
    lab.end().await;
}

#[tokio::test]
async fn clients_are_told_that_the_gateway_ends() {
    let server = MockVllm::builder().start().await.unwrap();
    let lab = GatewayLab::start(&server).await;
    let mut client = lab.operator().await;
    let ended = tokio::spawn(lab.end());
    assert_eq!(client.event("shutdown").await["payload"]["reason"], "the gateway ends");
    assert_eq!(client.closing().await.0, 1001);
    ended.await.unwrap();
}

#[tokio::test]
async fn a_socket_takes_its_slot_until_it_ends() {
    let server = MockVllm::builder().start().await.unwrap();
    let lab = GatewayLab::start(&server).await;
    let mut client = lab.operator().await;
    let other = lab.operator().await;
    let waiting = lab.open().await;
    let status = client.call("status", json!({})).await;
    assert_eq!(status["payload"]["connections"], 3, "{status}");
    drop((other, waiting));
    loop {
        let status = client.call("status", json!({})).await;
        match status["payload"]["connections"].as_u64().unwrap() {
            1 => break,
            2 | 3 => tokio::task::yield_now().await,
            other => panic!("{other} connections"),
        }
    }
    lab.end().await;
}

#[tokio::test]
async fn a_flood_of_silent_sockets_keeps_nobody_out() {
    let server = MockVllm::builder().start().await.unwrap();
    let lab = GatewayLab::start(&server).await;
    let mut connected = lab.operator().await;
    let mut silent = Vec::new();
    for _ in 0..1100 {
        silent.push(lab.open().await);
    }
    let mut honest = lab.operator().await;
    assert_eq!(honest.call("status", json!({})).await["ok"], true);
    assert_eq!(connected.call("status", json!({})).await["ok"], true);
    let (code, reason) = silent[0].closing().await;
    assert_eq!((code, reason.as_str()), (1013, "too many connections wait for `connect`"));
    lab.end().await;
    let (code, reason) = silent[1099].closing().await;
    assert_eq!((code, reason.as_str()), (1001, "the gateway ends"));
}

#[tokio::test]
async fn a_client_that_answers_no_ping_is_closed_and_others_stay() {
    let server = MockVllm::builder().start().await.unwrap();
    let lab = GatewayLab::start_with(&server, "", |settings| {
        settings.tick_interval = Duration::from_millis(100);
    })
    .await;
    let mut silent = lab.operator().await;
    let mut listening = lab.connect(&["operator.read"], &[]).await;
    // Each wait for a tick also answers pings; the silent client is not polled meanwhile.
    for _ in 0..8 {
        listening.event("tick").await;
    }
    assert_eq!(silent.closing().await, (1008, "nothing was heard for too long".to_owned()));
    assert_eq!(listening.call("status", json!({})).await["ok"], true);
    lab.end().await;
}

#[tokio::test]
async fn a_client_that_goes_on_without_its_scope_is_closed() {
    let server = MockVllm::builder().start().await.unwrap();
    let lab = GatewayLab::start(&server).await;
    let mut client = lab.connect(&["operator.read"], &[]).await;
    for number in 0..11 {
        client.request(&number.to_string(), "agent", json!({})).await;
    }
    let (code, reason) = client.closing().await;
    assert_eq!((code, reason.as_str()), (1008, "too many requests without their scope"));
    lab.end().await;
}
