//! Estimates are close to the server's counts, windows are learned, and what does not fit is
//! reduced.

use openclaw_core::{
    ChatEvent, ChatModel, ChatRequest, History, LimitSource, ModelErrorKind, ModelInfo,
    ModelLimits, TokenCount,
};
use openclaw_mock_vllm::{ErrorBody, MockVllm, ModelSpec, Reply, Turn, UsageOverride};
use openclaw_providers_openai::{OpenAiModel, ServerFeature};
use openclaw_test_support::client::{client, info, read};
use proptest::prelude::*;

use crate::talk::{asked, request, says};

const WINDOW: u32 = 1_000_000;

async fn server() -> MockVllm {
    MockVllm::builder().model(ModelSpec::new("tiny", WINDOW)).start().await.unwrap()
}

fn model(server: &MockVllm, window: u32, output: Option<u32>) -> OpenAiModel {
    let info = info("tiny", window);
    let limits = ModelLimits { max_output_tokens: output, ..info.limits };
    OpenAiModel::new(client(&server.base_url()), ModelInfo { limits, ..info })
}

fn refusal(message: &str) -> Reply {
    let kind = "BadRequestError".to_owned();
    Reply::status(400, ErrorBody::Error { message: message.to_owned(), kind })
}

/// Sends a request; returns the estimate, the server's count, and the notes.
async fn sized(model: &OpenAiModel, history: &History) -> (TokenCount, u32, Vec<String>) {
    let tail = Some("[It is Saturday, 2026-11-21 06:10 UTC.]".into());
    let request = ChatRequest { suffix: tail, ..request(history) };
    let before = model.count_tokens(&request).await.unwrap();
    let (pieces, end) = read(model.stream_chat(request).await.unwrap()).await;
    let told = pieces.into_iter().filter_map(|piece| match piece {
        ChatEvent::RequestAdapted { message: how } => Some(how),
        _ => None,
    });
    (before, end.unwrap().2.unwrap().input_tokens, told.collect())
}

/// Text of one kind, as long as a tool's output may be.
fn text(kind: usize, seed: usize, lines: usize) -> String {
    let line = |at: usize| {
        let n = (seed * 31 + at * 17) % 997;
        match kind {
            0 => format!("The {n}th file of the project was changed by a commit on day {at}.\n"),
            1 => format!("    let value_{n} = table.get(\"key-{at}\").map(|it| it + {n});\n"),
            2 => format!("{{\"id\": {n}, \"name\": \"item {at}\", \"tags\": [\"a\", \"b\"]}}\n"),
            _ => format!("\u{7b2c}{n}\u{9805}\u{306f}{at}\u{65e5}\u{306b}\u{5909}\u{66f4}\n"),
        }
    };
    (0..lines).map(line).collect()
}

fn runtime() -> tokio::runtime::Runtime {
    tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]

    /// After three turns of text of one kind, the estimate is within one percent.
    #[test]
    fn the_count_is_right_after_three_turns(
        kind in 0_usize..4,
        lines in proptest::collection::vec(10_usize..60, 6),
    ) {
        runtime().block_on(async {
            let server = server().await;
            let model = model(&server, WINDOW, None);
            let mut history = asked(&text(kind, 0, 20));
            for (turn, lines) in lines.into_iter().enumerate() {
                server.push(Turn::text(text(kind, turn + 7, 5)));
                let (before, counted, _) = sized(&model, &history).await;
                if turn == 0 {
                    assert!(matches!(before, TokenCount::Estimate(_)), "{before:?}");
                } else {
                    assert!(matches!(before, TokenCount::Calibrated(_)), "{before:?}");
                }
                if turn >= 3 {
                    let error = before.token_count().abs_diff(counted);
                    assert!(error * 100 <= counted, "turn {turn}: {before:?} of {counted}");
                }
                history.push_assistant_message(says(&text(kind, turn + 7, 5))).unwrap();
                history.push_user_message(&text(kind, turn + 1, lines));
            }
        });
    }

    /// Near the limit, uncounted bytes are not estimated by the ratio of earlier text, and no
    /// estimate is below one token for eight bytes.
    #[test]
    fn a_change_of_kind_is_not_underestimated_near_the_limit(
        first in 0_usize..4,
        second in 0_usize..3,
    ) {
        runtime().block_on(async {
            let server = server().await;
            let model = model(&server, 4096, None);
            let mut history = asked(&text(first, 0, 10));
            let (_, before, _) = sized(&model, &history).await;
            history.push_assistant_message(says("Yes.")).unwrap();
            history.push_user_message(&text(second, 1, 200));
            let body = openclaw_providers_openai::chat_completion_body("", &request(&history), None, &model.capability_store().current_capabilities());
            let bytes = u32::try_from(body.len()).unwrap();
            let size = model.prompt_size(&request(&history));
            let count = size.count.token_count();
            assert!(count >= bytes / 8);
            assert!(count * 10 >= (before + bytes / 3) * 8, "{count} of {bytes} bytes");
            let (_, counted, _) = sized(&model, &history).await;
            assert!(size.upper_bound >= counted, "{size:?} {counted}");
        });
    }
}

#[tokio::test]
async fn counts_of_other_conversations_help_too() {
    let server = server().await;
    let model = model(&server, WINDOW, None);
    for seed in 0..3 {
        let (before, counted, _) = sized(&model, &asked(&text(0, seed, 50))).await;
        let error = before.token_count().abs_diff(counted);
        assert!(seed == 0 || error * 20 <= counted, "{before:?} of {counted}");
    }
    let ratio = model.capability_store().current_capabilities().tokens_per_kilobyte.unwrap();
    assert!((200..600).contains(&ratio), "{ratio}");
}

#[tokio::test]
async fn an_overflow_is_made_to_fit_once_and_remembered() {
    let server = server().await;
    let model = model(&server, 128_000, Some(8192));
    server.push(refusal(
        "'max_tokens' or 'max_completion_tokens' is too large: 8192. This model's maximum context \
         length is 16384 tokens and your request has 13612 input tokens (8192 > 16384 - 13612).",
    ));
    let (_, _, told) = sized(&model, &asked("hi")).await;
    let [window, room] = told.as_slice() else { panic!("{told:?}") };
    assert!(window.contains("16384") && window.contains("`contextWindow`"), "{window}");
    assert!(room.contains("13612") && room.contains("2772"), "{room}");
    let sent = server.requests();
    assert_eq!(sent.len(), 2);
    assert_eq!(sent[0].json()["max_tokens"], 8192);
    assert_eq!(sent[1].json()["max_tokens"], 2772);
    let limits = model.model_info().limits;
    assert_eq!(
        (limits.context_window, limits.context_window_source),
        (16_384, LimitSource::Server)
    );
}

#[tokio::test]
async fn an_overflow_that_cannot_be_mended_goes_up_with_its_numbers() {
    let overflow = |window, prompt| ModelErrorKind::ContextOverflow {
        context_window: window,
        prompt_tokens: prompt,
    };
    let table = [
        (
            "This model's maximum context length is 16384 tokens. However, you requested 122946 \
             tokens (112946 in the messages, 10000 in the completion). Please reduce the length.",
            overflow(Some(16_384), Some(112_946)),
        ),
        (
            "This model's maximum context length is 16384 tokens and your request has 16200 input \
             tokens",
            overflow(Some(16_384), Some(16_200)),
        ),
        (
            "This model's maximum context length is 16384 tokens. However, your prompt contains at \
             least 16385 input tokens, which exceeds this limit even without any output tokens.",
            overflow(Some(16_384), None),
        ),
        (
            "max_tokens must be at least 1, got 0. (parameter=max_tokens, value=0)",
            overflow(Some(128_000), None),
        ),
        ("Context size has been exceeded.", overflow(Some(128_000), None)),
    ];
    for (message, kind) in table {
        let server = server().await;
        let model = model(&server, 128_000, None);
        (0..2).for_each(|_| server.push(refusal(message)));
        let request = ChatRequest { max_output_tokens: Some(128_000), ..request(&asked("hi")) };
        let error = match model.stream_chat(request).await {
            Ok(stream) => read(stream).await.1.unwrap_err(),
            Err(error) => error,
        };
        assert_eq!(error.kind(), kind, "{message}");
        assert!(error.hints().iter().all(|hint| hint.contains("16384")), "{:?}", error.hints());
        assert_eq!(server.requests().len(), 1, "{message}");
    }
}

#[tokio::test]
async fn a_prompt_that_was_cut_in_silence_is_reported_and_the_window_kept_to() {
    let server = server().await;
    let words = "word ".repeat(9_928);
    for (read_of_it, expected) in
        [(4096, Some(4096)), (3871, Some(4096)), (9_950, None), (35, None)]
    {
        let model = model(&server, 32_768, None);
        let usage = UsageOverride { prompt: Some(read_of_it), ..UsageOverride::default() };
        server.push(Turn::text("yes").usage(usage));
        let (_, _, told) = sized(&model, &asked(&words)).await;
        assert_eq!(
            model.capability_store().current_capabilities().context_window,
            expected,
            "{read_of_it}"
        );
        match expected {
            Some(window) => {
                let [how] = told.as_slice() else { panic!("{told:?}") };
                assert!(how.contains(&format!("only {read_of_it} of at least 9928")), "{how}");
                assert!(how.contains("`contextWindow`"), "{how}");
                assert_eq!(model.model_info().limits.context_window, window);
            }
            None => assert!(told.is_empty(), "{told:?}"),
        }
    }
}

#[tokio::test]
async fn a_conversation_that_shrinks_at_the_server_was_cut() {
    let server = server().await;
    let model = model(&server, 32_768, None);
    // Text without blanks has no certain least number of tokens, unless it was counted.
    let mut history = asked(&"\u{4f60}\u{597d}".repeat(4_000));
    let (_, counted, told) = sized(&model, &history).await;
    assert!(counted > 8_000 && told.is_empty());
    history.push_assistant_message(says("Yes.")).unwrap();
    history.push_user_message("And now?");
    let usage = UsageOverride { prompt: Some(2048), ..UsageOverride::default() };
    server.push(Turn::text("What?").usage(usage));
    let (_, _, told) = sized(&model, &history).await;
    assert_eq!((told.len(), model.model_info().limits.context_window), (1, 2048));
}

#[tokio::test]
async fn without_usage_nothing_is_learned_and_nothing_is_reported() {
    let server = server().await;
    let model = model(&server, WINDOW, None);
    model.capability_store().mark_unsupported(ServerFeature::StreamUsage);
    let (pieces, end) = read(model.stream_chat(request(&asked("hi"))).await.unwrap()).await;
    assert_eq!(end.unwrap().2, None);
    assert!(!pieces.iter().any(|piece| matches!(piece, ChatEvent::RequestAdapted { .. })));
    assert_eq!(model.capability_store().current_capabilities().tokens_per_kilobyte, None);
}
