//! A model of the Messages API: one client, one model id.

use std::sync::Arc;

use async_trait::async_trait;
use bytes::Bytes;
use openclaw_core::{
    ChatModel, ChatRequest, ChatStream, ModelError, ModelErrorKind, ModelInfo, ServerLiveness,
    TokenCount,
};
use openclaw_provider::{
    AnswerLimits, fit_answer_tokens, image_lengths, is_near_window, model_error, probe_liveness,
    refusal_evidence, stream_priority,
};
use openclaw_transport::{Client, EventStream, TransportErrorKind};

use crate::answer::MessageReader;
use crate::capabilities::{RetryPlan, ServerCapabilities};
use crate::params::MessagesParams;
use crate::request::{CacheControl, PromptBody, RequestWriter};
use crate::wire::TokenCountResponse;

/// The answer's limit in tokens when none is configured, because the API requires one: enough for a
/// long file. A model with a lower limit reports it. In a small context window the limit is a
/// quarter of it.
const DEFAULT_MAX_TOKENS: u32 = 16_384;

/// A model behind `…/messages`.
#[derive(Debug, Clone)]
pub struct MessagesModel {
    client: Client,
    info: ModelInfo,
    cache_control: Option<CacheControl>,
    params: MessagesParams,
    capabilities: Arc<ServerCapabilities>,
}

/// A request that is ready to be sent, so that it is serialised once a call.
#[derive(Debug)]
pub struct PreparedMessages {
    body: PromptBody,
    /// The size from which the tokens are estimated: that of the token counting request.
    count_bytes: usize,
    count: TokenCount,
}

impl PreparedMessages {
    /// The tokens of the prompt.
    #[must_use]
    pub fn prompt_tokens(&self) -> TokenCount {
        self.count
    }
}

impl MessagesModel {
    /// Makes the model `info.reference` on the client's server. The client must send the headers of
    /// this API; [`with_api_headers`](crate::with_api_headers) adds them to its options.
    #[must_use]
    pub fn new(client: Client, info: ModelInfo) -> Self {
        Self {
            client,
            info,
            cache_control: Some(CacheControl::SHORT),
            params: MessagesParams::default(),
            capabilities: Arc::default(),
        }
    }

    /// Sends these parameters with each request.
    #[must_use]
    pub fn with_params(mut self, params: MessagesParams) -> Self {
        self.params = params;
        self
    }

    /// Sets the cache control of requests, [`CacheControl::SHORT`] by default; `None` is for a
    /// server that refuses `cache_control`.
    #[must_use]
    pub fn with_cache_control(mut self, cache_control: Option<CacheControl>) -> Self {
        self.cache_control = cache_control;
        self
    }

    /// Sends requests through another client.
    #[must_use]
    pub fn with_client(mut self, client: Client) -> Self {
        self.client = client;
        self
    }

    /// The client, for a server's other routes.
    #[must_use]
    pub fn client(&self) -> &Client {
        &self.client
    }

    /// The route of the API below the base URL.
    #[must_use]
    pub fn route_path(&self) -> &'static str {
        "messages"
    }

    /// Serialises a request, estimates the tokens of its prompt, and has the server count them
    /// where the estimate is too close to the context window.
    pub async fn prepare_request(&self, request: &ChatRequest) -> PreparedMessages {
        let mut prepared = self.serialize_request(request);
        prepared.count = self.count_prompt_tokens(request, &mut prepared).await;
        prepared
    }

    /// Sends a request that was prepared before.
    ///
    /// # Errors
    /// As [`ChatModel::stream_chat`]; also, before sending, when the prompt leaves no room for an
    /// answer.
    pub async fn send(
        &self,
        request: &ChatRequest,
        mut prepared: PreparedMessages,
    ) -> Result<ChatStream, ModelError> {
        let prompt = prepared.count;
        let max_tokens = self.answer_token_limit(request, prompt)?;
        let body = prepared.body.chat_body(&self.params, max_tokens);
        let (events, adaptation) = match self.open_stream(request, body).await {
            Ok(events) => (events, None),
            Err(error) => {
                let again = self.capabilities.plan_retry(
                    &refusal_evidence(&error, request),
                    self.model_info().limits,
                    max_tokens,
                    prompt,
                );
                let Some(RetryPlan { max_tokens, message }) = again else { return Err(error) };
                let body = prepared.body.chat_body(&self.params, max_tokens);
                (self.open_stream(request, body).await?, Some(message))
            }
        };
        let capabilities = Arc::clone(&self.capabilities);
        let reader =
            MessageReader::new(events, self.id(), capabilities, prepared.count_bytes, adaptation);
        let limits = AnswerLimits::for_request(request, Some(max_tokens));
        Ok(reader.with_limits(limits).into_stream())
    }

    fn id(&self) -> &str {
        self.info.reference.model_id()
    }

    /// Serialises a request, and estimates the tokens of its prompt.
    fn serialize_request(&self, request: &ChatRequest) -> PreparedMessages {
        let writer = RequestWriter {
            model: self.id(),
            cache_control: self.cache_control,
            thinking_cache: &self.capabilities.thinking_cache,
        };
        let mut body = writer.write_prompt(request);
        // An image counts as the text that costs as much.
        let (image_len, image_cost_len) = image_lengths(&request.history);
        let count_len = body.count_body(&self.params).len();
        let count_bytes = count_len.saturating_sub(image_len).saturating_add(image_cost_len);
        let count = self.capabilities.estimate_tokens(count_bytes, false);
        PreparedMessages { body, count_bytes, count }
    }

    /// The desired limit of the answer in tokens, whatever fits.
    fn desired_max_tokens(&self, request: &ChatRequest) -> u32 {
        let limits = self.model_info().limits;
        let desired = request.max_output_tokens.into_iter().chain(limits.max_output_tokens).min();
        desired.unwrap_or_else(|| DEFAULT_MAX_TOKENS.min(limits.context_window / 4)).max(1)
    }

    /// Estimates the prompt, and has it counted exactly where the estimate is too close to the
    /// limit.
    async fn count_prompt_tokens(
        &self,
        request: &ChatRequest,
        prepared: &mut PreparedMessages,
    ) -> TokenCount {
        let (count, bytes) = (prepared.count, prepared.count_bytes);
        if self.is_near_context_limit(count) {
            let exact = self.request_token_count(prepared).await.ok().flatten();
            return exact.unwrap_or_else(|| self.capabilities.estimate_tokens(bytes, true));
        }
        let window = self.model_info().limits.context_window;
        let fits = count.token_count().saturating_add(self.desired_max_tokens(request)) <= window;
        // The answer is limited to the remaining room, so a high estimate is safer than a low one.
        if fits { count } else { self.capabilities.estimate_tokens(bytes, true) }
    }

    fn is_near_context_limit(&self, count: TokenCount) -> bool {
        is_near_window(count, self.model_info().limits.context_window)
    }

    /// Requests the exact count; `None` when the server does not count.
    async fn request_token_count(
        &self,
        prepared: &mut PreparedMessages,
    ) -> Result<Option<TokenCount>, ModelError> {
        if !self.capabilities.may_count_tokens() {
            return Ok(None);
        }
        let body = prepared.body.count_body(&self.params);
        let url = self.client.endpoint().api_url("messages/count_tokens");
        let reply = match self.client.post(url, body).await {
            Ok(reply) => reply,
            Err(error) => {
                if let TransportErrorKind::Status(404 | 405 | 501) = error.kind() {
                    self.capabilities.mark_count_unsupported();
                    return Ok(None);
                }
                return Err(model_error(error, Some(self.id())));
            }
        };
        let response = reply.parse_json::<TokenCountResponse>();
        let response = response.map_err(|error| model_error(error, Some(self.id())))?;
        self.capabilities.record_token_count(prepared.count_bytes, response.input_tokens);
        Ok(Some(TokenCount::Exact(response.input_tokens)))
    }

    /// The most tokens of the answer that fit after a prompt. An estimate never refuses: the server
    /// decides then.
    fn answer_token_limit(
        &self,
        request: &ChatRequest,
        prompt: TokenCount,
    ) -> Result<u32, ModelError> {
        let limits = self.model_info().limits;
        Ok(fit_answer_tokens(&limits, self.desired_max_tokens(request), prompt)?)
    }

    async fn open_stream(
        &self,
        request: &ChatRequest,
        body: Bytes,
    ) -> Result<EventStream, ModelError> {
        let url = self.client.endpoint().api_url(self.route_path());
        let priority = stream_priority(request);
        let opened = self.client.post_stream_with_priority(url, body, priority).await;
        opened.map_err(|error| model_error(error, Some(self.id())))
    }
}

#[async_trait]
impl ChatModel for MessagesModel {
    fn model_info(&self) -> ModelInfo {
        ModelInfo { limits: self.capabilities.adjust_limits(self.info.limits), ..self.info.clone() }
    }

    async fn stream_chat(&self, request: ChatRequest) -> Result<ChatStream, ModelError> {
        let prepared = self.prepare_request(&request).await;
        self.send(&request, prepared).await
    }

    async fn count_tokens(&self, request: &ChatRequest) -> Result<TokenCount, ModelError> {
        let mut prepared = self.serialize_request(request);
        let (count, bytes) = (prepared.count, prepared.count_bytes);
        if !self.is_near_context_limit(count) {
            return Ok(count);
        }
        match self.request_token_count(&mut prepared).await {
            Ok(Some(exact)) => Ok(exact),
            // A server too busy to count does not fail the request.
            Ok(None) => Ok(self.capabilities.estimate_tokens(bytes, true)),
            Err(error) => match error.kind() {
                ModelErrorKind::RateLimited { .. }
                | ModelErrorKind::Overloaded
                | ModelErrorKind::Interrupted => Ok(self.capabilities.estimate_tokens(bytes, true)),
                _ => Err(error),
            },
        }
    }

    async fn check_liveness(&self) -> ServerLiveness {
        probe_liveness(&self.client).await
    }
}
