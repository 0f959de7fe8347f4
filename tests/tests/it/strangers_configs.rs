//! Configs in the shapes of real ones: only the server's address is put in, and they do what they
//! say.

use std::fs;
use std::os::unix::fs::PermissionsExt as _;
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
    assert_eq!(tools(&server), ["exec", "read", "sessions_history"]);
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

#[tokio::test]
async fn a_home_with_channels_and_unset_variables_answers_and_counts_its_cost() {
    let (server, home) = start("telegram-home.json", &["small", "large"]).await;
    let ended = home.run(&SAY).await.code(0);
    assert!(ended.stderr.lines().count() <= 1, "{ended:#?}");
    let json = ended.json();
    assert_eq!((meta(&json, "model"), &json["payloads"][0]["text"]), ("small", &"yes".into()));
    let sent = server.requests().pop().unwrap();
    assert_eq!(sent.header("authorization"), Some("Bearer key-of-the-env-block"));
    let usage = &json["meta"]["agentMeta"]["usage"];
    assert!(usage["cost"]["total"].as_f64().unwrap() > 0.0, "{usage}");
    let other = [&SAY[..], &["--model", "thorough"]].concat();
    assert_eq!(meta(&home.run(&other).await.code(0).json(), "model"), "large");
    let fallbacks = home.run(&["models", "fallbacks", "--json"]).await.code(0).json();
    assert_eq!(fallbacks, serde_json::json!(["gpu/large"]));
    let _ = home.run(&["config", "validate"]).await.code(0);
}

#[tokio::test]
async fn five_kinds_of_servers_get_their_keys_and_their_api() {
    let (server, home) = start("five-providers.json5", &["a", "b", "c", "d", "e"]).await;
    let home = home
        .env("VLLM_API_KEY", "key-of-vllm")
        .env("ANTHROPIC_STYLE_KEY", "key-of-claude")
        .env("LITELLM_MASTER_KEY", "key-of-litellm");
    for (model, path, header, value) in [
        ("vllm/a", "/v1/chat/completions", "authorization", Some("Bearer key-of-vllm")),
        ("lmstudio/b", "/v1/responses", "authorization", None),
        ("ollama/c", "/v1/chat/completions", "authorization", Some("Bearer ollama-local")),
        ("claude/d", "/v1/messages", "x-api-key", Some("key-of-claude")),
        ("litellm/e", "/v1/chat/completions", "x-litellm-api-key", Some("key-of-litellm")),
    ] {
        let ended = home.run(&[&SAY[..], &["--model", model, "--strict"]].concat()).await.code(0);
        let text = ended.json()["payloads"][0]["text"].as_str().unwrap().to_owned();
        assert!(text.starts_with("yes"), "{model}: {text}");
        let asked = server.requests().into_iter().rev().find(|seen| seen.path == path);
        let asked = asked.unwrap_or_else(|| panic!("{model}: nothing at {path}"));
        assert_eq!(asked.header(header), value, "{model}");
    }
    let body = server.requests().pop().unwrap().json();
    assert_eq!(body["temperature"], 0.2, "{body}");
    let _ = home.run(&["config", "validate"]).await.code(0);
}

#[tokio::test]
async fn the_default_of_a_team_answers_with_its_own_model_and_tools() {
    let (server, home) = start("team-of-agents.json5", &["plain", "sharp"]).await;
    let writer = home.run(&SAY).await.code(0).json();
    assert_eq!(meta(&writer, "model"), "sharp");
    assert!(writer["meta"]["workspace"].as_str().unwrap().ends_with("/ws/code"));
    assert_eq!(offered(&server, &["read", "write", "exec"]), [true, true, false]);
    let ops = home.run(&[&SAY[..], &["--agent", "ops"]].concat()).await.code(0).json();
    assert_eq!(meta(&ops, "model"), "plain");
    let mut offered_tools = tools(&server);
    offered_tools.sort_unstable();
    assert_eq!(offered_tools, ["list", "read"]);
    assert!(server.requests().pop().unwrap().json().to_string().contains("Olga"));
    let agents = home.run(&["agents", "list", "--json"]).await.code(0).json();
    let default = agents.as_array().unwrap().iter().find(|agent| agent["isDefault"] == true);
    assert_eq!(default.unwrap()["id"], "writer");
    let _ = home.run(&["config", "validate"]).await.code(0);
}

#[tokio::test]
async fn a_config_in_parts_is_one_and_its_keys_come_from_a_file() {
    let (server, home) = start("parts.json5", &["m", "n"]).await;
    let base = server.base_url();
    home.put_state(
        "parts/models.json5",
        &format!(
            "{{ models: {{ providers: {{
               main: {{ baseUrl: '{base}', api: 'openai-completions', models: [{{ id: 'm', name: 'M' }}],
                 apiKey: {{ source: 'file', provider: 'vault', id: '/keys/main' }} }},
               side: {{ baseUrl: '{base}', api: 'openai-completions', models: [{{ id: 'n', name: 'N' }}],
                 apiKey: {{ source: 'env', provider: 'shell', id: 'SIDE_KEY' }} }} }} }} }}"
        ),
    );
    home.put_state("parts/agents.json5", "{ agents: { list: [{ id: 'main', name: 'Parts' }] } }");
    home.put_state("parts/vault.json", r#"{ "keys": { "main": "key-of-the-vault" } }"#);
    let vault = home.path().join(".openclaw/parts/vault.json");
    fs::set_permissions(vault, fs::Permissions::from_mode(0o600)).unwrap();
    let home = home.env("SIDE_KEY", "key-of-the-shell");
    for (model, key) in [("main/m", "key-of-the-vault"), ("side/n", "key-of-the-shell")] {
        let _ = home.run(&[&SAY[..], &["--model", model, "--strict"]].concat()).await.code(0);
        let sent = server.requests().pop().unwrap();
        assert_eq!(sent.header("authorization"), Some(format!("Bearer {key}").as_str()));
    }
    let explained = home.run(&["config", "explain", "models.providers.side.baseUrl"]).await.code(0);
    assert!(explained.stdout.contains("models.json5:"), "{explained:#?}");
    let agents = home.run(&["agents", "list"]).await.code(0);
    assert!(agents.stdout.contains("Parts"), "{agents:#?}");
    let _ = home.run(&["config", "validate"]).await.code(0);
}

#[tokio::test]
async fn a_config_of_a_container_runs_commands_unasked_and_serves() {
    let (server, home) = start("container.json", &["m"]).await;
    let token = "a-token-of-a-container-0123456789";
    let home = home.env("OPENCLAW_GATEWAY_TOKEN", token);
    let _ = home.run(&["agent", "-m", "run touch made.txt"]).await.code(0);
    assert_eq!(home.files(), ["made.txt"]);
    let mut gateway = home.start(&["gateway", "run", "--bind", "loopback", "--port", "0"]);
    gateway.until_says("OpenAI API on http://127.0.0.1:").await;
    let _ = home.run(&["gateway", "health"]).await.code(0);
    gateway.terminate().await;
    let _ = gateway.ended().await.code(0).hides(&[token]);
    let _ = home.run(&["config", "validate"]).await.code(0);
    let audit = home.run(&["security", "audit"]).await.code(1);
    assert!(audit.stdout.contains("run unasked and without a sandbox"), "{audit:#?}");
    drop(server);
}

#[tokio::test]
async fn a_careful_config_holds_what_it_restricts() {
    let (server, home) = start("careful.json5", &["m"]).await;
    let first = home.run_in("project", &SAY).await.code(0).json();
    assert_eq!(first["meta"]["agentMeta"]["sessionKey"], "agent:main:home");
    assert_eq!(offered(&server, &["read", "write"]), [true; 2]);
    assert_eq!(offered(&server, &["exec", "process", "edit"]), [false; 3]);
    let elsewhere = home.run_in("other", &SAY).await.code(0).json();
    let id = |json: &serde_json::Value| meta(json, "sessionId").to_owned();
    assert_eq!(id(&elsewhere), id(&first));
    let fresh = ["agent", "--json", "-m", "New topic reply exactly: new"];
    let fresh = home.run_in("other", &fresh).await.code(0).json();
    assert_ne!(id(&fresh), id(&first));
    assert_eq!(fresh["payloads"][0]["text"], "new");
    let _ = home.run(&["config", "validate"]).await.code(0);
}
