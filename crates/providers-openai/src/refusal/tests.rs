//! Each wording leads to its adaptation, and only for what was sent.

mod echoes;

use std::sync::Arc;

use openclaw_core::{
    AssistantMessage, EmittedToolCall, History, ModelErrorKind, ReasoningContent,
    ServerErrorMessage, ToolArguments, ToolCall, ToolCallId, ToolName, ToolSpec,
};
use openclaw_provider::refusal_evidence;
use serde_json::json;

use super::*;

fn refusal_error(status: u16, message: &str, param: Option<&str>) -> ModelError {
    let server = ServerErrorMessage {
        message: message.to_owned(),
        param: param.map(str::to_owned),
        ..ServerErrorMessage::default()
    };
    let exchange = HttpExchange {
        status: Some(status),
        server_error: Some(server),
        ..HttpExchange::default()
    };
    ModelError::new(ModelErrorKind::Rejected, message).with_exchange(exchange)
}

fn tool_call(id: &str) -> EmittedToolCall {
    EmittedToolCall::Valid(ToolCall {
        id: ToolCallId::new(id).unwrap(),
        name: ToolName::new("read").unwrap(),
        arguments: ToolArguments::default(),
    })
}

/// A request that uses all features.
fn full_request() -> ChatRequest {
    request_with_results(false)
}

/// The same, with a user message after the results if asked.
fn request_with_results(is_steered: bool) -> ChatRequest {
    let mut history = History::new();
    history.push_user_message("hi");
    let reasoning = Some(ReasoningContent { text: "hm".to_owned(), field: "reasoning".into() });
    let calls = vec![tool_call("a"), tool_call("b")];
    history
        .push_assistant_message(AssistantMessage { text: String::new(), reasoning, calls })
        .unwrap();
    if is_steered {
        history.push_user_message("and then?");
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
        system_prompt: Some("Be brief.".into()),
        tools: tools.into(),
        tool_choice: ToolChoice::Named(ToolName::new("read").unwrap()),
        ..ChatRequest::new(history)
    }
}

/// Errors as recorded or reported by users, and the feature that each means.
const REFUSAL_MESSAGES: &[(&str, ServerFeature, bool)] = &[
    (
        "\"auto\" tool choice requires --enable-auto-tool-choice and --tool-call-parser to be set",
        ServerFeature::AutoToolChoice,
        true,
    ),
    (
        "tool_choice=\"required\" requires --tool-call-parser to be set",
        ServerFeature::AutoToolChoice,
        true,
    ),
    (
        "tool_choice=function \"read_file\" requires --tool-call-parser to be set",
        ServerFeature::AutoToolChoice,
        true,
    ),
    ("tools param requires --jinja flag", ServerFeature::AutoToolChoice, true),
    (
        "registry.ollama.ai/library/gemma:7b does not support tools",
        ServerFeature::AutoToolChoice,
        true,
    ),
    ("No endpoints found that support tool use.", ServerFeature::AutoToolChoice, true),
    ("tools: Extra inputs are not permitted", ServerFeature::AutoToolChoice, false),
    (
        "Invalid tool_choice type: 'object'. Supported string values: none, auto, required",
        ServerFeature::NamedToolChoice,
        true,
    ),
    ("body.tool_choice: Input should be a valid string", ServerFeature::NamedToolChoice, true),
    ("`tool_choice` is not supported by this model", ServerFeature::ToolChoice, true),
    ("body.tool_choice: Extra inputs are not permitted", ServerFeature::ToolChoice, true),
    ("System role not supported", ServerFeature::SystemRole, true),
    ("System messages are not supported by this template.", ServerFeature::SystemRole, true),
    ("Unsupported role: system", ServerFeature::SystemRole, true),
    ("Unknown role: tool", ServerFeature::ToolRole, true),
    (
        "Conversation roles must alternate user/assistant/user/assistant/...",
        ServerFeature::ToolRole,
        false,
    ),
    (
        "After the optional system message, conversation roles must alternate \
         user/assistant/user/assistant/...",
        ServerFeature::ToolRole,
        false,
    ),
    ("Only user and assistant roles are supported!", ServerFeature::ToolRole, false),
    ("This model only supports single tool-calls at once!", ServerFeature::ParallelToolCalls, true),
    (
        "Tool call IDs should be alphanumeric strings with length 9!",
        ServerFeature::AnyCallIdFormat,
        true,
    ),
    ("can only concatenate str (not \"NoneType\") to str", ServerFeature::ContentParts, false),
    ("messages.1.content: Input should be a valid string", ServerFeature::ContentParts, false),
    ("messages.1.reasoning: Extra inputs are not permitted", ServerFeature::ReasoningField, false),
    ("body.stream_options: Extra inputs are not permitted", ServerFeature::StreamUsage, true),
    ("Unrecognized request argument supplied: stream_options", ServerFeature::StreamUsage, true),
    ("tools.0.function.strict: Extra inputs are not permitted", ServerFeature::StrictMode, false),
    ("Unknown field: strict", ServerFeature::StrictMode, false),
    ("Invalid grammar specification: 'triggers'", ServerFeature::StrictMode, false),
    (
        "Unsupported parameter: 'max_tokens' is not supported with this model. Use \
         'max_completion_tokens' instead.",
        ServerFeature::MaxTokensField,
        true,
    ),
];

#[test]
fn each_wording_teaches_its_lack_once() {
    for (message, expected, expected_certain) in REFUSAL_MESSAGES {
        let found = find_adaptation(
            &refusal_error(400, message, None),
            &full_request(),
            &ServerCapabilities::default(),
        );
        let Some(Adaptation::UnsupportedFeature { feature, is_certain, .. }) = found else {
            panic!("{message}: {found:?}");
        };
        assert_eq!((feature, is_certain), (*expected, *expected_certain), "{message}");
        // A feature that was not sent cannot have been refused.
        let mut history = History::new();
        history.push_user_message("hi");
        let plain = ChatRequest::new(history);
        let facts = ServerCapabilities {
            unsupported_features: ServerFeature::ALL.into(),
            ..ServerCapabilities::default()
        };
        assert_eq!(
            find_adaptation(&refusal_error(400, message, None), &full_request(), &facts),
            None,
            "{message}"
        );
        let found = find_adaptation(
            &refusal_error(400, message, None),
            &plain,
            &ServerCapabilities::default(),
        );
        let is_always_sent =
            matches!(feature, ServerFeature::StreamUsage | ServerFeature::MaxTokensField);
        assert_eq!(found.is_some(), is_always_sent, "{message}: {found:?}");
    }
}

#[test]
fn roles_that_must_alternate_are_first_mended_where_the_user_spoke_after_a_result() {
    let learned_feature =
        |message, request: &ChatRequest, facts: &ServerCapabilities| match find_adaptation(
            &refusal_error(400, message, None),
            request,
            facts,
        ) {
            Some(Adaptation::UnsupportedFeature { feature, is_certain, .. }) => {
                (feature, is_certain)
            }
            other => panic!("{message}: {other:?}"),
        };
    let (steered, no_capabilities) = (request_with_results(true), ServerCapabilities::default());
    let plain = "Unexpected role 'user' after role 'tool'";
    assert_eq!(
        learned_feature(plain, &steered, &no_capabilities),
        (ServerFeature::UserAfterToolResult, true)
    );
    assert_eq!(
        learned_feature(plain, &full_request(), &no_capabilities),
        (ServerFeature::ToolRole, true),
        "nobody spoke after it"
    );
    for message in [
        "Conversation roles must alternate user/assistant/user/assistant/...",
        "After the optional system message, conversation roles must alternate user and assistant \
         roles except for tool calls and results.",
    ] {
        assert_eq!(
            learned_feature(message, &steered, &no_capabilities),
            (ServerFeature::UserAfterToolResult, false)
        );
        let facts = ServerCapabilities {
            unsupported_features: [ServerFeature::UserAfterToolResult].into(),
            ..no_capabilities.clone()
        };
        assert_eq!(learned_feature(message, &steered, &facts), (ServerFeature::ToolRole, false));
    }
}

#[test]
fn what_is_left_open_is_asked_of_the_next_suspect() {
    let message = "Conversation roles must alternate user/assistant/user/assistant/...";
    let facts = ServerCapabilities {
        unsupported_features: [ServerFeature::ToolRole].into(),
        ..ServerCapabilities::default()
    };
    let found = find_adaptation(&refusal_error(400, message, None), &full_request(), &facts);
    assert!(
        matches!(
            found,
            Some(Adaptation::UnsupportedFeature {
                feature: ServerFeature::SystemRole,
                is_certain: false,
                ..
            })
        ),
        "{found:?}"
    );
}

#[test]
fn a_schema_that_is_refused_loses_the_keyword_or_its_tool() {
    let keywords = |words: &[&'static str]| Some(Adaptation::SchemaKeywords(words.to_vec()));
    let tool = |name: &str| Some(Adaptation::ToolSchema(name.to_owned()));
    let table = [
        (
            "The provided JSON schema contains features not supported by xgrammar.",
            None,
            keywords(&["minItems", "maxItems"]),
        ),
        ("Unimplemented keys: [\"minItems\"]", None, keywords(&["minItems"])),
        ("grammar error: minItems and 'not' are unsupported", None, keywords(&["minItems", "not"])),
        // Here the word is a property's name, not a keyword.
        ("the schema's 'format' is odd", None, None),
        ("schema of function 'find' is invalid", None, tool("find")),
        ("cannot compile schema", Some("tools[1].function.parameters"), tool("find")),
        ("tools.0.function.parameters: not a schema", None, tool("read")),
        ("cannot compile schema", None, None),
        ("the file 'find' is missing", None, None),
    ];
    let auto = ChatRequest { tool_choice: ToolChoice::Auto, ..full_request() };
    for (message, param, expected) in table {
        let found = find_adaptation(
            &refusal_error(400, message, param),
            &auto,
            &ServerCapabilities::default(),
        );
        assert_eq!(found, expected, "{message}");
    }
    // A tool is not dropped while `strict` may be the reason.
    let found = find_adaptation(
        &refusal_error(400, "schema of function 'find' is invalid", None),
        &full_request(),
        &ServerCapabilities::default(),
    );
    assert!(
        matches!(
            found,
            Some(Adaptation::UnsupportedFeature { feature: ServerFeature::StrictMode, .. })
        ),
        "{found:?}"
    );
}

#[test]
fn other_failures_teach_nothing() {
    let known = "System role not supported";
    for status in [401, 403, 408, 413, 429, 502, 503] {
        assert_eq!(
            find_adaptation(
                &refusal_error(status, known, None),
                &full_request(),
                &ServerCapabilities::default()
            ),
            None
        );
    }
    for message in [
        "top_p must be in (0, 1]",
        "The model `nope` does not exist.",
        "EngineCore encountered an issue. See stack trace (above) for the root cause.",
        "Internal Server Error",
        "tiny is not a multimodal model",
    ] {
        let found = find_adaptation(
            &refusal_error(400, message, None),
            &full_request(),
            &ServerCapabilities::default(),
        );
        assert_eq!(found, None, "{message}");
    }
}

#[test]
fn a_refusal_that_quotes_the_conversation_teaches_nothing() {
    let mut count = 0;
    for (wording, ..) in REFUSAL_MESSAGES {
        for said in [(*wording).to_owned(), format!("I got this: {wording}\nWhat does it mean?")] {
            let json = serde_json::to_string(&said).unwrap();
            for message in [
                format!("bad message: '{said}'"),
                format!("cannot read {{\"role\": \"user\", \"content\": {json}}}"),
                format!("1 validation error: input_value=\"{said}\", input_type=str"),
            ] {
                let mut request = full_request();
                request.history.push_user_message(&said);
                let evidence = refusal_evidence(&refusal_error(400, &message, None), &request);
                let found = find_adaptation(&evidence, &request, &ServerCapabilities::default());
                assert_eq!(found, None, "{message}");
                count += 1;
            }
        }
    }
    assert!(count > 150, "{count}");
}

#[test]
fn a_refusal_teaches_its_lack_whatever_else_was_said() {
    for (message, expected, _) in REFUSAL_MESSAGES {
        let mut request = full_request();
        let said = "Are tools and roles of a system supported by this model?";
        request.system_prompt = Some(said.into());
        let evidence = refusal_evidence(&refusal_error(400, message, None), &request);
        let found = find_adaptation(&evidence, &request, &ServerCapabilities::default());
        assert!(
            matches!(found, Some(Adaptation::UnsupportedFeature { feature, .. }) if feature == *expected),
            "{message}: {found:?}"
        );
    }
}
