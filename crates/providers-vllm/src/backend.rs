//! The chat APIs of vLLM.

use futures_util::FutureExt;
use futures_util::future::BoxFuture;
use openclaw_core::{ChatModel, ChatRequest, ChatStream, ModelError, TokenCount};
use openclaw_provider::{PromptSize, output_cap};
use openclaw_providers_anthropic::{MessagesModel, PreparedMessages};
use openclaw_providers_openai::{OpenAiModel, PreparedRequest};
use openclaw_transport::Client;

use crate::{continuation, tokenize};

/// A model behind one of vLLM's APIs, wrapped by [`VllmModel`](crate::VllmModel). The parameter
/// `control_client` is the client for requests beside the conversation, such as token counts.
pub trait VllmBackend: ChatModel + Clone + 'static {
    /// A request that is ready to be sent.
    type Prepared: PreparedPrompt;

    /// The client that requests go through.
    fn request_client(&self) -> &Client;

    /// Sends requests through another client.
    #[must_use]
    fn with_client(self, client: Client) -> Self;

    /// The route of the API below the base URL.
    fn api_route(&self) -> &'static str;

    /// Prepares a request, estimates the tokens of its prompt, and has the server count them where
    /// the estimate is too close to the context window.
    fn prepare_request(
        &self,
        control_client: &Client,
        request: &ChatRequest,
    ) -> impl Future<Output = Self::Prepared> + Send;

    /// Counts the tokens of a prompt on request.
    fn count_prompt(
        &self,
        control_client: &Client,
        request: &ChatRequest,
    ) -> impl Future<Output = Result<TokenCount, ModelError>> + Send;

    /// Sends a request that was prepared before.
    fn send_request(self, request: ChatRequest, prepared: Self::Prepared) -> PendingResponse;

    /// Makes the request that continues an answer after `text`; `None` when the answer cannot be
    /// continued.
    fn request_continuation(
        &self,
        control_client: &Client,
        request: &ChatRequest,
        prompt: TokenCount,
        text: &str,
    ) -> impl Future<Output = Option<AnswerContinuation>> + Send;
}

/// A request that is ready to be sent.
pub trait PreparedPrompt: Send + 'static {
    /// The tokens of its prompt.
    fn prompt_tokens(&self) -> TokenCount;
}

impl PreparedPrompt for PreparedRequest {
    fn prompt_tokens(&self) -> TokenCount {
        self.prompt_size().count
    }
}

impl PreparedPrompt for PreparedMessages {
    fn prompt_tokens(&self) -> TokenCount {
        self.prompt_tokens()
    }
}

/// A response whose stream has not begun.
pub type PendingResponse = BoxFuture<'static, Result<ChatStream, ModelError>>;

/// The continuation of an answer that was cut off.
pub struct AnswerContinuation {
    /// The response with the rest of the answer.
    pub response: PendingResponse,
    /// The tokens of the answer so far.
    pub tokens_before: u32,
}

impl VllmBackend for OpenAiModel {
    type Prepared = PreparedRequest;

    fn request_client(&self) -> &Client {
        self.http_client()
    }

    fn with_client(self, client: Client) -> Self {
        self.with_client(client)
    }

    fn api_route(&self) -> &'static str {
        self.chat_api().route()
    }

    async fn prepare_request(
        &self,
        control_client: &Client,
        request: &ChatRequest,
    ) -> PreparedRequest {
        let limits = self.model_info().limits;
        let mut prepared = prepare_for_template(self, control_client, request).await;
        let PromptSize { count, upper_bound: at_most, .. } = prepared.prompt_size();
        let window = u64::from(limits.context_window);
        let wanted = request.max_output_tokens.into_iter().chain(limits.max_output_tokens).min();
        let fits = match wanted {
            Some(wanted) => u64::from(at_most) + u64::from(wanted) <= window,
            // An answer without a limit gets the room there is, if there is enough.
            None => u64::from(count.token_count()) * 100 < window * 85,
        };
        if !fits {
            count_prepared(self, control_client, request, &mut prepared).await;
        }
        prepared
    }

    async fn count_prompt(
        &self,
        control_client: &Client,
        request: &ChatRequest,
    ) -> Result<TokenCount, ModelError> {
        let mut prepared = prepare_for_template(self, control_client, request).await;
        count_prepared(self, control_client, request, &mut prepared).await;
        Ok(prepared.prompt_size().count)
    }

    fn send_request(self, request: ChatRequest, prepared: PreparedRequest) -> PendingResponse {
        async move { self.send(&request, prepared).await }.boxed()
    }

    async fn request_continuation(
        &self,
        control_client: &Client,
        request: &ChatRequest,
        prompt: TokenCount,
        text: &str,
    ) -> Option<AnswerContinuation> {
        let limits = self.model_info().limits;
        let cap = output_cap(&limits, request.max_output_tokens, prompt).ok().flatten();
        let continuation =
            continuation::build_continuation(self, control_client, request, cap, text).await?;
        let (model, request) = (self.clone(), request.clone());
        let response = async move { model.send_body(&request, continuation.body).await }.boxed();
        Some(AnswerContinuation { response, tokens_before: continuation.prior_tokens })
    }
}

/// Has the server count the tokens of a prepared request, if it does.
async fn count_prepared(
    model: &OpenAiModel,
    control_client: &Client,
    request: &ChatRequest,
    prepared: &mut PreparedRequest,
) {
    if let Some(count) = tokenize::count_prompt(control_client, model, request, prepared).await {
        model.record_token_count(prepared, count);
    }
}

/// Prepares a request, with tools as text if the model's chat template ignores them.
async fn prepare_for_template(
    model: &OpenAiModel,
    control_client: &Client,
    request: &ChatRequest,
) -> PreparedRequest {
    if model.needs_template_check(request) {
        match tokenize::find_tool_template(control_client, model).await {
            Some(false) => return model.prepare_without_tool_template(request),
            Some(true) => {
                model.capability_store().record_tool_template();
            }
            None => {}
        }
    }
    model.prepare_request(request)
}

impl VllmBackend for MessagesModel {
    type Prepared = PreparedMessages;

    fn request_client(&self) -> &Client {
        self.client()
    }

    fn with_client(self, client: Client) -> Self {
        self.with_client(client)
    }

    fn api_route(&self) -> &'static str {
        self.route_path()
    }

    async fn prepare_request(
        &self,
        control_client: &Client,
        request: &ChatRequest,
    ) -> PreparedMessages {
        self.clone().with_client(control_client.clone()).prepare_request(request).await
    }

    async fn count_prompt(
        &self,
        control_client: &Client,
        request: &ChatRequest,
    ) -> Result<TokenCount, ModelError> {
        self.clone().with_client(control_client.clone()).count_tokens(request).await
    }

    fn send_request(self, request: ChatRequest, prepared: PreparedMessages) -> PendingResponse {
        async move { self.send(&request, prepared).await }.boxed()
    }

    /// Always `None`: in this API vLLM begins a new message after the assistant's.
    async fn request_continuation(
        &self,
        _: &Client,
        _: &ChatRequest,
        _: TokenCount,
        _: &str,
    ) -> Option<AnswerContinuation> {
        None
    }
}

impl std::fmt::Debug for AnswerContinuation {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("AnswerContinuation")
            .field("tokens_before", &self.tokens_before)
            .finish_non_exhaustive()
    }
}
