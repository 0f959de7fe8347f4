//! The conversation of a chat, wherever it runs: in this process, or in a gateway.
//!
//! The chat shows and asks the same in both cases. What each side knows is told in the same words:
//! the types of `openclaw-protocol` where a gateway has them, and the events of a turn.

mod gateway_side;
mod gateway_state;
mod gateway_updates;
mod local_side;
mod turn_end;
mod work_error;

use std::future::Future;

use openclaw_core::ModelAttempt;
use openclaw_protocol::gateway::{LiveRunEntry, ModelListResult, SessionState};
use openclaw_protocol::results::agent::OpenedSession;
use openclaw_runtime::{ContextUse, Conversation, SessionId, SessionInfo, TurnDiff, TurnEvent};
use openclaw_terminal::sanitize;
use tokio::sync::mpsc::{UnboundedReceiver, UnboundedSender, unbounded_channel};

use crate::file_changes::{UndoScope, UndoneTurn};
use crate::gateway_run::RunSteering;

pub use self::gateway_side::list_gateway_sessions;
pub use self::gateway_updates::update_text;
pub use self::turn_end::is_transient_kind;

pub(crate) use self::gateway_side::GatewayConversation;
pub(crate) use self::turn_end::{EndKind, TurnEnd};
pub(crate) use self::work_error::WorkError;

/// The conversation of a chat.
#[derive(Debug)]
pub(crate) enum ChatConversation {
    /// It runs in this process.
    Local(Box<Conversation>),
    /// It runs in a gateway.
    Gateway(Box<GatewayConversation>),
}

/// What a chat shows of its conversation at any time.
#[derive(Debug, Clone, Default)]
pub(crate) struct ConversationFacts {
    pub(crate) model: ShownModel,
    pub(crate) session_key: String,
    pub(crate) session_id: String,
    /// Whether a chat that names no session gets this one.
    pub(crate) is_default: bool,
    /// The messages of the history when it was opened.
    pub(crate) messages: usize,
    pub(crate) context_use: Option<ContextUse>,
    pub(crate) has_interrupted_turn: bool,
    pub(crate) has_unanswered_turn: bool,
    pub(crate) workspace: String,
}

/// A model as a chat shows it.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct ShownModel {
    /// Its reference; empty while it is not known.
    pub(crate) reference: String,
    /// Its context window, in tokens.
    pub(crate) window: u32,
    /// The source of the window's size.
    pub(crate) window_source: String,
}

/// What a person should know about how a model was connected.
#[derive(Debug, Clone, Default)]
pub(crate) struct ConnectNotes {
    /// The models that did not answer before it.
    pub(crate) attempts: Vec<ModelAttempt>,
    pub(crate) warnings: Vec<String>,
}

/// The last message of the user, and the answer to it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct LastExchange {
    pub(crate) message: String,
    pub(crate) answer: Option<String>,
}

/// What a turn is about.
#[derive(Debug, Clone)]
pub(crate) enum TurnRequest {
    /// A message of the user.
    Message(String),
    /// The turn that has no answer.
    Resume,
    /// A turn that runs in the gateway already.
    Follow(LiveRunEntry),
}

/// Something that happens while a conversation works.
#[derive(Debug)]
pub(crate) enum ConversationUpdate {
    /// An event of the turn or of a compaction.
    Event(Box<TurnEvent>),
    /// The model that answers.
    Model(ShownModel),
    /// Events are missing: what was shown of the answer is not the whole.
    Incomplete,
}

/// Where a conversation tells what happens.
pub(crate) type UpdateSender = UnboundedSender<ConversationUpdate>;

/// Receives what happens in a conversation.
pub(crate) type UpdateReceiver = UnboundedReceiver<ConversationUpdate>;

/// Makes a channel for what happens in a conversation.
pub(crate) fn update_channel() -> (UpdateSender, UpdateReceiver) {
    unbounded_channel()
}

impl ConversationFacts {
    /// Whether there is a turn to finish.
    pub(crate) fn can_resume(&self) -> bool {
        self.has_interrupted_turn || self.has_unanswered_turn
    }

    /// Names the folder that the agent works in, in one line.
    pub(crate) fn describe_workspace(&self) -> String {
        format!("works in {}", sanitize::escape_line(&self.workspace))
    }
}

impl TurnRequest {
    /// The user's message, when the turn is about one.
    pub(crate) fn into_message(self) -> Option<String> {
        match self {
            Self::Message(message) => Some(message),
            _ => None,
        }
    }
}

impl ChatConversation {
    /// What is shown of it at any time.
    pub(crate) fn facts(&self) -> ConversationFacts {
        match self {
            Self::Local(conversation) => local_side::facts(conversation),
            Self::Gateway(conversation) => conversation.facts().clone(),
        }
    }

    /// The gateway's side; `None` when it runs in this process.
    pub(crate) fn gateway(&self) -> Option<&GatewayConversation> {
        match self {
            Self::Local(_) => None,
            Self::Gateway(conversation) => Some(conversation),
        }
    }

    /// The command line that continues it.
    pub(crate) fn chat_command(&self) -> String {
        match self {
            Self::Local(conversation) if conversation.has_default_key() => {
                "openclaw chat".to_owned()
            }
            Self::Local(conversation) => {
                format!("openclaw chat --session '{}'", conversation.session_key())
            }
            Self::Gateway(conversation) => conversation.chat_command(),
        }
    }

    /// The run that goes on in the session since before the chat, once.
    pub(crate) fn take_live_run(&mut self) -> Option<LiveRunEntry> {
        match self {
            Self::Local(_) => None,
            Self::Gateway(conversation) => conversation.take_live_run(),
        }
    }

    /// What a person should know about how its model was connected last.
    pub(crate) fn connect_notes(&self) -> ConnectNotes {
        match self {
            Self::Local(conversation) => local_side::connect_notes(conversation),
            Self::Gateway(conversation) => conversation.connect_notes(),
        }
    }

    /// How the session was found; `None` when it was not opened yet.
    pub(crate) fn opened_session(&self) -> Option<OpenedSession> {
        match self {
            Self::Local(conversation) => local_side::opened_session(conversation),
            Self::Gateway(conversation) => conversation.opened_session(),
        }
    }

    /// The last exchange.
    pub(crate) async fn last_exchange(&self) -> Result<Option<LastExchange>, WorkError> {
        match self {
            Self::Local(conversation) => Ok(local_side::last_exchange(conversation)),
            Self::Gateway(conversation) => conversation.last_exchange().await,
        }
    }

    /// Describes the session with the agent that would answer in it.
    pub(crate) async fn describe(&mut self) -> Result<SessionState, WorkError> {
        match self {
            Self::Local(conversation) => local_side::describe(conversation).await,
            Self::Gateway(conversation) => conversation.describe().await,
        }
    }

    /// Runs a turn until it ends or is stopped; `None` when there was none to finish. The future can
    /// be dropped: a turn of this process ends then, one of a gateway goes on.
    pub(crate) async fn run_turn(
        &mut self,
        request: &TurnRequest,
        steering: &RunSteering,
        updates: UpdateSender,
        cancelled: impl Future<Output = ()>,
    ) -> Result<Option<TurnEnd>, WorkError> {
        match self {
            Self::Local(conversation) => {
                let turn =
                    local_side::run_turn(conversation, request, steering, updates, cancelled);
                Box::pin(turn).await
            }
            Self::Gateway(conversation) => {
                Box::pin(conversation.run_turn(request, steering, updates, cancelled)).await
            }
        }
    }

    /// Summarises the conversation; returns false when that would not make it much smaller.
    pub(crate) async fn compact_history(
        &mut self,
        updates: UpdateSender,
    ) -> Result<bool, WorkError> {
        match self {
            Self::Local(conversation) => {
                Box::pin(local_side::compact_history(conversation, updates)).await
            }
            Self::Gateway(conversation) => Box::pin(conversation.compact_history(updates)).await,
        }
    }

    /// Begins a new, empty session.
    pub(crate) async fn start_new_session(&mut self) -> Result<(), WorkError> {
        match self {
            Self::Local(conversation) => Ok(Box::pin(conversation.start_new_session()).await?),
            Self::Gateway(conversation) => Box::pin(conversation.start_new_session()).await,
        }
    }

    /// The models that can be selected, as the servers have them now.
    pub(crate) async fn list_models(&self) -> Result<ModelListResult, WorkError> {
        match self {
            Self::Local(conversation) => Ok(local_side::list_models(conversation).await),
            Self::Gateway(conversation) => conversation.list_models().await,
        }
    }

    /// The names of models that are known without asking anybody.
    pub(crate) fn known_models(&self) -> Vec<String> {
        match self {
            Self::Local(conversation) => local_side::known_models(conversation),
            Self::Gateway(conversation) => vec![conversation.facts().model.reference.clone()],
        }
    }

    /// Goes on with another model.
    pub(crate) async fn switch_model(&mut self, name: &str) -> Result<(), WorkError> {
        match self {
            Self::Local(conversation) => Ok(Box::pin(conversation.switch_model(Some(name))).await?),
            Self::Gateway(conversation) => Box::pin(conversation.switch_model(name)).await,
        }
    }

    /// Undoes the last turn, its file changes, or both. Files are first: where they cannot be undone,
    /// nothing is.
    pub(crate) async fn undo_turn(&mut self, scope: UndoScope) -> Result<UndoneTurn, WorkError> {
        match self {
            Self::Local(conversation) => {
                Box::pin(local_side::undo_last_turn(conversation, scope)).await
            }
            Self::Gateway(conversation) => Box::pin(conversation.undo_last_turn(scope)).await,
        }
    }

    /// What the last turn that changed files changed in them.
    pub(crate) async fn last_turn_diff(&mut self) -> Result<Option<TurnDiff>, WorkError> {
        match self {
            Self::Local(conversation) => local_side::last_turn_diff(conversation).await,
            Self::Gateway(conversation) => conversation.last_turn_diff().await,
        }
    }

    /// Changes how commands run in the session; returns how they run now, in a line.
    pub(crate) async fn change_exec(&mut self, words: Option<&str>) -> Result<String, WorkError> {
        match self {
            Self::Local(conversation) => {
                Box::pin(local_side::change_exec(conversation, words)).await
            }
            Self::Gateway(conversation) => Box::pin(conversation.change_exec(words)).await,
        }
    }

    /// The sessions of the folder, the last used first.
    pub(crate) async fn folder_sessions(&self) -> Result<Vec<SessionInfo>, WorkError> {
        match self {
            Self::Local(conversation) => Ok(conversation.folder_sessions().await?),
            Self::Gateway(conversation) => conversation.folder_sessions().await,
        }
    }

    /// Goes on with another session.
    pub(crate) async fn switch_session(&mut self, id: SessionId) -> Result<(), WorkError> {
        match self {
            Self::Local(conversation) => Ok(Box::pin(conversation.switch_session(id)).await?),
            Self::Gateway(conversation) => Box::pin(conversation.switch_session(id)).await,
        }
    }
}
