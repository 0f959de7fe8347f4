//! The families whose tool calls are understood, as of vLLM 0.32.
//!
//! Families that share a mark are tried in this order.

mod common;
mod json;
mod names;
mod tags;
mod whole_text;

use super::family::{CallFamily, CallGrammar, MarkPair};
use super::json_call::JsonCallSyntax;

const NO_SECTION: MarkPair = MarkPair { opens: &[], closes: &[] };

/// Fields that most families leave as they are.
const BASE: CallFamily = CallFamily {
    name: "",
    tool_parser: "",
    reasoning_parser: "",
    section: NO_SECTION,
    call_marks: &[],
    is_whole_text: false,
    has_common_marks: false,
    grammar: JSON,
};

const JSON: CallGrammar = json("", &[]);

const fn json(begin: &'static str, ends: &'static [&'static str]) -> CallGrammar {
    CallGrammar::Json(JsonCallSyntax { begin, ends, is_repeated: false })
}

const fn section(opens: &'static [&'static str], closes: &'static [&'static str]) -> MarkPair {
    MarkPair { opens, closes }
}

/// All families.
pub(super) fn call_families() -> impl Iterator<Item = &'static CallFamily> {
    let families =
        [json::FAMILIES, tags::FAMILIES, names::FAMILIES, common::FAMILIES, whole_text::FAMILIES];
    families.into_iter().flatten()
}
