//! Runs over the gateway.

use openclaw_mock_vllm::{Gate, MockVllm, Reply, Turn};
use serde_json::{Value, json};

use crate::lab::{GatewayLab, TestClient};
use crate::test_device::TestDevice;

fn request(message: &str, key: &str) -> Value {
    json!({ "message": message, "idempotencyKey": key })
}

/// The text of the answer in the second response of `agent`.
fn answer_text(response: &Value) -> &str {
    response["payload"]["result"]["payloads"][0]["text"].as_str().unwrap_or_default()
}

async fn end_of_run(client: &mut TestClient, id: &str) -> Value {
    let accepted = client.response(id).await;
    assert_eq!(accepted["payload"]["status"], "accepted", "{accepted}");
    client.response(id).await
}

#[tokio::test]
async fn a_run_has_two_responses_and_numbered_events() {
    let server = MockVllm::builder().start().await.unwrap();
    server.push(Turn::text("Hello there."));
    let lab = GatewayLab::start(&server).await;
    let mut client = lab.operator().await;
    client.request("1", "agent", request("Hi", "k1")).await;
    let ended = end_of_run(&mut client, "1").await;
    assert_eq!(ended["payload"]["status"], "ok", "{ended}");
    assert_eq!(answer_text(&ended), "Hello there.");
    let final_event =
        client.find(|frame| frame["event"] == "chat" && frame["payload"]["state"] == "final").await;
    assert_eq!(final_event["payload"]["message"]["text"], "Hello there.");
    let of_run = |frame: &Value| frame["payload"]["seq"].as_u64();
    let mut numbers = Vec::new();
    let last = final_event["payload"]["seq"].as_u64().unwrap();
    while numbers.len() + 1 < usize::try_from(last).unwrap() {
        let event = client.find(|frame| of_run(frame).is_some()).await;
        numbers.push(of_run(&event).unwrap());
    }
    assert_eq!(numbers, (1..last).collect::<Vec<_>>());
    let history = client.call("chat.history", json!({ "sessionKey": "main" })).await;
    let said: Vec<&str> = history["payload"]["messages"]
        .as_array()
        .unwrap()
        .iter()
        .map(|message| message["text"].as_str().unwrap())
        .collect();
    assert_eq!(said, ["Hi", "Hello there."]);
    lab.end().await;
}

#[tokio::test]
async fn the_times_of_a_run_are_the_same_while_it_lives_and_after_a_restart() {
    let server = MockVllm::builder().start().await.unwrap();
    server.push(Turn::text("Once."));
    let lab = GatewayLab::start(&server).await;
    let mut client = lab.operator().await;
    let params = json!({ "message": "Hi", "idempotencyKey": "k" });
    client.request("a", "agent", params).await;
    let accepted = client.response("a").await;
    let is_phase = |frame: &Value, phase| frame["payload"]["data"]["phase"] == phase;
    let began = client.find(|frame| is_phase(frame, "start")).await;
    let ended = client.find(|frame| is_phase(frame, "end")).await;
    client.response("a").await;
    let wait = json!({ "runId": accepted["payload"]["runId"] });
    let live = client.call("agent.wait", wait.clone()).await["payload"].clone();
    drop(client);
    let lab = lab.restart(&server).await;
    let stored = lab.operator().await.call("agent.wait", wait).await["payload"].clone();
    for (name, event) in [("startedAt", began), ("endedAt", ended)] {
        assert!(live[name].is_u64(), "{live}");
        assert_eq!(live[name], stored[name], "{name}");
        assert_eq!(live[name], event["payload"]["data"][name], "{name}: {event}");
    }
    lab.end().await;
}

#[tokio::test]
async fn a_long_history_comes_in_pieces() {
    let server = MockVllm::builder().start().await.unwrap();
    let lab = GatewayLab::start(&server).await;
    let mut client = lab.operator().await;
    let long = "x".repeat(200);
    for number in 0..3 {
        server.push(Turn::text("Noted."));
        let message = format!("{number} {long}");
        let params = json!({ "message": message, "idempotencyKey": number.to_string() });
        client.request("a", "agent", params).await;
        client.response("a").await;
        client.response("a").await;
    }
    let (mut texts, mut before) = (Vec::new(), Value::Null);
    for _ in 0..3 {
        let params = json!({ "sessionKey": "main", "limit": 2, "before": before });
        let piece = client.call("chat.history", params).await["payload"].clone();
        let messages = piece["messages"].as_array().unwrap();
        assert_eq!(messages.len(), 2, "{}", piece["cursor"]);
        texts.insert(0, messages[0]["text"].as_str().unwrap()[..1].to_owned());
        assert_eq!(piece["truncated"].as_bool(), Some(piece["cursor"].is_u64()));
        before = piece["cursor"].clone();
    }
    assert_eq!((texts.concat().as_str(), before), ("012", Value::Null));
    lab.end().await;
}

#[tokio::test]
async fn the_same_request_is_one_run_also_after_a_restart() {
    let server = MockVllm::builder().start().await.unwrap();
    server.push(Turn::text("Once."));
    let lab = GatewayLab::start(&server).await;
    let mut client = lab.operator().await;
    client.request("1", "agent", request("Hi", "k")).await;
    let first = end_of_run(&mut client, "1").await;
    client.request("2", "agent", request("Hi", "k")).await;
    let second = end_of_run(&mut client, "2").await;
    assert_eq!(first["payload"], second["payload"]);
    let other = client.call("agent", request("Something else", "k")).await;
    assert_eq!(other["error"]["code"], "CONFLICT");
    let lab = lab.restart(&server).await;
    let mut client = lab.operator().await;
    client.request("3", "agent", request("Hi", "k")).await;
    assert_eq!(end_of_run(&mut client, "3").await["payload"], first["payload"]);
    let run_id = first["payload"]["runId"].clone();
    let waited = client.call("agent.wait", json!({ "runId": run_id })).await;
    assert_eq!(waited["payload"]["status"], "ok");
    let chats = server.requests().iter().filter(|seen| seen.path.ends_with("completions")).count();
    assert_eq!(chats, 1);
    lab.end().await;
}

#[tokio::test]
async fn a_run_outlives_its_client_and_a_wait_that_ends_stops_nothing() {
    let server = MockVllm::builder().start().await.unwrap();
    let gate = Gate::new();
    server.push(Reply::from(Turn::text("Finished.")).gate(1, &gate));
    let lab = GatewayLab::start(&server).await;
    let mut first = lab.operator().await;
    first.request("1", "agent", request("Hi", "k")).await;
    let run_id = first.response("1").await["payload"]["runId"].clone();
    gate.reached().await;
    drop(first);
    let mut second = lab.operator().await;
    let params = json!({ "runId": run_id, "timeoutMs": 0 });
    let waited = second.call("agent.wait", params).await;
    assert_eq!(waited["payload"]["status"], "timeout", "{waited}");
    gate.open();
    let waited = second.call("agent.wait", json!({ "runId": run_id })).await;
    assert_eq!(waited["payload"]["status"], "ok", "{waited}");
    let unknown = second.call("agent.wait", json!({ "runId": "none" })).await;
    assert_eq!(unknown["error"]["code"], "INVALID_REQUEST");
    lab.end().await;
}

#[tokio::test]
async fn a_run_is_stopped_by_its_session_and_only_there() {
    let server = MockVllm::builder().start().await.unwrap();
    let gate = Gate::new();
    server.push(Reply::from(Turn::text("Never.")).gate(1, &gate));
    let lab = GatewayLab::start(&server).await;
    let mut client = lab.operator().await;
    let send = json!({ "sessionKey": "main", "message": "Hi", "idempotencyKey": "k" });
    let run_id = client.call("chat.send", send).await["payload"]["runId"].clone();
    gate.reached().await;
    let other = client.call("chat.abort", json!({ "sessionKey": "agent:main:other" })).await;
    assert_eq!(other["payload"]["aborted"], false);
    let stopped = client.call("chat.abort", json!({ "sessionKey": "main" })).await;
    assert_eq!(stopped["payload"]["runIds"], json!([run_id]));
    let waited = client.call("agent.wait", json!({ "runId": run_id })).await;
    assert_eq!(waited["payload"]["status"], "error");
    let ended = client.find(|frame| frame["payload"]["state"] == "aborted").await;
    assert_eq!(ended["payload"]["runId"], run_id);
    lab.end().await;
}

#[tokio::test]
async fn the_turns_of_a_session_follow_one_another() {
    let server = MockVllm::builder().start().await.unwrap();
    let gate = Gate::new();
    server.push(Reply::from(Turn::text("One.")).gate(1, &gate));
    server.push(Turn::text("Two."));
    let lab = GatewayLab::start(&server).await;
    let mut client = lab.operator().await;
    client.request("1", "agent", request("First", "k1")).await;
    client.response("1").await;
    gate.reached().await;
    client.request("2", "agent", request("Second", "k2")).await;
    client.response("2").await;
    gate.open();
    assert_eq!(answer_text(&client.response("1").await), "One.");
    assert_eq!(answer_text(&client.response("2").await), "Two.");
    lab.end().await;
}

#[tokio::test]
async fn requests_that_cannot_be_carried_out_say_why() {
    let server = MockVllm::builder().start().await.unwrap();
    let lab = GatewayLab::start(&server).await;
    let mut client = lab.operator().await;
    for (params, said) in [
        (json!({ "message": " ", "idempotencyKey": "k" }), "`message`"),
        (json!({ "message": "Hi" }), "`idempotencyKey`"),
        (json!({ "message": "Hi", "idempotencyKey": "k".repeat(300) }), "`idempotencyKey`"),
        (json!({ "message": "Hi", "idempotencyKey": "k", "agentId": "nobody" }), "nobody"),
        (json!({ "message": "Hi", "idempotencyKey": "k", "sessionId": "none" }), "session"),
        (json!({ "message": "Hi", "idempotencyKey": "k", "sessionKey": "a\nb" }), "session"),
        (json!({ "message": 7, "idempotencyKey": "k" }), "parameters"),
    ] {
        let answer = client.call("agent", params.clone()).await;
        let message = answer["error"]["message"].as_str().unwrap();
        assert!(message.contains(said), "{params}: {message}");
    }
    assert!(server.requests().is_empty());
    lab.end().await;
}

#[tokio::test]
async fn a_call_is_decided_by_a_client_that_may() {
    let server = MockVllm::builder().start().await.unwrap();
    let call = || Turn::call("exec", r#"{"command":"echo decided > here.txt"}"#);
    let more = "tools: { exec: { host: 'gateway', security: 'allowlist', ask: 'on-miss' } }";
    let lab = GatewayLab::start_with(&server, more, |_| ()).await;
    let written = lab.state().join("workspace/here.txt");

    server.push(call());
    server.push(Turn::text("Denied."));
    let mut runner = lab.connect(&["operator.write"], &["exec-approvals"]).await;
    runner.request("1", "agent", request("Write it", "k1")).await;
    let ended = end_of_run(&mut runner, "1").await;
    assert_eq!(answer_text(&ended), "Denied.", "{ended}");
    assert!(!written.exists());
    let told = String::from_utf8_lossy(&server.requests().last().unwrap().body).into_owned();
    assert!(told.contains("no client that decides about calls"), "{told}");

    server.push(call());
    server.push(Turn::text("Done."));
    let mut approver = lab.connect(&["operator.approvals"], &["exec-approvals"]).await;
    runner.request("2", "agent", request("Write it", "k2")).await;
    let asked = approver.event("exec.approval.requested").await;
    let id = asked["payload"]["id"].as_str().unwrap().to_owned();
    assert_eq!(asked["payload"]["request"]["command"], "echo decided > here.txt");
    let prefix = id.get(..8).unwrap();
    let resolve = |id: &str, decision: &str| json!({ "id": id, "decision": decision });
    let by_prefix = approver.call("exec.approval.resolve", resolve(prefix, "allow-once")).await;
    assert_eq!(by_prefix["error"]["details"]["code"], "UNKNOWN_APPROVAL_ID");
    let allowed = approver.call("exec.approval.resolve", resolve(&id, "allow-once")).await;
    assert_eq!(allowed["ok"], true, "{allowed}");
    assert_eq!(answer_text(&end_of_run(&mut runner, "2").await), "Done.");
    assert_eq!(std::fs::read_to_string(&written).unwrap(), "decided\n");
    let again = approver.call("exec.approval.resolve", resolve(&id, "allow-once")).await;
    assert_eq!(again["ok"], true);
    let other = approver.call("exec.approval.resolve", resolve(&id, "deny")).await;
    assert_eq!(other["error"]["details"]["code"], "APPROVAL_ALREADY_RESOLVED");
    let list = approver.call("exec.approval.list", json!({})).await;
    assert_eq!(list["payload"]["approvals"], json!([]));
    lab.end().await;
}

#[tokio::test]
async fn a_device_allows_no_call_of_its_own_run_unless_it_may_everything() {
    let server = MockVllm::builder().start().await.unwrap();
    let more = "tools: { exec: { host: 'gateway', security: 'allowlist', ask: 'on-miss' } }";
    let lab = GatewayLab::start_with(&server, more, |_| ()).await;
    let mut owner = lab.operator().await;
    for (seed, scopes, is_allowed) in [
        (1, &["operator.write", "operator.approvals"][..], false),
        (2, &["operator.admin"][..], true),
    ] {
        server.push(Turn::call("exec", r#"{"command":"echo decided > here.txt"}"#));
        server.push(Turn::text("Done."));
        let mut device = TestDevice::new(seed, scopes);
        let mut client = device.pair(&lab, &mut owner).await;
        client.request("1", "agent", request("Write it", &format!("k{seed}"))).await;
        let asked = owner.event("exec.approval.requested").await;
        let resolve =
            |decision: &str| json!({ "id": asked["payload"]["id"], "decision": decision });
        let allowed = client.call("exec.approval.resolve", resolve("allow-once")).await;
        assert_eq!(allowed["ok"], is_allowed, "{allowed}");
        if !is_allowed {
            assert_eq!(allowed["error"]["code"], "FORBIDDEN", "{allowed}");
            // It may deny, and others may allow.
            assert_eq!(
                owner.call("exec.approval.resolve", resolve("allow-once")).await["ok"],
                true
            );
        }
        assert_eq!(answer_text(&end_of_run(&mut client, "1").await), "Done.");
    }
    lab.end().await;
}

#[tokio::test]
async fn the_session_main_is_the_default_session_whatever_its_key() {
    let server = MockVllm::builder().start().await.unwrap();
    server.push(Turn::text("One."));
    server.push(Turn::text("Two."));
    let lab = GatewayLab::start_with(&server, "session: { mainKey: 'home' }", |_| ()).await;
    let mut client = lab.operator().await;
    client.request("1", "agent", request("First", "k1")).await;
    end_of_run(&mut client, "1").await;
    let named = json!({ "message": "Second", "idempotencyKey": "k2", "sessionKey": "main" });
    client.request("2", "agent", named).await;
    end_of_run(&mut client, "2").await;
    let sessions = client.call("sessions.list", json!({})).await;
    assert_eq!(sessions["payload"]["count"], 1, "{sessions}");
    assert_eq!(sessions["payload"]["sessions"][0]["key"], "agent:main:home");
    lab.end().await;
}
