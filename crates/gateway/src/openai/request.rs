//! A chat completion as a client asks for it.

use std::time::SystemTime;

use hyper::HeaderMap;
use serde_json::Value;

use crate::runs::unix_millis;

/// The most characters of a session's name that a client gives.
const MAX_NAME_CHARS: usize = 200;

/// A request for a chat completion.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct ChatCompletion {
    pub(crate) model: String,
    pub(crate) messages: Vec<PlainMessage>,
    pub(crate) stream: bool,
    pub(crate) include_usage: bool,
    /// The session by its key, from `x-openclaw-session-key`.
    pub(crate) session_key: Option<String>,
    /// What the client calls its conversation.
    pub(crate) conversation: Option<String>,
    /// The agent, from `x-openclaw-agent-id`.
    pub(crate) agent: Option<String>,
    /// The model behind the agent, from `x-openclaw-model`.
    pub(crate) backing_model: Option<String>,
    pub(crate) idempotency_key: Option<String>,
    /// When the request came, in seconds since the Unix epoch.
    pub(crate) created: u64,
}

/// A message with its text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct PlainMessage {
    pub(crate) role: String,
    pub(crate) text: String,
}

/// What the `model` of a request means.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum ModelTarget {
    DefaultAgent,
    Agent(String),
    Unknown,
}

impl ChatCompletion {
    /// Parses the body and the headers of a request.
    ///
    /// # Errors
    /// What is wrong with it, as a sentence.
    pub(crate) fn parse(body: &[u8], headers: &HeaderMap) -> Result<Self, String> {
        let body: Value = serde_json::from_slice(body)
            .map_err(|error| format!("The body is no JSON: {error}."))?;
        let text = |key: &str| body.get(key).and_then(Value::as_str).map(str::to_owned);
        let header = |name: &str| {
            let value = headers.get(name)?.to_str().ok()?.trim();
            (!value.is_empty()).then(|| value.to_owned())
        };
        let model = text("model").ok_or("`model` is missing; `openclaw` is the default agent.")?;
        let messages = body.get("messages").and_then(Value::as_array);
        let messages = messages.ok_or("`messages` is missing or not a list.")?;
        let messages: Vec<PlainMessage> = messages
            .iter()
            .enumerate()
            .map(|(index, message)| parse_message(index, message))
            .collect::<Result<_, _>>()?;
        match messages.last() {
            Some(last) if last.role == "user" && !last.text.trim().is_empty() => {}
            _ => return Err("The last message must be one of the user, with a text.".to_owned()),
        }
        if body.get("tools").and_then(Value::as_array).is_some_and(|tools| !tools.is_empty()) {
            return Err(
                "`tools` of the client are not supported: the agent has its own.".to_owned()
            );
        }
        if body.get("n").and_then(Value::as_u64).is_some_and(|count| count > 1) {
            return Err("`n` must be 1.".to_owned());
        }
        let options = body.get("stream_options");
        let flag = |value: Option<&Value>| value.and_then(Value::as_bool).unwrap_or(false);
        let conversation = header("x-openwebui-chat-id").or_else(|| text("user"));
        let name: Option<String> =
            conversation.map(|name| name.chars().take(MAX_NAME_CHARS).collect());
        Ok(Self {
            model,
            messages,
            stream: flag(body.get("stream")),
            include_usage: flag(options.and_then(|options| options.get("include_usage"))),
            session_key: header("x-openclaw-session-key"),
            conversation: name.filter(|name| !name.is_empty()),
            agent: header("x-openclaw-agent-id"),
            backing_model: header("x-openclaw-model"),
            idempotency_key: header("idempotency-key"),
            created: unix_millis(SystemTime::now()) / 1000,
        })
    }

    /// What `model` means; the header names an agent as well.
    pub(crate) fn target(&self) -> ModelTarget {
        let named = match self.model.as_str() {
            "openclaw" | "openclaw/default" => None,
            other => match other.strip_prefix("openclaw/").or(other.strip_prefix("agent:")) {
                Some(agent) if !agent.is_empty() => Some(agent.to_owned()),
                _ => return ModelTarget::Unknown,
            },
        };
        named.or_else(|| self.agent.clone()).map_or(ModelTarget::DefaultAgent, ModelTarget::Agent)
    }
}

fn parse_message(index: usize, message: &Value) -> Result<PlainMessage, String> {
    let problem = |what: &str| format!("`messages[{index}]` {what}.");
    let role = message.get("role").and_then(Value::as_str).ok_or(problem("has no `role`"))?;
    let text = match message.get("content") {
        None | Some(Value::Null) => String::new(),
        Some(Value::String(text)) => text.clone(),
        Some(Value::Array(parts)) => {
            let mut texts = Vec::new();
            for part in parts {
                match part.get("text").and_then(Value::as_str) {
                    Some(text) => texts.push(text),
                    None => {
                        return Err(problem(
                            "has a part that is no text; only texts are supported",
                        ));
                    }
                }
            }
            texts.join("\n")
        }
        Some(_) => return Err(problem("has a `content` that is neither a text nor a list")),
    };
    Ok(PlainMessage { role: role.to_owned(), text })
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn parse(body: &Value) -> Result<ChatCompletion, String> {
        ChatCompletion::parse(body.to_string().as_bytes(), &HeaderMap::new())
    }

    #[test]
    fn the_models_of_the_gateway_are_its_agents() {
        let target = |model: &str| {
            let body = json!({ "model": model, "messages": [{ "role": "user", "content": "Hi" }] });
            parse(&body).unwrap().target()
        };
        assert_eq!(target("openclaw"), ModelTarget::DefaultAgent);
        assert_eq!(target("openclaw/default"), ModelTarget::DefaultAgent);
        assert_eq!(target("openclaw/work"), ModelTarget::Agent("work".to_owned()));
        for unknown in ["openclaw/", "gpt-5", ""] {
            assert_eq!(target(unknown), ModelTarget::Unknown, "{unknown}");
        }
    }

    #[test]
    fn a_request_that_cannot_be_carried_out_says_why() {
        let user = json!([{ "role": "user", "content": "Hi" }]);
        for (body, said) in [
            (json!({ "messages": user }), "`model` is missing"),
            (json!({ "model": "openclaw" }), "`messages` is missing"),
            (json!({ "model": "openclaw", "messages": [] }), "The last message"),
            (json!({ "model": "openclaw", "messages": [{ "content": "x" }] }), "has no `role`"),
            (
                json!({ "model": "openclaw", "messages": [{ "role": "assistant", "content": "x" }] }),
                "The last message",
            ),
            (
                json!({ "model": "openclaw", "messages": [
                    { "role": "user", "content": [{ "type": "image_url" }] }] }),
                "only texts",
            ),
            (json!({ "model": "openclaw", "messages": user, "tools": [{}] }), "`tools`"),
            (json!({ "model": "openclaw", "messages": user, "n": 2 }), "`n`"),
        ] {
            let problem = parse(&body).unwrap_err();
            assert!(problem.contains(said), "{body}: {problem}");
        }
    }
}
