//! Every request is one that servers accept, whatever the conversation and the known capabilities.

use std::collections::BTreeSet;

use openclaw_core::{ChatRequest, ToolChoice, ToolName};
use openclaw_providers_openai::{
    ServerCapabilities, ServerFeature, VendorExtension, chat_completion_body,
};
use proptest::collection::vec;
use proptest::prelude::*;
use serde_json::Value;

use crate::talk::{prompt_of, read_tool, request};
use crate::wire::{any_step, assert_plain, history_of};

fn any_facts() -> impl Strategy<Value = ServerCapabilities> {
    let wants = any::<bool>();
    (vec(any::<bool>(), ServerFeature::ALL.len()), any::<bool>(), any::<bool>(), wants).prop_map(
        |(lacks, keyword, tool, thinking)| {
            let lacks = ServerFeature::ALL.into_iter().zip(lacks).filter(|(_, is)| *is);
            ServerCapabilities {
                vendor_extensions: thinking
                    .then_some(VendorExtension::ThinkingAsText)
                    .into_iter()
                    .collect(),
                unsupported_features: lacks.map(|(lack, _)| lack).collect(),
                refused_schema_keywords: keyword
                    .then(|| "required".to_owned())
                    .into_iter()
                    .collect(),
                refused_tools: tool.then(|| "read".to_owned()).into_iter().collect(),
                ..ServerCapabilities::default()
            }
        },
    )
}

fn written(request: &ChatRequest, cap: Option<u32>, facts: &ServerCapabilities) -> (Value, String) {
    let bytes = chat_completion_body("tiny", request, cap, facts);
    let text = String::from_utf8(bytes.to_vec()).unwrap();
    (serde_json::from_str(&text).unwrap(), text)
}

proptest! {
    #[test]
    fn any_body_is_legal(
        steps in vec(any_step(), 0..8),
        system in proptest::option::of(".{0,9}"),
        has_tools: bool,
        names_tool: bool,
        cap: Option<u32>,
        facts in any_facts(),
    ) {
        let mut request = request(&history_of(steps));
        request.system_prompt = system.map(Into::into);
        if has_tools {
            request.tools = [read_tool()].into();
        }
        if names_tool {
            request.tool_choice = ToolChoice::Named(ToolName::new("read").unwrap());
        }
        let (body, _) = written(&request, cap, &facts);
        assert_plain(&body);
        let has = |lack| facts.unsupported_features.contains(&lack);
        let refuses = has(ServerFeature::AutoToolChoice) || has(ServerFeature::ToolRole);
        let in_text = refuses || has(ServerFeature::ToolTemplate);
        // What a template ignores is sent so that the server's grammar forces a call.
        let sends_tools = has_tools
            && !refuses
            && (!in_text || names_tool)
            && facts.refused_tools.is_empty();
        prop_assert_eq!(body.get("tools").is_some(), sends_tools);
        let chooses = sends_tools && names_tool && !has(ServerFeature::ToolChoice);
        prop_assert_eq!(body.get("tool_choice").is_some(), chooses);
        prop_assert_eq!(body.get("stream_options").is_some(), !has(ServerFeature::StreamUsage));
        let field = |name: &str| body.get(name).and_then(Value::as_u64);
        let caps = if has(ServerFeature::MaxTokensField) {
            (None, cap.map(u64::from))
        } else {
            (cap.map(u64::from), None)
        };
        prop_assert_eq!((field("max_tokens"), field("max_completion_tokens")), caps);
        if let Some(tools) = body.get("tools") {
            let strict = tools[0]["function"].get("strict").is_some();
            prop_assert_eq!(strict, chooses && !has(ServerFeature::StrictMode));
        }
        assert_roles(body["messages"].as_array().unwrap(), &facts, in_text);
    }

    /// New capabilities change a request once; from then on each request is a prefix of the next.
    #[test]
    fn any_body_begins_the_next(
        steps in vec(any_step(), 0..8),
        more in vec(any_step(), 0..3),
        facts in any_facts(),
    ) {
        let with = |history| ChatRequest {
            system_prompt: Some("Be brief.".into()),
            tools: [read_tool()].into(),
            ..request(&history)
        };
        let mut before = history_of(steps.clone());
        // Open calls are answered before anything is sent.
        before.push_user_message("now");
        let mut all = steps;
        all.push(crate::wire::Step::User("now".to_owned()));
        all.extend(more);
        let (_, first) = written(&with(before), None, &facts);
        let (_, second) = written(&with(history_of(all)), None, &facts);
        let shared = prompt_of(&first).strip_suffix("\"}").unwrap();
        prop_assert!(second.starts_with(shared), "{}\n{}", first, second);
    }
}

/// The order of roles that every chat template accepts.
fn assert_roles(messages: &[Value], facts: &ServerCapabilities, in_text: bool) {
    let has = |lack| facts.unsupported_features.contains(&lack);
    let roles: Vec<&str> = messages.iter().map(|it| it["role"].as_str().unwrap()).collect();
    let systems = roles.iter().filter(|role| **role == "system").count();
    assert!(systems <= 1 && (systems == 0 || roles[0] == "system"), "{roles:?}");
    assert!(systems == 0 || !has(ServerFeature::SystemRole), "{roles:?}");
    let talk = &roles[systems..];
    assert_eq!(talk.first(), Some(&"user"), "{roles:?}");
    for pair in talk.windows(2) {
        assert!(pair[0] != pair[1] || pair[0] == "tool", "{roles:?}");
        assert!(pair != ["tool", "user"] || !has(ServerFeature::UserAfterToolResult), "{roles:?}");
    }
    assert!(!in_text || !roles.contains(&"tool"), "{roles:?}");
    let mut open: BTreeSet<&str> = BTreeSet::new();
    for message in messages {
        let calls = message.get("tool_calls").and_then(Value::as_array);
        let calls = calls.map(Vec::as_slice).unwrap_or_default();
        assert!(calls.len() <= 1 || !has(ServerFeature::ParallelToolCalls), "{message}");
        assert!(message.get("content").is_some() || !calls.is_empty(), "{message}");
        assert!(message.get("content").is_none_or(Value::is_string), "{message}");
        assert!(message.get("content").is_some() || !has(ServerFeature::ContentParts), "{message}");
        assert!(
            message.get("reasoning").is_none() || !has(ServerFeature::ReasoningField),
            "{message}"
        );
        let thinks = message.get("reasoning").or(message.get("reasoning_content")).is_some();
        assert!(!thinks || !facts.supports_extension(VendorExtension::ThinkingAsText), "{message}");
        let is_named = message["role"] == "tool" && has(ServerFeature::UnnamedToolResult);
        assert_eq!(message.get("name").is_some(), is_named, "{message}");
        if message["role"] == "tool" {
            let id = message["tool_call_id"].as_str().unwrap();
            assert!(open.remove(id), "{id} answers nothing");
            assert!(!has(ServerFeature::AnyCallIdFormat) || id.len() == 9, "{id}");
        } else {
            assert!(open.is_empty(), "{open:?} are not answered");
        }
        open.extend(calls.iter().map(|call| call["id"].as_str().unwrap()));
    }
    assert!(open.is_empty(), "{open:?} are not answered");
}
