//! Hosted services that exist by their keys: what is known of them, and what they are sent.

use openclaw_core::{LimitSource, ModelErrorKind};
use openclaw_mock_vllm::MockVllm;
use openclaw_models::{ListedModel, ModelConnection, SetupErrorKind};
use serde_json::Value;

use crate::lab::{Lab, ask, hints, model_kind, setup_kind};

const KEYS: [(&str, &str); 3] = [
    ("ANTHROPIC_API_KEY", "key-of-anthropic"),
    ("OPENAI_API_KEY", "key-of-openai"),
    ("OPENROUTER_API_KEY", "key-of-openrouter"),
];

#[tokio::test]
async fn a_service_is_there_by_its_key_and_is_reported_without_it() {
    let lab = Lab::new("{}", &KEYS);
    let status = lab.models.setup_status();
    let told: Vec<_> = status
        .providers
        .iter()
        .map(|it| {
            let (url, _) = it.address.as_ref().unwrap();
            (it.id.as_str(), url.as_str(), it.credential.as_ref().unwrap().source.as_str())
        })
        .collect();
    assert_eq!(
        told,
        [
            ("anthropic", "https://api.anthropic.com/v1", "env ANTHROPIC_API_KEY"),
            ("openai", "https://api.openai.com/v1", "env OPENAI_API_KEY"),
            ("openrouter", "https://openrouter.ai/api/v1", "env OPENROUTER_API_KEY"),
        ]
    );
    let shown = format!("{status:?} {:?}", lab.models);
    assert!(KEYS.iter().all(|(_, key)| !shown.contains(key)), "{shown}");
    for (id, (variable, _)) in ["anthropic", "openai", "openrouter"].into_iter().zip(KEYS) {
        let error = Lab::new("{}", &[]).error(Some(&format!("{id}/x"))).await;
        assert_eq!(setup_kind(&error), SetupErrorKind::UnknownProvider);
        assert!(hints(&error).contains(variable), "{}", hints(&error));
    }
    let replaced = Lab::new("{ models: { mode: 'replace' } }", &KEYS);
    assert!(replaced.models.setup_status().providers.is_empty());
}

/// Listing does not ask services without a config entry; models that the config names are listed.
#[tokio::test]
async fn what_the_config_names_of_a_service_is_listed_without_asking_it() {
    let config = "{ agents: { defaults: {
        model: { primary: 'openai/gpt-4o', fallbacks: ['Router', 'openai/unheard-of'] },
        models: { 'openrouter/a/b': { alias: 'Router' } } } } }";
    let lab = Lab::new(config, &KEYS);
    let catalogue = lab.models.model_catalogue(None).await;
    assert!(catalogue.failures.is_empty(), "{catalogue:?}");
    let find = |name: &str| -> &ListedModel {
        catalogue.models.iter().find(|it| it.reference.to_string() == name).unwrap()
    };
    let known = find("openai/gpt-4o");
    assert_eq!(known.window, Some((128_000, LimitSource::Fallback)));
    assert_eq!(known.tags, ["default"]);
    assert!(known.available && !known.missing && !known.local);
    let routed = find("openrouter/a/b");
    assert_eq!(routed.tags, ["fallback#1", "configured", "alias:Router"]);
    assert_eq!(find("openai/unheard-of").window, None);
    let without = Lab::new(config, &[]).models.model_catalogue(None).await;
    assert!(without.models.iter().all(|it| it.missing && !it.available), "{without:?}");
}

/// A private server with a hosted service's id is treated like any other server.
#[tokio::test]
async fn a_server_of_ones_own_by_that_name_is_written_to_as_any_other() {
    for (id, variable) in [("openai", "OPENAI_API_KEY"), ("openrouter", "OPENROUTER_API_KEY")] {
        let server = MockVllm::builder().api_key("a-key").start().await.unwrap();
        let config = format!(
            "{{ models: {{ providers: {{ {id}: {{ baseUrl: '{}' }} }} }},
               agents: {{ defaults: {{ models: {{ '{id}/tiny': {{ alias: 'Mine',
                 params: {{ cacheRetention: 'long', max_tokens: 32 }} }} }} }} }} }}",
            server.base_url()
        );
        let lab = Lab::new(&config, &[(variable, "a-key")]);
        let chain = lab.models.connect_model(Some("Mine")).await.unwrap().model;
        assert_eq!(ask(&chain, "reply exactly: yes").await.unwrap(), "yes");
        let seen = server.requests().pop().unwrap();
        let body: Value = serde_json::from_slice(&seen.body).unwrap();
        let fields: Vec<_> = body.as_object().unwrap().keys().map(String::as_str).collect();
        assert_eq!(fields, ["max_tokens", "messages", "model", "stream", "stream_options"]);
        assert!(seen.header("http-referer").is_none() && seen.header("x-title").is_none());
        assert!(seen.header("user-agent").unwrap().starts_with("openclaw/"));
        let wrong = Lab::new(&config, &[(variable, "another-key")]);
        let error = wrong.error(Some("Mine")).await;
        assert_eq!(model_kind(&error), ModelErrorKind::Auth);
        assert!(hints(&error).contains(variable), "{}", hints(&error));
    }
}

/// `compat` works in both directions.
#[tokio::test]
async fn a_gateway_to_openai_gets_its_fields_when_the_config_says_so() {
    let server = MockVllm::builder().start().await.unwrap();
    let config = format!(
        "{{ models: {{ providers: {{ openai: {{ baseUrl: '{}', models: [{{ id: 'tiny', compat: {{
             supportsStore: true, supportsPromptCacheKey: true,
             maxTokensField: 'max_completion_tokens' }} }}] }} }} }},
           agents: {{ defaults: {{ models: {{ 'openai/tiny': {{ params: {{ maxTokens: 32 }} }} }} }} }} }}",
        server.base_url()
    );
    let lab = Lab::new(&config, &[]);
    let chain = lab.models.connect_model(Some("openai/tiny")).await.unwrap().model;
    let _answer = ask(&chain, "reply exactly: yes").await;
    let seen = server.requests().pop().unwrap();
    let body: Value = serde_json::from_slice(&seen.body).unwrap();
    assert_eq!((&body["store"], &body["max_completion_tokens"]), (&false.into(), &32.into()));
    assert!(body["prompt_cache_key"].is_string() && body.get("max_tokens").is_none(), "{body}");
}

#[tokio::test]
async fn marks_for_the_cache_go_to_a_server_of_ones_own_only_when_asked_for() {
    for (retention, expected) in [
        ("", None),
        ("cacheRetention: 'none'", None),
        ("cacheRetention: 'short'", Some(r#"{"type":"ephemeral"}"#)),
        ("cacheRetention: 'long'", Some(r#"{"type":"ephemeral","ttl":"1h"}"#)),
        ("cacheRetention: 'ever'", None),
    ] {
        let server = MockVllm::builder().start().await.unwrap();
        let config = format!(
            "{{ models: {{ providers: {{ anthropic: {{ baseUrl: '{}' }} }} }}, agents: {{ defaults: {{
               models: {{ 'anthropic/tiny': {{ params: {{ {retention} }} }} }} }} }} }}",
            server.base_url()
        );
        let lab = Lab::new(&config, &[]);
        let ModelConnection { model: chain, report } = lab.connect(Some("anthropic/tiny")).await;
        assert_eq!(ask(&chain, "reply exactly: yes").await.unwrap(), "yes");
        let seen = server.requests().pop().unwrap();
        let body = String::from_utf8(seen.body.to_vec()).unwrap();
        assert!(!body.contains("cacheRetention"), "{body}");
        match expected {
            Some(mark) => assert!(body.contains(&format!("\"cache_control\":{mark}")), "{body}"),
            None => assert!(!body.contains("cache_control"), "{body}"),
        }
        let is_noted = report.warnings.iter().any(|it| it.contains("cacheRetention"));
        assert_eq!(is_noted, retention.contains("ever"));
    }
}
