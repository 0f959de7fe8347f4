//! The arguments of the tools over sessions.

use std::sync::Arc;
use std::time::Duration;

use openclaw_core::{InvalidToolArguments, ToolCall, ToolSpec};
use schemars::JsonSchema;
use serde::Deserialize;

use super::{SessionRequest, SessionToolKind, SpawnRequest};
use crate::arguments::{WholeNumber, decode_arguments, tool_spec};
use crate::workspace::shorten_text;

/// The most sessions, messages or results of a call.
const MAX_LIMIT: u64 = 100;
/// Those of a call that names no number.
const DEFAULT_LIMIT: u64 = 20;
/// The most bytes of words to search for.
const MAX_QUERY_BYTES: usize = 2000;
/// The most bytes of a task or a message.
const MAX_MESSAGE_BYTES: usize = 64 << 10;
/// The most characters of a label.
const MAX_LABEL_CHARS: usize = 60;
/// The longest wait for sub-agents, and the wait when a call names none.
const MAX_SUBAGENT_WAIT: Duration = Duration::from_mins(1);
/// The longest wait for the answer of another session.
const MAX_SEND_WAIT: Duration = Duration::from_mins(10);
/// The wait for it when a call names none.
const SEND_WAIT: Duration = Duration::from_mins(1);

#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
struct SessionListArguments {
    search: Option<String>,
    active_minutes: Option<WholeNumber>,
    // Understood, but not described: a description costs more in each prompt than it helps.
    #[schemars(skip)]
    limit: Option<WholeNumber>,
}

#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
struct HistoryArguments {
    session_key: Option<String>,
    limit: Option<WholeNumber>,
    include_tools: Option<bool>,
}

#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
struct SessionSearchArguments {
    query: String,
    #[schemars(skip)]
    session_key: Option<String>,
    #[schemars(skip)]
    limit: Option<WholeNumber>,
}

#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
struct SendArguments {
    session_key: String,
    message: String,
    #[schemars(skip)]
    timeout_seconds: Option<WholeNumber>,
}

#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
struct SpawnArguments {
    /// All it needs to know
    task: String,
    #[serde(alias = "taskName")]
    label: Option<String>,
    agent_id: Option<String>,
    #[schemars(skip)]
    model: Option<String>,
    #[schemars(skip)]
    run_timeout_seconds: Option<WholeNumber>,
    /// Whether its session stays; the original's choice, of which `keep` is the default.
    #[schemars(skip)]
    cleanup: Option<Cleanup>,
    /// A sub-agent always begins with its task alone.
    #[schemars(skip)]
    #[serde(rename = "context")]
    _context: Option<SpawnContext>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
enum Cleanup {
    Keep,
    Delete,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
enum SpawnContext {
    Isolated,
}

#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
struct SubagentsArguments {
    action: SubagentsAction,
    task_id: Option<String>,
    /// Several of them, as the original has it.
    #[schemars(skip)]
    task_ids: Option<Vec<String>>,
    #[schemars(skip)]
    timeout_seconds: Option<WholeNumber>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
#[schemars(inline)]
enum SubagentsAction {
    List,
    Wait,
    Cancel,
}

#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct NoArguments {}

/// What a model is told about a tool.
pub(super) fn session_tool_spec(kind: SessionToolKind) -> ToolSpec {
    use SessionToolKind as Kind;
    let name = kind.name();
    let mut spec = match kind {
        Kind::Agents => tool_spec::<NoArguments>(name, "Agents for `sessions_spawn`."),
        Kind::Status => tool_spec::<NoArguments>(name, "Model, tokens and context use."),
        Kind::History => tool_spec::<HistoryArguments>(
            name,
            "Reads a session, by default this one with what was summarised.",
        ),
        Kind::List => tool_spec::<SessionListArguments>(name, "Lists sessions."),
        Kind::Search => {
            tool_spec::<SessionSearchArguments>(name, "Searches what was said in sessions.")
        }
        Kind::Send => tool_spec::<SendArguments>(name, "Asks another session."),
        Kind::Spawn => tool_spec::<SpawnArguments>(
            name,
            "Starts a sub-agent in the background. You are told its result.",
        ),
        Kind::Subagents => {
            tool_spec::<SubagentsArguments>(name, "Your sub-agents; `taskId` is one, else all.")
        }
    };
    // Unknown arguments are refused all the same.
    if let Some(schema) = Arc::make_mut(&mut spec.parameters).as_object_mut() {
        schema.remove("additionalProperties");
    }
    spec
}

/// Decodes the arguments of a call.
pub(super) fn decode_request(
    kind: SessionToolKind,
    spec: &ToolSpec,
    call: &ToolCall,
) -> Result<SessionRequest, InvalidToolArguments> {
    use SessionToolKind as Kind;
    Ok(match kind {
        Kind::Agents => {
            let NoArguments {} = decode_arguments(spec, call)?;
            SessionRequest::ListAgents
        }
        Kind::Status => {
            let NoArguments {} = decode_arguments(spec, call)?;
            SessionRequest::Status
        }
        Kind::History => {
            let arguments: HistoryArguments = decode_arguments(spec, call)?;
            SessionRequest::History {
                session: filled(arguments.session_key),
                limit: to_limit(arguments.limit),
                includes_tools: arguments.include_tools == Some(true),
            }
        }
        Kind::List => {
            let arguments: SessionListArguments = decode_arguments(spec, call)?;
            let minutes = arguments.active_minutes.and_then(WholeNumber::as_positive);
            SessionRequest::List {
                search: filled(arguments.search),
                active_within: minutes.map(|it| Duration::from_secs(it.saturating_mul(60))),
                limit: to_limit(arguments.limit),
            }
        }
        Kind::Search => {
            let arguments: SessionSearchArguments = decode_arguments(spec, call)?;
            let query = required(spec, "query", &arguments.query)?;
            SessionRequest::Search {
                query: shorten_text(&query, MAX_QUERY_BYTES),
                session: filled(arguments.session_key),
                limit: to_limit(arguments.limit),
            }
        }
        Kind::Send => {
            let arguments: SendArguments = decode_arguments(spec, call)?;
            let wait = to_seconds(arguments.timeout_seconds);
            SessionRequest::Send {
                session: required(spec, "sessionKey", &arguments.session_key)?,
                message: required(spec, "message", &arguments.message)?,
                wait: wait.unwrap_or(SEND_WAIT).min(MAX_SEND_WAIT),
            }
        }
        Kind::Spawn => decode_spawn(spec, decode_arguments(spec, call)?)?,
        Kind::Subagents => decode_subagents(decode_arguments(spec, call)?),
    })
}

fn decode_spawn(
    spec: &ToolSpec,
    arguments: SpawnArguments,
) -> Result<SessionRequest, InvalidToolArguments> {
    let label = filled(arguments.label);
    Ok(SessionRequest::Spawn(SpawnRequest {
        task: required(spec, "task", &arguments.task)?,
        label: label.map(|label| label.chars().take(MAX_LABEL_CHARS).collect()),
        agent: filled(arguments.agent_id),
        model: filled(arguments.model),
        time_limit: to_seconds(arguments.run_timeout_seconds),
        deletes_session: arguments.cleanup == Some(Cleanup::Delete),
    }))
}

fn decode_subagents(arguments: SubagentsArguments) -> SessionRequest {
    let tasks: Vec<String> = filled(arguments.task_id)
        .into_iter()
        .chain(arguments.task_ids.into_iter().flatten().filter_map(|id| filled(Some(id))))
        .collect();
    match arguments.action {
        SubagentsAction::List => SessionRequest::ListSubagents,
        SubagentsAction::Wait => {
            let wait = to_seconds(arguments.timeout_seconds).unwrap_or(MAX_SUBAGENT_WAIT);
            SessionRequest::WaitForSubagents { tasks, wait: wait.min(MAX_SUBAGENT_WAIT) }
        }
        SubagentsAction::Cancel => SessionRequest::CancelSubagents { tasks },
    }
}

/// A text that is not blank; models send an empty one for "not given".
fn filled(text: Option<String>) -> Option<String> {
    text.map(|text| text.trim().to_owned()).filter(|text| !text.is_empty())
}

fn required(spec: &ToolSpec, key: &str, text: &str) -> Result<String, InvalidToolArguments> {
    let refuse = |problem: String| InvalidToolArguments { tool: spec.name.clone(), problem };
    let text = text.trim();
    if text.is_empty() {
        return Err(refuse(format!("`{key}` is empty")));
    }
    if text.len() > MAX_MESSAGE_BYTES {
        return Err(refuse(format!("`{key}` has more than {MAX_MESSAGE_BYTES} bytes")));
    }
    Ok(text.to_owned())
}

fn to_limit(number: Option<WholeNumber>) -> usize {
    let wanted = number.and_then(WholeNumber::as_positive).unwrap_or(DEFAULT_LIMIT);
    usize::try_from(wanted.min(MAX_LIMIT)).unwrap_or(usize::MAX)
}

fn to_seconds(number: Option<WholeNumber>) -> Option<Duration> {
    number.and_then(WholeNumber::as_positive).map(Duration::from_secs)
}
