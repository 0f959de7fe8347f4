//! An agent at work: with the session that keeps what is said, or without one.

use std::future::Future;
use std::sync::Arc;

use openclaw_core::{Approver, History, NoopJournal};
use openclaw_runtime::{
    AgentOptions, AgentRun, ConfiguredTimeout, Conversation, ConversationError,
    ConversationOptions, InterruptedCall, RecoveryReport, Runtime, SessionTarget, StoreError,
    TurnEventSender, TurnReport, TurnRequest,
};
use serde_json::{Value, json};

use super::request::AgentRequest;
use crate::printer::Printer;
use crate::recovery_notice;

/// Who answers, and where it is kept.
#[derive(Debug)]
pub(crate) enum AgentSession {
    /// In a session.
    Persistent(Box<Conversation>),
    /// Nowhere.
    Ephemeral(Box<AgentRun>),
}

/// Which session is meant.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum SessionChoice {
    /// One that keeps the turn.
    Session(SessionTarget),
    /// None at all.
    NoSession,
}

/// What is asked of the agent beyond the config.
#[derive(Debug)]
pub(crate) struct AgentSessionOptions {
    pub(crate) session_choice: SessionChoice,
    pub(crate) agent: Option<String>,
    pub(crate) model: Option<String>,
    pub(crate) workspace: Option<std::path::PathBuf>,
    pub(crate) time_limit: Option<ConfiguredTimeout>,
    pub(crate) approver: Arc<dyn Approver>,
}

impl AgentSession {
    /// Takes the session up and connects the model.
    pub(crate) async fn open(
        runtime: &Runtime,
        session_options: AgentSessionOptions,
    ) -> Result<Self, ConversationError> {
        let AgentSessionOptions { session_choice, agent, model, workspace, time_limit, approver } =
            session_options;
        match session_choice {
            SessionChoice::Session(target) => {
                let target = Some(target);
                let options =
                    ConversationOptions { target, agent, model, workspace, time_limit, approver };
                Ok(Self::Persistent(Box::new(runtime.open_conversation(options).await?)))
            }
            SessionChoice::NoSession => {
                let journal = Arc::new(NoopJournal);
                let options =
                    AgentOptions { agent, model, workspace, time_limit, approver, journal };
                Ok(Self::Ephemeral(Box::new(runtime.create_agent(options).await?)))
            }
        }
    }

    /// The agent.
    pub(crate) fn agent_run(&self) -> &AgentRun {
        match self {
            Self::Persistent(conversation) => conversation.agent_run(),
            Self::Ephemeral(run) => run,
        }
    }

    /// What the session was like when it was taken up.
    pub(crate) fn recovery_report(&self) -> Option<&RecoveryReport> {
        match self {
            Self::Persistent(conversation) => Some(conversation.recovery_report()),
            Self::Ephemeral(_) => None,
        }
    }

    /// Runs the turn that is asked for, until `cancelled` ends; `None` when there is none to run.
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

    /// Says what was found in the session that its owner should know.
    pub(crate) fn print_recovery_report(&self, printer: Printer, request: &AgentRequest) {
        let Some(found) = self.recovery_report() else { return };
        recovery_notice::print_recovery_report(printer, found);
        if found.has_interrupted_turn && *request != AgentRequest::Resume {
            printer.print_warning(
                "the last turn of this session was interrupted and is left as it is",
            );
            printer.print_note(
                "  next time, `openclaw agent --resume` before another message finishes it",
            );
        }
    }

    /// Which session it is and what it was like: `sessionId`, `sessionKey`, `messagesBefore`,
    /// `interruptedTurn`, `unfinishedCalls`, `notes`, `backup`; null without a session.
    pub(crate) fn session_json(&self) -> Value {
        let Self::Persistent(conversation) = self else { return Value::Null };
        let report = conversation.recovery_report();
        let calls =
            report.interrupted_calls.iter().map(|InterruptedCall { call, may_have_run }| {
                json!({
                    "id": call.id.to_string(),
                    "name": call.name.as_str(),
                    "arguments": call.arguments.to_value(),
                    "mayHaveRun": may_have_run,
                })
            });
        json!({
            "sessionId": conversation.session_id().as_str(),
            "sessionKey": conversation.session_key().as_str(),
            "messagesBefore": report.messages,
            "interruptedTurn": report.has_interrupted_turn,
            "unfinishedCalls": calls.collect::<Vec<_>>(),
            "notes": report.damage.iter().map(ToString::to_string).collect::<Vec<_>>(),
            "backup": report.backup,
        })
    }
}
