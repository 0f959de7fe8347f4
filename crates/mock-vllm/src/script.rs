//! Scripts as JSON files.

use std::error::Error;
use std::fmt;

use serde_json::{Map, Value};

use crate::{Call, ErrorBody, Finish, Reply, Turn};

/// Why a script file cannot be used.
#[derive(Debug)]
pub struct ScriptError {
    /// The reply at fault, counted from 0; none if the file as a whole is.
    reply: Option<usize>,
    fault: &'static str,
    source: Option<serde_json::Error>,
}

impl fmt::Display for ScriptError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.reply {
            Some(index) => write!(f, "read reply {index}: {}", self.fault),
            None => write!(f, "read the script: {}", self.fault),
        }
    }
}

impl Error for ScriptError {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        self.source.as_ref().map(|source| source as _)
    }
}

impl Reply {
    /// Reads a script: a JSON array of replies.
    ///
    /// A reply is an object with, all optional: `reasoning` and `text` (a string, or an array of
    /// strings, one delta each), `calls` (objects with `name`, `arguments` as a string or an
    /// object, and `id`), `finish` (a finish reason); or instead `status` with `error` (the
    /// message). Faults that need no handle go with either: `silent_at`, `hang_up_at`,
    /// `cut_at`, `done_at` (numbers), `error_at` (a number, with `message`), `no_done` (a flag).
    ///
    /// # Errors
    ///
    /// If the text is not such an array.
    pub fn list_from_json(text: &str) -> Result<Vec<Self>, ScriptError> {
        let fail = |fault, source| ScriptError { reply: None, fault, source };
        let value = serde_json::from_str(text).map_err(|error| fail("not JSON", Some(error)))?;
        let Value::Array(replies) = value else { return Err(fail("not an array", None)) };
        let numbered = replies.iter().enumerate();
        numbered
            .map(|(index, value)| {
                let error = |fault| ScriptError { reply: Some(index), fault, source: None };
                reply(value.as_object().ok_or_else(|| error("not an object"))?).map_err(error)
            })
            .collect()
    }
}

type Fields = Map<String, Value>;

const KNOWN: [&str; 13] = [
    "reasoning",
    "text",
    "calls",
    "finish",
    "status",
    "error",
    "silent_at",
    "hang_up_at",
    "cut_at",
    "done_at",
    "error_at",
    "message",
    "no_done",
];

fn reply(fields: &Fields) -> Result<Reply, &'static str> {
    if fields.keys().any(|key| !KNOWN.contains(&key.as_str())) {
        return Err("a field is unknown");
    }
    let text = |name: &str| fields.get(name).and_then(Value::as_str);
    let number = |name: &str| match fields.get(name) {
        None => Ok(None),
        Some(value) => {
            let number = value.as_u64().and_then(|number| usize::try_from(number).ok());
            number.map(Some).ok_or("a field takes a number")
        }
    };
    let mut reply = match number("status")? {
        Some(status) => {
            let status = u16::try_from(status).map_err(|_| "the status is out of range")?;
            let message = text("error").unwrap_or("scripted").to_owned();
            Reply::status(status, ErrorBody::Error { message, kind: "Error".to_owned() })
        }
        None => turn(fields)?.into(),
    };
    for (name, set) in [
        ("silent_at", Reply::silent_at as fn(Reply, usize) -> Reply),
        ("hang_up_at", Reply::hang_up_at),
        ("cut_at", Reply::cut_at),
        ("done_at", Reply::done_at),
    ] {
        if let Some(at) = number(name)? {
            reply = set(reply, at);
        }
    }
    if let Some(at) = number("error_at")? {
        reply = reply.error_at(at, text("message").unwrap_or("scripted"));
    }
    let no_done = fields.get("no_done").and_then(Value::as_bool).unwrap_or_default();
    Ok(if no_done { reply.no_done() } else { reply })
}

fn turn(fields: &Fields) -> Result<Turn, &'static str> {
    let mut turn = Turn::empty();
    for piece in pieces(fields.get("reasoning"))? {
        turn = turn.then_reasoning(piece);
    }
    for piece in pieces(fields.get("text"))? {
        turn = turn.then_text(piece);
    }
    let calls = fields.get("calls").map(|calls| calls.as_array().ok_or("`calls` takes an array"));
    for call in calls.transpose()?.into_iter().flatten() {
        let name = call.get("name").and_then(Value::as_str).ok_or("a call needs a name")?;
        let arguments = match call.get("arguments") {
            Some(Value::String(text)) => text.clone(),
            Some(value) => value.to_string(),
            None => "{}".to_owned(),
        };
        let made = Call::new(name, arguments);
        let id = call.get("id").and_then(Value::as_str);
        turn = turn.then_call(match id {
            Some(id) => made.id(id),
            None => made,
        });
    }
    Ok(match fields.get("finish").map(Value::as_str) {
        None => turn,
        Some(Some("stop")) => turn.finish(Finish::Stop),
        Some(Some("length")) => turn.finish(Finish::Length),
        Some(Some("tool_calls")) => turn.finish(Finish::ToolCalls),
        Some(Some("abort")) => turn.finish(Finish::Abort),
        Some(_) => return Err("the finish reason is unknown"),
    })
}

fn pieces(value: Option<&Value>) -> Result<Vec<&str>, &'static str> {
    match value {
        None => Ok(Vec::new()),
        Some(Value::String(text)) => Ok(vec![text]),
        Some(Value::Array(pieces)) => {
            let pieces = pieces.iter().map(|piece| piece.as_str().ok_or("a piece takes a string"));
            pieces.collect()
        }
        Some(_) => Err("a text takes a string or an array of strings"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_script_is_read() {
        let script = r#"[{"text": ["a", "b"], "no_done": true}, {"status": 503, "error": "busy"},
            {"calls": [{"name": "f", "arguments": {"x": 1}}], "finish": "tool_calls", "cut_at": 9}]"#;
        let replies = Reply::list_from_json(script).expect("a script");
        assert_eq!(replies.len(), 3);
        assert!(replies[0].faults.no_done);
        assert_eq!(replies[2].faults.cut_at, Some(9));
    }

    #[test]
    fn faults_of_a_script_are_named() {
        let cases = [
            ("{", "read the script: not JSON"),
            ("{}", "read the script: not an array"),
            ("[1]", "read reply 0: not an object"),
            ("[{}, {\"txt\": \"\"}]", "read reply 1: a field is unknown"),
            ("[{\"calls\": [{}]}]", "read reply 0: a call needs a name"),
            ("[{\"finish\": \"soon\"}]", "read reply 0: the finish reason is unknown"),
            ("[{\"cut_at\": -1}]", "read reply 0: a field takes a number"),
        ];
        for (script, message) in cases {
            let error = Reply::list_from_json(script).expect_err("a fault");
            assert_eq!(error.to_string(), message);
        }
    }
}
