//! Whatever was said and whatever is known of the server, the request is one that servers take.

use std::collections::BTreeSet;

use openclaw_core::{ChatRequest, ToolChoice, ToolName};
use openclaw_providers_openai::{Extra, Facts, Lack, body};
use proptest::collection::vec;
use proptest::prelude::*;
use serde_json::Value;

use crate::talk::{read_tool, request};
use crate::wire::{any_step, assert_plain, history_of};

fn any_facts() -> impl Strategy<Value = Facts> {
    let wants = (any::<bool>(), any::<bool>());
    (vec(any::<bool>(), Lack::ALL.len()), any::<bool>(), any::<bool>(), wants).prop_map(
        |(lacks, keyword, tool, (name, thinking))| {
            let lacks = Lack::ALL.into_iter().zip(lacks).filter(|(_, is)| *is);
            let name = name.then_some(Extra::ToolResultName);
            Facts {
                extras: name.into_iter().chain(thinking.then_some(Extra::ThinkingAsText)).collect(),
                lacks: lacks.map(|(lack, _)| lack).collect(),
                schema_keywords: keyword.then(|| "required".to_owned()).into_iter().collect(),
                refused_tools: tool.then(|| "read".to_owned()).into_iter().collect(),
                ..Facts::default()
            }
        },
    )
}

fn written(request: &ChatRequest, cap: Option<u32>, facts: &Facts) -> (Value, String) {
    let bytes = body("tiny", request, cap, facts);
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
        request.system = system.map(Into::into);
        if has_tools {
            request.tools = [read_tool()].into();
        }
        if names_tool {
            request.tool_choice = ToolChoice::Named(ToolName::new("read").unwrap());
        }
        let (body, _) = written(&request, cap, &facts);
        assert_plain(&body);
        let has = |lack| facts.lacks.contains(&lack);
        let in_text = has(Lack::AutoToolChoice) || has(Lack::ToolRole);
        let sends_tools = has_tools && !in_text && facts.refused_tools.is_empty();
        prop_assert_eq!(body.get("tools").is_some(), sends_tools);
        let chooses = sends_tools && names_tool && !has(Lack::ToolChoice);
        prop_assert_eq!(body.get("tool_choice").is_some(), chooses);
        prop_assert_eq!(body.get("stream_options").is_some(), !has(Lack::StreamUsage));
        let field = |name: &str| body.get(name).and_then(Value::as_u64);
        let caps = if has(Lack::MaxTokens) {
            (None, cap.map(u64::from))
        } else {
            (cap.map(u64::from), None)
        };
        prop_assert_eq!((field("max_tokens"), field("max_completion_tokens")), caps);
        if let Some(tools) = body.get("tools") {
            let strict = tools[0]["function"].get("strict").is_some();
            prop_assert_eq!(strict, chooses && !has(Lack::Strict));
        }
        assert_roles(body["messages"].as_array().unwrap(), &facts, in_text);
    }

    /// What is learnt changes a request once, and from then on each is the beginning of the next.
    #[test]
    fn any_body_begins_the_next(
        steps in vec(any_step(), 0..8),
        more in vec(any_step(), 0..3),
        facts in any_facts(),
    ) {
        let with = |history| ChatRequest {
            system: Some("Be brief.".into()),
            tools: [read_tool()].into(),
            ..request(&history)
        };
        let mut before = history_of(steps.clone());
        // What is still open is answered before anything is sent.
        before.push_user("now");
        let mut all = steps;
        all.push(crate::wire::Step::User("now".to_owned()));
        all.extend(more);
        let (_, first) = written(&with(before), None, &facts);
        let (_, second) = written(&with(history_of(all)), None, &facts);
        let shared = first.strip_suffix("\"}]}").unwrap();
        prop_assert!(second.starts_with(shared), "{}\n{}", first, second);
    }
}

/// The roles as every chat template takes them.
fn assert_roles(messages: &[Value], facts: &Facts, in_text: bool) {
    let has = |lack| facts.lacks.contains(&lack);
    let roles: Vec<&str> = messages.iter().map(|it| it["role"].as_str().unwrap()).collect();
    let systems = roles.iter().filter(|role| **role == "system").count();
    assert!(systems <= 1 && (systems == 0 || roles[0] == "system"), "{roles:?}");
    assert!(systems == 0 || !has(Lack::SystemRole), "{roles:?}");
    let talk = &roles[systems..];
    assert_eq!(talk.first(), Some(&"user"), "{roles:?}");
    for pair in talk.windows(2) {
        assert!(pair[0] != pair[1] || pair[0] == "tool", "{roles:?}");
        assert!(pair != ["tool", "user"] || !has(Lack::UserAfterResult), "{roles:?}");
    }
    assert!(!in_text || !roles.contains(&"tool"), "{roles:?}");
    let mut open: BTreeSet<&str> = BTreeSet::new();
    for message in messages {
        let calls = message.get("tool_calls").and_then(Value::as_array);
        let calls = calls.map(Vec::as_slice).unwrap_or_default();
        assert!(calls.len() <= 1 || !has(Lack::ParallelCalls), "{message}");
        assert!(message.get("content").is_some() || !calls.is_empty(), "{message}");
        assert!(message.get("content").is_none_or(Value::is_string), "{message}");
        assert!(message.get("content").is_some() || !has(Lack::ContentParts), "{message}");
        assert!(message.get("reasoning").is_none() || !has(Lack::ReasoningField), "{message}");
        let thinks = message.get("reasoning").or(message.get("reasoning_content")).is_some();
        assert!(!thinks || !facts.takes(Extra::ThinkingAsText), "{message}");
        let is_named = message["role"] == "tool" && facts.takes(Extra::ToolResultName);
        assert_eq!(message.get("name").is_some(), is_named, "{message}");
        if message["role"] == "tool" {
            let id = message["tool_call_id"].as_str().unwrap();
            assert!(open.remove(id), "{id} answers nothing");
            assert!(!has(Lack::LongCallIds) || id.len() == 9, "{id}");
        } else {
            assert!(open.is_empty(), "{open:?} are not answered");
        }
        open.extend(calls.iter().map(|call| call["id"].as_str().unwrap()));
    }
    assert!(open.is_empty(), "{open:?} are not answered");
}
