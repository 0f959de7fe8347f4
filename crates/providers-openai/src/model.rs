//! The model itself: one client, one model id.

use std::collections::VecDeque;
use std::sync::Arc;

use async_trait::async_trait;
use bytes::Bytes;
use futures_util::{StreamExt, stream};
use openclaw_core::{
    ChatEvent, ChatModel, ChatRequest, ChatStream, Liveness, MessageRef, ModelError,
    ModelErrorKind, ModelInfo, TokenCount,
};
use openclaw_transport::{
    Client, EventStream, Exchange, Priority, StreamEvent, TransportErrorKind, wire::ChatChunk,
};

use crate::assembly::{Assembly, Incomplete};
use crate::budget::{self, NoRoom};
use crate::failure::{self, model_error};
use crate::knowledge::Knowledge;
use crate::request;
use crate::thinking::Habit;

/// A model behind `…/chat/completions`.
#[derive(Debug, Clone)]
pub struct OpenAiModel {
    client: Client,
    info: ModelInfo,
    habit: Arc<Habit>,
    knowledge: Knowledge,
}

impl OpenAiModel {
    /// The model of `info.reference` on the client's server.
    #[must_use]
    pub fn new(client: Client, info: ModelInfo) -> Self {
        Self { client, info, habit: Arc::default(), knowledge: Knowledge::default() }
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

    /// The client, for a server's other routes.
    #[must_use]
    pub fn client(&self) -> &Client {
        &self.client
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
        let model = self.info.reference.model();
        let cap = budget::output_cap(&self.info().limits, request.max_output_tokens, prompt)
            .map_err(no_room)?;
        self.send_body(request, request::body(model, request, cap)).await
    }

    /// Sends a streaming request whose body the caller wrote, as [`body`](crate::body) does, for
    /// servers that take more fields than others. The answer is read as one to `request`.
    ///
    /// # Errors
    /// As [`ChatModel::chat`].
    pub async fn send_body(
        &self,
        request: &ChatRequest,
        body: Bytes,
    ) -> Result<ChatStream, ModelError> {
        let model = self.info.reference.model();
        let url = self.client.endpoint().api("chat/completions");
        let events = self.client.stream_as(url, body, priority(request)).await;
        let events = events.map_err(|error| model_error(error, Some(model)))?;
        let in_thought = self.habit.opens_in_thought(self.info.abilities.reasoning);
        let assembly = Assembly::new(Arc::clone(&request.tools), in_thought);
        let answer = Answer {
            events,
            model: model.to_owned(),
            assembly: Some(assembly),
            habit: Arc::clone(&self.habit),
            ready: VecDeque::from([Ok(ChatEvent::Accepted)]),
        };
        Ok(answer.into_stream())
    }
}

#[async_trait]
impl ChatModel for OpenAiModel {
    fn info(&self) -> ModelInfo {
        ModelInfo { limits: self.knowledge.limits(self.info.limits), ..self.info.clone() }
    }

    async fn chat(&self, request: ChatRequest) -> Result<ChatStream, ModelError> {
        self.send(&request, budget::estimate(&request)).await
    }

    async fn count_tokens(&self, request: &ChatRequest) -> Result<TokenCount, ModelError> {
        Ok(budget::estimate(request))
    }

    async fn liveness(&self) -> Liveness {
        let url = self.client.endpoint().api("models");
        match self.client.get(url).await {
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
}

/// Whether a person waits for a first answer, or for a turn to go on.
fn priority(request: &ChatRequest) -> Priority {
    match request.history.messages().last() {
        Some(MessageRef::ToolResult { .. }) => Priority::FollowUp,
        _ => Priority::User,
    }
}

fn no_room(NoRoom { window, prompt }: NoRoom) -> ModelError {
    let kind = ModelErrorKind::ContextOverflow { window: Some(window), prompt: Some(prompt) };
    ModelError::new(kind, format!("fit {prompt} prompt tokens and an answer into {window} tokens"))
}

/// An answer being read.
struct Answer {
    events: EventStream,
    model: String,
    assembly: Option<Assembly>,
    habit: Arc<Habit>,
    ready: VecDeque<Result<ChatEvent, ModelError>>,
}

impl Answer {
    fn into_stream(self) -> ChatStream {
        Box::pin(stream::unfold(self, |mut answer| async move {
            loop {
                if let Some(item) = answer.ready.pop_front() {
                    return Some((item, answer));
                }
                let assembly = answer.assembly.take()?;
                answer.advance(assembly).await;
            }
        }))
    }

    /// Reads one event. The assembly is put back unless the answer has ended.
    async fn advance(&mut self, mut assembly: Assembly) {
        let event = match self.events.next().await {
            Some(Ok(event)) => event,
            // Only the count of tokens or the end mark is lost.
            Some(Err(_)) if assembly.is_whole() => return self.end(assembly),
            Some(Err(error)) => {
                return self.ready.push_back(Err(model_error(error, Some(&self.model))));
            }
            None => return self.end(assembly),
        };
        match event {
            StreamEvent::Comment => self.ready.push_back(Ok(ChatEvent::Heartbeat)),
            StreamEvent::Data(data) if data.trim() == "[DONE]" => assembly.done(),
            StreamEvent::Data(data) => match self.chunk(&data) {
                Ok(chunk) => self.ready.extend(assembly.chunk(chunk).into_iter().map(Ok)),
                Err(error) => return self.ready.push_back(Err(error)),
            },
        }
        self.assembly = Some(assembly);
    }

    /// Reads one piece. Only what carries nothing of an answer is looked at a second time, for
    /// an error in one of its shapes.
    fn chunk(&self, data: &str) -> Result<ChatChunk, ModelError> {
        let chunk = serde_json::from_str::<ChatChunk>(data);
        if let Ok(chunk) = chunk
            && chunk.error.is_none()
            && (!chunk.choices.is_empty() || chunk.usage.is_some())
        {
            return Ok(chunk);
        }
        let value = serde_json::from_str::<serde_json::Value>(data);
        if let Some(server) = value.as_ref().ok().and_then(|value| self.events.server_error(value))
        {
            return Err(failure::in_band(&server, self.events.exchange(), &self.model));
        }
        value.and_then(serde_json::from_value).map_err(|error| {
            self.failed(ModelErrorKind::Protocol, "read a piece of the answer").with_source(error)
        })
    }

    fn end(&mut self, mut assembly: Assembly) {
        let message = match assembly.finish() {
            Ok(events) => {
                self.habit.learn(assembly.in_thought());
                return self.ready.extend(events.into_iter().map(Ok));
            }
            Err(Incomplete::Nothing) => {
                "get an answer: the stream ended without a single piece of one"
            }
            Err(Incomplete::CutOff) => {
                "get a whole answer: the server closed the connection in the middle of it"
            }
        };
        self.ready.push_back(Err(self.failed(ModelErrorKind::Interrupted, message)));
    }

    fn failed(&self, kind: ModelErrorKind, message: &str) -> ModelError {
        let exchange: &Exchange = self.events.exchange();
        ModelError::new(kind, message).with_exchange(failure::record(exchange, Some(&self.model)))
    }
}
