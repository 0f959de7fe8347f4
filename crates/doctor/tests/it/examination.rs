//! What a doctor run finds on servers with each kind of fault, and its advice.

use openclaw_doctor::{Check, CheckStatus, Doctor, DoctorOptions, DoctorReport, Finding};
use openclaw_mock_vllm::{
    Brain, ErrorBody, Gate, MockVllm, MockVllmBuilder, ModelSpec, Reply, Turn, UsageOverride,
};
use openclaw_test_support::raw_server::{RawServer, response};

use crate::lab::{Lab, lab_on, nowhere};

mod text_calls;

async fn examine(lab: &Lab, only: &[Check]) -> DoctorReport {
    let options = DoctorOptions { only: only.to_vec(), ..DoctorOptions::default() };
    let mut told = Vec::new();
    let report = Doctor::new(lab.models.clone())
        .run_checks(&options, |_, finding| told.push(finding.clone()))
        .await;
    assert_eq!(told, report.findings);
    report
}

fn find(report: &DoctorReport, check: Check) -> &Finding {
    let found = report.findings.iter().find(|finding| finding.check == check);
    found.unwrap_or_else(|| panic!("{check:?} was not made: {report:#?}"))
}

/// Asserts a check's status, and that its evidence and advice contain these texts.
#[track_caller]
fn expect(report: &DoctorReport, check: Check, mark: CheckStatus, texts: &[&str]) {
    let finding = find(report, check);
    assert_eq!(finding.status, mark, "{finding:#?}");
    let said =
        format!("{} | {:?} | {:?}", finding.evidence, finding.server_advice, finding.config_advice);
    for text in texts {
        assert!(said.contains(text), "{text:?} is missing: {said}");
    }
}

async fn started(builder: MockVllmBuilder) -> (MockVllm, Lab) {
    let server = builder.start().await.unwrap();
    let lab = Lab::new(&lab_on(&server.base_url(), ""), &[]);
    (server, lab)
}

/// A server with these replies, one for each request.
async fn scripted(replies: impl IntoIterator<Item = Reply>) -> (MockVllm, Lab) {
    started(MockVllm::builder().brain(Brain::Script(replies.into_iter().collect()))).await
}

fn said(text: &str) -> Reply {
    Turn::text(text).into()
}

fn refused(message: &str) -> Reply {
    let (message, kind) = (message.to_owned(), "BadRequestError".to_owned());
    Reply::status(400, ErrorBody::Error { message, kind })
}

#[tokio::test]
async fn a_template_that_ignores_tools_is_found_by_the_token_counts() {
    let (_server, lab) = started(MockVllm::builder().template_has_tools(false)).await;
    let report = examine(&lab, &[Check::ToolsAuto]).await;
    let texts = ["the chat template ignores them", "--chat-template", "as text"];
    expect(&report, Check::ToolsAuto, CheckStatus::Fail, &texts);
}

#[tokio::test]
async fn a_sound_server_fails_nothing_and_each_check_is_made_in_order() {
    let (_server, lab) = started(MockVllm::builder()).await;
    let report = examine(&lab, &[]).await;
    assert!(report.is_ok(), "{report:#?}");
    let made: Vec<_> = report.findings.iter().map(|finding| finding.check).collect();
    assert_eq!(made, Check::ALL);
    assert_eq!(report.count_with_status(CheckStatus::Skipped), 0);
    assert!(report.config_edits().is_empty());
    expect(&report, Check::Reachable, CheckStatus::Pass, &["answers with 200", "vLLM 0.32.0"]);
    expect(&report, Check::Auth, CheckStatus::Pass, &["no key is sent, and none is wanted"]);
    expect(&report, Check::Window, CheckStatus::Pass, &["4096 tokens, from the server"]);
    expect(&report, Check::Tokenize, CheckStatus::Pass, &["exactly what the answer counted"]);
    expect(&report, Check::PrefixCache, CheckStatus::Pass, &["came from it the second time"]);
    expect(
        &report,
        Check::Exposure,
        CheckStatus::Pass,
        &["open without a key", "this machine only"],
    );
    assert_eq!(report.model.unwrap().to_string(), "lab/tiny");
}

#[tokio::test]
async fn tools_that_the_server_was_not_started_for_name_the_options() {
    let model = ModelSpec::new("Qwen/Qwen3-8B", 4096);
    let (_server, lab) = started(MockVllm::builder().model(model).auto_tool_choice(false)).await;
    let report = examine(&lab, &[]).await;
    let both = "`--enable-auto-tool-choice --tool-call-parser hermes`";
    expect(
        &report,
        Check::ToolsAuto,
        CheckStatus::Fail,
        &["400: \"auto\" tool choice requires", both],
    );
    for check in [Check::ToolsRequired, Check::ToolsNamed] {
        expect(&report, check, CheckStatus::Fail, &["400: ", "`--tool-call-parser hermes`"]);
    }
    expect(&report, Check::ToolHistory, CheckStatus::Pass, &[]);
    assert_eq!(report.count_with_status(CheckStatus::Fail), 3);
}

#[tokio::test]
async fn behind_a_proxy_the_routes_beside_the_api_are_unknown_and_no_failure() {
    let (_server, lab) = started(MockVllm::builder().root_routes(false)).await;
    let report = examine(&lab, &[]).await;
    assert!(report.is_ok(), "{report:#?}");
    expect(&report, Check::Tokenize, CheckStatus::Unknown, &["404", "pass `/tokenize` on"]);
    expect(&report, Check::Cancel, CheckStatus::Unknown, &["`/metrics`"]);
}

#[tokio::test]
async fn a_window_beyond_the_server_s_is_mended_in_the_model_s_entry() {
    let server = MockVllm::builder().start().await.unwrap();
    let models = r#"models: [{ id: "other" }, { id: "tiny", contextWindow: 131072 }]"#;
    let config = lab_on(&server.base_url(), models);
    let config = config.replacen('{', r#"{ agents: { defaults: { model: "lab/tiny" } },"#, 1);
    let report = examine(&Lab::new(&config, &[]), &[Check::Window]).await;
    expect(&report, Check::Window, CheckStatus::Fail, &["131072", "4096", "`--max-model-len`"]);
    let [edit] = &report.config_edits()[..] else { panic!("{report:#?}") };
    assert_eq!(edit.to_string(), "`models.providers.lab.models[1].contextWindow` to `4096`");
}

#[tokio::test]
async fn a_missing_and_a_wrong_key_are_distinguished() {
    let server = MockVllm::builder().api_key("right").start().await.unwrap();
    let lab = |more: &str| Lab::new(&lab_on(&server.base_url(), more), &[]);
    let report = examine(&lab(""), &[]).await;
    let key = "`models.providers.lab.apiKey`";
    expect(&report, Check::Auth, CheckStatus::Fail, &["wants a key and none is set", key]);
    expect(&report, Check::Chat, CheckStatus::Skipped, &["`auth` failed"]);
    expect(&report, Check::Exposure, CheckStatus::Pass, &["the API wants a key", "`/metrics`"]);
    let report = examine(&lab(r#"apiKey: "wrong-key-value""#), &[]).await;
    expect(
        &report,
        Check::Auth,
        CheckStatus::Fail,
        &["`wr..ue` from config literal is refused", key],
    );
    assert!(!format!("{report:?}").contains("wrong-key-value"));
    let report = examine(&lab(r#"apiKey: "right""#), &[Check::Auth]).await;
    expect(&report, Check::Auth, CheckStatus::Pass, &["is accepted; without one it is 401"]);
}

#[tokio::test]
async fn what_is_no_api_leads_to_the_address_that_is() {
    const PAGE: &str = "<!doctype html><p>hello</p>";
    let server = RawServer::start(|line| {
        Some(match line {
            "GET /v1/models" => response("200 OK", "application/json", r#"{"data":[]}"#),
            _ => response("200 OK", "text/html", PAGE),
        })
    })
    .await;
    let right = server.base_url();
    let wrong = right.replace("/v1", "/ui");
    let report = examine(&Lab::new(&lab_on(&wrong, ""), &[]), &[Check::Chat]).await;
    expect(
        &report,
        Check::Reachable,
        CheckStatus::Fail,
        &["text/html", "the API answers at", &right],
    );
    let [edit] = &report.config_edits()[..] else { panic!("{report:#?}") };
    assert_eq!(edit.to_string(), format!("`models.providers.lab.baseUrl` to `\"{right}\"`"));
    expect(&report, Check::Chat, CheckStatus::Skipped, &["`reachable` failed"]);

    let pages = RawServer::start(|_| Some(response("200 OK", "text/html", PAGE))).await;
    let report = examine(&Lab::new(&lab_on(&pages.base_url(), ""), &[]), &[]).await;
    expect(&report, Check::Reachable, CheckStatus::Fail, &["no OpenAI-compatible API was found"]);
}

#[tokio::test]
async fn where_nothing_answers_all_that_builds_on_it_is_skipped() {
    let nowhere = nowhere().await;
    let report = examine(&Lab::new(&lab_on(&nowhere.url, ""), &[]), &[]).await;
    expect(&report, Check::Reachable, CheckStatus::Fail, &["connect to", "baseUrl"]);
    assert_eq!(report.count_with_status(CheckStatus::Skipped), Check::ALL.len() - 3);
    let env = [("VLLM_API_KEY", "x"), ("VLLM_BASE_URL", nowhere.url.as_str())];
    let report = examine(&Lab::new("{}", &env), &[]).await;
    expect(
        &report,
        Check::Reachable,
        CheckStatus::Fail,
        &["`vllm serve MODEL --port ", "VLLM_BASE_URL"],
    );
}

#[tokio::test]
async fn a_user_without_a_config_sees_what_to_do_and_what_was_found() {
    let nowhere = nowhere().await;
    let report = examine(&Lab::new("{}", &[("VLLM_BASE_URL", &nowhere.url)]), &[]).await;
    expect(&report, Check::Model, CheckStatus::Fail, &["`vllm serve MODEL`", "`VLLM_API_KEY`"]);
    assert!(report.config_edits().is_empty());

    let server = MockVllm::builder().start().await.unwrap();
    let report = examine(&Lab::new("{}", &[("VLLM_BASE_URL", &server.base_url())]), &[]).await;
    expect(&report, Check::Model, CheckStatus::Fail, &["answers and serves `tiny`"]);
    assert_eq!(report.config_edits().len(), 2);

    let closed = MockVllm::builder().api_key("k").start().await.unwrap();
    let report = examine(&Lab::new("{}", &[("VLLM_BASE_URL", &closed.base_url())]), &[]).await;
    expect(&report, Check::Model, CheckStatus::Fail, &["wants a key", "`VLLM_API_KEY`"]);
}

#[tokio::test]
async fn a_model_that_is_not_served_is_replaced_by_the_only_one() {
    let server = MockVllm::builder().start().await.unwrap();
    let config = lab_on(&server.base_url(), "");
    let config = config.replacen('{', r#"{ agents: { defaults: { model: "lab/tinny" } },"#, 1);
    let report = examine(&Lab::new(&config, &[]), &[Check::Models]).await;
    expect(&report, Check::Models, CheckStatus::Fail, &["`tinny` is not served", "`tiny`"]);
    let [edit] = &report.config_edits()[..] else { panic!("{report:#?}") };
    assert_eq!(edit.value(), "lab/tiny");
}

#[tokio::test]
async fn refused_options_of_a_stream_are_mended_in_the_config() {
    let no = refused("stream_options is not supported");
    let (_server, lab) =
        scripted([said("ready"), no, Turn::pieces(["1", " 2", " 3"]).into()]).await;
    let report = examine(&lab, &[Check::Usage]).await;
    expect(&report, Check::Stream, CheckStatus::Pass, &["3 chunks"]);
    expect(&report, Check::Usage, CheckStatus::Fail, &["stream_options is not supported"]);
    let [edit] = &report.config_edits()[..] else { panic!("{report:#?}") };
    let key = "`models.providers.lab.models[0].compat.supportsUsageInStreaming` to `false`";
    assert_eq!(edit.to_string(), key);
}

#[tokio::test]
async fn a_server_that_neither_streams_nor_counts_is_found_out() {
    let whole = r#"{"choices":[{"message":{"content":"ready"},"finish_reason":"stop"}]}"#;
    let server = RawServer::start(move |line| {
        Some(match line {
            "GET /v1/models" => {
                response("200 OK", "application/json", r#"{"data":[{"id":"tiny"}]}"#)
            }
            "POST /v1/chat/completions" => response("200 OK", "application/json", whole),
            _ => response("404 Not Found", "application/json", r#"{"detail":"Not Found"}"#),
        })
    })
    .await;
    let lab = Lab::new(&lab_on(&server.base_url(), ""), &[]);
    let report = examine(&lab, &[]).await;
    expect(&report, Check::Chat, CheckStatus::Pass, &["\"ready\""]);
    expect(&report, Check::Stream, CheckStatus::Fail, &["came whole, as JSON"]);
    expect(&report, Check::Usage, CheckStatus::Skipped, &["`stream` failed"]);
    expect(&report, Check::Window, CheckStatus::Unknown, &["assumed", "contextWindow"]);
    expect(&report, Check::ToolsRequired, CheckStatus::Fail, &["not heeded: \"ready\""]);
    expect(&report, Check::Tokenize, CheckStatus::Unknown, &["404"]);
    expect(
        &report,
        Check::PrefixCache,
        CheckStatus::Unknown,
        &["`--enable-prompt-tokens-details`"],
    );
}

#[tokio::test]
async fn streams_that_break_are_distinguished() {
    let cases = [
        (Reply::from(Turn::pieces(["1", "2"])).error_at(2, "the engine died"), "the engine died"),
        (Reply::from(Turn::pieces(["1", "2"])).hang_up_at(2), "read the whole answer"),
        (Reply::html(), "text/html"),
    ];
    for (reply, evidence) in cases {
        let (_server, lab) = scripted([said("ready"), reply]).await;
        let report = examine(&lab, &[Check::Stream]).await;
        expect(&report, Check::Stream, CheckStatus::Fail, &[evidence]);
    }
}

#[tokio::test]
async fn parts_that_a_template_writes_out_as_they_stand_are_not_read() {
    let read = |tokens: u32| {
        let usage = UsageOverride { prompt: Some(tokens), ..UsageOverride::default() };
        Reply::from(Turn::text("hi").usage(usage))
    };
    for (replies, mark, evidence) in [
        ([said("ready"), read(9), read(9)], CheckStatus::Pass, "lists of parts are taken"),
        ([said("ready"), read(24), read(9)], CheckStatus::Fail, "24 prompt tokens instead of 9"),
    ] {
        let (_server, lab) = scripted(replies).await;
        let report = examine(&lab, &[Check::Content]).await;
        expect(&report, Check::Content, mark, &[evidence]);
    }
}

#[tokio::test]
async fn a_template_without_a_system_role_and_refused_parts_are_found() {
    let no = || refused("System role not supported");
    let replies = [said("ready"), no(), no(), no(), said("hi"), refused("a string is wanted")];
    let (_server, lab) = scripted(replies).await;
    let report = examine(&lab, &[Check::Roles, Check::Content]).await;
    let system = ["400: System role not supported", "`--chat-template FILE`"];
    expect(&report, Check::Roles, CheckStatus::Fail, &system);
    expect(&report, Check::Content, CheckStatus::Fail, &["400: a string is wanted"]);
    let [edit] = &report.config_edits()[..] else { panic!("{report:#?}") };
    assert!(edit.to_string().contains("compat.requiresStringContent` to `true`"), "{edit}");
}

#[tokio::test]
async fn reasoning_is_looked_for_in_fields_and_in_the_text() {
    let field = Turn::empty().then_reasoning("so").then_text("42");
    let (_server, lab) = scripted([said("ready"), field.into()]).await;
    let report = examine(&lab, &[Check::Reasoning]).await;
    expect(&report, Check::Reasoning, CheckStatus::Pass, &["`reasoning`"]);
    let (_server, lab) = scripted([said("ready"), said("<think>so</think>42")]).await;
    let report = examine(&lab, &[Check::Reasoning]).await;
    expect(
        &report,
        Check::Reasoning,
        CheckStatus::Fail,
        &["`<think>`", "`--reasoning-parser deepseek_r1`"],
    );
}

#[tokio::test]
async fn a_server_is_free_as_soon_as_it_is_left() {
    let gate = Gate::new();
    let long = Reply::from(Turn::pieces(["1"; 9])).gate(5, &gate);
    let (_server, lab) = scripted([said("ready"), long]).await;
    let report = examine(&lab, &[Check::Cancel]).await;
    expect(&report, Check::Cancel, CheckStatus::Pass, &["free", "after it was left"]);
}

#[tokio::test(start_paused = true)]
async fn a_check_is_bounded_and_says_by_what() {
    let server = RawServer::start(|line| {
        (line == "GET /v1/models")
            .then(|| response("200 OK", "application/json", r#"{"data":[{"id":"tiny"}]}"#))
    })
    .await;
    let lab = Lab::new(&lab_on(&server.base_url(), ""), &[]);
    let begun = tokio::time::Instant::now();
    let report = examine(&lab, &[]).await;
    assert!(begun.elapsed().as_secs() <= 60 * Check::ALL.len() as u64, "{report:#?}");
    let stopped = [CheckStatus::Fail, CheckStatus::Unknown];
    assert!(stopped.contains(&find(&report, Check::Chat).status), "{report:#?}");
    assert!(format!("{report:?}").contains("the built-in limit of a check"), "{report:#?}");
}

#[tokio::test]
async fn other_languages_are_examined_as_they_are_spoken() {
    for api in ["openai-responses", "anthropic-messages"] {
        let server = MockVllm::builder().start().await.unwrap();
        let lab = Lab::new(&lab_on(&server.base_url(), &format!("api: '{api}'")), &[]);
        let report = examine(&lab, &[]).await;
        assert!(report.is_ok(), "{api}: {report:#?}");
        for check in [Check::Reachable, Check::Auth, Check::Models, Check::Chat, Check::Stream] {
            expect(&report, check, CheckStatus::Pass, &[]);
        }
        expect(&report, Check::Usage, CheckStatus::Pass, &["prompt tokens"]);
        expect(&report, Check::ToolHistory, CheckStatus::Pass, &[]);
        for check in [Check::ToolsRequired, Check::Roles, Check::Tokenize, Check::Cancel] {
            expect(&report, check, CheckStatus::Unknown, &["chat completions alone"]);
        }
        let asked: Vec<_> = server.requests().into_iter().map(|seen| seen.path).collect();
        assert!(!asked.iter().any(|path| path.ends_with("chat/completions")), "{asked:?}");
        assert!(report.lacks.is_empty(), "{report:#?}");
    }
}

#[tokio::test]
async fn a_refusal_fails_in_every_language() {
    for api in ["openai-responses", "anthropic-messages"] {
        let server = MockVllm::builder().start().await.unwrap();
        let lab = Lab::new(&lab_on(&server.base_url(), &format!("api: '{api}'")), &[]);
        server.push(refused("this is no request"));
        let report = examine(&lab, &[]).await;
        expect(&report, Check::Chat, CheckStatus::Fail, &["this is no request"]);
        expect(&report, Check::Stream, CheckStatus::Skipped, &[]);
    }
}
