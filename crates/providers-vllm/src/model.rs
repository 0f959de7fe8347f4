//! The model: exact budgets near the limit, and advice where vLLM refuses.

use async_trait::async_trait;
use futures_util::StreamExt;
use openclaw_core::{
    ChatModel, ChatRequest, ChatStream, Liveness, ModelError, ModelErrorKind, ModelInfo, TokenCount,
};
use openclaw_providers_openai::{OpenAiModel, estimate, list_models, nearest};
use openclaw_transport::Client;

use crate::{advice, liveness, tokenize};

/// A model served by vLLM.
#[derive(Debug, Clone)]
pub struct VllmModel {
    inner: OpenAiModel,
}

impl VllmModel {
    /// The model of `info.reference` on the client's server.
    #[must_use]
    pub fn new(client: Client, info: ModelInfo) -> Self {
        Self { inner: OpenAiModel::new(client, info) }
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
        tokenize::count(&self.inner, request).await.unwrap_or(estimate)
    }

    async fn explain(&self, error: ModelError) -> ModelError {
        if error.kind() != ModelErrorKind::UnknownModel {
            return advice::add(error);
        }
        match list_models(self.inner.client()).await {
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
        match self.inner.send(&request, prompt).await {
            Ok(stream) => Ok(Box::pin(stream.map(|item| item.map_err(advice::add)))),
            Err(error) => Err(self.explain(error).await),
        }
    }

    async fn count_tokens(&self, request: &ChatRequest) -> Result<TokenCount, ModelError> {
        Ok(tokenize::count(&self.inner, request).await.unwrap_or(estimate(request)))
    }

    async fn liveness(&self) -> Liveness {
        liveness::ask(self.inner.client()).await
    }
}
