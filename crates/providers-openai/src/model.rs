//! A model on an OpenAI-compatible server: one client, one model id.

use std::sync::Arc;

use async_trait::async_trait;
use bytes::Bytes;
use openclaw_core::{
    ChatModel, ChatRequest, ChatStream, ModelError, ModelInfo, ServerLiveness, TokenCount,
};
use openclaw_provider::{PromptSize, model_error, probe_liveness, stream_priority};
use openclaw_transport::{Client, EventStream, TransportError};

use crate::answer::StreamingAnswer;
use crate::api::ChatApi;
use crate::assembly::AnswerAssembler;
use crate::capabilities::{CapabilityStore, ServerCapabilities};
use crate::negotiation::RequestNegotiation;
use crate::params::RequestParams;
use crate::reasoning_tags::ReasoningPrefixHabit;
use crate::request;

/// A model behind `…/chat/completions`, or behind `…/responses`.
#[derive(Debug, Clone)]
pub struct OpenAiModel {
    client: Client,
    info: ModelInfo,
    reasoning_habit: Arc<ReasoningPrefixHabit>,
    capability_store: CapabilityStore,
    chat_api: ChatApi,
    request_params: RequestParams,
}

impl OpenAiModel {
    /// Makes the model `info.reference` on the client's server.
    #[must_use]
    pub fn new(client: Client, info: ModelInfo) -> Self {
        Self {
            client,
            info,
            reasoning_habit: Arc::default(),
            capability_store: CapabilityStore::default(),
            chat_api: ChatApi::default(),
            request_params: RequestParams::default(),
        }
    }

    /// Uses another API than chat completions.
    #[must_use]
    pub fn with_api(mut self, api: ChatApi) -> Self {
        self.chat_api = api;
        self
    }

    /// Sends these parameters with each request.
    #[must_use]
    pub fn with_params(mut self, params: RequestParams) -> Self {
        self.request_params = params;
        self
    }

    /// The parameters sent with each request.
    #[must_use]
    pub fn request_params(&self) -> &RequestParams {
        &self.request_params
    }

    /// Uses a store of known capabilities, and adds to it what answers show.
    #[must_use]
    pub fn with_capability_store(mut self, capability_store: CapabilityStore) -> Self {
        self.capability_store = capability_store;
        self
    }

    /// Sends requests through another client.
    #[must_use]
    pub fn with_client(mut self, client: Client) -> Self {
        self.client = client;
        self
    }

    /// The store of known capabilities, shared with this model.
    #[must_use]
    pub fn capability_store(&self) -> &CapabilityStore {
        &self.capability_store
    }

    /// The API in use.
    #[must_use]
    pub fn chat_api(&self) -> ChatApi {
        self.chat_api
    }

    /// The client, for a server's other routes.
    #[must_use]
    pub fn http_client(&self) -> &Client {
        &self.client
    }

    /// Estimates the size of a request's prompt from the server's earlier counts.
    #[must_use]
    pub fn prompt_size(&self, request: &ChatRequest) -> PromptSize {
        let prompt_bytes =
            request::prompt_bytes(request, &self.capability_store.current_capabilities());
        self.capability_store.size_prompt(&prompt_bytes, self.model_info().limits.context_window)
    }

    /// Records a server's token count of a request, besides the usage that answers report.
    pub fn record_token_count(&self, request: &ChatRequest, tokens: u32) {
        let prompt_bytes =
            request::prompt_bytes(request, &self.capability_store.current_capabilities());
        self.capability_store.record_token_count(&prompt_bytes, tokens);
    }

    /// Sends a request whose prompt has `prompt` tokens. If the server refuses something in it, an
    /// adapted request is sent, and [`ChatEvent::RequestAdapted`](openclaw_core::ChatEvent) reports
    /// it.
    ///
    /// # Errors
    /// As [`ChatModel::stream_chat`]; also, before sending, when the prompt leaves no room for an
    /// answer.
    pub async fn send(
        &self,
        request: &ChatRequest,
        prompt: TokenCount,
    ) -> Result<ChatStream, ModelError> {
        let mut negotiation = RequestNegotiation::new(self.clone(), request.clone(), prompt);
        let events = negotiation.open_stream(None).await?;
        Ok(StreamingAnswer::new(self, request, events).with_negotiation(negotiation).into_stream())
    }

    /// Sends a streaming request with a body of the caller's, based on
    /// [`OpenAiModel::request_body`], for servers that accept more fields. The answer is read as
    /// one to `request`.
    ///
    /// # Errors
    /// As [`ChatModel::stream_chat`].
    pub async fn send_body(
        &self,
        request: &ChatRequest,
        body: Bytes,
    ) -> Result<ChatStream, ModelError> {
        let events = self.open_stream(request, body).await;
        let events = events.map_err(|error| model_error(error, Some(self.id())))?;
        Ok(StreamingAnswer::new(self, request, events).into_stream())
    }

    pub(crate) async fn open_stream(
        &self,
        request: &ChatRequest,
        body: Bytes,
    ) -> Result<EventStream, TransportError> {
        let url = self.client.endpoint().api_url(self.chat_api.route());
        self.client.post_stream_with_priority(url, body, stream_priority(request)).await
    }

    /// The body of a streaming request with this limit for its answer, adapted to known
    /// capabilities.
    #[must_use]
    pub fn request_body(&self, request: &ChatRequest, max_output_tokens: Option<u32>) -> Bytes {
        self.body_for_capabilities(
            &self.capability_store.current_capabilities(),
            request,
            max_output_tokens,
        )
    }

    pub(crate) fn body_for_capabilities(
        &self,
        capabilities: &ServerCapabilities,
        request: &ChatRequest,
        cap: Option<u32>,
    ) -> Bytes {
        self.request_params.add_to_body(self.chat_api.request_body(
            self.id(),
            request,
            cap,
            capabilities,
        ))
    }

    pub(crate) fn id(&self) -> &str {
        self.info.reference.model_id()
    }

    pub(crate) fn reasoning_habit(&self) -> &Arc<ReasoningPrefixHabit> {
        &self.reasoning_habit
    }

    /// Starts the assembly of an answer to a request.
    pub(crate) fn new_assembler(&self, request: &ChatRequest) -> AnswerAssembler {
        let starts_in_reasoning =
            self.reasoning_habit.starts_in_reasoning(self.info.capabilities.reasoning);
        AnswerAssembler::new(Arc::clone(&request.tools), starts_in_reasoning)
    }
}

#[async_trait]
impl ChatModel for OpenAiModel {
    fn model_info(&self) -> ModelInfo {
        ModelInfo {
            limits: self.capability_store.effective_limits(self.info.limits),
            ..self.info.clone()
        }
    }

    async fn stream_chat(&self, request: ChatRequest) -> Result<ChatStream, ModelError> {
        let size = self.prompt_size(&request);
        self.send(&request, size.count).await
    }

    async fn count_tokens(&self, request: &ChatRequest) -> Result<TokenCount, ModelError> {
        Ok(self.prompt_size(request).count)
    }

    async fn check_liveness(&self) -> ServerLiveness {
        probe_liveness(&self.client).await
    }
}
