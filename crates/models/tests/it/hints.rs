//! Hints for setups that do not work.

use std::error::Error;
use std::time::Duration;

use openclaw_core::ModelErrorKind;
use openclaw_mock_vllm::MockVllm;
use openclaw_models::{ConnectError, SetupErrorKind};
use openclaw_test_support::raw_server::{RawServer, hold, response};

use crate::lab::{Lab, ask, hints, lab_on, model_kind, nowhere, setup_kind};

const PAGE: &str = "<!doctype html><p>hello</p>";

#[tokio::test]
async fn a_key_from_an_unset_variable_is_named_before_asking() {
    let server = MockVllm::builder().start().await.unwrap();
    for (more, key) in [
        (r#"apiKey: "${NOT_SET}""#, "models.providers.lab.apiKey"),
        (r#"headers: { "x-team": "${NOT_SET}" }"#, "models.providers.lab.headers.x-team"),
        (
            r#"models: [{ id: "a" }, { id: "tiny", headers: { "x-model": "${NOT_SET}" } }]"#,
            "models.providers.lab.models[1].headers.x-model",
        ),
    ] {
        let error = Lab::new(&lab_on(&server.base_url(), more), &[]).error(Some("lab/tiny")).await;
        assert_eq!(setup_kind(&error), SetupErrorKind::Secret, "{error}");
        assert!(error.to_string().contains(key), "{error}");
        assert!(error.source().unwrap().to_string().contains("NOT_SET"), "{error:?}");
    }
    assert!(server.requests().is_empty());
}

#[tokio::test]
async fn a_refused_key_is_known_by_its_source_and_never_shown() {
    const WRONG: &str = "wrong-key-value";
    let server = MockVllm::builder().api_key("right").start().await.unwrap();
    let literal = format!(r#"apiKey: "{WRONG}""#);
    for (config, env, name, source) in [
        ("{}".to_owned(), vec![("VLLM_API_KEY", WRONG)], "vllm/tiny", "env VLLM_API_KEY"),
        (lab_on(&server.base_url(), &literal), vec![], "lab/tiny", "config literal"),
    ] {
        let url = server.base_url();
        let env: Vec<_> = env.into_iter().chain([("VLLM_BASE_URL", url.as_str())]).collect();
        let error = Lab::new(&config, &env).error(Some(name)).await;
        assert_eq!(model_kind(&error), ModelErrorKind::Auth, "{error}");
        let hints = hints(&error);
        assert!(hints.contains(source) && hints.contains("wr..ue"), "{hints}");
        assert!(!format!("{error:?} {error} {hints}").contains(WRONG));
    }
    let none = Lab::new(&lab_on(&server.base_url(), ""), &[]).error(Some("lab/tiny")).await;
    assert_eq!(model_kind(&none), ModelErrorKind::Auth);
    assert!(hints(&none).contains("`models.providers.lab.apiKey`"), "{}", hints(&none));
}

#[tokio::test]
async fn an_address_where_nothing_answers_has_its_source() {
    let nowhere = nowhere().await;
    let url = &nowhere.url;
    let lab = Lab::new(&lab_on(url, ""), &[]);
    let error = lab.error(Some("lab/tiny")).await;
    assert_eq!(model_kind(&error), ModelErrorKind::Connect, "{error}");
    let said = hints(&error);
    assert!(said.contains(url) && said.contains("models.providers.lab.baseUrl (line 1)"), "{said}");
    assert!(!said.contains("vllm serve"), "{said}");
    let lab = Lab::new("{}", &[("VLLM_BASE_URL", url), ("VLLM_API_KEY", "x")]);
    let said = hints(&lab.error(Some("vllm/tiny")).await);
    let port = url.trim_end_matches("/v1").rsplit(':').next().unwrap();
    assert!(said.contains("comes from VLLM_BASE_URL"), "{said}");
    assert!(said.contains(&format!("`vllm serve MODEL --port {port}`")), "{said}");
}

#[tokio::test]
async fn https_to_a_port_of_plain_http_is_reported() {
    let server = MockVllm::builder().start().await.unwrap();
    let url = server.base_url().replace("http://", "https://");
    let said = hints(&Lab::new(&lab_on(&url, ""), &[]).error(Some("lab/tiny")).await);
    assert!(said.contains(&format!("use `{}`", server.base_url())), "{said}");
}

#[tokio::test]
async fn a_provider_whose_id_is_no_plain_word_has_its_source_too() {
    let nowhere = nowhere().await;
    let url = &nowhere.url;
    let config =
        format!(r#"{{ models: {{ providers: {{ "lm.studio": {{ baseUrl: "{url}" }} }} }} }}"#);
    let said = hints(&Lab::new(&config, &[]).error(Some("lm.studio/tiny")).await);
    assert!(said.contains(r#"models.providers["lm.studio"].baseUrl (line 1)"#), "{said}");
}

#[tokio::test]
async fn a_server_that_dies_later_is_explained_too() {
    let server = MockVllm::builder().start().await.unwrap();
    let lab = Lab::new(&lab_on(&server.base_url(), "onServerLoss: { wait: 0 }"), &[]);
    let chain = lab.models.connect_model(Some("lab/tiny")).await.unwrap().model;
    server.kill();
    let _port = hold(server.port()).await;
    let error = ConnectError::Model(ask(&chain, "hi").await.unwrap_err());
    assert!(hints(&error).contains("models.providers.lab.baseUrl"), "{}", hints(&error));
}

#[tokio::test]
async fn a_web_page_in_place_of_the_api_is_answered_with_the_right_address() {
    let server = RawServer::start(|line| {
        Some(match line {
            "GET /v1/models" => response("200 OK", "application/json", r#"{"data":[]}"#),
            _ => response("200 OK", "text/html", PAGE),
        })
    })
    .await;
    let right = server.base_url();
    let wrong = format!("{}/ui", right.trim_end_matches("/v1"));
    let error = Lab::new(&lab_on(&wrong, ""), &[]).error(Some("lab/tiny")).await;
    assert_eq!(model_kind(&error), ModelErrorKind::Protocol, "{error}");
    let said = hints(&error);
    assert!(said.contains(&format!("The API answers at {right}: ")), "{said}");
    assert!(said.contains("`models.providers.lab.baseUrl`"), "{said}");

    let pages = RawServer::start(|_| Some(response("200 OK", "text/html", PAGE))).await;
    let error = Lab::new(&lab_on(&pages.base_url(), ""), &[]).error(Some("lab/tiny")).await;
    assert!(hints(&error).contains("no OpenAI-compatible API"), "{}", hints(&error));
}

/// The discovery timeout: the longest delay that a silent server may cause.
const DISCOVERY: Duration = Duration::from_secs(3);

#[tokio::test(start_paused = true)]
async fn a_server_that_never_answers_costs_the_wait_for_discovery() {
    let server = RawServer::start(|_| None).await;
    let lab = Lab::new(&lab_on(&server.base_url(), ""), &[]);
    let begun = tokio::time::Instant::now();
    let warnings = lab.warnings(Some("lab/tiny")).await;
    assert_eq!(begun.elapsed().as_secs(), DISCOVERY.as_secs());
    assert!(warnings[0].contains(&server.base_url()), "{warnings:?}");
    let begun = tokio::time::Instant::now();
    lab.info(Some("lab/tiny")).await;
    assert_eq!(begun.elapsed().as_secs(), 0, "the silence is remembered");

    let begun = tokio::time::Instant::now();
    let catalogue = lab.models.model_catalogue(None).await;
    assert_eq!(begun.elapsed().as_secs(), DISCOVERY.as_secs());
    assert_eq!(catalogue.failures.len(), 1);

    // A configured model may exist even if the server does not list it.
    let named = lab_on(&server.base_url(), r#"models: [{ id: "tiny", contextWindow: 5000 }]"#);
    assert_eq!(Lab::new(&named, &[]).info(Some("lab/tiny")).await.limits.context_window, 5000);
}

#[tokio::test(start_paused = true)]
async fn the_search_for_the_api_is_bounded_too() {
    let server = RawServer::start(|line| {
        let is_page = matches!(line, "GET /ui/models" | "POST /ui/chat/completions");
        is_page.then(|| response("200 OK", "text/html", PAGE))
    })
    .await;
    let wrong = format!("{}/ui", server.base_url().trim_end_matches("/v1"));
    let lab = Lab::new(&lab_on(&wrong, ""), &[]);
    let begun = tokio::time::Instant::now();
    lab.error(Some("lab/tiny")).await;
    assert!(begun.elapsed() < 2 * DISCOVERY + Duration::from_secs(1), "{:?}", begun.elapsed());
}
