//! The model on the real vLLM whose address `OPENCLAW_LIVE_VLLM` gives, e.g. one that
//! `cargo xtask vllm up` started. Without it each test says that it is skipped.
//!
//! The model's weights are random, so only what holds for any answer is checked.
#![expect(clippy::disallowed_methods, reason = "variables say where the real server is")]

use std::env;

use openclaw_core::{
    AnswerOutcome, AssistantMessage, ChatEvent, ChatModel, ChatRequest, History, LimitSource,
    ModelErrorKind, TokenCount, ToolChoice, ToolName,
};
use openclaw_providers_anthropic::{MessagesModel, MessagesParams, list_models};
use openclaw_test_support::client::read;
use serde_json::{Value, json};

use crate::talk::{answer_all, clock, keyed, model, question, ready};

/// The base URL of the server and its key, if there is one.
fn server() -> Option<(String, String)> {
    let url = env::var("OPENCLAW_LIVE_VLLM").unwrap_or_default();
    if url.is_empty() {
        println!("skipped: OPENCLAW_LIVE_VLLM is not set");
        return None;
    }
    let key = env::var("OPENCLAW_LIVE_VLLM_KEY").unwrap_or_else(|_| "vllm-local".to_owned());
    Some((url, key))
}

fn live(window: u32, output: u32) -> Option<MessagesModel> {
    let (url, key) = server()?;
    Some(model(keyed(&url, &key), window, Some(output)))
}

#[tokio::test]
async fn a_text_is_read_with_its_counts() {
    let Some(model) = live(4096, 8) else { return };
    let (_, end) = read(model.stream_chat(question("Say hi.")).await.unwrap()).await;
    let (message, outcome, usage) = end.unwrap();
    // Random words up to the limit; with a reasoning parser all of them are reasoning.
    let expected = if message.text.is_empty() {
        AnswerOutcome::ReasoningTruncated
    } else {
        AnswerOutcome::Truncated
    };
    assert_eq!(outcome, expected, "{message:?}");
    let usage = usage.unwrap();
    assert_eq!(usage.output_tokens, 8);
    let counted = model.count_tokens(&question("Say hi.")).await.unwrap();
    assert!(counted.token_count() >= usage.input_tokens / 4, "{counted:?} {usage:?}");
}

#[tokio::test]
async fn a_prompt_is_counted_exactly_near_the_limit_and_served_from_the_cache() {
    let Some(model) = live(4096, 8) else { return };
    let long = question(&"hello there, ".repeat(750));
    let (_, end) = read(model.stream_chat(long.clone()).await.unwrap()).await;
    // The answer's usage shows how many tokens these words have.
    let usage = end.unwrap().2.unwrap();
    let counted = model.count_tokens(&long).await.unwrap();
    assert_eq!(counted, TokenCount::Exact(usage.input_tokens));
    let (_, end) = read(model.stream_chat(long).await.unwrap()).await;
    let usage = end.unwrap().2.unwrap();
    assert_eq!(usage.input_tokens, counted.token_count());
    assert!(
        usage.cached_tokens.is_some_and(|cached| cached > 0 && cached < usage.input_tokens),
        "{usage:?}"
    );
}

#[tokio::test]
async fn what_does_not_fit_is_refused_with_the_window_or_made_to_fit() {
    let Some(model) = live(1_000_000, 100_000) else { return };
    // The request exceeds the window: the server names its size, and gets a lower limit.
    let (events, end) = read(model.stream_chat(question("hi")).await.unwrap()).await;
    end.unwrap();
    assert!(
        events.iter().any(|event| matches!(event, ChatEvent::RequestAdapted { .. })),
        "{events:?}"
    );
    let limits = model.model_info().limits;
    assert!(limits.context_window < 1_000_000, "{limits:?}");
    assert_eq!(limits.context_window_source, LimitSource::Server);
    let Some(fresh) = live(1_000_000, 8) else { return };
    let error = fresh.stream_chat(question(&"many words ".repeat(40_000))).await.err().unwrap();
    let kind = ModelErrorKind::ContextOverflow {
        context_window: Some(limits.context_window),
        prompt_tokens: None,
    };
    assert_eq!(error.kind(), kind, "{error}");
}

#[tokio::test]
async fn refusals_have_their_kind_and_models_are_listed() {
    let Some((url, key)) = server() else { return };
    let wrong = model(keyed(&url, "not-the-key"), 4096, Some(8));
    let error = wrong.stream_chat(question("hi")).await.err().unwrap();
    assert_eq!(error.kind(), ModelErrorKind::Auth, "{error}");
    let listed = list_models(&keyed(&url, &key)).await.unwrap();
    assert!(
        listed.iter().any(|model| model.id == "tiny" && model.context_window.is_some()),
        "{listed:?}"
    );
    let info = openclaw_test_support::client::info("nope", 4096);
    let unknown = MessagesModel::new(keyed(&url, &key), info);
    let error = unknown.stream_chat(question("hi")).await.err().unwrap();
    assert_eq!(error.kind(), ModelErrorKind::UnknownModel, "{error}");
}

/// A forced call, which with a reasoning parser follows reasoning with its own limit.
#[tokio::test]
async fn calls_and_thoughts_go_there_and_back() {
    let Some(plain) = live(4096, 1500) else { return };
    let params = json!({"thinking": {"type": "enabled", "budget_tokens": 1024}, "temperature": 1});
    let Value::Object(params) = params else { panic!() };
    let mut model = plain.clone().with_params(MessagesParams::new(params).0);
    let mut history = History::new();
    history.push_user_message("What time is it?");
    let forced = |history: &History| ChatRequest {
        tools: [clock()].into(),
        tool_choice: ToolChoice::Named(ToolName::new("now").unwrap()),
        ..ChatRequest::new(history.clone())
    };
    let (_, mut end) = read(model.stream_chat(forced(&history)).await.unwrap()).await;
    // How vLLM without a reasoning parser answers a request with `thinking`.
    if end.as_ref().is_err_and(|error| error.to_string().contains("validation errors")) {
        println!("skipped: thoughts, for which this server has no parser");
        model = plain;
        (_, end) = read(model.stream_chat(forced(&history)).await.unwrap()).await;
    }
    let (message, outcome, _) = end.unwrap();
    println!("{outcome:?}, reasoned: {}, calls: {:?}", message.reasoning.is_some(), message.calls);
    // A random model may not finish; what it wrote must be one that can be continued.
    let calls = ready(&message.calls);
    if history.push_assistant_message(message).is_err() {
        history.push_assistant_message(AssistantMessage::from_text("…")).unwrap();
    }
    answer_all(&mut history, "12:00");
    if history.open_calls().next().is_none() && calls.is_empty() {
        history.push_user_message("And now?");
    }
    let request = ChatRequest { max_output_tokens: Some(8), ..ChatRequest::new(history) };
    let (_, end) = read(model.stream_chat(request).await.unwrap()).await;
    end.unwrap();
}
