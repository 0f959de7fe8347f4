//! The types of a Messages request's fields.

use serde_json::{Map, Value};

use super::fields::{Issue, Kind, check_named, literal};
use crate::python;

const OPTIONAL: &[(&str, Kind)] = &[
    ("model", Kind::Text),
    ("max_tokens", Kind::Int),
    ("stream", Kind::Bool),
    ("temperature", Kind::Float),
    ("tools", Kind::List),
    ("top_k", Kind::Int),
    ("top_p", Kind::Float),
];

/// Checks the fields of a Messages request, or of one for a count, which has no limit for the
/// answer; the kinds of its blocks are not looked at. Empty if all are well typed.
pub(crate) fn check_messages(body: &Map<String, Value>, has_limit: bool) -> Vec<Issue> {
    let shown = format!("<dict of {} items>", body.len());
    let missing = |name: &&str| !body.contains_key(*name);
    let names = ["model", "messages", "max_tokens"];
    let names = names.iter().filter(|name| has_limit || **name != "max_tokens");
    let mut issues: Vec<_> = names
        .copied()
        .filter(missing)
        .map(|name| Issue::missing(&format!("body.{name}"), &shown))
        .collect();
    match body.get("messages") {
        Some(Value::Array(messages)) => {
            let roles = messages.iter().enumerate().filter_map(|(at, message)| {
                let role = message.get("role")?;
                let known = ["user", "assistant", "system"];
                let is_known = role.as_str().is_some_and(|role| known.contains(&role));
                let loc = format!("body.messages.{at}.role");
                (!is_known).then(|| literal(loc, "'user', 'assistant' or 'system'", role))
            });
            issues.extend(roles);
        }
        Some(other) => issues.push(Issue::list("body.messages".to_owned(), other)),
        None => {}
    }
    issues.extend(check_named(body, OPTIONAL));
    let tools = body.get("tools").and_then(Value::as_array).into_iter().flatten();
    let tools = tools.enumerate().filter(|(_, tool)| tool.get("input_schema").is_none());
    issues.extend(tools.map(|(at, tool)| {
        Issue::missing(&format!("body.tools.{at}.input_schema"), &python::input(tool))
    }));
    issues
}
