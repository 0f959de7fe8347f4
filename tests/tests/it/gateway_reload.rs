//! A gateway whose config changes while it runs.

use openclaw_mock_vllm::{Gate, Reply, Turn};
use openclaw_tests::{Home, Running};
use serde_json::{Value, json};

use crate::servers::tiny;

const TOKEN: &str = "the-first-token-of-this-gateway";

/// A config with a token, what it says of reloading, and other sections.
fn config(token: &str, reload: &str, others: &str) -> String {
    format!("{{ gateway: {{ auth: {{ token: '{token}' }}, reload: {reload} }}, {others} }}")
}

async fn start(home: &Home) -> Running {
    let mut gateway = home.start(&["gateway", "run", "--port", "0"]);
    gateway.until_says("Ctrl-C ends it").await;
    gateway
}

async fn call(home: &Home, method: &str, params: Value) -> Value {
    let params = params.to_string();
    let mut call = vec!["gateway", "call", method, "--params", params.as_str()];
    call.extend((method == "agent").then_some("--expect-final"));
    home.run(&call).await.code(0).json()
}

#[tokio::test]
async fn a_changed_config_is_served_with_and_a_broken_one_is_not() {
    let (server, home) = tiny().await;
    let home = home.config(&config(TOKEN, "{ debounceMs: 10 }", ""));
    let mut gateway = start(&home).await;
    let agents = call(&home, "agents.list", json!({})).await;
    assert_eq!(agents["agents"].as_array().unwrap().len(), 1, "{agents}");

    let listed = "agents: { list: [{ id: 'main' }, { id: 'clerk', tools: { deny: ['exec'] } }] }";
    home.put_state("openclaw.json", &config(TOKEN, "{ debounceMs: 10 }", listed));
    gateway.until_says("the changed config is in use").await;
    server.push(Turn::text("From the clerk."));
    let params = json!({ "agentId": "clerk", "message": "Hi", "idempotencyKey": "k" });
    let answer = call(&home, "agent", params).await;
    assert_eq!(answer["result"]["payloads"][0]["text"], "From the clerk.");
    let request = server.requests().pop().unwrap();
    assert!(!request.json().to_string().contains("\"exec\""), "{request:?}");

    // A broken file, and one with a restriction that would not hold.
    home.put_state("openclaw.json", "{ gateway: {");
    gateway.until_says("the gateway goes on with the former one").await;
    home.put_state("openclaw.json", &config(TOKEN, "{}", "tools: { deny: 'exec' }"));
    gateway.until_says("the gateway goes on with the former one").await;
    home.put_state("openclaw.json", &config("short", "{}", ""));
    gateway.until_says("the gateway goes on with the former one").await;
    let address = std::fs::read_to_string(home.path().join(".openclaw/gateway/address")).unwrap();
    let url = format!("ws://{}", address.trim());
    let health = ["gateway", "health", "--url", &url, "--token", TOKEN];
    let other = Home::new();
    let _well = other.run(&health).await.code(0);

    let token = "the-second-token-of-this-gateway";
    let changed = config(token, "{ debounceMs: 10 }", listed)
        .replace("auth", "bind: 'custom', customBindHost: '127.0.0.2', auth");
    home.put_state("openclaw.json", &changed);
    gateway.until_says("`gateway.bind` changed, which acts at the next start").await;
    let renewed = ["gateway", "health", "--url", &url, "--token", token];
    let _well = other.run(&renewed).await.code(0);
    let _said = other.run(&health).await.code(5).says(&["not the gateway's"]);
    gateway.terminate().await;
    let _ended = gateway.ended().await.code(0).hides(&[TOKEN, token]);
}

#[tokio::test]
async fn a_hangup_reads_the_config_again_and_a_run_ends_with_the_former_one() {
    let (server, home) = tiny().await;
    let home = home.config(&config(TOKEN, "{ mode: 'off' }", ""));
    let mut gateway = start(&home).await;
    let gate = Gate::new();
    server.push(Reply::from(Turn::text("Before.")).gate(1, &gate));
    let params = json!({ "sessionKey": "main", "message": "Hi", "idempotencyKey": "k" });
    let run = call(&home, "chat.send", params).await;
    gate.reached().await;
    let other = "agents: { defaults: { model: { primary: 'vllm/no-such-model' } } }";
    home.put_state("openclaw.json", &config(TOKEN, "{ mode: 'off' }", other));
    gateway.hang_up().await;
    gateway.until_says("the changed config is in use").await;
    gate.open();
    let waited = call(&home, "agent.wait", json!({ "runId": run["runId"] })).await;
    assert_eq!(waited["status"], "ok", "{waited}");
    let params = json!({ "sessionKey": "main", "message": "Hi", "idempotencyKey": "l" });
    let run = call(&home, "chat.send", params).await;
    let waited = call(&home, "agent.wait", json!({ "runId": run["runId"] })).await;
    assert_eq!(waited["status"], "error", "{waited}");
    assert!(waited["error"].as_str().unwrap().contains("no-such-model"), "{waited}");
    gateway.terminate().await;
    let _ended = gateway.ended().await.code(0);
}

#[tokio::test]
async fn a_gateway_ends_with_its_terminal() {
    let (_server, home) = tiny().await;
    let mut terminal = home.terminal(&["gateway", "run", "--port", "0"]);
    let _shown = terminal.shows("Ctrl-C ends it").await;
    terminal.hang_up().await;
    // Its lock is free.
    let gateway = start(&home).await;
    gateway.terminate().await;
    let _ended = gateway.ended().await.code(0);
}
