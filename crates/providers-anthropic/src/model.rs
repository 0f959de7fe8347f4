//! The model itself: one client, one model id.

use std::sync::Arc;

use async_trait::async_trait;
use openclaw_core::{
    ChatModel, ChatRequest, ChatStream, Liveness, MessageRef, ModelError, ModelErrorKind,
    ModelInfo, TokenCount,
};
use openclaw_transport::{Client, EventStream, Priority, TransportErrorKind};

use crate::answer::Answer;
use crate::failure::model_error;
use crate::learnt::{Again, LEAST_ANSWER, Learnt};
use crate::params::Params;
use crate::request::{CacheMark, Writer};
use crate::wire::Counted;

/// How many tokens an answer may have when nobody says, because the API wants a number: enough for
/// a long file. A model that has less says so. A small window gives a quarter of itself.
const ANSWER: u32 = 16_384;

/// A model behind `…/messages`.
#[derive(Debug, Clone)]
pub struct MessagesModel {
    client: Client,
    info: ModelInfo,
    mark: Option<CacheMark>,
    params: Params,
    learnt: Arc<Learnt>,
}

impl MessagesModel {
    /// The model of `info.reference` on the client's server. The client must send the headers of
    /// this API; [`with_headers`](crate::with_headers) adds them to its options.
    #[must_use]
    pub fn new(client: Client, info: ModelInfo) -> Self {
        Self {
            client,
            info,
            mark: Some(CacheMark::SHORT),
            params: Params::default(),
            learnt: Arc::default(),
        }
    }

    /// Sends these parameters with each request.
    #[must_use]
    pub fn with_params(mut self, params: Params) -> Self {
        self.params = params;
        self
    }

    /// How requests mark what the server is to keep in its cache, which they do for a short time
    /// unless told otherwise; `None` for a server that refuses `cache_control`.
    #[must_use]
    pub fn with_cache_mark(mut self, mark: Option<CacheMark>) -> Self {
        self.mark = mark;
        self
    }

    /// Sends through another client from now on.
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
    pub fn route(&self) -> &'static str {
        "messages"
    }

    /// Sizes the prompt of a request, by the server's count where an estimate could be wrong about
    /// what fits.
    pub async fn size(&self, request: &ChatRequest) -> TokenCount {
        self.prompt_tokens(request, self.bytes(request)).await
    }

    /// Sends a request whose prompt has `prompt` tokens.
    ///
    /// # Errors
    /// As [`ChatModel::chat`]; also when the prompt leaves no room for an answer, before sending.
    pub async fn send(
        &self,
        request: &ChatRequest,
        prompt: TokenCount,
    ) -> Result<ChatStream, ModelError> {
        let cap = self.cap(request, prompt)?;
        let (events, how) = match self.open(request, cap).await {
            Ok(events) => (events, None),
            Err(error) => {
                let again = self.learnt.refused(&error, self.info().limits, (cap, prompt));
                let Some(Again { cap, how }) = again else { return Err(error) };
                (self.open(request, cap).await?, Some(how))
            }
        };
        let learnt = (Arc::clone(&self.learnt), self.bytes(request));
        Ok(Answer::new(events, self.id(), learnt, how).into_stream())
    }

    fn id(&self) -> &str {
        self.info.reference.model()
    }

    fn writer(&self) -> Writer<'_> {
        let thoughts = &self.learnt.thoughts;
        Writer { model: self.id(), mark: self.mark, params: &self.params, thoughts }
    }

    /// The size of a request by which its tokens are estimated.
    fn bytes(&self, request: &ChatRequest) -> usize {
        self.writer().count_body(request).len()
    }

    /// The most tokens that the answer is to have, whatever fits.
    fn wanted(&self, request: &ChatRequest) -> u32 {
        let limits = self.info().limits;
        let wanted = request.max_output_tokens.into_iter().chain(limits.output).min();
        wanted.unwrap_or_else(|| ANSWER.min(limits.window / 4)).max(1)
    }

    /// Counts the prompt exactly where an estimate could be wrong about what fits.
    async fn prompt_tokens(&self, request: &ChatRequest, bytes: usize) -> TokenCount {
        let count = self.learnt.size(bytes, false);
        if self.is_near(count) {
            let exact = self.count(request).await.ok().flatten();
            return exact.unwrap_or_else(|| self.learnt.size(bytes, true));
        }
        let window = self.info().limits.window;
        let fits = count.tokens().saturating_add(self.wanted(request)) <= window;
        // The answer is cut to its room, which is better a little less than a little too much.
        if fits { count } else { self.learnt.size(bytes, true) }
    }

    fn is_near(&self, count: TokenCount) -> bool {
        u64::from(count.tokens()) * 100 >= u64::from(self.info().limits.window) * 85
    }

    /// Asks for the exact count; `None` when the server does not count.
    async fn count(&self, request: &ChatRequest) -> Result<Option<TokenCount>, ModelError> {
        if !self.learnt.may_count() {
            return Ok(None);
        }
        let body = self.writer().count_body(request);
        let bytes = body.len();
        let url = self.client.endpoint().api("messages/count_tokens");
        let reply = match self.client.post(url, body).await {
            Ok(reply) => reply,
            Err(error) => {
                if let TransportErrorKind::Status(404 | 405 | 501) = error.kind() {
                    self.learnt.never_counts();
                    return Ok(None);
                }
                return Err(model_error(error, Some(self.id())));
            }
        };
        let counted = reply.json::<Counted>();
        let counted = counted.map_err(|error| model_error(error, Some(self.id())))?;
        self.learnt.note_count(bytes, counted.input_tokens);
        Ok(Some(TokenCount::Exact(counted.input_tokens)))
    }

    /// The most tokens that the answer may have behind a prompt. An estimate never refuses: the
    /// server is asked, and its word counts.
    fn cap(&self, request: &ChatRequest, prompt: TokenCount) -> Result<u32, ModelError> {
        let window = self.info().limits.window;
        let room = window.saturating_sub(prompt.tokens());
        if let TokenCount::Exact(prompt) = prompt
            && room < LEAST_ANSWER
        {
            let kind =
                ModelErrorKind::ContextOverflow { window: Some(window), prompt: Some(prompt) };
            let message = format!("fit {prompt} prompt tokens and an answer into {window} tokens");
            return Err(ModelError::new(kind, message));
        }
        Ok(self.wanted(request).min(room.max(LEAST_ANSWER)))
    }

    async fn open(&self, request: &ChatRequest, cap: u32) -> Result<EventStream, ModelError> {
        let url = self.client.endpoint().api(self.route());
        let priority = match request.history.messages().last() {
            Some(MessageRef::ToolResult { .. }) => Priority::FollowUp,
            _ => Priority::User,
        };
        let opened = self.client.stream_as(url, self.writer().body(request, cap), priority).await;
        opened.map_err(|error| model_error(error, Some(self.id())))
    }
}

#[async_trait]
impl ChatModel for MessagesModel {
    fn info(&self) -> ModelInfo {
        ModelInfo { limits: self.learnt.limits(self.info.limits), ..self.info.clone() }
    }

    async fn chat(&self, request: ChatRequest) -> Result<ChatStream, ModelError> {
        let prompt = self.size(&request).await;
        self.send(&request, prompt).await
    }

    async fn count_tokens(&self, request: &ChatRequest) -> Result<TokenCount, ModelError> {
        let bytes = self.bytes(request);
        let count = self.learnt.size(bytes, false);
        if !self.is_near(count) {
            return Ok(count);
        }
        match self.count(request).await {
            Ok(Some(exact)) => Ok(exact),
            // Too busy to count is no reason not to go on.
            Ok(None) => Ok(self.learnt.size(bytes, true)),
            Err(error) => match error.kind() {
                ModelErrorKind::RateLimited { .. }
                | ModelErrorKind::Overloaded
                | ModelErrorKind::Interrupted => Ok(self.learnt.size(bytes, true)),
                _ => Err(error),
            },
        }
    }

    async fn liveness(&self) -> Liveness {
        match self.client.get(self.client.endpoint().api("models")).await {
            Ok(_) => Liveness::Serving { running: None, waiting: None },
            Err(error) => match error.kind() {
                TransportErrorKind::Status(401 | 403 | 404 | 405 | 429 | 529) => {
                    Liveness::Serving { running: None, waiting: None }
                }
                TransportErrorKind::Status(503) => Liveness::Loading,
                _ => Liveness::Unreachable,
            },
        }
    }
}
