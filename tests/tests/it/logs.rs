//! The log in the state folder, and `openclaw logs`.

use std::fs;
use std::os::unix::fs::PermissionsExt as _;

use openclaw_mock_vllm::{ErrorBody, MockVllm, ModelSpec, Reply};
use openclaw_tests::Home;

use crate::servers::tiny;

#[tokio::test]
async fn failures_are_logged_privately_and_shown_in_order() {
    let (_server, home) = tiny().await;
    let _ = home.run(&["agent", "-m", "hi", "--no-session"]).await.code(0);
    let path = home.path().join(".openclaw/logs/openclaw.log");
    assert!(!path.exists(), "a run without a fault logs nothing");
    let empty = home.run(&["logs"]).await.code(0).says(&["nothing is logged yet"]);
    assert_eq!(empty.stdout, "");
    let _ = home.run(&["agent", "-m", "hi", "--model", "vllm/first"]).await.code(5);
    let _ = home.run(&["agent", "-m", "hi", "--model", "vllm/second"]).await.code(5);
    assert_eq!(fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);
    let shown = home.run(&["logs"]).await.code(0).stdout;
    let place = |text: &str| shown.find(text).unwrap_or_else(|| panic!("{text}: {shown}"));
    assert!(place("error agent: failed to") < place("vllm/second"), "{shown}");
    assert!(place("vllm/first") < place("vllm/second"), "{shown}");
    let last = home.run(&["logs", "--limit", "1", "--plain"]).await.code(0).stdout;
    assert_eq!(last.lines().count(), 1);
    let json = home.run(&["logs", "--limit", "1", "--json"]).await.code(0).stdout;
    let lines: Vec<serde_json::Value> =
        json.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    assert_eq!(lines[0]["type"], "meta");
    assert_eq!((&lines[1]["type"], &lines[1]["subsystem"]), (&"log".into(), &"agent".into()));
    let taken = ["logs", "--limit", "1", "--url", "ws://x", "--token", "y", "--local-time"];
    let _ = home.run(&taken).await.code(0).says(&["`--url`", "`--token`", "`--local-time`"]);
}

#[tokio::test]
async fn a_key_that_a_server_repeats_is_not_logged() {
    const KEY: &str = "sk-canary-repeated-key-1a2b3c4d";
    let server = MockVllm::builder().model(ModelSpec::new("tiny", 16_384)).start().await.unwrap();
    let home = Home::with_vllm(&server.base_url(), KEY);
    let message = format!("Incorrect API key provided: {KEY}.");
    server.push(Reply::status(401, ErrorBody::Text(message)));
    let _ = home.run(&["agent", "-m", "hi"]).await.code(5);
    let path = home.path().join(".openclaw/logs/openclaw.log");
    let text = fs::read_to_string(path).unwrap();
    assert!(text.contains("Incorrect API key") && !text.contains("canary"), "{text}");
}

#[tokio::test]
async fn a_gateway_logs_what_it_does_and_a_follower_sees_it_come() {
    let (_server, home) = tiny().await;
    let mut follower = home.start(&["logs", "--follow", "--interval", "20"]);
    follower.until_says("nothing is logged yet").await;
    let mut gateway = home.start(&["gateway", "run", "--port", "0"]);
    follower.until_shows("info  gateway/server: the gateway listens on 127.0.0.1:").await;
    gateway.until_says("Ctrl-C ends it").await;
    let _ =
        home.run(&["gateway", "health", "--token", "a-token-that-is-not-its-own"]).await.code(5);
    follower.until_shows("warn  gateway/handshake: a wrong secret came from 127.0.0.1").await;
    // Another file takes the place of the log.
    let path = home.path().join(".openclaw/logs/openclaw.log");
    fs::rename(&path, path.with_extension("log.1")).unwrap();
    gateway.terminate().await;
    follower.until_shows("the gateway ends").await;
    let _ = gateway.ended().await.code(0);
    follower.interrupt().await;
    let _ = follower.ended().await.code(0);
    let both = home.run(&["logs", "--limit", "1000"]).await.code(0).stdout;
    assert!(both.contains("listens on") && both.contains("the gateway ends"), "{both}");
}
