//! The official OpenAI SDK for Python, which vLLM's environment has, against the gateway.
#![expect(clippy::disallowed_methods, reason = "the test runs the SDK in its Python")]

use openclaw_mock_vllm::{MockVllm, ModelSpec, Reply, Turn};
use openclaw_tests::Home;
use tokio::process::Command;

use crate::lab;

const TOKEN: &str = "the-token-of-this-gateway";

#[tokio::test]
async fn the_sdk_finds_answers_streams_tools_and_errors_as_it_knows_them() {
    let Some(python) = lab::python() else { return };
    let server = MockVllm::builder().model(ModelSpec::new("tiny", 16_384)).start().await.unwrap();
    let call = || Turn::call("clock", r#"{"zone": "UTC"}"#);
    for reply in [
        Turn::text("First.").into(),
        Turn::text("Second.").into(),
        call().into(),
        call().into(),
        Turn::text("It is noon.").into(),
        Turn::text("Third.").into(),
        Turn::text("Fourth.").into(),
        Turn::text("Fifth.").into(),
        Reply::from(Turn::tokens(&"word ".repeat(40))).error_at(30, "the engine is dead"),
    ] {
        server.push(reply);
    }
    let home = Home::with_vllm(&server.base_url(), "any-value").config(&format!(
        "{{ gateway: {{ auth: {{ token: '{TOKEN}' }},
            http: {{ endpoints: {{ chatCompletions: {{ enabled: true }} }} }} }},
            models: {{ providers: {{ vllm: {{ baseUrl: '{}', models: [{{ id: 'tiny', contextWindow: 16384 }}] }} }} }} }}",
        server.base_url()
    ));
    let mut gateway = home.start(&["gateway", "run", "--port", "0"]);
    gateway.until_says("Ctrl-C ends it").await;
    let address = std::fs::read_to_string(home.path().join(".openclaw/gateway/address")).unwrap();
    let script = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/data/openai_sdk.py");
    let ended = Command::new(python)
        .arg(script)
        .env_clear()
        .env("GATEWAY_URL", format!("http://{}/v1", address.trim()))
        .env("GATEWAY_TOKEN", TOKEN)
        .kill_on_drop(true)
        .output()
        .await
        .unwrap();
    let said = String::from_utf8_lossy(&ended.stderr);
    assert!(ended.status.success(), "{said}");
    gateway.terminate().await;
    let _ended = gateway.ended().await.code(0);
}
