//! An agent: the parts that every turn uses.

use std::fmt;
use std::sync::Arc;

use openclaw_core::{Approver, ChatModel, History, Journal, Tool, ToolSpec};

use crate::toolbox::Toolbox;
use crate::turn::Turn;
use crate::{DuplicateTool, EventSender, TurnLimits, TurnOutcome, TurnReport};

/// What an agent is made of.
#[derive(Clone)]
pub struct AgentParts {
    /// The model that is asked.
    pub model: Arc<dyn ChatModel>,
    /// The tools that are offered, in any order.
    pub tools: Vec<Arc<dyn Tool>>,
    /// The system prompt; `None` sends none.
    pub system: Option<Arc<str>>,
    /// Who decides whether a call may run.
    pub approver: Arc<dyn Approver>,
    /// Where everything is recorded before anything depends on it.
    pub journal: Arc<dyn Journal>,
    /// What ends a turn.
    pub limits: TurnLimits,
}

/// Runs turns with the same model, system prompt, tools and limits, so that each request of a
/// conversation begins with the bytes of the one before. Holds no conversation: that is the
/// [`History`], and turns of different histories may run at the same time.
pub struct Agent {
    pub(crate) model: Arc<dyn ChatModel>,
    pub(crate) toolbox: Toolbox,
    pub(crate) system: Option<Arc<str>>,
    pub(crate) approver: Arc<dyn Approver>,
    pub(crate) journal: Arc<dyn Journal>,
    pub(crate) limits: TurnLimits,
}

impl Agent {
    /// Makes an agent. The tools are sorted by name here, once.
    ///
    /// # Errors
    /// When two tools have the same name.
    pub fn new(parts: AgentParts) -> Result<Self, DuplicateTool> {
        let AgentParts { model, tools, system, approver, journal, limits } = parts;
        let toolbox = Toolbox::new(tools)?;
        Ok(Self { model, toolbox, system, approver, journal, limits })
    }

    /// What the model is told of the tools, in the order it is sent.
    #[must_use]
    pub fn tools(&self) -> &Arc<[ToolSpec]> {
        self.toolbox.specs()
    }

    /// Runs one turn on what the user said, and adds it to the history.
    ///
    /// The events end when the turn does. Whatever the outcome, the history is fit for the next
    /// turn: it then holds the user's text, each whole message of the model, and a result for
    /// each call that was answered.
    ///
    /// # Cancellation
    /// Dropping the future ends the model call and the tool that run, and leaves the history as
    /// it is at that point; calls without a result are sent as interrupted. When the future is
    /// dropped while an entry is being recorded, the journal may have that entry and the history
    /// not: a conversation that is to survive its process is then read back from its journal.
    pub async fn run_turn(
        &self,
        history: &mut History,
        input: &str,
        events: EventSender,
    ) -> TurnReport {
        let mut turn = Turn::new(self, history, events);
        let ended = match &self.limits.time {
            None => Ok(turn.run(input).await),
            Some(limit) => {
                let ended = tokio::time::timeout(limit.duration, turn.run(input)).await;
                ended.map_err(|_elapsed| limit)
            }
        };
        let outcome = match ended {
            Ok(Ok(outcome)) => outcome,
            Ok(Err(error)) => TurnOutcome::Failed(error),
            Err(limit) => {
                turn.interrupt(limit);
                TurnOutcome::TimedOut { limit: limit.clone() }
            }
        };
        turn.into_report(outcome)
    }
}

impl fmt::Debug for AgentParts {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("AgentParts")
            .field("model", &self.model)
            .field("tools", &self.tools)
            .field("approver", &self.approver)
            .field("limits", &self.limits)
            .finish_non_exhaustive()
    }
}

impl fmt::Debug for Agent {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Agent")
            .field("model", &self.model)
            .field("toolbox", &self.toolbox)
            .field("approver", &self.approver)
            .field("limits", &self.limits)
            .finish_non_exhaustive()
    }
}
