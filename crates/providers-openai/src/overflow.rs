//! Recognises the ways in which servers say that something does not fit.
//!
//! Only ever asked about a server's error, never about what a user or a model wrote.

use openclaw_core::{ModelError, ServerErrorMessage};
use openclaw_transport::number_between;

/// What a server said of its window and of the prompt, in tokens.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) struct OverflowReport {
    pub(crate) context_window: Option<u32>,
    pub(crate) prompt_tokens: Option<u32>,
    /// The tokens that the prompt has at least, where the server did not count to its end.
    pub(crate) min_prompt_tokens: Option<u32>,
    /// Whether the prompt alone fills the window, however little the answer may have.
    pub(crate) is_prompt_too_long: bool,
}

/// One wording: what marks it, and where its numbers stand. The text is in lower case.
struct OverflowPattern {
    marker: &'static str,
    window_delimiters: &'static [NumberDelimiters],
    prompt_delimiters: &'static [NumberDelimiters],
}

/// What stands right before and right behind a number.
type NumberDelimiters = (&'static str, &'static str);

/// What marks an overflow by itself, in the `code` or the `type` of an error.
const OVERFLOW_CODES: [&str; 2] = ["context_length_exceeded", "exceed_context_size_error"];

/// A number that is only a lower bound ("at least N"), or of characters, is not a count and not
/// among them. The first wording whose marker is there counts.
const OVERFLOW_PATTERNS: &[OverflowPattern] = &[
    // OpenRouter adds up the parts; the answer is none of the prompt's.
    OverflowPattern {
        marker: " of text input, ",
        window_delimiters: &[("context length is ", " ")],
        prompt_delimiters: &[],
    },
    OverflowPattern {
        marker: "maximum context length",
        window_delimiters: &[
            ("maximum context length is ", " "),
            ("maximum context length (", ")"),
            ("maximum context length of ", " "),
        ],
        prompt_delimiters: &[
            ("your request has ", " input tokens"),
            ("your prompt contains ", " input tokens"),
            ("your messages resulted in ", " tokens"),
            ("input length (", ")"),
            (" tokens (", " in the messages"),
            (" tokens: ", " tokens from the input"),
        ],
    },
    OverflowPattern {
        marker: "max_model_len=",
        window_delimiters: &[("max_model_len=", "")],
        prompt_delimiters: &[],
    },
    OverflowPattern {
        marker: "max_tokens must be at least 1, got",
        window_delimiters: &[],
        prompt_delimiters: &[],
    },
    // llama.cpp.
    OverflowPattern {
        marker: "exceeds the available context size",
        window_delimiters: &[("available context size (", " tokens")],
        prompt_delimiters: &[("request (", " tokens")],
    },
    OverflowPattern {
        marker: "context size has been exceeded",
        window_delimiters: &[],
        prompt_delimiters: &[],
    },
    // LM Studio.
    OverflowPattern {
        marker: "context length of only",
        window_delimiters: &[("context length of only ", " tokens")],
        prompt_delimiters: &[("keep the first ", " tokens")],
    },
    // SGLang.
    OverflowPattern {
        marker: "longer than the model's context length",
        window_delimiters: &[("context length (", " tokens")],
        prompt_delimiters: &[("the input (", " tokens")],
    },
    // Text generation inference.
    OverflowPattern {
        marker: "`inputs` tokens + `max_new_tokens` must be",
        window_delimiters: &[("must be <= ", ".")],
        prompt_delimiters: &[("given: ", " `inputs` tokens")],
    },
    OverflowPattern { marker: "is too large", window_delimiters: &[], prompt_delimiters: &[] },
];

/// Where vLLM stopped to count.
const MIN_PROMPT_DELIMITERS: &[NumberDelimiters] =
    &[("your prompt contains at least ", " input tokens")];

/// Where vLLM says how many tokens a prompt may have whose characters are too many for them.
const UPPER_BOUND_DELIMITERS: &[NumberDelimiters] =
    &[("which is the upper bound for ", " input tokens")];

/// What says that the prompt alone is too long.
const PROMPT_TOO_LONG_MARKERS: [&str; 4] = [
    "even without any output tokens",
    "max_tokens must be at least 1, got",
    "exceeds model's maximum context length",
    "trying to keep the first",
];

/// The parts of a request that can be too long: the prompt, of which nothing else can be wrong,
/// and the answer.
const PROMPT_PARAMS: [&str; 2] = ["input_tokens", "input_text"];
const OUTPUT_PARAMS: [&str; 2] = ["max_tokens", "max_completion_tokens"];

/// Reads the error of a call as an overflow, if a server said that it is one.
pub(crate) fn overflow_from_error(error: &ModelError) -> Option<OverflowReport> {
    recognise_overflow(error.http_exchange()?.server_error.as_ref()?)
}

/// Reads a server's error as an overflow, if it is one.
pub(crate) fn recognise_overflow(error: &ServerErrorMessage) -> Option<OverflowReport> {
    let text = error.message.to_lowercase();
    let is_one_of = |field: &Option<String>, known: &[&str]| {
        field.as_deref().is_some_and(|field| known.contains(&field))
    };
    let is_prompt_param = is_one_of(&error.param, &PROMPT_PARAMS);
    let is_size_param = is_prompt_param || is_one_of(&error.param, &OUTPUT_PARAMS);
    let is_overflow_code = is_prompt_param
        || is_one_of(&error.code, &OVERFLOW_CODES)
        || is_one_of(&error.kind, &OVERFLOW_CODES);
    let pattern = OVERFLOW_PATTERNS.iter().find(|wording| text.contains(wording.marker));
    let pattern = pattern.filter(|wording| wording.marker != "is too large" || is_size_param);
    let Some(pattern) = pattern else { return is_overflow_code.then(OverflowReport::default) };
    let find_number = |delimiters: &[NumberDelimiters]| {
        delimiters.iter().find_map(|(before, after)| number_between(&text, before, after))
    };
    let part_sizes = [" of text input", " of tool input"].map(|part| number_before(&text, part));
    let prompt_tokens = find_number(pattern.prompt_delimiters)
        .or_else(|| part_sizes.into_iter().flatten().reduce(u32::saturating_add));
    let context_window = find_number(pattern.window_delimiters);
    // What is counted in characters is too much even if each token had as many as a token may.
    let exceeds_upper_bound = find_number(UPPER_BOUND_DELIMITERS)
        .is_some_and(|bound| context_window.is_some_and(|it| it <= bound));
    let is_prompt_too_long =
        exceeds_upper_bound || PROMPT_TOO_LONG_MARKERS.iter().any(|full| text.contains(full));
    Some(OverflowReport {
        context_window,
        prompt_tokens,
        min_prompt_tokens: find_number(MIN_PROMPT_DELIMITERS),
        is_prompt_too_long,
    })
}

/// The number right before a text.
fn number_before(text: &str, after: &str) -> Option<u32> {
    let (before, _) = text.split_once(after)?;
    let digits = before.trim_end_matches(|c: char| c.is_ascii_digit()).len();
    before.get(digits..)?.parse().ok()
}

#[cfg(test)]
mod tests;
