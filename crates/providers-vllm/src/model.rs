//! The model: exact budgets near the limit, and advice where vLLM refuses.

use async_trait::async_trait;
use futures_util::{FutureExt, stream};
use openclaw_core::{
    ChatEvent, ChatModel, ChatRequest, ChatStream, HttpExchange, Liveness, ModelError,
    ModelErrorKind, ModelInfo, TokenCount,
};
use openclaw_providers_openai::{OpenAiModel, estimate, list_models, nearest};
use openclaw_transport::Client;

use crate::patience::{Item, Patience, Patient};
use crate::{advice, liveness, tokenize};

/// A model served by vLLM.
#[derive(Debug, Clone)]
pub struct VllmModel {
    inner: OpenAiModel,
    /// For questions beside the conversation.
    side: Client,
    patience: Option<Patience>,
}

impl VllmModel {
    /// The model of `info.reference` on the client's server.
    #[must_use]
    pub fn new(client: Client, info: ModelInfo) -> Self {
        let inner = OpenAiModel::new(client.clone(), info);
        Self { inner, side: client, patience: None }
    }

    /// Waits for answers with patience. They go through `client`, which has no limits of its own
    /// for the headers, the first token and between tokens; all else stays with the client that
    /// the model was made with.
    #[must_use]
    pub fn with_patience(mut self, client: Client, patience: Patience) -> Self {
        self.inner = OpenAiModel::new(client, self.inner.info());
        self.patience = Some(patience);
        self
    }

    /// Counts the prompt exactly where an estimate could be wrong about what fits.
    async fn prompt_tokens(&self, request: &ChatRequest) -> TokenCount {
        let limits = self.inner.info().limits;
        let estimate = estimate(request);
        let (prompt, window) = (u64::from(estimate.tokens()), u64::from(limits.window));
        let wanted = request.max_output_tokens.into_iter().chain(limits.output).min();
        let fits = match wanted {
            // No prompt has more tokens than bytes, of which the estimate takes three for one.
            Some(wanted) => 3 * prompt + u64::from(wanted) <= window,
            // An answer without a cap gets what room there is, as long as there is some.
            None => prompt * 100 < window * 85,
        };
        if fits {
            return estimate;
        }
        self.count(request).await.unwrap_or(estimate)
    }

    async fn count(&self, request: &ChatRequest) -> Option<TokenCount> {
        tokenize::count(&self.side, self.inner.info().reference.model(), request).await
    }

    /// Sends a request and waits for its answer.
    fn send(&self, request: ChatRequest, prompt: TokenCount) -> Patient {
        let inner = self.inner.clone();
        let opening = async move { inner.send(&request, prompt).await };
        let exchange = HttpExchange {
            method: "POST".to_owned(),
            url: self.inner.client().endpoint().api("chat/completions").to_string(),
            model: Some(self.inner.info().reference.model().to_owned()),
            attempt: 1,
            ..HttpExchange::default()
        };
        let side = self.side.clone();
        let ask = move || {
            let side = side.clone();
            async move { liveness::pulse(&side).await }.boxed()
        };
        Patient::new(opening.boxed(), exchange, self.patience.clone(), Box::new(ask))
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
impl ChatModel for VllmModel {
    fn info(&self) -> ModelInfo {
        self.inner.info()
    }

    async fn chat(&self, request: ChatRequest) -> Result<ChatStream, ModelError> {
        let prompt = self.prompt_tokens(&request).await;
        let mut answer = self.send(request, prompt);
        loop {
            match answer.next().await {
                // Whoever has no stream yet has nothing to show it on.
                Some(Ok(ChatEvent::Waiting { .. })) => {}
                Some(Err(error)) => return Err(self.explain(error).await),
                first => return Ok(stream_of(first, answer)),
            }
        }
    }

    async fn count_tokens(&self, request: &ChatRequest) -> Result<TokenCount, ModelError> {
        Ok(self.count(request).await.unwrap_or(estimate(request)))
    }

    async fn liveness(&self) -> Liveness {
        liveness::ask(&self.side).await
    }
}

/// The rest of an answer behind its first item.
fn stream_of(first: Option<Item>, answer: Patient) -> ChatStream {
    Box::pin(stream::unfold((first, Box::new(answer)), |(first, mut answer)| async move {
        let item = match first {
            Some(item) => item,
            None => answer.next().await?,
        };
        Some((item.map_err(advice::add), (None, answer)))
    }))
}
