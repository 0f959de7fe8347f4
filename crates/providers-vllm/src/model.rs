//! The model: exact budgets near the limit, and advice where vLLM refuses.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use async_trait::async_trait;
use futures_util::{FutureExt, stream};
use openclaw_core::{
    ChatEvent, ChatModel, ChatRequest, ChatStream, HttpExchange, Liveness, ModelError,
    ModelErrorKind, ModelInfo, TokenCount, Waiting,
};
use openclaw_providers_openai::{Api, Knowledge, OpenAiModel, Params, list_models, nearest};
use openclaw_transport::{Client, Depth, Limit};

use crate::liveness::Pulse;
use crate::patience::{Item, Patience, Patient};
use crate::recovery::{Held, OnLoss};
use crate::spoken::{Opening, Rest, Spoken};
use crate::{advice, liveness};

/// A model served by vLLM, spoken to in the API of `M`.
#[derive(Debug, Clone)]
pub struct VllmModel<M = OpenAiModel> {
    inner: M,
    /// For questions beside the conversation.
    side: Client,
    patience: Option<Patience>,
    pub(crate) on_loss: Option<OnLoss>,
    /// The server lists it.
    is_listed: bool,
    /// The server took a request for it.
    has_answered: Arc<AtomicBool>,
}

impl VllmModel {
    /// The model of `info.reference` on the client's server.
    #[must_use]
    pub fn new(client: Client, info: ModelInfo) -> Self {
        Self::of(OpenAiModel::new(client, info))
    }

    /// Speaks another API than chat completions; vLLM has both.
    #[must_use]
    pub fn with_api(mut self, api: Api) -> Self {
        self.inner = self.inner.with_api(api);
        self
    }

    /// Sends these parameters with each request.
    #[must_use]
    pub fn with_params(mut self, params: Params) -> Self {
        self.inner = self.inner.with_params(params);
        self
    }

    /// Begins with what is known of the server, and adds to it what its answers show.
    #[must_use]
    pub fn with_knowledge(mut self, knowledge: Knowledge) -> Self {
        self.inner = self.inner.with_knowledge(knowledge);
        self
    }
}

impl<M: Spoken> VllmModel<M> {
    /// The model behind `inner`, whose client is also asked how the server is.
    #[must_use]
    pub fn of(inner: M) -> Self {
        Self {
            side: inner.client().clone(),
            inner,
            patience: None,
            on_loss: None,
            is_listed: false,
            has_answered: Arc::default(),
        }
    }

    /// Waits for answers with patience. They go through `client`, which has no limits of its own
    /// for the headers, the first token and between tokens; all else stays with the client that
    /// the model was made with.
    #[must_use]
    pub fn with_patience(mut self, client: Client, patience: Patience) -> Self {
        self.inner = self.inner.through(client);
        self.patience = Some(patience);
        self
    }

    /// Holds a call whose server is lost, if the server has served before. `is_listed` is whether
    /// it was seen to list the model, which counts as having served; it is then back when it lists
    /// the model again.
    #[must_use]
    pub fn with_recovery(mut self, on_loss: OnLoss, is_listed: bool) -> Self {
        self.on_loss = Some(on_loss);
        self.is_listed = is_listed;
        self
    }

    /// The longest that a call may take.
    pub(crate) fn total(&self) -> Option<Limit> {
        self.inner.client().clocks().total.clone()
    }

    /// Whether the model was there once.
    pub(crate) fn has_served(&self) -> bool {
        self.is_listed || self.has_answered.load(Ordering::Relaxed)
    }

    pub(crate) fn note_answer(&self) {
        self.has_answered.store(true, Ordering::Relaxed);
    }

    /// Asks whether the model is there now.
    pub(crate) async fn is_served(&self) -> bool {
        let info = self.inner.info();
        liveness::serves(&self.side, info.reference.model(), self.is_listed).await
    }

    /// Sends a request and waits for its answer.
    pub(crate) fn begin(&self, request: ChatRequest, prompt: TokenCount) -> Patient {
        self.wait_for(self.inner.clone().open(request, prompt))
    }

    /// Asks for the rest of an answer, if that is possible, and says how many tokens came before.
    pub(crate) async fn go_on(
        &self,
        asked: (&ChatRequest, TokenCount),
        text: &str,
    ) -> Option<(Patient, u32)> {
        let Rest { opening, before } = self.inner.rest(&self.side, asked, text).await?;
        Some((self.wait_for(opening), before))
    }

    fn wait_for(&self, opening: Opening) -> Patient {
        let exchange = HttpExchange {
            method: "POST".to_owned(),
            url: self.inner.client().endpoint().api(self.inner.route()).to_string(),
            model: Some(self.inner.info().reference.model().to_owned()),
            attempt: 1,
            ..HttpExchange::default()
        };
        let (side, turnstile) = (self.side.clone(), self.inner.client().turnstile().cloned());
        let ask = move |is_taken: bool| {
            let (side, turnstile) = (side.clone(), turnstile.clone());
            let depth = turnstile.filter(|_| !is_taken).map(|turnstile| turnstile.depth());
            async move {
                match depth {
                    Some(Depth { in_flight, waiting }) if waiting > 0 => {
                        let ahead = in_flight.saturating_add(waiting - 1);
                        Pulse::InLine(u32::try_from(ahead).unwrap_or(u32::MAX))
                    }
                    _ => liveness::pulse(&side).await,
                }
            }
            .boxed()
        };
        Patient::new(opening, exchange, self.patience.clone(), Box::new(ask))
    }

    async fn explain(&self, error: ModelError) -> ModelError {
        if error.kind() != ModelErrorKind::UnknownModel {
            return advice::add(error);
        }
        match list_models(&self.side).await {
            Ok(served) if !served.is_empty() => {
                let reference = self.inner.info().reference;
                let ids = nearest(reference.model(), &served);
                let names: Vec<_> =
                    ids.iter().map(|id| format!("`{}/{id}`", reference.provider())).collect();
                error.with_hint(format!("The server serves {}.", names.join(", ")))
            }
            _ => error,
        }
    }
}

#[async_trait]
impl<M: Spoken> ChatModel for VllmModel<M> {
    fn info(&self) -> ModelInfo {
        self.inner.info()
    }

    async fn chat(&self, request: ChatRequest) -> Result<ChatStream, ModelError> {
        let prompt = self.inner.size(&self.side, &request).await;
        let mut answer = Held::new(self.clone(), request, prompt);
        loop {
            match answer.next().await {
                // What is not sent yet may still fail in a way that another model can help with,
                // so that no stream is there to show it on; a line is worth showing all the same.
                Some(Ok(ChatEvent::Waiting { state, .. }))
                    if state != Waiting::Queued || self.inner.client().turnstile().is_none() => {}
                Some(Err(error)) => return Err(self.explain(error).await),
                first => return Ok(stream_of(first, answer)),
            }
        }
    }

    async fn count_tokens(&self, request: &ChatRequest) -> Result<TokenCount, ModelError> {
        self.inner.count(&self.side, request).await
    }

    async fn liveness(&self) -> Liveness {
        liveness::ask(&self.side).await
    }
}

/// The rest of an answer behind its first item.
fn stream_of(first: Option<Item>, answer: Held<impl Spoken>) -> ChatStream {
    Box::pin(stream::unfold((first, Box::new(answer)), |(first, mut answer)| async move {
        let item = match first {
            Some(item) => item,
            None => answer.next().await?,
        };
        Some((item.map_err(advice::add), (None, answer)))
    }))
}
