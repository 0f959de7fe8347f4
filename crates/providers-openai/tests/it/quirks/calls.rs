//! Variants of tool calls and reasoning.

use openclaw_core::ChatRequest;
use serde_json::json;

use super::{CALLS, DONE, LENGTH, STOP, TEXT, ask, go_down, shown, sse, with_tool};
use crate::talk::{asked, read_tool, request};

/// A delta of a call: its index, id, name and arguments.
type Piece = (u32, Option<&'static str>, Option<&'static str>, Option<&'static str>);

const READ: Option<&str> = Some("read");
const X: Option<&str> = Some(r#"{"path": "x"}"#);
const Y: Option<&str> = Some(r#"{"path": "y"}"#);
const BOTH: &str = r#"ToolCalls +a read{"path":"x"} +b read{"path":"y"}"#;
const ONE: &str = r#"ToolCalls +a read{"path":"x"}"#;

const PIECES: &[(&str, &[Piece], &str)] = &[
    (
        "all at index 0, with ids of their own",
        &[(0, Some("a"), READ, X), (0, Some("b"), READ, Y)],
        BOTH,
    ),
    (
        "the name and the id in every piece",
        &[
            (0, Some("a"), READ, Some(r#"{"path":"#)),
            (0, Some("a"), READ, Some(r#" "x"}"#)),
            (1, Some("b"), READ, Y),
        ],
        BOTH,
    ),
    (
        "one after the other, in small pieces",
        &[
            (0, Some("a"), READ, Some("")),
            (0, None, None, Some(r#"{"path": "#)),
            (1, Some("b"), READ, Some("")),
            (1, None, None, Some(r#"{"path": "#)),
            (0, None, None, Some(r#""x"}"#)),
            (1, None, None, Some(r#""y"}"#)),
        ],
        BOTH,
    ),
    ("null arguments", &[(0, Some("a"), Some("now"), None)], "ToolCalls +a now{}"),
    ("empty arguments", &[(0, Some("a"), Some("now"), Some(""))], "ToolCalls +a now{}"),
    ("nulls behind the first piece", &[(0, Some("a"), READ, None), (0, None, None, X)], ONE),
    ("a null id", &[(0, None, READ, X)], r#"ToolCalls +call_0 read{"path":"x"}"#),
    (
        "empty ids",
        &[(0, Some(""), READ, X), (1, Some(""), Some("now"), Some(""))],
        r#"ToolCalls +call_0 read{"path":"x"} +call_1 now{}"#,
    ),
    ("arguments escaped once more", &[(0, Some("a"), READ, Some(r#""{\"path\": \"x\"}""#))], ONE),
    ("a key with quotes of its own", &[(0, Some("a"), READ, Some(r#"{"\"path\"": "x"}"#))], ONE),
    (
        "a fence around the arguments",
        &[(0, Some("a"), READ, Some("```json\n{\"path\": \"x\"}\n```"))],
        ONE,
    ),
    ("a comma and a brace too many", &[(0, Some("a"), READ, Some(r#"{"path": "x",}}"#))], ONE),
    (
        "arguments of which a part is lost are not `{}`",
        &[(0, Some("a"), READ, Some(r#"{"path""#))],
        r#"ToolCalls -a read{"path""#,
    ),
];

#[tokio::test]
async fn pieces_of_calls() {
    for (name, pieces, expected) in PIECES {
        let pieces = pieces.iter().map(|(index, id, name, arguments)| {
            let function = json!({"name": name, "arguments": arguments});
            let call = json!({"index": index, "id": id, "function": function});
            let delta = json!({"content": null, "tool_calls": [call]});
            json!({"choices": [{"index": 0, "delta": delta}]}).to_string()
        });
        let events: Vec<_> = pieces.chain([CALLS.to_owned(), DONE.to_owned()]).collect();
        let events: Vec<_> = events.iter().map(String::as_str).collect();
        assert_eq!(shown(&ask(sse(&events), with_tool()).await), *expected, "{name}");
    }
}

#[tokio::test]
async fn calls_in_text() {
    const CALL: &str =
        r#"<tool_call>{\"name\": \"read\", \"arguments\": {\"path\": \"x\"}}</tool_call>"#;
    let said = |field: &str, text: &str| {
        format!(r#"{{"choices":[{{"index":0,"delta":{{"{field}":"{text}"}}}}]}}"#)
    };
    let plain = CALL.replace("\\\"", "\"");
    let rows = [
        (
            "in the answer",
            said("content", CALL),
            r#"ToolCalls +call_0 read{"path":"x"}"#.to_owned(),
        ),
        ("in the reasoning", said("reasoning", CALL), format!("ReasoningOnly (reasoning {plain})")),
        (
            "between the tags of reasoning",
            said("content", &format!("<think>{CALL}</think>yes")),
            format!("Reply (<think> {plain}) yes"),
        ),
        (
            "in a fence",
            said("content", &format!("So:\\n```\\n{CALL}\\n```\\n")),
            format!("Reply So:\n```\n{plain}\n```\n"),
        ),
        (
            "of a tool that is not offered",
            said("content", &CALL.replace("read", "rm")),
            format!(
                "protocol: read a tool call that came as text: it is written in the format \
                 `hermes`, but names no offered tool or has no readable arguments: {}",
                plain.replace("read", "rm")
            ),
        ),
        (
            "as fenced JSON, which is a dialect",
            said(
                "content",
                r#"```json\n{\"name\": \"read\", \"arguments\": {\"path\": \"x\"}}\n```"#,
            ),
            r#"ToolCalls +call_0 read{"path":"x"}"#.to_owned(),
        ),
    ];
    for (name, event, expected) in rows {
        let end = ask(sse(&[&event, STOP, DONE]), with_tool()).await;
        assert_eq!(shown(&end), expected, "{name}");
    }
    // What the user wrote is never a call.
    let quoted = ChatRequest { tools: [read_tool()].into(), ..request(&asked(&plain)) };
    assert_eq!(shown(&ask(sse(&[TEXT, STOP, DONE]), quoted).await), "Reply yes");
}

#[tokio::test]
async fn reasoning() {
    go_down(&[
        (
            "under its newer name",
            &[r#"{"choices":[{"index":0,"delta":{"reasoning":"hm"}}]}"#, TEXT, STOP, DONE],
            "Reply (reasoning hm) yes",
        ),
        (
            "under its older name",
            &[r#"{"choices":[{"index":0,"delta":{"reasoning_content":"hm"}}]}"#, TEXT, STOP, DONE],
            "Reply (reasoning_content hm) yes",
        ),
        (
            "under both names at once",
            &[
                r#"{"choices":[{"index":0,"delta":{"reasoning":"hm","reasoning_content":"hm"}}]}"#,
                TEXT,
                STOP,
                DONE,
            ],
            "Reply (reasoning hm) yes",
        ),
        (
            "between tags",
            &[
                r#"{"choices":[{"index":0,"delta":{"content":"<think>hm</think>yes"}}]}"#,
                STOP,
                DONE,
            ],
            "Reply (<think> hm) yes",
        ),
        (
            "with the opening tag in the template",
            &[r#"{"choices":[{"index":0,"delta":{"content":"hm</think>yes"}}]}"#, STOP, DONE],
            "Reply (<think> hm) yes",
        ),
        (
            "alone, to the end",
            &[r#"{"choices":[{"index":0,"delta":{"reasoning":"hm"}}]}"#, STOP, DONE],
            "ReasoningOnly (reasoning hm)",
        ),
        (
            "alone, to the limit",
            &[r#"{"choices":[{"index":0,"delta":{"reasoning":"hm"}}]}"#, LENGTH, DONE],
            "ReasoningTruncated (reasoning hm)",
        ),
    ])
    .await;
}
