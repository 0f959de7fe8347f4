//! Parses tool calls that a model wrote as text, in the format of its family.
//!
//! A server without the right parser passes such calls through, and some parsers do when a call is
//! unusual. The rules:
//! - Only the answer's visible text counts, never reasoning, and only outside of code: in backticks
//!   or a fence a call is quoted, be it the user's words or an example.
//! - A format without a marker of its own (bare JSON, a bare list, a single fence of JSON) counts
//!   only as the whole text of the answer: between other words it is quoted too.
//! - Only offered tools are called.
//! - A call that ends early is invalid, and so is one of an offered tool with unreadable arguments
//!   between markers. Nothing is closed or filled in for the model.
//! - What is written like a call, behind a family's marker, and is none is unreadable: such an
//!   answer fails, and the error names the server option that would read it.
//!
//! [`families`] is the table of formats; each has one of a few grammars.

mod braced;
mod cursor;
mod elements;
mod families;
mod family;
mod json_call;
mod named_json;
mod offered_tools;
mod pairs;
mod pythonic;
mod tags;
mod unreadable;

use openclaw_core::ToolName;

use self::families::call_families;
use self::family::FamilyMatch;

pub(crate) use self::family::CallFamily;
pub(crate) use self::offered_tools::OfferedTools;
pub(crate) use self::unreadable::match_unreadable;

/// The longest text that is parsed as calls, in bytes; more is never held back.
const MAX_CALL_BYTES: usize = 256 * 1024;

/// A tool call as it was written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct TextToolCall {
    /// The name of an offered tool.
    pub(crate) name: ToolName,
    /// The arguments as text; JSON unless there is a problem.
    pub(crate) arguments: String,
    /// The problem with the call, as sentences for the model.
    pub(crate) problem: Option<String>,
    /// Whether its end is missing behind complete arguments: more of them may have been meant, if
    /// the answer was cut off.
    pub(crate) is_unclosed: bool,
}

impl TextToolCall {
    /// A call without a problem.
    pub(crate) fn new(name: ToolName, arguments: String) -> Self {
        Self { name, arguments, problem: None, is_unclosed: false }
    }
}

/// The result of matching the beginning of a text.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum CallMatch {
    /// No call.
    NoCall,
    /// Perhaps a call: the text is too short to tell. Never returned for a text that has ended.
    Undecided,
    /// These calls, in the first `len` bytes.
    Calls { dialect: &'static str, len: usize, calls: Vec<TextToolCall> },
}

/// The result of looking for a call that cannot be read at the beginning of a text.
#[derive(Debug)]
pub(crate) enum UnreadableMatch {
    /// Other text.
    Other,
    /// Perhaps such a call: the text is too short to tell.
    Undecided,
    /// Such a call, in the first `len` bytes.
    Unreadable { family: &'static CallFamily, len: usize },
}

/// Matches the beginning of a text against all families. With `is_end` no more text follows. Only
/// the first text of an answer can be calls as a whole. More text never changes a decision.
pub(crate) fn match_calls(
    text: &str,
    offered_tools: &OfferedTools,
    is_first_text: bool,
    is_end: bool,
) -> CallMatch {
    let families = call_families().filter(|family| family.may_match(text, is_first_text));
    for family in families {
        match family.match_text(text, offered_tools, is_end) {
            FamilyMatch::NoCall => {}
            FamilyMatch::Undecided if text.len() > MAX_CALL_BYTES => {}
            FamilyMatch::Undecided => return CallMatch::Undecided,
            FamilyMatch::Calls { len, .. } if len > MAX_CALL_BYTES => {}
            FamilyMatch::Calls { len, calls } => {
                return CallMatch::Calls { dialect: family.name, len, calls };
            }
        }
    }
    CallMatch::NoCall
}

/// Parses a text that is one object as Python writes it: with single quotes, `True` and `None`.
/// `None` for any other text.
pub(crate) fn parse_python_object(
    text: &str,
) -> Option<serde_json::Map<String, serde_json::Value>> {
    pythonic::parse_object(text, &OfferedTools::none())
}

/// vLLM's tool parser for a format, by its name in [`CallMatch::Calls`].
pub(crate) fn tool_parser_for(dialect: &str) -> Option<&'static str> {
    call_families().find(|family| family.name == dialect).map(|family| family.tool_parser)
}

/// The marks that calls may begin with in other text.
pub(crate) fn opening_marks() -> impl Iterator<Item = &'static str> {
    call_families().filter(|family| family.is_marked()).flat_map(CallFamily::opening_marks)
}

#[cfg(test)]
mod tests;
