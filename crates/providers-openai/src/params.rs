//! Extra parameters of each request, such as `temperature`.

use bytes::Bytes;
use serde_json::{Map, Value};

/// Fields that user parameters cannot set: they belong to the conversation, or decide how the
/// answer is read.
const RESERVED_FIELDS: [&str; 17] = [
    "background",
    "conversation",
    "input",
    "instructions",
    "max_completion_tokens",
    "max_output_tokens",
    "max_tokens",
    "messages",
    "model",
    "n",
    "previous_response_id",
    "prompt",
    "store",
    "stream",
    "stream_options",
    "tool_choice",
    "tools",
];

/// Parameters for the top level of each request.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct RequestParams(Map<String, Value>);

impl RequestParams {
    /// Makes parameters from the top-level fields to send. Fields that are `null` are dropped, and
    /// so are reserved ones, whose names are returned.
    #[must_use]
    pub fn new(params: Map<String, Value>) -> (Self, Vec<String>) {
        let mut fields = Map::new();
        let mut reserved_names = Vec::new();
        for (name, value) in params {
            if RESERVED_FIELDS.contains(&name.as_str()) {
                reserved_names.push(name);
            } else if !value.is_null() {
                fields.insert(name, value);
            }
        }
        (Self(fields), reserved_names)
    }

    /// Returns one parameter.
    #[must_use]
    pub fn get(&self, name: &str) -> Option<&Value> {
        self.0.get(name)
    }

    /// Adds the parameters to a body, which is a JSON object with at least one field.
    pub(crate) fn add_to_body(&self, body: Bytes) -> Bytes {
        let Some(open_object) = body.strip_suffix(b"}").filter(|_| !self.0.is_empty()) else {
            return body;
        };
        let mut extended = Vec::from(open_object);
        for (name, value) in &self.0 {
            let name = Value::from(name.as_str());
            extended.extend_from_slice(format!(",{name}:{value}").as_bytes());
        }
        extended.push(b'}');
        Bytes::from(extended)
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn parameters_are_added_at_the_top_and_never_take_the_conversations_place() {
        let params = json!({
            "temperature": 0.2, "chat_template_kwargs": {"enable_thinking": false}, "top_k": null,
            "messages": [], "model": "x", "stream": false, "tools": [], "a \"b\"": "c",
        });
        let Value::Object(params) = params else { panic!() };
        let (params, refused) = RequestParams::new(params);
        assert_eq!(refused, ["messages", "model", "stream", "tools"]);
        let body = params.add_to_body(Bytes::from(r#"{"model":"m","messages":[]}"#));
        let body: Value = serde_json::from_slice(&body).unwrap();
        let expected = json!({
            "model": "m", "messages": [], "temperature": 0.2,
            "chat_template_kwargs": {"enable_thinking": false}, "a \"b\"": "c",
        });
        assert_eq!(body, expected);
        let plain = Bytes::from(r#"{"model":"m"}"#);
        assert_eq!(RequestParams::default().add_to_body(plain.clone()), plain);
    }
}
