//! The primary model and its fallbacks, as one model.

use std::sync::{Arc, Mutex, PoisonError};

use async_trait::async_trait;
use openclaw_core::{
    ChatModel, ChatRequest, ChatStream, Clock, Liveness, ModelError, ModelErrorKind, ModelInfo,
    ModelRef, TokenCount,
};

use crate::connect::Connector;
use crate::error::ConnectError;

/// Asks the models in order, beginning with the last that answered, until one does. A model is
/// passed over only on the server's own word or absence, never because one of this program's
/// clocks ran out while the server worked.
#[derive(Debug)]
pub struct Chain {
    connector: Connector,
    references: Vec<ModelRef>,
    current: Mutex<Link>,
    attempts: Attempts,
}

#[derive(Debug, Clone)]
struct Link {
    place: usize,
    model: Arc<dyn ChatModel>,
}

/// The models that were tried in vain, in order. Clones share the record.
#[derive(Debug, Clone, Default)]
pub struct Attempts(Arc<Mutex<Vec<Attempt>>>);

/// A model that was tried in vain.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Attempt {
    /// The model.
    pub reference: ModelRef,
    /// The kind of failure, as named in JSON.
    pub kind: &'static str,
    /// What went wrong, as a fragment.
    pub problem: String,
}

impl Attempts {
    /// The record so far.
    #[must_use]
    pub fn failed(&self) -> Vec<Attempt> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    fn push(&self, reference: &ModelRef, kind: &'static str, error: &ConnectError) {
        let attempt = Attempt { reference: reference.clone(), kind, problem: error.to_string() };
        self.0.lock().unwrap_or_else(PoisonError::into_inner).push(attempt);
    }
}

impl Chain {
    /// Connects to the first of `references` that can be reached.
    ///
    /// # Errors
    /// When none can be; the error is that of the last.
    pub(crate) async fn connect(
        connector: Connector,
        references: Vec<ModelRef>,
    ) -> Result<Self, ConnectError> {
        let attempts = Attempts::default();
        let link = next(&connector, &references, 0, &attempts).await?;
        Ok(Self { connector, references, current: Mutex::new(link), attempts })
    }

    /// The record of models that were tried in vain.
    #[must_use]
    pub fn attempts(&self) -> Attempts {
        self.attempts.clone()
    }

    fn current(&self) -> Link {
        self.current.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

/// Connects to the first reference from `place` on that can be reached.
async fn next(
    connector: &Connector,
    references: &[ModelRef],
    place: usize,
    attempts: &Attempts,
) -> Result<Link, ConnectError> {
    let mut rest = references.iter().enumerate().skip(place).peekable();
    while let Some((place, reference)) = rest.next() {
        match connector.connect(reference, rest.peek().is_none()).await {
            Ok(model) => return Ok(Link { place, model }),
            Err(error) if rest.peek().is_some() && passes_on(&error) => {
                attempts.push(reference, kind_name(&error), &error);
            }
            Err(error) => return Err(error),
        }
    }
    Err(crate::connect::no_model())
}

fn passes_on(error: &ConnectError) -> bool {
    match error {
        ConnectError::Setup(_) => true,
        ConnectError::Model(error) => matches!(
            error.kind(),
            ModelErrorKind::Connect
                | ModelErrorKind::Timeout { clock: Clock::Connect, .. }
                | ModelErrorKind::Loading
                | ModelErrorKind::Overloaded
                | ModelErrorKind::Auth
                | ModelErrorKind::UnknownModel
        ),
    }
}

fn kind_name(error: &ConnectError) -> &'static str {
    match error {
        ConnectError::Setup(error) => error.kind().name(),
        ConnectError::Model(error) => error.kind().name(),
    }
}

#[async_trait]
impl ChatModel for Chain {
    fn info(&self) -> ModelInfo {
        self.current().model.info()
    }

    async fn chat(&self, request: ChatRequest) -> Result<ChatStream, ModelError> {
        let mut link = self.current();
        loop {
            let error = match link.model.chat(request.clone()).await {
                Ok(stream) => {
                    *self.current.lock().unwrap_or_else(PoisonError::into_inner) = link;
                    return Ok(stream);
                }
                Err(error) => ConnectError::Model(error),
            };
            let following = link.place + 1;
            let reference = self.references.get(link.place);
            if let Some(reference) = reference
                && following < self.references.len()
                && passes_on(&error)
            {
                self.attempts.push(reference, kind_name(&error), &error);
                match next(&self.connector, &self.references, following, &self.attempts).await {
                    Ok(found) => link = found,
                    Err(error) => return Err(into_model_error(error)),
                }
            } else {
                return Err(into_model_error(error));
            }
        }
    }

    async fn count_tokens(&self, request: &ChatRequest) -> Result<TokenCount, ModelError> {
        self.current().model.count_tokens(request).await
    }

    async fn liveness(&self) -> Liveness {
        self.current().model.liveness().await
    }
}

fn into_model_error(error: ConnectError) -> ModelError {
    match error {
        ConnectError::Model(error) => error,
        ConnectError::Setup(error) => {
            let hints = error.hints().to_vec();
            let failed = ModelError::new(ModelErrorKind::Rejected, error.to_string());
            hints.into_iter().fold(failed, ModelError::with_hint)
        }
    }
}
