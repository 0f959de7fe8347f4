//! From a name, or none, to a model with its limits.

use openclaw_core::{ChatModel, LimitSource, ModelErrorKind};
use openclaw_mock_vllm::{Gate, MockVllm, ModelSpec, Reply, Turn};
use openclaw_models::{ConnectReport, ModelConnection, SetupErrorKind};

use crate::lab::{Lab, ask, hints, lab_on, model_kind, setup_kind};

#[tokio::test]
async fn vllm_is_there_without_a_config_once_it_has_a_key() {
    let server = MockVllm::builder().api_key("vllm-local").start().await.unwrap();
    let url = ("VLLM_BASE_URL", &*server.base_url());
    let lab = Lab::new("{}", &[url, ("VLLM_API_KEY", "vllm-local")]);
    let ModelConnection { model: chain, report } = lab.connect(Some("vllm/tiny")).await;
    let info = lab.info(Some("vllm/tiny")).await;
    assert_eq!(
        (info.limits.context_window, info.limits.context_window_source),
        (4096, LimitSource::Server)
    );
    assert_eq!(ask(&chain, "reply exactly: yes").await.unwrap(), "yes");
    assert_eq!(report, ConnectReport::default());

    let without_key = Lab::new("{}", &[url]).error(Some("vllm/tiny")).await;
    assert_eq!(setup_kind(&without_key), SetupErrorKind::UnknownProvider);
    assert!(hints(&without_key).contains("`VLLM_API_KEY`"), "{}", hints(&without_key));
    let replaced = Lab::new("{ models: { mode: 'replace' } }", &[url, ("VLLM_API_KEY", "x")]);
    let replaced = replaced.error(Some("vllm/tiny")).await;
    assert_eq!(setup_kind(&replaced), SetupErrorKind::UnknownProvider);
}

#[tokio::test]
async fn a_configured_provider_is_asked_with_its_own_key_and_headers() {
    let server = MockVllm::builder().api_key("lab-key").start().await.unwrap();
    let more = r#"apiKey: "${LAB_KEY}", headers: { "x-team": "${TEAM}" },
        models: [{ id: "tiny", headers: { "x-model": "own" } }]"#;
    let env = [("LAB_KEY", "lab-key"), ("TEAM", "blue"), ("VLLM_API_KEY", "another")];
    let lab = Lab::new(&lab_on(&server.root_url(), more), &env);
    let chain = lab.models.connect_model(Some("lab/tiny")).await.unwrap().model;
    ask(&chain, "hi").await.unwrap();
    for seen in server.requests() {
        assert_eq!(seen.header("authorization"), Some("Bearer lab-key"), "{seen:?}");
        assert_eq!(seen.header("x-team"), Some("blue"), "{seen:?}");
        assert_eq!(seen.header("x-model"), Some("own"), "{seen:?}");
    }
}

#[tokio::test]
async fn the_servers_word_on_the_window_counts_unless_the_config_asks_for_less() {
    let server = MockVllm::builder()
        .model(ModelSpec::new("base", 8192))
        .model(ModelSpec::lora("adapter", "base"))
        .start()
        .await
        .unwrap();
    let table = [
        ("base", "", 8192, LimitSource::Server, None, 0),
        ("adapter", "", 8192, LimitSource::Server, None, 0),
        ("base", r#"{ id: "base", contextWindow: 131072 }"#, 8192, LimitSource::Server, None, 1),
        (
            "base",
            r#"{ id: "base", contextWindow: 4096, maxTokens: 512 }"#,
            4096,
            LimitSource::Config,
            Some(512),
            0,
        ),
        ("gone", r#"{ id: "gone", contextWindow: 5000 }"#, 5000, LimitSource::Config, None, 1),
        ("gone", r#"{ id: "gone" }"#, 8192, LimitSource::Fallback, None, 2),
    ];
    for (id, config, window, source, output, warnings) in table {
        let lab = Lab::new(&lab_on(&server.base_url(), &format!("models: [{config}]")), &[]);
        let ModelConnection { model, report } = lab.connect(Some(&format!("lab/{id}"))).await;
        let limits = model.model_info().limits;
        let found = (limits.context_window, limits.context_window_source, limits.max_output_tokens);
        assert_eq!(found, (window, source, output), "{config}");
        assert_eq!(report.warnings.len(), warnings, "{report:?}");
    }
    let above = lab_on(&server.base_url(), r#"models: [{ id: "base", contextWindow: 131072 }]"#);
    let lab = Lab::new(&above, &[]);
    let warning = lab.warnings(Some("lab/base")).await.remove(0);
    for part in ["`lab/base`", "131072", "8192 is used"] {
        assert!(warning.contains(part), "{warning}");
    }
}

#[tokio::test]
async fn an_alias_and_the_primary_stand_for_a_model() {
    let server = MockVllm::builder().start().await.unwrap();
    let config = format!(
        r#"{{ models: {{ providers: {{ lab: {{ baseUrl: "{}" }} }} }},
             agents: {{ defaults: {{ model: "Fast", models: {{ "lab/tiny": {{ alias: "fast" }} }} }} }} }}"#,
        server.base_url()
    );
    let lab = Lab::new(&config, &[]);
    for name in [None, Some("fast"), Some("FAST"), Some("lab/tiny")] {
        assert_eq!(lab.info(name).await.reference.to_string(), "lab/tiny", "{name:?}");
    }
    let error = lab.error(Some("slow")).await;
    assert_eq!(setup_kind(&error), SetupErrorKind::InvalidReference);
    assert!(hints(&error).contains("models list"), "{}", hints(&error));
}

#[tokio::test]
async fn an_id_without_its_provider_is_reported_with_it() {
    let server = MockVllm::builder().model(ModelSpec::new("org/base", 4096)).start().await.unwrap();
    let config = format!(
        r#"{{ models: {{ providers: {{
                lab: {{ baseUrl: "{}" }},
                other: {{ baseUrl: "http://127.0.0.1:9/v1", models: [{{ id: "Base" }}] }},
            }} }} }}"#,
        server.base_url()
    );
    let lab = Lab::new(&config, &[]);
    let before = lab.error(Some("base")).await;
    assert_eq!(hints(&before), "Did you mean `other/Base`?");
    assert!(server.requests().is_empty(), "no server is asked");
    let _ = lab.info(Some("lab/org/base")).await;
    let after = lab.error(Some("base")).await;
    assert_eq!(hints(&after), "Did you mean `lab/org/base` or `other/Base`?");
}

#[tokio::test]
async fn without_a_name_the_only_model_is_taken() {
    let base = ModelSpec::new("base", 4096);
    let adapter = ModelSpec::lora("adapter", "base");
    let other = ModelSpec::new("other", 4096);
    for (models, expected) in [
        (vec![base.clone()], Some("vllm/base")),
        (vec![base.clone(), adapter], Some("vllm/base")),
        (vec![base, other], None),
    ] {
        let server = models
            .into_iter()
            .fold(MockVllm::builder(), openclaw_mock_vllm::MockVllmBuilder::model);
        let server = server.start().await.unwrap();
        let env = [("VLLM_BASE_URL", &*server.base_url()), ("VLLM_API_KEY", "x")];
        let lab = Lab::new("{}", &env);
        if let Some(expected) = expected {
            assert_eq!(lab.info(None).await.reference.to_string(), expected);
        } else {
            let error = lab.error(None).await;
            assert_eq!(setup_kind(&error), SetupErrorKind::NoModel, "{error}");
            assert!(hints(&error).contains("--model"), "{}", hints(&error));
        }
    }
    let nothing = Lab::new("{}", &[]).error(None).await;
    assert_eq!(setup_kind(&nothing), SetupErrorKind::NoModel);
    assert!(hints(&nothing).contains("`openclaw setup`"), "{}", hints(&nothing));
}

#[tokio::test]
async fn a_model_that_nobody_has_is_answered_with_the_nearest() {
    let server = MockVllm::builder().start().await.unwrap();
    let lab = Lab::new(&lab_on(&server.base_url(), ""), &[]);
    let error = lab.error(Some("lab/tinny")).await;
    assert_eq!(model_kind(&error), ModelErrorKind::UnknownModel, "{error}");
    assert_eq!(hints(&error), "The server serves `lab/tiny`.");
    let error = lab.error(Some("lap/tiny")).await;
    assert_eq!(setup_kind(&error), SetupErrorKind::UnknownProvider, "{error}");
    assert!(hints(&error).contains("`lab`"), "{}", hints(&error));
}

#[tokio::test]
async fn a_language_that_is_not_spoken_is_refused_before_asking() {
    let server = MockVllm::builder().start().await.unwrap();
    let config = lab_on(&server.base_url(), r#"api: "github-copilot""#);
    let error = Lab::new(&config, &[]).error(Some("lab/tiny")).await;
    assert_eq!(setup_kind(&error), SetupErrorKind::Provider, "{error}");
    assert!(server.requests().is_empty());
    let config = lab_on(&server.base_url(), r#"api: "openai-responses""#);
    let lab = Lab::new(&config, &[]);
    let chain = lab.models.connect_model(Some("lab/tiny")).await.unwrap().model;
    assert_eq!(ask(&chain, "reply exactly: yes").await.unwrap(), "yes");
    assert!(server.requests().iter().any(|seen| seen.path == "/v1/responses"));
    assert!(lab.warnings(Some("lab/tiny")).await.is_empty());
}

#[tokio::test]
async fn parameters_go_into_each_request_and_limits_among_them_are_limits() {
    let server = MockVllm::builder().start().await.unwrap();
    let config = format!(
        r#"{{ models: {{ providers: {{ lab: {{ baseUrl: "{}" }} }} }}, agents: {{ defaults: {{ models: {{
            "lab/*": {{ params: {{ temperature: 0.5, top_p: 0.9, seed: "x" }} }},
            "lab/tiny": {{ params: {{ temperature: 0, maxTokens: 32, stream: false,
                chat_template_kwargs: {{ enable_thinking: false }} }} }},
            "other/tiny": {{ params: {{ min_p: 1 }} }} }} }} }} }}"#,
        server.base_url()
    );
    let lab = Lab::new(&config, &[]);
    let ModelConnection { model: chain, report } =
        lab.models.connect_model(Some("lab/tiny")).await.unwrap();
    ask(&chain, "hi").await.unwrap();
    let body = server.requests().pop().unwrap().json();
    assert_eq!((&body["temperature"], &body["top_p"]), (&0.into(), &0.9.into()), "{body}");
    assert_eq!((&body["max_tokens"], &body["stream"]), (&32.into(), &true.into()));
    assert_eq!(body["chat_template_kwargs"]["enable_thinking"], false);
    assert!(body.get("seed").is_none() && body.get("min_p").is_none());
    let warnings = report.warnings.join("\n");
    assert!(warnings.contains("`seed`") && warnings.contains("`stream`"), "{warnings}");
}

#[tokio::test]
async fn a_hosted_model_of_the_config_is_not_asked_for() {
    let config = r#"{ models: { providers: { far: { baseUrl: "http://far.invalid/v1", apiKey: "k",
        models: [{ id: "big", contextWindow: 200000, maxTokens: 8000 }] } } } }"#;
    let info = Lab::new(config, &[]).info(Some("far/big")).await;
    assert_eq!((info.limits.context_window, info.limits.max_output_tokens), (200_000, Some(8000)));
}

#[tokio::test]
async fn a_server_is_asked_for_no_more_answers_at_a_time_than_it_may_be() {
    let server = MockVllm::builder().start().await.unwrap();
    // Two providers with one server.
    let config = format!(
        r#"{{ models: {{ providers: {{ lab: {{ baseUrl: "{url}", maxConcurrent: 1 }}, vllm: {{ baseUrl: "{url}" }} }} }} }}"#,
        url = server.base_url()
    );
    let lab = Lab::new(&config, &[]);
    let one = lab.models.connect_model(Some("lab/tiny")).await.unwrap();
    let other = lab.models.connect_model(Some("vllm/tiny")).await.unwrap();
    let gate = Gate::new();
    server.push(Reply::from(Turn::text("first")).gate(0, &gate));
    server.push(Turn::text("second"));
    let chats = || server.requests().iter().filter(|seen| seen.method == "POST").count();
    let (first, second, ()) = tokio::join!(ask(&one.model, "hi"), ask(&other.model, "hi"), async {
        gate.reached().await;
        // A request that is not for an answer needs no permit; neither would a second one.
        lab.models.connect_model(Some("lab/tiny")).await.unwrap();
        assert_eq!(chats(), 1);
        gate.open();
    });
    assert_eq!((first.unwrap().as_str(), second.unwrap().as_str()), ("first", "second"));
    assert_eq!(chats(), 2);
}

#[tokio::test]
async fn an_ollama_is_asked_by_its_compatible_api() {
    let server = MockVllm::builder().start().await.unwrap();
    let own_api = format!("{}/api", server.root_url());
    let extra = r#"params: { extra_body: { top_k: 7, model: "x" }, temperature: 0.5 }"#;
    let config = format!(
        r#"{{ models: {{ providers: {{ lab: {{ baseUrl: "{own_api}", api: "ollama" }} }} }},
             agents: {{ defaults: {{ models: {{ "lab/tiny": {{ {extra} }} }} }} }} }}"#
    );
    let lab = Lab::new(&config, &[]);
    let ModelConnection { model, report } = lab.connect(Some("lab/tiny")).await;
    assert_eq!(ask(&model, "reply exactly: yes").await.unwrap(), "yes");
    let seen = server.requests().pop().unwrap();
    assert_eq!(seen.path, "/v1/chat/completions");
    let body: serde_json::Value = serde_json::from_slice(&seen.body).unwrap();
    assert_eq!((&body["top_k"], &body["temperature"]), (&7.into(), &0.5.into()));
    assert_eq!(body["model"], "tiny");
    assert!(report.warnings[0].contains("`model`"), "{report:?}");
}

#[tokio::test]
async fn parameters_and_limits_of_server_and_model_are_sent() {
    let server = MockVllm::builder().start().await.unwrap();
    let url = server.base_url();
    let config = format!(
        r#"{{ models: {{ providers: {{ lab: {{
               baseUrl: "{url}", apiKey: "secret", authHeader: false,
               params: {{ top_k: 1, seed: 1, min_p: 0.5, temperature: 0.5 }},
               models: [{{
                 id: "tiny", contextTokens: 2000, maxTokens: 50,
                 params: {{ seed: 2, temperature: 0.25, thinking: "low" }},
                 compat: {{ thinkingFormat: "qwen-chat-template" }},
               }}],
             }} }} }},
             agents: {{ defaults: {{ models: {{ "lab/tiny": {{ params: {{ temperature: 0 }} }} }} }} }} }}"#
    );
    let lab = Lab::new(&config, &[]);
    let ModelConnection { model, report } = lab.connect(Some("lab/tiny")).await;
    assert!(report.warnings.is_empty(), "{report:?}");
    assert_eq!(model.model_info().limits.context_window, 2_000);
    assert_eq!(ask(&model, "reply exactly: yes").await.unwrap(), "yes");
    let seen = server.requests().pop().unwrap();
    assert!(!seen.headers.contains_key("authorization"), "{seen:?}");
    let body: serde_json::Value = serde_json::from_slice(&seen.body).unwrap();
    for (field, expected) in [
        ("top_k", 1.into()),
        ("seed", 2.into()),
        ("min_p", 0.5.into()),
        ("temperature", 0.into()),
        ("max_tokens", 50.into()),
        ("chat_template_kwargs", serde_json::json!({ "enable_thinking": true })),
    ] {
        assert_eq!(body[field], expected, "{field}");
    }
    assert!(body.get("thinking").is_none(), "{body}");
}

#[tokio::test]
async fn a_key_with_white_space_is_reported_with_its_source() {
    let server = MockVllm::builder().start().await.unwrap();
    let url = server.base_url();
    for (key, found) in [("two words", "white space"), ("two\nlines", "a line break")] {
        let env = [("VLLM_BASE_URL", &*url), ("VLLM_API_KEY", key)];
        let error = Lab::new("{}", &env).error(Some("vllm/tiny")).await;
        assert_eq!(setup_kind(&error), SetupErrorKind::Secret, "{error}");
        assert!(error.to_string().contains("env VLLM_API_KEY"), "{error}");
        assert!(error.to_string().contains(found), "{error}");
        assert!(!error.to_string().contains("two"), "{error}");
    }
    assert!(server.requests().is_empty());
}
