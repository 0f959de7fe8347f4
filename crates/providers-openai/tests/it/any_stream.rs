//! Arbitrary streams of events, read by the model.

use openclaw_core::{
    AnswerOutcome, ChatModel, ChatRequest, EmittedToolCall, History, ModelErrorKind,
};
use openclaw_providers_openai::OpenAiModel;
use openclaw_test_support::client::{End, client, info, read};
use openclaw_test_support::raw_server::{RawServer, response};
use proptest::collection::vec;
use proptest::prelude::*;
use serde_json::{Value, json};

fn any_text() -> impl Strategy<Value = Value> {
    prop_oneof![
        Just(Value::Null),
        Just(json!("")),
        "[a-c]{1,3}".prop_map(Value::from),
        any::<String>().prop_map(Value::from),
    ]
}

fn any_number() -> impl Strategy<Value = Value> {
    prop_oneof![
        3 => (0u32..3).prop_map(Value::from),
        1 => Just(json!(u32::MAX)),
        1 => Just(json!(-1)),
        1 => Just(Value::Null),
    ]
}

fn any_call() -> impl Strategy<Value = Value> {
    let arguments = prop_oneof![
        Just(Value::Null),
        "[{}\":1a]{0,4}".prop_map(Value::from),
        Just(json!("{\"path\": \"x\"}")),
    ];
    (any_number(), any_text(), any_text(), arguments).prop_map(|(index, id, name, arguments)| {
        json!({"index": index, "id": id, "function": {"name": name, "arguments": arguments}})
    })
}

fn any_chunk() -> impl Strategy<Value = Value> {
    let delta = prop_oneof![
        any_text().prop_map(|text| json!({"content": text})),
        any_text().prop_map(|text| json!({"reasoning": text})),
        any_text().prop_map(|text| json!({"reasoning_content": text, "content": "b"})),
        any_text().prop_map(|text| json!({"refusal": text})),
        vec(any_call(), 0..3).prop_map(|calls| json!({"tool_calls": calls})),
        Just(Value::Null),
    ];
    let finish = prop_oneof![
        6 => Just(Value::Null),
        1 => Just(json!("stop")),
        1 => Just(json!("length")),
        1 => Just(json!("tool_calls")),
        1 => any_text(),
    ];
    let index = prop_oneof![4 => Just(json!(0)), 1 => any_number()];
    (delta, finish, index).prop_map(|(delta, finish, index)| {
        json!({"choices": [{"index": index, "delta": delta, "finish_reason": finish}]})
    })
}

/// A line of a stream: mostly chunks of an answer, sometimes anything else.
fn any_line() -> impl Strategy<Value = String> {
    let usage = (any_number(), any_number()).prop_map(|(prompt, cached)| {
        let details = json!({"cached_tokens": cached});
        json!({"choices": [], "usage": {"prompt_tokens": prompt, "prompt_tokens_details": details}})
    });
    prop_oneof![
        20 => any_chunk().prop_map(|chunk| format!("data: {chunk}")),
        2 => usage.prop_map(|usage| format!("data: {usage}")),
        2 => Just(": keep-alive".to_owned()),
        1 => Just("data: [DONE]".to_owned()),
        1 => Just("data: {}".to_owned()),
        1 => Just("data: {\"error\": {\"message\": \"boom\", \"code\": 500}}".to_owned()),
        1 => any::<String>().prop_map(|text| text.replace(['\r', '\n'], " ")),
    ]
}

/// Reads a stream of these lines; `read` asserts a single end and matching deltas.
fn read_lines(lines: &[String]) -> End {
    let body = lines.join("\n\n") + "\n\n";
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    runtime.block_on(async {
        let answer = move |_: &str| Some(response("200 OK", "text/event-stream", &body));
        let server = RawServer::start(answer).await;
        let model = OpenAiModel::new(client(&server.base_url()), info("tiny", 4096));
        let mut history = History::new();
        history.push_user_message("hi");
        read(model.stream_chat(ChatRequest::new(history)).await.unwrap()).await.1
    })
}

proptest! {
    #[test]
    fn any_stream_has_one_end(lines in vec(any_line(), 0..12)) {
        match read_lines(&lines) {
            Ok((message, outcome, _)) => {
                prop_assert_eq!(outcome == AnswerOutcome::ToolCalls, !message.calls.is_empty());
            }
            Err(error) => {
                let kind = error.kind();
                let expected = [ModelErrorKind::Interrupted, ModelErrorKind::Protocol];
                prop_assert!(expected.contains(&kind), "{:?}", kind);
            }
        }
    }

    #[test]
    fn the_last_call_of_an_answer_cut_off_is_never_ready(calls in vec(any_call(), 1..5)) {
        let chunk = |delta: Value, finish: Value| {
            let choice = json!({"index": 0, "delta": delta, "finish_reason": finish});
            format!("data: {}", json!({"choices": [choice]}))
        };
        let calls = calls.into_iter().map(|call| {
            let index = call["index"].as_i64().filter(|index| *index >= 0);
            let function = &call["function"];
            json!({"index": index, "id": call["id"], "function": function})
        });
        let mut lines: Vec<_> =
            calls.map(|call| chunk(json!({"tool_calls": [call]}), Value::Null)).collect();
        lines.push(chunk(json!({}), json!("length")));
        let (message, outcome, _) = read_lines(&lines).unwrap();
        prop_assert_eq!(outcome, AnswerOutcome::ToolCalls);
        prop_assert!(matches!(message.calls.last(), Some(EmittedToolCall::Invalid(_))));
    }
}
