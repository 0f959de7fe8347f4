//! `models list`: what the servers have, and what is said when they do not answer.

use openclaw_mock_vllm::{MockVllm, ModelSpec};
use openclaw_tests::Home;
use serde_json::json;
use tokio::net::TcpListener;

use crate::servers::{config, nobody, tiny, website};

const KEY: &str = "sk-canary-0123456789";

async fn with_adapter() -> (MockVllm, Home) {
    let server = MockVllm::builder()
        .model(ModelSpec::new("tiny", 16_384))
        .model(ModelSpec::lora("tiny-sql", "tiny").root("/secret/adapters/sql"))
        .start()
        .await
        .unwrap();
    let home = Home::with_vllm(&server.base_url(), "any-value");
    (server, home)
}

#[tokio::test]
async fn models_are_found_without_a_config() {
    let (server, home) = with_adapter().await;
    let ended = home.run(&["models", "list"]).await.code(0).hides(&["/secret"]);
    assert_eq!(ended.stderr, "");
    insta::assert_snapshot!(ended.stdout);
    let ended = home.run(&["models", "list", "--plain"]).await.code(0);
    assert_eq!(ended.stdout, "vllm/tiny\nvllm/tiny-sql\n");
    let seen = server.requests();
    assert!(seen.iter().all(|seen| seen.path == "/v1/models" && seen.method == "GET"), "{seen:?}");
    assert!(seen.iter().all(|seen| seen.header("authorization") == Some("Bearer any-value")));
}

#[tokio::test]
async fn the_window_is_the_servers_and_an_adapter_has_that_of_its_base() {
    let (_server, home) = with_adapter().await;
    let model = |id: &str, parent: Option<&str>| {
        json!({
            "key": format!("vllm/{id}"),
            "name": id,
            "input": "text",
            "contextWindow": 16_384,
            "contextWindowSource": "server",
            "contextWindowFrom": "/v1/models",
            "contextWindowAgeSeconds": null,
            "local": true,
            "available": true,
            "ageSeconds": null,
            "tags": [],
            "missing": false,
            "parent": parent,
        })
    };
    let ended = home.run(&["models", "list", "--json"]).await.code(0);
    let expected = json!({
        "count": 2,
        "models": [model("tiny", None), model("tiny-sql", Some("tiny"))],
        "failures": [],
    });
    assert_eq!(ended.json(), expected);
}

#[tokio::test]
async fn the_config_tags_models_and_names_those_that_nobody_has() {
    let (_server, home) = with_adapter().await;
    let home = home.config(
        "{ agents: { defaults: { model: { primary: 'quick', fallbacks: ['vllm/gone'] },
           models: { 'vllm/tiny': { alias: 'quick' } } } } }",
    );
    let ended = home.run(&["models", "list", "--json"]).await.code(0);
    let listed = ended.json();
    let find = |key: &str| {
        let models = listed["models"].as_array().unwrap();
        models.iter().find(|model| model["key"] == key).unwrap().clone()
    };
    assert_eq!(find("vllm/tiny")["tags"], json!(["default", "configured", "alias:quick"]));
    let gone = find("vllm/gone");
    assert_eq!((&gone["missing"], &gone["available"]), (&json!(true), &json!(false)));
    assert_eq!(gone["tags"], json!(["fallback#1"]));
}

#[tokio::test]
async fn without_a_key_nothing_is_asked_and_a_hint_says_how() {
    let (server, _) = tiny().await;
    let home = Home::new().env("VLLM_BASE_URL", server.base_url());
    let ended = home.run(&["models", "list"]).await.code(0).says(&["hint:", "`openclaw setup`"]);
    assert_eq!(ended.stdout, "");
    let ended = home.run(&["models", "list", "--provider", "vllm"]).await.code(3);
    let _ = ended.says(&["`VLLM_API_KEY`", "http://127.0.0.1:8000/v1"]);
    assert!(server.requests().is_empty());
}

#[tokio::test]
async fn a_server_that_is_down_is_named_with_the_way_it_was_chosen() {
    let url = nobody();
    let port = url.trim_end_matches("/v1").rsplit(':').next().unwrap().to_owned();
    let serve = format!("vllm serve MODEL --port {port}");
    let home = Home::with_vllm(&url, "any-value");
    for args in [&["models", "list"][..], &["models", "list", "--json"]] {
        let _ = home.run(args).await.code(4).says(&[&url, "VLLM_BASE_URL", &serve]);
    }
    let configured = Home::new().config(&config(&url, ""));
    let ended = configured.run(&["models", "list", "--json"]).await.code(4);
    let ended = ended.says(&[&url, "models.providers.vllm.baseUrl", "openclaw.json:1", &serve]);
    let failure = &ended.json()["failures"][0];
    assert_eq!(
        (&failure["provider"], &failure["error"]["kind"]),
        (&json!("vllm"), &json!("connect"))
    );
    assert_eq!(failure["error"]["url"], json!(format!("{url}/models")));
}

#[tokio::test]
async fn a_server_that_never_answers_is_not_waited_for_for_ever() {
    // The kernel accepts the connection; nobody reads from it.
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}/v1", listener.local_addr().unwrap());
    let ended = Home::with_vllm(&url, "any-value").run(&["models", "list"]).await.code(124);
    let ended = ended.says(&[&url, "within 3 s"]);
    assert_eq!(ended.stdout, "");
}

#[tokio::test]
async fn a_web_page_in_place_of_the_api_names_the_address_that_has_it() {
    let (address, _task) = website().await;
    let url = format!("{address}/ui");
    let home = Home::new().config(&config(&url, ""));
    let ended = home.run(&["models", "list"]).await.code(1);
    let right = format!("The API answers at {address}/v1");
    let _ = ended.says(&[&url, &right, "`models.providers.vllm.baseUrl`"]);
}

#[tokio::test]
async fn a_refused_key_is_named_by_source_and_fingerprint() {
    let server = MockVllm::builder().api_key("another").start().await.unwrap();
    let from_env = Home::with_vllm(&server.base_url(), KEY);
    let ended = from_env.run(&["models", "list", "-v"]).await.code(5).hides(&[KEY]);
    let _ = ended.says(&["401", "`sk..89`", "env VLLM_API_KEY"]);

    let text =
        config(&server.base_url(), "").replace("models: [", &format!("apiKey: '{KEY}', models: ["));
    let from_config = Home::new().config(&text);
    let ended = from_config.run(&["models", "list", "--json"]).await.code(5).hides(&[KEY]);
    let _ = ended.says(&["`sk..89`", "config literal"]);

    let none = Home::new().config(&config(&server.base_url(), ""));
    let _ = none.run(&["models", "list"]).await.code(5).says(&["`models.providers.vllm.apiKey`"]);
}
