//! The seam to a tool: what it is, what it would do, and doing it.

use std::fmt::Debug;
use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use serde_json::Value;

use crate::{ToolCall, ToolName, ToolOutput};

/// Something a model can call. Implementations are shared as `Arc<dyn Tool>`.
#[async_trait]
pub trait Tool: Send + Sync + Debug {
    /// What the model is told of the tool.
    fn spec(&self) -> &ToolSpec;

    /// Says what a call would do, before anything is done. The approver sees this.
    ///
    /// # Errors
    /// When the arguments are not what the tool takes; nothing is done then.
    fn plan(&self, call: &ToolCall) -> Result<Effect, InvalidArguments>;

    /// Does it. A tool that fails says so in its output: the model reads it. Dropping the future
    /// ends everything that the call started.
    async fn call(&self, call: &ToolCall, context: ToolContext<'_>) -> ToolOutput;
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

/// What a call would do.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum Effect {
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

/// Arguments that a tool does not take.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("invalid arguments for `{tool}`: {problem}")]
pub struct InvalidArguments {
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
    /// Takes pieces of output while the call runs.
    pub progress: &'a dyn ProgressSink,
}

/// Takes pieces of a running tool's output, for people to watch.
pub trait ProgressSink: Send + Sync + Debug {
    /// Takes one piece. Must not block.
    fn output(&self, text: &str);
}

/// Drops every piece.
impl ProgressSink for () {
    fn output(&self, _text: &str) {}
}
