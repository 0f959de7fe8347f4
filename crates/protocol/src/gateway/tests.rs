//! Frames as clients send them.

use serde_json::json;

use super::*;

#[test]
fn a_request_is_read_with_or_without_parameters() {
    let frame = RequestFrame::parse(r#"{"type":"req","id":"1:a","method":"health"}"#);
    assert_eq!(frame, Ok(Some(RequestFrame::new("1:a", "health", json!({})))));
    let text = r#"{"type":"req","id":"2","method":"x","params":{"a":1},"traceparent":"00"}"#;
    let frame = RequestFrame::parse(text).unwrap().unwrap();
    assert_eq!(frame.params, json!({ "a": 1 }));
    assert_eq!(RequestFrame::parse(&frame.to_text()), Ok(Some(frame)));
}

#[test]
fn frames_of_other_kinds_are_ignored_and_broken_requests_refused() {
    for text in [r#"{"type":"cancel","id":"1"}"#, r#"{"type":"of a later version"}"#, "{}"] {
        assert_eq!(RequestFrame::parse(text), Ok(None), "{text}");
    }
    let long = format!(r#"{{"type":"req","id":"{}","method":"m"}}"#, "x".repeat(257));
    for (text, error) in [
        ("[]", FrameError::NotJsonObject),
        ("nonsense", FrameError::NotJsonObject),
        (r#"{"type":"req","method":"m"}"#, FrameError::InvalidId),
        (r#"{"type":"req","id":"","method":"m"}"#, FrameError::InvalidId),
        (r#"{"type":"req","id":1,"method":"m"}"#, FrameError::InvalidId),
        (long.as_str(), FrameError::InvalidId),
        (r#"{"type":"req","id":"1"}"#, FrameError::InvalidMethod),
        (r#"{"type":"req","id":"1","method":7}"#, FrameError::InvalidMethod),
    ] {
        assert_eq!(RequestFrame::parse(text), Err(error), "{text}");
    }
}

#[test]
fn responses_and_events_have_no_empty_fields() {
    let response = serde_json::to_value(ResponseFrame::success("1", json!({ "a": 1 }))).unwrap();
    assert_eq!(response, json!({ "type": "res", "id": "1", "ok": true, "payload": { "a": 1 } }));
    let error = GatewayError::not_connected(ConnectErrorCode::AuthTokenMissing, "No token.");
    assert_eq!(
        serde_json::to_value(ResponseFrame::failure("1", error)).unwrap(),
        json!({
            "type": "res", "id": "1", "ok": false,
            "error": {
                "code": "INVALID_REQUEST", "message": "No token.",
                "details": { "code": "AUTH_TOKEN_MISSING" }
            }
        })
    );
    let event = serde_json::to_value(EventFrame::new("tick", json!({ "ts": 1 }))).unwrap();
    assert_eq!(event, json!({ "type": "event", "event": "tick", "payload": { "ts": 1 } }));
}

#[test]
fn the_connect_parameters_of_the_original_are_understood_and_show_no_secret() {
    let params: ConnectParams = serde_json::from_value(json!({
        "minProtocol": 4, "maxProtocol": 4,
        "client": { "id": "cli", "version": "2026.9.6", "platform": "linux", "mode": "cli",
            "instanceId": "x", "deviceFamily": "Linux" },
        "caps": [], "role": "operator", "scopes": ["operator.admin"], "locale": "en-US",
        "device": { "id": "d", "publicKey": "k", "signature": "s", "signedAt": 1, "nonce": "n" },
        "auth": { "token": "of-the-gateway", "deviceToken": "d" }
    }))
    .unwrap();
    assert_eq!(params.auth.as_ref().unwrap().token.as_deref(), Some("of-the-gateway"));
    assert!(!format!("{params:?}").contains("of-the-gateway"));
}

#[test]
fn the_answer_of_a_node_is_read_in_each_of_its_forms() {
    let answer = |fields: serde_json::Value| -> Result<_, NodeError> {
        let mut whole = json!({ "id": "i", "nodeId": "n", "ok": true });
        whole.as_object_mut().unwrap().extend(fields.as_object().unwrap().clone());
        serde_json::from_value::<NodeInvokeAnswer>(whole).unwrap().into_result()
    };
    assert_eq!(answer(json!({ "payload": { "a": 1 } })), Ok(json!({ "a": 1 })));
    assert_eq!(answer(json!({ "payloadJSON": "{\"a\":1}" })), Ok(json!({ "a": 1 })));
    assert_eq!(answer(json!({ "payloadJSON": "{a" })), Ok(json!({ "payloadJSON": "{a" })));
    assert_eq!(answer(json!({})), Ok(json!(null)));
    let denied = json!({ "code": "SYSTEM_RUN_DENIED", "message": "m" });
    let error = answer(json!({ "ok": false, "error": denied })).unwrap_err();
    assert!(error.is(NodeErrorCode::SystemRunDenied));
    assert!(answer(json!({ "ok": false })).unwrap_err().is(NodeErrorCode::Unavailable));
}

#[test]
fn the_run_of_a_node_of_another_version_is_read() {
    let params: SystemRunParams = serde_json::from_value(json!({
        "command": ["/bin/echo", "hi"], "rawCommand": "/bin/echo hi", "approved": true,
        "suppressNotifyOnExit": true, "needsScreenRecording": null
    }))
    .unwrap();
    assert_eq!((params.approved, params.command.len()), (Some(true), 2));
    let prepared: SystemRunPrepareResult = serde_json::from_value(json!({
        "plan": { "argv": ["/usr/bin/echo"], "cwd": null, "commandText": "echo",
            "commandPreview": null, "agentId": null, "sessionKey": null },
        "execPolicy": { "security": "full" }, "allowAlwaysCoverage": { "complete": false }
    }))
    .unwrap();
    assert_eq!(prepared.decision, NodeDecision::Ask);
}
