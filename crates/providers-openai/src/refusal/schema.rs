//! Refusals of tool schemas.

use openclaw_core::{ServerErrorMessage, ToolSpec};

use super::{Adaptation, RefusedRequest};
use crate::capabilities::ServerFeature;
use crate::request::{REFUSABLE_KEYWORDS, contains_keyword};

/// An error with one of these texts, in lower case, may be about a schema.
const SCHEMA_MARKERS: [&str; 6] =
    ["schema", "grammar", "unimplemented keys", "keyword", "parameters", "is not permitted"];

/// An error with one of these texts, in lower case, may be about a tool, and so about its schema
/// if it names a keyword.
const TOOL_MARKERS: [&str; 4] = ["tools", "function", "properties", "unknown name"];

/// A grammar compiler that names no keyword is taken to mean the first of this many.
const MAX_UNNAMED_KEYWORDS: usize = 12;

/// Reads the refusal of a tool's schema, if it names a keyword or a tool.
pub(super) fn schema_adaptation(
    server: &ServerErrorMessage,
    refused_request: &RefusedRequest<'_>,
) -> Option<Adaptation> {
    let text = server.message.as_str();
    let lower = text.to_lowercase();
    let is_about_schema = SCHEMA_MARKERS.iter().any(|about| lower.contains(about));
    let is_about_tools = TOOL_MARKERS.iter().any(|about| lower.contains(about));
    if refused_request.capabilities.uses_text_tools() || !(is_about_schema || is_about_tools) {
        return None;
    }
    let tools = || {
        let refused_tools = &refused_request.capabilities.refused_tools;
        refused_request
            .request
            .tools
            .iter()
            .filter(|tool| !refused_tools.contains(tool.name.as_str()))
    };
    let is_sent = |keyword: &&&str| {
        !refused_request.capabilities.refused_schema_keywords.contains(**keyword)
            && tools().any(|tool| contains_keyword(&tool.parameters, keyword))
    };
    let mut keywords: Vec<_> = REFUSABLE_KEYWORDS
        .iter()
        .filter(is_sent)
        .filter(|keyword| names_keyword(text, keyword))
        .copied()
        .collect();
    if keywords.is_empty() && lower.contains("features not supported") {
        keywords =
            REFUSABLE_KEYWORDS.iter().take(MAX_UNNAMED_KEYWORDS).filter(is_sent).copied().collect();
    }
    if !keywords.is_empty() {
        return Some(Adaptation::SchemaKeywords(keywords));
    }
    // Without `strict` the server may not compile the schema at all.
    if !is_about_schema || refused_request.uses_feature(ServerFeature::StrictMode) {
        return None;
    }
    let param = server.param.as_deref().unwrap_or_default();
    let tool_by_index = || {
        refused_request.request.tools.get(find_tool_index(text).or_else(|| find_tool_index(param))?)
    };
    let tool = tools().find(|tool| is_quoted(text, tool.name.as_str())).or_else(tool_by_index);
    tool.map(|ToolSpec { name, .. }| Adaptation::ToolSchema(name.as_str().to_owned()))
}

/// Returns whether a text names a keyword, in its own spelling or with underscores, as servers
/// that convert schemas to protocol buffers do. A keyword that is also an English word must be
/// quoted.
fn names_keyword(text: &str, keyword: &str) -> bool {
    let is_unambiguous = keyword.contains(|c: char| c.is_ascii_uppercase() || c == '$');
    let is_word = |word: &str| {
        text.split(|c: char| !c.is_alphanumeric() && c != '$' && c != '_').any(|w| w == word)
    };
    is_quoted(text, keyword)
        || (is_unambiguous && (is_word(keyword) || is_word(&with_underscores(keyword))))
}

/// Spells `additionalProperties` as `additional_properties`.
fn with_underscores(keyword: &str) -> String {
    let mut spelling = String::new();
    for letter in keyword.chars() {
        if letter.is_ascii_uppercase() {
            spelling.push('_');
        }
        spelling.push(letter.to_ascii_lowercase());
    }
    spelling
}

fn is_quoted(text: &str, word: &str) -> bool {
    text.match_indices(word).any(|(at, _)| {
        let before = text.get(..at).and_then(|before| before.chars().next_back());
        let after = text.get(at + word.len()..).and_then(|after| after.chars().next());
        before.is_some_and(|c| matches!(c, '\'' | '"' | '`')) && before == after
    })
}

/// The index of a tool in the list, from `tools[1].function` or `tools.1.function`.
fn find_tool_index(text: &str) -> Option<usize> {
    let (_, rest) = text.split_once("tools")?;
    let rest = rest.strip_prefix(['[', '.'])?;
    let end = rest.find(|c: char| !c.is_ascii_digit())?;
    rest.get(..end)?.parse().ok()
}
