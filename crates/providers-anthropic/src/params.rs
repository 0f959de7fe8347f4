//! What goes into each request beside the conversation, such as `temperature` or `thinking`.

use serde_json::{Map, Value};

/// Fields that a person's parameters never touch: they are the conversation's, or decide how the
/// answer is read.
const RESERVED: [&str; 7] =
    ["max_tokens", "messages", "model", "stream", "system", "tool_choice", "tools"];

/// The smallest number of tokens for thoughts that servers take.
const LEAST_BUDGET: u64 = 1024;

/// Parameters for the top level of each request.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Params(Map<String, Value>);

impl Params {
    /// Takes parameters as they are to be sent. Those that are `null` are left out, and so are the
    /// reserved ones, whose names are returned.
    #[must_use]
    pub fn new(mut params: Map<String, Value>) -> (Self, Vec<String>) {
        params.retain(|_, value| !value.is_null());
        let is_reserved = |name: &String| RESERVED.contains(&name.as_str());
        let refused: Vec<String> =
            params.keys().filter(|name| is_reserved(name)).cloned().collect();
        params.retain(|name, _| !RESERVED.contains(&name.as_str()));
        (Self(params), refused)
    }

    /// The fields to send with a limit for the answer. The order to think is left out or made less
    /// where it would be refused: without the turn's thoughts, or when they might take up all of
    /// the answer.
    pub(crate) fn fields(&self, may_think: bool, cap: u32) -> Map<String, Value> {
        let mut fields = self.0.clone();
        let budget = fields.get("thinking").and_then(|it| it.get("budget_tokens")?.as_u64());
        let fits = budget.is_none_or(|budget| budget < u64::from(cap));
        let less = u64::from(cap) * 3 / 4;
        if !may_think || (!fits && less < LEAST_BUDGET) {
            fields.remove("thinking");
        } else if !fits && let Some(Value::Object(thinking)) = fields.get_mut("thinking") {
            thinking.insert("budget_tokens".to_owned(), less.into());
        }
        fields
    }

    /// What of it changes the size of a prompt; the template's arguments are vLLM's.
    pub(crate) fn of_prompt(&self, may_think: bool) -> Map<String, Value> {
        let mut fields = self.0.clone();
        fields.retain(|name, _| match name.as_str() {
            "thinking" => may_think,
            name => name == "chat_template_kwargs",
        });
        fields
    }
}
