//! Keys that restrict what may run or what may leave the machine.
//!
//! `data/restrictions.txt` says of each such key whether the program acts on it. A restriction that
//! is set and not acted on is reported, so that nothing runs which the user meant to forbid.

use serde_json::Value;

use crate::{
    diagnostic::{Diagnostic, DiagnosticKind, Severity, TextSpan},
    pattern::{PathRelation, PathSegmentRef, compare_to_pattern, to_key_path},
    text::{Json5Node, Json5Value},
    tree::ConfigTree,
};

const RULE_TABLE: &str = include_str!("../data/restrictions.txt");

/// The sections in which an unknown key or an invalid value may be a restriction.
pub(crate) const FENCED_SECTIONS: &[&str] = &[
    "tools",
    "approvals",
    "gateway",
    "models.egress",
    "agents.defaults.sandbox",
    "agents.defaults.modelPolicy",
    "agents.defaults.skills",
    "agents.entries.*.default",
    "agents.entries.*.skills",
    "agents.entries.*.tools",
    "agents.entries.*.sandbox",
    "agents.entries.*.modelPolicy",
    "agents.list.*.id",
    "agents.list.*.default",
    "agents.list.*.skills",
    "agents.list.*.tools",
    "agents.list.*.sandbox",
    "agents.list.*.modelPolicy",
    "secrets.egressProxy",
    "skills.entries.*.enabled",
];

/// The sections of [`FENCED_SECTIONS`] that say what leaves the machine.
pub(crate) const EGRESS_SECTIONS: &[&str] = &[
    "models.egress",
    "agents.defaults.modelPolicy",
    "agents.entries.*.modelPolicy",
    "agents.list.*.modelPolicy",
    "secrets.egressProxy",
];

/// A line of the table.
#[derive(Debug)]
struct RestrictionRule {
    segments: Vec<&'static str>,
    covers_descendants: bool,
    class: RuleClass,
    /// The values that restrict nothing, as JSON, with spaces between them. They are parsed only
    /// when a config sets the key.
    free_values: &'static str,
}

/// What the program makes of a key.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum RuleClass {
    /// It does what the key says.
    Acted,
    /// The key restricts nothing.
    Open,
    /// The key restricts a part that the program does not have.
    Absent,
    /// The key restricts what runs, and is not acted on.
    Stop,
    /// The key says on which machine commands run, and is not acted on where `tools.exec.host` has
    /// them run on a node.
    StopOnNode,
    /// The key restricts what leaves the machine, and is not acted on.
    Leave,
}

/// The rules that can match a key of a config; those of single agents only if it has any. The rest
/// of the table is not parsed, because it is read at every start.
fn parse_rules_for_keys(root: &Json5Node) -> Vec<RestrictionRule> {
    let has_agents = root.find_entry("agents").is_some_and(|agents| {
        ["entries", "list"].into_iter().any(|key| agents.node.find_entry(key).is_some())
    });
    let applies = |line: &&str| {
        let pattern = line.split_once(' ').map_or(*line, |line| line.0);
        match pattern.strip_prefix("AGENT.") {
            Some(_) => has_agents,
            None => can_match(root, pattern),
        }
    };
    RULE_TABLE.lines().filter(applies).flat_map(parse_rules).collect()
}

/// Whether all keys of a pattern before its first `*` are there.
fn can_match(root: &Json5Node, pattern: &str) -> bool {
    let mut node = root;
    for key in pattern.split('.').take_while(|key| !key.starts_with('*')) {
        match node.find_entry(key) {
            Some(entry) => node = &entry.node,
            None => return false,
        }
    }
    true
}

/// The rules of a line: two for a pattern of the agents, none for a comment.
fn parse_rules(line: &'static str) -> Vec<RestrictionRule> {
    let Some((pattern, rest)) = line.split_once(' ') else { return Vec::new() };
    let rest = rest.trim_start();
    let (class, free_values) = rest.split_once(' ').unwrap_or((rest, ""));
    let class = match class {
        "acted" => RuleClass::Acted,
        "open" => RuleClass::Open,
        "absent" => RuleClass::Absent,
        "stop" => RuleClass::Stop,
        "stop-on-node" => RuleClass::StopOnNode,
        "leave" => RuleClass::Leave,
        _ => return Vec::new(),
    };
    let (pattern, covers_descendants) = match pattern.strip_suffix(".**") {
        Some(above) => (above, true),
        None => (pattern, false),
    };
    let heads: &[&[&str]] = match pattern.strip_prefix("AGENT.") {
        Some(_) => &[&["agents", "entries", "*"], &["agents", "list", "*"]],
        None => &[&[]],
    };
    let rest = pattern.strip_prefix("AGENT.").unwrap_or(pattern);
    let rule = |head: &&[&'static str]| RestrictionRule {
        segments: head.iter().copied().chain(rest.split('.')).collect(),
        covers_descendants,
        class,
        free_values,
    };
    heads.iter().map(rule).collect()
}

/// How a path lies to the nearest of some sections.
pub(crate) fn relation_to_sections(
    sections: &[&str],
    steps: &[PathSegmentRef<'_>],
) -> PathRelation {
    let relations = sections.iter().map(|section| compare_to_pattern(section, steps));
    relations.fold(PathRelation::Disjoint, |best, relation| match (best, relation) {
        (PathRelation::Equal | PathRelation::Descendant, _) | (_, PathRelation::Disjoint) => best,
        (_, relation) => relation,
    })
}

/// Reports the restrictions of the merged config that are not acted on, each with the index of its
/// text.
pub(crate) fn lint_restrictions(tree: &ConfigTree) -> Vec<(usize, Diagnostic)> {
    let mut check = RestrictionCheck { tree, steps: Vec::new(), found: Vec::new() };
    if !tree.ignored.contains(&tree.root.id) {
        let rules = parse_rules_for_keys(&tree.root);
        check.check_children(&tree.root, &rules.iter().collect::<Vec<_>>());
    }
    check.found
}

/// A walk over the merged values.
struct RestrictionCheck<'t> {
    tree: &'t ConfigTree,
    steps: Vec<PathSegmentRef<'t>>,
    found: Vec<(usize, Diagnostic)>,
}

impl<'t> RestrictionCheck<'t> {
    fn check_children(&mut self, node: &'t Json5Node, rules: &[&RestrictionRule]) {
        match &node.value {
            Json5Value::Object(entries) => {
                for entry in entries {
                    self.steps.push(PathSegmentRef::Key(&entry.key));
                    self.check_value(&entry.node, entry.key_span, rules);
                    self.steps.pop();
                }
            }
            Json5Value::Array(elements) => {
                for (index, element) in elements.iter().enumerate() {
                    self.steps.push(PathSegmentRef::Index(index));
                    self.check_value(element, element.span, rules);
                    self.steps.pop();
                }
            }
            _ => {}
        }
    }

    /// Checks the value at `steps`. `rules` are those that match the path above it.
    fn check_value(&mut self, node: &'t Json5Node, key_span: TextSpan, rules: &[&RestrictionRule]) {
        let depth = self.steps.len();
        let Some(step) = self.steps.last().filter(|_| !self.tree.ignored.contains(&node.id)) else {
            return;
        };
        let matches = |rule: &&&RestrictionRule| {
            rule.segments.get(depth - 1).is_some_and(|segment| step.matches_pattern(segment))
        };
        let rules: Vec<&RestrictionRule> = rules.iter().filter(matches).copied().collect();
        if rules.is_empty() {
            self.report_unclassified(node, key_span);
            return;
        }
        let own = || rules.iter().filter(|rule| rule.segments.len() == depth);
        if let Some(rule) = own().find(|rule| self.is_unheld(rule, node)) {
            self.report_restriction(node, key_span, rule);
            return;
        }
        match own().next() {
            Some(rule) if matches!(rule.class, RuleClass::Stop | RuleClass::Leave) => {}
            Some(rule) if rule.covers_descendants => {}
            _ if self.is_switched_off(node) => {}
            _ => self.check_children(node, &rules),
        }
    }

    /// Whether a value restricts and is not acted on.
    fn is_unheld(&self, rule: &RestrictionRule, node: &Json5Node) -> bool {
        match rule.class {
            RuleClass::Stop | RuleClass::Leave => !rule.is_free(node),
            RuleClass::StopOnNode => !rule.is_free(node) && self.runs_commands_on_node(),
            RuleClass::Acted | RuleClass::Open | RuleClass::Absent => false,
        }
    }

    fn runs_commands_on_node(&self) -> bool {
        let path = to_key_path(&["tools", "exec", "host"].map(PathSegmentRef::Key));
        self.tree.find_node(&path).and_then(|(_, node)| node.as_text()) == Some("node")
    }

    /// Whether a section is switched off as a whole, so that nothing in it restricts.
    fn is_switched_off(&self, node: &'t Json5Node) -> bool {
        let steps = self.steps.as_slice();
        match steps {
            [.., PathSegmentRef::Key("egressProxy")] => {
                let entry = node.find_entry("enabled").map(|entry| &entry.node.value);
                matches!(entry, Some(Json5Value::Bool(false)))
            }
            [PathSegmentRef::Key("agents"), .., PathSegmentRef::Key("sandbox")] => {
                let general = || {
                    let path = to_key_path(&[
                        PathSegmentRef::Key("agents"),
                        PathSegmentRef::Key("defaults"),
                        PathSegmentRef::Key("sandbox"),
                        PathSegmentRef::Key("mode"),
                    ]);
                    self.tree.find_node(&path).and_then(|(_, node)| node.as_text())
                };
                let own = node.find_entry("mode").and_then(|entry| entry.node.as_text());
                own.or_else(general) == Some("off")
            }
            _ => false,
        }
    }

    fn report_restriction(
        &mut self,
        node: &'t Json5Node,
        key_span: TextSpan,
        rule: &RestrictionRule,
    ) {
        let (kind, what, commands) = match rule.class {
            RuleClass::Leave => (
                DiagnosticKind::UnheldEgressRestriction,
                "leave this machine",
                "`agent`, `chat` and `infer` do",
            ),
            _ => (DiagnosticKind::UnheldRestriction, "run", "`agent` and `chat` do"),
        };
        let message = format!(
            "this restricts what may {what}, and it is not acted on: {commands} not start with it"
        );
        let found = Diagnostic::new(Severity::Warning, key_span, message)
            .at_path(to_key_path(&self.steps))
            .with_kind(kind)
            .with_help(Some(remedy(rule)));
        self.found.push((self.tree.source_index(node), found));
    }

    /// Reports a key that the table does not have, in a section whose keys it has all.
    fn report_unclassified(&mut self, node: &'t Json5Node, key_span: TextSpan) {
        let relation = relation_to_sections(FENCED_SECTIONS, &self.steps);
        if !matches!(relation, PathRelation::Equal | PathRelation::Descendant) {
            return;
        }
        let message = "unknown key, it has no effect";
        let found = Diagnostic::new(Severity::Warning, key_span, message)
            .at_path(to_key_path(&self.steps))
            .with_kind(DiagnosticKind::UnknownKey);
        self.found.push((self.tree.source_index(node), found));
    }
}

impl RestrictionRule {
    fn is_free(&self, node: &Json5Node) -> bool {
        match &node.value {
            Json5Value::Null => true,
            Json5Value::Array(elements) if elements.is_empty() => true,
            Json5Value::Object(entries) if entries.is_empty() => true,
            _ => {
                let words = self.free_values.split_ascii_whitespace();
                let mut values = words.filter_map(|word| serde_json::from_str(word).ok());
                values.any(|value| equals_json(node, &value))
            }
        }
    }
}

/// Whether a value equals a string, a boolean or a list of them.
fn equals_json(node: &Json5Node, value: &Value) -> bool {
    match (&node.value, value) {
        (Json5Value::Text(text), Value::String(expected)) => text == expected,
        (Json5Value::Bool(is), Value::Bool(expected)) => is == expected,
        (Json5Value::Array(elements), Value::Array(expected)) => {
            elements.len() == expected.len()
                && elements.iter().zip(expected).all(|(node, value)| equals_json(node, value))
        }
        _ => false,
    }
}

/// What to write instead of a restriction that is not acted on.
fn remedy(rule: &RestrictionRule) -> String {
    let pattern = rule.segments.join(".");
    let advice = match pattern.as_str() {
        "tools.exec.mode" => "write it as `tools.exec.security` and `tools.exec.ask`",
        at if at.contains(".tools.exec.") => {
            "set it in `tools.exec`, for every agent, or deny the agent `exec` with `tools.deny`"
        }
        at if at.contains(".sandbox.") => {
            "set `sandbox.mode` to \"off\" to run without a sandbox, or keep the tools away with \
             `tools.deny: [\"group:runtime\", \"group:fs\"]` and `sandbox.mode: \"off\"`"
        }
        _ if rule.class == RuleClass::Leave => {
            "remove the key; `models.egress` says whether text may go to a hosted server"
        }
        _ => "remove the key, and restrict with `tools.deny` or `tools.exec.security`",
    };
    advice.to_owned()
}

#[cfg(test)]
mod tests;
