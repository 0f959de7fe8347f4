//! The primary model and its fallbacks, as one model.
//!
//! A request is taken from model to model until one answers, each at most once. A model is passed
//! over only on its server's own word or absence, never because one of this program's clocks ran
//! out while the server worked, and never for a request that would fail everywhere. Nothing that a
//! model said before it failed stays in the answer of another one.

mod action;
mod answer;
mod attempts;
mod course;
mod walk;

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use async_trait::async_trait;
use openclaw_core::{
    ChatModel, ChatRequest, ChatStream, Liveness, MessageRef, ModelError, ModelInfo, ModelRef,
    TokenCount,
};
use tokio::time::Instant;

pub use self::attempts::{Attempt, Attempts, attempts_of};

use self::answer::Answer;
use self::walk::Walk;
use crate::breaker::Circuit;
use crate::connect::{Connector, no_model};
use crate::error::ConnectError;

/// A rate limit that asks for a longer pause is not waited for while another model is left.
const LONGEST_WISH: Duration = Duration::from_secs(30);

/// The longest pause that the last model left may ask for without anybody being told.
const LONGEST_BLINK: Duration = Duration::from_secs(1);

/// Asks the models in order until one answers: those whose breakers are open after the others, and
/// in the middle of a turn the one that answered last before all.
#[derive(Debug, Clone)]
pub struct Chain {
    inner: Arc<Inner>,
    /// The one that was connected first.
    first: Arc<dyn ChatModel>,
}

/// What the walks of all requests share.
#[derive(Debug)]
struct Inner {
    connector: Connector,
    circuits: Vec<Circuit>,
    attempts: Attempts,
    begun: Instant,
    links: Mutex<Links>,
}

#[derive(Debug)]
struct Links {
    /// The place of the model that was asked last.
    current: Option<usize>,
    /// The places of which it was told while the first of them was connected, and not since.
    told: Vec<usize>,
    /// A turn began, and nothing was asked in it.
    begins: bool,
    connected: Vec<Option<Link>>,
}

/// A connected model.
#[derive(Debug, Clone)]
struct Link {
    place: usize,
    model: Arc<dyn ChatModel>,
    /// Whether no other model was left that could take its place.
    is_last: bool,
}

impl Chain {
    /// Connects to the first of `references` that can be reached.
    ///
    /// # Errors
    /// When none can be; the error is that of the last tried, with the others behind it.
    pub(crate) async fn connect(
        connector: Connector,
        references: Vec<ModelRef>,
    ) -> Result<Self, ConnectError> {
        let circuit = |reference| connector.setup.circuit(reference);
        let circuits: Vec<_> = references.into_iter().map(circuit).collect();
        let links = Links {
            current: None,
            told: Vec::new(),
            begins: false,
            connected: vec![None; circuits.len()],
        };
        let inner = Arc::new(Inner {
            connector,
            circuits,
            attempts: Attempts::default(),
            begun: Instant::now(),
            links: Mutex::new(links),
        });
        let mut walk = Walk::new(Arc::clone(&inner), None);
        let link = walk.connect().await?;
        let told = walk.into_told();
        let mut links = inner.links();
        links.current = Some(link.place);
        links.told = told;
        drop(links);
        Ok(Self { inner, first: link.model })
    }

    /// The record of models that were tried in vain.
    #[must_use]
    pub fn attempts(&self) -> Attempts {
        self.inner.attempts.clone()
    }

    /// Says that the next request begins a turn, whatever it ends with: a turn before it may have
    /// been left with results.
    pub(crate) fn begin_turn(&self) {
        self.inner.links().begins = true;
    }

    fn current(&self) -> Arc<dyn ChatModel> {
        let links = self.inner.links();
        let link = links.current.and_then(|place| links.connected.get(place)?.as_ref());
        link.map_or_else(|| Arc::clone(&self.first), |link| Arc::clone(&link.model))
    }
}

impl Inner {
    fn links(&self) -> MutexGuard<'_, Links> {
        self.links.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Connects a model, unless it is connected already. The last one that is left is waited for
    /// in cases in which another could take over, which is settled when it is connected.
    async fn link(&self, place: usize, is_last: bool) -> Result<Link, ConnectError> {
        let known = self.links().connected.get(place).cloned().flatten();
        if let Some(link) = known.filter(|link| link.is_last == is_last) {
            return Ok(link);
        }
        let Some(circuit) = self.circuits.get(place) else { return Err(no_model()) };
        let mut connector = self.connector.clone();
        // Beyond that the last one is waited for in sight.
        connector.longest_wish = Some(if is_last { LONGEST_BLINK } else { LONGEST_WISH });
        let model = connector.connect(&circuit.reference, is_last).await?;
        let link = Link { place, model, is_last };
        if let Some(slot) = self.links().connected.get_mut(place) {
            *slot = Some(link.clone());
        }
        Ok(link)
    }
}

/// Whether a request goes on with a turn: it ends with a result, or with what the user said after
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
impl ChatModel for Chain {
    fn info(&self) -> ModelInfo {
        self.current().info()
    }

    async fn chat(&self, request: ChatRequest) -> Result<ChatStream, ModelError> {
        // A turn is not torn between models without need.
        let first = {
            let mut links = self.inner.links();
            let begins = std::mem::take(&mut links.begins);
            links.current.filter(|_| !begins && is_follow_up(&request))
        };
        let walk = Walk::new(Arc::clone(&self.inner), first);
        Answer::begin(walk, request).await
    }

    async fn count_tokens(&self, request: &ChatRequest) -> Result<TokenCount, ModelError> {
        self.current().count_tokens(request).await
    }

    async fn liveness(&self) -> Liveness {
        self.current().liveness().await
    }
}
