//! The hosted services as a safety net: by their keys, by alias, and never by surprise.

use openclaw_mock_vllm::{MockVllm, ModelSpec};
use openclaw_tests::Home;
use serde_json::{Value, json};

use crate::servers::nobody;

async fn server() -> MockVllm {
    MockVllm::builder().model(ModelSpec::new("m", 16_384)).start().await.unwrap()
}

/// A home whose hosted services are servers of this machine.
fn home(openai: &str, openrouter: &str) -> Home {
    Home::new()
        .config(&format!(
            "{{ models: {{ providers: {{
                  openai: {{ baseUrl: '{openai}', onServerLoss: {{ wait: 0 }} }},
                  openrouter: {{ baseUrl: '{openrouter}' }} }} }},
               agents: {{ defaults: {{ model: {{ primary: 'Main', fallbacks: ['Net'] }},
                  models: {{ 'openai/m': {{ alias: 'Main' }}, 'openrouter/m': {{ alias: 'Net' }} }} }} }} }}"
        ))
        .env("OPENAI_API_KEY", "sk-canary-openai")
        .env("OPENROUTER_API_KEY", "sk-canary-openrouter")
}

#[tokio::test]
async fn an_alias_stands_for_its_model_wherever_a_model_is_named() {
    let (openai, openrouter, gone) = (server().await, server().await, nobody());
    let both = home(&openai.base_url(), &openrouter.base_url());
    let ask = |model: &[&'static str]| {
        [&["infer", "model", "run", "--prompt", "reply exactly: yes", "--json"], model].concat()
    };
    for (home, args, provider) in [
        (&both, ask(&[]), "openai"),
        (&both, ask(&["--model", "Net"]), "openrouter"),
        (&both, ask(&["--model", "openrouter/m"]), "openrouter"),
        (&home(&gone, &openrouter.base_url()), ask(&[]), "openrouter"),
    ] {
        let ended = home.run(&args).await.code(0).hides(&["sk-canary"]);
        assert_eq!(ended.json()["provider"], json!(provider), "{args:?}: {ended:#?}");
    }
    let seen = openai.requests().pop().unwrap();
    assert_eq!(seen.header("authorization"), Some("Bearer sk-canary-openai"));
    let body: Value = serde_json::from_slice(&seen.body).unwrap();
    for field in ["store", "prompt_cache_key", "max_completion_tokens", "reasoning_effort"] {
        assert!(body.get(field).is_none(), "{body}");
    }
    let status = both.run(&["models", "status", "--json"]).await.code(0).hides(&["sk-canary"]);
    assert!(
        status.stdout.contains("OPENAI_API_KEY") && status.stdout.contains("OPENROUTER_API_KEY")
    );
    assert_eq!(status.json()["aliases"], json!({ "Main": "openai/m", "Net": "openrouter/m" }));
}

#[tokio::test]
async fn a_named_service_without_its_key_is_reported_with_the_variable_to_set() {
    let local = server().await;
    let config = format!(
        "{{ models: {{ providers: {{ here: {{ baseUrl: '{}' }} }} }},
           agents: {{ defaults: {{ model: {{ primary: 'here/m',
             fallbacks: ['openai/o', 'openrouter/r', 'anthropic/a'] }} }} }} }}",
        local.base_url()
    );
    let variables = ["OPENAI_API_KEY", "OPENROUTER_API_KEY", "ANTHROPIC_API_KEY"];
    let without = Home::new().config(&config).run(&["config", "validate"]).await;
    let said = format!("{}{}", without.stdout, without.stderr);
    assert!(variables.iter().all(|name| said.contains(name)), "{said}");
    let with = variables.iter().fold(Home::new().config(&config), |home, name| home.env(name, "k"));
    let ended = with.run(&["config", "validate"]).await.code(0);
    let said = format!("{}{}", ended.stdout, ended.stderr);
    assert!(variables.iter().all(|name| !said.contains(name)), "{said}");
}
