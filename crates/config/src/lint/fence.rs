//! Lints values that cannot be meant, in the sections that restrict what runs and what leaves.

use std::collections::BTreeSet;

use crate::{
    diagnostic::{Diagnostic, DiagnosticKind, Severity},
    openclaw_keys::{KeyLookup, KnownKeys},
    pattern::{PathRelation, PathSegmentRef, compare_to_pattern, to_key_path},
    restrictions::{FENCED_SECTIONS, relation_to_sections},
    text::{Json5Node, Json5Value},
};

/// In `gateway`, `null` leaves a key unset. Elsewhere it may have been meant as a value.
const NULLABLE_SECTION: &str = "gateway";

/// Reports each `null` and each value of the wrong type below the fenced sections.
pub(super) fn lint_fenced_values(root: &Json5Node, ignored: &BTreeSet<u32>) -> Vec<Diagnostic> {
    let mut found = Vec::new();
    root.walk_nodes(&mut |steps, key_span, node| {
        let relation = relation_to_sections(FENCED_SECTIONS, steps);
        if ignored.contains(&node.id) || relation == PathRelation::Disjoint {
            return false;
        }
        let problem = unusable_value(steps, node)
            .or_else(|| unknown_word(steps, node))
            .or_else(|| missing_id(steps, node));
        if let Some((message, help)) = problem {
            let span = if matches!(node.value, Json5Value::Null) { key_span } else { node.span };
            let help = help.to_owned();
            found.push(
                Diagnostic::new(Severity::Warning, span, message)
                    .at_path(to_key_path(steps))
                    .with_kind(DiagnosticKind::InvalidValue)
                    .with_help(Some(help)),
            );
        }
        true
    });
    found
}

/// What is wrong with a value, by the type that the key has in the table of known keys.
fn unusable_value(
    steps: &[PathSegmentRef<'_>],
    node: &Json5Node,
) -> Option<(String, &'static str)> {
    let help = "leave the key out to have the default";
    if let Json5Value::Null = node.value {
        let is_nullable = matches!(steps, [PathSegmentRef::Key(NULLABLE_SECTION), ..]);
        return (!is_nullable).then(|| ("null is no value of this key".to_owned(), help));
    }
    let KeyLookup::Known(known) = KnownKeys::lookup_path(steps) else { return None };
    let expected = known.expected_type()?;
    let fits = match (&node.value, expected) {
        (Json5Value::Text(_), "a string")
        | (Json5Value::Bool(_), "a boolean")
        | (Json5Value::Array(_), "an array")
        | (Json5Value::Object(_), "an object") => true,
        (Json5Value::Unsigned(_) | Json5Value::Negative(_) | Json5Value::Float(_), _) => {
            expected == "a number"
        }
        _ => false,
    };
    (!fits).then(|| (format!("expected {expected}"), help))
}

/// The words that a text below the fenced sections may be, by the pattern of its key.
const KNOWN_WORDS: &[(&str, &[&str])] = &[
    ("approvals.*.mode", &["session", "targets", "both"]),
    ("tools.codeMode", &["auto"]),
    ("tools.codeMode.enabled", &["auto"]),
    ("agents.entries.*.tools.codeMode", &["auto"]),
    ("agents.entries.*.tools.codeMode.enabled", &["auto"]),
    ("agents.list.*.tools.codeMode", &["auto"]),
    ("agents.list.*.tools.codeMode.enabled", &["auto"]),
];

/// Lists that have texts only.
const TEXT_LISTS: &[&str] = &["approvals.*.agentFilter.*", "approvals.*.sessionFilter.*"];

/// What is wrong with a text that its key does not have, with an element that is no text, and with a
/// key that an object of several forms does not have.
fn unknown_word(steps: &[PathSegmentRef<'_>], node: &Json5Node) -> Option<(String, &'static str)> {
    let is_at = |pattern: &str| compare_to_pattern(pattern, steps) == PathRelation::Equal;
    let help = "leave the key out to have the default";
    if let Some(text) = node.as_text() {
        let (_, words) = KNOWN_WORDS.iter().find(|(pattern, _)| is_at(pattern))?;
        let expected = || format!("expected one of \"{}\"", words.join("\", \""));
        return (!words.contains(&text)).then(|| (expected(), help));
    }
    if TEXT_LISTS.iter().any(|pattern| is_at(pattern)) {
        return Some(("expected a string".to_owned(), "write the text in quotes"));
    }
    let (PathSegmentRef::Key(_), above) = steps.split_last()? else { return None };
    let KeyLookup::Anything = KnownKeys::lookup_path(steps) else { return None };
    let KeyLookup::Known(known) = KnownKeys::lookup_path(above) else { return None };
    // A value of one of several types has the keys in the table only; a map has any.
    let is_closed = known.expected_type().is_none();
    is_closed.then(|| ("unknown key, it has no effect".to_owned(), "remove it, or mend its name"))
}

/// What is wrong with an agent in the list that no `--agent` can name.
fn missing_id(steps: &[PathSegmentRef<'_>], node: &Json5Node) -> Option<(String, &'static str)> {
    let [PathSegmentRef::Key("agents"), PathSegmentRef::Key("list"), PathSegmentRef::Index(_)] =
        steps
    else {
        return None;
    };
    let has_id = node.find_entry("id").is_some_and(|entry| entry.node.as_text().is_some());
    (!has_id)
        .then(|| ("this agent has no `id`, so nothing in it counts".to_owned(), "give it an `id`"))
}
