//! `models status`: what is set up, without asking anyone.

use openclaw_tests::Home;
use serde_json::json;

const KEY: &str = "sk-canary-0123456789";

fn home() -> Home {
    Home::new().env("VLLM_API_KEY", KEY).env("OTHER_KEY", KEY).config(
        "{
          agents: { defaults: {
            model: { primary: 'quick', fallbacks: ['lab/big', 'gone/x'] },
            models: { 'vllm/tiny': { alias: 'quick' } },
          } },
          models: { providers: {
            vllm: { baseUrl: 'http://127.0.0.1:1/v1' },
            lab: { baseUrl: 'http://lab:9000', apiKey: '${OTHER_KEY}' },
            plain: { baseUrl: 'http://127.0.0.1:2/v1', apiKey: 'sk-canary-0123456789' },
            bare: { baseUrl: 'http://127.0.0.1:3/v1' },
          } },
        }",
    )
}

#[tokio::test]
async fn the_text_tells_each_address_and_key_by_its_source() {
    let ended = home().run(&["models", "status", "-v"]).await.code(0).hides(&[KEY]);
    let home_path = ended.stdout.lines().next().unwrap().to_owned();
    assert!(home_path.ends_with("/.openclaw/openclaw.json"), "{home_path}");
    let path = home_path.split_whitespace().last().unwrap();
    insta::assert_snapshot!(ended.stdout.replace(path, "~/.openclaw/openclaw.json"));
}

#[tokio::test]
async fn the_json_has_the_fields_of_the_original_and_no_key() {
    let home = home();
    let ended = home.run(&["models", "status", "--json", "-v"]).await.code(0).hides(&[KEY]);
    let status = ended.json();
    assert_eq!(status["configPath"], json!(home.config_path()));
    assert_eq!(status["defaultModel"], json!("quick"));
    assert_eq!(status["resolvedDefault"], json!("vllm/tiny"));
    assert_eq!(status["fallbacks"], json!(["lab/big", "gone/x"]));
    assert_eq!(status["aliases"], json!({"quick": "vllm/tiny"}));
    assert_eq!(status["allowed"], json!(["vllm/tiny"]));
    assert_eq!(status["auth"]["missingProvidersInUse"], json!(["gone"]));
    let provider = |id: &str| {
        let providers = status["auth"]["providers"].as_array().unwrap();
        providers.iter().find(|provider| provider["provider"] == id).unwrap().clone()
    };
    let shown = json!({"value": "sk..89", "source": "env VLLM_API_KEY"});
    assert_eq!(provider("vllm")["env"], shown);
    assert_eq!(provider("vllm")["effective"]["kind"], json!("env"));
    assert_eq!(provider("lab")["env"], json!({"value": "sk..89", "source": "env OTHER_KEY"}));
    assert_eq!(provider("lab")["baseUrl"], json!("http://lab:9000/v1"));
    let shown = json!({"value": "sk..89", "source": "config literal"});
    assert_eq!(provider("plain")["modelsJson"], shown);
    assert_eq!(provider("bare")["effective"], json!({"kind": "none", "detail": "no key is sent"}));
    for key in ["agentDir", "imageModel", "imageFallbacks"] {
        assert!(status.get(key).is_some(), "{key}");
    }
    for key in ["storePath", "shellEnvFallback", "providersWithOAuth", "unusableProfiles", "oauth"]
    {
        assert!(status["auth"].get(key).is_some(), "{key}");
    }
}

#[tokio::test]
async fn plain_prints_the_default_alone() {
    let ended = home().run(&["models", "status", "--plain"]).await.code(0);
    assert_eq!(ended.stdout, "vllm/tiny\n");
}

#[tokio::test]
async fn a_missing_setup_is_reported() {
    let ended = Home::new().run(&["models", "status"]).await.code(0);
    assert!(ended.stdout.contains("Providers  -"), "{ended:#?}");
    let status = Home::new().run(&["models", "status", "--json"]).await.code(0).json();
    assert_eq!(status["auth"]["providers"], json!([]));
    assert_eq!(status["defaultModel"], json!(null));
}

#[tokio::test]
async fn a_value_of_the_command_line_wins_for_one_run() {
    let home = home();
    let before = home.get(".openclaw/openclaw.json");
    let primary = "agents.defaults.model.primary=lab/small";
    let ended = home.run(&["--set", primary, "models", "status", "--plain"]).await.code(0);
    assert_eq!(ended.stdout, "lab/small\n");
    assert_eq!(home.get(".openclaw/openclaw.json"), before, "the file is as it was");
    let wrong = home.run(&["models", "status", "--set", "agents"]).await.code(2);
    let _ = wrong.says(&["KEY=VALUE"]);
    let _ = home.run(&["config", "validate", "--set", "a=1"]).await.code(2).says(&["config set"]);
}
