//! What clients do that no client should, and what they do after a restart of the gateway.

use futures_util::future::join_all;
use openclaw_mock_vllm::{MockVllm, Turn};
use serde_json::{Value, json};
use tokio_tungstenite::tungstenite::Message;

use crate::lab::GatewayLab;

#[tokio::test]
async fn frames_that_are_no_requests_change_nothing() {
    let server = MockVllm::builder().start().await.unwrap();
    let lab = GatewayLab::start(&server).await;
    let mut client = lab.operator().await;
    for frame in [
        json!({ "type": "res", "id": "unknown", "ok": true, "payload": {} }),
        json!({ "type": "event", "event": "shutdown", "payload": {} }),
        json!({ "type": "REQ", "id": "1", "method": "device.pair.list" }),
        json!({ "id": "2", "method": "status" }),
        json!({ "type": 7, "id": "3", "method": "status" }),
        json!({ "type": "cancel", "id": "4" }),
    ] {
        client.send(Message::text(frame.to_string())).await;
        let answer = client.call("status", json!({})).await;
        assert_eq!(answer["payload"]["clients"], 1, "{frame}: {answer}");
    }
    assert!(client.seen_events().is_empty(), "{:?}", client.seen_events());
    lab.end().await;
}

#[tokio::test]
async fn a_trace_that_is_none_is_ignored() {
    let server = MockVllm::builder().start().await.unwrap();
    let lab = GatewayLab::start(&server).await;
    let mut client = lab.operator().await;
    let traces = [json!("x".repeat(10_000)), json!(7), json!({ "a": [] }), json!(""), Value::Null];
    for (number, trace) in traces.into_iter().enumerate() {
        let id = number.to_string();
        let frame = json!({ "type": "req", "id": id, "method": "status", "traceparent": trace });
        client.send(Message::text(frame.to_string())).await;
        assert_eq!(client.response(&id).await["ok"], true, "{number}");
    }
    lab.end().await;
}

#[tokio::test]
async fn all_of_many_clients_come_back_after_a_restart() {
    const CLIENTS: usize = 500;
    let server = MockVllm::builder().start().await.unwrap();
    let lab = GatewayLab::start(&server).await;
    let before = join_all((0..CLIENTS).map(|_| lab.connect(&["operator.read"], &[]))).await;
    drop(before);
    let lab = lab.restart(&server).await;
    // All at the same moment, and each at its first attempt.
    let mut clients = join_all((0..CLIENTS).map(|_| lab.connect(&["operator.read"], &[]))).await;
    let status = clients[0].call("status", json!({})).await;
    assert_eq!(status["payload"]["clients"], CLIENTS, "{status}");
    lab.end().await;
}

#[tokio::test]
async fn a_client_that_lost_events_gets_them_again_without_a_gap() {
    let server = MockVllm::builder().start().await.unwrap();
    server.push(Turn::text("One two three four five."));
    let lab = GatewayLab::start(&server).await;
    let mut client = lab.operator().await;
    client.request("a", "agent", json!({ "message": "Hi", "idempotencyKey": "k" })).await;
    let run = client.response("a").await["payload"]["runId"].clone();
    let first = client.event("agent").await["payload"].clone();
    let last = first["seq"].as_u64().unwrap();
    drop(client);
    // On another connection the run is found by its id, and so are the events after the last one.
    let mut client = lab.operator().await;
    let ended = client.call("agent.wait", json!({ "runId": run })).await;
    assert_eq!(ended["payload"]["status"], "ok", "{ended}");
    let params = json!({ "runId": run, "afterSeq": last });
    let rest = client.call("agent.events", params).await["payload"].clone();
    let all = client.call("agent.events", json!({ "runId": run, "afterSeq": 0 })).await;
    let (rest, all) = (rest["events"].as_array().unwrap(), &all["payload"]["events"]);
    let all = all.as_array().unwrap();
    let kept = all.iter().filter(|event| event["seq"].as_u64().unwrap() > last);
    assert_eq!(kept.collect::<Vec<_>>(), rest.iter().collect::<Vec<_>>());
    assert_eq!(all[0]["data"], first["data"]);
    assert_eq!(rest.last().unwrap()["data"]["phase"], "end");
    lab.end().await;
}
