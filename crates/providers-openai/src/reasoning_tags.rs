//! Reasoning written into the content between tags, or other marks of a model family.
//!
//! The rules, as [`ContentSplitter`](crate::content::ContentSplitter) applies them:
//! - An opening tag counts at the beginning and, later, at the start of a line outside of code; a
//!   special token of a chat template counts anywhere outside of code and quotes.
//! - A closing tag counts unless it is in a span of backticks. A fence does not protect it: a fence
//!   left open in reasoning would swallow the answer.
//! - Chat templates often write the opening tag themselves, and the answer then begins inside
//!   reasoning. Where that is the model's [`ReasoningPrefixHabit`], the beginning is reasoning up
//!   to a closing tag; without one, if the answer was not cut off, it was text after all.
//! - Otherwise, a closing tag without an opening one makes all text before it reasoning, unless the
//!   tag is in code.
//! - Tags count in any case and with white space before their end. Tags inside reasoning nest: a
//!   second closing tag shows that the text before it was still reasoning.
//! - Reasoning that is never closed extends to the end. Behind a phrase that text may begin with,
//!   such as "Here is my thought process:", it was text after all.

use std::sync::atomic::{AtomicU8, Ordering};

/// Marks around reasoning.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct ReasoningTags {
    /// The opening mark. One that ends in `:` is followed by any suffix and `>`.
    pub(crate) open: &'static str,
    /// The closing marks.
    closes: &'static [&'static str],
    /// Marks that end the reasoning too, but belong to what follows.
    boundaries: &'static [&'static str],
    /// Where the opening mark counts.
    position: OpenPosition,
    /// Whether the text was no reasoning if it is never closed.
    pub(crate) is_provisional: bool,
    /// Whether reasoning goes back to the server between these marks. Special tokens would break
    /// its chat template.
    is_sent_back: bool,
}

/// Where an opening mark counts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum OpenPosition {
    /// At the beginning of the answer.
    Start,
    /// There, and at the start of a line.
    LineStart,
    /// Anywhere outside of code and quotes.
    Anywhere,
}

/// A tag as HTML has them.
const TAG: ReasoningTags = ReasoningTags {
    open: "",
    closes: &[],
    boundaries: &[],
    position: OpenPosition::LineStart,
    is_provisional: false,
    is_sent_back: true,
};

/// A special token of a chat template.
const TOKEN: ReasoningTags =
    ReasoningTags { position: OpenPosition::Anywhere, is_sent_back: false, ..TAG };

/// A phrase that may be text after all.
const PHRASE: ReasoningTags = ReasoningTags {
    position: OpenPosition::Start,
    is_provisional: true,
    is_sent_back: false,
    ..TAG
};

/// All marks; of two that begin alike, the longer one stands first.
static REASONING_TAGS: [ReasoningTags; 31] = [
    ReasoningTags { open: "<think>", closes: &["</think>"], ..TAG },
    ReasoningTags { open: "<thinking>", closes: &["</thinking>"], ..TAG },
    ReasoningTags { open: "<thought>", closes: &["</thought>"], ..TAG },
    ReasoningTags { open: "<reasoning>", closes: &["</reasoning>"], ..TAG },
    ReasoningTags {
        open: "<antThinking>",
        closes: &["</antThinking>"],
        is_sent_back: false,
        ..TAG
    },
    // An answer may well have these tags elsewhere, or at its beginning without an end.
    ReasoningTags { open: "<thoughts>", closes: &["</thoughts>"], ..PHRASE },
    ReasoningTags { open: "<scratchpad>", closes: &["</scratchpad>"], ..PHRASE },
    ReasoningTags { open: "<inner_monologue>", closes: &["</inner_monologue>"], ..PHRASE },
    ReasoningTags { open: "<reflection>", closes: &["</reflection>"], ..PHRASE },
    ReasoningTags { open: "<think:", closes: &["</think:"], ..TAG },
    ReasoningTags { open: "<seed:think>", closes: &["</seed:think>"], ..TAG },
    ReasoningTags { open: "<mm:think>", closes: &["</mm:think>"], ..TAG },
    ReasoningTags { open: "<ifm|think>", closes: &["</ifm|think>"], ..TAG },
    ReasoningTags { open: "<ifm|think_fast>", closes: &["</ifm|think_fast>"], ..TAG },
    ReasoningTags { open: "<ifm|think_faster>", closes: &["</ifm|think_faster>"], ..TAG },
    ReasoningTags { open: "[THINK]", closes: &["[/THINK]"], ..TAG },
    ReasoningTags { open: "◁think▷", closes: &["◁/think▷"], ..TAG },
    ReasoningTags { open: "<|START_THINKING|>", closes: &["<|END_THINKING|>"], ..TOKEN },
    ReasoningTags {
        open: "<|plamo:begin_think:plamo|>",
        closes: &["<|plamo:end_think:plamo|>"],
        ..TOKEN
    },
    ReasoningTags { open: "<|channel>thought", closes: &["<channel|>"], ..TOKEN },
    ReasoningTags {
        open: "<|begin_of_thought|>",
        closes: &["<|end_of_thought|>"],
        boundaries: &["<|begin_of_solution|>"],
        ..TOKEN
    },
    ReasoningTags { open: "<|thinking|>", closes: &["<|/thinking|>"], ..TOKEN },
    ReasoningTags { open: "<|think|>", closes: &["<|/think|>"], ..TOKEN },
    ReasoningTags { open: "<unused94>thought", closes: &["<unused95>"], ..TOKEN },
    ReasoningTags {
        open: "<|channel|>analysis<|message|>",
        closes: &["<|end|>", "<|return|>"],
        boundaries: &["<|start|>", "<|channel|>"],
        ..TOKEN
    },
    ReasoningTags { open: "<|open|>think<|sep|>", closes: &["<|close|>think<|sep|>"], ..TOKEN },
    ReasoningTags {
        open: "<|content_thinking|>",
        closes: &["<|end_message|>", "<|content_model_end_sampling|>"],
        ..TOKEN
    },
    ReasoningTags {
        open: "to=self<|message|>",
        closes: &["<|eom|>"],
        boundaries: &["<|start|>"],
        position: OpenPosition::Start,
        ..TOKEN
    },
    ReasoningTags {
        open: "Here is my thought process:",
        closes: &["Here is my response:", "Here's my response:"],
        ..PHRASE
    },
    ReasoningTags {
        open: "Here's my thought process:",
        closes: &["Here is my response:", "Here's my response:"],
        ..PHRASE
    },
    // Harmony, when the server dropped the special tokens.
    ReasoningTags {
        open: STRIPPED_ANALYSIS,
        closes: &["assistantfinal"],
        boundaries: &["assistantcommentary"],
        ..PHRASE
    },
];

/// The name of a channel that reasoning follows without a space.
const STRIPPED_ANALYSIS: &str = "analysis";

/// Closing marks that count without an opening one, which the chat template wrote.
static IMPLICIT_CLOSES: [&str; 18] = [
    "</think>",
    "</thinking>",
    "</thought>",
    "</reasoning>",
    "</think:",
    "</seed:think>",
    "</mm:think>",
    "</ifm|think>",
    "</ifm|think_fast>",
    "</ifm|think_faster>",
    "[/THINK]",
    "◁/think▷",
    "<|END_THINKING|>",
    "<|plamo:end_think:plamo|>",
    "<channel|>",
    "<|close|>think<|sep|>",
    "<|end_of_thought|>",
    "<unused95>",
];

/// Other spellings that tags begin with in text.
static TAG_SPELLINGS: [&str; 8] =
    ["<THINK", "<Think", "<THOUGHT", "<Thought", "</THINK", "</Think", "</THOUGHT", "</Thought"];

/// The result of matching a mark at the beginning of a text.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum TagMatch<T> {
    /// Not a mark.
    Mismatch,
    /// Perhaps a mark; the text is too short to tell.
    Partial,
    /// A mark of this many bytes.
    Complete(T, usize),
}

/// Matches an opening mark at the beginning of a text, which is the start of the answer, the start
/// of a line or neither.
pub(crate) fn match_open_tag(
    text: &str,
    is_start: bool,
    is_line_start: bool,
) -> TagMatch<&'static ReasoningTags> {
    let mut is_partial = false;
    for tags in &REASONING_TAGS {
        let counts = match tags.position {
            OpenPosition::Start => is_start,
            OpenPosition::LineStart => is_start || is_line_start,
            OpenPosition::Anywhere => true,
        };
        if !counts {
            continue;
        }
        match match_mark(text, tags.open) {
            TagMatch::Complete((), len) if tags.open == STRIPPED_ANALYSIS => {
                match text.as_bytes().get(len) {
                    None => is_partial = true,
                    Some(next) if next.is_ascii_uppercase() => {
                        return TagMatch::Complete(tags, len);
                    }
                    Some(_) => {}
                }
            }
            TagMatch::Complete((), len) => return TagMatch::Complete(tags, len),
            TagMatch::Partial => is_partial = true,
            TagMatch::Mismatch => {}
        }
    }
    if is_partial { TagMatch::Partial } else { TagMatch::Mismatch }
}

/// Matches a closing mark at the beginning of a text: that of `open_tags`, or any that counts
/// without an opening one.
pub(crate) fn match_close_tag(text: &str, open_tags: Option<&ReasoningTags>) -> TagMatch<()> {
    let boundaries = open_tags.map_or(&[][..], |tags| tags.boundaries);
    let closes = open_tags.map_or(&IMPLICIT_CLOSES[..], |tags| tags.closes);
    let boundary = boundaries.iter().map(|mark| match match_mark(text, mark) {
        TagMatch::Complete((), _) => TagMatch::Complete((), 0),
        found => found,
    });
    let mut is_partial = false;
    for found in boundary.chain(closes.iter().map(|mark| match_mark(text, mark))) {
        match found {
            TagMatch::Complete((), _) => return found,
            TagMatch::Partial => is_partial = true,
            TagMatch::Mismatch => {}
        }
    }
    if is_partial { TagMatch::Partial } else { TagMatch::Mismatch }
}

/// The source to record reasoning with that ends with the closing mark at the beginning of a text.
pub(crate) fn source_of_close_tag(text: &str) -> &'static str {
    let is_close = |close: &'static str| matches!(match_mark(text, close), TagMatch::Complete(..));
    let closes = |tags: &&'static ReasoningTags| tags.closes.iter().any(|close| is_close(close));
    REASONING_TAGS.iter().find(closes).map_or("reasoning", ReasoningTags::source)
}

/// Whether a closing mark may begin with this byte.
pub(crate) fn may_start_close_tag(byte: u8, open_tags: Option<&ReasoningTags>) -> bool {
    match open_tags {
        None => matches!(byte, b'<' | b'[' | 0xE2),
        Some(tags) => {
            let mut marks = tags.closes.iter().chain(tags.boundaries);
            marks.any(|mark| mark.as_bytes().first() == Some(&byte))
        }
    }
}

/// The opening and closing marks that count outside of the beginning of an answer.
pub(crate) fn marks_in_text() -> impl Iterator<Item = &'static str> {
    let opens = REASONING_TAGS.iter().filter(|tags| tags.position != OpenPosition::Start);
    let marks = opens.map(|tags| tags.open).chain(IMPLICIT_CLOSES);
    marks.map(|mark| plain_tag(mark).unwrap_or(mark)).chain(TAG_SPELLINGS)
}

/// A tag without its end, `<name` or `</name`, if the mark is one; `None` for any other mark.
fn plain_tag(mark: &'static str) -> Option<&'static str> {
    let tag = mark.strip_suffix('>')?;
    let name = tag.strip_prefix("</").or_else(|| tag.strip_prefix('<'))?;
    let is_name = name.bytes().all(|byte| byte.is_ascii_alphabetic() || byte == b'_');
    is_name.then_some(tag)
}

/// Returns the closing mark of an opening one that reasoning goes back between; `None` for other
/// text.
pub(crate) fn close_tag_for(open: &str) -> Option<&'static str> {
    let tags = REASONING_TAGS.iter().find(|tags| tags.open == open && tags.is_sent_back)?;
    tags.closes.first().copied().filter(|close| close.ends_with(['>', ']', '▷']))
}

impl ReasoningTags {
    /// The source that reasoning between these marks is recorded with: the opening mark, or a
    /// field, when the marks are not sent back.
    pub(crate) fn source(&self) -> &'static str {
        if close_tag_for(self.open).is_some() { self.open } else { "reasoning" }
    }
}

/// Matches one mark; behind one that ends in `:` come a suffix and `>`. A tag counts in any case,
/// and with white space before its end.
pub(crate) fn match_mark(text: &str, mark: &'static str) -> TagMatch<()> {
    if let Some(tag) = plain_tag(mark) {
        return match_plain_tag(text, tag);
    }
    let Some(rest) = text.strip_prefix(mark) else {
        return if mark.starts_with(text) { TagMatch::Partial } else { TagMatch::Mismatch };
    };
    if !mark.ends_with(':') || !mark.starts_with('<') {
        return TagMatch::Complete((), mark.len());
    }
    let suffix = rest.bytes().take_while(|b| b.is_ascii_alphanumeric() || *b == b'_').count();
    match rest.as_bytes().get(suffix) {
        Some(b'>') if suffix > 0 => TagMatch::Complete((), mark.len() + suffix + 1),
        None if suffix <= MAX_SUFFIX_BYTES => TagMatch::Partial,
        _ => TagMatch::Mismatch,
    }
}

/// Matches a tag, given without its end.
fn match_plain_tag(text: &str, tag: &str) -> TagMatch<()> {
    let len = text.len().min(tag.len());
    let (Some(written), Some(expected)) = (text.as_bytes().get(..len), tag.as_bytes().get(..len))
    else {
        return TagMatch::Mismatch;
    };
    if !written.eq_ignore_ascii_case(expected) {
        return TagMatch::Mismatch;
    }
    let rest = text.as_bytes().get(tag.len()..).unwrap_or_default();
    let blanks = rest.iter().take_while(|byte| byte.is_ascii_whitespace()).count();
    match rest.get(blanks) {
        _ if blanks > MAX_SUFFIX_BYTES => TagMatch::Mismatch,
        Some(b'>') => TagMatch::Complete((), tag.len() + blanks + 1),
        Some(_) => TagMatch::Mismatch,
        None => TagMatch::Partial,
    }
}

/// The longest suffix of a mark, in bytes.
const MAX_SUFFIX_BYTES: usize = 32;

/// Whether a model's answers begin inside reasoning, learned from earlier ones.
#[derive(Debug, Default)]
pub(crate) struct ReasoningPrefixHabit(AtomicU8);

const STARTS_IN_REASONING: u8 = 1;
const STARTS_IN_TEXT: u8 = 2;

impl ReasoningPrefixHabit {
    /// Returns whether the next answer is expected to begin inside reasoning. Before any answer,
    /// `is_reasoning_model` decides.
    pub(crate) fn starts_in_reasoning(&self, is_reasoning_model: bool) -> bool {
        match self.0.load(Ordering::Relaxed) {
            STARTS_IN_REASONING => true,
            STARTS_IN_TEXT => false,
            _ => is_reasoning_model,
        }
    }

    /// Records how an answer began; `None` when that is unknown.
    pub(crate) fn record_start(&self, started_in_reasoning: Option<bool>) {
        if let Some(in_thought) = started_in_reasoning {
            self.0.store(
                if in_thought { STARTS_IN_REASONING } else { STARTS_IN_TEXT },
                Ordering::Relaxed,
            );
        }
    }
}
