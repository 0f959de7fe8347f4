//! What needs a whole conversation: its agent, its history and the changes of its files.

use std::sync::Arc;

use openclaw_core::{FileChange, MessageRef, ReadOnlyApprover};
use openclaw_models::ConnectError;
use openclaw_protocol::gateway::{
    ChangedFile, FileUndoReport, GatewayError, GatewayErrorCode, SessionCompactResult,
    SessionDiffResult, SessionExecParams, SessionExecResult, SessionOpenParams, SessionProgress,
    SessionSelector, SessionUndoParams, SessionUndoResult, UndoExtent,
};
use openclaw_protocol::results::errors::ErrorReport;
use openclaw_runtime::encoding::{
    EventEncoder, describe_commands, describe_session, encode_agent_error, encode_store_error,
    encode_turn_error,
};
use openclaw_runtime::{
    AgentError, Conversation, ConversationError, ConversationOptions, ExecChangeError, StoreError,
    TurnEvent, UndoError, UndoReport, error_causes, event_channel,
};
use serde_json::{Value, json};
use tokio::sync::OwnedMutexGuard;

use crate::methods::{ConnectedClient, encode};
use crate::runs::store_failure;

/// A conversation in which no turn runs meanwhile.
struct OpenedSession {
    conversation: Conversation,
    _turn: OwnedMutexGuard<()>,
}

impl ConnectedClient {
    async fn open_conversation(
        &self,
        selector: &SessionSelector,
        model: Option<String>,
    ) -> Result<OpenedSession, GatewayError> {
        let runs = &self.state.runs;
        let resolved = runs.resolve_session(selector).await?;
        self.check_session_folder(&resolved.key).await?;
        let turn = runs.turn_lock(resolved.key.as_str()).lock_owned().await;
        let options = ConversationOptions {
            target: Some(resolved.target),
            agent: selector.agent_id.clone(),
            model,
            ..ConversationOptions::new(Arc::new(ReadOnlyApprover))
        };
        let store = self.state.store.clone();
        let runtime = self.state.runtime();
        let opened = Box::pin(runtime.open_conversation_in(store, options)).await;
        match opened {
            Ok(conversation) => Ok(OpenedSession { conversation, _turn: turn }),
            Err(ConversationError::Agent(error)) => Err(work_failure(encode_agent_error(&error))),
            Err(ConversationError::Store(error)) => Err(work_failure(encode_store_error(&error))),
        }
    }

    /// Opens a session and describes it with the agent that would answer in it.
    pub(super) async fn open_session(
        &self,
        params: SessionOpenParams,
    ) -> Result<Value, GatewayError> {
        let SessionOpenParams { session, model, resets_breaker } = params;
        let name = model.as_deref().filter(|_| resets_breaker);
        let reset = name.map(|name| self.state.runtime().models().reset_breakers(Some(name)));
        let reset = reset.transpose().map_err(|error| {
            let error = AgentError::from(ConnectError::Setup(error));
            work_failure(encode_agent_error(&error))
        })?;
        let opened = self.open_conversation(&session, model).await?;
        let described = describe_session(&opened.conversation).await;
        let mut state = described.map_err(|error| store_failure(&error))?;
        let warnings = reset.into_iter().flat_map(|reset| reset.warnings);
        state.warnings.splice(..0, warnings);
        encode(&state)
    }

    /// Undoes the last turn, its file changes, or both. Files are first: where they cannot be
    /// undone, nothing is.
    pub(super) async fn undo_turn(&self, params: SessionUndoParams) -> Result<Value, GatewayError> {
        let SessionUndoParams { session, extent } = params;
        let mut opened = self.open_conversation(&session, None).await?;
        let conversation = &mut opened.conversation;
        let files = match extent {
            UndoExtent::Files => conversation.undo_last_files().await,
            UndoExtent::Conversation => Ok(None),
            _ => conversation.undo_turn_files().await,
        };
        let files = match files {
            Ok(files) => files.map(encode_undo),
            Err(UndoError::Conflicts(conflicts)) => {
                let conflicts = conflicts.iter().map(ToString::to_string).collect();
                return encode(&SessionUndoResult { conflicts, ..SessionUndoResult::default() });
            }
            Err(error) => return Err(undo_failure(&error)),
        };
        let messages = user_messages(conversation);
        let is_turn_undone = extent != UndoExtent::Files
            && conversation.undo_turn().await.map_err(|error| failed_store(&error))?;
        let remaining = user_messages(conversation).len();
        let message = messages.get(remaining).or(messages.last()).cloned();
        encode(&SessionUndoResult {
            is_turn_undone,
            message: message.filter(|_| is_turn_undone),
            files,
            conflicts: Vec::new(),
        })
    }

    /// What the last turn changed.
    pub(super) async fn show_changes(
        &self,
        session: SessionSelector,
    ) -> Result<Value, GatewayError> {
        let opened = self.open_conversation(&session, None).await?;
        let diff = opened.conversation.last_turn_diff().await;
        let diff = diff.map_err(|error| undo_failure(&error.into()))?;
        let commands = diff.as_ref().map_or(0, |diff| diff.commands);
        let changes = diff.map(|diff| diff.changes.iter().map(encode_change).collect());
        encode(&SessionDiffResult { changes, commands })
    }

    /// Summarises the beginning of the conversation.
    pub(super) async fn compact_session(
        &self,
        session: SessionSelector,
    ) -> Result<Value, GatewayError> {
        let mut opened = self.open_conversation(&session, None).await?;
        let (sender, mut events) = event_channel();
        let session_key = opened.conversation.session_key().as_str().to_owned();
        let telling = async {
            let mut encoder = EventEncoder::default();
            while let Some(event) = events.recv().await {
                let Some(data) = encoder.encode_event(&event) else { continue };
                let progress = SessionProgress { session_key: session_key.clone(), data };
                self.queue.send_typed_event("sessions.progress", &progress);
            }
        };
        let (compacted, ()) = tokio::join!(opened.conversation.compact_history(sender), telling);
        let report = compacted.map_err(|error| work_failure(encode_turn_error(&error)))?;
        let event = report.map(TurnEvent::CompactionFinished);
        encode(&SessionCompactResult {
            compaction: event.and_then(|event| EventEncoder::default().encode_event(&event)),
        })
    }

    /// Changes how commands run in the session.
    pub(super) async fn change_commands(
        &self,
        params: SessionExecParams,
    ) -> Result<Value, GatewayError> {
        let SessionExecParams { session, words } = params;
        let mut opened = self.open_conversation(&session, None).await?;
        let conversation = &mut opened.conversation;
        match conversation.change_exec(&words).await {
            Ok(()) => encode(&SessionExecResult { commands: describe_commands(conversation) }),
            Err(ExecChangeError::Agent(error)) => Err(work_failure(encode_agent_error(&error))),
            Err(ExecChangeError::Store(error)) => Err(failed_store(&error)),
            Err(error) => Err(GatewayError::invalid_request(error.to_string())
                .with_details(json!({ "code": "COMMANDS_UNCHANGED" }))),
        }
    }
}

fn encode_change(change: &FileChange) -> ChangedFile {
    ChangedFile { path: change.path.clone(), change: change.into() }
}

fn encode_undo(report: UndoReport) -> FileUndoReport {
    let UndoReport { restored, removed, commands } = report;
    FileUndoReport { restored, removed, commands }
}

fn user_messages(conversation: &Conversation) -> Vec<String> {
    let messages = conversation.history().messages();
    let texts = messages.filter_map(|message| match message {
        MessageRef::User(text) => Some(text.into_owned()),
        _ => None,
    });
    texts.collect()
}

fn failed_store(error: &StoreError) -> GatewayError {
    work_failure(encode_store_error(error))
}

fn undo_failure(error: &UndoError) -> GatewayError {
    let report = ErrorReport::from_message("undo", format!("failed to {error}"));
    work_failure(ErrorReport { causes: error_causes(error), ..report })
}

/// An error with all that is known of it in `details.error`.
fn work_failure(report: ErrorReport) -> GatewayError {
    let details = json!({ "code": "WORK_FAILED", "error": report });
    GatewayError::new(GatewayErrorCode::Unavailable, report.message).with_details(details)
}
