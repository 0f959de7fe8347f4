//! What a gateway tells of its sessions, as a chat knows it of those of this process.

use openclaw_protocol::events::WireEvent;
use openclaw_protocol::gateway::{
    ChatMessage, SessionDiffResult, SessionState, SessionUndoResult, TurnOpening, UndoExtent,
};
use openclaw_protocol::results::agent::{AgentMeta, OpenedSession, SessionReport};
use openclaw_runtime::encoding::{decode_change, decode_event};
use openclaw_runtime::{
    ContextUse, SessionId, SessionInfo, SessionKey, TurnDiff, TurnEvent, UndoReport,
};
use serde_json::Value;

use super::{ConnectNotes, ConversationFacts, LastExchange, ShownModel};
use crate::file_changes::{UndoScope, UndoneTurn, describe_undo};

/// The parts of a described session that are shown at any time.
pub(super) fn to_facts(state: &SessionState, default_key: Option<&str>) -> ConversationFacts {
    let (id, key) = state.session.session_name();
    let opened = to_opened_session(state);
    ConversationFacts {
        model: ShownModel {
            reference: format!("{}/{}", state.provider, state.model),
            window: state.context_window,
            window_source: state.context_window_source.clone(),
        },
        session_key: key.to_owned(),
        session_id: id.to_owned(),
        is_default: default_key.map_or(state.is_default, |default| default == key),
        messages: opened.as_ref().map_or(0, |session| session.messages_before),
        context_use: state.context_tokens.map(|tokens| ContextUse {
            tokens,
            cached_tokens: None,
            window: state.context_window,
        }),
        has_interrupted_turn: opened.is_some_and(|session| session.interrupted_turn),
        has_unanswered_turn: state.unanswered_turn,
        workspace: state.workspace.clone(),
    }
}

pub(super) fn to_opened_session(state: &SessionState) -> Option<OpenedSession> {
    match &state.session {
        SessionReport::Opened(session) => Some(session.clone()),
        SessionReport::Named(_) => None,
    }
}

/// What the gateway told about how the model was connected.
pub(super) fn to_connect_notes(attempts: &[WireEvent], warnings: &[String]) -> ConnectNotes {
    let attempts = attempts.iter().filter_map(|event| match decode_event(event) {
        Some(TurnEvent::ModelAttemptFailed(attempt)) => Some(*attempt),
        _ => None,
    });
    ConnectNotes { attempts: attempts.collect(), warnings: warnings.to_vec() }
}

/// The model of a turn that begins; `None` when its event cannot be read.
pub(super) fn opening_model(opening: &TurnOpening) -> Option<ShownModel> {
    let WireEvent::Start(start) = &opening.start else { return None };
    Some(ShownModel {
        reference: format!("{}/{}", start.provider, start.model),
        window: start.context_window,
        window_source: start.context_window_source.clone(),
    })
}

/// Takes over what the end of a turn tells.
pub(super) fn update_facts(facts: &mut ConversationFacts, meta: &AgentMeta) {
    facts.model = ShownModel {
        reference: format!("{}/{}", meta.provider, meta.model),
        window: meta.context_window,
        window_source: meta.context_window_source.clone(),
    };
    let cached_tokens = meta.last_call_usage.as_ref().and_then(|usage| usage.cache_read);
    let window = meta.context_window;
    facts.context_use =
        meta.context_tokens.map(|tokens| ContextUse { tokens, cached_tokens, window });
    if let Some(id) = &meta.session_id {
        facts.session_id.clone_from(id);
    }
    if let Some(key) = &meta.session_key {
        facts.session_key.clone_from(key);
    }
}

/// The last exchange of a history.
pub(super) fn to_last_exchange(messages: &[ChatMessage]) -> Option<LastExchange> {
    let last = messages.iter().rposition(|message| message.role == "user")?;
    let after = messages.get(last..).unwrap_or_default();
    let answers = after.iter().filter(|message| message.role == "assistant");
    let answer = answers.map(|message| &message.text).rfind(|text| !text.trim().is_empty());
    let message = after.first().map(|message| message.text.clone()).unwrap_or_default();
    Some(LastExchange { message, answer: answer.cloned() })
}

pub(super) fn to_undone_turn(undone: SessionUndoResult, scope: UndoScope) -> UndoneTurn {
    let report = undone.files.map(|files| UndoReport {
        restored: files.restored,
        removed: files.removed,
        commands: files.commands,
    });
    UndoneTurn {
        is_turn_undone: undone.is_turn_undone,
        message: undone.message,
        file_text: scope.describe_files(report.as_ref().map(describe_undo)),
    }
}

pub(super) fn to_extent(scope: UndoScope) -> UndoExtent {
    match scope {
        UndoScope::TurnAndFiles => UndoExtent::Turn,
        UndoScope::FilesOnly => UndoExtent::Files,
        UndoScope::TurnOnly => UndoExtent::Conversation,
    }
}

pub(super) fn to_diff(diff: SessionDiffResult) -> Option<TurnDiff> {
    let changes =
        diff.changes?.iter().map(|file| decode_change(&file.path, &file.change)).collect();
    Some(TurnDiff { changes, commands: diff.commands })
}

/// A row of `sessions.list`; `None` when it has no usable id or key.
pub(super) fn to_session_info(row: &Value) -> Option<SessionInfo> {
    let text = |key: &str| row.get(key).and_then(Value::as_str);
    let number = |key: &str| row.get(key).and_then(Value::as_u64);
    let flag = |key: &str| row.get(key).and_then(Value::as_bool).unwrap_or_default();
    let id: SessionId = text("sessionId")?.parse().ok()?;
    let key: SessionKey = text("key")?.parse().ok()?;
    Some(SessionInfo {
        id,
        key,
        is_current: flag("current"),
        agent: text("agentId").unwrap_or_default().to_owned(),
        created_at: number("createdAt").unwrap_or_default(),
        updated_at: number("updatedAt").unwrap_or_default(),
        title: text("title").map(str::to_owned),
        model: text("model").map(str::to_owned),
        events: number("events").unwrap_or_default(),
        turns: number("turns").unwrap_or_default(),
        turn_open: flag("turnOpen"),
        input_tokens: number("inputTokens").unwrap_or_default(),
        output_tokens: number("outputTokens").unwrap_or_default(),
        cached_tokens: number("cachedTokens").unwrap_or_default(),
        context_tokens: number("totalTokens"),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_last_exchange_is_that_of_the_last_message_of_the_user() {
        let message = |role: &str, text: &str| ChatMessage {
            role: role.to_owned(),
            text: text.to_owned(),
            timestamp: 0,
            omitted_bytes: None,
        };
        let history = [
            message("user", "one"),
            message("assistant", "answer of one"),
            message("user", "two"),
            message("assistant", "first words"),
            message("tool", "output"),
            message("assistant", "answer of two"),
            message("assistant", " "),
        ];
        let exchange = |message: &str, answer: Option<&str>| {
            Some(LastExchange { message: message.to_owned(), answer: answer.map(str::to_owned) })
        };
        assert_eq!(to_last_exchange(&history), exchange("two", Some("answer of two")));
        assert_eq!(to_last_exchange(&history[..3]), exchange("two", None));
        assert_eq!(to_last_exchange(&[]), None);
    }
}
