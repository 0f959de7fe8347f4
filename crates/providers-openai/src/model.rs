//! A model on an OpenAI-compatible server: one client, one model id.

use std::sync::Arc;

use async_trait::async_trait;
use bytes::Bytes;
use openclaw_core::{
    ChatModel, ChatRequest, ChatStream, ModelError, ModelInfo, ServerLiveness, TokenCount,
};
use openclaw_provider::{
    AnswerLimits, PromptSize, SerializedRequest, model_error, probe_liveness, stream_priority,
};
use openclaw_transport::{Client, EventStream, TransportError};

use crate::answer::StreamingAnswer;
use crate::api::ChatApi;
use crate::assembly::AnswerAssembler;
use crate::capabilities::{CapabilityStore, ServerCapabilities, ServerFeature};
use crate::negotiation::{RequestNegotiation, describe_feature};
use crate::params::RequestParams;
use crate::reasoning_tags::ReasoningPrefixHabit;

/// The most checks of the chat template in one run, for servers whose counts prove nothing.
const MAX_TEMPLATE_CHECKS: u32 = 2;

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

/// A request that is ready to be sent, so that it is serialised once a call.
#[derive(Debug, Clone)]
pub struct PreparedRequest {
    pub(crate) api: ChatApi,
    pub(crate) serialized: SerializedRequest,
    /// The capabilities that it was written for.
    pub(crate) capabilities: ServerCapabilities,
    pub(crate) size: PromptSize,
    /// Notes for the user on what was found while it was prepared.
    pub(crate) notes: Vec<String>,
}

impl PreparedRequest {
    /// The size of the prompt.
    #[must_use]
    pub fn prompt_size(&self) -> PromptSize {
        self.size
    }

    /// The model, the messages and the tools of a chat completion as the body of another request,
    /// with these fields behind them: JSON members with a comma before each. `None` for a request
    /// of the Responses API, whose prompt has another form.
    ///
    /// The prompt is not serialised again; its buffer is reused once the body is dropped.
    pub fn prompt_body(&mut self, fields: &[u8]) -> Option<Bytes> {
        if self.api != ChatApi::ChatCompletions {
            return None;
        }
        self.serialized.set_trailer(fields);
        Some(self.serialized.body().clone())
    }
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

    /// Serialises a request for the known capabilities, and estimates the size of its prompt from
    /// the server's earlier counts.
    #[must_use]
    pub fn prepare_request(&self, request: &ChatRequest) -> PreparedRequest {
        let capabilities = self.capability_store.current_capabilities();
        let mut serialized = self.serialize_request(request, &capabilities);
        let size = self.size_serialized(&mut serialized);
        PreparedRequest { api: self.chat_api, serialized, capabilities, size, notes: Vec::new() }
    }

    /// Estimates the size of a request's prompt from the server's earlier counts.
    #[must_use]
    pub fn prompt_size(&self, request: &ChatRequest) -> PromptSize {
        self.prepare_request(request).size
    }

    /// Records a server's token count of a request, besides the usage that answers report.
    pub fn record_token_count(&self, prepared: &mut PreparedRequest, tokens: u32) {
        prepared.size.count = TokenCount::Exact(tokens);
        self.capability_store.record_token_count(&mut prepared.serialized, tokens);
    }

    /// Returns whether it is unknown if the chat template shows the request's tools to the model,
    /// and worth finding out: in one run that is tried a few times.
    #[must_use]
    pub fn needs_template_check(&self, request: &ChatRequest) -> bool {
        let capabilities = self.capability_store.current_capabilities();
        self.chat_api == ChatApi::ChatCompletions
            && !request.tools.is_empty()
            && !capabilities.has_tool_template
            && !capabilities.uses_text_tools()
            && !capabilities.is_unsupported(ServerFeature::TokenizeRoute)
            && self.capability_store.count_template_check() < MAX_TEMPLATE_CHECKS
    }

    /// Records that the chat template ignores tools. The request is prepared again, with tools as
    /// text, and the user is told when it is sent.
    #[must_use]
    pub fn prepare_without_tool_template(&self, request: &ChatRequest) -> PreparedRequest {
        self.capability_store.mark_unsupported(ServerFeature::ToolTemplate);
        let mut prepared = self.prepare_request(request);
        prepared.notes.push(describe_feature(ServerFeature::ToolTemplate).to_owned());
        prepared
    }

    /// Sends a request that was prepared before. If the server refuses something in it, an adapted
    /// request is sent, and [`ChatEvent::RequestAdapted`](openclaw_core::ChatEvent) reports it.
    ///
    /// # Errors
    /// As [`ChatModel::stream_chat`]; also, before sending, when the prompt leaves no room for an
    /// answer.
    pub async fn send(
        &self,
        request: &ChatRequest,
        prepared: PreparedRequest,
    ) -> Result<ChatStream, ModelError> {
        let mut negotiation = RequestNegotiation::new(self.clone(), request.clone(), prepared);
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
        let capabilities = self.capability_store.current_capabilities();
        let mut serialized = self.serialize_request(request, &capabilities);
        self.set_trailer(&mut serialized, &capabilities, max_output_tokens);
        serialized.body().clone()
    }

    /// Serialises a request without a limit for the answer and without parameters.
    pub(crate) fn serialize_request(
        &self,
        request: &ChatRequest,
        capabilities: &ServerCapabilities,
    ) -> SerializedRequest {
        self.chat_api.serialize_request(self.id(), request, capabilities)
    }

    /// Sets the limit of the answer, in tokens, and the parameters of a serialised request.
    pub(crate) fn set_trailer(
        &self,
        serialized: &mut SerializedRequest,
        capabilities: &ServerCapabilities,
        output_cap: Option<u32>,
    ) {
        let trailer = self.chat_api.trailer(capabilities, output_cap, &self.request_params);
        serialized.set_trailer(&trailer);
    }

    pub(crate) fn size_serialized(&self, serialized: &mut SerializedRequest) -> PromptSize {
        self.capability_store.size_prompt(serialized, self.model_info().limits.context_window)
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
        let max_tool_calls = self.answer_limits(request).max_tool_calls;
        AnswerAssembler::new(Arc::clone(&request.tools), starts_in_reasoning, max_tool_calls)
    }

    /// The limits of the answer to a request.
    pub(crate) fn answer_limits(&self, request: &ChatRequest) -> AnswerLimits {
        AnswerLimits::for_request(request, self.info.limits.max_output_tokens)
    }
}

#[async_trait]
impl ChatModel for OpenAiModel {
    fn model_info(&self) -> ModelInfo {
        let mut info = ModelInfo {
            limits: self.capability_store.effective_limits(self.info.limits),
            ..self.info.clone()
        };
        info.capabilities.tools_as_text = self.capability_store.uses_text_tools();
        info
    }

    async fn stream_chat(&self, request: ChatRequest) -> Result<ChatStream, ModelError> {
        let prepared = self.prepare_request(&request);
        self.send(&request, prepared).await
    }

    async fn count_tokens(&self, request: &ChatRequest) -> Result<TokenCount, ModelError> {
        Ok(self.prompt_size(request).count)
    }

    async fn check_liveness(&self) -> ServerLiveness {
        probe_liveness(&self.client).await
    }
}
