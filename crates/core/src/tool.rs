//! The `Tool` trait: a tool's spec and the planning of a call, which has an effect and is then run.

use std::fmt::{self, Debug};
use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use serde_json::Value;

use crate::{InvalidName, ToolCall, ToolName, ToolOutput};

/// Something a model can call. Implementations are shared as `Arc<dyn Tool>`.
pub trait Tool: Send + Sync + Debug {
    /// The tool's name, description and parameters, as sent to the model.
    fn spec(&self) -> &ToolSpec;

    /// Decodes the arguments of a call and returns the call ready to run. Planning has no effect:
    /// calls are also planned that never run, e.g. to describe them.
    ///
    /// # Errors
    /// When the arguments do not fit the tool's parameters.
    fn plan_call(&self, call: &ToolCall) -> Result<Box<dyn PlannedToolCall>, InvalidToolArguments>;
}

/// A call whose arguments are decoded. The approver sees its effect; what it approves is what runs.
#[async_trait]
pub trait PlannedToolCall: Send + Debug {
    /// The effect of the call once it runs.
    fn effect(&self) -> &ToolEffect;

    /// Asks another machine what the effect of the call will be, and sets that. Has no effect
    /// itself. The agent loop awaits it once, within the tool's time limit, before the approver
    /// sees the effect, which stays as it is from then on. A call that is planned to be described
    /// only is not prepared; until it is, its effect is one that no approver allows.
    async fn prepare(&mut self) {}

    /// Whether the call may run in parallel with other calls of the same message. `Shared` is only
    /// for calls that change nothing and that no other call can disturb.
    fn concurrency(&self) -> ToolConcurrency {
        ToolConcurrency::Exclusive
    }

    /// Runs the call. A failure is reported in the output, which the model reads. Dropping the
    /// future ends everything that the call started.
    async fn run(self: Box<Self>, context: ToolContext<'_>) -> ToolOutput;
}

/// A planned call that runs a future, for a tool that reads no [`ToolContext`].
pub struct FutureToolCall<F> {
    effect: ToolEffect,
    concurrency: ToolConcurrency,
    future: F,
}

impl<F: Future<Output = ToolOutput> + Send + 'static> FutureToolCall<F> {
    /// Plans a call that awaits `future`. No other call runs at the same time.
    pub fn new(effect: ToolEffect, future: F) -> Self {
        Self { effect, concurrency: ToolConcurrency::Exclusive, future }
    }

    /// Sets whether other calls may run at the same time.
    #[must_use]
    pub fn with_concurrency(self, concurrency: ToolConcurrency) -> Self {
        Self { concurrency, ..self }
    }
}

impl<F> Debug for FutureToolCall<F> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut fields = f.debug_struct("FutureToolCall");
        fields.field("effect", &self.effect).field("concurrency", &self.concurrency);
        fields.finish_non_exhaustive()
    }
}

#[async_trait]
impl<F: Future<Output = ToolOutput> + Send + 'static> PlannedToolCall for FutureToolCall<F> {
    fn effect(&self) -> &ToolEffect {
        &self.effect
    }

    fn concurrency(&self) -> ToolConcurrency {
        self.concurrency
    }

    async fn run(self: Box<Self>, _context: ToolContext<'_>) -> ToolOutput {
        self.future.await
    }
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
        /// Why a person decides; `None` for a file that the agent may always write.
        protection: Option<FileProtection>,
        /// What it changes, for the person who decides; `None` for a file that the agent may always
        /// write, and when the call will fail.
        change: Option<Box<FileChange>>,
    },
    /// Runs a command.
    Exec {
        /// The complete command line.
        command: String,
        /// The directory it runs in, relative to the workspace; `.` is the workspace. On a node
        /// the absolute directory there, or `.` for the node's own.
        directory: String,
        /// The node that it runs on, by the name that people know; `None` is this machine.
        node: Option<String>,
        /// What the policy of the machine says about it.
        review: CommandReview,
    },
    /// Starts work of this agent in the background, as a sub-agent, which may do no more than the
    /// agent; or looks at such work, a
    /// command in the background or a job of its session, or changes it.
    OwnCommand {
        /// What the call does, as a verb and its object, e.g. `read the log of calm-river`.
        description: String,
    },
    /// Looks something up that the agent may always know, and changes nothing.
    Inspect {
        /// What it looks at, e.g. `the nodes`.
        subject: String,
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

/// Why a person decides whether a file is written: other programs act on it, or later turns do.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum FileProtection {
    /// Git runs it or takes commands from it.
    GitData,
    /// This program keeps its settings of the project there.
    ProjectSettings,
    /// A shell or a login runs it.
    ShellStartup,
    /// It decides who may log in, and how this user logs in elsewhere.
    LoginKeys,
    /// An editor runs tasks and programs that it names.
    EditorSettings,
    /// A build server runs it.
    BuildPipeline,
    /// It instructs an agent in later conversations.
    AgentInstructions,
    /// A build tool, an interpreter or a debugger runs what it names when it starts.
    BuildSettings,
}

/// Fits after the path: "`.envrc`: a shell or a login runs it".
impl fmt::Display for FileProtection {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::GitData => "Git runs it or takes commands from it",
            Self::ProjectSettings => "it holds settings of this program",
            Self::ShellStartup => "a shell or a login runs it",
            Self::LoginKeys => "it decides about logins and keys",
            Self::EditorSettings => "an editor runs what it names",
            Self::BuildPipeline => "a build server runs it",
            Self::AgentInstructions => "it instructs the agent in later conversations",
            Self::BuildSettings => "a build tool, an interpreter or a debugger runs what it names",
        })
    }
}

/// What the policy of a machine says about a command, before anybody is asked.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
#[non_exhaustive]
pub enum CommandReview {
    /// No policy was asked.
    #[default]
    Unreviewed,
    /// The command may run.
    Allowed,
    /// A person decides.
    NeedsPerson {
        /// Why, at least one reason, each to follow "because".
        reasons: Vec<String>,
        /// The complete command for the person: lines without control characters, each of the
        /// command's own marked as such.
        display: String,
        /// What happens when there is no person to ask.
        unanswered: UnansweredAction,
        /// What would allow the command without a question.
        remedies: CommandRemedies,
        /// Whether the user cannot allow it without being asked, e.g. by `--yes`.
        is_final: bool,
    },
    /// The command may not run.
    Denied {
        /// Why, for the model and the user.
        reason: String,
        /// Whether the user cannot allow commands without being asked either.
        is_final: bool,
    },
}

/// The rules that would allow a command without a question from now on.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Default)]
#[non_exhaustive]
pub struct CommandRemedies {
    /// The agent that the rules are for.
    pub agent: String,
    /// The rule for exactly this whole command in this place; `None` when there can be none.
    pub exact_rule: Option<Box<ExactCommandRule>>,
    /// Patterns of the programs, whatever their arguments; empty when none allow the command.
    pub program_patterns: Vec<String>,
    /// The programs that may run in the workspace under the sandbox, whatever their arguments;
    /// empty when the command doesn't run there or that would not allow it.
    pub sandboxed_programs: Vec<String>,
    /// The absolute path of the workspace; empty without `sandboxed_programs`.
    pub workspace: String,
}

/// A rule that allows exactly one command, with all its parts, in one place.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct ExactCommandRule {
    /// The paths of its programs in their order.
    pub programs: Vec<String>,
    /// The hash over the plan and the place.
    pub plan_hash: String,
}

/// What happens to a command that needs a question when there is no person to ask.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum UnansweredAction {
    /// It is denied, and the turn goes on.
    Deny,
    /// The turn ends with the question.
    Wait,
    /// It runs.
    Run,
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
    /// Whether the model takes images.
    pub takes_images: bool,
    /// Receives output while the call runs.
    pub progress: &'a dyn ProgressSink,
}

/// Receives a running tool's output and what it changed, to show it to the user.
pub trait ProgressSink: Send + Sync + Debug {
    /// Receives the next part of the output. Must not block.
    fn write_output(&self, text: &str);

    /// Receives a change that was made to a file. Must not block.
    fn report_change(&self, change: FileChange) {
        let _ = change;
    }
}

/// A change that a tool made to a file of the workspace.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FileChange {
    /// The path, relative to the workspace.
    pub path: String,
    /// The hunks of a unified diff, of bounded size; empty when the content cannot be compared,
    /// because it is no text or too large.
    pub diff: String,
    /// How many lines the change adds, those that the diff leaves out included.
    pub added_lines: usize,
    /// How many lines the change removes, likewise.
    pub removed_lines: usize,
    /// Whether the diff leaves out a part of the change, or all of it.
    pub is_truncated: bool,
}

/// Discards all output.
impl ProgressSink for () {
    fn write_output(&self, _text: &str) {}
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicBool, Ordering};
    use std::task::{Context, Poll, Waker};

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

    #[test]
    fn a_planned_call_runs_only_when_it_is_run() {
        let ran = Arc::new(AtomicBool::new(false));
        let plan = || {
            let ran = Arc::clone(&ran);
            let effect = ToolEffect::Other { description: "ring a bell".to_owned() };
            FutureToolCall::new(effect, async move {
                ran.store(true, Ordering::Relaxed);
                ToolOutput::from_text("rung")
            })
        };
        assert_eq!(plan().concurrency(), ToolConcurrency::Exclusive);
        let shared = plan().with_concurrency(ToolConcurrency::Shared);
        assert_eq!(shared.concurrency(), ToolConcurrency::Shared);
        drop(shared);
        assert!(!ran.load(Ordering::Relaxed));
        let context = ToolContext {
            time_limit: None,
            max_output_bytes: 100,
            takes_images: false,
            progress: &(),
        };
        let mut running = Box::new(plan()).run(context);
        let mut poll = || running.as_mut().poll(&mut Context::from_waker(Waker::noop()));
        assert!(matches!(poll(), Poll::Ready(output) if output.text == "rung"));
        assert!(ran.load(Ordering::Relaxed));
    }
}
