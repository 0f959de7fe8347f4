//! Configs in the shapes of real ones: only the server's address is put in, and they do what they
//! say.

use std::fs;
use std::path::Path;

use openclaw_mock_vllm::{MockVllm, ModelSpec};
use openclaw_tests::{Ended, Home};

const SAY: [&str; 4] = ["agent", "--json", "-m", "reply exactly: yes"];

/// A server of these models, and the home folder of someone with one of the configs.
async fn start(config: &str, models: &[&str]) -> (MockVllm, Home) {
    let builder = MockVllm::builder();
    let builder =
        models.iter().fold(builder, |builder, model| builder.model(ModelSpec::new(*model, 40_960)));
    let server = builder.start().await.unwrap();
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/data/strangers");
    let text = fs::read_to_string(folder.join(config)).unwrap();
    let base = server.base_url();
    let text = text.replace("BASE", base.trim_end_matches("/v1"));
    let home = Home::new().config(&text);
    for folder in ["ws/main", "ws/code", "clawd"] {
        fs::create_dir_all(home.path().join(folder)).unwrap();
    }
    (server, home)
}

fn tools(server: &MockVllm) -> Vec<String> {
    let body = server.requests().pop().unwrap().json();
    let tools = body["tools"].as_array().cloned().unwrap_or_default();
    let name = |tool: &serde_json::Value| tool["function"]["name"].as_str().unwrap().to_owned();
    tools.iter().map(name).collect()
}

/// Whether each of these tools was offered in the last request.
fn offered(server: &MockVllm, names: &[&str]) -> Vec<bool> {
    let tools = tools(server);
    names.iter().map(|name| tools.iter().any(|tool| tool == name)).collect()
}

fn meta<'a>(ended: &'a serde_json::Value, key: &str) -> &'a str {
    ended["meta"]["agentMeta"][key].as_str().unwrap_or_default()
}

#[tokio::test]
async fn the_agents_of_a_list_have_their_own_model_tools_and_workspace() {
    let (server, home) = start("agents-list.json5", &["m", "m2"]).await;
    let home = home.env("TELEGRAM_BOT_TOKEN", "x");
    let main = home.run(&SAY).await.code(0);
    assert_eq!(main.stderr, "");
    let main = main.json();
    assert_eq!(meta(&main, "model"), "m");
    assert_eq!(offered(&server, &["read", "exec", "write", "edit"]), [true, false, false, false]);
    assert!(main["meta"]["workspace"].as_str().unwrap().ends_with("/ws/main"));
    let coder = home.run(&[&SAY[..], &["--agent", "coder"]].concat()).await.code(0).json();
    assert_eq!(meta(&coder, "model"), "m2");
    assert_eq!(offered(&server, &["read", "exec", "write", "edit"]), [true; 4]);
    assert!(coder["meta"]["workspace"].as_str().unwrap().ends_with("/ws/code"));
    let _ = home.run(&["config", "validate"]).await.code(0);
}

#[tokio::test]
async fn keys_are_found_where_they_are_kept_and_their_sources_are_reported() {
    let (server, home) = start("keys-elsewhere.json5", &["m", "a", "c", "d"]).await;
    let profiles = r#"{ "version": 1, "profiles": { "vllm:default":
        { "type": "api_key", "provider": "vllm", "key": "key-of-profile" } } }"#;
    home.put_state("agents/main/agent/auth-profiles.json", profiles);
    home.put_state(".env", "DOTENV_KEY=key-of-env-file\n");
    home.put_state("secrets.json", r#"{ "models": { "sec": "key-of-box" } }"#);
    for (model, key) in [
        ("vllm/m", "key-of-profile"),
        ("lit/a", "from-env"),
        ("dot/c", "key-of-env-file"),
        ("sec/d", "key-of-box"),
    ] {
        let ended = home.run(&[&SAY[..], &["--model", model, "--strict"]].concat()).await.code(0);
        assert_eq!(ended.json()["payloads"][0]["text"], "yes", "{model}");
        let sent = server.requests().pop().unwrap();
        assert_eq!(sent.header("authorization"), Some(format!("Bearer {key}").as_str()));
    }
    let status = home.run(&["models", "status"]).await.code(0);
    for source in [
        "auth profile vllm:default in ",
        "env LITELLM_KEY from env.LITELLM_KEY in openclaw.json",
        "env DOTENV_KEY from ",
        "file ",
    ] {
        assert!(status.stdout.contains(source), "{source}: {status:#?}");
    }
    let _ = status.hides(&["key-of", "from-env"]);
    let _ = home.run(&["config", "validate"]).await.code(0);
}

#[tokio::test]
async fn an_old_config_is_read_as_what_it_meant() {
    let (server, home) = start("legacy.json", &["m"]).await;
    let ended: Ended = home.run(&SAY).await.code(0);
    assert!(ended.stderr.lines().count() <= 1, "{ended:#?}");
    let json = ended.json();
    assert!(json["meta"]["workspace"].as_str().unwrap().ends_with("/clawd"));
    assert_eq!(tools(&server), ["exec", "read"]);
    let validated = home.run(&["config", "validate"]).await.code(0);
    assert!(!validated.stderr.contains("gateway"), "{validated:#?}");
}

#[tokio::test]
async fn odd_providers_answer() {
    let (server, home) = start("odd-providers.json5", &["qwen3:8b"]).await;
    let ended = home.run(&SAY).await.code(0);
    assert_eq!(ended.json()["payloads"][0]["text"], "yes");
    let body = server.requests().pop().unwrap().json();
    assert_eq!(body["chat_template_kwargs"]["enable_thinking"], false);
    let validated = home.run(&["config", "validate"]).await.code(0);
    assert!(!validated.stderr.contains("video"), "{validated:#?}");
}
