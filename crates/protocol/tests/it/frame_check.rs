//! What is true of any bytes that come as a frame; the fuzz target `frame_read` checks it too.

use openclaw_protocol::gateway::{
    ConnectParams, EventFrame, MAX_ID_BYTES, RequestFrame, ResponseFrame,
};
use serde_json::Value;

/// Checks that bytes are a frame, or refused, and that a frame says the same when it is written again.
pub(crate) fn check_frame(bytes: &[u8]) {
    let text = String::from_utf8_lossy(bytes);
    match RequestFrame::parse(&text) {
        Ok(Some(request)) => check_request(&text, &request),
        Ok(None) => assert!(!is_request(&text), "a request was taken for another frame"),
        Err(error) => assert!(!error.expected().is_empty()),
    }
    if let Ok(response) = serde_json::from_str::<ResponseFrame>(&text) {
        let written = serde_json::to_string(&response).unwrap();
        let read: ResponseFrame = serde_json::from_str(&written).unwrap();
        assert!(read == response || has_float(read.payload.as_ref()), "{written}");
    }
    if let Ok(event) = serde_json::from_str::<EventFrame>(&text) {
        let written = serde_json::to_string(&event).unwrap();
        let read: EventFrame = serde_json::from_str(&written).unwrap();
        assert!(read == event || has_float(read.payload.as_ref()), "{written}");
    }
}

fn check_request(text: &str, request: &RequestFrame) {
    assert!((1..=MAX_ID_BYTES).contains(&request.id.len()));
    // A tolerant reader reads the same values: no key is there twice.
    let tolerant: Value = serde_json::from_str(text).unwrap();
    assert_eq!(tolerant["type"], "req");
    assert_eq!(tolerant["id"], request.id.as_str());
    assert_eq!(tolerant["method"], request.method.as_str());
    let written = request.to_text();
    let read = RequestFrame::parse(&written).unwrap().unwrap();
    assert_eq!((&read.id, &read.method), (&request.id, &request.method));
    assert!(read.params == request.params || has_float(Some(&request.params)), "{written}");
    // Whatever it holds, it is parameters or an error.
    let _ = serde_json::from_value::<ConnectParams>(request.params.clone());
}

fn is_request(text: &str) -> bool {
    serde_json::from_str::<Value>(text).is_ok_and(|value| value["type"] == "req")
}

/// Whether a value has a number that is not whole, which may change in its last digit.
fn has_float(value: Option<&Value>) -> bool {
    fn is_inexact(value: &Value) -> bool {
        match value {
            Value::Number(number) => number.is_f64(),
            Value::Array(items) => items.iter().any(is_inexact),
            Value::Object(fields) => fields.values().any(is_inexact),
            _ => false,
        }
    }
    value.is_some_and(is_inexact)
}
