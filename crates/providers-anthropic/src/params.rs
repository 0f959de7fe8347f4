//! What goes into each request beside the conversation, such as `temperature` or `thinking`.

use serde_json::{Map, Value};

/// Fields that a person's parameters never touch: they are the conversation's, or decide how the
/// answer is read.
const RESERVED: [&str; 7] =
    ["max_tokens", "messages", "model", "stream", "system", "tool_choice", "tools"];

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

    /// The fields to send; without the order to think where the turn's thoughts cannot be shown,
    /// because that is refused.
    pub(crate) fn fields(&self, may_think: bool) -> impl Iterator<Item = (&String, &Value)> {
        self.0.iter().filter(move |(name, _)| may_think || *name != "thinking")
    }

    /// What of it changes the size of a prompt.
    pub(crate) fn thinking(&self) -> Option<&Value> {
        self.0.get("thinking")
    }
}
