//! Refusals of the schemas of tools.

use openclaw_core::{ServerMessage, ToolSpec};

use super::{Lesson, Sent};
use crate::knowledge::Lack;
use crate::request::{KEYWORDS, holds, takes_no_tools};

/// Where one of these stands, in lower case, the message may be about a schema.
const ABOUT: [&str; 6] =
    ["schema", "grammar", "unimplemented keys", "keyword", "parameters", "is not permitted"];

/// Compilers that name none mean one of the first so many keywords.
const UNNAMED: usize = 12;

/// Reads a refusal as one of a tool's schema, if it names a keyword or a tool.
pub(super) fn lesson(server: &ServerMessage, sent: &Sent<'_>) -> Option<Lesson> {
    let text = server.message.as_str();
    let lower = text.to_lowercase();
    if takes_no_tools(sent.facts) || !ABOUT.iter().any(|about| lower.contains(about)) {
        return None;
    }
    let tools = || {
        let refused = &sent.facts.refused_tools;
        sent.request.tools.iter().filter(|tool| !refused.contains(tool.name.as_str()))
    };
    let is_sent = |keyword: &&&str| {
        !sent.facts.schema_keywords.contains(**keyword)
            && tools().any(|tool| holds(&tool.parameters, keyword))
    };
    let mut keywords: Vec<_> =
        KEYWORDS.iter().filter(is_sent).filter(|keyword| names(text, keyword)).copied().collect();
    if keywords.is_empty() && lower.contains("features not supported") {
        keywords = KEYWORDS.iter().take(UNNAMED).filter(is_sent).copied().collect();
    }
    if !keywords.is_empty() {
        return Some(Lesson::Keywords(keywords));
    }
    // Without `strict` the server may not make a grammar of it at all.
    if sent.holds(Lack::Strict) {
        return None;
    }
    let param = server.param.as_deref().unwrap_or_default();
    let by_place = || sent.request.tools.get(place(text).or_else(|| place(param))?);
    let tool = tools().find(|tool| is_quoted(text, tool.name.as_str())).or_else(by_place);
    tool.map(|ToolSpec { name, .. }| Lesson::Tool(name.as_str().to_owned()))
}

/// Whether a text names a keyword. One that is a word of English as well must stand in quotes.
fn names(text: &str, keyword: &str) -> bool {
    let is_own = keyword.contains(|c: char| c.is_ascii_uppercase() || c == '$');
    is_quoted(text, keyword)
        || (is_own && text.split(|c: char| !c.is_alphanumeric() && c != '$').any(|w| w == keyword))
}

fn is_quoted(text: &str, word: &str) -> bool {
    text.match_indices(word).any(|(at, _)| {
        let before = text.get(..at).and_then(|before| before.chars().next_back());
        let after = text.get(at + word.len()..).and_then(|after| after.chars().next());
        before.is_some_and(|c| matches!(c, '\'' | '"' | '`')) && before == after
    })
}

/// The place of a tool in the list, from `tools[1].function` or `tools.1.function`.
fn place(text: &str) -> Option<usize> {
    let (_, rest) = text.split_once("tools")?;
    let rest = rest.strip_prefix(['[', '.'])?;
    let end = rest.find(|c: char| !c.is_ascii_digit())?;
    rest.get(..end)?.parse().ok()
}
