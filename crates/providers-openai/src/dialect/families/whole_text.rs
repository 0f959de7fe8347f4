//! Formats without marks, which count as the whole text of an answer only.

use super::names::named_json;
use super::{BASE, section};
use crate::dialect::braced::BracedSyntax;
use crate::dialect::family::{CallFamily, CallGrammar};
use crate::dialect::json_call::JsonCallSyntax;

/// These families.
pub(super) static FAMILIES: &[CallFamily] = &[
    CallFamily {
        name: "bare JSON",
        tool_parser: "llama3_json",
        is_whole_text: true,
        grammar: CallGrammar::Json(JsonCallSyntax { begin: "", ends: &[], is_repeated: true }),
        ..BASE
    },
    CallFamily {
        name: "name and JSON",
        tool_parser: "mistral",
        reasoning_parser: "mistral",
        is_whole_text: true,
        grammar: named_json(&[], &["[ARGS]"], &[]),
        ..BASE
    },
    CallFamily {
        name: "harmony without its marks",
        tool_parser: "openai",
        reasoning_parser: "openai_gptoss",
        is_whole_text: true,
        grammar: named_json(&["assistantcommentary to=", "commentary to="], &["json", "code"], &[]),
        ..BASE
    },
    CallFamily {
        name: "apertus without its marks",
        tool_parser: "apertus",
        is_whole_text: true,
        grammar: CallGrammar::KeyedJson,
        ..BASE
    },
    CallFamily {
        name: "gemma 4 without its marks",
        tool_parser: "gemma4",
        reasoning_parser: "gemma4",
        is_whole_text: true,
        grammar: CallGrammar::Braced(BracedSyntax { begin: "", quote: "<|\"|>", ends: &[] }),
        ..BASE
    },
    CallFamily {
        name: "pythonic",
        tool_parser: "pythonic",
        is_whole_text: true,
        grammar: CallGrammar::Python,
        ..BASE
    },
    CallFamily {
        name: "fenced JSON",
        tool_parser: "xlam",
        section: section(
            &["```json", "```tool_calls", "```tool_call", "```tool_use", "```"],
            &["```"],
        ),
        is_whole_text: true,
        ..BASE
    },
    CallFamily {
        name: "fenced code",
        tool_parser: "pythonic",
        section: section(&["```tool_code"], &["```"]),
        is_whole_text: true,
        grammar: CallGrammar::Python,
        ..BASE
    },
];
