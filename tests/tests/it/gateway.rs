//! The gateway through the command line.

use openclaw_mock_vllm::{Gate, MockVllm, Reply, Turn};
use openclaw_tests::Home;
use serde_json::json;

use crate::servers::{nobody, tiny};

#[tokio::test]
async fn a_gateway_is_found_asked_and_ended() {
    let (server, home) = tiny().await;
    // Another gateway of this machine must not answer instead.
    let home = home.env("OPENCLAW_GATEWAY_PORT", "1");
    server.push(Turn::text("Hello from the gateway."));
    let _settings = home.run(&["gateway", "status", "--no-probe"]).await.code(0);
    let before = home.run(&["gateway", "status", "--json"]).await.code(4);
    assert_eq!(before.json()["rpc"]["ok"], false, "{before:?}");
    let before = home.run(&["gateway", "status", "--require-rpc"]).await.code(4);
    assert!(before.stdout.contains("not running"), "{before:?}");

    let mut gateway = home.start(&["gateway", "run", "--port", "0"]);
    gateway.until_says("Ctrl-C ends it").await;
    let status = home.run(&["gateway", "status", "--json", "--require-rpc"]).await.code(0);
    assert_eq!(status.json()["rpc"]["status"]["activeRuns"], 0);
    let _well = home.run(&["gateway", "health"]).await.code(0);
    let params = json!({ "message": "Hi", "idempotencyKey": "k" }).to_string();
    let call = ["gateway", "call", "agent", "--expect-final", "--params", params.as_str()];
    let answer = home.run(&call).await.code(0).json();
    assert_eq!(answer["result"]["payloads"][0]["text"], "Hello from the gateway.");
    // The session is the one that the command line continues.
    let session = home.run(&["sessions", "show", "agent:main:main"]).await.code(0);
    assert!(session.stdout.contains("Hello from the gateway."), "{session:?}");
    let unknown = home.run(&["gateway", "call", "config.apply"]).await.code(5);
    let unknown = unknown.says(&["no method `config.apply`"]);
    drop(unknown);
    let second = home.run(&["gateway", "run", "--port", "0"]).await.code(9);
    let _said = second.says(&["another one uses this state folder", "gateway status"]);
    let wrong = ["gateway", "health", "--token", "a-token-that-is-not-its-own"];
    let _said = home.run(&wrong).await.code(5).says(&["not the gateway's"]);
    gateway.terminate().await;
    let ended = gateway.ended().await.code(0);
    let token = std::fs::read_to_string(home.path().join(".openclaw/gateway/token")).unwrap();
    assert!(token.trim().len() >= 24);
    let _hidden = ended.hides(&[token.trim()]);
}

#[tokio::test]
async fn settings_that_leave_a_gateway_open_end_it_with_their_own_code() {
    for (config, said) in [
        // As people paste it.
        (
            "{ gateway: { auth: { mode: 'token', token: '' }, mode: 'local', port: 18789, bind: 'loopback', tailscale: { mode: 'off', resetOnExit: false } } }",
            "gateway.auth.token",
        ),
        ("{ gateway: { auth: { token: '${NOT_SET_ANYWHERE}' } } }", "gateway.auth.token"),
        ("{ gateway: { bind: 'lan' } }", "gateway.auth.token"),
        ("{ gateway: { bind: 'lan', auth: { mode: 'none' } } }", "other machines"),
    ] {
        let home = Home::new().config(config);
        let ended = home.run(&["gateway"]).await.code(78);
        let _said = ended.says(&[said, "openclaw config"]);
        // The other commands need no gateway.
        let _other = home.run(&["config", "get", "gateway.port"]).await;
    }
    // A misspelt key below `gateway` may have been a restriction.
    let home = Home::new().config("{ gateway: { bnid: 'loopback' } }");
    let _said = home.run(&["gateway"]).await.code(3).says(&["bnid"]);
}

#[tokio::test]
async fn a_terminating_signal_lets_a_run_finish() {
    let (server, home) = tiny().await;
    let gate = Gate::new();
    server.push(Reply::from(Turn::text("Finished.")).gate(1, &gate));
    let mut gateway = home.start(&["gateway", "--port", "0"]);
    gateway.until_says("Ctrl-C ends it").await;
    let params = json!({ "sessionKey": "main", "message": "Hi", "idempotencyKey": "k" });
    let call = ["gateway", "call", "chat.send", "--params", &params.to_string()];
    let run = home.run(&call).await.code(0).json();
    gate.reached().await;
    // A wait takes its own time, whatever the limit of an answer is.
    let wait = json!({ "runId": run["runId"], "timeoutMs": 700 }).to_string();
    let wait = ["gateway", "call", "agent.wait", "--timeout", "600", "--params", &wait];
    assert_eq!(home.run(&wait).await.code(0).json()["status"], "timeout");
    gateway.terminate().await;
    gateway.until_says("the gateway ends").await;
    gate.open();
    let _ended = gateway.ended().await.code(0);
    let mut gateway = home.start(&["gateway", "--port", "0"]);
    gateway.until_says("Ctrl-C ends it").await;
    let params = json!({ "runId": run["runId"] }).to_string();
    let waited = home.run(&["gateway", "call", "agent.wait", "--params", &params]).await.code(0);
    assert_eq!(waited.json()["status"], "ok", "{waited:?}");
    gateway.terminate().await;
    let _ended = gateway.ended().await.code(0);
}

#[tokio::test]
async fn a_killed_gateway_says_that_its_run_is_lost_and_repeats_nothing() {
    let (server, home) = tiny().await;
    let gate = Gate::new();
    server.push(Reply::from(Turn::text("Never.")).gate(1, &gate));
    let mut gateway = home.start(&["gateway", "--port", "0"]);
    gateway.until_says("Ctrl-C ends it").await;
    let params = json!({ "sessionKey": "main", "message": "Hi", "idempotencyKey": "k" });
    let params = params.to_string();
    let send = ["gateway", "call", "chat.send", "--params", params.as_str()];
    let run = home.run(&send).await.code(0).json();
    gate.reached().await;
    gateway.kill().await;
    let asked = server.requests().len();
    let mut gateway = home.start(&["gateway", "--port", "0"]);
    gateway.until_says("Ctrl-C ends it").await;
    let again = home.run(&send).await.code(0).json();
    assert_eq!(again["runId"], run["runId"]);
    let params = json!({ "runId": run["runId"] }).to_string();
    let waited = home.run(&["gateway", "call", "agent.wait", "--params", &params]).await.code(0);
    let waited = waited.json();
    assert_eq!(waited["status"], "error");
    assert!(waited["error"].as_str().unwrap().contains("--resume"), "{waited}");
    assert_eq!(server.requests().len(), asked);
    gateway.terminate().await;
    let _ended = gateway.ended().await.code(0);
}

#[tokio::test]
async fn what_is_no_gateway_is_said_and_gets_no_secret() {
    let home =
        Home::new().config("{ gateway: { auth: { token: 'the-token-of-my-own-gateway' } } }");
    let nobody = nobody().replace("http://", "ws://").replace("/v1", "");
    let ended = home.run(&["gateway", "health", "--url", &nobody]).await.code(4);
    // A gateway that is started here without the option would listen elsewhere.
    let _said = ended.says(&["failed to connect", "`openclaw gateway run --port "]);
    let port = nobody.rsplit_once(':').unwrap().1.trim_end_matches('/').to_owned();
    let own = Home::new().env("OPENCLAW_GATEWAY_PORT", port);
    let _said = own.run(&["gateway", "health"]).await.code(4).says(&["`openclaw gateway run`"]);
    let server = MockVllm::builder().start().await.unwrap();
    let other = server.root_url().replace("http://", "ws://");
    let ended = home.run(&["gateway", "health", "--url", &other]).await.code(1);
    let _said = ended.says(&["no gateway"]).hides(&["the-token-of-my-own-gateway"]);
    let _said =
        home.run(&["gateway", "health", "--url", "wss://desk"]).await.code(2).says(&["TLS"]);
    let wrong = home.run(&["gateway", "call", "status", "--params", "[1]"]).await.code(2);
    let _said = wrong.says(&["JSON object"]);
}

#[tokio::test]
async fn another_machine_is_let_in_as_a_device_and_shut_out_again() {
    let (_server, home) = tiny().await;
    let mut gateway = home.start(&["gateway", "run", "--port", "0"]);
    gateway.until_says("Ctrl-C ends it").await;
    let address = std::fs::read_to_string(home.path().join(".openclaw/gateway/address")).unwrap();
    let url = format!("ws://{}", address.trim());
    let other = Home::new();
    let ask = ["gateway", "call", "status", "--url", &url, "--as-device"];
    let _said = other.run(&ask).await.code(5).says(&["openclaw devices approve"]);
    let list = home.run(&["devices", "list", "--json"]).await.code(0).json();
    let request = list["pending"][0]["requestId"].as_str().unwrap();
    let device = list["pending"][0]["deviceId"].as_str().unwrap();
    let shown = home.run(&["devices", "approve"]).await.code(1);
    assert!(shown.stdout.contains(request), "{shown:?}");
    let _still = other.run(&ask).await.code(5);
    let _approved = home.run(&["devices", "approve", request]).await.code(0);
    let _first = other.run(&ask).await.code(0);
    let status = other.run(&ask).await.code(0).json();
    assert!(status["uptimeMs"].as_u64().is_some(), "{status}");
    let rotate = ["devices", "rotate", "--device", device, "--scope", "operator.read"];
    let _rotated = home.run(&rotate).await.code(0);
    // The former token is replaced by the new one without a question.
    let _third = other.run(&ask).await.code(0);
    let pairing = ["gateway", "call", "device.pair.list", "--url", &url, "--as-device"];
    let _said = other.run(&pairing).await.code(5).says(&["operator.pairing"]);
    let _named =
        home.run(&["devices", "rename", "--device", device, "--name", "lap"]).await.code(0);
    let list = home.run(&["devices", "list"]).await.code(0);
    assert!(list.stdout.contains("lap"), "{list:?}");
    let _removed = home.run(&["devices", "remove", device]).await.code(0);
    let _said = other.run(&ask).await.code(5).says(&["openclaw devices approve"]);
    // A broken identity is neither used nor replaced.
    let identity = other.path().join(".openclaw/identity/device.json");
    std::fs::remove_file(&identity).unwrap();
    std::fs::copy(other.path().join(".openclaw/identity/tokens.json"), &identity).unwrap();
    let before = std::fs::read(&identity).unwrap();
    let _said = other.run(&ask).await.code(3).says(&["device.json", "backup"]);
    assert_eq!(std::fs::read(&identity).unwrap(), before);
    gateway.terminate().await;
    let _ended = gateway.ended().await.code(0);
}
