//! The APIs in which a vLLM is spoken to.

use futures_util::FutureExt;
use futures_util::future::BoxFuture;
use openclaw_core::{ChatModel, ChatRequest, ChatStream, ModelError, TokenCount};
use openclaw_providers_anthropic::MessagesModel;
use openclaw_providers_openai::{OpenAiModel, PromptSize, output_cap};
use openclaw_transport::Client;

use crate::{continuation, tokenize};

/// A model behind one of vLLM's APIs: what [`VllmModel`](crate::VllmModel) is made of. `side` is
/// the client for questions beside the conversation.
pub trait Spoken: ChatModel + Clone + 'static {
    /// The client that requests go through.
    fn client(&self) -> &Client;

    /// Sends requests through another client from now on.
    #[must_use]
    fn through(self, client: Client) -> Self;

    /// The route of the API below the base URL.
    fn route(&self) -> &'static str;

    /// Sizes a prompt, by the server's count where an estimate could be wrong about what fits.
    fn size(&self, side: &Client, request: &ChatRequest)
    -> impl Future<Output = TokenCount> + Send;

    /// Counts a prompt for whoever wants to know.
    fn count(
        &self,
        side: &Client,
        request: &ChatRequest,
    ) -> impl Future<Output = Result<TokenCount, ModelError>> + Send;

    /// Sends a request whose prompt has so many tokens.
    fn open(self, request: ChatRequest, prompt: TokenCount) -> Opening;

    /// Makes the request that goes on with an answer after its text so far; `None` when there is
    /// no such request.
    fn rest(
        &self,
        side: &Client,
        asked: (&ChatRequest, TokenCount),
        text: &str,
    ) -> impl Future<Output = Option<Rest>> + Send;
}

/// An answer that has not begun.
pub type Opening = BoxFuture<'static, Result<ChatStream, ModelError>>;

/// The rest of an answer that was cut off.
pub struct Rest {
    /// Asks for it.
    pub opening: Opening,
    /// The tokens of the answer before it.
    pub before: u32,
}

impl Spoken for OpenAiModel {
    fn client(&self) -> &Client {
        self.client()
    }

    fn through(self, client: Client) -> Self {
        self.with_client(client)
    }

    fn route(&self) -> &'static str {
        self.api().route()
    }

    async fn size(&self, side: &Client, request: &ChatRequest) -> TokenCount {
        let limits = self.info().limits;
        let PromptSize { count, at_most } = self.size(request);
        let window = u64::from(limits.window);
        let wanted = request.max_output_tokens.into_iter().chain(limits.output).min();
        let fits = match wanted {
            Some(wanted) => u64::from(at_most) + u64::from(wanted) <= window,
            // An answer without a cap gets what room there is, as long as there is some.
            None => u64::from(count.tokens()) * 100 < window * 85,
        };
        if fits {
            return count;
        }
        exact(self, side, request).await.unwrap_or(count)
    }

    async fn count(&self, side: &Client, request: &ChatRequest) -> Result<TokenCount, ModelError> {
        Ok(match exact(self, side, request).await {
            Some(count) => count,
            None => self.size(request).count,
        })
    }

    fn open(self, request: ChatRequest, prompt: TokenCount) -> Opening {
        async move { self.send(&request, prompt).await }.boxed()
    }

    async fn rest(
        &self,
        side: &Client,
        (request, prompt): (&ChatRequest, TokenCount),
        text: &str,
    ) -> Option<Rest> {
        let limits = self.info().limits;
        let cap = output_cap(&limits, request.max_output_tokens, prompt).ok().flatten();
        let found = continuation::of((self, side), request, cap, text).await?;
        let (model, request) = (self.clone(), request.clone());
        let opening = async move { model.send_body(&request, found.body).await }.boxed();
        Some(Rest { opening, before: found.tokens })
    }
}

/// Asks for the exact count; `None` when the server does not say.
async fn exact(model: &OpenAiModel, side: &Client, request: &ChatRequest) -> Option<TokenCount> {
    let counted = tokenize::count(side, model, request).await?;
    model.note_count(request, counted);
    Some(TokenCount::Exact(counted))
}

impl Spoken for MessagesModel {
    fn client(&self) -> &Client {
        self.client()
    }

    fn through(self, client: Client) -> Self {
        self.with_client(client)
    }

    fn route(&self) -> &'static str {
        self.route()
    }

    async fn size(&self, side: &Client, request: &ChatRequest) -> TokenCount {
        self.clone().with_client(side.clone()).size(request).await
    }

    async fn count(&self, side: &Client, request: &ChatRequest) -> Result<TokenCount, ModelError> {
        self.clone().with_client(side.clone()).count_tokens(request).await
    }

    fn open(self, request: ChatRequest, prompt: TokenCount) -> Opening {
        async move { self.send(&request, prompt).await }.boxed()
    }

    /// vLLM begins a new message behind one of the model's in this API, so there is none.
    async fn rest(&self, _: &Client, _: (&ChatRequest, TokenCount), _: &str) -> Option<Rest> {
        None
    }
}

impl std::fmt::Debug for Rest {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Rest").field("before", &self.before).finish_non_exhaustive()
    }
}
