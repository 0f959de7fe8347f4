//! Every event of a turn is encoded, and from what is written the last message can be read.

use std::collections::BTreeSet;
use std::time::Duration;

use openclaw_core::{
    AnswerOutcome, CommandReview, FileChange, FileProtection, ModelRef, ServerActivity, TokenUsage,
    ToolArguments, ToolCall, ToolCallId, ToolEffect,
};
use proptest::prelude::*;
use serde_json::{Value, json};

use super::super::decode_event;
use super::*;

const SECOND: Duration = Duration::from_secs(1);

/// The source of the events, where their names are read from: the compiler does not tell whether
/// an event of another crate was forgotten.
const EVENTS_SOURCE: &str = include_str!("../../../../agent-loop/src/events.rs");

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
            TurnEvent::RepetitionDetected { part: OutputPart::Text, sample: text() },
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
        (
            "ToolCallRepaired",
            TurnEvent::ToolCallRepaired { index: 0, repairs: vec!["hermes".into()] },
        ),
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
                effect: Some(ToolEffect::Fetch { url: text() }),
            },
        ),
        ("ToolStarted", TurnEvent::ToolStarted { call, effect: ToolEffect::Read { path: text() } }),
        ("ToolOutputDelta", TurnEvent::ToolOutputDelta { id: id(), text: text() }),
        (
            "FileChanged",
            TurnEvent::FileChanged {
                id: id(),
                change: FileChange {
                    path: text(),
                    diff: text(),
                    added_lines: 1,
                    removed_lines: 0,
                    is_truncated: false,
                },
            },
        ),
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

/// The fields in the order in which the program writes them.
fn write_line(event: &WireEvent) -> String {
    serde_json::to_value(event).unwrap().to_string()
}

#[test]
fn every_event_is_encoded() {
    let mut encoded = BTreeSet::new();
    let mut lines = String::new();
    for (variant, event) in sample_events() {
        encoded.insert(variant);
        let event = EventEncoder::default().encode_event(&event).unwrap();
        lines = lines + variant + ": " + &write_line(&event) + "\n";
        let read: WireEvent = serde_json::from_str(&write_line(&event)).unwrap();
        assert_eq!(read, event);
    }
    let variant_names = event_variants();
    assert!(variant_names.len() > 20, "{variant_names:?}");
    assert_eq!(encoded, variant_names, "an event has no sample here");
    insta::assert_snapshot!(lines);
}

#[test]
fn each_change_of_a_prompt_is_encoded() {
    for (change, name, number) in [
        (PrefixChange::Tools, "tools", json!(null)),
        (PrefixChange::Message(7), "message", json!(7)),
    ] {
        let miss = PromptCacheMiss { cached_tokens: 1, cacheable_tokens: 2, change: Some(change) };
        let value = serde_json::to_value(encode_cache_miss(&miss)).unwrap();
        assert_eq!((&value["change"], &value["messageNumber"]), (&json!(name), &number));
    }
}

#[test]
fn each_effect_is_encoded() {
    let effects = [
        (
            ToolEffect::Write { path: text(), protection: None, change: None },
            json!({"kind": "write", "path": "text"}),
        ),
        (
            ToolEffect::Write {
                path: text(),
                protection: Some(FileProtection::ShellStartup),
                change: None,
            },
            json!({"kind": "write", "path": "text", "protection": "shell_startup"}),
        ),
        (
            ToolEffect::Exec {
                command: text(),
                directory: text(),
                node: None,
                review: CommandReview::Unreviewed,
            },
            json!({"kind": "exec", "command": "text", "directory": "text"}),
        ),
        (
            ToolEffect::Exec {
                command: text(),
                directory: ".".to_owned(),
                node: Some("server-node".to_owned()),
                review: CommandReview::Unreviewed,
            },
            json!({"kind": "exec", "command": "text", "directory": ".", "node": "server-node"}),
        ),
        (ToolEffect::Inspect { subject: text() }, json!({"kind": "inspect", "subject": "text"})),
        (ToolEffect::Fetch { url: text() }, json!({"kind": "fetch", "url": "text"})),
        (
            ToolEffect::Other { description: text() },
            json!({"kind": "other", "description": "text"}),
        ),
    ];
    for (effect, expected) in effects {
        let report = openclaw_protocol::parts::EffectReport::from(&effect);
        assert_eq!(serde_json::to_value(report).unwrap(), expected);
    }
}

#[test]
fn an_event_that_is_decoded_is_written_as_before() {
    for (name, event) in sample_events() {
        let line = write_line(&EventEncoder::default().encode_event(&event).unwrap());
        let read: WireEvent = serde_json::from_str(&line).unwrap();
        let decoded = decode_event(&read).unwrap_or_else(|| panic!("{name}"));
        let mut again = write_line(&EventEncoder::default().encode_event(&decoded).unwrap());
        if let TurnEvent::ToolRefused { .. } | TurnEvent::ToolStarted { .. } = event {
            // The reason for a question is not decoded: nobody is asked again.
            let mut value: Value = serde_json::from_str(&line).unwrap();
            if let Some(effect) = value["effect"].as_object_mut() {
                effect.remove("protection");
            }
            let written: Value = serde_json::from_str(&again).unwrap();
            assert_eq!(written, value, "{name}");
            again.clone_from(&line);
        }
        assert_eq!(again, line, "{name}");
    }
}

#[test]
fn a_failed_attempt_names_the_model_that_is_tried_next() {
    insta::assert_snapshot!(write_line(&encode_skipped_model(&failed_attempt())), @r#"{"cooldownSeconds":1,"durationMs":1000,"error":"connect","hints":[],"model":"a","next":"vllm/b","provider":"vllm","result":"connect","startedMs":1000,"type":"model_skipped"}"#);
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
            lines.push(write_line(&encoder.encode_event(event).unwrap()));
        }
        prop_assert_eq!(read(&lines), said);
    }
}
