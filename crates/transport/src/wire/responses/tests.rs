//! The bytes of a request, and events as servers write them.

use serde_json::json;

use super::*;

#[test]
fn a_request_is_written_as_the_api_reads_it() {
    let parameters = json!({"type": "object"});
    let request = ResponsesRequest {
        model: "m".into(),
        stream: true,
        store: false,
        prompt_cache_key: None,
        max_output_tokens: Some(9),
        instructions: Some("Be brief.".into()),
        tools: vec![ResponsesTool {
            kind: CallKind::Function,
            name: "f".into(),
            description: Some("d".into()),
            parameters: Some(Cow::Borrowed(&parameters)),
            strict: Some(false),
        }],
        tool_choice: Some(ResponsesToolChoice::Function("f".into())),
        input: vec![
            InputItem::Message(InputMessage::User { content: "hi".into() }),
            InputItem::Reasoning {
                summary: [],
                content: [InputPart::ReasoningText { text: "hm".into() }],
            },
            InputItem::Message(InputMessage::Assistant {
                status: ItemStatus::Completed,
                content: [InputPart::OutputText { text: "so".into() }],
            }),
            InputItem::FunctionCall {
                call_id: "c".into(),
                name: "f".into(),
                arguments: "{}".into(),
            },
            InputItem::FunctionCallOutput { call_id: "c".into(), output: "r".into() },
        ],
    };
    let written = serde_json::to_string(&request).unwrap();
    let expected = concat!(
        r#"{"model":"m","stream":true,"store":false,"max_output_tokens":9,"#,
        r#""instructions":"Be brief.","tools":[{"type":"function","name":"f","description":"d","#,
        r#""parameters":{"type":"object"},"strict":false}],"#,
        r#""tool_choice":{"type":"function","name":"f"},"input":["#,
        r#"{"type":"message","role":"user","content":"hi"},"#,
        r#"{"type":"reasoning","summary":[],"content":[{"type":"reasoning_text","text":"hm"}]},"#,
        r#"{"type":"message","role":"assistant","status":"completed","#,
        r#""content":[{"type":"output_text","text":"so"}]},"#,
        r#"{"type":"function_call","call_id":"c","name":"f","arguments":"{}"},"#,
        r#"{"type":"function_call_output","call_id":"c","output":"r"}]}"#,
    );
    assert_eq!(written, expected);
}

#[test]
fn null_is_absent_and_the_unknown_is_ignored() {
    let event: ResponseEvent = serde_json::from_str(
        r#"{"type": "response.completed", "sequence_number": 4, "item": null, "response": {
            "id": "resp_1", "status": "incomplete", "output": [{"type": "reasoning",
            "content": null, "summary": [], "encrypted_content": null}],
            "incomplete_details": {"reason": "max_output_tokens"}, "error": null,
            "usage": {"input_tokens": 5, "output_tokens": null, "total_tokens": 5,
            "input_tokens_details": {"cached_tokens": 4}, "output_tokens_details": null}}}"#,
    )
    .unwrap();
    let response = event.response.unwrap();
    assert_eq!(response.output.len(), 1);
    assert_eq!(response.error, None);
    let usage = response.usage.unwrap();
    assert_eq!((usage.input_tokens, usage.output_tokens), (5, 0));
    assert_eq!(usage.input_tokens_details.unwrap().cached_tokens, Some(4));
    let reason = response.incomplete_details.unwrap().reason;
    assert_eq!(reason.as_deref(), Some("max_output_tokens"));
}
