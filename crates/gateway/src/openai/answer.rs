//! An answer while it is given, in one form for agents and for models, and for both APIs.

use std::convert::Infallible;
use std::time::Duration;

use bytes::Bytes;
use futures_util::stream;
use http_body_util::{BodyExt as _, StreamBody};
use hyper::body::Frame;
use hyper::{Response, StatusCode};
use openclaw_core::EmittedToolCall;
use openclaw_protocol::parts::TokenCounts;
use serde_json::Value;
use tokio::sync::mpsc;
use tokio::time::{Instant, Interval, interval_at};

use super::{error_object, set_event_stream};
use crate::http::HttpResponse;

/// The events that wait for a slow client.
const MAX_WAITING_EVENTS: usize = 256;

/// How often a comment keeps a silent connection open.
const KEEP_ALIVE: Duration = Duration::from_secs(10);

/// The pieces that wait for a slow client.
const MAX_WAITING_PIECES: usize = 256;

/// An event of an answer. The last one is `Finished` or `Failed`.
#[derive(Debug)]
pub(crate) enum AnswerEvent {
    /// Text to append.
    Text(String),
    /// Text to append to the reasoning.
    Reasoning(String),
    /// A call of a tool of the client, complete.
    Call(ClientCall),
    /// What the answer waits for, in a few words.
    Waiting(String),
    Finished(AnswerEnd),
    Failed(AnswerProblem),
}

/// A call of a tool of the client.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct ClientCall {
    pub(crate) id: String,
    pub(crate) name: String,
    /// The arguments as JSON; what the model wrote where that is none.
    pub(crate) arguments: String,
}

/// How an answer ended.
#[derive(Debug, Clone)]
pub(crate) struct AnswerEnd {
    /// The last message of the answer.
    pub(crate) text: String,
    pub(crate) reason: FinishReason,
    pub(crate) usage: Option<TokenCounts>,
}

/// Why an answer ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum FinishReason {
    Stop,
    Length,
    ToolCalls,
    ContentFilter,
}

/// Why there is no answer, or not all of it.
#[derive(Debug, Clone)]
pub(crate) struct AnswerProblem {
    pub(crate) status: StatusCode,
    pub(crate) kind: &'static str,
    pub(crate) code: Option<&'static str>,
    /// A sentence.
    pub(crate) message: String,
    pub(crate) retry_after: Option<Duration>,
}

/// An answer while it is given. Dropping it ends the work on it.
#[derive(Debug)]
pub(crate) struct RunningAnswer {
    /// The id of the run, or one of its own.
    pub(crate) id: String,
    /// The session; `None` for a model without an agent.
    pub(crate) session_key: Option<String>,
    first: Option<AnswerEvent>,
    events: mpsc::Receiver<AnswerEvent>,
}

/// Where the events of an answer are put.
pub(crate) type AnswerSender = mpsc::Sender<AnswerEvent>;

/// The client went away.
pub(crate) struct ClientGone;

impl ClientCall {
    pub(crate) fn from_emitted(call: &EmittedToolCall) -> Self {
        let id = call.id().as_str().to_owned();
        match call {
            EmittedToolCall::Valid(call) => Self {
                id,
                name: call.name.as_str().to_owned(),
                arguments: call.arguments.to_json(),
            },
            EmittedToolCall::Invalid(call) => Self {
                id,
                name: call.name.as_str().to_owned(),
                arguments: call.raw_arguments.clone(),
            },
        }
    }
}

impl FinishReason {
    /// The name in a chat completion.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Stop => "stop",
            Self::Length => "length",
            Self::ToolCalls => "tool_calls",
            Self::ContentFilter => "content_filter",
        }
    }
}

impl AnswerProblem {
    /// A request that cannot be carried out.
    pub(crate) fn invalid(message: impl Into<String>) -> Self {
        Self {
            status: StatusCode::BAD_REQUEST,
            kind: "invalid_request_error",
            code: None,
            message: message.into(),
            retry_after: None,
        }
    }

    /// A failure behind the gateway.
    pub(crate) fn server(status: StatusCode, message: impl Into<String>) -> Self {
        Self { status, kind: "server_error", ..Self::invalid(message) }
    }

    /// The object of the OpenAI API.
    pub(crate) fn to_object(&self) -> Value {
        error_object(self.kind, &self.message, self.code)
    }
}

impl RunningAnswer {
    /// An answer whose events are put into the sender.
    pub(crate) fn new(id: String, session_key: Option<String>) -> (Self, AnswerSender) {
        let (sender, events) = mpsc::channel(MAX_WAITING_EVENTS);
        (Self { id, session_key, first: None, events }, sender)
    }

    /// The next event. When the work ended without one, that is a failure.
    pub(crate) async fn next(&mut self) -> AnswerEvent {
        if let Some(first) = self.first.take() {
            return first;
        }
        self.events.recv().await.unwrap_or_else(|| {
            let text = "The gateway ended before the answer did.";
            AnswerEvent::Failed(AnswerProblem::server(StatusCode::SERVICE_UNAVAILABLE, text))
        })
    }

    /// Waits a moment for the first event: a failure that comes at once is told with its status,
    /// which a stream that began can no longer have.
    ///
    /// # Errors
    /// That failure.
    pub(crate) async fn await_first(&mut self, limit: Duration) -> Result<(), AnswerProblem> {
        match tokio::time::timeout(limit, self.next()).await {
            Ok(AnswerEvent::Failed(problem)) => Err(problem),
            Ok(event) => {
                self.first = Some(event);
                Ok(())
            }
            Err(_) => Ok(()),
        }
    }

    /// Reads the answer to its end: all calls, and the end.
    ///
    /// # Errors
    /// When it failed.
    pub(crate) async fn collect(
        &mut self,
    ) -> Result<(String, Vec<ClientCall>, AnswerEnd), AnswerProblem> {
        let (mut calls, mut reasoning) = (Vec::new(), String::new());
        loop {
            match self.next().await {
                AnswerEvent::Reasoning(text) => reasoning.push_str(&text),
                AnswerEvent::Call(call) => calls.push(call),
                AnswerEvent::Text(_) | AnswerEvent::Waiting(_) => {}
                AnswerEvent::Finished(end) => return Ok((reasoning, calls, end)),
                AnswerEvent::Failed(problem) => return Err(problem),
            }
        }
    }
}

/// Writes an answer as a stream of events.
pub(crate) trait EventWriter: Send + 'static {
    /// The text before the first event.
    fn begin(&mut self) -> String;
    /// The text of an event; empty for nothing.
    fn write(&mut self, event: AnswerEvent) -> String;
}

/// A response with the events of an answer.
pub(crate) fn stream_answer(answer: RunningAnswer, writer: impl EventWriter) -> HttpResponse {
    let (pieces, mut receiver) = mpsc::channel(MAX_WAITING_PIECES);
    tokio::spawn(async move {
        // Nobody reads what is left.
        let _ = write_events(answer, writer, &pieces).await;
    });
    let body = stream::poll_fn(move |context| {
        let piece = receiver.poll_recv(context);
        piece.map(|piece| piece.map(|piece| Ok::<_, Infallible>(Frame::data(piece))))
    });
    let mut response = Response::new(StreamBody::new(body).boxed());
    set_event_stream(&mut response);
    response
}

async fn write_events(
    mut answer: RunningAnswer,
    mut writer: impl EventWriter,
    pieces: &mpsc::Sender<Bytes>,
) -> Result<(), ClientGone> {
    let send = |text: String| async move {
        if text.is_empty() {
            return Ok(());
        }
        pieces.send(Bytes::from(text)).await.map_err(|_| ClientGone)
    };
    send(writer.begin()).await?;
    let mut keep_alive = keep_alive_timer();
    let mut activity = "waiting".to_owned();
    loop {
        let event = tokio::select! {
            biased;
            event = answer.next() => event,
            () = pieces.closed() => return Err(ClientGone),
            _ = keep_alive.tick() => {
                send(format!(": {activity}\n\n")).await?;
                continue;
            }
        };
        let is_last = matches!(event, AnswerEvent::Finished(_) | AnswerEvent::Failed(_));
        match event {
            AnswerEvent::Waiting(what) => {
                if what != activity {
                    send(format!(": {what}\n\n")).await?;
                    keep_alive.reset();
                }
                activity = what;
                continue;
            }
            event => {
                let text = writer.write(event);
                if !text.is_empty() {
                    keep_alive.reset();
                }
                send(text).await?;
            }
        }
        if is_last {
            return Ok(());
        }
        "waiting".clone_into(&mut activity);
    }
}

fn keep_alive_timer() -> Interval {
    interval_at(Instant::now() + KEEP_ALIVE, KEEP_ALIVE)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Writes the kinds of events.
    struct KindWriter;

    impl EventWriter for KindWriter {
        fn begin(&mut self) -> String {
            "begin\n".to_owned()
        }

        fn write(&mut self, event: AnswerEvent) -> String {
            match event {
                AnswerEvent::Failed(problem) => format!("{}\n", problem.message),
                _ => "event\n".to_owned(),
            }
        }
    }

    #[tokio::test(start_paused = true)]
    async fn a_silent_answer_keeps_its_connection_open_with_comments() {
        let (answer, sender) = RunningAnswer::new("id".to_owned(), None);
        let mut body = stream_answer(answer, KindWriter).into_body();
        let mut next = async || {
            let frame = body.frame().await.unwrap().unwrap();
            String::from_utf8(frame.into_data().unwrap().to_vec()).unwrap()
        };
        let start = Instant::now();
        assert_eq!(next().await, "begin\n");
        assert_eq!(next().await, ": waiting\n\n");
        assert_eq!(start.elapsed().as_secs(), 10);
        sender.send(AnswerEvent::Waiting("prefill".to_owned())).await.unwrap();
        assert_eq!(next().await, ": prefill\n\n");
        sender.send(AnswerEvent::Waiting("prefill".to_owned())).await.unwrap();
        assert_eq!(next().await, ": prefill\n\n");
        assert_eq!(start.elapsed().as_secs(), 20);
        sender.send(AnswerEvent::Text("x".to_owned())).await.unwrap();
        assert_eq!(next().await, "event\n");
        drop(sender);
        assert_eq!(next().await, "The gateway ended before the answer did.\n");
        assert!(body.frame().await.is_none());
    }
}
