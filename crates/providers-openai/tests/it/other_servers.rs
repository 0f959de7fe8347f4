//! Recorded responses of a `LiteLLM` proxy before vLLM, and of llama-cpp-python.

use std::path::Path;
use std::sync::Arc;

use openclaw_core::{ChatModel, ChatRequest, History, ModelErrorKind};
use openclaw_providers_openai::{ChatApi, OpenAiModel, find_context_windows, list_models};
use openclaw_test_support::client::{client, info, read};
use openclaw_test_support::raw_server::RawServer;

use crate::recordings::shown;
use crate::talk::read_tool;

const RECORDINGS: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/other-servers");

fn recorded(name: &str) -> Vec<u8> {
    std::fs::read(Path::new(RECORDINGS).join(name).with_extension("res")).unwrap()
}

async fn server(answers: &'static [(&'static str, &'static str)]) -> RawServer {
    RawServer::start(move |line| {
        let found = answers.iter().find(|(wanted, _)| line == *wanted)?;
        Some(recorded(found.1))
    })
    .await
}

#[tokio::test]
async fn each_answer_comes_to_what_it_says() {
    let overflow = |window, prompt| ModelErrorKind::ContextOverflow {
        context_window: window,
        prompt_tokens: prompt,
    };
    let mut found = Vec::new();
    let table = [
        ("litellm/chat-stream", Ok("Truncated")),
        ("litellm/tool-stream", Ok("ToolCalls +read")),
        ("litellm/gone-stream", Err(ModelErrorKind::Interrupted)),
        ("litellm/max-tokens", Err(overflow(Some(8192), None))),
        ("litellm/overflow-stream", Err(overflow(Some(8192), None))),
        ("litellm/overflow-openai-stream", Err(overflow(Some(8192), None))),
        ("litellm/unknown-model", Err(ModelErrorKind::UnknownModel)),
        ("litellm/responses-stream", Ok("Truncated")),
        ("llama-cpp-python/chat-stream", Ok("Truncated")),
        ("llama-cpp-python/tools-auto-stream", Ok("ToolCalls +read")),
        ("llama-cpp-python/tools-named-stream", Ok("ToolCalls +read")),
        ("llama-cpp-python/overflow", Err(overflow(Some(8192), Some(9025)))),
        ("llama-cpp-python/overflow-stream", Err(ModelErrorKind::Interrupted)),
    ];
    for (name, _) in &table {
        let bytes = Arc::new(recorded(name));
        let server = RawServer::start(move |_| Some(bytes.to_vec())).await;
        let model = OpenAiModel::new(client(&server.base_url()), info("tiny", 8192));
        let is_responses = name.contains("responses");
        let model =
            model.with_api(if is_responses { ChatApi::Responses } else { ChatApi::default() });
        let mut history = History::new();
        history.push_user_message("hi");
        let request = ChatRequest { tools: [read_tool()].into(), ..ChatRequest::new(history) };
        let end = match model.stream_chat(request).await {
            Ok(stream) => read(stream).await.1,
            Err(error) => Err(error),
        };
        let shown = end.as_ref().map(|_| shown(&end)).map_err(openclaw_core::ModelError::kind);
        found.push((*name, shown));
    }
    let expected = table.map(|(name, end)| (name, end.map(str::to_owned)));
    assert_eq!(found, expected);
}

#[tokio::test]
async fn models_are_found_with_the_windows_that_a_proxy_tells() {
    let answers =
        &[("GET /v1/models", "litellm/models"), ("GET /model/info", "litellm/model-info")];
    let proxy = server(answers).await;
    let client = client(&proxy.base_url());
    let mut served = list_models(&client).await.unwrap();
    find_context_windows(&client, &mut served, None).await;
    let tiny = served.iter().find(|model| model.id == "tiny").unwrap();
    assert_eq!(tiny.context_window, Some(8192), "{tiny:?}");
    assert!(tiny.context_window_source.as_deref().unwrap().contains("/model/info"), "{tiny:?}");
}

#[tokio::test]
async fn a_wrong_key_is_reported_in_a_shape_of_its_own() {
    let server = server(&[("GET /v1/models", "llama-cpp-python/models-badkey")]).await;
    let error = list_models(&client(&server.base_url())).await.unwrap_err();
    assert_eq!(error.kind(), ModelErrorKind::Auth, "{error}");
    assert!(error.to_string().contains("Invalid API key"), "{error}");
}
