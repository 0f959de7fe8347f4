//! The guide for programs describes every event, and a reader gets what was written.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Value, json};

use super::*;
use crate::results::agent::{NoTurnMeta, ResultMeta, SessionIds, SessionName};

const GUIDE: &str = include_str!("../../../../docs/guide/programs.md");

/// The first cell of each row of the guide's tables, and the words in backticks of the second.
fn documented_fields() -> BTreeMap<&'static str, BTreeSet<&'static str>> {
    let rows = GUIDE.lines().filter_map(|line| line.strip_prefix("| `")?.split_once("` | "));
    let fields = |cell: &'static str| cell.split('`').skip(1).step_by(2).collect();
    rows.filter_map(|(name, rest)| Some((name, fields(rest.split(" | ").next()?)))).collect()
}

/// The types of the events and their fields without `type`, from the schema.
fn declared_fields() -> BTreeMap<String, BTreeSet<String>> {
    let schema = schemars::schema_for!(WireEvent).to_value();
    let variants = schema["oneOf"].as_array().unwrap();
    let event = |variant: &Value| {
        let kind = variant["properties"]["type"]["const"].as_str().unwrap().to_owned();
        let reference = variant["$ref"].as_str().map(|path| path.trim_start_matches('#'));
        let shared = reference.and_then(|path| schema.pointer(path)).unwrap_or(&Value::Null);
        let own = variant["properties"].as_object().into_iter().flatten();
        let all = own.chain(shared["properties"].as_object().into_iter().flatten());
        let names = all.map(|(name, _)| name.clone()).filter(|name| name != "type");
        (kind, names.collect())
    };
    variants.iter().map(event).collect()
}

#[test]
fn the_guide_describes_every_event_with_its_fields() {
    let (documented, declared) = (documented_fields(), declared_fields());
    assert!(declared.len() > 25, "{declared:?}");
    for (kind, fields) in &declared {
        let fields: BTreeSet<&str> = fields.iter().map(String::as_str).collect();
        if kind == "result" {
            // It has a section of its own, with a row for each field.
            let has_row =
                |field: &str| documented.keys().any(|row| row.split('.').next() == Some(field));
            assert!(fields.iter().all(|field| has_row(field)), "the guide on `{kind}`: {fields:?}");
            continue;
        }
        assert_eq!(documented.get(kind.as_str()), Some(&fields), "the guide on `{kind}`");
    }
}

#[test]
fn the_guide_names_every_value_of_an_effect() {
    let schema = schemars::schema_for!(EffectReport).to_value();
    let row = GUIDE.lines().find(|line| line.starts_with("| `tool_started`")).unwrap();
    for variant in schema["oneOf"].as_array().unwrap() {
        let properties = variant["properties"].as_object().unwrap();
        let kind = properties["kind"]["const"].as_str().unwrap();
        let fields = properties.keys().map(String::as_str);
        for name in fields.chain([kind]) {
            assert!(row.contains(&format!("`{name}`")), "the guide lacks `{name}`");
        }
    }
}

#[test]
fn a_result_without_a_turn_is_read_as_it_was_written() {
    let session = SessionReport::Named(SessionName {
        session_id: "id".to_owned(),
        session_key: "key".to_owned(),
    });
    let meta = NoTurnMeta {
        outcome: "new_session".to_owned(),
        resumed: false,
        agent_meta: SessionIds {
            session_id: Some("id".to_owned()),
            session_key: Some("key".to_owned()),
        },
        session: Some(session),
        aborted: false,
        execution_trace: crate::results::agent::FailedAttempts { attempts: Vec::new() },
    };
    let result = AgentResult {
        ok: true,
        exit_code: 0,
        payloads: Vec::new(),
        meta: ResultMeta::NoTurn(Box::new(meta)),
        error: None,
    };
    let event = WireEvent::Result(Box::new(result));
    let value = serde_json::to_value(&event).unwrap();
    assert_eq!(value["type"], json!("result"));
    assert_eq!(value["meta"]["session"], json!({"sessionId": "id", "sessionKey": "key"}));
    assert_eq!(serde_json::from_value::<WireEvent>(value).unwrap(), event);
}

#[test]
fn names_of_a_newer_version_are_read_as_unknown() {
    let event = json!({"type": "model_call_finished", "number": 1, "outcome": "novel",
        "usage": null, "durationMs": 1, "firstTokenMs": null, "novel": 1});
    let event: WireEvent = serde_json::from_value(event).unwrap();
    assert!(
        matches!(event, WireEvent::ModelCallFinished { outcome: MessageOutcome::Other, .. }),
        "{event:?}"
    );
    let event: WireEvent = serde_json::from_value(json!({"type": "novel", "x": 1})).unwrap();
    assert_eq!(event, WireEvent::Unknown);
}
