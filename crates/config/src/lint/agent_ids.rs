//! Lints the ids of agents: settings under an id that no agent can have would hold for nobody.

use super::{new_warning, parse_key};
use crate::{
    decode::suggestion::resembles_restriction,
    diagnostic::{Diagnostic, DiagnosticKind, TextSpan},
    path::{KeyPath, PathSegment},
    sections::is_same_agent,
    text::{Json5Node, Json5Value},
    tree::ConfigTree,
};

/// Words that may have been meant for all agents.
const GENERAL_WORDS: &[&str] = &["default", "defaults", "all", "any", "everyone"];

/// The keys of an entry that restrict, besides those that `resembles_restriction` knows.
const RESTRICTING_KEYS: &[&str] = &["modelPolicy", "skills"];

/// Reports entries that restrict nobody and entries of one agent that stand apart, each with the
/// index of its text.
pub(super) fn lint_agent_ids(tree: &ConfigTree) -> Vec<(usize, Diagnostic)> {
    let mut found = Vec::new();
    let mut report = |place: &AgentPlace<'_>, message: String, help: &str| {
        let problem = new_warning(place.span, place.path.clone(), message, help)
            .with_kind(DiagnosticKind::UnusableAgentId);
        found.push((tree.source_index(place.node), problem));
    };
    for places in [keyed_places(tree), listed_places(tree)] {
        for (index, place) in places.iter().enumerate() {
            let mut earlier = places.iter().take(index);
            if let Some(first) = earlier.find(|first| is_same_agent(first.id, place.id)) {
                let message =
                    format!("this is the agent `{}`, which stands here twice", first.id.trim());
                report(place, message, "put the settings of the agent in one entry");
            }
            let restricts =
                !matches!(place.node.value, Json5Value::Object(_)) || has_restriction(place.node);
            if !is_agent_id(place.id) && restricts {
                let message = "no agent has this id, so what it restricts would hold for nobody";
                report(
                    place,
                    message.to_owned(),
                    "write the id of an agent, such as `main`, or restrict every agent with `tools`",
                );
            }
        }
    }
    found
}

/// The settings of an agent.
struct AgentPlace<'t> {
    id: &'t str,
    path: KeyPath,
    span: TextSpan,
    node: &'t Json5Node,
}

fn keyed_places(tree: &ConfigTree) -> Vec<AgentPlace<'_>> {
    let above = parse_key("agents.entries");
    let Some((_, node)) = tree.find_node(&above) else { return Vec::new() };
    let Json5Value::Object(entries) = &node.value else { return Vec::new() };
    entries
        .iter()
        .map(|entry| AgentPlace {
            id: &entry.key,
            path: above.clone().with_key(&entry.key),
            span: entry.key_span,
            node: &entry.node,
        })
        .collect()
}

fn listed_places(tree: &ConfigTree) -> Vec<AgentPlace<'_>> {
    let above = parse_key("agents.list");
    let Some((_, node)) = tree.find_node(&above) else { return Vec::new() };
    let Json5Value::Array(elements) = &node.value else { return Vec::new() };
    let mut places = Vec::new();
    for (index, node) in elements.iter().enumerate() {
        let Some(entry) = node.find_entry("id") else { continue };
        let Some(id) = entry.node.as_text() else { continue };
        let mut path = above.clone();
        path.push(PathSegment::Index(index));
        places.push(AgentPlace { id, path: path.with_key("id"), span: entry.node.span, node });
    }
    places
}

/// Whether a text can be the id of an agent: one word, without wildcards or separators of paths.
fn is_agent_id(text: &str) -> bool {
    let is_other = |c: char| c.is_whitespace() || c.is_control() || "*?$/\\:,".contains(c);
    let id = text.trim();
    !id.is_empty()
        && !id.contains(is_other)
        && !GENERAL_WORDS.iter().any(|word| id.eq_ignore_ascii_case(word))
}

/// Whether an entry has a key that may restrict.
fn has_restriction(node: &Json5Node) -> bool {
    let Json5Value::Object(entries) = &node.value else { return false };
    entries.iter().any(|entry| {
        resembles_restriction(&entry.key) || RESTRICTING_KEYS.contains(&entry.key.as_str())
    })
}
