//! Bodies of requests.

use std::sync::Arc;

use openclaw_core::{
    AssistantMessage, ChatRequest, EmittedToolCall, History, InvalidToolCall, ToolCall, ToolCallId,
    ToolChoice, ToolName, ToolOutput, ToolSpec,
};
use proptest::prelude::*;
use serde_json::{Map, Value, json};

use super::{CacheControl, RequestWriter};
use crate::params::MessagesParams;
use crate::thinking_cache::{ThinkingBlock, ThinkingCache};

fn write_body(
    request: &ChatRequest,
    params: &MessagesParams,
    thinking_cache: &ThinkingCache,
    marks: bool,
) -> Value {
    let cache_control = marks.then_some(CacheControl::SHORT);
    let writer = RequestWriter { model: "m", cache_control, thinking_cache };
    serde_json::from_slice(&writer.write_prompt(request).chat_body(params, 4096)).unwrap()
}

fn write_plain_body(request: &ChatRequest) -> Value {
    write_body(request, &MessagesParams::default(), &ThinkingCache::default(), false)
}

fn parse_params(params: Value) -> MessagesParams {
    let Value::Object(params) = params else { panic!("not an object") };
    MessagesParams::new(params).0
}

fn tool_call(id: &str) -> ToolCall {
    let arguments = Map::from_iter([("p".to_owned(), json!(1))]).into();
    ToolCall { id: ToolCallId::new(id).unwrap(), name: ToolName::new("read").unwrap(), arguments }
}

fn message_with_calls(text: &str, ids: &[&str]) -> AssistantMessage {
    let calls = ids.iter().map(|id| EmittedToolCall::Valid(tool_call(id))).collect();
    AssistantMessage { text: text.to_owned(), calls, ..AssistantMessage::default() }
}

fn resolve_call(history: &mut History, id: &str, output: &str) {
    history.resolve_call(&ToolCallId::new(id).unwrap(), ToolOutput::from_text(output)).unwrap();
}

fn tool_spec(name: &str, parameters: Value) -> ToolSpec {
    ToolSpec::new(name, "Does it.", parameters).unwrap()
}

/// A question, two calls with one answer, and another question.
fn sample_history() -> History {
    let mut history = History::new();
    history.push_user_message("hi");
    history.push_assistant_message(message_with_calls("so", &["a", "b"])).unwrap();
    resolve_call(&mut history, "a", "one");
    resolve_call(&mut history, "b", "");
    history.push_user_message("and?");
    history
}

#[test]
fn a_request_is_written_in_the_legal_form() {
    let tools =
        [tool_spec("read", json!({"type": "object"})), tool_spec("now", json!({"properties": {}}))];
    let request = ChatRequest {
        system_prompt: Some("Be brief.".into()),
        tools: tools.into(),
        tool_choice: ToolChoice::Named(ToolName::new("now").unwrap()),
        ..ChatRequest::new(sample_history())
    };
    let (params, refused) = MessagesParams::new(Map::from_iter([
        ("temperature".to_owned(), json!(0.5)),
        ("top_k".to_owned(), Value::Null),
        ("system".to_owned(), json!("x")),
    ]));
    assert_eq!(refused, ["system"]);
    let body = write_body(&request, &params, &ThinkingCache::default(), true);
    let mark = json!({"type": "ephemeral"});
    assert_eq!(
        body,
        json!({
            "model": "m", "max_tokens": 4096, "stream": true, "temperature": 0.5,
            "tools": [
                {"name": "read", "description": "Does it.", "input_schema": {"type": "object"}},
                {"name": "now", "description": "Does it.",
                 "input_schema": {"type": "object", "properties": {}}, "cache_control": mark},
            ],
            "tool_choice": {"type": "tool", "name": "now"},
            "system": [{"type": "text", "text": "Be brief.", "cache_control": mark}],
            "messages": [
                {"role": "user", "content": [{"type": "text", "text": "hi"}]},
                {"role": "assistant", "content": [
                    {"type": "text", "text": "so"},
                    {"type": "tool_use", "id": "a", "name": "read", "input": {"p": 1}},
                    {"type": "tool_use", "id": "b", "name": "read", "input": {"p": 1}},
                ]},
                {"role": "user", "content": [
                    {"type": "tool_result", "tool_use_id": "a", "content": "one"},
                    {"type": "tool_result", "tool_use_id": "b"},
                    {"type": "text", "text": "and?", "cache_control": mark},
                ]},
            ],
        })
    );
    let unmarked = write_body(&request, &params, &ThinkingCache::default(), false).to_string();
    assert!(!unmarked.contains("cache_control"));
}

#[test]
fn the_tail_comes_last_and_behind_all_that_is_kept() {
    let messages_for = |history: &History| {
        let request =
            ChatRequest { suffix: Some("[now]".into()), ..ChatRequest::new(history.clone()) };
        write_body(&request, &MessagesParams::default(), &ThinkingCache::default(), true)["messages"].clone()
    };
    let (now, mark) = (json!({"type": "text", "text": "[now]"}), json!({"type": "ephemeral"}));
    let mut history = History::new();
    history.push_user_message("hi");
    let hi = json!({"type": "text", "text": "hi", "cache_control": mark});
    assert_eq!(messages_for(&history), json!([{"role": "user", "content": [hi, now]}]));
    history.push_assistant_message(message_with_calls("", &["a"])).unwrap();
    resolve_call(&mut history, "a", "one");
    let one =
        json!({"type": "tool_result", "tool_use_id": "a", "content": "one", "cache_control": mark});
    assert_eq!(messages_for(&history)[2], json!({"role": "user", "content": [one, now]}));
    // An unfinished answer follows.
    history.push_assistant_message(AssistantMessage::from_text("So \n")).unwrap();
    let begun = json!({"role": "assistant", "content": [{"type": "text", "text": "So"}]});
    assert_eq!(messages_for(&history)[2], json!({"role": "user", "content": [one, now]}));
    assert_eq!(messages_for(&history)[3], begun);
}

#[test]
fn a_count_is_asked_for_without_what_is_of_the_answer() {
    let params = parse_params(json!({"thinking": {"type": "adaptive"}, "temperature": 1}));
    let thoughts = ThinkingCache::default();
    let writer = RequestWriter { model: "m", cache_control: None, thinking_cache: &thoughts };
    let mut prompt = writer.write_prompt(&ChatRequest::new(History::new()));
    let body: Value = serde_json::from_slice(&prompt.count_body(&params)).unwrap();
    assert_eq!(body, json!({"model": "m", "thinking": {"type": "adaptive"}, "messages": []}));
}

#[test]
fn a_conversation_with_calls_is_never_sent_without_tools() {
    let body = write_plain_body(&ChatRequest::new(sample_history()));
    assert_eq!(body["tools"], json!([{"name": "read", "input_schema": {"type": "object"}}]));
    assert_eq!(body["tool_choice"], json!({"type": "none"}));
    let mut history = History::new();
    history.push_user_message("hi");
    let body = write_plain_body(&ChatRequest::new(history));
    assert_eq!((body.get("tools"), body.get("tool_choice")), (None, None));
}

#[test]
fn thoughts_go_back_while_the_turn_lasts() {
    let thoughts = ThinkingCache::default();
    let thought =
        ThinkingBlock::Thinking { thinking: "hm".to_owned(), signature: "sig".to_owned() };
    thoughts.store_blocks("", &[&tool_call("a")], vec![thought]);
    let params = parse_params(json!({"thinking": {"type": "enabled", "budget_tokens": 1024}}));
    let mut history = History::new();
    history.push_user_message("hi");
    history.push_assistant_message(message_with_calls("", &["a"])).unwrap();
    resolve_call(&mut history, "a", "one");
    let body = write_body(&ChatRequest::new(history.clone()), &params, &thoughts, true);
    let content = &body["messages"][1]["content"];
    assert_eq!(content[0], json!({"type": "thinking", "thinking": "hm", "signature": "sig"}));
    assert_eq!(content[1]["type"], "tool_use");
    assert!(body["thinking"].is_object());
    // A message without its thinking blocks makes `thinking` a refused field.
    let mut other = history.clone();
    other.push_assistant_message(message_with_calls("", &["b"])).unwrap();
    let body = write_body(&ChatRequest::new(other), &params, &thoughts, true);
    assert_eq!(body.get("thinking"), None);
    // The turn is over.
    history.push_assistant_message(AssistantMessage::from_text("done")).unwrap();
    history.push_user_message("and?");
    let body = write_body(&ChatRequest::new(history), &params, &thoughts, true);
    assert_eq!(body["messages"][1]["content"][0]["type"], "tool_use");
    assert!(body["thinking"].is_object());
}

#[test]
fn thoughts_never_take_up_all_of_an_answer() {
    let thoughts = ThinkingCache::default();
    let mut history = History::new();
    history.push_user_message("hi");
    let request = ChatRequest::new(history);
    let thinking = |budget: u32, max_tokens: u32| {
        let params =
            parse_params(json!({"thinking": {"type": "enabled", "budget_tokens": budget}}));
        let writer = RequestWriter { model: "m", cache_control: None, thinking_cache: &thoughts };
        let body = writer.write_prompt(&request).chat_body(&params, max_tokens);
        let body: Value = serde_json::from_slice(&body).unwrap();
        body["thinking"]["budget_tokens"].as_u64()
    };
    assert_eq!(thinking(2000, 4096), Some(2000));
    assert_eq!(thinking(4096, 4096), Some(3072));
    assert_eq!(thinking(4096, 1366), Some(1024));
    assert_eq!(thinking(4096, 1365), None);
}

#[test]
fn ids_are_in_the_letters_that_are_taken() {
    let mut history = History::new();
    history.push_user_message("hi");
    history
        .push_assistant_message(message_with_calls("", &["call:1", "call.1", "call_1"]))
        .unwrap();
    let body = write_plain_body(&ChatRequest::new(history));
    let ids: Vec<_> = (0..3).map(|at| body["messages"][1]["content"][at]["id"].clone()).collect();
    let answered_ids: Vec<_> =
        (0..3).map(|at| body["messages"][2]["content"][at]["tool_use_id"].clone()).collect();
    assert_eq!(ids, answered_ids);
    assert_eq!(ids[2], "call_1");
    assert_ne!(ids[0], ids[1]);
    let is_allowed_id = |id: &Value| {
        id.as_str().unwrap().chars().all(|c| c.is_ascii_alphanumeric() || c == '_' || c == '-')
    };
    assert!(ids.iter().all(is_allowed_id));
}

fn any_history() -> impl Strategy<Value = History> {
    let step = (0_u8..5, "[ a\n]{0,2}");
    proptest::collection::vec(step, 1..10).prop_map(|steps| {
        let mut history = History::new();
        for (at, (kind, text)) in steps.into_iter().enumerate() {
            let id = format!("id{at}");
            // A step that the history refuses is skipped.
            let _ = match kind {
                0 => {
                    history.push_user_message(&text);
                    continue;
                }
                1 => history.push_assistant_message(AssistantMessage::from_text(text)),
                2 => history.push_assistant_message(message_with_calls(&text, &[&id, "same"])),
                3 => history.push_assistant_message(AssistantMessage {
                    calls: vec![EmittedToolCall::Invalid(InvalidToolCall {
                        id: ToolCallId::new(&id).unwrap(),
                        name: ToolName::from_model(&text),
                        raw_arguments: text.clone(),
                        problem: "No.".to_owned(),
                    })],
                    ..AssistantMessage::default()
                }),
                _ => {
                    let open = history.open_calls().next().map(|call| call.id.clone());
                    if let Some(open) = open {
                        history.resolve_call(&open, ToolOutput::from_text(text)).unwrap();
                    }
                    continue;
                }
            };
        }
        history
    })
}

proptest! {
    /// Roles alternate and begin with the user, each call is answered in the next message before
    /// any text, no text is blank, and there are at most four cache markers.
    #[test]
    fn any_conversation_is_legal(history in any_history(), has_tool in any::<bool>()) {
        let tools: Arc<[ToolSpec]> =
            if has_tool { [tool_spec("read", json!({"type": "object"}))].into() } else { [].into() };
        let request =
            ChatRequest { tools, system_prompt: Some("s".into()), ..ChatRequest::new(history) };
        let body = write_body(&request, &MessagesParams::default(), &ThinkingCache::default(), true);
        let messages = body["messages"].as_array().unwrap();
        let mut open: Vec<Value> = Vec::new();
        for (at, message) in messages.iter().enumerate() {
            prop_assert_eq!(&message["role"], if at % 2 == 0 { "user" } else { "assistant" });
            let blocks = message["content"].as_array().unwrap();
            prop_assert!(!blocks.is_empty());
            let results = blocks.iter().filter(|block| block["type"] == "tool_result");
            let answered: Vec<Value> = results.map(|block| block["tool_use_id"].clone()).collect();
            prop_assert_eq!(&answered, &open);
            prop_assert!(blocks[..answered.len()].iter().all(|it| it["type"] == "tool_result"));
            let uses = blocks.iter().filter(|block| block["type"] == "tool_use");
            open = uses.map(|block| block["id"].clone()).collect();
            for text in blocks.iter().filter(|block| block["type"] == "text") {
                prop_assert!(!text["text"].as_str().unwrap().trim().is_empty());
            }
        }
        prop_assert!(open.is_empty());
        let text = body.to_string();
        prop_assert!(text.matches("cache_control").count() <= 4);
        let has_calls = text.contains("tool_use");
        prop_assert!(!has_calls || body["tools"].is_array());
    }
}
