//! The seam to a tool: what it is, what it would do, and doing it.

use std::fmt::Debug;
use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use serde_json::Value;

use crate::{InvalidName, ToolCall, ToolName, ToolOutput};

/// Something a model can call. Implementations are shared as `Arc<dyn Tool>`.
#[async_trait]
pub trait Tool: Send + Sync + Debug {
    /// What the model is told of the tool.
    fn spec(&self) -> &ToolSpec;

    /// Says what a call would do, before anything is done. The approver sees this.
    ///
    /// # Errors
    /// When the arguments are not what the tool takes; nothing is done then.
    fn plan_call(&self, call: &ToolCall) -> Result<ToolEffect, InvalidToolArguments>;

    /// Says whether a call may run while others of the same message do. A tool says so only for
    /// calls that change nothing and that no other call's effect could change in the middle.
    fn call_concurrency(&self, _call: &ToolCall) -> ToolConcurrency {
        ToolConcurrency::Exclusive
    }

    /// Does it. A tool that fails says so in its output: the model reads it. Dropping the future
    /// ends everything that the call started.
    async fn execute_call(&self, call: &ToolCall, context: ToolContext<'_>) -> ToolOutput;
}

/// What a model is told of a tool.
#[derive(Debug, Clone, PartialEq)]
pub struct ToolSpec {
    /// The name it is called by.
    pub name: ToolName,
    /// What it does, in a sentence or two.
    pub description: Arc<str>,
    /// The JSON Schema of its arguments, an object schema.
    pub parameters: Arc<Value>,
}

impl ToolSpec {
    /// Describes a tool; `parameters` is the JSON Schema of its arguments, an object schema.
    ///
    /// # Errors
    /// When the name is not one that every server accepts.
    pub fn new(name: &str, description: &str, parameters: Value) -> Result<Self, InvalidName> {
        Ok(Self {
            name: ToolName::new(name)?,
            description: description.into(),
            parameters: Arc::new(parameters),
        })
    }

    /// Says what arguments the tool takes, for a model that got them wrong, e.g. `` `read` takes one
    /// JSON object with `path` (string), `limit` (integer, optional)``.
    #[must_use]
    pub fn describe_parameters(&self) -> String {
        let name = &self.name;
        let required = self.parameters.get("required").and_then(Value::as_array);
        let is_required =
            |key: &str| required.is_some_and(|names| names.iter().any(|name| name == key));
        let fields = self.parameters.get("properties").and_then(Value::as_object);
        let fields = fields.into_iter().flatten().map(|(key, field)| {
            let kind = field.get("type").and_then(Value::as_str);
            let optional = (!is_required(key)).then_some("optional");
            let notes: Vec<&str> = kind.into_iter().chain(optional).collect();
            let notes =
                if notes.is_empty() { String::new() } else { format!(" ({})", notes.join(", ")) };
            format!("`{key}`{notes}")
        });
        let fields: Vec<String> = fields.collect();
        if fields.is_empty() {
            return format!("`{name}` takes one JSON object");
        }
        format!("`{name}` takes one JSON object with {}", fields.join(", "))
    }
}

/// What a call would do.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum ToolEffect {
    /// Reads what the agent may read anyway.
    Read {
        /// What is read, relative to the workspace.
        path: String,
    },
    /// Creates or changes a file of the workspace.
    Write {
        /// What is written, relative to the workspace.
        path: String,
    },
    /// Runs a command.
    Exec {
        /// The command as it will be run, whole.
        command: String,
        /// The directory it runs in, relative to the workspace; `.` is the workspace.
        directory: String,
    },
}

/// Whether a call may run while other calls do.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum ToolConcurrency {
    /// Nothing else runs meanwhile.
    Exclusive,
    /// Calls that say so as well may run meanwhile.
    Shared,
}

/// Arguments that a tool does not take.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("invalid arguments for `{tool}`: {problem}")]
pub struct InvalidToolArguments {
    /// The tool.
    pub tool: ToolName,
    /// What is wrong and what was expected, for the model: names the key.
    pub problem: String,
}

/// What a call may use of its surroundings.
#[derive(Debug, Clone, Copy)]
pub struct ToolContext<'a> {
    /// The longest the call may take; `None` leaves it to the tool's own limit.
    pub time_limit: Option<Duration>,
    /// How many bytes of its output the model can be shown. A tool that gives its output in parts
    /// gives no more; what any other returns beyond is cut out of the middle and kept elsewhere.
    pub max_output_bytes: usize,
    /// Takes pieces of output while the call runs.
    pub progress: &'a dyn ProgressSink,
}

/// Takes pieces of a running tool's output, for people to watch.
pub trait ProgressSink: Send + Sync + Debug {
    /// Takes one piece. Must not block.
    fn write_output(&self, text: &str);
}

/// Drops every piece.
impl ProgressSink for () {
    fn write_output(&self, _text: &str) {}
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn what_a_tool_takes_is_said_with_types() {
        let spec = |parameters| ToolSpec::new("read", "Reads.", parameters).unwrap();
        let fields = json!({"path": {"type": "string"}, "limit": {"type": "integer"}, "any": true});
        let schema = json!({"type": "object", "properties": fields, "required": ["path", "any"]});
        assert_eq!(
            spec(schema).describe_parameters(),
            "`read` takes one JSON object with `any`, `limit` (integer, optional), `path` (string)"
        );
        assert_eq!(
            spec(json!({"type": "object"})).describe_parameters(),
            "`read` takes one JSON object"
        );
    }
}
