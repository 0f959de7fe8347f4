//! Suggests what an unknown name may have meant.

use strsim::levenshtein;

use crate::{
    path::{KeyPath, PathSegment},
    pattern::PathSegmentRef,
    text::{Json5Node, Json5Value},
};

/// Keys that are often written in the wrong place: that place, the key, and the advice.
const MISPLACED_KEYS: &[(&[&str], &str, &str)] = &[
    (&["models", "providers"], "timeout", TIMEOUT_HELP),
    (&["models", "providers"], "timeoutSeconds", TIMEOUT_HELP),
    (&["models", "providers"], "idleTimeoutSeconds", TIMEOUT_HELP),
    (&["agents", "defaults"], "idleTimeoutSeconds", "it stands in `agents.defaults.llm`"),
    (&["agents", "defaults"], "localModelLean", "it is `localModelMode: \"lean\"` here"),
    (&["agents"], "model", "it stands in `agents.defaults`"),
    (&[], "model", "it stands in `agents.defaults`"),
    (&[], "providers", "it stands in `models`"),
];
const TIMEOUT_HELP: &str = "the timeouts are `timeoutSeconds` of the provider for its silent models, \
                      `agents.defaults.llm.idleTimeoutSeconds` for every silent model, and \
                      `agents.defaults.timeoutSeconds` for a whole run";

/// The help for an unknown key: where it belongs, or the most similar known key.
pub(super) fn suggest_help(path: &KeyPath, candidates: &[&'static str]) -> Option<String> {
    let (PathSegment::Key(key), above) = path.segments().split_last()? else { return None };
    let misplaced = MISPLACED_KEYS.iter().find(|(place, name, _)| {
        let mut keys = above.iter().filter_map(|segment| match segment {
            PathSegment::Key(key) => Some(key.as_str()),
            PathSegment::Index(_) => None,
        });
        let starts = place.iter().all(|step| keys.next() == Some(step));
        starts && key == name && (!place.is_empty() || above.is_empty())
    });
    match misplaced {
        Some((_, _, advice)) => Some((*advice).to_owned()),
        None => nearest_name(key, candidates).map(|name| format!("did you mean `{name}`?")),
    }
}

/// The most similar candidate, if one is similar enough.
pub(crate) fn nearest_name<'c>(name: &str, candidates: &[&'c str]) -> Option<&'c str> {
    let name = normalize_name(name);
    let max_distance = (name.chars().count() / 3).clamp(1, 3);
    candidates
        .iter()
        .map(|candidate| (levenshtein(&name, &normalize_name(candidate)), *candidate))
        .filter(|(distance, _)| *distance <= max_distance)
        .min_by_key(|(distance, _)| *distance)
        .map(|(_, candidate)| candidate)
}

/// The names of keys that restrict what runs or what leaves.
const RESTRICTION_NAMES: &[&str] = &[
    "allow",
    "allowed",
    "allowlist",
    "alsoAllow",
    "approvals",
    "blocked",
    "blocklist",
    "byProvider",
    "deny",
    "denied",
    "denylist",
    "egress",
    "egressProxy",
    "elevated",
    "exec",
    "forbid",
    "permissions",
    "restrict",
    "sandbox",
    "security",
    "tools",
];

/// What the name of a restriction begins or ends with, in this program and in others.
const RESTRICTION_VERBS: &[&str] = &[
    "allow",
    "allowed",
    "ban",
    "banned",
    "block",
    "blocked",
    "denied",
    "deny",
    "disable",
    "disabled",
    "disallow",
    "disallowed",
    "exclude",
    "excluded",
    "forbid",
    "forbidden",
    "no",
    "only",
    "restrict",
    "restricted",
];

/// What the rest of such a name is.
const RESTRICTION_OBJECTS: &[&str] = &[
    "bash", "command", "commands", "edit", "egress", "exec", "file", "files", "internet",
    "network", "path", "paths", "read", "run", "shell", "tool", "tools", "web", "write",
];

/// The keys that switch a skill off, as this program and others write them.
const SWITCH_NAMES: &[&str] =
    &["enabled", "enable", "disabled", "disable", "active", "allow", "deny", "off"];

/// Whether a key is the name of a restriction, or one letter away from it; so is each part of a key
/// that is written as a path, such as `tools.deny`.
pub(crate) fn resembles_restriction(key: &str) -> bool {
    let is_path = |c: char| matches!(c, '.' | '/' | ':');
    is_restriction_name(key) || key.contains(is_path) && key.split(is_path).any(is_restriction_name)
}

/// Whether an unknown key may have been meant as a restriction because of its place.
pub(super) fn restricts_in_place(steps: &[PathSegmentRef<'_>], node: &Json5Node) -> bool {
    use PathSegmentRef::Key;
    let resembles = |key: &str, names: &[&'static str]| nearest_name(key, names).is_some();
    let by_place = match steps {
        [Key("agents"), Key("entries" | "list"), _, Key(key)] => {
            resembles_default(key) || resembles(key, &["skills", "modelPolicy"])
        }
        [Key("agents"), Key("defaults"), Key(key)] => resembles(key, &["skills", "modelPolicy"]),
        [Key("skills"), Key(key)] | [Key("skills"), Key("entries"), _, Key(key)] => {
            resembles(key, SWITCH_NAMES)
        }
        _ => false,
    };
    let names_files = match &node.value {
        Json5Value::Text(_) => true,
        Json5Value::Array(names) => names.iter().any(|name| name.as_text().is_some()),
        _ => false,
    };
    by_place
        || names_files
            && matches!(steps, [.., Key(key)] if resembles(key.trim_start_matches('$'), &["include"]))
}

/// Whether a key is `default` or nearly so.
pub(crate) fn resembles_default(key: &str) -> bool {
    nearest_name(key, &["default", "isDefault"]).is_some()
}

fn is_restriction_name(key: &str) -> bool {
    let key = normalize_name(key);
    let is_compound = RESTRICTION_VERBS.iter().any(|verb| {
        let rests = [key.strip_prefix(verb), key.strip_suffix(verb)];
        rests.into_iter().flatten().any(|rest| RESTRICTION_OBJECTS.contains(&rest))
    });
    // A part of two names, as in `tools_deny`, is a restriction too.
    let is_joined = ["tools", "tool", "exec"].iter().any(|section| {
        key.strip_prefix(section).is_some_and(|rest| RESTRICTION_NAMES.contains(&rest))
    });
    is_compound
        || is_joined
        || RESTRICTION_NAMES.iter().any(|name| {
            let distance = levenshtein(&key, &normalize_name(name));
            distance == 0 || (distance == 1 && key.len() >= 4) || (distance == 2 && key.len() >= 7)
        })
}

/// Normalizes case and separators, so that `base_url` and `base-url` equal `baseUrl`.
fn normalize_name(name: &str) -> String {
    name.chars().filter(|c| !matches!(c, '_' | '-')).take(64).collect::<String>().to_lowercase()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_is_found_by_its_likeness_only() {
        let known = ["baseUrl", "apiKey", "api", "headers", "models"];
        assert_eq!(nearest_name("base_url", &known), Some("baseUrl"));
        assert_eq!(nearest_name("baseURL", &known), Some("baseUrl"));
        assert_eq!(nearest_name("apikeys", &known), Some("apiKey"));
        assert_eq!(nearest_name("modles", &known), Some("models"));
        assert_eq!(nearest_name("contextWindow", &known), None);
        assert_eq!(nearest_name("x", &known), None);
    }
}
