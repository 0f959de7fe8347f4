//! What clients do with sessions besides running turns in them.

use openclaw_mock_vllm::{Gate, MockVllm, Reply, Turn};
use serde_json::{Value, json};

use crate::lab::{GatewayLab, TestClient};
use crate::test_device::TestDevice;

async fn run(client: &mut TestClient, message: &str) -> Value {
    let params = json!({ "message": message, "idempotencyKey": message });
    client.request(message, "agent", params).await;
    let accepted = client.response(message).await;
    assert_eq!(accepted["payload"]["status"], "accepted", "{accepted}");
    client.response(message).await["payload"].clone()
}

fn last_request(server: &MockVllm) -> String {
    String::from_utf8_lossy(&server.requests().last().unwrap().body).into_owned()
}

#[tokio::test]
async fn a_client_that_comes_back_is_told_what_it_missed() {
    let server = MockVllm::builder().start().await.unwrap();
    let lab = GatewayLab::start(&server).await;
    let mut client = lab.operator().await;
    server.push(Turn::pieces(["one ", "two"]));
    let ended = run(&mut client, "Hi").await;
    let run_id = ended["runId"].clone();
    let mut other = lab.connect(&["operator.read"], &[]).await;
    let all = other.call("agent.events", json!({ "runId": run_id })).await["payload"].clone();
    assert_eq!(all["isIncomplete"], false, "{all}");
    let events = all["events"].as_array().unwrap();
    assert_eq!(events[0]["data"]["phase"], "start");
    assert_eq!(events[1]["data"]["phase"], "open");
    assert_eq!(events[1]["data"]["start"]["type"], "start");
    let text: String = events.iter().filter_map(|event| event["data"]["text"].as_str()).collect();
    assert_eq!(text, "one two");
    let after = events[1]["seq"].clone();
    let rest = other.call("agent.events", json!({ "runId": run_id, "afterSeq": after })).await;
    assert_eq!(rest["payload"]["events"].as_array().unwrap().len(), events.len() - 2);
    let unknown = other.call("agent.events", json!({ "runId": "none" })).await;
    assert_eq!(unknown["error"]["code"], "INVALID_REQUEST");
    lab.end().await;
}

#[tokio::test]
async fn a_message_for_a_run_that_goes_on_is_given_to_its_turn_once() {
    let server = MockVllm::builder().start().await.unwrap();
    let lab = GatewayLab::start(&server).await;
    let mut client = lab.operator().await;
    let gate = Gate::new();
    server.push(Reply::from(Turn::text("First.")).gate(1, &gate));
    server.push(Turn::text("Second."));
    client.request("1", "agent", json!({ "message": "Hi", "idempotencyKey": "k" })).await;
    let run_id = client.response("1").await["payload"]["runId"].clone();
    gate.reached().await;
    let steer = json!({ "runId": run_id, "message": "And more", "idempotencyKey": "s" });
    for _ in 0..2 {
        let steered = client.call("sessions.steer", steer.clone()).await;
        assert_eq!(steered["ok"], true, "{steered}");
    }
    gate.open();
    let ended = client.response("1").await;
    assert_eq!(ended["payload"]["result"]["payloads"][0]["text"], "Second.", "{ended}");
    assert!(ended["payload"].get("unsentMessages").is_none(), "{ended}");
    assert_eq!(last_request(&server).matches("And more").count(), 1);
    let late = client.call("sessions.steer", steer).await;
    assert_eq!(late["error"]["details"]["code"], "RUN_ENDED");
    lab.end().await;
}

#[tokio::test]
async fn a_turn_and_its_files_are_shown_and_undone() {
    let server = MockVllm::builder().start().await.unwrap();
    let lab = GatewayLab::start(&server).await;
    let mut client = lab.operator().await;
    server.push(Turn::call("write", r#"{"path":"a.txt","content":"new\n"}"#));
    server.push(Turn::text("Written."));
    let ended = run(&mut client, "Write it").await;
    assert_eq!(ended["status"], "ok", "{ended}");
    let written = lab.state().join("workspace/a.txt");
    assert!(written.exists());
    let diff = client.call("sessions.diff", json!({})).await;
    assert_eq!(diff["payload"]["changes"][0]["path"], "a.txt", "{diff}");
    assert!(diff["payload"]["changes"][0]["diff"].as_str().unwrap().contains("+new"));
    let undone = client.call("sessions.undo", json!({ "extent": "turn" })).await;
    assert_eq!(undone["payload"]["isTurnUndone"], true, "{undone}");
    assert_eq!(undone["payload"]["message"], "Write it");
    assert_eq!(undone["payload"]["files"]["removed"], json!(["a.txt"]));
    assert!(!written.exists());
    let history = client.call("chat.history", json!({ "sessionKey": "main" })).await;
    assert_eq!(history["payload"]["messages"], json!([]));
    let nothing = client.call("sessions.undo", json!({ "extent": "files" })).await;
    assert_eq!(nothing["payload"]["files"], Value::Null, "{nothing}");
    lab.end().await;
}

#[tokio::test]
async fn a_session_is_described_begun_anew_and_summarised() {
    let server = MockVllm::builder().start().await.unwrap();
    let lab = GatewayLab::start(&server).await;
    let mut client = lab.operator().await;
    server.push(Turn::text("Hello."));
    let first = run(&mut client, "Hi").await["result"]["meta"]["agentMeta"]["sessionId"].clone();
    let state = client.call("sessions.open", json!({})).await["payload"].clone();
    assert_eq!(state["session"]["sessionId"], first, "{state}");
    assert_eq!((&state["model"], &state["isDefault"]), (&json!("tiny"), &json!(true)));
    assert!(state["tools"].as_array().unwrap().iter().any(|tool| tool["name"] == "write"));
    assert!(state["commands"].as_str().unwrap().contains("from the config"), "{state}");
    let compact = client.call("sessions.compact", json!({})).await;
    assert_eq!(compact["payload"]["compaction"], Value::Null, "{compact}");
    let reset = client.call("sessions.reset", json!({})).await["payload"].clone();
    assert_eq!(reset["previousSessionId"], first, "{reset}");
    // An empty session is as good as a new one.
    let again = client.call("sessions.reset", json!({})).await["payload"].clone();
    assert_eq!(again["sessionId"], reset["sessionId"]);
    assert_eq!(again["previousSessionId"], Value::Null);
    let resumed = json!({ "resume": true, "idempotencyKey": "r" });
    client.request("r", "agent", resumed).await;
    let _accepted = client.response("r").await;
    let ended = client.response("r").await;
    assert_eq!(ended["payload"]["summary"], "nothing_to_resume", "{ended}");
    lab.end().await;
}

#[tokio::test]
async fn how_commands_run_is_changed_by_an_administrator_and_never_beyond_the_config() {
    let server = MockVllm::builder().start().await.unwrap();
    let more = "tools: { exec: { host: 'gateway', security: 'allowlist', ask: 'on-miss' } }";
    let lab = GatewayLab::start_with(&server, more, |_| ()).await;
    let mut writer = lab.connect(&["operator.write", "operator.approvals"], &[]).await;
    let stricter = json!({ "words": "security=deny" });
    let refused = writer.call("sessions.exec", stricter.clone()).await;
    assert_eq!(refused["error"]["details"]["missingScope"], "operator.admin", "{refused}");
    let mut admin = lab.operator().await;
    let changed = admin.call("sessions.exec", stricter).await;
    assert!(changed["payload"]["commands"].as_str().unwrap().contains("security=deny"));
    let wider = admin.call("sessions.exec", json!({ "words": "security=full" })).await;
    assert_eq!(wider["error"]["code"], "INVALID_REQUEST", "{wider}");
    lab.end().await;
}

#[tokio::test]
async fn a_permission_for_a_time_is_given_only_where_it_was_offered() {
    let server = MockVllm::builder().start().await.unwrap();
    let more = "tools: { exec: { host: 'gateway', security: 'allowlist', ask: 'on-miss' } }";
    let lab = GatewayLab::start_with(&server, more, |_| ()).await;
    let mut client = lab.operator().await;
    let call = || Turn::call("exec", r#"{"command":"/bin/echo once"}"#);
    server.push(call());
    server.push(Turn::text("Done."));
    client.request("1", "agent", json!({ "message": "Go", "idempotencyKey": "1" })).await;
    let asked = client.event("exec.approval.requested").await["payload"].clone();
    assert_eq!(asked["request"]["kind"], "command");
    assert_eq!(asked["request"]["canAllowAlways"], true, "{asked}");
    let resolve = |more: &Value| {
        let mut params = json!({ "id": asked["id"], "decision": "allow-always" });
        params.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        params
    };
    let programs = resolve(&json!({ "grantScope": "sandboxed-programs" }));
    let refused = client.call("exec.approval.resolve", programs).await;
    assert_eq!(refused["error"]["code"], "INVALID_REQUEST", "{refused}");
    let for_an_hour = resolve(&json!({ "grantExpiresInMs": 3_600_000 }));
    let allowed = client.call("exec.approval.resolve", for_an_hour).await;
    assert_eq!(allowed["ok"], true, "{allowed}");
    let _accepted = client.response("1").await;
    assert_eq!(client.response("1").await["payload"]["status"], "ok");
    // The same command runs without a question now.
    server.push(call());
    server.push(Turn::text("Again."));
    let ended = run(&mut client, "Once more").await;
    assert_eq!(ended["result"]["payloads"][0]["text"], "Again.");
    lab.end().await;
}

#[tokio::test]
async fn a_device_chooses_no_folder_that_its_owner_did_not_choose() {
    let server = MockVllm::builder().start().await.unwrap();
    let lab = GatewayLab::start(&server).await;
    let mut owner = lab.operator().await;
    let mut device = TestDevice::new(1, &["operator.write"]);
    let mut client = device.pair(&lab, &mut owner).await;
    let folder = lab.state().join("project");
    std::fs::create_dir(&folder).unwrap();
    let key = format!("agent:main:folder:{}", folder.display());
    let params = json!({ "message": "Hi", "sessionKey": key, "idempotencyKey": "k" });
    for (method, params) in [
        ("agent", params.clone()),
        ("chat.send", params.clone()),
        ("sessions.open", json!({ "sessionKey": key })),
        ("sessions.reset", json!({ "sessionKey": key })),
    ] {
        let refused = client.call(method, params).await;
        assert_eq!(refused["error"]["details"]["missingScope"], "operator.admin", "{method}");
    }
    assert!(server.requests().is_empty());
    // One that the owner began is there to go on with.
    server.push(Turn::text("Hello."));
    let begun = json!({ "message": "Hi", "sessionKey": key, "idempotencyKey": "o" });
    owner.request("o", "agent", begun).await;
    let _accepted = owner.response("o").await;
    assert_eq!(owner.response("o").await["payload"]["status"], "ok");
    server.push(Turn::text("And on."));
    client.request("d", "agent", params).await;
    let _accepted = client.response("d").await;
    assert_eq!(client.response("d").await["payload"]["status"], "ok");
    lab.end().await;
}
