//! The tools over sessions: those of others to read and to write to, and sub-agents.

mod arguments;

use std::fmt::Debug;
use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use openclaw_core::{
    InvalidToolArguments, PlannedToolCall, Tool, ToolCall, ToolConcurrency, ToolContext,
    ToolEffect, ToolOutput, ToolSpec,
};
use serde_json::{Value, json};

use self::arguments::{decode_request, session_tool_spec};

/// What a tool over sessions asks for.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum SessionRequest {
    /// The sessions that can be read.
    List {
        /// A part of the key, the title or the agent.
        search: Option<String>,
        /// Only those that changed within this time.
        active_within: Option<Duration>,
        /// The most sessions.
        limit: usize,
    },
    /// The messages of a session, the newest ones.
    History {
        /// The session's key or id; `None` is the own one.
        session: Option<String>,
        /// The most messages.
        limit: usize,
        /// Whether results of tools are among them.
        includes_tools: bool,
    },
    /// What was said.
    Search {
        /// Words.
        query: String,
        /// Only in this session.
        session: Option<String>,
        /// The most messages.
        limit: usize,
    },
    /// A message to another session.
    Send {
        /// The session's key or id.
        session: String,
        /// The message.
        message: String,
        /// How long the answer is waited for.
        wait: Duration,
    },
    /// A sub-agent.
    Spawn(SpawnRequest),
    /// The sub-agents of the session.
    ListSubagents,
    /// The ends of sub-agents.
    WaitForSubagents {
        /// Their ids or labels; none is all.
        tasks: Vec<String>,
        /// The longest wait.
        wait: Duration,
    },
    /// The end of sub-agents now.
    CancelSubagents {
        /// Their ids or labels; none is all.
        tasks: Vec<String>,
    },
    /// The agents that sub-agents may be.
    ListAgents,
    /// The state of the own session.
    Status,
}

/// A sub-agent to start.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
#[non_exhaustive]
pub struct SpawnRequest {
    /// What it is to do.
    pub task: String,
    /// A short name.
    pub label: Option<String>,
    /// The agent; `None` is the same one.
    pub agent: Option<String>,
    /// The model; `None` is the configured one.
    pub model: Option<String>,
    /// The longest time; `None` is the configured one, which it cannot exceed.
    pub time_limit: Option<Duration>,
    /// Whether its session is deleted at its end.
    pub deletes_session: bool,
}

/// What reaches other sessions for the tools. It decides which ones the agent may read, write to and
/// start.
#[async_trait]
pub trait SessionAccess: Send + Sync + Debug {
    /// Answers a request by an object.
    ///
    /// # Errors
    /// Why not, as a sentence for the model.
    async fn answer_request(&self, request: SessionRequest) -> Result<Value, String>;
}

/// Which tool over sessions.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum SessionToolKind {
    /// `agents_list`.
    Agents,
    /// `session_status`.
    Status,
    /// `sessions_history`.
    History,
    /// `sessions_list`.
    List,
    /// `sessions_search`.
    Search,
    /// `sessions_send`.
    Send,
    /// `sessions_spawn`.
    Spawn,
    /// `subagents`.
    Subagents,
}

impl SessionToolKind {
    /// All, by their names.
    pub const ALL: [Self; 8] = [
        Self::Agents,
        Self::Status,
        Self::History,
        Self::List,
        Self::Search,
        Self::Send,
        Self::Spawn,
        Self::Subagents,
    ];

    /// The name of the tool.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Agents => "agents_list",
            Self::Status => "session_status",
            Self::History => "sessions_history",
            Self::List => "sessions_list",
            Self::Search => "sessions_search",
            Self::Send => "sessions_send",
            Self::Spawn => "sessions_spawn",
            Self::Subagents => "subagents",
        }
    }
}

/// A tool over sessions.
#[derive(Debug)]
pub struct SessionTool {
    kind: SessionToolKind,
    access: Arc<dyn SessionAccess>,
    spec: ToolSpec,
}

impl SessionTool {
    /// A tool that asks `access`.
    #[must_use]
    pub fn new(kind: SessionToolKind, access: Arc<dyn SessionAccess>) -> Self {
        Self { kind, access, spec: session_tool_spec(kind) }
    }
}

impl Tool for SessionTool {
    fn spec(&self) -> &ToolSpec {
        &self.spec
    }

    fn plan_call(&self, call: &ToolCall) -> Result<Box<dyn PlannedToolCall>, InvalidToolArguments> {
        let request = decode_request(self.kind, &self.spec, call)?;
        let effect = effect_of_request(&request);
        Ok(Box::new(SessionCall { effect, access: Arc::clone(&self.access), request }))
    }
}

/// A call of a tool over sessions.
#[derive(Debug)]
struct SessionCall {
    effect: ToolEffect,
    access: Arc<dyn SessionAccess>,
    request: SessionRequest,
}

#[async_trait]
impl PlannedToolCall for SessionCall {
    fn effect(&self) -> &ToolEffect {
        &self.effect
    }

    fn concurrency(&self) -> ToolConcurrency {
        match self.effect {
            ToolEffect::Inspect { .. } => ToolConcurrency::Shared,
            _ => ToolConcurrency::Exclusive,
        }
    }

    async fn run(self: Box<Self>, context: ToolContext<'_>) -> ToolOutput {
        match self.access.answer_request(self.request).await {
            Ok(answer) => {
                let (text, summary) = fit_answer(answer, context.max_output_bytes);
                ToolOutput::from_text(text).with_summary(summary)
            }
            Err(problem) => ToolOutput::from_error(problem),
        }
    }
}

/// What a call does. A sub-agent and another session are fenced in as the caller is, so that
/// starting one is no more than what the caller may do itself.
fn effect_of_request(request: &SessionRequest) -> ToolEffect {
    let inspect = |subject: &str| ToolEffect::Inspect { subject: subject.to_owned() };
    match request {
        SessionRequest::List { .. } => inspect("the sessions"),
        SessionRequest::History { session, .. } => {
            inspect(&format!("the messages of {}", session.as_deref().unwrap_or("this session")))
        }
        SessionRequest::Search { query, .. } => inspect(&format!("the sessions for `{query}`")),
        SessionRequest::ListSubagents | SessionRequest::WaitForSubagents { .. } => {
            inspect("the sub-agents")
        }
        SessionRequest::ListAgents => inspect("the agents"),
        SessionRequest::Status => inspect("this session"),
        SessionRequest::Send { session, .. } => {
            ToolEffect::OwnCommand { description: format!("send a message to {session}") }
        }
        SessionRequest::Spawn(SpawnRequest { task, label, .. }) => ToolEffect::OwnCommand {
            description: format!("start a sub-agent: {}", label.as_deref().unwrap_or(task)),
        },
        SessionRequest::CancelSubagents { .. } => {
            ToolEffect::OwnCommand { description: "cancel sub-agents".to_owned() }
        }
    }
}

/// The lists of an answer that are shortened to fit; of `messages` the oldest go first.
const LISTS: [&str; 5] = ["messages", "results", "sessions", "tasks", "agents"];

/// An answer as JSON of at most `max_bytes`, and what is in it in a few words.
fn fit_answer(mut answer: Value, max_bytes: usize) -> (String, String) {
    let name = LISTS.into_iter().find(|name| answer.get(*name).is_some());
    let count = |answer: &Value| {
        let list = name.and_then(|name| answer.get(name)).and_then(Value::as_array);
        list.map_or(0, Vec::len)
    };
    let mut text = answer.to_string();
    while text.len() > max_bytes && count(&answer) > 0 {
        let excess = text.len() - max_bytes;
        shorten_list(&mut answer, name.unwrap_or_default(), excess);
        text = answer.to_string();
    }
    let status = answer.get("status").and_then(Value::as_str);
    let summary = match (name, status) {
        (Some(name), _) => format!("{} {name}", count(&answer)),
        (None, Some(status)) => status.to_owned(),
        (None, None) => "done".to_owned(),
    };
    (text, summary)
}

/// Takes elements out of a list until about `excess` bytes are gone, at least one.
fn shorten_list(answer: &mut Value, name: &str, excess: usize) {
    if let Some(list) = answer.get_mut(name).and_then(Value::as_array_mut) {
        let mut removed = 0;
        while removed <= excess && !list.is_empty() {
            let index = if name == "messages" { 0 } else { list.len() - 1 };
            removed += list.remove(index).to_string().len();
        }
    }
    if let Some(fields) = answer.as_object_mut() {
        fields.insert("truncated".to_owned(), json!(true));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_answer_fits_and_loses_its_oldest_messages() {
        let messages: Vec<Value> = (0..100)
            .map(|number| json!({ "text": format!("{number} {}", "x".repeat(50)) }))
            .collect();
        let (text, summary) = fit_answer(json!({ "messages": messages }), 1000);
        assert!(text.len() <= 1000 && text.contains("\"99 ") && !text.contains("\"0 "), "{text}");
        assert!(text.contains("\"truncated\":true"));
        assert!(summary.ends_with(" messages"));
        let (text, summary) = fit_answer(json!({ "status": "accepted" }), 1000);
        assert_eq!((text.as_str(), summary.as_str()), ("{\"status\":\"accepted\"}", "accepted"));
    }
}
