//! Every event has an object, and the guide describes it.

use std::collections::{BTreeMap, BTreeSet};

use openclaw_core::{Arguments, ModelRef, ToolCall, Usage, Waiting};
use openclaw_runtime::{CompactedBy, RepeatedPart};
use proptest::prelude::*;

use super::*;

const SECOND: Duration = Duration::from_secs(1);

/// The source of the events, where their names are read from: the compiler does not tell whether
/// an event of another crate was forgotten.
const SOURCE: &str = include_str!("../../../../../agent-loop/src/events.rs");
const GUIDE: &str = include_str!("../../../../../../docs/guide/programs.md");

fn id() -> ToolCallId {
    ToolCallId::new("call_1").unwrap()
}

fn name() -> ToolName {
    ToolName::new("read").unwrap()
}

fn retrying() -> TurnEvent {
    let reason = "text".to_owned();
    TurnEvent::Retrying { reason, attempt: 4, after: SECOND, waited: SECOND, limit: SECOND }
}

/// One of each, by the name of its variant.
fn samples() -> Vec<(&'static str, TurnEvent)> {
    let call = ToolCall { id: id(), name: name(), arguments: Arguments::default() };
    let usage = Some(Usage { input: 3, output: 2, cached: Some(1) });
    let text = || "text".to_owned();
    vec![
        ("ModelCallStarted", TurnEvent::ModelCallStarted { number: 1 }),
        ("Accepted", TurnEvent::Accepted),
        ("Heartbeat", TurnEvent::Heartbeat),
        ("Waiting", TurnEvent::Waiting { state: Waiting::Queued, waited: SECOND, ahead: Some(2) }),
        ("Adapted", TurnEvent::Adapted { how: text() }),
        ("Steered", TurnEvent::Steered { text: text() }),
        ("Compacting", TurnEvent::Compacting),
        (
            "Compacted",
            TurnEvent::Compacted(Compaction {
                by: CompactedBy::Summary,
                before: 2,
                after: 1,
                duration: SECOND,
            }),
        ),
        ("Repetition", TurnEvent::Repetition { part: RepeatedPart::Text, sample: text() }),
        ("ServerLost", TurnEvent::ServerLost { reason: text(), limit: SECOND }),
        ("Retrying", retrying()),
        ("ServerBack", TurnEvent::ServerBack { after: SECOND }),
        ("Restarted", TurnEvent::Restarted),
        ("Text", TurnEvent::Text(text())),
        ("Reasoning", TurnEvent::Reasoning(text())),
        ("CallWriting", TurnEvent::CallWriting { index: 0, name: Some(name()), arguments: text() }),
        (
            "ModelCallFinished",
            TurnEvent::ModelCallFinished {
                number: 1,
                usage,
                outcome: Outcome::Reply,
                duration: SECOND,
                first_token_after: Some(SECOND),
            },
        ),
        (
            "CacheMissed",
            TurnEvent::CacheMissed(CacheMiss { cached: 1, cacheable: 2, changed: None }),
        ),
        ("CallRescued", TurnEvent::CallRescued { index: 0, how: vec!["hermes"] }),
        ("AskedAgain", TurnEvent::AskedAgain { why: AskedAgain::Empty }),
        (
            "CallBroken",
            TurnEvent::CallBroken { name: name(), problem: text(), step: BrokenCallStep::Force },
        ),
        ("CallRepeated", TurnEvent::CallRepeated { id: id(), name: name(), times: 3 }),
        ("OutputCut", TurnEvent::OutputCut { id: id(), bytes: 9, left_out: 3, kept: Some(text()) }),
        (
            "ToolRefused",
            TurnEvent::ToolRefused {
                id: id(),
                name: name(),
                refusal: Refusal::Denied,
                reason: text(),
            },
        ),
        ("ToolStarted", TurnEvent::ToolStarted { call, effect: Effect::Read { path: text() } }),
        ("ToolOutput", TurnEvent::ToolOutput { id: id(), text: text() }),
        (
            "ToolFinished",
            TurnEvent::ToolFinished {
                id: id(),
                name: name(),
                is_error: false,
                summary: Some(text()),
                duration: SECOND,
            },
        ),
    ]
}

/// The variants of the events, read from their source.
fn variants() -> BTreeSet<&'static str> {
    let (_, from) = SOURCE.split_once("pub enum TurnEvent {").unwrap();
    let (body, _) = from.split_once("\n}").unwrap();
    let lines = body.lines().filter_map(|line| line.strip_prefix("    "));
    let names = lines.filter(|line| line.starts_with(|c: char| c.is_ascii_uppercase()));
    names.filter_map(|line| line.split(|c: char| !c.is_ascii_alphanumeric()).next()).collect()
}

fn snake_case(name: &str) -> String {
    let mut snake = String::new();
    for c in name.chars() {
        if c.is_ascii_uppercase() && !snake.is_empty() {
            snake.push('_');
        }
        snake.push(c.to_ascii_lowercase());
    }
    snake
}

/// The fields of each type, as the guide's tables have them.
fn described() -> BTreeMap<&'static str, BTreeSet<&'static str>> {
    let rows = GUIDE.lines().filter_map(|line| line.strip_prefix("| `")?.split_once("` | "));
    let fields = |cell: &'static str| cell.split('`').skip(1).step_by(2).collect();
    let rows = rows.filter_map(|(kind, rest)| Some((kind, fields(rest.split(" | ").next()?))));
    rows.collect()
}

#[test]
fn every_event_is_encoded_under_its_own_name_with_the_fields_that_the_guide_describes() {
    let described = described();
    let mut encoded = BTreeSet::new();
    for (variant, event) in samples() {
        encoded.insert(variant);
        let value = Encoder::default().event(&event).unwrap_or_default();
        let kind = snake_case(variant);
        assert_eq!(value["type"], json!(kind));
        let map = value.as_object().unwrap();
        let fields: BTreeSet<&str> =
            map.keys().map(String::as_str).filter(|key| *key != "type").collect();
        assert_eq!(described.get(kind.as_str()), Some(&fields), "the guide on `{kind}`");
    }
    let variants = variants();
    assert!(variants.len() > 20, "{variants:?}");
    assert_eq!(encoded, variants, "an event has no sample here");
}

#[test]
fn a_model_that_did_not_answer_is_an_event_too() {
    let attempt = Attempt {
        reference: ModelRef::new("vllm", "a").unwrap(),
        kind: "connect",
        problem: "connect".to_owned(),
        hints: Vec::new(),
        held: Some(SECOND),
        after: SECOND,
        duration: SECOND,
        next: Some(ModelRef::new("vllm", "b").unwrap()),
    };
    let value = super::attempt(&attempt);
    assert_eq!(value["type"], json!("model_passed_over"));
    assert_eq!((&value["next"], &value["durationMs"]), (&json!("vllm/b"), &json!(1000)));
    let described = described();
    let described = described.get("model_passed_over").unwrap();
    for field in value.as_object().unwrap().keys().filter(|key| *key != "type") {
        assert!(described.contains(field.as_str()), "the guide lacks `{field}`");
    }
}

/// What a reader does: text is added up, and begins anew with a model call and with `restarted`.
fn read(lines: &[String]) -> String {
    let mut text = String::new();
    for line in lines {
        assert!(!line.contains('\n'));
        let value: Value = serde_json::from_str(line).unwrap();
        match value["type"].as_str().unwrap() {
            "text" => text.push_str(value["text"].as_str().unwrap()),
            "model_call_started" => text.clear(),
            "restarted" => {
                assert_eq!(value["voidText"], json!(text.chars().count()));
                text.clear();
            }
            _ => {}
        }
    }
    text
}

fn any_event() -> impl Strategy<Value = TurnEvent> {
    prop_oneof![
        4 => "\\PC{0,6}|[\\s\"\\\\\u{0}-\u{1f}\u{2028}]{0,4}".prop_map(TurnEvent::Text),
        1 => ".{0,6}".prop_map(TurnEvent::Reasoning),
        1 => Just(TurnEvent::Restarted),
        1 => (0..9_u32).prop_map(|number| TurnEvent::ModelCallStarted { number }),
        1 => ".{0,6}".prop_map(|text| TurnEvent::ToolOutput { id: id(), text }),
    ]
}

proptest! {
    #[test]
    fn any_events_are_lines_from_which_the_last_message_can_be_read(
        events in prop::collection::vec(any_event(), 0..40),
    ) {
        let mut encoder = Encoder::default();
        let mut said = String::new();
        let mut lines = Vec::new();
        for event in &events {
            match event {
                TurnEvent::Text(text) => said.push_str(text),
                TurnEvent::Restarted | TurnEvent::ModelCallStarted { .. } => said.clear(),
                _ => {}
            }
            lines.push(encoder.event(event).unwrap().to_string());
        }
        prop_assert_eq!(read(&lines), said);
    }
}
