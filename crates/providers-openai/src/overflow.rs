//! Recognises the ways in which servers say that something does not fit.
//!
//! Only ever asked about a server's error, never about what a user or a model wrote.

use openclaw_core::{ModelError, ServerMessage};
use openclaw_transport::number_between;

/// What a server said of its window and of the prompt, in tokens.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) struct Overflow {
    pub(crate) window: Option<u32>,
    pub(crate) prompt: Option<u32>,
    /// The tokens that the prompt has at least, where the server did not count to its end.
    pub(crate) at_least: Option<u32>,
    /// Whether the prompt alone fills the window, however little the answer may have.
    pub(crate) is_full: bool,
}

/// One wording: what marks it, and where its numbers stand. The text is in lower case.
struct Wording {
    marker: &'static str,
    window: &'static [Number],
    prompt: &'static [Number],
}

/// What stands right before and right behind a number.
type Number = (&'static str, &'static str);

/// What marks an overflow by itself, in the `code` or the `type` of an error.
const CODES: [&str; 2] = ["context_length_exceeded", "exceed_context_size_error"];

/// A number that is only a lower bound ("at least N"), or of characters, is not a count and not
/// among them. The first wording whose marker is there counts.
const WORDINGS: &[Wording] = &[
    // OpenRouter adds up the parts; the answer is none of the prompt's.
    Wording { marker: " of text input, ", window: &[("context length is ", " ")], prompt: &[] },
    Wording {
        marker: "maximum context length",
        window: &[
            ("maximum context length is ", " "),
            ("maximum context length (", ")"),
            ("maximum context length of ", " "),
        ],
        prompt: &[
            ("your request has ", " input tokens"),
            ("your prompt contains ", " input tokens"),
            ("your messages resulted in ", " tokens"),
            ("input length (", ")"),
            (" tokens (", " in the messages"),
            (" tokens: ", " tokens from the input"),
        ],
    },
    Wording { marker: "max_model_len=", window: &[("max_model_len=", "")], prompt: &[] },
    Wording { marker: "max_tokens must be at least 1, got", window: &[], prompt: &[] },
    // llama.cpp.
    Wording {
        marker: "exceeds the available context size",
        window: &[("available context size (", " tokens")],
        prompt: &[("request (", " tokens")],
    },
    Wording { marker: "context size has been exceeded", window: &[], prompt: &[] },
    // LM Studio.
    Wording {
        marker: "context length of only",
        window: &[("context length of only ", " tokens")],
        prompt: &[("keep the first ", " tokens")],
    },
    // SGLang.
    Wording {
        marker: "longer than the model's context length",
        window: &[("context length (", " tokens")],
        prompt: &[("the input (", " tokens")],
    },
    // Text generation inference.
    Wording {
        marker: "`inputs` tokens + `max_new_tokens` must be",
        window: &[("must be <= ", ".")],
        prompt: &[("given: ", " `inputs` tokens")],
    },
    Wording { marker: "is too large", window: &[], prompt: &[] },
];

/// Where vLLM stopped to count.
const AT_LEAST: &[Number] = &[("your prompt contains at least ", " input tokens")];

/// Where vLLM says how many tokens a prompt may have whose characters are too many for them.
const BOUND: &[Number] = &[("which is the upper bound for ", " input tokens")];

/// What says that the prompt alone is too long.
const FULL: [&str; 4] = [
    "even without any output tokens",
    "max_tokens must be at least 1, got",
    "exceeds model's maximum context length",
    "trying to keep the first",
];

/// The parts of a request that can be too long: the prompt, of which nothing else can be wrong,
/// and the answer.
const PROMPT: [&str; 2] = ["input_tokens", "input_text"];
const ANSWER: [&str; 2] = ["max_tokens", "max_completion_tokens"];

/// Reads the error of a call as an overflow, if a server said that it is one.
pub(crate) fn said(error: &ModelError) -> Option<Overflow> {
    recognise(error.exchange()?.server.as_ref()?)
}

/// Reads a server's error as an overflow, if it is one.
pub(crate) fn recognise(error: &ServerMessage) -> Option<Overflow> {
    let text = error.message.to_lowercase();
    let is_one_of = |field: &Option<String>, known: &[&str]| {
        field.as_deref().is_some_and(|field| known.contains(&field))
    };
    let by_prompt = is_one_of(&error.param, &PROMPT);
    let by_param = by_prompt || is_one_of(&error.param, &ANSWER);
    let by_code = by_prompt || is_one_of(&error.code, &CODES) || is_one_of(&error.kind, &CODES);
    let found = WORDINGS.iter().find(|wording| text.contains(wording.marker));
    let found = found.filter(|wording| wording.marker != "is too large" || by_param);
    let Some(wording) = found else { return by_code.then(Overflow::default) };
    let number = |places: &[Number]| {
        places.iter().find_map(|(before, after)| number_between(&text, before, after))
    };
    let parts = [" of text input", " of tool input"].map(|part| number_before(&text, part));
    let prompt =
        number(wording.prompt).or_else(|| parts.into_iter().flatten().reduce(u32::saturating_add));
    let window = number(wording.window);
    // What is counted in characters is too much even if each token had as many as a token may.
    let is_beyond = number(BOUND).is_some_and(|bound| window.is_some_and(|it| it <= bound));
    let is_full = is_beyond || FULL.iter().any(|full| text.contains(full));
    Some(Overflow { window, prompt, at_least: number(AT_LEAST), is_full })
}

/// The number right before a text.
fn number_before(text: &str, after: &str) -> Option<u32> {
    let (before, _) = text.split_once(after)?;
    let digits = before.trim_end_matches(|c: char| c.is_ascii_digit()).len();
    before.get(digits..)?.parse().ok()
}

#[cfg(test)]
mod tests;
