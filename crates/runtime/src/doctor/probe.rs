//! Asks a server one thing at a time, and reads what comes as it is: nothing is mended, retried or
//! worked around, for that is what is to be seen.

use std::time::Duration;

use bytes::Bytes;
use futures_util::StreamExt;
use openclaw_transport::wire::{ChatChunk, Usage};
use openclaw_transport::{
    Client, ClientOptions, Endpoint, Limit, Reply, RetryPolicy, StreamEvent, TransportError,
    TransportErrorKind,
};
use serde_json::{Value, json};
use tokio::time::Instant;

use super::words::{brief, whole};

/// A server that is asked.
#[derive(Debug)]
pub(super) struct Probe {
    /// Asks as everything else does, with the provider's key and headers.
    pub(super) client: Client,
    /// Asks without them.
    pub(super) stranger: Client,
    /// The id that the server is asked for.
    pub(super) model: String,
    /// How the limit of an answer is named.
    pub(super) limit_field: &'static str,
    /// Tokens in a second, once they were measured.
    pub(super) rate: Option<f64>,
}

/// A whole answer to a question.
#[derive(Debug, Default)]
pub(super) struct Answer {
    pub(super) text: String,
    /// The field that held reasoning.
    pub(super) reasoning: Option<&'static str>,
    /// The name and the arguments of each call.
    pub(super) calls: Vec<(String, String)>,
    pub(super) finish: Option<String>,
    pub(super) usage: Option<Usage>,
    pub(super) elapsed: Duration,
}

/// A streamed answer and when its pieces came.
#[derive(Debug, Default)]
pub(super) struct Streamed {
    pub(super) answer: Answer,
    /// Whether it came as events, and not as one JSON object.
    pub(super) is_stream: bool,
    pub(super) pieces: u32,
    pub(super) first: Option<Duration>,
    pub(super) last: Option<Duration>,
    /// Whether the end mark came.
    pub(super) is_done: bool,
}

/// Why there is no answer.
#[derive(Debug)]
pub(super) struct Failed {
    pub(super) status: Option<u16>,
    /// What happened, on one line, with the server's own words.
    pub(super) said: String,
    /// Whether the server says that it does not take the request, rather than that it cannot now.
    pub(super) is_refusal: bool,
}

impl Probe {
    /// `limit` bounds each request; shorter clocks of the provider stay.
    pub(super) fn new(options: ClientOptions, limit: Limit) -> Result<Self, TransportError> {
        let mut options = options;
        options.retry = RetryPolicy::NEVER;
        options.turnstile = None;
        let longer = |total: &Limit| total.duration >= limit.duration;
        if options.clocks.total.as_ref().is_none_or(longer) {
            options.clocks.total = Some(limit);
        }
        let stranger = ClientOptions { bearer: None, headers: Vec::new(), ..options.clone() };
        Ok(Self {
            client: Client::new(options)?,
            stranger: Client::new(stranger)?,
            model: String::new(),
            limit_field: "max_tokens",
            rate: None,
        })
    }

    pub(super) fn endpoint(&self) -> &Endpoint {
        self.client.endpoint()
    }

    /// How many tokens an answer may have so that it takes a moment and no more.
    pub(super) fn moment(&self, most: u32) -> u32 {
        const SECONDS: f64 = 15.0;
        #[expect(
            clippy::cast_possible_truncation,
            clippy::cast_sign_loss,
            reason = "a float cast saturates, and a rate is not below zero"
        )]
        let in_time = self.rate.map(|rate| (rate * SECONDS) as u32);
        in_time.map_or(most, |tokens| tokens.clamp(32, most))
    }

    /// The body of a question.
    pub(super) fn body(&self, messages: &Value, most: u32) -> Value {
        let mut body = json!({ "model": self.model, "messages": messages });
        with(&mut body, self.limit_field, json!(most));
        body
    }

    /// Asks a question and takes the answer whole.
    pub(super) async fn ask(&self, body: &Value) -> Result<Answer, Failed> {
        let begun = Instant::now();
        let url = self.endpoint().api("chat/completions");
        let reply = self.client.post(url, bytes(body)).await?;
        let chunk: ChatChunk = reply.json()?;
        if let Some(error) = &chunk.error {
            return Err(Failed::in_band(error));
        }
        let mut answer = Answer { elapsed: begun.elapsed(), ..Answer::default() };
        answer.take(chunk);
        Ok(answer)
    }

    /// Asks a question and takes the answer as it comes.
    pub(super) async fn stream(&self, body: &Value) -> Result<Streamed, Failed> {
        let begun = Instant::now();
        let url = self.endpoint().api("chat/completions");
        let mut events = self.client.stream(url, bytes(body)).await?;
        let kind = events.exchange().content_type.clone().unwrap_or_default();
        let mut streamed =
            Streamed { is_stream: kind.starts_with("text/event-stream"), ..Streamed::default() };
        while let Some(event) = events.next().await {
            let StreamEvent::Data(data) = event? else { continue };
            if data.trim() == "[DONE]" {
                streamed.is_done = true;
                continue;
            }
            let chunk: ChatChunk = serde_json::from_str(&data).map_err(|error| {
                Failed::other(format!("an event is not what was expected: {error}"))
            })?;
            if let Some(error) = &chunk.error {
                return Err(Failed::in_band(error));
            }
            if streamed.answer.take(chunk) {
                streamed.pieces += 1;
                streamed.first.get_or_insert(begun.elapsed());
                streamed.last = Some(begun.elapsed());
            }
        }
        streamed.answer.elapsed = begun.elapsed();
        Ok(streamed)
    }

    /// Asks a route beside the API, with the key or without.
    pub(super) async fn get(client: &Client, route: &str) -> Result<Reply, Failed> {
        Ok(client.get(client.endpoint().root(route)).await?)
    }

    /// Posts to a route beside the API, with the key or without.
    pub(super) async fn post(client: &Client, route: &str, body: &Value) -> Result<Reply, Failed> {
        Ok(client.post(client.endpoint().root(route), bytes(body)).await?)
    }
}

impl Answer {
    /// Adds a piece; whether there was anything in it.
    fn take(&mut self, chunk: ChatChunk) -> bool {
        self.usage = chunk.usage.or(self.usage);
        let Some(choice) = chunk.choices.into_iter().next() else { return false };
        self.finish = choice.finish_reason.or(self.finish.take());
        let delta = choice.delta;
        let mut has_any = false;
        for (field, text) in
            [("reasoning", delta.reasoning), ("reasoning_content", delta.reasoning_content)]
        {
            if text.is_some_and(|text| !text.is_empty()) {
                self.reasoning.get_or_insert(field);
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

    /// The tokens of the prompt and those of them that came from the cache, as far as it says.
    pub(super) fn cached(&self) -> Option<u32> {
        self.usage?.prompt_tokens_details?.cached_tokens
    }
}

impl Failed {
    fn other(said: String) -> Self {
        Self { status: None, said, is_refusal: false }
    }

    fn in_band(error: &Value) -> Self {
        let message = error.get("message").and_then(Value::as_str).or(error.as_str());
        let said = message.map_or_else(|| error.to_string(), str::to_owned);
        Self::other(format!("an error in place of the answer: {}", brief(&said, 300)))
    }
}

impl From<TransportError> for Failed {
    fn from(error: TransportError) -> Self {
        let exchange = error.exchange();
        let (status, is_refusal) = match error.kind() {
            TransportErrorKind::Status(status) => {
                let is_refusal = matches!(status, 400 | 404 | 405 | 413 | 415 | 422 | 500 | 501);
                (Some(status), is_refusal)
            }
            _ => (exchange.status, false),
        };
        let said = match (error.kind(), &exchange.server) {
            (TransportErrorKind::Status(status), Some(server)) => {
                format!("{status}: {}", brief(&server.message, 300))
            }
            (TransportErrorKind::Status(status), None) => format!("{status} without a word"),
            _ => format!("failed to {}", brief(&whole(&error), 300)),
        };
        Self { status, said, is_refusal }
    }
}

/// Sets a field of a body.
pub(super) fn with(body: &mut Value, field: &str, value: Value) {
    if let Some(map) = body.as_object_mut() {
        map.insert(field.to_owned(), value);
    }
}

fn bytes(body: &Value) -> Bytes {
    Bytes::from(body.to_string())
}
