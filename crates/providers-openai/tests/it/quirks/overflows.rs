//! Overflow errors of different servers.

use openclaw_core::{AnswerOutcome, ChatModel, ChatRequest, ModelErrorKind};
use openclaw_mock_vllm::{ErrorBody, MockVllm, ModelSpec, Reply};
use openclaw_providers_openai::OpenAiModel;
use openclaw_test_support::client::{client, info, read};

use super::{DONE, STOP, WIDE, ask, sse};
use crate::talk::{asked, request};

/// A row: a name, the status, the error, the requested answer tokens, and the result: the tokens
/// requested in the second request, or the window and the prompt of the failure.
type Row = (&'static str, u16, &'static str, u32, Result<u32, &'static str>);

const OVERFLOWS: &[Row] = &[
    (
        "vLLM, the answer",
        400,
        r#"{"message":"'max_tokens' or 'max_completion_tokens' is too large: 8192. This model's maximum context length is 16384 tokens and your request has 13612 input tokens (8192 > 16384 - 13612).","type":"BadRequestError","param":"max_tokens","code":400}"#,
        8192,
        Ok(2772),
    ),
    (
        "vLLM, both, and the messages alone are too many",
        400,
        r#"{"message":"This model's maximum context length is 16384 tokens. However, you requested 122946 tokens (112946 in the messages, 10000 in the completion). Please reduce the length of the messages or completion.","type":"BadRequestError","param":null,"code":400}"#,
        10_000,
        Err("Some(16384) Some(112946)"),
    ),
    (
        "vLLM, both, and the messages have room",
        400,
        r#"{"message":"This model's maximum context length is 131072 tokens. However, you requested 132946 tokens (112946 in the messages, 20000 in the completion). Please reduce the length of the messages or completion.","type":"BadRequestError","param":null,"code":400}"#,
        20_000,
        Ok(18_126),
    ),
    (
        "vLLM, the answer, and the prompt was not counted to its end",
        400,
        r#"{"message":"This model's maximum context length is 128000 tokens. However, you requested 65535 output tokens and your prompt contains at least 62466 input tokens, for a total of at least 128001 tokens. Please reduce the length of the input prompt or the number of requested output tokens.","type":"BadRequestError","param":"input_tokens","code":400}"#,
        65_535,
        Ok(32_767),
    ),
    (
        "vLLM, the prompt",
        400,
        r#"{"message":"This model's maximum context length is 4096 tokens. However, your prompt contains 5000 input tokens, which exceeds this limit even without any output tokens. Please reduce the length of the input prompt.","type":"BadRequestError","param":"input_tokens","code":400}"#,
        512,
        Err("Some(4096) Some(5000)"),
    ),
    (
        "vLLM, the prompt, not counted to its end",
        400,
        r#"{"message":"This model's maximum context length is 4096 tokens. However, your prompt contains at least 4097 input tokens, which exceeds this limit even without any output tokens. Please reduce the length of the input prompt.","type":"BadRequestError","param":"input_tokens","code":400}"#,
        512,
        Err("Some(4096) None"),
    ),
    (
        "vLLM, the characters of the prompt",
        400,
        r#"{"message":"This model's maximum context length is 4096 tokens. However, your prompt contains 900000 characters (more than 524288 characters, which is the upper bound for 4096 input tokens). Please reduce the length of the input prompt.","type":"BadRequestError","param":"input_text","code":400}"#,
        512,
        Err("Some(4096) None"),
    ),
    (
        "vLLM, in words that are not known, about the prompt",
        400,
        r#"{"message":"It does not fit.","type":"BadRequestError","param":"input_tokens","code":400}"#,
        512,
        Err("Some(1000000) None"),
    ),
    (
        "vLLM, the input's length",
        400,
        r#"{"message":"Input length (5000) exceeds model's maximum context length (4096).","type":"BadRequestError","param":null,"code":400}"#,
        512,
        Err("Some(4096) Some(5000)"),
    ),
    (
        "llama.cpp, the request",
        400,
        r#"{"code":400,"message":"request (66202 tokens) exceeds the available context size (65536 tokens), try increasing it","type":"exceed_context_size_error","n_prompt_tokens":66202,"n_ctx":65536}"#,
        512,
        Err("Some(65536) Some(66202)"),
    ),
    (
        "llama.cpp, while it answers",
        500,
        r#"{"code":500,"message":"Context size has been exceeded.","type":"server_error"}"#,
        512,
        Err("Some(1000000) None"),
    ),
    (
        "OpenRouter",
        400,
        r#"{"message":"This endpoint's maximum context length is 262144 tokens. However, you requested about 284283 tokens (8963 of text input, 13176 of tool input, 262144 in the output). Please reduce the length of either one, or use the \"middle-out\" transform to compress your prompt automatically.","code":400}"#,
        262_144,
        Ok(240_005),
    ),
    (
        "LM Studio",
        400,
        r#"{"message":"Trying to keep the first 111490 tokens when context the overflows. However, the model is loaded with context length of only 32768 tokens, which is not enough. Try to load the model with a larger context length, or provide a shorter input"}"#,
        512,
        Err("Some(32768) Some(111490)"),
    ),
];

#[tokio::test]
async fn what_does_not_fit_is_made_to_fit_once_or_told_with_its_numbers() {
    for (name, status, error, wanted, expected) in OVERFLOWS {
        let server = MockVllm::builder().model(ModelSpec::new("tiny", WIDE)).start().await.unwrap();
        let body = format!("{{\"error\":{error}}}");
        // Status 500 is retried, so the server refuses twice.
        let refusals = if *status == 500 { 2 } else { 1 };
        for _ in 0..refusals {
            let content_type = "application/json".to_owned();
            let body = ErrorBody::Raw { content_type, body: body.clone() };
            server.push(Reply::status(*status, body));
        }
        let model = OpenAiModel::new(client(&server.base_url()), info("tiny", WIDE));
        let request = ChatRequest { max_output_tokens: Some(*wanted), ..request(&asked("hi")) };
        let end = match model.stream_chat(request).await {
            Ok(stream) => read(stream).await.1,
            Err(error) => Err(error),
        };
        let found = match end {
            Ok(_) => {
                let sent = server.requests().last().unwrap().json()["max_tokens"].as_u64();
                Ok(u32::try_from(sent.unwrap()).unwrap())
            }
            Err(error) => match error.kind() {
                ModelErrorKind::ContextOverflow { context_window, prompt_tokens } => {
                    Err(format!("{context_window:?} {prompt_tokens:?}"))
                }
                other => Err(format!("{other:?}: {error}")),
            },
        };
        assert_eq!(found, expected.map_err(str::to_owned), "{name}");
        let resent = usize::from(expected.is_ok());
        assert_eq!(server.requests().len(), refusals + resent, "{name}");
    }
}

#[tokio::test]
async fn words_of_an_overflow_are_words_where_the_server_did_not_refuse() {
    let words = "This model's maximum context length is 16384 tokens. However, you requested \
                 122946 tokens (112946 in the messages, 10000 in the completion).";
    let event = format!(r#"{{"choices":[{{"index":0,"delta":{{"content":"{words}"}}}}]}}"#);
    let (message, outcome, _) =
        ask(sse(&[&event, STOP, DONE]), request(&asked(words))).await.unwrap();
    assert_eq!((message.text.as_str(), outcome), (words, AnswerOutcome::Reply));
}
