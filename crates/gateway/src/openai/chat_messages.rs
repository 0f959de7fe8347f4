//! The messages of a client as a conversation that every server accepts.

use std::collections::HashMap;

use openclaw_core::{
    AssistantMessage, EmittedToolCall, History, ToolArguments, ToolCall, ToolCallId, ToolName,
    ToolOutput,
};
use serde_json::Value;

use super::request::read_content;

/// Stands before an answer with which a chat begins: servers want a message of the user first.
const EMPTY_START: &str = "[The assistant speaks first.]";

/// A conversation as a client sends it.
#[derive(Debug, Default)]
pub(crate) struct ChatMessages {
    /// The instructions at its beginning.
    pub(crate) system_prompt: Option<String>,
    pub(crate) history: History,
}

/// Puts a conversation together.
#[derive(Debug, Default)]
struct HistoryBuilder {
    system: Vec<String>,
    history: History,
    /// The message of the assistant that may still grow: clients send its calls one by one.
    pending: Option<AssistantMessage>,
    /// The ids of calls in the conversation, by those that the client uses.
    ids: HashMap<String, ToolCallId>,
}

impl ChatMessages {
    /// Reads the messages of a chat completion.
    ///
    /// # Errors
    /// What is wrong with one of them, as a sentence.
    pub(crate) fn parse(messages: &[Value]) -> Result<Self, String> {
        let mut builder = HistoryBuilder::default();
        let mut last_role = "";
        for (index, message) in messages.iter().enumerate() {
            let problem = |what: &str| format!("`messages[{index}]` {what}.");
            let role = message.get("role").and_then(Value::as_str);
            last_role = role.ok_or_else(|| problem("has no `role`"))?;
            builder.add(last_role, message).map_err(|what| problem(&what))?;
        }
        if !matches!(last_role, "user" | "tool") {
            return Err("The last message must be one of the user or of a tool.".to_owned());
        }
        let system_prompt = (!builder.system.is_empty()).then(|| builder.system.join("\n\n"));
        Ok(Self { system_prompt, history: builder.history })
    }
}

impl HistoryBuilder {
    fn add(&mut self, role: &str, message: &Value) -> Result<(), String> {
        let text = read_content(message.get("content"))?;
        match role {
            "system" | "developer" if self.history.is_empty() && self.pending.is_none() => {
                self.system.push(text);
            }
            "system" | "developer" | "user" => {
                self.flush()?;
                self.history.push_user_message(&text);
            }
            "assistant" => {
                let calls = message.get("tool_calls").and_then(Value::as_array);
                let calls = calls.into_iter().flatten().map(read_call);
                let calls: Vec<EmittedToolCall> = calls.collect::<Result<_, _>>()?;
                let pending = self.pending.get_or_insert_default();
                if !pending.text.is_empty() && !text.is_empty() {
                    pending.text.push_str("\n\n");
                }
                pending.text.push_str(&text);
                pending.calls.extend(calls);
            }
            "tool" => {
                self.flush()?;
                let id = message.get("tool_call_id").and_then(Value::as_str);
                let id = id.ok_or("has no `tool_call_id`")?;
                let known = self.ids.get(id).ok_or("answers a call that was not made before it")?;
                let output = ToolOutput::from_text(text);
                self.history
                    .resolve_call(known, output)
                    .map_err(|_| "answers a call that has an answer, or is long over")?;
            }
            _ => {
                return Err("has a `role` that is none of system, developer, user, assistant and \
                    tool"
                    .to_owned());
            }
        }
        Ok(())
    }

    /// Adds the message of the assistant that grew until now.
    fn flush(&mut self) -> Result<(), String> {
        let Some(message) = self.pending.take().filter(|message| !message.is_empty()) else {
            return Ok(());
        };
        if self.history.is_empty() {
            self.history.push_user_message(EMPTY_START);
        }
        let sent: Vec<String> =
            message.calls.iter().map(|call| call.id().as_str().to_owned()).collect();
        let calls = self.history.push_assistant_message(message).map_err(|error| {
            format!("follows a message of the assistant that it cannot follow: failed to {error}")
        })?;
        for (sent, call) in sent.into_iter().zip(calls) {
            self.ids.insert(sent, call.id);
        }
        Ok(())
    }
}

fn read_call(call: &Value) -> Result<EmittedToolCall, String> {
    let function = call.get("function").ok_or("has a call without a `function`")?;
    let text = |value: Option<&Value>| value.and_then(Value::as_str).map(str::to_owned);
    let name = text(function.get("name")).ok_or("has a call without a name")?;
    let name = ToolName::new(&name).map_err(|error| format!("has a call: {error}"))?;
    let id = text(call.get("id")).and_then(|id| ToolCallId::new(&id));
    let id = id.ok_or("has a call without an `id`")?;
    let arguments = text(function.get("arguments")).unwrap_or_default();
    // What the model wrote wrongly is sent back to it without arguments; its result stays.
    let arguments = ToolArguments::parse_json(&arguments).unwrap_or_default();
    Ok(EmittedToolCall::Valid(ToolCall { id, name, arguments }))
}

#[cfg(test)]
mod tests {
    use openclaw_core::MessageRef;
    use serde_json::json;

    use super::*;

    fn parse(messages: &Value) -> Result<ChatMessages, String> {
        ChatMessages::parse(messages.as_array().unwrap())
    }

    #[test]
    fn calls_that_are_sent_one_by_one_are_one_message_with_its_results() {
        let call = |id: &str| {
            json!({ "role": "assistant", "tool_calls": [
                { "id": id, "function": { "name": "look", "arguments": "{\"a\":1}" } }] })
        };
        let result = |id: &str| json!({ "role": "tool", "tool_call_id": id, "content": id });
        let chat = parse(&json!([
            { "role": "system", "content": "Be brief." },
            { "role": "developer", "content": "Be kind." },
            { "role": "assistant", "content": "Hello." },
            { "role": "user", "content": [{ "type": "text", "text": "Look." }] },
            call("1"), call("2"), result("2"), result("1"),
        ]))
        .unwrap();
        assert_eq!(chat.system_prompt.as_deref(), Some("Be brief.\n\nBe kind."));
        let messages: Vec<MessageRef<'_>> = chat.history.messages().collect();
        assert!(
            matches!(&messages[..], [
            MessageRef::User(start),
            MessageRef::Assistant { text: "Hello.", .. },
            MessageRef::User(look),
            MessageRef::Assistant { calls, .. },
            MessageRef::ToolResult { text: "1", .. },
            MessageRef::ToolResult { text: "2", .. },
        ] if start == EMPTY_START && look == "Look." && calls.len() == 2),
            "{messages:?}"
        );
    }

    #[test]
    fn messages_that_fit_nothing_are_named() {
        let user = json!({ "role": "user", "content": "Hi" });
        for (messages, said) in [
            (json!([]), "The last message"),
            (json!([user, { "role": "assistant", "content": "Hi" }]), "The last message"),
            (
                json!([user, { "role": "tool", "content": "x" }]),
                "`messages[1]` has no `tool_call_id`",
            ),
            (json!([user, { "role": "tool", "tool_call_id": "x", "content": "" }]), "not made"),
            (json!([{ "role": "robot" }]), "`messages[0]` has a `role`"),
            (json!([{ "role": "user", "content": [{ "type": "image_url" }] }]), "only texts"),
            (json!([{ "role": "assistant", "tool_calls": [{}] }, user]), "without a `function`"),
        ] {
            let problem = parse(&messages).unwrap_err();
            assert!(problem.contains(said), "{messages}: {problem}");
        }
    }
}
