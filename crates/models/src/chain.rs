//! The primary model and its fallbacks, used as one model.
//!
//! A request goes from model to model until one answers; each is tried at most once. A fallback is
//! used when a server reports a failure or is unreachable, never when a timeout of this program
//! expired while the server worked, and never for a request that would fail on every model. Text
//! streamed by a model that then failed is discarded when another model answers.

mod answer;
mod attempts;
mod candidates;
mod decision;
mod fallback_run;

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use async_trait::async_trait;
use openclaw_core::{
    ChatModel, ChatRequest, ChatStream, MessageRef, ModelError, ModelInfo, ModelRef,
    ServerLiveness, TokenCount,
};
use tokio::time::Instant;

pub use self::attempts::attempts_in_error;

use self::fallback_run::FallbackRun;
use crate::breaker::BreakerKey;
use crate::connector::ModelConnector;
use crate::error::{ConnectError, no_model_error};
use crate::report::ConnectReport;

/// The longest Retry-After that is waited for while another model is left.
const MAX_RETRY_AFTER: Duration = Duration::from_secs(30);

/// The longest Retry-After of the last model that is waited for without a retry event.
const MAX_SILENT_RETRY: Duration = Duration::from_secs(1);

/// Asks the models in order until one answers. Models with an open breaker come after the others.
/// Within a turn, the model that answered last is asked first.
#[derive(Debug, Clone)]
pub struct FallbackChain {
    inner: Arc<SharedChain>,
    /// The model that was connected first.
    first: Arc<dyn ChatModel>,
}

/// A model that was connected, and what happened meanwhile.
#[derive(Debug, Clone)]
pub struct ModelConnection {
    /// The model with its fallbacks.
    pub model: FallbackChain,
    /// What happened while it was connected.
    pub report: ConnectReport,
}

/// The state shared by the runs of all requests.
#[derive(Debug)]
struct SharedChain {
    connector: ModelConnector,
    breaker_keys: Vec<BreakerKey>,
    started_at: Instant,
    state: Mutex<ChainState>,
}

#[derive(Debug)]
struct ChainState {
    /// The index of the model that was asked last.
    current: Option<usize>,
    /// The models whose failures were reported while the chain was connected; the first request
    /// does not report them again.
    reported: Vec<usize>,
    /// Whether a new turn began and no request was sent in it.
    turn_begins: bool,
    connected: Vec<Option<ConnectedModel>>,
}

/// A connected model.
#[derive(Debug, Clone)]
struct ConnectedModel {
    place: usize,
    model: Arc<dyn ChatModel>,
    /// Whether no other model was left to take over.
    is_last: bool,
}

impl FallbackChain {
    /// Connects the first of `references` that can be reached.
    ///
    /// # Errors
    /// When none can be reached. The error is that of the last attempt, with the earlier attempts
    /// as its source.
    pub(crate) async fn connect_first(
        connector: ModelConnector,
        references: Vec<ModelRef>,
    ) -> Result<ModelConnection, ConnectError> {
        let circuit = |reference| connector.setup.breaker_key(reference);
        let circuits: Vec<_> = references.into_iter().map(circuit).collect();
        let links = ChainState {
            current: None,
            reported: Vec::new(),
            turn_begins: false,
            connected: vec![None; circuits.len()],
        };
        let inner = Arc::new(SharedChain {
            connector,
            breaker_keys: circuits,
            started_at: Instant::now(),
            state: Mutex::new(links),
        });
        let mut run = FallbackRun::new(Arc::clone(&inner), None);
        let link = run.connect_next().await?;
        let report = run.take_report();
        let reported = run.into_reported();
        let mut links = inner.lock_state();
        links.current = Some(link.place);
        links.reported = reported;
        drop(links);
        Ok(ModelConnection { model: Self { inner, first: link.model }, report })
    }

    /// Marks the next request as the start of a turn. The history alone does not show it: an
    /// interrupted turn may have left tool results at its end.
    pub fn begin_turn(&self) {
        self.inner.lock_state().turn_begins = true;
    }

    fn current_model(&self) -> Arc<dyn ChatModel> {
        let links = self.inner.lock_state();
        let link = links.current.and_then(|place| links.connected.get(place)?.as_ref());
        link.map_or_else(|| Arc::clone(&self.first), |link| Arc::clone(&link.model))
    }
}

impl SharedChain {
    fn lock_state(&self) -> MutexGuard<'_, ChainState> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Connects a model, unless it is connected already. The last remaining model is waited for
    /// where another could take over otherwise, so a change of `is_last` connects it again.
    async fn connect_model(
        &self,
        place: usize,
        is_last: bool,
        warnings: &mut Vec<String>,
    ) -> Result<ConnectedModel, ConnectError> {
        let known = self.lock_state().connected.get(place).cloned().flatten();
        if let Some(link) = known.filter(|link| link.is_last == is_last) {
            return Ok(link);
        }
        let Some(circuit) = self.breaker_keys.get(place) else { return Err(no_model_error()) };
        let mut connector = self.connector.clone();
        // Longer waits of the last model are left to the busy retry, which reports them as events.
        connector.max_retry_after = Some(if is_last { MAX_SILENT_RETRY } else { MAX_RETRY_AFTER });
        let model = connector.connect_model(&circuit.reference, is_last, warnings).await?;
        let link = ConnectedModel { place, model, is_last };
        if let Some(slot) = self.lock_state().connected.get_mut(place) {
            *slot = Some(link.clone());
        }
        Ok(link)
    }
}

/// Whether a request continues a turn: it ends with a tool result, or with a user message after
/// one.
fn is_follow_up(request: &ChatRequest) -> bool {
    let is_result = |message: &_| matches!(message, MessageRef::ToolResult { .. });
    let messages: Vec<_> = request.history.messages().collect();
    match messages.as_slice() {
        [.., before, MessageRef::User(_)] => is_result(before),
        [.., last] => is_result(last),
        [] => false,
    }
}

#[async_trait]
impl ChatModel for FallbackChain {
    fn model_info(&self) -> ModelInfo {
        self.current_model().model_info()
    }

    async fn stream_chat(&self, request: ChatRequest) -> Result<ChatStream, ModelError> {
        // Changing the model within a turn would cost the prefix cache and mix two models' work.
        let first = {
            let mut links = self.inner.lock_state();
            let begins = std::mem::take(&mut links.turn_begins);
            links.current.filter(|_| !begins && is_follow_up(&request))
        };
        let run = FallbackRun::new(Arc::clone(&self.inner), first);
        Ok(answer::stream_answer(run, request))
    }

    async fn count_tokens(&self, request: &ChatRequest) -> Result<TokenCount, ModelError> {
        self.current_model().count_tokens(request).await
    }

    async fn check_liveness(&self) -> ServerLiveness {
        self.current_model().check_liveness().await
    }
}
