//! Extra parameters of each request, such as `temperature` or `thinking`.

use serde_json::{Map, Value};

/// Fields that user parameters cannot set: they belong to the conversation, or decide how the
/// answer is read.
const RESERVED_FIELDS: [&str; 7] =
    ["max_tokens", "messages", "model", "stream", "system", "tool_choice", "tools"];

/// The smallest thinking budget that servers accept, in tokens.
const MIN_THINKING_BUDGET: u64 = 1024;

/// Parameters for the top level of each request.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct MessagesParams(Map<String, Value>);

impl MessagesParams {
    /// Makes parameters from the top-level fields to send. Fields that are `null` are dropped, and
    /// so are reserved ones, whose names are returned.
    #[must_use]
    pub fn new(mut params: Map<String, Value>) -> (Self, Vec<String>) {
        params.retain(|_, value| !value.is_null());
        let is_reserved = |name: &String| RESERVED_FIELDS.contains(&name.as_str());
        let refused: Vec<String> =
            params.keys().filter(|name| is_reserved(name)).cloned().collect();
        params.retain(|name, _| !RESERVED_FIELDS.contains(&name.as_str()));
        (Self(params), refused)
    }

    /// The fields to send with an answer limit. `thinking` is left out or its budget reduced where
    /// it would be refused: without the turn's thinking blocks, or when it could use up the whole
    /// answer.
    pub(crate) fn chat_fields(&self, may_think: bool, max_tokens: u32) -> Map<String, Value> {
        let mut fields = self.0.clone();
        let budget = fields.get("thinking").and_then(|it| it.get("budget_tokens")?.as_u64());
        let fits = budget.is_none_or(|budget| budget < u64::from(max_tokens));
        let reduced_budget = u64::from(max_tokens) * 3 / 4;
        if !may_think || (!fits && reduced_budget < MIN_THINKING_BUDGET) {
            fields.remove("thinking");
        } else if !fits && let Some(Value::Object(thinking)) = fields.get_mut("thinking") {
            thinking.insert("budget_tokens".to_owned(), reduced_budget.into());
        }
        fields
    }

    /// The fields that change the size of a prompt; the template's arguments are vLLM's.
    pub(crate) fn count_fields(&self, may_think: bool) -> Map<String, Value> {
        let mut fields = self.0.clone();
        fields.retain(|name, _| match name.as_str() {
            "thinking" => may_think,
            name => name == "chat_template_kwargs",
        });
        fields
    }
}
