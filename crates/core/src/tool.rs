//! The `Tool` trait: a tool's spec, the effect of a call, and running it.

use std::fmt::Debug;
use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use serde_json::Value;

use crate::{InvalidName, ToolCall, ToolName, ToolOutput};

/// Something a model can call. Implementations are shared as `Arc<dyn Tool>`.
#[async_trait]
pub trait Tool: Send + Sync + Debug {
    /// The tool's name, description and parameters, as sent to the model.
    fn spec(&self) -> &ToolSpec;

    /// Returns the effect that a call would have, without running it. The approver sees it.
    ///
    /// # Errors
    /// When the arguments do not fit the tool's parameters.
    fn plan_call(&self, call: &ToolCall) -> Result<ToolEffect, InvalidToolArguments>;

    /// Returns whether a call may run in parallel with other calls of the same message. `Shared` is
    /// only for calls that change nothing and that no other call can disturb.
    fn call_concurrency(&self, _call: &ToolCall) -> ToolConcurrency {
        ToolConcurrency::Exclusive
    }

    /// Runs the call. A failure is reported in the output, which the model reads. Dropping the
    /// future ends everything that the call started.
    async fn execute_call(&self, call: &ToolCall, context: ToolContext<'_>) -> ToolOutput;
}

/// The description of a tool that is sent to the model.
#[derive(Debug, Clone, PartialEq)]
pub struct ToolSpec {
    /// The name that calls use.
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

    /// Describes the parameters for a model that got them wrong, e.g. `` `read` takes one JSON
    /// object with `path` (string), `limit` (integer, optional)``.
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

/// The effect of a call.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum ToolEffect {
    /// Reads a file or directory that the agent may always read.
    Read {
        /// The path, relative to the workspace.
        path: String,
    },
    /// Creates or changes a file of the workspace.
    Write {
        /// The path, relative to the workspace.
        path: String,
    },
    /// Runs a command.
    Exec {
        /// The complete command line.
        command: String,
        /// The directory it runs in, relative to the workspace; `.` is the workspace.
        directory: String,
    },
    /// Reads from the network and changes nothing there.
    Fetch {
        /// The URL.
        url: String,
    },
    /// Any other effect, e.g. sending a message.
    Other {
        /// What the call does, as a verb and its object, e.g. `send an e-mail to ada`. Shown to the
        /// person who is asked to approve the call.
        description: String,
    },
}

/// Whether a call may run in parallel with other calls.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum ToolConcurrency {
    /// Nothing else runs at the same time.
    Exclusive,
    /// Other shared calls may run at the same time.
    Shared,
}

/// Arguments that do not fit a tool's parameters.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("invalid arguments for `{tool}`: {problem}")]
pub struct InvalidToolArguments {
    /// The tool.
    pub tool: ToolName,
    /// What is wrong and what was expected, for the model; contains the key's name.
    pub problem: String,
}

/// Limits of a call, and where its progress goes.
#[derive(Debug, Clone, Copy)]
pub struct ToolContext<'a> {
    /// The longest the call may take; `None` leaves it to the tool's own limit.
    pub time_limit: Option<Duration>,
    /// The most bytes of output that the model is shown. A tool that pages its output returns no
    /// more; a longer output loses its middle and is saved in the output store.
    pub max_output_bytes: usize,
    /// Receives output while the call runs.
    pub progress: &'a dyn ProgressSink,
}

/// Receives a running tool's output, to show it to the user.
pub trait ProgressSink: Send + Sync + Debug {
    /// Receives the next part of the output. Must not block.
    fn write_output(&self, text: &str);
}

/// Discards all output.
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
