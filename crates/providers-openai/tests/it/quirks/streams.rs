//! Variants of streams, their ends and their usage.

use openclaw_core::{ChatEvent, ChatModel};
use openclaw_providers_openai::{ChatApi, OpenAiModel};
use openclaw_test_support::client::{client, info, read};
use openclaw_test_support::raw_server::{RawServer, response};

use super::{CALLS, DONE, LENGTH, ROLE, STOP, TEXT, WIDE, ask, go_down, shown, sse, with_tool};

#[tokio::test]
async fn failures_inside_a_stream() {
    const BROKEN: &str =
        r#"{"error":{"message":"no slot","type":"InternalServerError","param":null,"code":500}}"#;
    const OLD: &str = r#"{"object":"error","message":"too hot","type":"BadRequestError","param":null,"code":400}"#;
    go_down(&[
        (
            "an error in the first event, then the end mark",
            &[BROKEN, DONE],
            "interrupted: get a whole answer: no slot",
        ),
        (
            "an error behind text, then the end mark",
            &[ROLE, TEXT, BROKEN, DONE],
            "interrupted: get a whole answer: no slot",
        ),
        (
            "an error as text",
            &[r#"{"error":"overloaded"}"#, DONE],
            "interrupted: get a whole answer: overloaded",
        ),
        (
            "the older envelope, and the request's fault",
            &[OLD, DONE],
            "rejected: get a whole answer: too hot",
        ),
        (
            "only the end mark",
            &[DONE],
            "interrupted: get an answer: the stream ended without any content",
        ),
        (
            "a role and the end mark",
            &[ROLE, DONE],
            "interrupted: get an answer: the stream ended without any content",
        ),
        (
            "tokens are counted, and nothing was said",
            &[r#"{"choices":[],"usage":{"prompt_tokens":5,"completion_tokens":0}}"#, DONE],
            "interrupted: get an answer: the stream ended without any content",
        ),
        (
            "it ends with `error`",
            &[TEXT, r#"{"choices":[{"index":0,"delta":{},"finish_reason":"error"}]}"#, DONE],
            "interrupted: get a whole answer: the server reports that it aborted it",
        ),
        ("nothing, and a reason", &[ROLE, STOP, DONE], "Empty"),
        ("nothing, and the limit", &[ROLE, LENGTH, DONE], "Truncated"),
    ])
    .await;
}

#[tokio::test]
async fn an_answer_that_breaks_off_behind_a_line_break_keeps_it() {
    const LINE: &str = r#"{"choices":[{"index":0,"delta":{"content":"one\n\n"}}]}"#;
    const ABORT: &str = r#"{"choices":[{"index":0,"delta":{},"finish_reason":"abort"}]}"#;
    const FAULT: &str = r#"{"error":{"message":"no slot","code":500}}"#;
    let cut = |body: &str| response("200 OK", "text/event-stream", body);
    let mut torn = cut(&sse(&[LINE, STOP]));
    torn.truncate(torn.len() - STOP.len());
    for (name, bytes) in [
        ("the connection ends", cut(&sse(&[LINE]))),
        ("the connection is torn", torn),
        ("an error", cut(&sse(&[LINE, FAULT, DONE]))),
        ("an error event", cut(&(sse(&[LINE]) + "event: error\ndata: no slot\n\n"))),
        ("a bare error", cut(&(sse(&[LINE]) + FAULT))),
        ("an incomplete finish", cut(&sse(&[LINE, ABORT, DONE]))),
        ("an event that is not read, and no end", cut(&sse(&[LINE, "{half"]))),
    ] {
        let server = RawServer::start(move |_| Some(bytes.clone())).await;
        let model = OpenAiModel::new(client(&server.base_url()), info("tiny", WIDE));
        let (events, end) = read(model.stream_chat(with_tool()).await.unwrap()).await;
        assert!(end.is_err(), "{name}: {end:?}");
        assert_eq!(emitted_text(&events), "one\n\n", "{name}");
    }
}

#[tokio::test]
async fn over_responses_a_line_break_before_the_break_is_kept_too() {
    const CREATED: &str = r#"{"type":"response.created","response":{"id":"r"}}"#;
    const LINE: &str = r#"{"type":"response.output_text.delta","output_index":0,"content_index":0,"delta":"one\n"}"#;
    const FAILED: &str =
        r#"{"type":"response.failed","response":{"status":"failed","error":{"message":"dead"}}}"#;
    for events in [&[CREATED, LINE][..], &[CREATED, LINE, FAILED]] {
        let body = sse(events);
        let server =
            RawServer::start(move |_| Some(response("200 OK", "text/event-stream", &body))).await;
        let model = OpenAiModel::new(client(&server.base_url()), info("tiny", WIDE))
            .with_api(ChatApi::Responses);
        let (events, end) = read(model.stream_chat(with_tool()).await.unwrap()).await;
        assert!(end.is_err(), "{end:?}");
        assert_eq!(emitted_text(&events), "one\n");
    }
}

/// The text of the deltas.
fn emitted_text(events: &[ChatEvent]) -> String {
    let texts = events.iter().filter_map(|event| match event {
        ChatEvent::TextDelta(text) => Some(text.as_str()),
        _ => None,
    });
    texts.collect()
}

#[tokio::test]
async fn reasons_for_the_end() {
    const CALL: &str = r#"{"choices":[{"index":0,"delta":{"tool_calls":[{"index":0,"id":"a","function":{"name":"read","arguments":"{\"path\": \"x\"}"}}]}}]}"#;
    const HALF: &str = r#"{"choices":[{"index":0,"delta":{"tool_calls":[{"index":0,"id":"a","function":{"name":"read","arguments":"{\"path\": \"x"}}]}}]}"#;
    go_down(&[
        ("null", &[TEXT, DONE], "Reply yes"),
        (
            "empty",
            &[TEXT, r#"{"choices":[{"index":0,"delta":{},"finish_reason":""}]}"#, DONE],
            "Reply yes",
        ),
        ("missing", &[r#"{"choices":[{"index":0,"delta":{"content":"yes"}}]}"#, DONE], "Reply yes"),
        (
            "missing, with the end mark",
            &[TEXT],
            "interrupted: get a whole answer: the server closed the connection in the middle of it",
        ),
        ("calls that there are not", &[TEXT, CALLS, DONE], "Reply yes"),
        (
            "a call and `stop`, of a named choice",
            &[CALL, STOP, DONE],
            r#"ToolCalls +a read{"path":"x"}"#,
        ),
        (
            "a call that the limit cut, and `tool_calls`",
            &[HALF, CALLS, DONE],
            r#"ToolCalls -a read{"path": "x"#,
        ),
        (
            "a call at whose end the limit was",
            &[CALL, LENGTH, DONE],
            r#"ToolCalls -a read{"path": "x"}"#,
        ),
        ("text that the limit cut", &[TEXT, LENGTH, DONE], "Truncated yes"),
    ])
    .await;
}

#[tokio::test]
async fn counts_of_tokens() {
    const FIRST: &str = r#"{"choices":[{"index":0,"delta":{"content":"y"}}],"usage":{"prompt_tokens":5,"completion_tokens":1}}"#;
    const SECOND: &str = r#"{"choices":[{"index":0,"delta":{"content":"es"},"finish_reason":"stop"}],"usage":{"prompt_tokens":5,"completion_tokens":2}}"#;
    const NONE: &str = r#"{"choices":[{"index":0,"delta":{"content":"yes"},"finish_reason":"stop"}],"usage":null}"#;
    const LAST: &str =
        r#"{"choices":[],"usage":{"prompt_tokens":5,"completion_tokens":2,"total_tokens":7}}"#;
    go_down(&[
        ("in every event", &[FIRST, SECOND, DONE], "Reply yes [5+2]"),
        ("in every event and behind the last", &[FIRST, SECOND, LAST, DONE], "Reply yes [5+2]"),
        ("behind the last event, without a choice", &[NONE, LAST, DONE], "Reply yes [5+2]"),
        ("behind the last event, without the end mark", &[NONE, LAST], "Reply yes [5+2]"),
        ("null", &[NONE, DONE], "Reply yes"),
        ("absent", &[TEXT, STOP, DONE], "Reply yes"),
        (
            "absent, beside what proxies add",
            &[r#"{"choices":[],"prompt_filter_results":[]}"#, TEXT, STOP, DONE],
            "Reply yes",
        ),
    ])
    .await;
}

#[tokio::test]
async fn ways_to_write_a_stream() {
    let whole = sse(&[TEXT, STOP, DONE]);
    let lines: String =
        TEXT.split_inclusive(',').map(|line| ["data: ", line, "\n"].concat()).collect();
    for (name, body) in [
        ("line ends of two characters", whole.replace('\n', "\r\n")),
        ("no blank behind the colon", whole.replace("data: ", "data:")),
        ("a mark of the byte order", format!("\u{feff}{whole}")),
        ("names and numbers of events", whole.replace("data: ", "event: message\nid: 7\ndata: ")),
        (
            "keep-alives before, between and behind",
            format!(
                ": keep-alive\n\n{}: keep-alive\n\n",
                whole.replace("\n\n", "\n\n: keep-alive\n\n")
            ),
        ),
        ("an event of several lines", format!("{lines}\n{}", sse(&[STOP, DONE]))),
        ("nothing behind the reason", sse(&[TEXT, STOP])),
    ] {
        assert_eq!(shown(&ask(body, with_tool()).await), "Reply yes", "{name}");
    }
}
