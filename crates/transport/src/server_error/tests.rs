//! Error bodies, most of them recorded from real servers.

use serde_json::json;

use super::*;

fn parts(error: &ServerErrorMessage) -> (&str, Option<&str>, Option<&str>, Option<&str>) {
    (&error.message, error.kind.as_deref(), error.param.as_deref(), error.code.as_deref())
}

#[test]
fn every_known_shape_is_read() {
    let table = [
        (
            r#"{"error":{"message":"The model `nope` does not exist. Valid aliases: tiny.","type":"NotFoundError","param":"model","code":404}}"#,
            (
                "The model `nope` does not exist. Valid aliases: tiny.",
                Some("NotFoundError"),
                Some("model"),
                Some("404"),
            ),
        ),
        (
            r#"{"error":{"message":"The engine is currently busy and cannot accept new requests. Please try again later or on a different instance.","type":"Service Unavailable","param":null,"code":503}}"#,
            (
                "The engine is currently busy and cannot accept new requests. Please try again later or on a different instance.",
                Some("Service Unavailable"),
                None,
                Some("503"),
            ),
        ),
        (
            r#"{"error":{"message":"no","type":"invalid_request_error","code":"context_length_exceeded"}}"#,
            ("no", Some("invalid_request_error"), None, Some("context_length_exceeded")),
        ),
        (r#"{"error":"Unauthorized"}"#, ("Unauthorized", None, None, None)),
        (r#"{"error":{"code":7}}"#, (r#"{"code":7}"#, None, None, Some("7"))),
        (
            r#"{"object":"error","message":"too long","type":"BadRequestError","param":null,"code":400}"#,
            ("too long", Some("BadRequestError"), None, Some("400")),
        ),
        (r#"{"message":"no route","code":5}"#, ("no route", None, None, Some("5"))),
        (r#"{"detail":"Not Found"}"#, ("Not Found", None, None, None)),
        (r#"{"detail":{"error":{"message":"deep"}}}"#, ("deep", None, None, None)),
        (
            r#"{"detail":[{"loc":["body","messages",0],"msg":"Field required"},{"loc":["body"],"msg":"no"}]}"#,
            ("body.messages.0: Field required; body: no", None, Some("body.messages.0"), None),
        ),
        ("upstream timed out\n", ("upstream timed out", None, None, None)),
        (r#"[{"error":{"code":400,"message":"no"}}]"#, ("no", None, None, Some("400"))),
        (r#"{"errors":[{"code":"e1","message":"a"},"b"]}"#, ("a; b", None, None, Some("e1"))),
        (r#"{"errors":{"message":"a"}}"#, ("a", None, None, None)),
        (r#"{"msg":"no","status":400}"#, ("no", None, None, Some("400"))),
        (r#"{"error_code":336,"error_msg":"no"}"#, ("no", None, None, Some("336"))),
        (r#""no""#, ("no", None, None, None)),
        (
            r#"{"error":{"message":"{\"error\": {\"message\": \"no\", \"code\": 400}}","type":"x"}}"#,
            ("no", Some("x"), None, Some("400")),
        ),
        (r#"{"title":"Bad","detail":"no","status":400}"#, ("no", None, None, Some("400"))),
        (
            r#"{"success":false,"result":{"odd":1}}"#,
            (r#"{"result":{"odd":1},"success":false}"#, None, None, None),
        ),
        (r#"{"error":true,"message":"no"}"#, ("no", None, None, None)),
        (r#"{"message":"a	b"}"#, ("a\tb", None, None, None)),
        (
            "<html><head><title>502</title><style>p {}</style></head><h1>Bad\n Gateway</h1>nginx",
            ("502 Bad Gateway nginx", None, None, None),
        ),
    ];
    for (body, expected) in table {
        let error = parse_error_body(body.as_bytes()).unwrap();
        assert_eq!(parts(&error), expected, "{body}");
    }
}

#[test]
fn a_body_that_says_nothing_is_no_error_message() {
    for body in ["", " \n", "<html></html>", "{}", "null", "[]", r#"{"detail":null}"#] {
        assert_eq!(parse_error_body(body.as_bytes()), None, "{body}");
    }
}

#[test]
fn an_event_is_an_error_only_if_it_says_so() {
    let killed = json!({"error": {"message": "EngineCore encountered an issue.", "type": "InternalServerError", "param": null, "code": 500}});
    let error = parse_error_event(&killed).unwrap();
    assert_eq!(
        parts(&error),
        ("EngineCore encountered an issue.", Some("InternalServerError"), None, Some("500"))
    );
    let text = parse_error_event(&json!({"error": "overloaded"})).unwrap();
    assert_eq!(text.message, "overloaded");
    let old = parse_error_event(&json!({"object": "error", "message": "old"})).unwrap();
    assert_eq!(old.message, "old");
    for event in [
        json!({"detail": "no"}),
        json!({"code": 500, "message": "no"}),
        json!({"type": "error", "error": {"message": "no"}}),
        json!({"type": "error", "message": "no"}),
        json!({"status": "error", "message": "no"}),
        json!({"choices": [{"delta": {}}], "error": {"message": "no"}}),
        json!({"choices": [], "message": "no"}),
        json!([{"error": {"message": "no"}}]),
    ] {
        assert_eq!(parse_error_event(&event).unwrap().message, "no", "{event}");
    }
    for event in [
        json!({"choices": [], "error": null}),
        json!({"object": "chat.completion.chunk", "choices": []}),
        json!({"choices": [{"delta": {"content": "a"}}], "detail": "of another meaning"}),
        json!({"usage": {"prompt_tokens": 1}, "message": "of another meaning"}),
        json!({"code": 0, "msg": "ok"}),
        json!({"type": "message_start", "message": {"role": "assistant"}}),
        json!({"type": "response.code.done", "code": "print(1)", "message": "of another meaning"}),
        json!({"type": "ping", "message": "of another meaning"}),
        json!({}),
        json!(null),
        json!("error"),
    ] {
        assert_eq!(parse_error_event(&event), None, "{event}");
    }
}

#[test]
fn messages_are_short_and_harmless() {
    let body = format!("\u{1b}[2J{}", "é".repeat(5_000));
    let error = parse_error_body(body.as_bytes()).unwrap();
    assert!(error.message.starts_with("\u{fffd}[2Jé"));
    assert_eq!(error.message.chars().count(), MAX_MESSAGE);
    assert!(error.message.ends_with("é…"));
    let exact = "x".repeat(MAX_MESSAGE);
    assert_eq!(parse_error_body(exact.as_bytes()).unwrap().message, exact);
}

#[test]
fn a_number_is_read_where_both_texts_are_around_it() {
    for (text, after, expected) in [
        ("length is 8192 tokens", " tokens", Some(8192)),
        ("length is short; length is 12 tokens", " tokens", Some(12)),
        ("length is 8192", "", Some(8192)),
        ("length is 8192 bytes", " tokens", None),
        ("length is 99999999999", "", None),
        ("length is ", "", None),
    ] {
        assert_eq!(number_between(text, "length is ", after), expected, "{text}");
    }
}
