//! Recognises the ways in which servers say that something does not fit.
//!
//! Only ever asked about a server's error, never about what a user or a model wrote.

use openclaw_transport::ServerError;

/// What a server said of its window and of the prompt, in tokens.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) struct Overflow {
    pub(crate) window: Option<u32>,
    pub(crate) prompt: Option<u32>,
}

/// One wording: what marks it, and what stands right before its numbers. A number that is only a
/// lower bound ("at least N") is not a count and is not listed.
struct Wording {
    marker: &'static str,
    window: &'static [&'static str],
    prompt: &'static [&'static str],
}

const WORDINGS: &[Wording] = &[
    Wording {
        marker: "maximum context length",
        window: &["maximum context length is ", "maximum context length ("],
        prompt: &["your request has ", "your prompt contains ", "Input length (", " tokens ("],
    },
    Wording { marker: "max_model_len=", window: &["max_model_len="], prompt: &[] },
    Wording { marker: "max_tokens must be at least 1, got", window: &[], prompt: &[] },
    Wording {
        marker: "exceeds the available context size",
        window: &["available context size ("],
        prompt: &["request ("],
    },
    Wording { marker: "Context size has been exceeded", window: &[], prompt: &[] },
    Wording {
        marker: "context length of only",
        window: &["context length of only "],
        prompt: &["keep the first "],
    },
    Wording { marker: "is too large", window: &["maximum context length is "], prompt: &[] },
];

const PARAMS: &[&str] = &["input_tokens", "input_text", "max_tokens", "max_completion_tokens"];

/// Reads a server's error as an overflow, if it is one.
pub(crate) fn recognise(error: &ServerError) -> Option<Overflow> {
    let text = error.message.as_str();
    let wording = WORDINGS.iter().find(|wording| text.contains(wording.marker));
    let by_param = error.param.as_deref().is_some_and(|param| PARAMS.contains(&param));
    match wording {
        Some(wording) if by_param || wording.marker != "is too large" => Some(Overflow {
            window: wording.window.iter().find_map(|before| number_after(text, before)),
            prompt: wording.prompt.iter().find_map(|before| number_after(text, before)),
        }),
        _ => None,
    }
}

fn number_after(text: &str, before: &str) -> Option<u32> {
    let (_, rest) = text.split_once(before)?;
    let digits = rest.find(|c: char| !c.is_ascii_digit()).map_or(rest, |end| rest.split_at(end).0);
    digits.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(message: &str, param: Option<&str>) -> Option<(Option<u32>, Option<u32>)> {
        let error = ServerError {
            message: message.to_owned(),
            kind: None,
            param: param.map(str::to_owned),
            code: None,
        };
        recognise(&error).map(|overflow| (overflow.window, overflow.prompt))
    }

    #[test]
    fn every_known_wording_is_read() {
        let table: &[(&str, Option<u32>, Option<u32>)] = &[
            (
                "'max_tokens' or 'max_completion_tokens' is too large: 8192. This model's maximum context length is 16384 tokens and your request has 13612 input tokens (8192 > 16384 - 13612).",
                Some(16384),
                Some(13612),
            ),
            (
                "This model's maximum context length is 16384 tokens. However, you requested 122946 tokens (112946 in the messages, 10000 in the completion). Please reduce the length.",
                Some(16384),
                Some(112_946),
            ),
            (
                "This model's maximum context length is 128000 tokens. However, you requested 65535 output tokens and your prompt contains at least 62466 input tokens, for a total of at least 128001 tokens.",
                Some(128_000),
                None,
            ),
            (
                "This model's maximum context length is 4096 tokens. However, your prompt contains 5000 input tokens, which exceeds this limit even without any output tokens.",
                Some(4096),
                Some(5000),
            ),
            (
                "Input length (5000) exceeds model's maximum context length (4096).",
                Some(4096),
                Some(5000),
            ),
            (
                "request (66202 tokens) exceeds the available context size (65536 tokens), try increasing it",
                Some(65536),
                Some(66202),
            ),
            ("Context size has been exceeded.", None, None),
            (
                "Trying to keep the first 111490 tokens when context the overflows. However, the model is loaded with context length of only 32768 tokens",
                Some(32768),
                Some(111_490),
            ),
            (
                "max_tokens=5000 cannot be greater than max_model_len=4096. Please request fewer output tokens. (parameter=max_tokens, value=5000)",
                Some(4096),
                None,
            ),
            ("max_tokens must be at least 1, got 0. (parameter=max_tokens, value=0)", None, None),
        ];
        for (message, window, prompt) in table {
            assert_eq!(read(message, None), Some((*window, *prompt)), "{message}");
        }
    }

    #[test]
    fn other_errors_are_not_overflows() {
        for message in ["temperature must be non-negative, got -1.", "file is too large", ""] {
            assert_eq!(read(message, None), None, "{message}");
        }
    }
}
