//! Parses tool calls that a model wrote as text, in the format of its family.
//!
//! A server without the right parser passes such calls through, and some parsers do when a call is
//! unusual. The rules:
//! - Only the answer's visible text counts, never reasoning, and only outside of code: in backticks
//!   or a fence a call is quoted, be it the user's words or an example.
//! - A format without a marker of its own (bare JSON, a bare list, a single fence of JSON) counts
//!   only as the whole text of the answer: between other words it is quoted too.
//! - Only offered tools are called.
//! - A call that ends early is invalid, and so is an unreadable one between markers. Nothing is
//!   closed or filled in for the model.

mod cursor;
mod fenced_json;
mod hermes;
mod json_call;
mod llama3_json;
mod mistral;
mod pythonic;
mod qwen3_xml;

use std::sync::Arc;

use openclaw_core::{ToolName, ToolSpec};

use self::cursor::{ParseStop, TextCursor};
use crate::schema::ArgumentSchema;

/// The longest text that is parsed as calls, in bytes; more is never held back.
const MAX_CALL_BYTES: usize = 256 * 1024;

/// The tools that a request offers.
#[derive(Debug, Clone)]
pub(crate) struct OfferedTools(Arc<[ToolSpec]>);

/// A tool call as it was written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct TextToolCall {
    /// The name of an offered tool.
    pub(crate) name: ToolName,
    /// The arguments as text; JSON unless there is a problem.
    pub(crate) arguments: String,
    /// The problem with the call, as a sentence for the model.
    pub(crate) problem: Option<&'static str>,
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

struct CallDialect {
    name: &'static str,
    /// Whether its calls must be the whole text of the answer.
    spans_whole_text: bool,
    parse_calls: fn(&mut TextCursor<'_>, &mut Vec<TextToolCall>) -> Result<(), ParseStop>,
}

const CALL_DIALECTS: [CallDialect; 7] = [
    CallDialect { name: "hermes", spans_whole_text: false, parse_calls: hermes::parse_calls },
    CallDialect { name: "qwen3-xml", spans_whole_text: false, parse_calls: qwen3_xml::parse_calls },
    CallDialect { name: "mistral", spans_whole_text: false, parse_calls: mistral::parse_calls },
    CallDialect {
        name: "mistral without its mark",
        spans_whole_text: true,
        parse_calls: mistral::parse_unmarked_calls,
    },
    CallDialect {
        name: "llama3-json",
        spans_whole_text: true,
        parse_calls: llama3_json::parse_calls,
    },
    CallDialect { name: "pythonic", spans_whole_text: true, parse_calls: pythonic::parse_calls },
    CallDialect {
        name: "fenced JSON",
        spans_whole_text: true,
        parse_calls: fenced_json::parse_calls,
    },
];

/// Matches the beginning of a text against all dialects. With `is_end` no more text follows. Only
/// the first text of an answer can be calls as a whole. More text never changes a decision.
pub(crate) fn match_calls(
    text: &str,
    offered_tools: &OfferedTools,
    is_first_text: bool,
    is_end: bool,
) -> CallMatch {
    let dialects =
        CALL_DIALECTS.iter().filter(|dialect| is_first_text || !dialect.spans_whole_text);
    for dialect in dialects {
        let call_match = dialect.match_text(text, offered_tools, is_end);
        if call_match != CallMatch::NoCall {
            return call_match;
        }
    }
    CallMatch::NoCall
}

impl CallDialect {
    fn match_text(&self, text: &str, offered_tools: &OfferedTools, is_end: bool) -> CallMatch {
        let mut cursor = TextCursor::new(text, offered_tools);
        let mut calls = Vec::new();
        let (is_undecided, len) = match (self.parse_calls)(&mut cursor, &mut calls) {
            Ok(()) if !self.spans_whole_text => (false, cursor.bytes_read()),
            Ok(()) if cursor.remaining_text().trim_ascii_start().is_empty() => {
                (!is_end, text.len())
            }
            Ok(()) | Err(ParseStop::Mismatch) => return CallMatch::NoCall,
            Err(ParseStop::Incomplete(partial_call)) => {
                calls.extend(partial_call);
                (!is_end, text.len())
            }
        };
        if len > MAX_CALL_BYTES {
            CallMatch::NoCall
        } else if is_undecided {
            CallMatch::Undecided
        } else if calls.is_empty() {
            CallMatch::NoCall
        } else {
            CallMatch::Calls { dialect: self.name, len, calls }
        }
    }
}

impl OfferedTools {
    /// Wraps the tools; `None` when there are none.
    pub(crate) fn new(tools: Arc<[ToolSpec]>) -> Option<Self> {
        (!tools.is_empty()).then_some(Self(tools))
    }

    /// The schema of a tool's arguments.
    pub(crate) fn argument_schema(&self, name: &ToolName) -> ArgumentSchema<'_> {
        let tool = self.0.iter().find(|tool| tool.name == *name);
        tool.map_or_else(ArgumentSchema::default, |tool| ArgumentSchema::new(&tool.parameters))
    }

    fn find_tool(&self, name: &str) -> Option<&ToolName> {
        self.0.iter().map(|tool| &tool.name).find(|tool| tool.as_str() == name)
    }

    fn has_name_prefix(&self, prefix: &str) -> bool {
        self.0.iter().any(|tool| tool.name.as_str().starts_with(prefix))
    }
}

#[cfg(test)]
mod tests;
