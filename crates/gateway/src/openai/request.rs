//! A chat completion as a client asks for it.

use std::time::SystemTime;

use hyper::HeaderMap;
use serde_json::Value;

use super::header_text;
use crate::runs::unix_millis;

/// The most characters of a session's name that a client gives.
const MAX_NAME_CHARS: usize = 200;

/// What a request says, whoever answers.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct ChatOptions {
    pub(crate) model: String,
    pub(crate) stream: bool,
    pub(crate) include_usage: bool,
    /// The agent, from `x-openclaw-agent-id`.
    pub(crate) agent: Option<String>,
    /// When the request came, in seconds since the Unix epoch.
    pub(crate) created: u64,
}

/// A chat with an agent.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct ChatCompletion {
    pub(crate) messages: Vec<PlainMessage>,
    /// The session by its key, from `x-openclaw-session-key`.
    pub(crate) session_key: Option<String>,
    /// What the client calls its conversation.
    pub(crate) conversation: Option<String>,
    /// The model behind the agent, from `x-openclaw-model`.
    pub(crate) backing_model: Option<String>,
    pub(crate) idempotency_key: Option<String>,
}

/// A message with its text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct PlainMessage {
    pub(crate) role: String,
    pub(crate) text: String,
}

impl ChatOptions {
    /// Parses the body and the headers of a request.
    ///
    /// # Errors
    /// What is wrong with it, as a sentence.
    pub(crate) fn parse(body: &Value, headers: &HeaderMap) -> Result<Self, String> {
        let model = body.get("model").and_then(Value::as_str);
        let model = model.ok_or("`model` is missing; `openclaw` is the default agent.")?;
        if body.get("n").and_then(Value::as_u64).is_some_and(|count| count > 1) {
            return Err("`n` must be 1.".to_owned());
        }
        let flag = |value: Option<&Value>| value.and_then(Value::as_bool).unwrap_or(false);
        let options = body.get("stream_options");
        Ok(Self {
            model: model.to_owned(),
            stream: flag(body.get("stream")),
            include_usage: flag(options.and_then(|options| options.get("include_usage"))),
            agent: header_text(headers, "x-openclaw-agent-id"),
            created: unix_millis(SystemTime::now()) / 1000,
        })
    }
}

impl ChatCompletion {
    /// Parses the body and the headers of a request to an agent.
    ///
    /// # Errors
    /// What is wrong with it, as a sentence.
    pub(crate) fn parse(body: &Value, headers: &HeaderMap) -> Result<Self, String> {
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
                "An agent has its own tools and takes no `tools` of a client; a configured \
                 model does: name one as `provider/model-id`."
                    .to_owned(),
            );
        }
        let user = body.get("user").and_then(Value::as_str).map(str::to_owned);
        let conversation = header_text(headers, "x-openwebui-chat-id").or(user);
        let name: Option<String> =
            conversation.map(|name| name.chars().take(MAX_NAME_CHARS).collect());
        Ok(Self {
            messages,
            session_key: header_text(headers, "x-openclaw-session-key"),
            conversation: name.filter(|name| !name.is_empty()),
            backing_model: header_text(headers, "x-openclaw-model"),
            idempotency_key: header_text(headers, "idempotency-key"),
        })
    }
}

fn parse_message(index: usize, message: &Value) -> Result<PlainMessage, String> {
    let problem = |what: &str| format!("`messages[{index}]` {what}.");
    let role = message.get("role").and_then(Value::as_str).ok_or(problem("has no `role`"))?;
    let text = read_content(message.get("content")).map_err(|what| problem(&what))?;
    Ok(PlainMessage { role: role.to_owned(), text })
}

/// The text of a message's content.
///
/// # Errors
/// What is wrong with it, as the end of a sentence.
pub(crate) fn read_content(content: Option<&Value>) -> Result<String, String> {
    match content {
        None | Some(Value::Null) => Ok(String::new()),
        Some(Value::String(text)) => Ok(text.clone()),
        Some(Value::Array(parts)) => {
            let texts = parts.iter().map(|part| {
                let text = part.get("text").or_else(|| part.get("refusal"));
                text.and_then(Value::as_str)
                    .ok_or("has a part that is no text; only texts are supported")
            });
            let texts: Vec<&str> = texts.collect::<Result<_, _>>()?;
            Ok(texts.join("\n"))
        }
        Some(_) => Err("has a `content` that is neither a text nor a list".to_owned()),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn parse(body: &Value) -> Result<ChatCompletion, String> {
        ChatOptions::parse(body, &HeaderMap::new())?;
        ChatCompletion::parse(body, &HeaderMap::new())
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
