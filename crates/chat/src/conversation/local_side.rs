//! A conversation that runs in this process.

use std::future::Future;

use openclaw_core::MessageRef;
use openclaw_protocol::gateway::{ModelListResult, SessionState};
use openclaw_protocol::results::agent::{OpenedSession, SessionReport};
use openclaw_runtime::encoding::{
    describe_catalogue, describe_commands, describe_session, encode_session,
};
use openclaw_runtime::{Conversation, ExecChangeError, TurnDiff, TurnEventReceiver, event_channel};

use super::{
    ConnectNotes, ConversationFacts, ConversationUpdate, LastExchange, ShownModel, TurnEnd,
    TurnRequest, UpdateSender, WorkError,
};
use crate::file_changes::{UndoScope, UndoneTurn, describe_undo};
use crate::gateway_run::RunSteering;

pub(super) fn facts(conversation: &Conversation) -> ConversationFacts {
    let (run, info) = (conversation.agent_run(), conversation.agent_run().model.model_info());
    let recovery = conversation.recovery_report();
    ConversationFacts {
        model: ShownModel {
            reference: info.reference.to_string(),
            window: info.limits.context_window,
            window_source: info.limits.context_window_source.label().to_owned(),
        },
        session_key: conversation.session_key().as_str().to_owned(),
        session_id: conversation.session_id().as_str().to_owned(),
        is_default: conversation.has_default_key(),
        messages: recovery.messages,
        context_use: conversation.context_use(),
        has_interrupted_turn: recovery.has_interrupted_turn,
        has_unanswered_turn: recovery.has_unanswered_turn,
        workspace: run.workspace.display().to_string(),
    }
}

pub(super) fn connect_notes(conversation: &Conversation) -> ConnectNotes {
    let report = &conversation.agent_run().report;
    ConnectNotes {
        attempts: report.attempts.clone(),
        warnings: report.warnings.iter().map(ToString::to_string).collect(),
    }
}

pub(super) fn opened_session(conversation: &Conversation) -> Option<OpenedSession> {
    match encode_session(conversation) {
        SessionReport::Opened(session) => Some(session),
        SessionReport::Named(_) => None,
    }
}

pub(super) fn last_exchange(conversation: &Conversation) -> Option<LastExchange> {
    let mut last = None;
    for message in conversation.history().messages() {
        match (message, &mut last) {
            (MessageRef::User(text), last) => {
                *last = Some(LastExchange { message: text.into_owned(), answer: None });
            }
            (MessageRef::Assistant { text, .. }, Some(last)) if !text.trim().is_empty() => {
                last.answer = Some(text.to_owned());
            }
            _ => {}
        }
    }
    last
}

pub(super) async fn describe(conversation: &Conversation) -> Result<SessionState, WorkError> {
    let mut state = describe_session(conversation).await?;
    if let SessionReport::Opened(session) = &mut state.session {
        session.messages_before = conversation.history().messages().count();
    }
    Ok(state)
}

pub(super) async fn run_turn(
    conversation: &mut Conversation,
    request: &TurnRequest,
    steering: &RunSteering,
    updates: UpdateSender,
    cancelled: impl Future<Output = ()>,
) -> Result<Option<TurnEnd>, WorkError> {
    let (sender, events) = event_channel();
    let queue = Some(steering.queue());
    let turn = async {
        match request {
            TurnRequest::Message(message) => {
                conversation.run_turn(message, queue, sender, cancelled).await.map(Some)
            }
            _ => conversation.resume_turn(queue, sender, cancelled).await,
        }
    };
    let (report, ()) = tokio::join!(turn, pass_on_events(events, updates));
    let report = report?;
    Ok(report.map(|report| TurnEnd::here(report, conversation)))
}

pub(super) async fn compact_history(
    conversation: &mut Conversation,
    updates: UpdateSender,
) -> Result<bool, WorkError> {
    let (sender, events) = event_channel();
    let work = conversation.compact_history(sender);
    let (compacted, ()) = tokio::join!(work, pass_on_events(events, updates));
    Ok(compacted?.is_some())
}

async fn pass_on_events(mut events: TurnEventReceiver, updates: UpdateSender) {
    while let Some(event) = events.recv().await {
        // A turn that nobody watches runs to its end.
        let _ = updates.send(ConversationUpdate::Event(Box::new(event)));
    }
}

pub(super) async fn list_models(conversation: &Conversation) -> ModelListResult {
    describe_catalogue(conversation.models()).await
}

pub(super) fn known_models(conversation: &Conversation) -> Vec<String> {
    let status = conversation.models().setup_status();
    let current = conversation.agent_run().model.model_info().reference.to_string();
    let allowed = status.allowed.into_iter().filter(|name| !name.ends_with("/*"));
    std::iter::once(current)
        .chain(status.aliases.into_keys())
        .chain(status.default_model)
        .chain(status.fallbacks)
        .chain(allowed)
        .collect()
}

pub(super) async fn undo_last_turn(
    conversation: &mut Conversation,
    scope: UndoScope,
) -> Result<UndoneTurn, WorkError> {
    let messages = user_messages(conversation);
    let report = match scope {
        UndoScope::TurnAndFiles => conversation.undo_turn_files().await,
        UndoScope::FilesOnly => conversation.undo_last_files().await,
        UndoScope::TurnOnly => Ok(None),
    };
    let file_text = report?.as_ref().map(describe_undo);
    let is_turn_undone = match scope {
        UndoScope::FilesOnly => false,
        _ => conversation.undo_turn().await?,
    };
    let remaining = user_messages(conversation).len();
    let message = messages.get(remaining).or(messages.last()).cloned();
    Ok(UndoneTurn {
        message: message.filter(|_| is_turn_undone),
        is_turn_undone,
        file_text: scope.describe_files(file_text),
    })
}

/// Returns the user's messages, oldest first.
fn user_messages(conversation: &Conversation) -> Vec<String> {
    let messages = conversation.history().messages();
    let texts = messages.filter_map(|message| match message {
        MessageRef::User(text) => Some(text.into_owned()),
        _ => None,
    });
    texts.collect()
}

pub(super) async fn last_turn_diff(
    conversation: &mut Conversation,
) -> Result<Option<TurnDiff>, WorkError> {
    let diff = conversation.last_turn_diff().await;
    diff.map_err(|error| WorkError::Undo(error.into()))
}

pub(super) async fn change_exec(
    conversation: &mut Conversation,
    words: Option<&str>,
) -> Result<String, WorkError> {
    if let Some(words) = words {
        conversation.change_exec(words).await.map_err(|error| match error {
            ExecChangeError::Agent(error) => WorkError::from(error),
            ExecChangeError::Store(error) => WorkError::from(error),
            error => WorkError::ExecRefused(error.to_string()),
        })?;
    }
    Ok(describe_commands(conversation))
}
