//! Extra parameters of each request, such as `temperature`.

use openclaw_provider::json_members;
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

    /// The fields behind the prompt of a request: the limit of the answer in tokens, if any, and
    /// these parameters, as JSON members with a comma before each.
    pub(crate) fn trailer(&self, cap_field: &str, output_cap: Option<u32>) -> Vec<u8> {
        let cap = output_cap.map(|cap| format!(",\"{cap_field}\":{cap}"));
        let params = json_members(self.0.iter().map(|(name, value)| (name.as_str(), value)));
        (cap.unwrap_or_default() + &params).into_bytes()
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
        let body = |params: &RequestParams, cap| {
            let trailer = String::from_utf8(params.trailer("max_tokens", cap)).unwrap();
            serde_json::from_str::<Value>(&(r#"{"model":"m""#.to_owned() + &trailer + "}")).unwrap()
        };
        let expected = json!({
            "model": "m", "max_tokens": 9, "temperature": 0.2,
            "chat_template_kwargs": {"enable_thinking": false}, "a \"b\"": "c",
        });
        assert_eq!(body(&params, Some(9)), expected);
        assert_eq!(body(&RequestParams::default(), None), json!({"model": "m"}));
    }
}
