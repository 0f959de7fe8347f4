//! An agent: the model, tools and settings that all its turns share.

use std::fmt;
use std::future::{Future, poll_fn};
use std::pin::{Pin, pin};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
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
    CompactionReport, DuplicateToolError, SteeringQueue, TimeLimit, TurnError, TurnEventSender,
    TurnLimits, TurnOutcome, TurnReport, TurnRequest,
};

/// What an agent is made of.
#[derive(Clone)]
pub struct AgentParts {
    /// The model that is called.
    pub model: Arc<dyn ChatModel>,
    /// The offered tools, in any order.
    pub tools: Vec<Arc<dyn Tool>>,
    /// The system prompt; `None` sends none.
    pub system_prompt: Option<Arc<str>>,
    /// Decides whether a tool call may run.
    pub approver: Arc<dyn Approver>,
    /// Records each turn; an entry is durable before anything depends on it.
    pub journal: Arc<dyn Journal>,
    /// Saves outputs that are too large for the context window; `None` loses what is cut.
    pub output_store: Option<Arc<dyn ToolOutputStore>>,
    /// The complete answer with which the model declines to reply, e.g. `NO_REPLY`, as the system
    /// prompt tells it. `None` treats such an answer as a reply.
    pub no_reply_marker: Option<Arc<str>>,
    /// Text for the end of each request that ends with a user message; never recorded.
    pub request_suffix: Option<RequestSuffix>,
    /// The limits of a turn.
    pub limits: TurnLimits,
}

/// Returns text that is valid for one request only, e.g. the time. Keep everything that changes
/// between requests in here, so that the server's prefix cache covers the rest.
pub type RequestSuffix = Arc<dyn Fn() -> String + Send + Sync>;

impl AgentParts {
    /// A model with tools and nothing else: only reading is allowed, there is no system prompt,
    /// nothing is recorded and no output is saved.
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
/// conversation begins with the bytes of the one before it. Holds no conversation (that is the
/// [`History`]), so turns of different histories may run at the same time.
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
    /// Whether the server refused images.
    images_refused: AtomicBool,
}

impl Agent {
    /// Whether the model takes images, as far as is known.
    pub(crate) fn takes_images(&self) -> bool {
        self.model.model_info().capabilities.images && !self.images_refused.load(Ordering::Relaxed)
    }

    pub(crate) fn mark_images_refused(&self) {
        self.images_refused.store(true, Ordering::Relaxed);
    }

    /// Makes an agent and sorts its tools by name.
    ///
    /// # Errors
    /// When two tools have the same name.
    pub fn new(parts: AgentParts) -> Result<Self, DuplicateToolError> {
        let AgentParts {
            model,
            tools,
            system_prompt,
            approver,
            journal,
            output_store,
            no_reply_marker,
            request_suffix,
            limits,
        } = parts;
        Ok(Self {
            model,
            tools: ToolRegistry::new(tools)?,
            system_prompt,
            approver,
            journal,
            output_store,
            no_reply_marker,
            request_suffix,
            limits,
            prompt_cache: PromptCacheTracker::default(),
            images_refused: AtomicBool::new(false),
        })
    }

    /// The specs of the tools, in the order they are sent.
    #[must_use]
    pub fn tool_specs(&self) -> &Arc<[ToolSpec]> {
        self.tools.tool_specs()
    }

    /// Calls [`AgentParts::request_suffix`]; `None` when there is none.
    #[must_use]
    pub fn render_suffix(&self) -> Option<String> {
        self.request_suffix.as_ref().map(|tail| tail())
    }

    /// Runs one turn until it ends or `cancelled` completes. The report then has
    /// [`TurnOutcome::Cancelled`], and open calls are answered as cancelled.
    ///
    /// Whatever the outcome, the history is valid for the next turn: it holds the user's text, each
    /// complete message of the model, and a result for each call that was answered.
    ///
    /// # Steering
    /// Messages pushed to [`TurnRequest::steering`] are added to the history before the next model
    /// call, with one [`TurnEvent::SteeringApplied`](crate::TurnEvent::SteeringApplied) each. They
    /// reset the count of repeated calls and any forced tool. When the model ends the turn with a
    /// reply and messages are still pending, the reply is kept and the turn goes on; its outcome is
    /// that of its last message. At the limit of model calls the turn ends with the reply instead.
    /// Messages that are pending when the turn ends, in whichever way, stay in the queue: each
    /// message is either there or in the history. A turn that is interrupted while a message is
    /// being recorded first finishes recording it.
    ///
    /// # Cancellation
    /// Dropping the future ends the running model call and tool, and leaves the history as it is at
    /// that point; calls without a result are sent as interrupted. When the turn is dropped,
    /// cancelled or out of time while an entry is being recorded, the journal may have an entry
    /// that the history lacks. To continue a conversation in another process, load it from its
    /// journal.
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

    /// Runs one turn on a user message, as [`run_request`](Self::run_request) does without steering
    /// and cancellation.
    pub async fn run_turn(
        &self,
        history: &mut History,
        input: &str,
        events: TurnEventSender,
    ) -> TurnReport {
        self.run_request(history, TurnRequest::from_message(input, events), std::future::pending())
            .await
    }

    /// Replaces the beginning of the conversation by a summary, even if it still fits. `None` when
    /// that would not cut at least a fifth of it.
    ///
    /// # Cancellation
    /// Dropping the future leaves the history as it was. When it is dropped while the summary is
    /// being recorded, the journal may have it and the history not, as in
    /// [`run_request`](Self::run_request).
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

    /// Waits for the turn's timeout or its cancellation.
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

/// Polls a turn while a steering message is being recorded, so that the message is in both the
/// journal and the history or in neither. `None` when the turn has not ended by then.
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

/// How a turn ended that was not interrupted.
type TurnResult = Result<TurnOutcome, TurnError>;

/// What interrupted a turn.
enum TurnInterruption<'a> {
    TimedOut(&'a TimeLimit),
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
            .field("output_store", &self.output_store)
            .field("limits", &self.limits)
            .finish_non_exhaustive()
    }
}

impl fmt::Debug for Agent {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Agent")
            .field("model", &self.model)
            .field("tools", &self.tools)
            .field("approver", &self.approver)
            .field("output_store", &self.output_store)
            .field("limits", &self.limits)
            .finish_non_exhaustive()
    }
}
