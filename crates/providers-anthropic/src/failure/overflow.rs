//! Recognises errors of servers of this API about a request that exceeds the context window.
//!
//! Applied only to a server's error, never to text of a user or a model.

use openclaw_transport::number_between;

/// The sizes in a server's overflow error, in tokens.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) struct ContextOverflow {
    pub(crate) context_window: Option<u32>,
    pub(crate) prompt_tokens: Option<u32>,
}

/// Texts that mark an overflow, in lower case.
const OVERFLOW_MARKERS: [&str; 7] = [
    "prompt is too long",
    "exceed context limit",
    "exceeds the context window",
    "request_too_large",
    // vLLM.
    "maximum context length",
    "max_model_len=",
    "max_tokens must be at least 1, got",
];

/// Reads an overflow from a server's message; `None` for other messages. A lower bound ("at least
/// N") is not a count.
pub(crate) fn parse_overflow(message: &str) -> Option<ContextOverflow> {
    let text = message.to_lowercase();
    if !OVERFLOW_MARKERS.iter().any(|mark| text.contains(mark)) {
        return None;
    }
    let between = |before: &str, after: &str| number_between(&text, before, after);
    // "prompt is too long: 208310 tokens > 200000 maximum"
    // "input length and `max_tokens` exceed context limit: 188240 + 21333 > 200000, …"
    let limit = text.split_once("exceed context limit: ").map(|(_, sum)| sum);
    let number_in_sum = |before, after| limit.and_then(|sum| number_between(sum, before, after));
    let window = between("tokens > ", " maximum").or_else(|| number_in_sum("> ", ""));
    let prompt = between("prompt is too long: ", " tokens").or_else(|| number_in_sum("", " + "));
    Some(ContextOverflow {
        context_window: window
            .or_else(|| between("maximum context length is ", " "))
            .or_else(|| between("maximum context length of ", " "))
            .or_else(|| between("max_model_len=max_total_tokens=", ""))
            .or_else(|| between("max_model_len=", "")),
        prompt_tokens: prompt
            .or_else(|| between("your prompt contains ", " input tokens"))
            .or_else(|| between("your request has ", " input tokens")),
    })
}

/// Reads a model's answer limit from the refusal of a larger one: `max_tokens: 100000 > 64000,
/// which is the maximum allowed number of output tokens for …`.
pub(crate) fn parse_output_limit(message: &str) -> Option<u32> {
    let text = message.to_lowercase();
    let (before, _) = text.split_once(", which is the maximum allowed number of output tokens")?;
    let (_, number) = before.rsplit_once("> ")?;
    number.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_wordings_of_servers_are_read_with_their_numbers() {
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
            (
                "max_tokens: 10 > 5, which is the maximum allowed number of output tokens for x",
                None,
            ),
            ("messages: at least one message is required", None),
        ];
        for (text, expected) in table {
            let found =
                parse_overflow(text).map(|found| (found.context_window, found.prompt_tokens));
            assert_eq!(found, expected, "{text}");
        }
    }

    #[test]
    fn the_most_that_an_answer_may_have_is_read() {
        let message = "max_tokens: 100000 > 64000, which is the maximum allowed number of output tokens \
                    for claude-x";
        assert_eq!(parse_output_limit(message), Some(64_000));
        assert_eq!(parse_output_limit("max_tokens: must be greater than 0"), None);
    }
}
