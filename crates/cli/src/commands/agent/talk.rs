//! An agent at work: with the session that keeps what is said, or without one.

use std::future::Future;
use std::sync::Arc;

use openclaw_core::{Approver, History, NoJournal};
use openclaw_runtime::{
    AgentOptions, AgentRun, Conversation, ConversationError, ConversationOptions, EventSender,
    Found, Limit, Place, Runtime, StoreError, TurnReport, TurnRequest, Unfinished,
};
use serde_json::{Value, json};

use super::order::Order;
use crate::found;
use crate::printer::Printer;

/// Who answers, and where it is kept.
#[derive(Debug)]
pub(crate) enum Talk {
    /// In a session.
    Kept(Box<Conversation>),
    /// Nowhere.
    Once(Box<AgentRun>),
}

/// Which session is meant.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Whereto {
    /// One that keeps the turn.
    Session(Place),
    /// None at all.
    Nowhere,
}

/// What is asked of the agent beyond the config.
#[derive(Debug)]
pub(crate) struct Wanted {
    pub(crate) whereto: Whereto,
    pub(crate) agent: Option<String>,
    pub(crate) model: Option<String>,
    pub(crate) workspace: Option<std::path::PathBuf>,
    pub(crate) time: Option<Limit>,
    pub(crate) approver: Arc<dyn Approver>,
}

impl Talk {
    /// Takes the session up and connects the model.
    pub(crate) async fn begin(
        runtime: &Runtime,
        wanted: Wanted,
    ) -> Result<Self, ConversationError> {
        let Wanted { whereto, agent, model, workspace, time, approver } = wanted;
        match whereto {
            Whereto::Session(place) => {
                let place = Some(place);
                let options =
                    ConversationOptions { place, agent, model, workspace, time, approver };
                Ok(Self::Kept(Box::new(runtime.conversation(options).await?)))
            }
            Whereto::Nowhere => {
                let journal = Arc::new(NoJournal);
                let options = AgentOptions { agent, model, workspace, time, approver, journal };
                Ok(Self::Once(Box::new(runtime.agent(options).await?)))
            }
        }
    }

    /// The agent.
    pub(crate) fn run(&self) -> &AgentRun {
        match self {
            Self::Kept(conversation) => conversation.run(),
            Self::Once(run) => run,
        }
    }

    /// What the session was like when it was taken up.
    pub(crate) fn found(&self) -> Option<&Found> {
        match self {
            Self::Kept(conversation) => Some(conversation.found()),
            Self::Once(_) => None,
        }
    }

    /// Runs the turn that is asked for, until `cancelled` ends; `None` when there is none to run.
    pub(crate) async fn turn(
        &mut self,
        order: &Order,
        events: EventSender,
        cancelled: impl Future<Output = ()>,
    ) -> Result<Option<TurnReport>, StoreError> {
        match (self, order.message()) {
            (Self::Kept(conversation), Some(message)) => {
                conversation.turn(message, None, events, cancelled).await.map(Some)
            }
            (Self::Kept(conversation), None) => conversation.resume(None, events, cancelled).await,
            (Self::Once(run), Some(message)) => {
                let mut history = History::new();
                let request = TurnRequest::say(message, events);
                Ok(Some(run.agent.run(&mut history, request, cancelled).await))
            }
            (Self::Once(_), None) => Ok(None),
        }
    }

    /// Says what was found in the session that its owner should know.
    pub(crate) fn tell_found(&self, printer: Printer, order: &Order) {
        let Some(found) = self.found() else { return };
        found::tell(printer, found);
        if found.unfinished_turn && *order != Order::Resume {
            printer.warning("the last turn of this session was interrupted and is left as it is");
            printer
                .note("  next time, `openclaw agent --resume` before another message finishes it");
        }
    }

    /// Which session it is and what it was like: `sessionId`, `sessionKey`, `messagesBefore`,
    /// `interruptedTurn`, `unfinishedCalls`, `notes`, `backup`; null without a session.
    pub(crate) fn session_json(&self) -> Value {
        let Self::Kept(conversation) = self else { return Value::Null };
        let found = conversation.found();
        let calls = found.unfinished.iter().map(|Unfinished { call, may_have_run }| {
            json!({
                "id": call.id.to_string(),
                "name": call.name.as_str(),
                "arguments": call.arguments.to_value(),
                "mayHaveRun": may_have_run,
            })
        });
        json!({
            "sessionId": conversation.session_id().as_str(),
            "sessionKey": conversation.key().as_str(),
            "messagesBefore": found.messages,
            "interruptedTurn": found.unfinished_turn,
            "unfinishedCalls": calls.collect::<Vec<_>>(),
            "notes": found.notes.iter().map(ToString::to_string).collect::<Vec<_>>(),
            "backup": found.backup,
        })
    }
}
