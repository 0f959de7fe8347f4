//! The model itself: one client, one model id.

use std::sync::Arc;

use async_trait::async_trait;
use bytes::Bytes;
use openclaw_core::{
    ChatModel, ChatRequest, ChatStream, Liveness, MessageRef, ModelError, ModelErrorKind,
    ModelInfo, TokenCount,
};
use openclaw_transport::{Client, EventStream, Priority, TransportError, TransportErrorKind};

use crate::answer::Answer;
use crate::api::Api;
use crate::assembly::Assembly;
use crate::budget::NoRoom;
use crate::failure::model_error;
use crate::knowledge::{Facts, Knowledge, PromptSize};
use crate::negotiation::Negotiation;
use crate::params::Params;
use crate::request;
use crate::thinking::Habit;

/// A model behind `…/chat/completions`, or behind `…/responses`.
#[derive(Debug, Clone)]
pub struct OpenAiModel {
    client: Client,
    info: ModelInfo,
    habit: Arc<Habit>,
    knowledge: Knowledge,
    api: Api,
    params: Params,
}

impl OpenAiModel {
    /// The model of `info.reference` on the client's server.
    #[must_use]
    pub fn new(client: Client, info: ModelInfo) -> Self {
        Self {
            client,
            info,
            habit: Arc::default(),
            knowledge: Knowledge::default(),
            api: Api::default(),
            params: Params::default(),
        }
    }

    /// Speaks another API than chat completions.
    #[must_use]
    pub fn with_api(mut self, api: Api) -> Self {
        self.api = api;
        self
    }

    /// Sends these parameters with each request.
    #[must_use]
    pub fn with_params(mut self, params: Params) -> Self {
        self.params = params;
        self
    }

    /// What it sends with each request.
    #[must_use]
    pub fn params(&self) -> &Params {
        &self.params
    }

    /// Begins with what is known of the server, and adds to it what its answers show.
    #[must_use]
    pub fn with_knowledge(mut self, knowledge: Knowledge) -> Self {
        self.knowledge = knowledge;
        self
    }

    /// Sends through another client from now on.
    #[must_use]
    pub fn with_client(mut self, client: Client) -> Self {
        self.client = client;
        self
    }

    /// What is known of the server, shared with this model.
    #[must_use]
    pub fn knowledge(&self) -> &Knowledge {
        &self.knowledge
    }

    /// The API that it speaks.
    #[must_use]
    pub fn api(&self) -> Api {
        self.api
    }

    /// The client, for a server's other routes.
    #[must_use]
    pub fn client(&self) -> &Client {
        &self.client
    }

    /// Sizes the prompt of a request by what the server counted before.
    #[must_use]
    pub fn size(&self, request: &ChatRequest) -> PromptSize {
        let (body, tail) = request::lasting(request, &self.knowledge.facts());
        self.knowledge.size((&body, tail), self.info().limits.window)
    }

    /// Learns from a count of the server for a request, beside those that come with answers.
    pub fn note_count(&self, request: &ChatRequest, tokens: u32) {
        let (body, tail) = request::lasting(request, &self.knowledge.facts());
        self.knowledge.note_count((&body, tail), tokens);
    }

    /// Sends a request whose prompt has `prompt` tokens. A server that refuses it for what it does
    /// not take gets it in another way, and [`ChatEvent::Adapted`](openclaw_core::ChatEvent) tells.
    ///
    /// # Errors
    /// As [`ChatModel::chat`]; also when the prompt leaves no room for an answer, before sending.
    pub async fn send(
        &self,
        request: &ChatRequest,
        prompt: TokenCount,
    ) -> Result<ChatStream, ModelError> {
        let mut negotiation = Negotiation::new(self.clone(), request.clone(), prompt);
        let events = negotiation.open(None).await?;
        Ok(Answer::new(self, request, events).negotiated(negotiation).into_stream())
    }

    /// Sends a streaming request whose body the caller wrote, as [`OpenAiModel::body`] does, for
    /// servers that take more fields than others. The answer is read as one to `request`.
    ///
    /// # Errors
    /// As [`ChatModel::chat`].
    pub async fn send_body(
        &self,
        request: &ChatRequest,
        body: Bytes,
    ) -> Result<ChatStream, ModelError> {
        let events = self.stream(request, body).await;
        let events = events.map_err(|error| model_error(error, Some(self.id())))?;
        Ok(Answer::new(self, request, events).into_stream())
    }

    pub(crate) async fn stream(
        &self,
        request: &ChatRequest,
        body: Bytes,
    ) -> Result<EventStream, TransportError> {
        let url = self.client.endpoint().api(self.api.route());
        self.client.stream_as(url, body, priority(request)).await
    }

    /// The body of a streaming request whose answer may have `cap` tokens, by what is known.
    #[must_use]
    pub fn body(&self, request: &ChatRequest, cap: Option<u32>) -> Bytes {
        self.body_by(&self.knowledge.facts(), request, cap)
    }

    pub(crate) fn body_by(&self, facts: &Facts, request: &ChatRequest, cap: Option<u32>) -> Bytes {
        self.params.add_to(self.api.body(self.id(), request, cap, facts))
    }

    pub(crate) fn id(&self) -> &str {
        self.info.reference.model()
    }

    pub(crate) fn habit(&self) -> &Arc<Habit> {
        &self.habit
    }

    /// Begins to put an answer to a request together.
    pub(crate) fn assembly(&self, request: &ChatRequest) -> Assembly {
        let in_thought = self.habit.opens_in_thought(self.info.abilities.reasoning);
        Assembly::new(Arc::clone(&request.tools), in_thought)
    }
}

#[async_trait]
impl ChatModel for OpenAiModel {
    fn info(&self) -> ModelInfo {
        ModelInfo { limits: self.knowledge.limits(self.info.limits), ..self.info.clone() }
    }

    async fn chat(&self, request: ChatRequest) -> Result<ChatStream, ModelError> {
        let size = self.size(&request);
        self.send(&request, size.count).await
    }

    async fn count_tokens(&self, request: &ChatRequest) -> Result<TokenCount, ModelError> {
        Ok(self.size(request).count)
    }

    async fn liveness(&self) -> Liveness {
        liveness(&self.client).await
    }
}

/// Asks whether an API answers at all; with a refusal it does.
pub(crate) async fn liveness(client: &Client) -> Liveness {
    match client.get(client.endpoint().api("models")).await {
        Ok(_) => Liveness::Serving { running: None, waiting: None },
        Err(error) => match error.kind() {
            TransportErrorKind::Status(401 | 403 | 404 | 405) => {
                Liveness::Serving { running: None, waiting: None }
            }
            TransportErrorKind::Status(503) => Liveness::Loading,
            _ => Liveness::Unreachable,
        },
    }
}

/// Whether a person waits for a first answer, or for a turn to go on.
pub(crate) fn priority(request: &ChatRequest) -> Priority {
    match request.history.messages().last() {
        Some(MessageRef::ToolResult { .. }) => Priority::FollowUp,
        _ => Priority::User,
    }
}

/// The error of a prompt that leaves no room.
pub(crate) fn no_room(NoRoom { window, prompt }: NoRoom) -> ModelError {
    let kind = ModelErrorKind::ContextOverflow { window: Some(window), prompt: Some(prompt) };
    ModelError::new(kind, format!("fit {prompt} prompt tokens and an answer into {window} tokens"))
}
