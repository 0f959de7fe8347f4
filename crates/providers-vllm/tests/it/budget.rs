//! Prompt and answer fit into the window, and the server counts tokens only where it matters.

use std::sync::Arc;

use openclaw_core::{
    ChatModel, ChatRequest, ModelErrorKind, TokenCount, ToolArguments, ToolName, ToolSpec,
};
use openclaw_mock_vllm::{MockVllm, ModelSpec};
use openclaw_test_support::client::read;
use openclaw_test_support::raw_server::{RawServer, response};

use crate::vllm::{model, paths, question};

const TOKENIZE: &str = "/tokenize";
const CHAT: &str = "/v1/chat/completions";

#[tokio::test]
async fn the_prompt_is_counted_near_the_limit_and_not_far_from_it() {
    let words = |count: usize| "word ".repeat(count);
    let table = [
        ("nothing is near", words(10), Some(256), vec![CHAT]),
        ("the answer is near", words(10), Some(4_000), vec![TOKENIZE, CHAT]),
        ("the prompt is near", "abcd".repeat(2_800), None, vec![TOKENIZE, CHAT]),
        ("without a cap there is room", words(1_000), None, vec![CHAT]),
    ];
    for (name, text, output, expected) in table {
        let server = MockVllm::builder().start().await.unwrap();
        let model = model(&server.base_url(), 4096, output);
        read(model.stream_chat(question(&text)).await.unwrap()).await.1.unwrap();
        assert_eq!(paths(&server), expected, "{name}");
    }
}

/// Texts whose tokens cannot be estimated from their length.
fn texts() -> [String; 4] {
    [
        "many words ".repeat(250),
        "0\n".repeat(900),
        "{[(;,.!?)]}".repeat(160),
        "\u{4f60}\u{597d}\u{1f600}".repeat(300),
    ]
}

#[tokio::test]
async fn prompt_and_answer_always_fit() {
    let server = MockVllm::builder().start().await.unwrap();
    for wanted in [64, 1_000, 2_500, 4_096, 100_000] {
        let model = model(&server.base_url(), 4096, Some(wanted));
        for text in texts() {
            let TokenCount::Exact(prompt) = model.count_tokens(&question(&text)).await.unwrap()
            else {
                panic!("the server counts");
            };
            read(model.stream_chat(question(&text)).await.unwrap()).await.1.unwrap();
            let body = server.requests().pop().unwrap().json();
            let asked = u32::try_from(body["max_tokens"].as_u64().unwrap()).unwrap();
            assert!(prompt + asked <= 4096, "{prompt} and {asked} of {wanted}");
            assert_eq!(asked, wanted.min(4096 - prompt), "no more is cut than must be");
        }
    }
}

#[tokio::test]
async fn the_request_may_ask_for_less_than_the_model_allows() {
    let server = MockVllm::builder().start().await.unwrap();
    let model = model(&server.base_url(), 4096, Some(512));
    for (wanted, expected) in [(Some(100), 100), (Some(900), 512), (None, 512)] {
        let request = ChatRequest { max_output_tokens: wanted, ..question("hi") };
        read(model.stream_chat(request).await.unwrap()).await.1.unwrap();
        assert_eq!(server.requests().pop().unwrap().json()["max_tokens"], expected);
    }
}

#[tokio::test]
async fn too_little_room_is_refused_before_sending() {
    let server = MockVllm::builder().start().await.unwrap();
    let model = model(&server.base_url(), 4096, Some(512));
    let text = "word ".repeat(5_000);
    let TokenCount::Exact(prompt) = model.count_tokens(&question(&text)).await.unwrap() else {
        panic!("the server counts");
    };
    let error = model.stream_chat(question(&text)).await.err().unwrap();
    let expected =
        ModelErrorKind::ContextOverflow { context_window: Some(4096), prompt_tokens: Some(prompt) };
    assert_eq!(error.kind(), expected, "{error}");
    let [hint] = error.hints() else { panic!("{:?}", error.hints()) };
    assert!(hint.contains("--max-model-len"), "{hint}");
    assert_eq!(paths(&server), [TOKENIZE, TOKENIZE]);
}

#[tokio::test]
async fn tools_and_system_prompt_are_counted_too() {
    let server = MockVllm::builder().model(ModelSpec::new("tiny", 65_536)).start().await.unwrap();
    let model = model(&server.base_url(), 65_536, None);
    let bare = model.count_tokens(&question("hi")).await.unwrap();
    let tool = ToolSpec {
        name: ToolName::new("read").unwrap(),
        description: "Reads a file.".into(),
        parameters: Arc::new(ToolArguments::default().to_value()),
    };
    let with_tools = ChatRequest { tools: [tool].into(), ..question("hi") };
    let with_system = ChatRequest { system_prompt: Some("Be brief.".into()), ..question("hi") };
    for request in [with_tools, with_system] {
        let TokenCount::Exact(counted) = model.count_tokens(&request).await.unwrap() else {
            panic!("the server counts");
        };
        assert!(counted > bare.token_count());
        // The count equals the usage that the server reports.
        let (_, _, usage) = read(model.stream_chat(request).await.unwrap()).await.1.unwrap();
        assert_eq!(usage.unwrap().input_tokens, counted);
    }
}

#[tokio::test]
async fn without_a_count_an_estimate_does() {
    for (status, content_type, body) in [
        ("404 Not Found", "application/json", r#"{"detail":"Not Found"}"#),
        ("403 Forbidden", "text/plain", "no"),
        ("200 OK", "text/html", "<!doctype html><p>hello</p>"),
        ("200 OK", "application/json", r#"{"tokens":[]}"#),
    ] {
        let server = RawServer::start(move |line| {
            Some(if line == "POST /tokenize" {
                response(status, content_type, body)
            } else {
                let text = "data: {\"choices\":[{\"delta\":{\"content\":\"so\"},\
                            \"finish_reason\":\"stop\"}]}\n\n";
                response("200 OK", "text/event-stream", text)
            })
        })
        .await;
        let model = model(&server.base_url(), 4096, Some(4096));
        let counted = model.count_tokens(&question("hi")).await.unwrap();
        assert!(matches!(counted, TokenCount::Estimate(1..)), "{counted:?}");
        let (message, ..) = read(model.stream_chat(question("hi")).await.unwrap()).await.1.unwrap();
        assert_eq!(message.text, "so");
    }
}
