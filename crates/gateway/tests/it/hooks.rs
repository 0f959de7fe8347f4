//! Webhooks.

use openclaw_config::{AppPaths, Config, Env};
use openclaw_gateway::{GatewayOverrides, GatewaySettings};
use openclaw_mock_vllm::{MockVllm, Turn};
use serde_json::{Value, json};

use crate::lab::{GatewayLab, HttpAnswer, TOKEN};

/// The token of the webhooks here.
const HOOK_TOKEN: &str = "the-token-of-the-webhooks-here";

/// The secret with which bodies are signed, and the signature of one.
const HMAC_SECRET: &str = "the-secret-that-signs-the-bodies";

/// The settings of a section `hooks`.
fn hook_settings(hooks: &str) -> Result<GatewaySettings, String> {
    let env = Env::from_pairs([("HOME", "/nowhere")]);
    let text = format!("{{ gateway: {{ auth: {{ token: '{TOKEN}' }} }}, hooks: {hooks} }}");
    let loaded = Config::parse(&text, &env).unwrap();
    let paths = AppPaths::new(&env, None).unwrap();
    let none = GatewayOverrides::default();
    GatewaySettings::from_config(&loaded, paths.state_dir(), &none)
        .map_err(|error| error.to_string())
}

async fn start(server: &MockVllm, hooks: &str) -> GatewayLab {
    let hooks = hook_settings(hooks).unwrap().hooks;
    GatewayLab::start_with(server, "", |settings| settings.hooks = hooks).await
}

async fn post(lab: &GatewayLab, name: &str, body: &Value, headers: &[(&str, &str)]) -> HttpAnswer {
    let mut all = vec![("X-OpenClaw-Token", HOOK_TOKEN)];
    all.extend(headers);
    lab.http(&format!("POST /hooks/{name}"), &all, &body.to_string()).await
}

fn json_of(answer: &HttpAnswer) -> Value {
    serde_json::from_str(&answer.body).unwrap_or_else(|_| panic!("{answer:?}"))
}

/// Waits for the end of a run.
async fn await_run(lab: &GatewayLab, answer: &HttpAnswer) -> Value {
    let run_id = json_of(answer)["runId"].clone();
    assert!(run_id.is_string(), "{}", answer.body);
    let mut client = lab.operator().await;
    client.call("agent.wait", json!({ "runId": run_id })).await
}

#[tokio::test]
async fn a_hook_starts_a_turn_and_its_text_is_marked_as_foreign() {
    let server = MockVllm::builder().start().await.unwrap();
    server.push(Turn::text("Noted."));
    let lab = start(&server, &format!("{{ enabled: true, token: '{HOOK_TOKEN}' }}")).await;
    let body = json!({ "message": "Build 7 failed.", "name": "CI", "idempotencyKey": "b7" });
    let first = post(&lab, "agent", &body, &[]).await;
    assert_eq!(first.status, 200, "{}", first.body);
    assert_eq!(json_of(&first)["ok"], true);
    assert_eq!(await_run(&lab, &first).await["payload"]["status"], "ok");
    let sent = server.requests().pop().unwrap().json()["messages"].to_string();
    assert!(sent.contains("Build 7 failed.") && sent.contains("CI"), "{sent}");
    assert!(sent.contains("not an order of the user"), "{sent}");
    let again = post(&lab, "agent", &body, &[]).await;
    assert_eq!(json_of(&again)["runId"], json_of(&first)["runId"]);
    let other = json!({ "message": "Another text.", "idempotencyKey": "b7" });
    assert_eq!(post(&lab, "agent", &other, &[]).await.status, 409);
    let chats = server.requests().iter().filter(|seen| seen.path.ends_with("completions")).count();
    assert_eq!(chats, 1);
    lab.end().await;
}

#[tokio::test]
async fn wake_is_a_turn_of_the_main_session() {
    let server = MockVllm::builder().start().await.unwrap();
    server.push(Turn::text("Awake."));
    let lab = start(&server, &format!("{{ enabled: true, token: '{HOOK_TOKEN}' }}")).await;
    let answer = post(&lab, "wake", &json!({ "text": "Mail came.", "mode": "now" }), &[]).await;
    let object = json_of(&answer);
    assert_eq!((&object["mode"], &object["eventOutcome"]), (&json!("now"), &json!("queued")));
    await_run(&lab, &answer).await;
    let mut client = lab.operator().await;
    let sessions = client.call("sessions.list", json!({})).await;
    assert_eq!(sessions["payload"]["sessions"][0]["key"], "agent:main:main");
    lab.end().await;
}

#[tokio::test]
async fn wake_reaches_the_main_session_only_where_its_key_is_allowed() {
    let server = MockVllm::builder().start().await.unwrap();
    let hooks =
        format!("{{ enabled: true, token: '{HOOK_TOKEN}', allowedSessionKeyPrefixes: ['hook:'] }}");
    let lab = start(&server, &hooks).await;
    let answer = post(&lab, "wake", &json!({ "text": "Mail came." }), &[]).await;
    assert_eq!(answer.status, 403, "{}", answer.body);
    assert!(answer.body.contains("hooks.allowedSessionKeyPrefixes"), "{}", answer.body);
    assert!(server.requests().is_empty());
    lab.end().await;
}

#[tokio::test]
async fn wrong_secrets_of_webhooks_and_of_the_gateway_are_counted_apart() {
    let server = MockVllm::builder().start().await.unwrap();
    let lab = start(&server, &format!("{{ enabled: true, token: '{HOOK_TOKEN}' }}")).await;
    let models = |token: &'static str| {
        let lab = &lab;
        async move { lab.http("GET /v1/models", &[("Authorization", token)], "").await.status }
    };
    let right = "Bearer the-token-of-this-gateway";
    // No secret is no attempt.
    for _ in 0..6 {
        assert_eq!(lab.http("POST /hooks/agent", &[], "{}").await.status, 401);
    }
    let wrong = [("X-OpenClaw-Token", "a-token-of-no-webhook")];
    assert_eq!(lab.http("POST /hooks/agent", &wrong, "{}").await.status, 401);
    assert_eq!(models(right).await, 200);
    lab.end().await;
}

#[tokio::test]
async fn only_who_knows_the_token_or_the_secret_is_let_in() {
    let server = MockVllm::builder().start().await.unwrap();
    let hooks = format!(
        "{{ enabled: true, token: '{HOOK_TOKEN}', hmacSecret: '{HMAC_SECRET}',
           mappings: [{{ match: {{ path: 'github' }}, messageTemplate: '{{{{a}}}}' }}] }}"
    );
    let lab = start(&server, &hooks).await;
    let body = r#"{"a":"pushed"}"#;
    let signature = "sha256=af2e74964059876d65325ee328894967a5004d39ad38edd25f2183a6f11fbfde";
    let gateway = format!("Bearer {TOKEN}");
    let right = format!("Bearer {HOOK_TOKEN}");
    for (line, headers, status) in [
        ("POST /hooks/github?token=the-token-of-the-webhooks-here", vec![], 400),
        ("GET /hooks/github", vec![], 405),
        ("POST /hooks/github", vec![("Authorization", right.as_str())], 200),
        ("POST /hooks/nothing", vec![("Authorization", right.as_str())], 404),
        ("POST /hooks/github", vec![("X-Hub-Signature-256", signature)], 200),
        ("POST /hooks/github", vec![("Authorization", gateway.as_str())], 401),
    ] {
        server.push(Turn::text("Fine."));
        let answer = lab.http(line, &headers, body).await;
        assert_eq!(answer.status, status, "{line} {headers:?}: {}", answer.body);
    }
    lab.end().await;
}

#[tokio::test]
async fn a_signed_body_is_one_request_under_whatever_name() {
    let server = MockVllm::builder().start().await.unwrap();
    server.push(Turn::text("Fine."));
    let hooks = format!(
        "{{ enabled: true, token: '{HOOK_TOKEN}', hmacSecret: '{HMAC_SECRET}',
           mappings: [{{ match: {{ path: 'github' }}, messageTemplate: '{{{{a}}}}' }},
                      {{ match: {{ path: 'other' }}, messageTemplate: 'Do {{{{a}}}}' }}] }}"
    );
    let lab = start(&server, &hooks).await;
    let body = r#"{"a":"pushed"}"#;
    let signature = "sha256=af2e74964059876d65325ee328894967a5004d39ad38edd25f2183a6f11fbfde";
    let upper = format!("sha256={}", signature[7..].to_uppercase());
    let mut runs = Vec::new();
    for (name, signature) in [("d-1", signature), ("d-2", signature), ("d-3", &upper)] {
        let headers = [("X-Hub-Signature-256", signature), ("X-GitHub-Delivery", name)];
        let answer = lab.http("POST /hooks/github", &headers, body).await;
        runs.push(json_of(&answer)["runId"].clone());
    }
    assert!(runs[0].is_string() && runs.iter().all(|run| *run == runs[0]), "{runs:?}");
    // Nor does it become another request elsewhere.
    let headers = [("X-Hub-Signature-256", signature)];
    let moved = lab.http("POST /hooks/other", &headers, body).await;
    assert_eq!(moved.status, 409, "{}", moved.body);
    // Who knows the token may send it as often as it likes.
    let token = [("X-OpenClaw-Token", HOOK_TOKEN), ("X-GitHub-Delivery", "d-4")];
    server.push(Turn::text("Again."));
    let again = lab.http("POST /hooks/github", &token, body).await;
    assert_ne!(json_of(&again)["runId"], runs[0]);
    lab.end().await;
}

#[tokio::test]
async fn a_wrong_signature_is_refused() {
    let server = MockVllm::builder().start().await.unwrap();
    let lab = start(&server, &format!("{{ enabled: true, hmacSecret: '{HMAC_SECRET}' }}")).await;
    let headers = [("X-Hub-Signature-256", "sha256=00")];
    let answer = lab.http("POST /hooks/agent", &headers, r#"{"message":"x"}"#).await;
    assert_eq!(answer.status, 401, "{}", answer.body);
    assert!(server.requests().is_empty());
    lab.end().await;
}

#[tokio::test]
async fn sessions_and_agents_are_those_that_are_allowed() {
    let server = MockVllm::builder().start().await.unwrap();
    let hooks = format!(
        "{{ enabled: true, token: '{HOOK_TOKEN}', allowRequestSessionKey: true,
           allowedSessionKeyPrefixes: ['hook:'], allowedAgentIds: ['main'],
           mappings: [{{ match: {{ source: 'shop' }}, sessionKey: 'hook:{{{{id}}}}',
                        messageTemplate: 'Order {{{{id}}}}' }}] }}"
    );
    let lab = start(&server, &hooks).await;
    for (body, status) in [
        (json!({ "message": "x", "sessionKey": "agent:main:main" }), 403),
        (json!({ "message": "x", "sessionKey": "main" }), 403),
        (json!({ "message": "x", "agentId": "work" }), 403),
        (json!({ "message": " " }), 400),
        (json!({ "message": 7 }), 400),
        (json!({ "message": "x", "timeoutSeconds": 0 }), 400),
        (json!([]), 400),
    ] {
        let answer = post(&lab, "agent", &body, &[]).await;
        assert_eq!(answer.status, status, "{body}: {}", answer.body);
    }
    server.push(Turn::text("Fine."));
    let answer = post(&lab, "any", &json!({ "source": "shop", "id": 5 }), &[]).await;
    await_run(&lab, &answer).await;
    let mut client = lab.operator().await;
    let sessions = client.call("sessions.list", json!({})).await;
    assert_eq!(sessions["payload"]["sessions"][0]["key"], "agent:main:hook:5", "{sessions}");
    lab.end().await;
}

#[test]
fn settings_that_would_leave_webhooks_open_start_no_gateway() {
    let token = format!("token: '{HOOK_TOKEN}'");
    let on = |more: &str| format!("{{ enabled: true, {more} }}");
    for (hooks, said) in [
        (on(""), "neither `hooks.token`"),
        (on("token: 'short'"), "too short"),
        (on("token: 'changeme'"), "placeholder"),
        (on("token: 'changeme-changeme-changeme'"), "placeholder"),
        (on("hmacSecret: 'changeme-changeme-changeme'"), "placeholder"),
        (on(&format!("{token}, allowedAgentIds: null")), "`hooks.allowedAgentIds` is null"),
        (
            on(&format!("{token}, allowedSessionKeyPrefixes: null")),
            "`hooks.allowedSessionKeyPrefixes` is null",
        ),
        (
            on(&format!("{token}, mappings: [{{ match: {{ path: 'x', source: null }} }}]")),
            "`hooks.mappings[0].match.source` is null",
        ),
        (on(&format!("token: '{TOKEN}'")), "secret of the gateway itself"),
        (on(&format!("{token}, path: 'hooks'")), "hooks.path"),
        (on(&format!("{token}, path: '/v1'")), "hooks.path"),
        (on(&format!("{token}, allowedAgentIds: 'main'")), "allowedAgentIds"),
        (on(&format!("{token}, mappings: [{{ match: {{}} }}]")), "has neither `path`"),
        (
            on(&format!(
                "{token}, mappings: [{{ match: {{ path: 'x' }}, transform: {{ module: 'x.js' }} }}]"
            )),
            "is a script",
        ),
        (
            on(&format!(
                "{token}, mappings: [{{ match: {{ path: 'x' }}, sessionKey: '{{{{a}}}}' }}]"
            )),
            "allowedSessionKeyPrefixes",
        ),
        (
            on(&format!(
                "{token}, defaultSessionKey: 'main', allowedSessionKeyPrefixes: ['hook:']"
            )),
            "defaultSessionKey",
        ),
    ] {
        let problem = hook_settings(&hooks).unwrap_err();
        assert!(problem.contains(said), "{hooks}: {problem}");
    }
    assert!(hook_settings(&on(&token)).unwrap().hooks.is_some());
    assert!(hook_settings("{ token: 'x' }").unwrap().hooks.is_none());
}
