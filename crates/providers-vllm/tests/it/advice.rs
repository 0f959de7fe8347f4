//! Hints for vLLM's errors, in vLLM's own words.

use std::sync::Arc;

use openclaw_core::{
    ChatEvent, ChatModel, ChatRequest, ModelErrorKind, ToolArguments, ToolChoice, ToolName,
    ToolSpec,
};
use openclaw_mock_vllm::{ErrorBody, MockVllm, ModelSpec, Reply, Turn};
use openclaw_providers_vllm::VllmModel;
use openclaw_test_support::client::{client, info, read};

use crate::vllm::{model, question};

fn with_tool(choice: ToolChoice) -> ChatRequest {
    let tool = ToolSpec {
        name: ToolName::new("read").unwrap(),
        description: "Reads a file.".into(),
        parameters: Arc::new(ToolArguments::default().to_value()),
    };
    ChatRequest { tools: [tool].into(), tool_choice: choice, ..question("hi") }
}

#[tokio::test]
async fn the_flags_of_a_missing_tool_parser_are_named_and_tools_are_sent_as_text() {
    let server = MockVllm::builder().auto_tool_choice(false).start().await.unwrap();
    let named = ToolChoice::Named(ToolName::new("read").unwrap());
    for choice in [ToolChoice::Auto, named] {
        let model = model(&server.base_url(), 4096, None);
        let (pieces, end) = read(model.stream_chat(with_tool(choice)).await.unwrap()).await;
        assert!(end.is_ok());
        let told: Vec<_> = pieces
            .iter()
            .filter_map(|piece| match piece {
                ChatEvent::RequestAdapted { message } => Some(message),
                _ => None,
            })
            .collect();
        let [how] = told.as_slice() else { panic!("{told:?}") };
        assert!(how.contains("`--enable-auto-tool-choice --tool-call-parser NAME`"), "{how}");
        let body = server.requests().pop().unwrap().json();
        assert!(body.get("tools").is_none(), "{body}");
        assert!(body["messages"][0]["content"].as_str().unwrap().contains("\"name\":\"read\""));
        assert!(model.model_info().capabilities.tools);
    }
}

#[tokio::test]
async fn refusals_in_vllms_words_have_advice() {
    let template = "As of transformers v4.44, default chat template is no longer allowed, so you \
                    must provide a chat template if the tokenizer does not define one.";
    let engine = "EngineCore encountered an issue. See stack trace (above) for the root cause.";
    let long = "This model's maximum context length is 4096 tokens. However, your prompt contains \
                at least 4097 input tokens, which exceeds this limit even without any output tokens.";
    for (status, message, part) in [
        (400, "System role not supported", "no system role"),
        (400, template, "`--chat-template FILE`"),
        (400, "Invalid grammar specification: 'triggers'", "schema"),
        (500, engine, "Restart vLLM"),
        (400, long, "`--max-model-len`"),
    ] {
        let server = MockVllm::builder().start().await.unwrap();
        let body =
            ErrorBody::Error { message: message.to_owned(), kind: "BadRequestError".to_owned() };
        for _ in 0..2 {
            server.push(Reply::status(status, body.clone()));
        }
        let model = model(&server.base_url(), 4096, None);
        let error = model.stream_chat(question("hi")).await.err().unwrap();
        let [hint] = error.hints() else { panic!("{message}: {:?}", error.hints()) };
        assert!(hint.contains(part), "{message}: {hint}");
    }
}

#[tokio::test]
async fn an_engine_that_dies_in_mid_answer_is_advised_on_too() {
    let server = MockVllm::builder().start().await.unwrap();
    server.push(Reply::from(Turn::pieces(["one", "two"])).engine_dies_at(2));
    let model = model(&server.base_url(), 4096, None);
    let error = read(model.stream_chat(question("hi")).await.unwrap()).await.1.unwrap_err();
    assert_eq!(error.kind(), ModelErrorKind::Interrupted);
    let [hint] = error.hints() else { panic!("{:?}", error.hints()) };
    assert!(hint.contains("Restart vLLM"), "{hint}");
}

#[tokio::test]
async fn other_refusals_have_none() {
    let server = MockVllm::builder().start().await.unwrap();
    let body = ErrorBody::Error {
        message: "top_p must be in (0, 1]".to_owned(),
        kind: "BadRequestError".to_owned(),
    };
    server.push(Reply::status(400, body));
    let error =
        model(&server.base_url(), 4096, None).stream_chat(question("hi")).await.err().unwrap();
    assert_eq!((error.kind(), error.hints()), (ModelErrorKind::Rejected, &[][..]));
}

#[tokio::test]
async fn an_unknown_model_is_answered_with_the_nearest() {
    let ids = ["qwen3-8b", "meta-llama/Llama-3.3-70B-Instruct", "gemma-3", "tiny"];
    let builder = ids
        .iter()
        .fold(MockVllm::builder(), |builder, id| builder.model(ModelSpec::new(*id, 4096)));
    let server = builder.start().await.unwrap();
    let model = VllmModel::new(client(&server.base_url()), info("llama-3.3-70b-instruct", 4096));
    let error = model.stream_chat(question("hi")).await.err().unwrap();
    assert_eq!(error.kind(), ModelErrorKind::UnknownModel, "{error}");
    let [hint] = error.hints() else { panic!("{:?}", error.hints()) };
    let expected = "The server serves `lab/meta-llama/Llama-3.3-70B-Instruct`, ";
    assert!(hint.starts_with(expected), "{hint}");
    assert_eq!(hint.matches('`').count(), 6, "{hint}");
}
