//! An agent: the parts that every turn uses.

use std::fmt;
use std::future::{Future, poll_fn};
use std::pin::{Pin, pin};
use std::sync::Arc;
use std::task::Poll;

use futures_util::future::{Either, select};
use openclaw_core::{
    Approver, ChatModel, History, Journal, NoopJournal, ReadOnlyApprover, Tool, ToolOutputStore,
    ToolSpec,
};

use crate::prompt_cache::PromptCacheTracker;
use crate::tool_registry::ToolRegistry;
use crate::turn::ActiveTurn;
use crate::{
    CompactionReport, ConfiguredTimeout, DuplicateToolError, SteeringQueue, TurnError,
    TurnEventSender, TurnLimits, TurnOutcome, TurnReport, TurnRequest,
};

/// What an agent is made of.
#[derive(Clone)]
pub struct AgentParts {
    /// The model that is asked.
    pub model: Arc<dyn ChatModel>,
    /// The tools that are offered, in any order.
    pub tools: Vec<Arc<dyn Tool>>,
    /// The system prompt; `None` sends none.
    pub system_prompt: Option<Arc<str>>,
    /// Who decides whether a call may run.
    pub approver: Arc<dyn Approver>,
    /// Where everything is recorded before anything depends on it.
    pub journal: Arc<dyn Journal>,
    /// Where outputs go that have no room in the window; `None`: what is cut is lost.
    pub output_store: Option<Arc<dyn ToolOutputStore>>,
    /// The whole answer with which the model says that it has nothing to say, e.g. `NO_REPLY`, where
    /// the system prompt tells it so; `None`: such an answer is a reply like any other.
    pub no_reply_marker: Option<Arc<str>>,
    /// What is told at the end of each request that ends with what the user said, and not kept;
    /// `None` tells nothing.
    pub request_suffix: Option<RequestSuffix>,
    /// What ends a turn.
    pub limits: TurnLimits,
}

/// Says what holds now and may not hold at the next request, e.g. the time. All that changes from
/// request to request belongs here, so that the rest of each is the beginning of the next.
pub type RequestSuffix = Arc<dyn Fn() -> String + Send + Sync>;

impl AgentParts {
    /// A model with tools and nothing else: reading is allowed and nothing more, there is no
    /// system prompt, and nothing is recorded or kept.
    pub fn new(model: Arc<dyn ChatModel>, tools: Vec<Arc<dyn Tool>>, limits: TurnLimits) -> Self {
        let (approver, journal) = (Arc::new(ReadOnlyApprover), Arc::new(NoopJournal));
        let (system_prompt, output_store, no_reply_marker, request_suffix) =
            (None, None, None, None);
        Self {
            model,
            tools,
            system_prompt,
            approver,
            journal,
            output_store,
            no_reply_marker,
            request_suffix,
            limits,
        }
    }
}

/// Runs turns with the same model, system prompt, tools and limits, so that each request of a
/// conversation begins with the bytes of the one before. Holds no conversation: that is the
/// [`History`], and turns of different histories may run at the same time.
pub struct Agent {
    pub(crate) model: Arc<dyn ChatModel>,
    pub(crate) tools: ToolRegistry,
    pub(crate) system_prompt: Option<Arc<str>>,
    pub(crate) approver: Arc<dyn Approver>,
    pub(crate) journal: Arc<dyn Journal>,
    pub(crate) output_store: Option<Arc<dyn ToolOutputStore>>,
    pub(crate) no_reply_marker: Option<Arc<str>>,
    pub(crate) request_suffix: Option<RequestSuffix>,
    pub(crate) limits: TurnLimits,
    pub(crate) prompt_cache: PromptCacheTracker,
}

impl Agent {
    /// Makes an agent. The tools are sorted by name here, once.
    ///
    /// # Errors
    /// When two tools have the same name.
    pub fn new(parts: AgentParts) -> Result<Self, DuplicateToolError> {
        let AgentParts {
            model,
            tools,
            system_prompt: system,
            approver,
            journal,
            output_store: spill,
            no_reply_marker: silent,
            request_suffix: tail,
            limits,
        } = parts;
        let toolbox = ToolRegistry::new(tools)?;
        let prefixes = PromptCacheTracker::default();
        Ok(Self {
            model,
            tools: toolbox,
            system_prompt: system,
            approver,
            journal,
            output_store: spill,
            no_reply_marker: silent,
            request_suffix: tail,
            limits,
            prompt_cache: prefixes,
        })
    }

    /// What the model is told of the tools, in the order it is sent.
    #[must_use]
    pub fn tool_specs(&self) -> &Arc<[ToolSpec]> {
        self.tools.tool_specs()
    }

    /// What a request would be told now at its end, and no other.
    #[must_use]
    pub fn render_suffix(&self) -> Option<String> {
        self.request_suffix.as_ref().map(|tail| tail())
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
    pub async fn run_request(
        &self,
        history: &mut History,
        request: TurnRequest<'_>,
        cancelled: impl Future<Output = ()>,
    ) -> TurnReport {
        let TurnRequest { input: opening, steering, events } = request;
        let mut turn = ActiveTurn::new(self, history, events);
        turn.steering = steering;
        let ended = {
            let mut run = pin!(turn.run_turn(opening));
            match select(pin!(self.wait_for_interruption(cancelled)), run.as_mut()).await {
                Either::Left((cut, _)) => finish_recording(steering, run).await.ok_or(cut),
                Either::Right((ended, _)) => Ok(ended),
            }
        };
        turn.finish_turn(ended)
    }

    /// Runs one turn on what the user said, as [`run`](Self::run) does with nobody to steer or
    /// cancel it.
    pub async fn run_turn(
        &self,
        history: &mut History,
        input: &str,
        events: TurnEventSender,
    ) -> TurnReport {
        self.run_request(history, TurnRequest::from_message(input, events), std::future::pending())
            .await
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
    pub async fn compact_history(
        &self,
        history: &mut History,
        events: TurnEventSender,
    ) -> Result<Option<CompactionReport>, TurnError> {
        ActiveTurn::new(self, history, events).compact_history().await
    }

    /// Waits for what cuts a turn.
    async fn wait_for_interruption(
        &self,
        cancelled: impl Future<Output = ()>,
    ) -> TurnInterruption<'_> {
        let Some(limit) = &self.limits.turn_timeout else {
            cancelled.await;
            return TurnInterruption::Cancelled;
        };
        match tokio::time::timeout(limit.duration, cancelled).await {
            Ok(()) => TurnInterruption::Cancelled,
            Err(_elapsed) => TurnInterruption::TimedOut(limit),
        }
    }
}

/// Goes on with a turn as long as something that the user said is being recorded, so that it is in
/// the journal and the history or in neither. `None` when the turn has not ended by then.
async fn finish_recording(
    steering: Option<&SteeringQueue>,
    mut run: Pin<&mut impl Future<Output = TurnResult>>,
) -> Option<TurnResult> {
    poll_fn(|context| {
        if !steering.is_some_and(SteeringQueue::is_recording) {
            return Poll::Ready(None);
        }
        match run.as_mut().poll(context) {
            Poll::Pending if steering.is_some_and(SteeringQueue::is_recording) => Poll::Pending,
            Poll::Pending => Poll::Ready(None),
            Poll::Ready(ran) => Poll::Ready(Some(ran)),
        }
    })
    .await
}

/// How a turn ended that was not cut.
type TurnResult = Result<TurnOutcome, TurnError>;

/// What cut a turn.
enum TurnInterruption<'a> {
    TimedOut(&'a ConfiguredTimeout),
    Cancelled,
}

impl ActiveTurn<'_> {
    fn finish_turn(mut self, ended: Result<TurnResult, TurnInterruption<'_>>) -> TurnReport {
        let outcome = match ended {
            Ok(Ok(outcome)) => outcome,
            Ok(Err(error)) => TurnOutcome::Failed(error),
            Err(TurnInterruption::TimedOut(limit)) => {
                self.interrupt_open_calls(&format!("the turn's time ran out ({limit})"));
                TurnOutcome::TimedOut { limit: limit.clone() }
            }
            Err(TurnInterruption::Cancelled) => {
                self.interrupt_open_calls("the turn was cancelled");
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
            .field("spill", &self.output_store)
            .field("limits", &self.limits)
            .finish_non_exhaustive()
    }
}

impl fmt::Debug for Agent {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Agent")
            .field("model", &self.model)
            .field("toolbox", &self.tools)
            .field("approver", &self.approver)
            .field("spill", &self.output_store)
            .field("limits", &self.limits)
            .finish_non_exhaustive()
    }
}
