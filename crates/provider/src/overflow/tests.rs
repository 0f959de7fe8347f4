//! Every known wording is recognised, and nothing else.

use super::*;

fn recognised_sizes(
    message: &str,
    param: Option<&str>,
    code: Option<&str>,
) -> Option<(Option<u32>, Option<u32>)> {
    let error = ServerErrorMessage {
        message: message.to_owned(),
        param: param.map(str::to_owned),
        code: code.map(str::to_owned),
        ..ServerErrorMessage::default()
    };
    recognise_overflow(&error).map(|overflow| (overflow.context_window, overflow.prompt_tokens))
}

const OVERFLOW_MESSAGES: &[(&str, Option<u32>, Option<u32>)] = &[
    (
        "'max_tokens' or 'max_completion_tokens' is too large: 8192. This model's maximum context \
         length is 16384 tokens and your request has 13612 input tokens (8192 > 16384 - 13612).",
        Some(16384),
        Some(13612),
    ),
    (
        "This model's maximum context length is 16384 tokens. However, you requested 122946 tokens \
         (112946 in the messages, 10000 in the completion). Please reduce the length.",
        Some(16384),
        Some(112_946),
    ),
    (
        "This model's maximum context length is 128000 tokens. However, you requested 65535 output \
         tokens and your prompt contains at least 62466 input tokens, for a total of at least \
         128001 tokens.",
        Some(128_000),
        None,
    ),
    (
        "This model's maximum context length is 4096 tokens. However, your prompt contains 5000 \
         input tokens, which exceeds this limit even without any output tokens.",
        Some(4096),
        Some(5000),
    ),
    (
        "This model's maximum context length is 4096 tokens. However, your prompt contains 50000 \
         characters (more than 32768 characters, which is the upper bound for 4096 input tokens). \
         Please reduce the length of the input prompt.",
        Some(4096),
        None,
    ),
    ("Input length (5000) exceeds model's maximum context length (4096).", Some(4096), Some(5000)),
    (
        "request (66202 tokens) exceeds the available context size (65536 tokens), try increasing \
         it",
        Some(65536),
        Some(66202),
    ),
    ("Context size has been exceeded.", None, None),
    (
        "This endpoint's maximum context length is 262144 tokens. However, you requested about \
         284283 tokens (8963 of text input, 13176 of tool input, 262144 in the output). Please \
         reduce the length of either one.",
        Some(262_144),
        Some(22_139),
    ),
    (
        "Trying to keep the first 111490 tokens when context the overflows. However, the model is \
         loaded with context length of only 32768 tokens",
        Some(32768),
        Some(111_490),
    ),
    (
        "max_tokens=5000 cannot be greater than max_model_len=4096. Please request fewer output \
         tokens. (parameter=max_tokens, value=5000)",
        Some(4096),
        None,
    ),
    ("max_tokens must be at least 1, got 0. (parameter=max_tokens, value=0)", None, None),
    (
        "This model's maximum context length is 8192 tokens. However, your messages resulted in \
         9001 tokens. Please reduce the length of the messages.",
        Some(8192),
        Some(9001),
    ),
    (
        "litellm.ContextWindowExceededError: litellm.BadRequestError: This model's maximum context \
         length is 4096 tokens. However, your prompt contains 5000 input tokens, which exceeds",
        Some(4096),
        Some(5000),
    ),
    (
        "The input (5000 tokens) is longer than the model's context length (4096 tokens).",
        Some(4096),
        Some(5000),
    ),
    (
        "Requested token count exceeds the model's maximum context length of 4096 tokens. You \
         requested a total of 5100 tokens: 5000 tokens from the input messages and 100 tokens for \
         the completion.",
        Some(4096),
        Some(5000),
    ),
    (
        "`inputs` tokens + `max_new_tokens` must be <= 4096. Given: 5000 `inputs` tokens and 20 \
         `max_new_tokens`",
        Some(4096),
        Some(5000),
    ),
    (
        "The input token count (1200000) exceeds the maximum number of tokens allowed (1048576).",
        Some(1_048_576),
        Some(1_200_000),
    ),
    (
        "This model's maximum prompt length is 131072 but the request contains 140000 tokens.",
        Some(131_072),
        Some(140_000),
    ),
    (
        "too many tokens: total number of tokens in the prompt cannot exceed 4081 - received 5000.",
        Some(4081),
        Some(5000),
    ),
    (
        "Invalid request: Your request exceeded model token limit: 262144 (requested: 270000)",
        Some(262_144),
        Some(270_000),
    ),
    (
        "<400> InternalError.Algo.InvalidParameter: Range of input length should be [1, 30720]",
        Some(30_720),
        None,
    ),
    ("prompt token count of 70000 exceeds the limit of 64000", Some(64_000), Some(70_000)),
    ("Prompt length 5000 is greater than max_seq_len 4096", Some(4096), Some(5000)),
    (
        "The sum of prompt length (5000.0) and query length (100) should not exceed max_num_tokens \
         (4096)",
        Some(4096),
        Some(5000),
    ),
    ("The number of input tokens (5000) exceeds the maximum (4096).", Some(4096), Some(5000)),
    ("Input length 5000 exceeds maximum allowed token size 4096", Some(4096), Some(5000)),
    ("Input is too long for requested model.", None, None),
    ("Prompt exceeds max length", None, None),
    ("invalid params, context window exceeds limit", None, None),
    ("context length exceeded: llama_decode failed", None, None),
];

#[test]
fn every_known_wording_is_read() {
    for (message, window, prompt) in OVERFLOW_MESSAGES {
        assert_eq!(recognised_sizes(message, None, None), Some((*window, *prompt)), "{message}");
    }
    let coded = recognised_sizes("too much", None, Some("context_length_exceeded"));
    assert_eq!(coded, Some((None, None)));
    assert_eq!(
        recognised_sizes("max_tokens is too large", Some("max_tokens"), None),
        Some((None, None))
    );
}

#[test]
fn a_prompt_that_fills_the_window_alone_is_distinguished_from_one_that_leaves_room() {
    let characters = |bound| {
        format!(
            "This model's maximum context length is 4096 tokens. However, your prompt contains \
             50000 characters (more than 32768 characters, which is the upper bound for {bound} \
             input tokens)."
        )
    };
    let too_long = OVERFLOW_MESSAGES.iter().filter(|(message, ..)| {
        recognise_overflow(&ServerErrorMessage {
            message: (*message).to_owned(),
            ..ServerErrorMessage::default()
        })
        .is_some_and(|overflow| overflow.is_prompt_too_long)
    });
    let too_long: Vec<_> =
        too_long.map(|(message, ..)| message.split(' ').next().unwrap()).collect();
    assert_eq!(too_long, ["This", "This", "Input", "Trying", "max_tokens"]);
    for (bound, is_full) in [(4096, true), (3096, false)] {
        let message =
            ServerErrorMessage { message: characters(bound), ..ServerErrorMessage::default() };
        assert_eq!(recognise_overflow(&message).unwrap().is_prompt_too_long, is_full, "{bound}");
    }
}

#[test]
fn other_errors_are_not_overflows() {
    for message in ["temperature must be non-negative, got -1.", "file is too large", ""] {
        assert_eq!(recognised_sizes(message, None, None), None, "{message}");
    }
}

#[test]
fn the_wordings_of_the_messages_api_are_read_with_their_numbers() {
    let table = [
        (
            "prompt is too long: 208310 tokens > 200000 maximum",
            Some((Some(200_000), Some(208_310))),
        ),
        (
            "input length and `max_tokens` exceed context limit: 188240 + 21333 > 200000, \
             decrease input length or `max_tokens` and try again",
            Some((Some(200_000), Some(188_240))),
        ),
        (
            "This model's maximum context length is 8192 tokens. However, you requested 100 output \
             tokens and your prompt contains at least 8093 input tokens, for a total of at least \
             8193 tokens. Please reduce the length of the input prompt or the number of requested \
             output tokens. (parameter=input_tokens, value=8093)",
            Some((Some(8192), None)),
        ),
        (
            "max_tokens=9000 cannot be greater than max_model_len=max_total_tokens=8192. Please \
             request fewer output tokens.",
            Some((Some(8192), None)),
        ),
        ("Prompt is too long", Some((None, None))),
        ("max_tokens: 10 > 5, which is the maximum allowed number of output tokens for x", None),
        ("messages: at least one message is required", None),
    ];
    for (text, expected) in table {
        assert_eq!(recognised_sizes(text, None, None), expected, "{text}");
    }
}
