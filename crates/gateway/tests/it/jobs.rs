//! Scheduled jobs: what they do, when they fail, and where their results go.

#![expect(clippy::disallowed_methods, reason = "the test writes the list of an agent")]

use std::time::{SystemTime, UNIX_EPOCH};

use openclaw_mock_vllm::{MockVllm, ModelSpec, Turn};
use serde_json::{Value, json};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpListener;

use crate::lab::{GatewayLab, TestClient};

fn now_ms() -> u64 {
    let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap();
    u64::try_from(now.as_millis()).unwrap()
}

/// A job that nobody's clock begins.
fn task(message: &str) -> Value {
    json!({
        "name": "probe",
        "schedule": { "kind": "every", "everyMs": 86_400_000u64 },
        "payload": { "kind": "agentTurn", "message": message },
    })
}

fn with(mut job: Value, key: &str, value: Value) -> Value {
    job.as_object_mut().unwrap().insert(key.to_owned(), value);
    job
}

async fn add(client: &mut TestClient, job: Value) -> Value {
    let answer = client.call("cron.add", job).await;
    assert_eq!(answer["ok"], true, "{answer}");
    answer["payload"].clone()
}

/// Runs a job now and waits for its end.
async fn run(client: &mut TestClient, id: &Value) -> Value {
    let answer = client.call("cron.run", json!({ "id": id })).await;
    assert_eq!(answer["payload"]["enqueued"], true, "{answer}");
    finished(client, id).await
}

async fn finished(client: &mut TestClient, id: &Value) -> Value {
    let event = client
        .find(|frame| {
            let payload = &frame["payload"];
            frame["event"] == "cron" && payload["action"] == "finished" && payload["jobId"] == *id
        })
        .await;
    event["payload"].clone()
}

/// What the main session says to its clients.
async fn history(client: &mut TestClient) -> String {
    client.call("chat.history", json!({ "sessionKey": "main" })).await.to_string()
}

fn chats(server: &MockVllm) -> usize {
    server.requests().iter().filter(|seen| seen.path.ends_with("completions")).count()
}

#[tokio::test]
async fn a_one_shot_runs_once_tells_its_result_and_is_gone() {
    let server = MockVllm::builder().start().await.unwrap();
    server.push(Turn::text("The disk is half full."));
    let lab = GatewayLab::start(&server).await;
    let mut client = lab.operator().await;
    let at = jiff_text(now_ms());
    let job = with(task("Look at the disk."), "schedule", json!({ "kind": "at", "at": at }));
    let job = add(&mut client, job).await;
    let end = finished(&mut client, &job["id"]).await;
    assert_eq!((&end["status"], &end["outcome"]), (&json!("ok"), &json!("ok")), "{end}");
    assert_eq!(end["deliveryStatus"], "delivered");
    assert_eq!(end["summary"], "The disk is half full.");
    let sent = server.requests().pop().unwrap().json()["messages"].to_string();
    assert!(sent.contains("Look at the disk."), "{sent}");
    let told = history(&mut client).await;
    assert!(told.contains("The disk is half full.") && told.contains("probe"), "{told}");
    let all = client.call("cron.list", json!({ "includeDisabled": true })).await;
    assert_eq!(all["payload"]["total"], 0);
    let runs = client.call("cron.runs", json!({ "id": job["id"] })).await;
    assert_eq!(runs["payload"]["entries"].as_array().unwrap().len(), 1);
    assert_eq!(chats(&server), 1);
    lab.end().await;
}

fn jiff_text(at_ms: u64) -> String {
    // A time of the past minute is still to come.
    let seconds = at_ms / 1000;
    let (days, rest) = (seconds / 86_400, seconds % 86_400);
    let (year, month, day) = civil(days);
    format!(
        "{year:04}-{month:02}-{day:02}T{:02}:{:02}:{:02}Z",
        rest / 3600,
        rest / 60 % 60,
        rest % 60
    )
}

/// The date of a day since 1970.
fn civil(days: u64) -> (u64, u64, u64) {
    let shifted = days + 719_468;
    let era = shifted / 146_097;
    let of_era = shifted % 146_097;
    let year_of_era = (of_era - of_era / 1460 + of_era / 36_524 - of_era / 146_096) / 365;
    let day_of_year = of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let month = (5 * day_of_year + 2) / 153;
    let day = day_of_year - (153 * month + 2) / 5 + 1;
    let month = if month < 10 { month + 3 } else { month - 9 };
    (year_of_era + era * 400 + u64::from(month <= 2), month, day)
}

#[tokio::test]
async fn a_job_that_says_nothing_is_well_and_tells_nobody() {
    let server = MockVllm::builder().start().await.unwrap();
    server.push(Turn::text("NO_REPLY"));
    let lab = GatewayLab::start(&server).await;
    let mut client = lab.operator().await;
    let job = add(&mut client, task("Anything new?")).await;
    let end = run(&mut client, &job["id"]).await;
    assert_eq!((&end["status"], &end["summary"]), (&json!("ok"), &json!("silent")), "{end}");
    assert_eq!(end["deliveryStatus"], "not-requested");
    assert!(!history(&mut client).await.contains("NO_REPLY"));
    lab.end().await;
}

#[tokio::test]
async fn denied_calls_are_told_apart_and_reported_after_two() {
    let server = MockVllm::builder().start().await.unwrap();
    for _ in 0..3 {
        server.push(Turn::call("exec", r#"{"command":"id"}"#));
        server.push(Turn::text("I could not do it."));
    }
    let more = "tools: { exec: { security: 'deny' } }";
    let lab = GatewayLab::start_with(&server, more, |_| ()).await;
    let mut client = lab.operator().await;
    let job = task("Run id.");
    let job = add(&mut client, with(job, "delivery", json!({ "mode": "none" }))).await;
    for failures in 1..=3 {
        let end = run(&mut client, &job["id"]).await;
        assert_eq!((&end["status"], &end["outcome"]), (&json!("error"), &json!("denied")), "{end}");
        assert!(end["error"].as_str().unwrap().starts_with("not allowed: exec"), "{end}");
        let shown = client.call("cron.get", json!({ "id": job["id"] })).await;
        assert_eq!(shown["payload"]["state"]["consecutiveErrors"], failures);
    }
    // Once for the second one; the third is within the pause.
    let alerts = client.seen_events().iter().filter(|name| *name == "cron").count();
    assert_eq!(alerts, 3 + 1 + 1, "three starts, one addition, one alert");
    let told = history(&mut client).await;
    assert!(told.contains("failed 2 times in a row"), "{told}");
    let status = client.call("status", json!({})).await;
    assert_eq!(status["payload"]["cron"]["failing"][0]["id"], job["id"], "{status}");
    lab.end().await;
}

#[tokio::test]
async fn a_job_without_a_model_server_is_skipped_with_the_reason() {
    // A port on which nothing listens.
    let free = TcpListener::bind("127.0.0.1:0").await.unwrap().local_addr().unwrap();
    let lab = GatewayLab::start_at(&format!("http://{free}/v1"), "", |_| ()).await;
    let mut client = lab.operator().await;
    let job = add(&mut client, task("Hello?")).await;
    let end = run(&mut client, &job["id"]).await;
    assert_eq!((&end["status"], &end["outcome"]), (&json!("skipped"), &json!("skipped")), "{end}");
    let reason = end["error"].as_str().unwrap();
    assert!(reason.contains("takes connections") && reason.contains(&free.to_string()), "{reason}");
    let shown = client.call("cron.get", json!({ "id": job["id"] })).await;
    assert_eq!(shown["payload"]["state"]["consecutiveErrors"], 0);
    lab.end().await;
}

#[tokio::test]
async fn a_target_that_cannot_be_reached_is_refused_when_the_job_is_added() {
    let server = MockVllm::builder().start().await.unwrap();
    let lab = GatewayLab::start(&server).await;
    let mut client = lab.operator().await;
    for (delivery, reason) in [
        (json!({ "mode": "announce", "channel": "telegram", "to": "7" }), "channel `telegram`"),
        (json!({ "mode": "announce", "to": "agent:main:nosuch" }), "agent:main:nosuch"),
        (json!({ "mode": "webhook" }), "`to`"),
        (json!({ "mode": "webhook", "to": "https://hooks.example/x" }), "`models.egress`"),
        (json!({ "mode": "webhook", "to": "ftp://127.0.0.1/x" }), "address"),
    ] {
        let answer = client.call("cron.add", with(task("x"), "delivery", delivery)).await;
        let message = answer["error"]["message"].as_str().unwrap_or_default();
        assert!(message.contains(reason), "{answer}");
    }
    for (key, value, reason) in [
        ("agentId", json!("nobody"), "`nobody`"),
        ("schedule", json!({ "kind": "cron", "expr": "61 * * * *" }), "61 * * * *"),
        ("schedule", json!({ "kind": "cron", "expr": "0 7 * * *", "tz": "Mars/X" }), "Mars/X"),
        ("schedule", json!({ "kind": "at", "at": "2001-01-01T00:00:00Z" }), "over"),
        ("sessionTarget", json!("main"), "`agentTurn`"),
        ("onlyOn", json!("weekdays"), "onlyOn"),
    ] {
        let answer = client.call("cron.add", with(task("x"), key, value)).await;
        let message = answer["error"]["message"].as_str().unwrap_or_default();
        assert!(message.contains(reason), "{answer}");
    }
    let mut reader = lab.connect(&["operator.write"], &[]).await;
    let answer = reader.call("cron.add", task("x")).await;
    assert_eq!(answer["error"]["details"]["missingScope"], "operator.admin", "{answer}");
    lab.end().await;
}

/// Takes one request and answers it; returns what came.
async fn serve_once(listener: TcpListener, status: &'static str) -> String {
    let (mut stream, _) = listener.accept().await.unwrap();
    let mut request = Vec::new();
    let mut buffer = [0; 4096];
    loop {
        let read = stream.read(&mut buffer).await.unwrap();
        request.extend_from_slice(&buffer[..read]);
        let text = String::from_utf8_lossy(&request);
        let Some((head, body)) = text.split_once("\r\n\r\n") else { continue };
        let length = head.to_ascii_lowercase();
        let length = length.lines().find_map(|line| line.strip_prefix("content-length: "));
        if read == 0 || body.len() >= length.map_or(0, |length| length.trim().parse().unwrap()) {
            break;
        }
    }
    let answer = format!("HTTP/1.1 {status}\r\nContent-Length: 2\r\nConnection: close\r\n\r\n{{}}");
    stream.write_all(answer.as_bytes()).await.unwrap();
    String::from_utf8(request).unwrap()
}

#[tokio::test]
async fn a_webhook_that_does_not_take_the_result_makes_the_run_fail() {
    let server = MockVllm::builder().start().await.unwrap();
    let more = "cron: { webhookToken: 'the-token-of-deliveries' }";
    let lab = GatewayLab::start_with(&server, more, |_| ()).await;
    let mut client = lab.operator().await;
    for (status, expected, delivered) in
        [("200 OK", "ok", "delivered"), ("500 No", "error", "not-delivered")]
    {
        server.push(Turn::text("All is well."));
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let to = format!("http://{}/in?x=1", listener.local_addr().unwrap());
        let taken = tokio::spawn(serve_once(listener, status));
        let delivery = json!({ "mode": "webhook", "to": to });
        let job = add(&mut client, with(task("Look."), "delivery", delivery)).await;
        let end = run(&mut client, &job["id"]).await;
        assert_eq!((&end["status"], &end["deliveryStatus"]), (&json!(expected), &json!(delivered)));
        let request = taken.await.unwrap();
        assert!(request.starts_with("POST /in?x=1 "), "{request}");
        assert!(request.contains("Bearer the-token-of-deliveries"), "{request}");
        assert!(request.contains("All is well.") && request.contains("\"probe\""), "{request}");
        client.call("cron.remove", json!({ "id": job["id"] })).await;
    }
    lab.end().await;
}

#[tokio::test]
async fn a_job_that_runs_does_not_begin_again_and_ends_when_it_is_stopped() {
    let server = MockVllm::builder().start().await.unwrap();
    let gate = openclaw_mock_vllm::Gate::new();
    server.push(openclaw_mock_vllm::Reply::from(Turn::text("Late.")).gate(0, &gate));
    let lab = GatewayLab::start(&server).await;
    let mut client = lab.operator().await;
    let job = add(&mut client, task("Wait.")).await;
    let first = client.call("cron.run", json!({ "id": job["id"] })).await;
    assert_eq!(first["payload"]["enqueued"], true);
    let second = client.call("cron.run", json!({ "id": job["id"] })).await;
    assert_eq!(second["payload"]["reason"], "already-running", "{second}");
    let key = format!("agent:main:cron:{}", job["id"].as_str().unwrap());
    let is_turn =
        |frame: &Value| frame["event"] == "agent" && frame["payload"]["data"]["phase"] == "open";
    client.find(is_turn).await;
    client.call("chat.abort", json!({ "sessionKey": key })).await;
    let end = finished(&mut client, &job["id"]).await;
    assert_eq!((&end["status"], &end["outcome"]), (&json!("error"), &json!("cancelled")), "{end}");
    gate.open();
    lab.end().await;
}

#[tokio::test]
async fn an_agent_has_the_jobs_of_its_session_and_no_others() {
    let server = MockVllm::builder().model(ModelSpec::new("tiny", 16_384)).start().await.unwrap();
    let lab = GatewayLab::start_with(&server, "defaults: localModelMode: 'default'", |_| ()).await;
    let mut client = lab.operator().await;
    let foreign = add(&mut client, task("Of the owner.")).await["id"].clone();
    let mut say = async |call: Value| {
        server.push(Turn::call("cron", call.to_string()));
        server.push(Turn::text("Done."));
        let key = format!("k{}", chats(&server));
        let params = json!({ "sessionKey": "main", "message": "go", "idempotencyKey": key });
        let started = client.call("chat.send", params).await;
        let run = started["payload"]["runId"].clone();
        client.call("agent.wait", json!({ "runId": run })).await;
        let requests = server.requests();
        let chat = requests.iter().rfind(|seen| seen.path.ends_with("completions")).unwrap();
        let request = chat.json();
        let messages = request["messages"].as_array().unwrap().clone();
        messages.iter().rfind(|message| message["role"] == "tool").unwrap()["content"].to_string()
    };
    let added = say(json!({ "action": "add", "at": "20m", "message": "Look again." })).await;
    assert!(added.contains("nextRunAt") && added.contains("Look again."), "{added}");
    let event = json!({ "action": "add", "cron": "0 7 * * *", "tz": "UTC", "event": "Wake." });
    assert!(say(event).await.contains("Wake."));
    let listed = say(json!({ "action": "list" })).await;
    assert!(listed.contains("Look again.") && !listed.contains("Of the owner."), "{listed}");
    for action in ["get", "run", "remove", "update"] {
        let refused = say(json!({ "action": action, "id": foreign })).await;
        assert!(refused.contains("failed to find a job"), "{action}: {refused}");
    }
    for job in [
        json!({ "delivery": { "mode": "webhook", "to": "http://127.0.0.1:9/" } }),
        json!({ "delivery": { "mode": "announce", "to": "agent:main:other" } }),
        json!({ "sessionTarget": "session:agent:main:other" }),
        json!({ "agentId": "other" }),
    ] {
        let call = json!({ "action": "add", "every": "1h", "message": "x", "job": job });
        let refused = say(call).await;
        assert!(refused.contains("failed to"), "{job}: {refused}");
    }
    let all = client.call("cron.list", json!({})).await;
    assert_eq!(all["payload"]["total"], 3, "{all}");
    lab.end().await;
}

#[tokio::test]
async fn a_heartbeat_is_a_job_that_looks_only_when_there_is_a_task() {
    let server = MockVllm::builder().start().await.unwrap();
    let more = "defaults: heartbeat: { every: '30m', isolatedSession: true }";
    let lab = GatewayLab::start_with(&server, more, |_| ()).await;
    let mut client = lab.operator().await;
    let id = json!("heartbeat-main");
    let end = run(&mut client, &id).await;
    assert_eq!(end["outcome"], "skipped", "{end}");
    assert!(end["error"].as_str().unwrap().contains("HEARTBEAT.md"), "{end}");
    let file = lab.state().join("workspace").join("HEARTBEAT.md");
    std::fs::write(file, "# List\n- Look at the disk.\n").unwrap();
    server.push(Turn::text("HEARTBEAT_OK"));
    let end = run(&mut client, &id).await;
    assert_eq!((&end["outcome"], &end["summary"]), (&json!("ok"), &json!("silent")), "{end}");
    let answer = client.call("cron.remove", json!({ "id": id })).await;
    assert_eq!(answer["ok"], false, "{answer}");
    lab.end().await;
}
