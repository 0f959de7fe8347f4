//! An agent: the parts that every turn uses.

use std::fmt;
use std::future::{Future, poll_fn};
use std::pin::{Pin, pin};
use std::sync::Arc;
use std::task::Poll;

use futures_util::future::{Either, select};
use openclaw_core::{
    Approver, ChatModel, History, Journal, NoJournal, ReadOnly, Spill, Tool, ToolSpec,
};

use crate::prefix::Prefixes;
use crate::toolbox::Toolbox;
use crate::turn::Turn;
use crate::{
    Compaction, DuplicateTool, EventSender, Limit, Steering, TurnError, TurnLimits, TurnOutcome,
    TurnReport, TurnRequest,
};

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
    /// Where outputs go that have no room in the window; `None`: what is cut is lost.
    pub spill: Option<Arc<dyn Spill>>,
    /// The whole answer with which the model says that it has nothing to say, e.g. `NO_REPLY`, where
    /// the system prompt tells it so; `None`: such an answer is a reply like any other.
    pub silent: Option<Arc<str>>,
    /// What is told at the end of each request that ends with what the user said, and not kept;
    /// `None` tells nothing.
    pub tail: Option<Tail>,
    /// What ends a turn.
    pub limits: TurnLimits,
}

/// Says what holds now and may not hold at the next request, e.g. the time. All that changes from
/// request to request belongs here, so that the rest of each is the beginning of the next.
pub type Tail = Arc<dyn Fn() -> String + Send + Sync>;

impl AgentParts {
    /// A model with tools and nothing else: reading is allowed and nothing more, there is no
    /// system prompt, and nothing is recorded or kept.
    pub fn new(model: Arc<dyn ChatModel>, tools: Vec<Arc<dyn Tool>>, limits: TurnLimits) -> Self {
        let (approver, journal) = (Arc::new(ReadOnly), Arc::new(NoJournal));
        let (system, spill, silent, tail) = (None, None, None, None);
        Self { model, tools, system, approver, journal, spill, silent, tail, limits }
    }
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
    pub(crate) spill: Option<Arc<dyn Spill>>,
    pub(crate) silent: Option<Arc<str>>,
    pub(crate) tail: Option<Tail>,
    pub(crate) limits: TurnLimits,
    pub(crate) prefixes: Prefixes,
}

impl Agent {
    /// Makes an agent. The tools are sorted by name here, once.
    ///
    /// # Errors
    /// When two tools have the same name.
    pub fn new(parts: AgentParts) -> Result<Self, DuplicateTool> {
        let AgentParts { model, tools, system, approver, journal, spill, silent, tail, limits } =
            parts;
        let toolbox = Toolbox::new(tools)?;
        let prefixes = Prefixes::default();
        Ok(Self {
            model,
            toolbox,
            system,
            approver,
            journal,
            spill,
            silent,
            tail,
            limits,
            prefixes,
        })
    }

    /// What the model is told of the tools, in the order it is sent.
    #[must_use]
    pub fn tools(&self) -> &Arc<[ToolSpec]> {
        self.toolbox.specs()
    }

    /// What a request would be told now at its end, and no other.
    #[must_use]
    pub fn tail(&self) -> Option<String> {
        self.tail.as_ref().map(|tail| tail())
    }

    /// Runs one turn, until it ends or `cancelled` does. The turn's report then says so, and calls
    /// that are open are answered as cancelled.
    ///
    /// Whatever the outcome, the history is fit for the next turn: it then holds the user's text,
    /// each whole message of the model, and a result for each call that was answered.
    ///
    /// # Steering
    /// What is said to [`TurnRequest::steering`] is added to the history before the next model
    /// call, one [`TurnEvent::Steered`](crate::TurnEvent::Steered) each; a repetition counts anew
    /// from there, and no tool is forced any more. When the model ends the turn with a reply and
    /// something was not heard by then, the reply is kept and the turn goes on: its outcome is that
    /// of its last message. A turn that has no model call left ends with the reply instead. What
    /// was not heard when the turn ended, in whichever way, is still in the steering; each text is
    /// there or in the history, and never in both. A turn that is cut while one is being recorded
    /// ends when that is done.
    ///
    /// # Cancellation
    /// Dropping the future ends the model call and the tool that run, and leaves the history as
    /// it is at that point; calls without a result are sent as interrupted. When the turn is
    /// dropped, cancelled or out of time while an entry is being recorded, the journal may have
    /// that entry and the history not: a conversation that is to survive its process is then read
    /// back from its journal.
    pub async fn run(
        &self,
        history: &mut History,
        request: TurnRequest<'_>,
        cancelled: impl Future<Output = ()>,
    ) -> TurnReport {
        let TurnRequest { opening, steering, events } = request;
        let mut turn = Turn::new(self, history, events);
        turn.steering = steering;
        let ended = {
            let mut run = pin!(turn.run(opening));
            match select(pin!(self.cut(cancelled)), run.as_mut()).await {
                Either::Left((cut, _)) => whole(steering, run).await.ok_or(cut),
                Either::Right((ended, _)) => Ok(ended),
            }
        };
        turn.end(ended)
    }

    /// Runs one turn on what the user said, as [`run`](Self::run) does with nobody to steer or
    /// cancel it.
    pub async fn run_turn(
        &self,
        history: &mut History,
        input: &str,
        events: EventSender,
    ) -> TurnReport {
        self.run(history, TurnRequest::say(input, events), std::future::pending()).await
    }

    /// Puts a summary in the place of the conversation's beginning, whether or not it still fits.
    /// `None` when nothing that can be done cuts a fifth of it.
    ///
    /// # Cancellation
    /// Dropping the future leaves the history as it was. When it is dropped while the summary is
    /// being recorded, the journal may have it and the history not, as in [`run`](Self::run).
    ///
    /// # Errors
    /// When the summary cannot be recorded; the history is then as it was.
    pub async fn compact(
        &self,
        history: &mut History,
        events: EventSender,
    ) -> Result<Option<Compaction>, TurnError> {
        Turn::new(self, history, events).compact().await
    }

    /// Waits for what cuts a turn.
    async fn cut(&self, cancelled: impl Future<Output = ()>) -> Cut<'_> {
        let Some(limit) = &self.limits.time else {
            cancelled.await;
            return Cut::Cancelled;
        };
        match tokio::time::timeout(limit.duration, cancelled).await {
            Ok(()) => Cut::Cancelled,
            Err(_elapsed) => Cut::TimedOut(limit),
        }
    }
}

/// Goes on with a turn as long as something that the user said is being recorded, so that it is in
/// the journal and the history or in neither. `None` when the turn has not ended by then.
async fn whole(
    steering: Option<&Steering>,
    mut run: Pin<&mut impl Future<Output = Ran>>,
) -> Option<Ran> {
    poll_fn(|context| {
        if !steering.is_some_and(Steering::is_being_recorded) {
            return Poll::Ready(None);
        }
        match run.as_mut().poll(context) {
            Poll::Pending if steering.is_some_and(Steering::is_being_recorded) => Poll::Pending,
            Poll::Pending => Poll::Ready(None),
            Poll::Ready(ran) => Poll::Ready(Some(ran)),
        }
    })
    .await
}

/// How a turn ended that was not cut.
type Ran = Result<TurnOutcome, TurnError>;

/// What cut a turn.
enum Cut<'a> {
    TimedOut(&'a Limit),
    Cancelled,
}

impl Turn<'_> {
    fn end(mut self, ended: Result<Ran, Cut<'_>>) -> TurnReport {
        let outcome = match ended {
            Ok(Ok(outcome)) => outcome,
            Ok(Err(error)) => TurnOutcome::Failed(error),
            Err(Cut::TimedOut(limit)) => {
                self.interrupt(&format!("the turn's time ran out ({limit})"));
                TurnOutcome::TimedOut { limit: limit.clone() }
            }
            Err(Cut::Cancelled) => {
                self.interrupt("the turn was cancelled");
                TurnOutcome::Cancelled
            }
        };
        self.into_report(outcome)
    }
}

impl fmt::Debug for AgentParts {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("AgentParts")
            .field("model", &self.model)
            .field("tools", &self.tools)
            .field("approver", &self.approver)
            .field("spill", &self.spill)
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
            .field("spill", &self.spill)
            .field("limits", &self.limits)
            .finish_non_exhaustive()
    }
}
