//! What is known of a turn when it begins: its agent and its session.

use openclaw_protocol::events::{EVENTS_VERSION, TurnStart, WireEvent};
use openclaw_protocol::results::agent::{OpenedSession, SessionReport, UnfinishedCall};
use openclaw_store::InterruptedCall;

use super::turn_result::{session_ids, tool_names};
use crate::agent::AgentRun;
use crate::conversation::Conversation;

/// Describes the session of a conversation as it was when it was opened.
#[must_use]
pub fn encode_session(conversation: &Conversation) -> SessionReport {
    let report = conversation.recovery_report();
    let calls = report.interrupted_calls.iter();
    let calls = calls.map(|InterruptedCall { call, may_have_run }| UnfinishedCall {
        id: call.id.to_string(),
        name: call.name.as_str().to_owned(),
        arguments: call.arguments.to_value(),
        may_have_run: *may_have_run,
    });
    SessionReport::Opened(OpenedSession {
        session_id: conversation.session_id().as_str().to_owned(),
        session_key: conversation.session_key().as_str().to_owned(),
        messages_before: report.messages,
        interrupted_turn: report.has_interrupted_turn,
        unfinished_calls: calls.collect(),
        notes: report.damage.iter().map(ToString::to_string).collect(),
        backup: report.backup.as_ref().map(|path| path.display().to_string()),
    })
}

/// The first event of a turn: the model, the agent and the session; `None` without a session.
#[must_use]
pub fn encode_start(run: &AgentRun, session: Option<&SessionReport>, is_resume: bool) -> WireEvent {
    let info = run.model.model_info();
    let ids = session_ids(session);
    WireEvent::Start(Box::new(TurnStart {
        version: EVENTS_VERSION,
        session_id: ids.session_id,
        session_key: ids.session_key,
        session: session.cloned(),
        resumed: is_resume,
        provider: info.reference.provider_id().to_owned(),
        model: info.reference.model_id().to_owned(),
        context_window: info.limits.context_window,
        context_window_source: info.limits.context_window_source.label().to_owned(),
        workspace: run.workspace.display().to_string(),
        tools: tool_names(run),
    }))
}
