//! Sends single requests to a server and reads the raw answers. Nothing is repaired, retried or
//! worked around, because the checks must see the server's own behaviour.

use std::time::Duration;

use bytes::Bytes;
use futures_util::StreamExt;
use openclaw_core::{AssistantMessage, TokenUsage};
use openclaw_transport::wire::{ChatChunk, ChatUsage};
use openclaw_transport::{
    ApiResponse, Client, ClientOptions, Endpoint, RetryPolicy, StreamEvent, TimeLimit,
    TransportError, TransportErrorKind,
};
use serde_json::{Value, json};
use tokio::time::Instant;

use crate::wording::{error_with_causes, shorten_line};

/// The timeout of a load query; without the load the checks still work.
pub(crate) const LOAD_QUERY_TIMEOUT: Duration = Duration::from_secs(3);

/// The server under examination.
#[derive(Debug)]
pub(crate) struct ServerProbe {
    /// Sends the provider's key and headers.
    pub(crate) client: Client,
    /// Sends neither.
    pub(crate) anonymous_client: Client,
    /// The model id in requests.
    pub(crate) model: String,
    /// The name of the field that limits the answer.
    pub(crate) max_tokens_field: &'static str,
    /// Tokens per second, once measured.
    pub(crate) tokens_per_second: Option<f64>,
}

/// A complete answer.
#[derive(Debug, Default)]
pub(crate) struct ProbeAnswer {
    pub(crate) text: String,
    /// The field that held reasoning.
    pub(crate) reasoning_field: Option<&'static str>,
    /// The name and the arguments of each tool call.
    pub(crate) calls: Vec<(String, String)>,
    pub(crate) finish: Option<String>,
    pub(crate) usage: Option<ChatUsage>,
    pub(crate) elapsed: Duration,
}

/// A streamed answer with the times of its deltas.
#[derive(Debug, Default)]
pub(crate) struct StreamedAnswer {
    pub(crate) answer: ProbeAnswer,
    /// Whether it came as events, rather than as one JSON object.
    pub(crate) is_stream: bool,
    pub(crate) chunks: u32,
    pub(crate) first_piece_after: Option<Duration>,
    pub(crate) last_piece_after: Option<Duration>,
    /// Whether the end marker `[DONE]` came.
    pub(crate) is_done: bool,
}

/// An answer of the model.
#[derive(Debug, Default)]
pub(crate) struct ModelAnswer {
    pub(crate) message: AssistantMessage,
    pub(crate) usage: Option<TokenUsage>,
    pub(crate) chunks: u32,
    pub(crate) first_piece_after: Option<Duration>,
    pub(crate) elapsed: Duration,
}

/// Why there is no answer.
#[derive(Debug)]
pub(crate) struct ProbeFailure {
    pub(crate) status: Option<u16>,
    /// The error on one line, with the server's message.
    pub(crate) message: String,
    /// Whether the server rejected the request, rather than being unable to answer now.
    pub(crate) is_refusal: bool,
}

impl ServerProbe {
    /// `limit` bounds each request; shorter timeouts of the provider are kept.
    pub(crate) fn new(options: ClientOptions, limit: TimeLimit) -> Result<Self, TransportError> {
        let mut options = options;
        options.retry = RetryPolicy::NEVER;
        options.limiter = None;
        let longer = |total: &TimeLimit| total.duration >= limit.duration;
        if options.timeouts.total.as_ref().is_none_or(longer) {
            options.timeouts.total = Some(limit);
        }
        let anonymous_options = options.clone().with_bearer(None).with_headers(Vec::new());
        Ok(Self {
            client: Client::new(options)?,
            anonymous_client: Client::new(anonymous_options)?,
            model: String::new(),
            max_tokens_field: "max_tokens",
            tokens_per_second: None,
        })
    }

    pub(crate) fn endpoint(&self) -> &Endpoint {
        self.client.endpoint()
    }

    /// The token limit for an answer that should take a moment only, at most `most`.
    pub(crate) fn token_budget(&self, most: u32) -> u32 {
        const SECONDS: f64 = 15.0;
        #[expect(
            clippy::cast_possible_truncation,
            clippy::cast_sign_loss,
            reason = "a float cast saturates, and a rate is not below zero"
        )]
        let in_time = self.tokens_per_second.map(|rate| (rate * SECONDS) as u32);
        in_time.map_or(most, |tokens| tokens.clamp(32, most))
    }

    /// The request body for a conversation.
    pub(crate) fn request_body(&self, messages: &Value, most: u32) -> Value {
        let mut body = json!({ "model": self.model, "messages": messages });
        set_field(&mut body, self.max_tokens_field, json!(most));
        body
    }

    /// Sends a request and reads the complete answer.
    pub(crate) async fn request_answer(&self, body: &Value) -> Result<ProbeAnswer, ProbeFailure> {
        let begun = Instant::now();
        let url = self.endpoint().api_url("chat/completions");
        let reply = self.client.post(url, to_bytes(body)).await?;
        let chunk: ChatChunk = reply.parse_json()?;
        if let Some(error) = &chunk.error {
            return Err(ProbeFailure::from_error_event(error));
        }
        let mut answer = ProbeAnswer { elapsed: begun.elapsed(), ..ProbeAnswer::default() };
        answer.add_chunk(chunk);
        Ok(answer)
    }

    /// Sends a request and reads the streamed answer.
    pub(crate) async fn stream_answer(&self, body: &Value) -> Result<StreamedAnswer, ProbeFailure> {
        let begun = Instant::now();
        let url = self.endpoint().api_url("chat/completions");
        let mut events = self.client.post_stream(url, to_bytes(body)).await?;
        let kind = events.exchange().content_type.clone().unwrap_or_default();
        let mut streamed = StreamedAnswer {
            is_stream: kind.starts_with("text/event-stream"),
            ..StreamedAnswer::default()
        };
        while let Some(event) = events.next().await {
            let StreamEvent::Data(data) = event? else { continue };
            if data.trim() == "[DONE]" {
                streamed.is_done = true;
                continue;
            }
            let chunk: ChatChunk = serde_json::from_str(&data).map_err(|error| {
                ProbeFailure::from_message(format!("an event is not what was expected: {error}"))
            })?;
            if let Some(error) = &chunk.error {
                return Err(ProbeFailure::from_error_event(error));
            }
            if streamed.answer.add_chunk(chunk) {
                streamed.chunks += 1;
                streamed.first_piece_after.get_or_insert(begun.elapsed());
                streamed.last_piece_after = Some(begun.elapsed());
            }
        }
        streamed.answer.elapsed = begun.elapsed();
        Ok(streamed)
    }

    /// Sends a GET to a route outside the API, with or without the key.
    pub(crate) async fn get_route(
        client: &Client,
        route: &str,
    ) -> Result<ApiResponse, ProbeFailure> {
        Ok(client.get(client.endpoint().root_url(route)).await?)
    }

    /// Sends a POST to a route outside the API, with or without the key.
    pub(crate) async fn post_route(
        client: &Client,
        route: &str,
        body: &Value,
    ) -> Result<ApiResponse, ProbeFailure> {
        Ok(client.post(client.endpoint().root_url(route), to_bytes(body)).await?)
    }
}

impl ServerProbe {
    /// Has the server count the tokens of a prompt; `None` when it does not count.
    pub(crate) async fn count_tokens(&self, body: &Value) -> Option<u64> {
        let reply = Self::post_route(&self.client, "tokenize", body).await.ok()?;
        reply.parse_json::<Value>().ok()?.get("count")?.as_u64()
    }
}

impl ProbeAnswer {
    /// Adds a delta; returns whether it had any content.
    fn add_chunk(&mut self, chunk: ChatChunk) -> bool {
        self.usage = chunk.usage.or(self.usage);
        let Some(choice) = chunk.choices.into_iter().next() else { return false };
        self.finish = choice.finish_reason.or(self.finish.take());
        let delta = choice.delta;
        let mut has_any = false;
        for (field, text) in
            [("reasoning", delta.reasoning), ("reasoning_content", delta.reasoning_content)]
        {
            if text.is_some_and(|text| !text.is_empty()) {
                self.reasoning_field.get_or_insert(field);
                has_any = true;
            }
        }
        if let Some(text) = delta.content.filter(|text| !text.is_empty()) {
            self.text.push_str(&text);
            has_any = true;
        }
        for call in delta.tool_calls {
            let place = call.index.and_then(|index| usize::try_from(index).ok());
            let (name, arguments) = (call.function.name, call.function.arguments);
            match place.and_then(|at| self.calls.get_mut(at)) {
                Some(begun) => begun.1.push_str(&arguments.unwrap_or_default()),
                None => {
                    self.calls.push((name.unwrap_or_default(), arguments.unwrap_or_default()));
                }
            }
            has_any = true;
        }
        has_any
    }

    /// The prompt tokens and the cached ones among them, if reported.
    pub(crate) fn cached_tokens(&self) -> Option<u32> {
        self.usage?.prompt_tokens_details?.cached_tokens
    }
}

impl ProbeFailure {
    fn from_message(message: String) -> Self {
        Self { status: None, message, is_refusal: false }
    }

    fn from_error_event(error: &Value) -> Self {
        let message = error.get("message").and_then(Value::as_str).or(error.as_str());
        let said = message.map_or_else(|| error.to_string(), str::to_owned);
        Self::from_message(format!("an error in place of the answer: {}", shorten_line(&said, 300)))
    }
}

impl From<TransportError> for ProbeFailure {
    fn from(error: TransportError) -> Self {
        let exchange = error.exchange();
        let (status, is_refusal) = match error.kind() {
            TransportErrorKind::Status(status) => {
                let is_refusal = matches!(status, 400 | 404 | 405 | 413 | 415 | 422 | 500 | 501);
                (Some(status), is_refusal)
            }
            _ => (exchange.status, false),
        };
        let said = match (error.kind(), &exchange.server_error) {
            (TransportErrorKind::Status(status), Some(server)) => {
                format!("{status}: {}", shorten_line(&server.message, 300))
            }
            (TransportErrorKind::Status(status), None) => format!("{status} without a word"),
            _ => format!("failed to {}", shorten_line(&error_with_causes(&error), 300)),
        };
        Self { status, message: said, is_refusal }
    }
}

/// Sets a field of a request body.
pub(crate) fn set_field(body: &mut Value, field: &str, value: Value) {
    if let Some(map) = body.as_object_mut() {
        map.insert(field.to_owned(), value);
    }
}

fn to_bytes(body: &Value) -> Bytes {
    Bytes::from(body.to_string())
}
