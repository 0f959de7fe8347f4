//! Calls that a model wrote as text, in the words of its family.
//!
//! A server without the right parser hands them through, and some parsers do when a call is odd.
//! The rules:
//! - Only what stands in the answer's own text counts, never in reasoning, and only outside of
//!   code: what stands in backticks or a fence is quoted, be it the user's words or an example.
//! - A form without a mark of its own (bare JSON, a bare list, a single fence of JSON) counts only
//!   as the whole text of the answer: with other words around it, it is quoted too.
//! - Only tools that were offered are called.
//! - A call that ends before it is whole is broken, and so is one between marks that cannot be
//!   read. Nothing is closed or filled in for the model.

mod envelope;
mod fenced;
mod hermes;
mod llama3_json;
mod mistral;
mod pythonic;
mod qwen3_xml;
mod scan;

use std::sync::Arc;

use openclaw_core::{ToolName, ToolSpec};

use self::scan::{Cursor, Stop};
use crate::schema::Schema;

/// The longest text that is read as calls, in bytes; more is never held back.
const MAX_CALL: usize = 256 * 1024;

/// The tools that a request offers.
#[derive(Debug, Clone)]
pub(crate) struct Offered(Arc<[ToolSpec]>);

/// A call as it was written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Written {
    /// The tool, one of those offered.
    pub(crate) name: ToolName,
    /// The text of the arguments: JSON, unless there is a fault.
    pub(crate) arguments: String,
    /// What is wrong with the call, as a sentence for the model.
    pub(crate) fault: Option<&'static str>,
}

/// What the beginning of a text is.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Verdict {
    /// No call.
    No,
    /// Perhaps a call; the text is too short to tell. Never said of one that has ended.
    Open,
    /// These calls, in the first `len` bytes.
    Calls { dialect: &'static str, len: usize, calls: Vec<Written> },
}

struct Dialect {
    name: &'static str,
    /// Whether its calls are the whole text of the answer.
    is_whole: bool,
    read: fn(&mut Cursor<'_>, &mut Vec<Written>) -> Result<(), Stop>,
}

const DIALECTS: [Dialect; 7] = [
    Dialect { name: "hermes", is_whole: false, read: hermes::read },
    Dialect { name: "qwen3-xml", is_whole: false, read: qwen3_xml::read },
    Dialect { name: "mistral", is_whole: false, read: mistral::read },
    Dialect { name: "mistral without its mark", is_whole: true, read: mistral::read_bare },
    Dialect { name: "llama3-json", is_whole: true, read: llama3_json::read },
    Dialect { name: "pythonic", is_whole: true, read: pythonic::read },
    Dialect { name: "fenced JSON", is_whole: true, read: fenced::read },
];

/// Judges the beginning of a text, which `ended` or goes on. Only the `first` text of an answer
/// can be calls as a whole. Once it is decided, more text changes nothing.
pub(crate) fn judge(text: &str, offered: &Offered, first: bool, ended: bool) -> Verdict {
    let dialects = DIALECTS.iter().filter(|dialect| first || !dialect.is_whole);
    for dialect in dialects {
        let verdict = dialect.judge(text, offered, ended);
        if verdict != Verdict::No {
            return verdict;
        }
    }
    Verdict::No
}

impl Dialect {
    fn judge(&self, text: &str, offered: &Offered, ended: bool) -> Verdict {
        let mut cursor = Cursor::new(text, offered);
        let mut calls = Vec::new();
        let (is_open, len) = match (self.read)(&mut cursor, &mut calls) {
            Ok(()) if !self.is_whole => (false, cursor.at()),
            Ok(()) if cursor.rest().trim_ascii_start().is_empty() => (!ended, text.len()),
            Ok(()) | Err(Stop::No) => return Verdict::No,
            Err(Stop::Short(part)) => {
                calls.extend(part);
                (!ended, text.len())
            }
        };
        if len > MAX_CALL {
            Verdict::No
        } else if is_open {
            Verdict::Open
        } else if calls.is_empty() {
            Verdict::No
        } else {
            Verdict::Calls { dialect: self.name, len, calls }
        }
    }
}

impl Offered {
    /// The tools, if there are any.
    pub(crate) fn new(tools: Arc<[ToolSpec]>) -> Option<Self> {
        (!tools.is_empty()).then_some(Self(tools))
    }

    /// The schema of a tool's arguments.
    pub(crate) fn schema(&self, name: &ToolName) -> Schema<'_> {
        let tool = self.0.iter().find(|tool| tool.name == *name);
        tool.map_or_else(Schema::default, |tool| Schema::new(&tool.parameters))
    }

    fn find(&self, name: &str) -> Option<&ToolName> {
        self.0.iter().map(|tool| &tool.name).find(|tool| tool.as_str() == name)
    }

    fn has_beginning(&self, text: &str) -> bool {
        self.0.iter().any(|tool| tool.name.as_str().starts_with(text))
    }
}

#[cfg(test)]
mod tests;
