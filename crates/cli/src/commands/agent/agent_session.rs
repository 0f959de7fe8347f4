//! An agent ready to run, with or without a persistent session.

use std::future::Future;
use std::sync::Arc;

use openclaw_chat::print_recovery_report;
use openclaw_core::{Approver, History, NoopJournal};
use openclaw_protocol::results::agent::SessionReport;
use openclaw_runtime::encoding::encode_session;
use openclaw_runtime::{
    AgentOptions, AgentRun, ContextUse, Conversation, ConversationError, ConversationOptions,
    RecoveryReport, Runtime, SessionTarget, Store, StoreError, TimeLimit, TurnEventSender,
    TurnReport, TurnRequest,
};
use openclaw_terminal::OutputPrinter;

use super::request::AgentRequest;

/// An agent, and the session that records it.
#[derive(Debug)]
pub(crate) enum AgentSession {
    /// Recorded in a session.
    Persistent(Box<Conversation>),
    /// Not recorded.
    Ephemeral(Box<AgentRun>),
}

/// The session that a turn belongs to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum SessionChoice {
    /// Record the turn in this session.
    Session(SessionTarget),
    /// `--no-session`: record nothing.
    NoSession,
}

/// The session that records a turn, and the store that it is in.
#[derive(Debug)]
pub(crate) struct RecordingSession {
    pub(crate) store: Store,
    pub(crate) target: SessionTarget,
}

/// Options of an agent run beyond the config.
#[derive(Debug)]
pub(crate) struct AgentSessionOptions {
    /// `None` records nothing.
    pub(crate) session: Option<RecordingSession>,
    pub(crate) agent: Option<String>,
    pub(crate) model: Option<String>,
    pub(crate) workspace: Option<std::path::PathBuf>,
    pub(crate) time_limit: Option<TimeLimit>,
    pub(crate) approver: Arc<dyn Approver>,
}

impl AgentSession {
    /// Acquires the session, if any, and connects to the model.
    pub(crate) async fn open(
        runtime: &Runtime,
        session_options: AgentSessionOptions,
    ) -> Result<Self, ConversationError> {
        let AgentSessionOptions { session, agent, model, workspace, time_limit, approver } =
            session_options;
        if let Some(RecordingSession { store, target }) = session {
            let target = Some(target);
            let options =
                ConversationOptions { target, agent, model, workspace, time_limit, approver };
            let conversation = runtime.open_conversation_in(store, options).await?;
            return Ok(Self::Persistent(Box::new(conversation)));
        }
        let journal = Arc::new(NoopJournal);
        let options = AgentOptions { agent, model, workspace, time_limit, approver, journal };
        Ok(Self::Ephemeral(Box::new(runtime.create_agent(options).await?)))
    }

    /// Returns the agent.
    pub(crate) fn agent_run(&self) -> &AgentRun {
        match self {
            Self::Persistent(conversation) => conversation.agent_run(),
            Self::Ephemeral(run) => run,
        }
    }

    /// Returns what recovery found when the session was opened.
    pub(crate) fn recovery_report(&self) -> Option<&RecoveryReport> {
        match self {
            Self::Persistent(conversation) => Some(conversation.recovery_report()),
            Self::Ephemeral(_) => None,
        }
    }

    /// Runs the requested turn, until `cancelled` resolves; `None` when there is no turn to resume.
    pub(crate) async fn run_turn(
        &mut self,
        request: &AgentRequest,
        events: TurnEventSender,
        cancelled: impl Future<Output = ()>,
    ) -> Result<Option<TurnReport>, StoreError> {
        match (self, request.message_text()) {
            (Self::Persistent(conversation), Some(message)) => {
                conversation.run_turn(message, None, events, cancelled).await.map(Some)
            }
            (Self::Persistent(conversation), None) => {
                conversation.resume_turn(None, events, cancelled).await
            }
            (Self::Ephemeral(run), Some(message)) => {
                let mut history = History::new();
                let request = TurnRequest::from_message(message, events);
                Ok(Some(run.agent.run_request(&mut history, request, cancelled).await))
            }
            (Self::Ephemeral(_), None) => Ok(None),
        }
    }

    /// Prints what recovery found in the session.
    pub(crate) fn print_recovery_report(&self, printer: &OutputPrinter, request: &AgentRequest) {
        let Some(found) = self.recovery_report() else { return };
        print_recovery_report(printer, found);
        if found.has_interrupted_turn && *request != AgentRequest::Resume {
            print_interrupted_turn(printer);
        }
    }

    /// Describes the session as it was when it was opened; `None` without a session.
    pub(crate) fn session_report(&self) -> Option<SessionReport> {
        let Self::Persistent(conversation) = self else { return None };
        Some(encode_session(conversation))
    }

    /// The context use after the last request, as far as it is known.
    pub(crate) fn context_use(&self) -> Option<ContextUse> {
        match self {
            Self::Persistent(conversation) => conversation.context_use(),
            Self::Ephemeral(_) => None,
        }
    }
}

/// Warns that the last turn of a session stays interrupted.
pub(crate) fn print_interrupted_turn(printer: &OutputPrinter) {
    printer.print_warning("the last turn of this session was interrupted and is left as it is");
    printer.print_note("  next time, `openclaw agent --resume` before another message finishes it");
}
