//! Each wording teaches what it says, and only of what was sent.

use std::sync::Arc;

use openclaw_core::{
    Arguments, AssistantMessage, EmittedCall, History, ModelErrorKind, Reasoning, ServerMessage,
    ToolCall, ToolCallId, ToolName, ToolSpec,
};
use serde_json::json;

use super::*;

fn refused(status: u16, message: &str, param: Option<&str>) -> ModelError {
    let server = ServerMessage {
        message: message.to_owned(),
        param: param.map(str::to_owned),
        ..ServerMessage::default()
    };
    let exchange =
        HttpExchange { status: Some(status), server: Some(server), ..HttpExchange::default() };
    ModelError::new(ModelErrorKind::Rejected, message).with_exchange(exchange)
}

fn call(id: &str) -> EmittedCall {
    EmittedCall::Ready(ToolCall {
        id: ToolCallId::new(id).unwrap(),
        name: ToolName::new("read").unwrap(),
        arguments: Arguments::default(),
    })
}

/// A request that holds all that a lack can name.
fn everything() -> ChatRequest {
    asked(false)
}

/// The same, and maybe the user spoke after the results.
fn asked(is_steered: bool) -> ChatRequest {
    let mut history = History::new();
    history.push_user("hi");
    let reasoning = Some(Reasoning { text: "hm".to_owned(), field: "reasoning" });
    let calls = vec![call("a"), call("b")];
    history.push_assistant(AssistantMessage { text: String::new(), reasoning, calls }).unwrap();
    if is_steered {
        history.push_user("and then?");
    }
    let tools = ["read", "find"].map(|name| ToolSpec {
        name: ToolName::new(name).unwrap(),
        description: "A tool.".into(),
        parameters: Arc::new(json!({
            "type": "object",
            "properties": {"format": {"type": "array", "minItems": 1, "maxItems": 2}},
            "allOf": [{"not": {}}],
        })),
    });
    ChatRequest {
        system: Some("Be brief.".into()),
        tools: tools.into(),
        tool_choice: ToolChoice::Named(ToolName::new("read").unwrap()),
        ..ChatRequest::new(history)
    }
}

/// What servers say, as they were recorded or as their users report it, and what it teaches.
const TABLE: &[(&str, Lack, bool)] = &[
    (
        "\"auto\" tool choice requires --enable-auto-tool-choice and --tool-call-parser to be set",
        Lack::AutoToolChoice,
        true,
    ),
    ("tool_choice=\"required\" requires --tool-call-parser to be set", Lack::AutoToolChoice, true),
    (
        "tool_choice=function \"read_file\" requires --tool-call-parser to be set",
        Lack::AutoToolChoice,
        true,
    ),
    ("tools param requires --jinja flag", Lack::AutoToolChoice, true),
    ("registry.ollama.ai/library/gemma:7b does not support tools", Lack::AutoToolChoice, true),
    ("No endpoints found that support tool use.", Lack::AutoToolChoice, true),
    ("tools: Extra inputs are not permitted", Lack::AutoToolChoice, false),
    (
        "Invalid tool_choice type: 'object'. Supported string values: none, auto, required",
        Lack::NamedToolChoice,
        true,
    ),
    ("body.tool_choice: Input should be a valid string", Lack::NamedToolChoice, true),
    ("`tool_choice` is not supported by this model", Lack::ToolChoice, true),
    ("body.tool_choice: Extra inputs are not permitted", Lack::ToolChoice, true),
    ("System role not supported", Lack::SystemRole, true),
    ("System messages are not supported by this template.", Lack::SystemRole, true),
    ("Unsupported role: system", Lack::SystemRole, true),
    ("Unknown role: tool", Lack::ToolRole, true),
    ("Conversation roles must alternate user/assistant/user/assistant/...", Lack::ToolRole, false),
    (
        "After the optional system message, conversation roles must alternate \
         user/assistant/user/assistant/...",
        Lack::ToolRole,
        false,
    ),
    ("Only user and assistant roles are supported!", Lack::ToolRole, false),
    ("This model only supports single tool-calls at once!", Lack::ParallelCalls, true),
    ("Tool call IDs should be alphanumeric strings with length 9!", Lack::LongCallIds, true),
    ("can only concatenate str (not \"NoneType\") to str", Lack::ContentParts, false),
    ("messages.1.content: Input should be a valid string", Lack::ContentParts, false),
    ("messages.1.reasoning: Extra inputs are not permitted", Lack::ReasoningField, false),
    ("body.stream_options: Extra inputs are not permitted", Lack::StreamUsage, true),
    ("Unrecognized request argument supplied: stream_options", Lack::StreamUsage, true),
    ("tools.0.function.strict: Extra inputs are not permitted", Lack::Strict, false),
    ("Unknown field: strict", Lack::Strict, false),
    ("Invalid grammar specification: 'triggers'", Lack::Strict, false),
    (
        "Unsupported parameter: 'max_tokens' is not supported with this model. Use \
         'max_completion_tokens' instead.",
        Lack::MaxTokens,
        true,
    ),
];

#[test]
fn each_wording_teaches_its_lack_once() {
    for (message, expected, expected_certain) in TABLE {
        let found = lesson(&refused(400, message, None), &everything(), &Facts::default());
        let Some(Lesson::Lack { lack, is_certain, .. }) = found else {
            panic!("{message}: {found:?}");
        };
        assert_eq!((lack, is_certain), (*expected, *expected_certain), "{message}");
        // What was not sent, or is left out already, was not refused.
        let mut history = History::new();
        history.push_user("hi");
        let plain = ChatRequest::new(history);
        let facts = Facts { lacks: Lack::ALL.into(), ..Facts::default() };
        assert_eq!(lesson(&refused(400, message, None), &everything(), &facts), None, "{message}");
        let found = lesson(&refused(400, message, None), &plain, &Facts::default());
        let is_always_sent = matches!(lack, Lack::StreamUsage | Lack::MaxTokens);
        assert_eq!(found.is_some(), is_always_sent, "{message}: {found:?}");
    }
}

#[test]
fn roles_that_must_alternate_are_first_mended_where_the_user_spoke_after_a_result() {
    let of = |message, request: &ChatRequest, facts: &Facts| match lesson(
        &refused(400, message, None),
        request,
        facts,
    ) {
        Some(Lesson::Lack { lack, is_certain, .. }) => (lack, is_certain),
        other => panic!("{message}: {other:?}"),
    };
    let (steered, none) = (asked(true), Facts::default());
    let plain = "Unexpected role 'user' after role 'tool'";
    assert_eq!(of(plain, &steered, &none), (Lack::UserAfterResult, true));
    assert_eq!(of(plain, &everything(), &none), (Lack::ToolRole, true), "nobody spoke after it");
    for message in [
        "Conversation roles must alternate user/assistant/user/assistant/...",
        "After the optional system message, conversation roles must alternate user and assistant \
         roles except for tool calls and results.",
    ] {
        assert_eq!(of(message, &steered, &none), (Lack::UserAfterResult, false));
        let facts = Facts { lacks: [Lack::UserAfterResult].into(), ..none.clone() };
        assert_eq!(of(message, &steered, &facts), (Lack::ToolRole, false));
    }
}

#[test]
fn what_is_left_open_is_asked_of_the_next_suspect() {
    let message = "Conversation roles must alternate user/assistant/user/assistant/...";
    let facts = Facts { lacks: [Lack::ToolRole].into(), ..Facts::default() };
    let found = lesson(&refused(400, message, None), &everything(), &facts);
    assert!(
        matches!(found, Some(Lesson::Lack { lack: Lack::SystemRole, is_certain: false, .. })),
        "{found:?}"
    );
}

#[test]
fn a_schema_that_is_refused_loses_the_keyword_or_its_tool() {
    let keywords = |words: &[&'static str]| Some(Lesson::Keywords(words.to_vec()));
    let tool = |name: &str| Some(Lesson::Tool(name.to_owned()));
    let table = [
        (
            "The provided JSON schema contains features not supported by xgrammar.",
            None,
            keywords(&["minItems", "maxItems"]),
        ),
        ("Unimplemented keys: [\"minItems\"]", None, keywords(&["minItems"])),
        ("grammar error: minItems and 'not' are unsupported", None, keywords(&["minItems", "not"])),
        // The word is a property's name here, and not a keyword.
        ("the schema's 'format' is odd", None, None),
        ("schema of function 'find' is invalid", None, tool("find")),
        ("cannot compile schema", Some("tools[1].function.parameters"), tool("find")),
        ("tools.0.function.parameters: not a schema", None, tool("read")),
        ("cannot compile schema", None, None),
        ("the file 'find' is missing", None, None),
    ];
    let auto = ChatRequest { tool_choice: ToolChoice::Auto, ..everything() };
    for (message, param, expected) in table {
        let found = lesson(&refused(400, message, param), &auto, &Facts::default());
        assert_eq!(found, expected, "{message}");
    }
    // A tool is not given up as long as its grammar may be.
    let found = lesson(
        &refused(400, "schema of function 'find' is invalid", None),
        &everything(),
        &Facts::default(),
    );
    assert!(matches!(found, Some(Lesson::Lack { lack: Lack::Strict, .. })), "{found:?}");
}

#[test]
fn other_failures_teach_nothing() {
    let known = "System role not supported";
    for status in [401, 403, 408, 413, 429, 502, 503] {
        assert_eq!(lesson(&refused(status, known, None), &everything(), &Facts::default()), None);
    }
    for message in [
        "top_p must be in (0, 1]",
        "The model `nope` does not exist.",
        "EngineCore encountered an issue. See stack trace (above) for the root cause.",
        "Internal Server Error",
        "tiny is not a multimodal model",
    ] {
        let found = lesson(&refused(400, message, None), &everything(), &Facts::default());
        assert_eq!(found, None, "{message}");
    }
}
