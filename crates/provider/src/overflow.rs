//! Recognises errors of servers about a request that exceeds the context window.
//!
//! Applied only to a server's error, never to text of a user or a model.

use openclaw_core::{ModelError, ServerErrorMessage};
use openclaw_transport::number_between;

/// The sizes in a server's overflow error, in tokens.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
#[non_exhaustive]
pub struct OverflowReport {
    /// The context window.
    pub context_window: Option<u32>,
    /// The prompt as the server counted it.
    pub prompt_tokens: Option<u32>,
    /// A lower bound of the prompt's tokens, where the server stopped counting.
    pub min_prompt_tokens: Option<u32>,
    /// Whether the prompt alone exceeds the window, whatever the answer's limit.
    pub is_prompt_too_long: bool,
}

/// One wording: its marker, and the text around its numbers, all in lower case.
struct OverflowPattern {
    marker: &'static str,
    window_delimiters: &'static [NumberDelimiters],
    prompt_delimiters: &'static [NumberDelimiters],
}

/// The text right before and right after a number.
type NumberDelimiters = (&'static str, &'static str);

/// Values of an error's `code` or `type` that mean an overflow by themselves.
const OVERFLOW_CODES: [&str; 4] = [
    "context_length_exceeded",
    "exceed_context_size_error",
    "model_max_prompt_tokens_exceeded",
    "context_window_exceeded",
];

/// Known wordings; the first with a matching marker counts. Lower bounds ("at least N") and counts
/// of characters are not token counts and are left out.
const OVERFLOW_PATTERNS: &[OverflowPattern] = &[
    // OpenRouter sums up the parts; the output is not part of the prompt.
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
        window_delimiters: &[("max_model_len=max_total_tokens=", ""), ("max_model_len=", "")],
        prompt_delimiters: &[],
    },
    OverflowPattern {
        marker: "max_tokens must be at least 1, got",
        window_delimiters: &[],
        prompt_delimiters: &[],
    },
    // Anthropic.
    OverflowPattern {
        marker: "prompt is too long",
        window_delimiters: &[("tokens > ", " maximum")],
        prompt_delimiters: &[("prompt is too long: ", " tokens")],
    },
    OverflowPattern {
        marker: "exceed context limit",
        window_delimiters: &[(" > ", "")],
        prompt_delimiters: &[("exceed context limit: ", " + ")],
    },
    OverflowPattern {
        marker: "exceeds the context window",
        window_delimiters: &[],
        prompt_delimiters: &[],
    },
    OverflowPattern { marker: "request_too_large", window_delimiters: &[], prompt_delimiters: &[] },
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
    // Gemini.
    OverflowPattern {
        marker: "exceeds the maximum number of tokens",
        window_delimiters: &[("number of tokens allowed (", ")")],
        prompt_delimiters: &[("token count (", ")")],
    },
    // xAI.
    OverflowPattern {
        marker: "maximum prompt length is",
        window_delimiters: &[("maximum prompt length is ", "")],
        prompt_delimiters: &[("request contains ", " tokens")],
    },
    // Cohere.
    OverflowPattern {
        marker: "number of tokens in the prompt cannot exceed",
        window_delimiters: &[("cannot exceed ", "")],
        prompt_delimiters: &[("received ", "")],
    },
    // Moonshot.
    OverflowPattern {
        marker: "exceeded model token limit",
        window_delimiters: &[("model token limit: ", "")],
        prompt_delimiters: &[("requested: ", "")],
    },
    // Qwen, hosted.
    OverflowPattern {
        marker: "range of input length should be",
        window_delimiters: &[("should be [1, ", "]")],
        prompt_delimiters: &[],
    },
    // GitHub's models.
    OverflowPattern {
        marker: "prompt token count of",
        window_delimiters: &[("exceeds the limit of ", "")],
        prompt_delimiters: &[("prompt token count of ", " ")],
    },
    // TabbyAPI.
    OverflowPattern {
        marker: "greater than max_seq_len",
        window_delimiters: &[("max_seq_len ", "")],
        prompt_delimiters: &[("prompt length ", " ")],
    },
    // TensorRT-LLM.
    OverflowPattern {
        marker: "sum of prompt length",
        window_delimiters: &[("max_num_tokens (", ")")],
        prompt_delimiters: &[("prompt length (", "")],
    },
    OverflowPattern {
        marker: "number of input tokens (",
        window_delimiters: &[("exceeds the maximum (", ")")],
        prompt_delimiters: &[("number of input tokens (", ")")],
    },
    OverflowPattern {
        marker: "exceeds maximum allowed token size",
        window_delimiters: &[("token size ", "")],
        prompt_delimiters: &[("input length ", " ")],
    },
    // Without numbers: Bedrock, MiniMax, GLM, and gateways.
    bare_pattern("input is too long"),
    bare_pattern("request is too long"),
    bare_pattern("prompt too long"),
    bare_pattern("input too long"),
    bare_pattern("too many input tokens"),
    bare_pattern("prompt exceeds max length"),
    bare_pattern("context window exceeds limit"),
    bare_pattern("context window limit"),
    bare_pattern("context length exceeded"),
    bare_pattern("context length limit"),
    bare_pattern("exceeds context length"),
    bare_pattern("exceeds the context length"),
    bare_pattern("exceeds the model's context"),
    bare_pattern("exceeds model context"),
    bare_pattern("exceeds max context"),
    bare_pattern("exceeds the maximum context"),
    bare_pattern("exceed max_seq_len"),
    bare_pattern("maximum input length"),
    bare_pattern("reduce the length of the messages"),
    bare_pattern("reduce the length of your prompt"),
    bare_pattern("reduce your prompt"),
    OverflowPattern { marker: "is too large", window_delimiters: &[], prompt_delimiters: &[] },
];

const fn bare_pattern(marker: &'static str) -> OverflowPattern {
    OverflowPattern { marker, window_delimiters: &[], prompt_delimiters: &[] }
}

/// The lower bound at which vLLM stopped counting.
const MIN_PROMPT_DELIMITERS: &[NumberDelimiters] =
    &[("your prompt contains at least ", " input tokens")];

/// The token limit that vLLM names for a prompt with too many characters.
const UPPER_BOUND_DELIMITERS: &[NumberDelimiters] =
    &[("which is the upper bound for ", " input tokens")];

/// Phrases that mean that the prompt alone is too long.
const PROMPT_TOO_LONG_MARKERS: [&str; 5] = [
    "prompt is too long",
    "even without any output tokens",
    "max_tokens must be at least 1, got",
    "exceeds model's maximum context length",
    "trying to keep the first",
];

/// Values of `param`: for the prompt, about which nothing else can be wrong, and for the answer's
/// limit.
const PROMPT_PARAMS: [&str; 2] = ["input_tokens", "input_text"];
const OUTPUT_PARAMS: [&str; 2] = ["max_tokens", "max_completion_tokens"];

/// Reads an overflow from a model error, if the server reported one.
#[must_use]
pub fn overflow_from_error(error: &ModelError) -> Option<OverflowReport> {
    recognise_overflow(error.http_exchange()?.server_error.as_ref()?)
}

/// Reads an overflow from a server's error; `None` for other errors.
#[must_use]
pub fn recognise_overflow(error: &ServerErrorMessage) -> Option<OverflowReport> {
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
    // The prompt has more characters than that many tokens can hold.
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

/// Returns the number right before a text.
fn number_before(text: &str, after: &str) -> Option<u32> {
    let (before, _) = text.split_once(after)?;
    let digits = before.trim_end_matches(|c: char| c.is_ascii_digit()).len();
    before.get(digits..)?.parse().ok()
}

#[cfg(test)]
mod tests;
