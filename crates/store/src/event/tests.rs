//! Events survive a round trip through JSON.

use openclaw_core::{
    EmittedToolCall, ImageContent, ImageFormat, ImageSize, InvalidToolCall, ReasoningContent,
    ToolArguments, ToolCall, ToolName,
};
use proptest::prelude::*;
use serde_json::{Map, Value};

use super::*;

fn any_id() -> impl Strategy<Value = ToolCallId> {
    "[^\\s]{1,12}".prop_filter_map("blank", |text| ToolCallId::new(&text))
}

fn any_value() -> impl Strategy<Value = Value> {
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
            any_object(inner).prop_map(Value::Object),
        ]
    })
}

fn any_object(value: impl Strategy<Value = Value>) -> impl Strategy<Value = Map<String, Value>> {
    prop::collection::btree_map(any::<String>(), value, 0..4)
        .prop_map(|fields| fields.into_iter().collect())
}

fn any_call() -> impl Strategy<Value = EmittedToolCall> {
    let name = || any::<String>().prop_map(|text| ToolName::from_model(&text));
    prop_oneof![
        (any_id(), name(), any_object(any_value())).prop_map(|(id, name, arguments)| {
            EmittedToolCall::Valid(ToolCall { id, name, arguments: ToolArguments::from(arguments) })
        }),
        (any_id(), name(), any::<(String, String)>()).prop_map(|(id, name, (raw, problem))| {
            EmittedToolCall::Invalid(InvalidToolCall { id, name, raw_arguments: raw, problem })
        }),
    ]
}

fn any_assistant_message() -> impl Strategy<Value = AssistantMessage> {
    let field = prop::sample::select(vec![
        "reasoning",
        "reasoning_content",
        "<think>",
        "a name of another program",
    ]);
    let reasoning = (any::<String>(), field)
        .prop_map(|(text, field)| ReasoningContent { text, field: field.into() });
    (any::<String>(), prop::option::of(reasoning), prop::collection::vec(any_call(), 0..4))
        .prop_map(|(text, reasoning, calls)| AssistantMessage { text, reasoning, calls })
}

fn any_event() -> impl Strategy<Value = LogEvent> {
    let image = (0u32..5_000, "[A-Za-z0-9+/]{0,40}=?").prop_map(|(side, base64)| {
        let size = ImageSize { width: side, height: side };
        ImageContent::new(ImageFormat::Webp, base64, Some(size))
    });
    let images = prop::collection::vec(image, 0..3);
    let output = (any::<(String, bool, Option<String>, Option<u64>)>(), images).prop_map(
        |((text, is_error, summary, digest), images)| ToolOutput {
            text,
            images,
            is_error,
            summary,
            original_digest: digest,
        },
    );
    let summary =
        any::<(String, Vec<String>, Option<String>)>().prop_map(|(text, ledger, request)| {
            ConversationSummary { text, ledger, current_request: request }
        });
    let tool =
        (any::<String>(), any::<String>(), any_value()).prop_map(|(name, text, parameters)| {
            ToolSpec::new(ToolName::from_model(&name).as_str(), &text, parameters).unwrap()
        });
    let prefix =
        (any::<Option<String>>(), prop::collection::vec(tool, 0..3)).prop_map(|(system, tools)| {
            RequestPrefix { system_prompt: system.map(Arc::from), tools: tools.into() }
        });
    let turn = any::<(String, Option<String>, u32, u32, Option<u32>, Option<u32>, u32)>().prop_map(
        |(outcome, model, input, output, cached, context, millis)| TurnRecord {
            outcome,
            model,
            usage: TokenUsage { input_tokens: input, output_tokens: output, cached_tokens: cached },
            context_tokens: context,
            duration: Duration::from_millis(millis.into()),
        },
    );
    prop_oneof![
        any::<String>().prop_map(LogEvent::UserMessage),
        any_assistant_message().prop_map(LogEvent::AssistantMessage),
        any_id().prop_map(LogEvent::CallIntent),
        any_id().prop_map(LogEvent::CallDispatched),
        (any_id(), output).prop_map(|(id, output)| LogEvent::CallResult(id, output)),
        (any::<u64>(), any::<usize>(), summary).prop_map(|(from, keep, summary)| {
            LogEvent::Compacted { first_kept_seq: from, kept_steps: keep, summary }
        }),
        prefix.prop_map(LogEvent::RequestPrefix),
        turn.prop_map(LogEvent::TurnEnd),
        (any::<u64>(), any::<u64>(), prop::sample::select(RetractionReason::ALL.to_vec()))
            .prop_map(|(from, to, why)| LogEvent::Retracted {
                first_seq: from,
                last_seq: to,
                reason: why
            }),
    ]
}

proptest! {
    #[test]
    fn any_event_reads_back_as_it_was_written(event in any_event()) {
        let json = event.to_json();
        prop_assert_eq!(decode_event(event.kind(), &json), Ok(Some(event.clone())));
        // The same bytes again, so that resumed requests hit the server's prefix cache.
        let again = decode_event(event.kind(), &json).unwrap().unwrap();
        prop_assert_eq!(again.to_json(), json);
    }

    #[test]
    fn any_text_is_an_event_or_refused(kind in "[a-z]{0,10}", json in any::<String>()) {
        let _ = decode_event(&kind, &json);
    }

    #[test]
    fn a_changed_record_has_another_checksum(event in any_event(), byte_index: prop::sample::Index) {
        let record = EventRecord::new(7, 1_760_000_000_000, &event);
        let mut bytes = record.json.clone().into_bytes();
        *byte_index.get_mut(&mut bytes) ^= 1;
        if let Ok(json) = String::from_utf8(bytes) {
            prop_assert_ne!(EventRecord { json, ..record.clone() }.compute_crc(), record.compute_crc());
        }
        prop_assert_ne!(EventRecord { seq: 8, ..record.clone() }.compute_crc(), record.compute_crc());
    }
}

#[test]
fn an_unknown_kind_is_left_to_newer_versions() {
    assert_eq!(decode_event("dreamt", r#"{"of":"sheep"}"#), Ok(None));
    assert_eq!(decode_event("user", r#"{"text":7}"#), Err("text"));
    assert_eq!(decode_event("user", "{"), Err("JSON"));
}
