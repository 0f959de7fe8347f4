//! A model served by vLLM, with exact token counts near the context window and hints on errors.

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

/// A model served by vLLM through the API of `M`.
#[derive(Debug, Clone)]
pub struct VllmModel<M = OpenAiModel> {
    inner: M,
    /// The client for probes, token counts and lists of models.
    control_client: Client,
    idle_policy: Option<IdlePolicy>,
    pub(crate) reconnect_policy: Option<ReconnectPolicy>,
    /// Whether the server was seen to list the model.
    is_listed: bool,
    /// Whether the server has accepted a request for the model.
    has_answered: Arc<AtomicBool>,
}

impl VllmModel {
    /// Makes the model `info.reference` on the client's server.
    #[must_use]
    pub fn new(client: Client, info: ModelInfo) -> Self {
        Self::from_backend(OpenAiModel::new(client, info))
    }

    /// Uses another API than chat completions, the default.
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

    /// Uses a store of known capabilities, and adds to it what answers show.
    #[must_use]
    pub fn with_knowledge(mut self, knowledge: CapabilityStore) -> Self {
        self.inner = self.inner.with_capability_store(knowledge);
        self
    }
}

impl<M: VllmBackend> VllmModel<M> {
    /// Wraps a backend. Its client is also used for probes.
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

    /// Monitors idle streams by a policy. Chat requests go through `client`, which must have no
    /// timeouts for the headers, the first token and between tokens; everything else stays with the
    /// original client.
    #[must_use]
    pub fn with_idle_policy(mut self, client: Client, idle_policy: IdlePolicy) -> Self {
        self.inner = self.inner.with_client(client);
        self.idle_policy = Some(idle_policy);
        self
    }

    /// Waits for a server that is lost during a call, if it served before. `is_listed` tells that
    /// the server was seen to list the model: that counts as having served, and the server is back
    /// once it lists the model again.
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

    /// The total timeout of a call.
    pub(crate) fn total_limit(&self) -> Option<TimeLimit> {
        self.inner.request_client().timeouts().total.clone()
    }

    /// Returns whether the model was served before.
    pub(crate) fn has_served(&self) -> bool {
        self.is_listed || self.has_answered.load(Ordering::Relaxed)
    }

    pub(crate) fn record_answer(&self) {
        self.has_answered.store(true, Ordering::Relaxed);
    }

    /// Returns whether the model is served now.
    pub(crate) async fn is_served(&self) -> bool {
        let info = self.inner.model_info();
        liveness::is_model_served(&self.control_client, info.reference.model_id(), self.is_listed)
            .await
    }

    /// Sends a request and monitors its answer.
    pub(crate) fn start_answer(
        &self,
        request: ChatRequest,
        prepared: M::Prepared,
    ) -> IdleMonitoredStream {
        self.monitor_response(self.inner.clone().send_request(request, prepared))
    }

    /// Sends a request again, and monitors its answer.
    pub(crate) fn restart_answer(&self, request: ChatRequest) -> IdleMonitoredStream {
        let (inner, control_client) = (self.inner.clone(), self.control_client.clone());
        self.monitor_response(
            async move {
                let prepared = inner.prepare_request(&control_client, &request).await;
                inner.send_request(request, prepared).await
            }
            .boxed(),
        )
    }

    /// Requests the rest of an answer, if it can be continued; returns it with the tokens of the
    /// answer so far.
    pub(crate) async fn continue_answer(
        &self,
        request: &ChatRequest,
        prompt: TokenCount,
        text: &str,
    ) -> Option<(IdleMonitoredStream, u32)> {
        let AnswerContinuation { response, tokens_before } =
            self.inner.request_continuation(&self.control_client, request, prompt, text).await?;
        Some((self.monitor_response(response), tokens_before))
    }

    fn monitor_response(&self, response: PendingResponse) -> IdleMonitoredStream {
        let exchange = HttpExchange {
            method: "POST".into(),
            url: self.inner.request_client().endpoint().api_url(self.inner.api_route()).to_string(),
            model: Some(self.inner.model_info().reference.model_id().to_owned()),
            attempt: 1,
            ..HttpExchange::default()
        };
        let (control_client, limiter) = (
            self.control_client.clone(),
            self.inner.request_client().concurrency_limiter().cloned(),
        );
        let probe = move |is_accepted: bool| {
            let (control_client, limiter) = (control_client.clone(), limiter.clone());
            let depth = limiter.filter(|_| !is_accepted).map(|limiter| limiter.queue_depth());
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
        let prepared = self.inner.prepare_request(&self.control_client, &request).await;
        let mut answer = ResumableCall::new(self.clone(), request, prepared);
        loop {
            match answer.next().await {
                // Before the request is sent, no stream is returned, because an error here still
                // allows a fallback to another model. Waiting in the local queue is shown all the
                // same.
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

/// Returns the stream of an answer, with its first item put back.
fn answer_stream(first: Option<AnswerItem>, answer: ResumableCall<impl VllmBackend>) -> ChatStream {
    Box::pin(stream::unfold((first, Box::new(answer)), |(first, mut answer)| async move {
        let item = match first {
            Some(item) => item,
            None => answer.next().await?,
        };
        Some((item.map_err(failure_hints::add_hint), (None, answer)))
    }))
}
