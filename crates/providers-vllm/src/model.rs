//! The model: exact budgets near the limit, and advice where vLLM refuses.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use async_trait::async_trait;
use futures_util::{FutureExt, stream};
use openclaw_core::{
    ChatEvent, ChatModel, ChatRequest, ChatStream, HttpExchange, ModelError, ModelErrorKind,
    ModelInfo, ServerActivity, ServerLiveness, TokenCount,
};
use openclaw_providers_openai::{
    CapabilityStore, ChatApi, OpenAiModel, RequestParams, list_models, nearest_model_ids,
};
use openclaw_transport::{Client, QueueDepth, TimeLimit};

use crate::backend::{AnswerContinuation, PendingResponse, VllmBackend};
use crate::idle_monitor::{AnswerItem, IdleMonitoredStream, IdlePolicy};
use crate::liveness::ServerHealth;
use crate::recovery::{ReconnectPolicy, ResumableCall};
use crate::{failure_hints, liveness};

/// A model served by vLLM, spoken to in the API of `M`.
#[derive(Debug, Clone)]
pub struct VllmModel<M = OpenAiModel> {
    inner: M,
    /// For questions beside the conversation.
    control_client: Client,
    idle_policy: Option<IdlePolicy>,
    pub(crate) reconnect_policy: Option<ReconnectPolicy>,
    /// The server lists it.
    is_listed: bool,
    /// The server took a request for it.
    has_answered: Arc<AtomicBool>,
}

impl VllmModel {
    /// The model of `info.reference` on the client's server.
    #[must_use]
    pub fn new(client: Client, info: ModelInfo) -> Self {
        Self::from_backend(OpenAiModel::new(client, info))
    }

    /// Speaks another API than chat completions; vLLM has both.
    #[must_use]
    pub fn with_api(mut self, api: ChatApi) -> Self {
        self.inner = self.inner.with_api(api);
        self
    }

    /// Sends these parameters with each request.
    #[must_use]
    pub fn with_params(mut self, params: RequestParams) -> Self {
        self.inner = self.inner.with_params(params);
        self
    }

    /// Begins with what is known of the server, and adds to it what its answers show.
    #[must_use]
    pub fn with_knowledge(mut self, knowledge: CapabilityStore) -> Self {
        self.inner = self.inner.with_capability_store(knowledge);
        self
    }
}

impl<M: VllmBackend> VllmModel<M> {
    /// The model behind `inner`, whose client is also asked how the server is.
    #[must_use]
    pub fn from_backend(inner: M) -> Self {
        Self {
            control_client: inner.request_client().clone(),
            inner,
            idle_policy: None,
            reconnect_policy: None,
            is_listed: false,
            has_answered: Arc::default(),
        }
    }

    /// Waits for answers with patience. They go through `client`, which has no limits of its own
    /// for the headers, the first token and between tokens; all else stays with the client that
    /// the model was made with.
    #[must_use]
    pub fn with_idle_policy(mut self, client: Client, idle_policy: IdlePolicy) -> Self {
        self.inner = self.inner.with_client(client);
        self.idle_policy = Some(idle_policy);
        self
    }

    /// Holds a call whose server is lost, if the server has served before. `is_listed` is whether
    /// it was seen to list the model, which counts as having served; it is then back when it lists
    /// the model again.
    #[must_use]
    pub fn with_reconnect_policy(
        mut self,
        reconnect_policy: ReconnectPolicy,
        is_listed: bool,
    ) -> Self {
        self.reconnect_policy = Some(reconnect_policy);
        self.is_listed = is_listed;
        self
    }

    /// The longest that a call may take.
    pub(crate) fn total_limit(&self) -> Option<TimeLimit> {
        self.inner.request_client().timeouts().total.clone()
    }

    /// Whether the model was there once.
    pub(crate) fn has_served(&self) -> bool {
        self.is_listed || self.has_answered.load(Ordering::Relaxed)
    }

    pub(crate) fn record_answer(&self) {
        self.has_answered.store(true, Ordering::Relaxed);
    }

    /// Asks whether the model is there now.
    pub(crate) async fn is_served(&self) -> bool {
        let info = self.inner.model_info();
        liveness::is_model_served(&self.control_client, info.reference.model_id(), self.is_listed)
            .await
    }

    /// Sends a request and waits for its answer.
    pub(crate) fn start_answer(
        &self,
        request: ChatRequest,
        prompt: TokenCount,
    ) -> IdleMonitoredStream {
        self.monitor_response(self.inner.clone().send_request(request, prompt))
    }

    /// Asks for the rest of an answer, if that is possible, and says how many tokens came before.
    pub(crate) async fn continue_answer(
        &self,
        asked: (&ChatRequest, TokenCount),
        text: &str,
    ) -> Option<(IdleMonitoredStream, u32)> {
        let AnswerContinuation { response, tokens_before } =
            self.inner.request_continuation(&self.control_client, asked, text).await?;
        Some((self.monitor_response(response), tokens_before))
    }

    fn monitor_response(&self, response: PendingResponse) -> IdleMonitoredStream {
        let exchange = HttpExchange {
            method: "POST".to_owned(),
            url: self.inner.request_client().endpoint().api_url(self.inner.api_route()).to_string(),
            model: Some(self.inner.model_info().reference.model_id().to_owned()),
            attempt: 1,
            ..HttpExchange::default()
        };
        let (control_client, turnstile) = (
            self.control_client.clone(),
            self.inner.request_client().concurrency_limiter().cloned(),
        );
        let probe = move |is_accepted: bool| {
            let (control_client, turnstile) = (control_client.clone(), turnstile.clone());
            let depth = turnstile.filter(|_| !is_accepted).map(|turnstile| turnstile.queue_depth());
            async move {
                match depth {
                    Some(QueueDepth { in_flight, waiting }) if waiting > 0 => {
                        let ahead = in_flight.saturating_add(waiting - 1);
                        ServerHealth::QueuedLocally(u32::try_from(ahead).unwrap_or(u32::MAX))
                    }
                    _ => liveness::probe_health(&control_client).await,
                }
            }
            .boxed()
        };
        IdleMonitoredStream::new(response, exchange, self.idle_policy.clone(), Box::new(probe))
    }

    async fn explain_error(&self, error: ModelError) -> ModelError {
        if error.kind() != ModelErrorKind::UnknownModel {
            return failure_hints::add_hint(error);
        }
        match list_models(&self.control_client).await {
            Ok(served) if !served.is_empty() => {
                let reference = self.inner.model_info().reference;
                let ids = nearest_model_ids(reference.model_id(), &served);
                let names: Vec<_> =
                    ids.iter().map(|id| format!("`{}/{id}`", reference.provider_id())).collect();
                error.with_hint(format!("The server serves {}.", names.join(", ")))
            }
            _ => error,
        }
    }
}

#[async_trait]
impl<M: VllmBackend> ChatModel for VllmModel<M> {
    fn model_info(&self) -> ModelInfo {
        self.inner.model_info()
    }

    async fn stream_chat(&self, request: ChatRequest) -> Result<ChatStream, ModelError> {
        let prompt = self.inner.size_prompt(&self.control_client, &request).await;
        let mut answer = ResumableCall::new(self.clone(), request, prompt);
        loop {
            match answer.next().await {
                // What is not sent yet may still fail in a way that another model can help with,
                // so that no stream is there to show it on; a line is worth showing all the same.
                Some(Ok(ChatEvent::WaitingForServer { activity, .. }))
                    if activity != ServerActivity::Queued
                        || self.inner.request_client().concurrency_limiter().is_none() => {}
                Some(Err(error)) => return Err(self.explain_error(error).await),
                first => return Ok(answer_stream(first, answer)),
            }
        }
    }

    async fn count_tokens(&self, request: &ChatRequest) -> Result<TokenCount, ModelError> {
        self.inner.count_prompt(&self.control_client, request).await
    }

    async fn check_liveness(&self) -> ServerLiveness {
        liveness::check_liveness(&self.control_client).await
    }
}

/// The rest of an answer behind its first item.
fn answer_stream(first: Option<AnswerItem>, answer: ResumableCall<impl VllmBackend>) -> ChatStream {
    Box::pin(stream::unfold((first, Box::new(answer)), |(first, mut answer)| async move {
        let item = match first {
            Some(item) => item,
            None => answer.next().await?,
        };
        Some((item.map_err(failure_hints::add_hint), (None, answer)))
    }))
}
