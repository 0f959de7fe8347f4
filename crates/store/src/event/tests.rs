//! Events read back as they were written.

use openclaw_core::{Arguments, BrokenCall, EmittedCall, Reasoning, ToolCall, ToolName};
use proptest::prelude::*;
use serde_json::{Map, Value};

use super::*;

fn id() -> impl Strategy<Value = ToolCallId> {
    "[^\\s]{1,12}".prop_filter_map("blank", |text| ToolCallId::new(&text))
}

fn value() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        any::<u64>().prop_map(Value::from),
        any::<f64>().prop_map(Value::from),
        any::<String>().prop_map(Value::from),
    ];
    leaf.prop_recursive(3, 12, 4, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..4).prop_map(Value::from),
            object(inner).prop_map(Value::Object),
        ]
    })
}

fn object(value: impl Strategy<Value = Value>) -> impl Strategy<Value = Map<String, Value>> {
    prop::collection::btree_map(any::<String>(), value, 0..4)
        .prop_map(|fields| fields.into_iter().collect())
}

fn call() -> impl Strategy<Value = EmittedCall> {
    let name = || any::<String>().prop_map(|text| ToolName::from_model(&text));
    prop_oneof![
        (id(), name(), object(value())).prop_map(|(id, name, arguments)| {
            EmittedCall::Ready(ToolCall { id, name, arguments: Arguments::from(arguments) })
        }),
        (id(), name(), any::<(String, String)>()).prop_map(|(id, name, (raw, problem))| {
            EmittedCall::Broken(BrokenCall { id, name, raw, problem })
        }),
    ]
}

fn assistant() -> impl Strategy<Value = AssistantMessage> {
    let field = prop::sample::select(vec!["reasoning", "reasoning_content", "<think>"]);
    let reasoning = (any::<String>(), field).prop_map(|(text, field)| Reasoning { text, field });
    (any::<String>(), prop::option::of(reasoning), prop::collection::vec(call(), 0..4))
        .prop_map(|(text, reasoning, calls)| AssistantMessage { text, reasoning, calls })
}

fn event() -> impl Strategy<Value = Event> {
    let output = any::<(String, bool, Option<String>, Option<u64>)>().prop_map(
        |(text, is_error, summary, digest)| ToolOutput { text, is_error, summary, digest },
    );
    let summary = any::<(String, Vec<String>, Option<String>)>()
        .prop_map(|(text, ledger, request)| Summary { text, ledger, request });
    let tool = (any::<String>(), any::<String>(), value()).prop_map(|(name, text, parameters)| {
        ToolSpec::new(ToolName::from_model(&name).as_str(), &text, parameters).unwrap()
    });
    let prefix = (any::<Option<String>>(), prop::collection::vec(tool, 0..3))
        .prop_map(|(system, tools)| Prefix { system: system.map(Arc::from), tools: tools.into() });
    let turn = any::<(String, Option<String>, u32, u32, Option<u32>, Option<u32>, u32)>().prop_map(
        |(outcome, model, input, output, cached, context, millis)| TurnRecord {
            outcome,
            model,
            usage: Usage { input, output, cached },
            context,
            duration: Duration::from_millis(millis.into()),
        },
    );
    prop_oneof![
        any::<String>().prop_map(Event::User),
        assistant().prop_map(Event::Assistant),
        id().prop_map(Event::Intent),
        id().prop_map(Event::Dispatched),
        (id(), output).prop_map(|(id, output)| Event::Result(id, output)),
        (any::<u64>(), any::<usize>(), summary)
            .prop_map(|(from, keep, summary)| Event::Compacted { from, keep, summary }),
        prefix.prop_map(Event::Prefix),
        turn.prop_map(Event::Turn),
        (any::<u64>(), any::<u64>(), prop::sample::select(Why::ALL.to_vec()))
            .prop_map(|(from, to, why)| Event::Undone { from, to, why }),
    ]
}

proptest! {
    #[test]
    fn any_event_reads_back_as_it_was_written(event in event()) {
        let json = event.to_json();
        prop_assert_eq!(decode(event.kind(), &json), Ok(Some(event.clone())));
        // The same bytes again: what a server has cached of a conversation stays good.
        let again = decode(event.kind(), &json).unwrap().unwrap();
        prop_assert_eq!(again.to_json(), json);
    }

    #[test]
    fn any_text_is_an_event_or_refused(kind in "[a-z]{0,10}", json in any::<String>()) {
        let _ = decode(&kind, &json);
    }

    #[test]
    fn a_changed_record_has_another_checksum(event in event(), place: prop::sample::Index) {
        let record = Record::new(7, 1_760_000_000_000, &event);
        let mut bytes = record.json.clone().into_bytes();
        *place.get_mut(&mut bytes) ^= 1;
        if let Ok(json) = String::from_utf8(bytes) {
            prop_assert_ne!(Record { json, ..record.clone() }.crc(), record.crc());
        }
        prop_assert_ne!(Record { seq: 8, ..record.clone() }.crc(), record.crc());
    }
}

#[test]
fn an_unknown_kind_is_left_to_newer_versions() {
    assert_eq!(decode("dreamt", r#"{"of":"sheep"}"#), Ok(None));
    assert_eq!(decode("user", r#"{"text":7}"#), Err("text"));
    assert_eq!(decode("user", "{"), Err("JSON"));
}
