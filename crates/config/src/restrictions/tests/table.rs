//! The table against the known keys and the schema.

use serde_json::Value;

use super::super::*;
use crate::{Config, KeyPath, pattern::to_segment_refs};

/// The sections whose keys are all in the table of restrictions.
const CLASSIFIED_SECTIONS: &[&str] = &[
    "tools",
    "approvals",
    "gateway",
    "channels",
    "models.egress",
    "agents.defaults.sandbox",
    "agents.entries.*.tools",
    "agents.entries.*.sandbox",
    "agents.list.*.tools",
    "agents.list.*.sandbox",
    "secrets.egressProxy",
    "models.providers.*.request",
    "models.providers.*.models.*.compat.openRouterRouting",
    "models.providers.*.models.*.compat.vercelGatewayRouting",
];

/// What the name of a restriction may contain.
const RESTRICTIVE_WORDS: &[&str] =
    &["allow", "deny", "denied", "blocked", "only", "sandbox", "security", "egress", "policy"];

/// Keys whose names only look like those of restrictions.
const HARMLESS_KEYS: &[&str] = &[
    "agents.defaults.blockStreaming",
    "agents.defaults.compaction.identifierPolicy",
    "agents.defaults.embeddedAgent.projectSettingsPolicy",
    "agents.defaults.embeddedPi.projectSettingsPolicy",
    "agents.defaults.heartbeat.directPolicy",
    "agents.entries.*.heartbeat.directPolicy",
    "agents.list.*.heartbeat.directPolicy",
    "agents.entries.*.tts",
    "agents.list.*.tts",
    "meta.migrations",
    "wizard",
    "messages",
    "hooks",
    "cron",
    "talk",
    "env",
    "discovery",
    "web",
    "update",
    "acp",
    "broadcast",
];

fn is_classified(path: &str) -> bool {
    let path: KeyPath = path.replace("[]", "[0]").parse().unwrap();
    let steps = to_segment_refs(&path);
    RULE_TABLE.lines().flat_map(parse_rules).any(|rule| {
        let relation = compare_to_pattern(&rule.segments.join("."), &steps);
        relation == PathRelation::Equal
            || relation == PathRelation::Descendant
                && (rule.covers_descendants
                    || matches!(rule.class, RuleClass::Stop | RuleClass::Leave))
    })
}

#[test]
fn every_key_that_can_restrict_is_classified() {
    let mut missing = Vec::new();
    for line in include_str!("../../../data/known-keys.txt").lines() {
        let key = line.rsplit_once(' ').unwrap().0;
        let path: KeyPath = key.replace("[]", "[0]").parse().unwrap();
        let steps = to_segment_refs(&path);
        let relation = relation_to_sections(CLASSIFIED_SECTIONS, &steps);
        let in_section = matches!(relation, PathRelation::Equal | PathRelation::Descendant);
        let last = key.trim_end_matches("[]").rsplit('.').next().unwrap().to_lowercase();
        let looks_restrictive = RESTRICTIVE_WORDS.iter().any(|word| last.contains(word))
            && !HARMLESS_KEYS.iter().any(|harmless| key.replace("[]", ".*").starts_with(harmless));
        if (in_section || looks_restrictive) && !is_classified(key) {
            missing.push(key);
        }
    }
    assert_eq!(missing, Vec::<&str>::new());
}

#[test]
fn every_key_of_the_schema_in_those_sections_is_classified() {
    fn collect(schema: &Value, node: &Value, path: &str, found: &mut Vec<String>) {
        let mut node = node;
        while let Some(reference) =
            node.get("$ref").or_else(|| node.pointer("/anyOf/0/$ref")).and_then(Value::as_str)
        {
            node = schema.pointer(reference.trim_start_matches('#')).unwrap();
        }
        found.push(path.to_owned());
        let dot = if path.is_empty() { "" } else { "." };
        for (key, below) in node.get("properties").and_then(Value::as_object).into_iter().flatten()
        {
            collect(schema, below, &format!("{path}{dot}{key}"), found);
        }
        for key in ["additionalProperties", "items"] {
            if let Some(below) = node.get(key).filter(|below| below.is_object()) {
                collect(schema, below, &format!("{path}{dot}*"), found);
            }
        }
    }
    let schema = Config::json_schema();
    let mut keys = Vec::new();
    collect(&schema, &schema, "", &mut keys);
    assert!(keys.len() > 100);
    for key in keys {
        let path: KeyPath = key.parse().unwrap();
        let relation = relation_to_sections(CLASSIFIED_SECTIONS, &to_segment_refs(&path));
        if matches!(relation, PathRelation::Equal | PathRelation::Descendant) {
            assert!(is_classified(&key), "{key}");
        }
    }
}

#[test]
fn every_line_of_the_table_is_a_rule_for_a_known_key() {
    let lines = include_str!("../../../data/restrictions.txt").lines();
    for line in lines.filter(|line| !line.is_empty() && !line.starts_with('#')) {
        let rules = parse_rules(line);
        assert!(!rules.is_empty(), "{line}");
        let values = line.split_whitespace().skip(2).count();
        let texts = rules[0].free_values.split_whitespace();
        let free_values: Vec<Value> =
            texts.map(|text| serde_json::from_str(text).unwrap()).collect();
        assert_eq!(free_values.len(), values, "{line}");
    }
}
