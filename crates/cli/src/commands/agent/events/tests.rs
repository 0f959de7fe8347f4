//! Every event has an object, and the guide describes it.

use std::collections::{BTreeMap, BTreeSet};

use openclaw_core::{CommandReview, ModelRef, ServerActivity, TokenUsage, ToolArguments, ToolCall};
use openclaw_runtime::{CompactionMethod, RepeatedPart};
use proptest::prelude::*;

use super::*;

const SECOND: Duration = Duration::from_secs(1);

/// The source of the events, where their names are read from: the compiler does not tell whether
/// an event of another crate was forgotten.
const EVENTS_SOURCE: &str = include_str!("../../../../../agent-loop/src/events.rs");
/// The events whose type is another than their name in snake case.
const OTHER_TYPE_NAMES: [(&str, &str); 10] = [
    ("ModelAttemptFailed", "model_skipped"),
    ("RequestAccepted", "accepted"),
    ("WaitingForServer", "waiting"),
    ("SteeringApplied", "user_message_injected"),
    ("CompactionStarted", "compacting"),
    ("CompactionFinished", "compacted"),
    ("RepetitionDetected", "repetition"),
    ("TextDelta", "text"),
    ("ReasoningDelta", "reasoning"),
    ("ToolOutputDelta", "tool_output"),
];
const PROGRAMS_GUIDE: &str = include_str!("../../../../../../docs/guide/programs.md");

fn id() -> ToolCallId {
    ToolCallId::new("call_1").unwrap()
}

fn name() -> ToolName {
    ToolName::new("read").unwrap()
}

fn retrying_event() -> TurnEvent {
    TurnEvent::Retrying {
        reason: text(),
        attempt: 4,
        delay: SECOND,
        elapsed: SECOND,
        max_wait: SECOND,
    }
}

fn failed_attempt() -> ModelAttempt {
    ModelAttempt {
        reference: ModelRef::new("vllm", "a").unwrap(),
        kind: "connect".into(),
        problem: "connect".to_owned(),
        hints: Vec::new(),
        cooldown: Some(SECOND),
        after: SECOND,
        duration: SECOND,
        next: Some(ModelRef::new("vllm", "b").unwrap()),
    }
}

/// One of each, by the name of its variant.
fn sample_events() -> Vec<(&'static str, TurnEvent)> {
    [sample_server_events(), sample_message_events(), sample_tool_events()].concat()
}

fn text() -> String {
    "text".to_owned()
}

fn sample_server_events() -> Vec<(&'static str, TurnEvent)> {
    let cache_miss = PromptCacheMiss { cached_tokens: 1, cacheable_tokens: 2, change: None };
    vec![
        ("RequestAccepted", TurnEvent::RequestAccepted),
        ("Heartbeat", TurnEvent::Heartbeat),
        (
            "WaitingForServer",
            TurnEvent::WaitingForServer {
                activity: ServerActivity::Queued,
                idle_for: SECOND,
                other_requests: Some(2),
            },
        ),
        ("ModelAttemptFailed", TurnEvent::ModelAttemptFailed(Box::new(failed_attempt()))),
        ("Warning", TurnEvent::Warning { message: text() }),
        ("RequestAdapted", TurnEvent::RequestAdapted { message: text() }),
        ("ServerDisconnected", TurnEvent::ServerDisconnected { reason: text(), max_wait: SECOND }),
        ("Retrying", retrying_event()),
        ("ServerReconnected", TurnEvent::ServerReconnected { downtime: SECOND }),
        ("PromptCacheMiss", TurnEvent::PromptCacheMiss(cache_miss)),
    ]
}

fn sample_message_events() -> Vec<(&'static str, TurnEvent)> {
    let usage = Some(TokenUsage { input_tokens: 3, output_tokens: 2, cached_tokens: Some(1) });
    vec![
        ("ModelCallStarted", TurnEvent::ModelCallStarted { number: 1 }),
        ("SteeringApplied", TurnEvent::SteeringApplied { text: text() }),
        ("CompactionStarted", TurnEvent::CompactionStarted),
        (
            "CompactionFinished",
            TurnEvent::CompactionFinished(CompactionReport {
                method: CompactionMethod::Summary,
                tokens_before: 2,
                tokens_after: 1,
                duration: SECOND,
            }),
        ),
        (
            "RepetitionDetected",
            TurnEvent::RepetitionDetected { part: RepeatedPart::Text, sample: text() },
        ),
        ("MessageReset", TurnEvent::MessageReset),
        ("TextDelta", TurnEvent::TextDelta(text())),
        ("ReasoningDelta", TurnEvent::ReasoningDelta(text())),
        (
            "ToolCallDelta",
            TurnEvent::ToolCallDelta { index: 0, name: Some(name()), arguments: text() },
        ),
        (
            "ModelCallFinished",
            TurnEvent::ModelCallFinished {
                number: 1,
                usage,
                outcome: AnswerOutcome::Reply,
                duration: SECOND,
                first_token_after: Some(SECOND),
            },
        ),
        ("ModelReprompted", TurnEvent::ModelReprompted { reason: RepromptReason::Empty }),
    ]
}

fn sample_tool_events() -> Vec<(&'static str, TurnEvent)> {
    let call = ToolCall { id: id(), name: name(), arguments: ToolArguments::default() };
    vec![
        ("ToolCallRepaired", TurnEvent::ToolCallRepaired { index: 0, repairs: vec!["hermes"] }),
        (
            "ToolCallInvalid",
            TurnEvent::ToolCallInvalid {
                name: name(),
                problem: text(),
                recovery: InvalidCallRecovery::ForceToolChoice,
            },
        ),
        ("ToolCallRepeated", TurnEvent::ToolCallRepeated { id: id(), name: name(), times: 3 }),
        (
            "ToolOutputTruncated",
            TurnEvent::ToolOutputTruncated {
                id: id(),
                total_bytes: 9,
                omitted_bytes: 3,
                saved_to: Some(text()),
            },
        ),
        (
            "ToolRefused",
            TurnEvent::ToolRefused {
                id: id(),
                name: name(),
                refusal: ToolRefusalReason::Denied,
                reason: text(),
            },
        ),
        ("ToolStarted", TurnEvent::ToolStarted { call, effect: ToolEffect::Read { path: text() } }),
        ("ToolOutputDelta", TurnEvent::ToolOutputDelta { id: id(), text: text() }),
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
fn event_variants() -> BTreeSet<&'static str> {
    let (_, from) = EVENTS_SOURCE.split_once("pub enum TurnEvent {").unwrap();
    let (body, _) = from.split_once("\n}").unwrap();
    let lines = body.lines().filter_map(|line| line.strip_prefix("    "));
    let names = lines.filter(|line| line.starts_with(|c: char| c.is_ascii_uppercase()));
    names.filter_map(|line| line.split(|c: char| !c.is_ascii_alphanumeric()).next()).collect()
}

/// The type of a variant's object.
fn event_type(variant: &str) -> String {
    let other = OTHER_TYPE_NAMES.iter().find(|(name, _)| *name == variant);
    other.map_or_else(|| snake_case(variant), |(_, kind)| (*kind).to_owned())
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
fn documented_fields() -> BTreeMap<&'static str, BTreeSet<&'static str>> {
    let rows =
        PROGRAMS_GUIDE.lines().filter_map(|line| line.strip_prefix("| `")?.split_once("` | "));
    let fields = |cell: &'static str| cell.split('`').skip(1).step_by(2).collect();
    let rows = rows.filter_map(|(kind, rest)| Some((kind, fields(rest.split(" | ").next()?))));
    rows.collect()
}

#[test]
fn every_event_is_encoded_under_its_own_name_with_the_fields_that_the_guide_describes() {
    let documented = documented_fields();
    let mut encoded = BTreeSet::new();
    for (variant, event) in sample_events() {
        encoded.insert(variant);
        let value = EventEncoder::default().encode_event(&event).unwrap_or_default();
        let kind = event_type(variant);
        assert_eq!(value["type"], json!(kind));
        let map = value.as_object().unwrap();
        let fields: BTreeSet<&str> =
            map.keys().map(String::as_str).filter(|key| *key != "type").collect();
        assert_eq!(documented.get(kind.as_str()), Some(&fields), "the guide on `{kind}`");
    }
    let variant_names = event_variants();
    assert!(variant_names.len() > 20, "{variant_names:?}");
    assert_eq!(encoded, variant_names, "an event has no sample here");
}

#[test]
fn each_effect_is_encoded_as_the_guide_describes() {
    let text = || "text".to_owned();
    let effects = [
        (ToolEffect::Read { path: text() }, "read", "path"),
        (ToolEffect::Write { path: text() }, "write", "path"),
        (
            ToolEffect::Exec {
                command: text(),
                directory: text(),
                review: CommandReview::Unreviewed,
            },
            "exec",
            "command",
        ),
        (ToolEffect::Fetch { url: text() }, "fetch", "url"),
        (ToolEffect::Other { description: text() }, "other", "description"),
    ];
    let row = PROGRAMS_GUIDE.lines().find(|line| line.starts_with("| `tool_started`")).unwrap();
    for (effect, kind, field) in effects {
        let value = effect_json(&effect);
        assert_eq!((&value["kind"], &value[field]), (&json!(kind), &json!("text")));
        for name in [kind, field] {
            assert!(row.contains(&format!("`{name}`")), "the guide lacks `{name}`");
        }
    }
}

#[test]
fn a_failed_attempt_names_the_model_that_is_tried_next() {
    let value = super::encode_attempt(&failed_attempt());
    assert_eq!(value["type"], json!("model_skipped"));
    assert_eq!((&value["next"], &value["durationMs"]), (&json!("vllm/b"), &json!(1000)));
}

/// What a reader does: text is added up, and begins anew with a model call and with `message_reset`.
fn read(lines: &[String]) -> String {
    let mut text = String::new();
    for line in lines {
        assert!(!line.contains('\n'));
        let value: Value = serde_json::from_str(line).unwrap();
        match value["type"].as_str().unwrap() {
            "text" => text.push_str(value["text"].as_str().unwrap()),
            "model_call_started" => text.clear(),
            "message_reset" => {
                assert_eq!(value["discardedTextChars"], json!(text.chars().count()));
                text.clear();
            }
            _ => {}
        }
    }
    text
}

fn any_event() -> impl Strategy<Value = TurnEvent> {
    prop_oneof![
        4 => "\\PC{0,6}|[\\s\"\\\\\u{0}-\u{1f}\u{2028}]{0,4}".prop_map(TurnEvent::TextDelta),
        1 => ".{0,6}".prop_map(TurnEvent::ReasoningDelta),
        1 => Just(TurnEvent::MessageReset),
        1 => (0..9_u32).prop_map(|number| TurnEvent::ModelCallStarted { number }),
        1 => ".{0,6}".prop_map(|text| TurnEvent::ToolOutputDelta { id: id(), text }),
    ]
}

proptest! {
    #[test]
    fn any_events_are_lines_from_which_the_last_message_can_be_read(
        events in prop::collection::vec(any_event(), 0..40),
    ) {
        let mut encoder = EventEncoder::default();
        let mut said = String::new();
        let mut lines = Vec::new();
        for event in &events {
            match event {
                TurnEvent::TextDelta(text) => said.push_str(text),
                TurnEvent::MessageReset | TurnEvent::ModelCallStarted { .. } => said.clear(),
                _ => {}
            }
            lines.push(encoder.encode_event(event).unwrap().to_string());
        }
        prop_assert_eq!(read(&lines), said);
    }
}
