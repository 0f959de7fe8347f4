//! Each key of a provider acts with each of the APIs.

use openclaw_core::{ChatModel, LimitSource, ModelErrorKind};
use openclaw_mock_vllm::{MockVllm, Seen};
use openclaw_models::SetupErrorKind;
use openclaw_test_support::raw_server::{RawServer, response};
use serde_json::{Value, json};

use crate::lab::{Lab, ask, hints, lab_on, model_kind, setup_kind};

/// An API with its path, and its field for the limit of an answer.
const APIS: [(&str, &str, &str); 4] = [
    ("openai-completions", "/v1/chat/completions", "max_tokens"),
    ("openai-responses", "/v1/responses", "max_output_tokens"),
    ("anthropic-messages", "/v1/messages", "max_tokens"),
    ("ollama", "/v1/chat/completions", "max_tokens"),
];

/// Connects to a server of models with more keys of the provider, and of its model `tiny`. Returns
/// the window, the request for an answer, and the warnings.
async fn send(api: &str, provider: &str, model: &str) -> (u32, Seen, Vec<String>) {
    let server = MockVllm::builder().start().await.unwrap();
    let more = format!(r#"api: "{api}", {provider} models: [{{ id: "tiny", {model} }}]"#);
    let lab = Lab::new(&lab_on(&server.base_url(), &more), &[]);
    let connection = lab.connect(Some("lab/tiny")).await;
    assert_eq!(ask(&connection.model, "reply exactly: yes").await.unwrap(), "yes", "{api}");
    let limits = connection.model.model_info().limits;
    let is_answer = |seen: &Seen| seen.json().get("stream") == Some(&json!(true));
    let seen = server.requests().into_iter().rfind(|seen| seen.method == "POST" && is_answer(seen));
    (limits.context_window, seen.unwrap(), connection.report.warnings)
}

#[tokio::test]
async fn each_header_goes_with_each_api() {
    for (api, path, _) in APIS {
        let is_messages = api == "anthropic-messages";
        let own = is_messages.then_some("secret");
        for (auth, bearer, own) in [
            ("", Some("Bearer secret"), own),
            ("authHeader: true,", Some("Bearer secret"), own),
            ("authHeader: false,", None, None),
        ] {
            let provider = format!(
                r#"apiKey: "secret", {auth} headers: {{ "x-team": "blue", "x-model": "server" }},"#
            );
            let model = r#"headers: { "x-model": "own" }"#;
            let (_, seen, warnings) = send(api, &provider, model).await;
            assert_eq!(seen.path, path);
            assert_eq!(seen.header("authorization"), bearer, "{api} {auth}");
            assert_eq!(seen.header("x-api-key"), own, "{api} {auth}");
            assert_eq!(seen.header("x-team"), Some("blue"), "{api}");
            assert_eq!(seen.header("x-model"), Some("own"), "{api}");
            assert!(warnings.is_empty(), "{warnings:?}");
        }
        // The server's own header is sent when the key is not.
        let provider = r#"apiKey: "secret", authHeader: false, headers: { "x-api-key": "other" },"#;
        let (_, seen, _) = send(api, provider, "").await;
        assert_eq!((seen.header("authorization"), seen.header("x-api-key")), (None, Some("other")));
    }
}

#[tokio::test]
async fn each_parameter_goes_with_each_api() {
    let provider = r"params: { top_k: 1, temperature: 0.5, extra_body: { seed: 1, priority: 3 } },";
    let model =
        r"params: { temperature: 0.25, extraBody: { top_p: 0.5, min_p: 0.1 } }, maxTokens: 50";
    for (api, _, limit) in APIS {
        let (_, seen, warnings) = send(api, provider, model).await;
        let body = seen.json();
        for (field, expected) in [
            ("top_k", json!(1)),
            ("temperature", json!(0.25)),
            ("seed", json!(1)),
            ("priority", json!(3)),
            ("top_p", json!(0.5)),
            ("min_p", json!(0.1)),
            (limit, json!(50)),
        ] {
            assert_eq!(body[field], expected, "{api} {field}");
        }
        assert!(body.get("extra_body").is_none() && body.get("extraBody").is_none(), "{body}");
        assert!(warnings.is_empty(), "{warnings:?}");
        let (_, seen, warnings) = send(api, "params: { extra_body: 7 },", "").await;
        assert!(seen.json().get("extra_body").is_none());
        assert!(warnings[0].contains("must be an object"), "{warnings:?}");
    }
}

#[tokio::test]
async fn each_limit_acts_with_each_api() {
    for (api, _, field) in APIS {
        for (model, window, limit) in [
            ("contextTokens: 2000", 2000, None),
            ("contextWindow: 3000, maxTokens: 70", 3000, Some(70)),
            ("params: { max_tokens: 60 }, maxTokens: 70", 4096, Some(60)),
            ("params: { extra_body: { maxTokens: 50 } }", 4096, Some(50)),
        ] {
            let (found, seen, _) = send(api, "", model).await;
            assert_eq!(found, window, "{api} {model}");
            if let Some(limit) = limit {
                assert_eq!(seen.json()[field], limit, "{api} {model}");
            }
        }
    }
}

#[tokio::test]
async fn the_level_of_thinking_is_written_for_each_api_and_format() {
    let none = Value::Null;
    let qwen = json!({ "enable_thinking": true });
    let budget = json!({ "type": "enabled", "budget_tokens": 1024 });
    for (api, _, _) in APIS {
        let is_messages = api == "anthropic-messages";
        let effort = match api {
            "openai-responses" => ("reasoning", json!({ "effort": "minimal" })),
            "anthropic-messages" => ("thinking", budget.clone()),
            _ => ("reasoning_effort", json!("minimal")),
        };
        let level = |name: &str| format!(r#"params: {{ {name}: "minimal" }}, maxTokens: 2000"#);
        for (model, (field, expected)) in [
            (level("reasoning_effort"), effort.clone()),
            (
                level("reasoning_effort") + ", compat: { supportsReasoningEffort: false }",
                (effort.0, none.clone()),
            ),
            (level("thinking") + r#", compat: { thinkingFormat: "openai" }"#, effort.clone()),
            (
                level("thinking") + r#", compat: { thinkingFormat: "qwen-chat-template" }"#,
                ("chat_template_kwargs", qwen.clone()),
            ),
            (
                level("thinking") + r#", compat: { thinkingFormat: "qwen" }"#,
                ("enable_thinking", json!(true)),
            ),
        ] {
            let (_, seen, _) = send(api, "", &model).await;
            let body = seen.json();
            assert_eq!(body[field], expected, "{api} {model}");
            assert!(!body["thinking"].is_string(), "{body}");
            let has_effort = body.get("reasoning_effort").is_some();
            assert!(!has_effort || !(is_messages || api == "openai-responses"), "{api} {body}");
        }
    }
}

#[tokio::test]
async fn a_key_that_cannot_be_sent_and_a_wrong_address_are_told_with_each_api() {
    let server = MockVllm::builder().start().await.unwrap();
    let plain = server.base_url();
    for (api, _, _) in APIS {
        let connect = async |url: &str, more: &str| {
            let more = format!(r#"api: "{api}", {more}"#);
            Lab::new(&lab_on(url, &more), &[("SPACED", "two words"), ("LINES", "two\nlines")])
                .error(Some("lab/tiny"))
                .await
        };
        for (variable, found) in [("SPACED", "white space"), ("LINES", "a line break")] {
            let error = connect(&plain, &format!(r#"apiKey: "${{{variable}}}""#)).await;
            assert_eq!(setup_kind(&error), SetupErrorKind::Secret, "{error}");
            let said = error.to_string();
            assert!(said.contains(&format!("env {variable}")) && said.contains(found), "{said}");
        }
        let error = connect(&plain.replace("http://", "https://"), "").await;
        assert!(hints(&error).contains(&format!("use `{plain}")), "{api} {}", hints(&error));
        let error = connect("http://no-such-box.invalid:8000/v1", "").await;
        let said = hints(&error);
        assert!(said.contains("`no-such-box.invalid`"), "{api} {error:?} {said}");
    }
}

#[tokio::test]
async fn a_wrong_path_is_answered_with_the_right_one_with_each_api() {
    let not_found = || response("404 Not Found", "application/json", r#"{"detail":"Not Found"}"#);
    let server = RawServer::start(move |line| {
        Some(match line {
            "GET /v1/models" => response("200 OK", "application/json", r#"{"data":[]}"#),
            _ => not_found(),
        })
    })
    .await;
    let root = server.base_url().trim_end_matches("/v1").to_owned();
    for (api, _, _) in APIS {
        let config = lab_on(&format!("{root}/other/v1"), &format!(r#"api: "{api}""#));
        let error = Lab::new(&config, &[]).error(Some("lab/tiny")).await;
        let said = hints(&error);
        assert!(said.contains(&format!("{root}/v1")), "{api} {error} {said}");
    }
}

#[tokio::test]
async fn a_server_that_wants_the_key_that_is_held_back_is_explained() {
    let server = MockVllm::builder().api_key("secret").start().await.unwrap();
    let config = lab_on(&server.base_url(), r#"apiKey: "secret", authHeader: false"#);
    let error = Lab::new(&config, &[]).error(Some("lab/tiny")).await;
    assert_eq!(model_kind(&error), ModelErrorKind::Auth, "{error}");
    assert!(hints(&error).contains("`models.providers.lab.authHeader`"), "{}", hints(&error));
    let config = lab_on(&server.base_url(), r#"apiKey: "secret""#);
    let limits = Lab::new(&config, &[]).info(Some("lab/tiny")).await.limits;
    assert_eq!(limits.context_window_source, LimitSource::Server);
}
