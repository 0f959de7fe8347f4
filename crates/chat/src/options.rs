//! The options of a chat, and its outcome.

use std::path::PathBuf;
use std::time::Duration;

use openclaw_client::ClientError;
use openclaw_protocol::gateway::SessionSelector;
use openclaw_protocol::results::agent::{AgentResult, ResultMeta};
use openclaw_runtime::{ConversationError, SessionTarget, TurnOutcome};

use crate::gateway_link::GatewayLink;
use crate::reasoning::ReasoningDisplay;

/// What a chat is started with. The default is the main session of the default agent.
#[derive(Debug, Clone, Default)]
pub struct ChatOptions {
    /// The gateway that the conversation runs in; `None` is this process.
    pub gateway: Option<ChatGateway>,
    /// The session in this process; `None` is the agent's main one.
    pub target: Option<SessionTarget>,
    /// The first message, sent at once.
    pub first_message: Option<String>,
    /// The agent's id; `None` is the agent of the session.
    pub agent: Option<String>,
    /// The model, as `provider/model-id` or an alias; `None` is the agent's model.
    pub model: Option<String>,
    /// Whether fallback models are never asked.
    pub strict: bool,
    /// The directory of the tools; `None` is the agent's workspace.
    pub workspace: Option<PathBuf>,
    /// The longest time of each turn, as given by `--timeout`; `None` is the agent's limit.
    pub timeout: Option<Duration>,
    /// How long to wait for a server that is not up and for a session that another process uses;
    /// `None` does not wait.
    pub wait: Option<Duration>,
    /// Whether commands run without asking.
    pub auto_approve: bool,
    /// How reasoning is shown; `None` is short, or full with a verbose printer.
    pub reasoning: Option<ReasoningDisplay>,
    /// Whether each line of stdin is a message and the output is plain text. Without a terminal it
    /// always is.
    pub plain: bool,
}

/// A gateway that a chat runs in, with the session there.
#[derive(Debug, Clone)]
pub struct ChatGateway {
    /// How it is reached.
    pub link: GatewayLink,
    /// The session. Without a key and an id it is the default session of the gateway.
    pub session: SessionSelector,
    /// The address as it was given on the command line; `None` when the config names the gateway.
    pub option: Option<String>,
    /// The key of the session that a chat without any names gets; `None` when the gateway says so.
    pub default_key: Option<String>,
}

/// How a chat ended. In a plain chat, the last line that was handled decides.
#[derive(Debug)]
#[non_exhaustive]
pub enum ChatOutcome {
    /// The user quit, or the input ended.
    Quit,
    /// The last line was no valid command.
    InvalidInput,
    /// The user or a signal interrupted the chat.
    Interrupted,
    /// There is no conversation, or its model or session failed outside a turn.
    Failed(ConversationError),
    /// The last line was a turn.
    TurnEnded(TurnOutcome),
    /// The gateway could not be asked, or refused.
    GatewayFailed(Box<ClientError>),
    /// The last line was a turn in a gateway.
    GatewayTurnEnded(Box<AgentResult>),
}

impl ChatOutcome {
    /// Returns true when the user or a signal ended the chat or its last turn.
    pub(crate) fn is_interrupted(&self) -> bool {
        match self {
            Self::Interrupted | Self::TurnEnded(TurnOutcome::Cancelled) => true,
            Self::GatewayTurnEnded(result) => match &result.meta {
                ResultMeta::Turn(meta) => meta.outcome == "cancelled",
                ResultMeta::NoTurn(meta) => meta.outcome == "cancelled",
            },
            _ => false,
        }
    }
}
