//! A chat completion as a stream of events.

use std::convert::Infallible;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use futures_util::stream;
use http_body_util::{BodyExt as _, StreamBody};
use hyper::Response;
use hyper::body::Frame;
use openclaw_protocol::events::WireEvent;
use openclaw_protocol::gateway::RunState;
use serde_json::{Value, json};
use tokio::sync::broadcast::error::RecvError;
use tokio::sync::mpsc;

use super::request::ChatCompletion;
use super::{StopOnDrop, error_object, finish_reason, run_problem, set_event_stream, usage_object};
use crate::http::HttpResponse;
use crate::run_result::RunEnd;
use crate::runs::{LiveRun, StartedRun};
use crate::state::GatewayState;

/// How often a comment keeps a silent connection open.
const KEEP_ALIVE: Duration = Duration::from_secs(10);

/// The pieces that wait for a slow client.
const MAX_WAITING_PIECES: usize = 256;

/// Writes one stream.
struct CompletionStream {
    state: Arc<GatewayState>,
    completion: ChatCompletion,
    session_key: String,
    id: String,
    pieces: mpsc::Sender<Bytes>,
    /// The text of the current message that was sent.
    sent: String,
    /// All text that was sent: the client sends it back with its next message.
    whole: String,
}

/// The client went away.
struct ClientGone;

/// Answers with the events of a run, until it ends.
pub(crate) fn stream_answer(
    state: Arc<GatewayState>,
    completion: ChatCompletion,
    session_key: String,
    started: StartedRun,
) -> HttpResponse {
    let (pieces, mut receiver) = mpsc::channel(MAX_WAITING_PIECES);
    let id = match &started {
        StartedRun::Live(run) => run.id.clone(),
        StartedRun::Ended(run) => run.id.clone(),
    };
    let writer = CompletionStream {
        state,
        completion,
        session_key,
        id,
        pieces,
        sent: String::new(),
        whole: String::new(),
    };
    tokio::spawn(writer.write(started));
    let body = stream::poll_fn(move |context| {
        let piece = receiver.poll_recv(context);
        piece.map(|piece| piece.map(|piece| Ok::<_, Infallible>(Frame::data(piece))))
    });
    let mut response = Response::new(StreamBody::new(body).boxed());
    set_event_stream(&mut response);
    response
}

impl CompletionStream {
    async fn write(mut self, started: StartedRun) {
        // A client that goes away ends its run, as one that closes a chat completion of a server.
        let end = match started {
            StartedRun::Live(run) => {
                let mut stopping = StopOnDrop::new(Arc::clone(&run));
                let Ok(end) = self.follow(&run).await else { return };
                stopping.disarm();
                end
            }
            StartedRun::Ended(run) => {
                if self.send_chunk(&json!({ "role": "assistant" }), None).await.is_err() {
                    return;
                }
                run.end
            }
        };
        // Nobody reads what is left.
        let _ = self.finish(&end).await;
    }

    async fn follow(&mut self, run: &LiveRun) -> Result<Arc<RunEnd>, ClientGone> {
        let mut events = run.subscribe();
        self.send_chunk(&json!({ "role": "assistant" }), None).await?;
        let mut keep_alive = tokio::time::interval(KEEP_ALIVE);
        keep_alive.reset();
        let ended = run.wait_for_end();
        tokio::pin!(ended);
        let pieces = self.pieces.clone();
        loop {
            tokio::select! {
                biased;
                event = events.recv() => match event {
                    Ok(event) => self.send_event(&event).await?,
                    Err(RecvError::Lagged(_)) => {
                        let error = error_object("server_error", "The client reads too slowly.");
                        self.send(format!("data: {error}\n\n")).await?;
                        return Err(ClientGone);
                    }
                    Err(RecvError::Closed) => return Ok(ended.await),
                },
                end = &mut ended => return Ok(end),
                () = pieces.closed() => return Err(ClientGone),
                _ = keep_alive.tick() => self.send(": waiting\n\n".to_owned()).await?,
            }
        }
    }

    async fn send_event(&mut self, event: &WireEvent) -> Result<(), ClientGone> {
        match event {
            WireEvent::Text { text } => {
                self.sent.push_str(text);
                self.send_text(text).await
            }
            WireEvent::Reasoning { text } => {
                self.send_chunk(&json!({ "reasoning_content": text }), None).await
            }
            // The next message begins anew; what was said before a call stands as it is.
            WireEvent::ToolStarted { .. } if !self.sent.is_empty() => {
                self.sent.clear();
                self.send_text("\n\n").await
            }
            WireEvent::Waiting { .. } => self.send(": waiting\n\n".to_owned()).await,
            _ => Ok(()),
        }
    }

    async fn finish(&mut self, end: &RunEnd) -> Result<(), ClientGone> {
        if end.status != RunState::Ok {
            let error = error_object("server_error", &run_problem(end));
            self.send(format!("data: {error}\n\n")).await?;
            return Ok(());
        }
        let text = end.text.clone().unwrap_or_default();
        // What the client missed; nothing when the last message was sent whole.
        match text.trim_end().strip_prefix(self.sent.trim_end()) {
            Some("") => {}
            Some(rest) => {
                let rest = rest.to_owned();
                self.send_text(&rest).await?;
            }
            None => self.send_text(&format!("\n\n{text}")).await?,
        }
        self.state.conversations.remember(&self.completion, &self.whole, &self.session_key);
        self.send_chunk(&json!({}), Some(finish_reason(end))).await?;
        if self.completion.include_usage {
            let mut chunk = self.chunk(&Value::Null, None);
            if let Some(chunk) = chunk.as_object_mut() {
                chunk.insert("choices".to_owned(), json!([]));
                chunk.insert("usage".to_owned(), usage_object(end.usage.as_ref()));
            }
            self.send(format!("data: {chunk}\n\n")).await?;
        }
        self.send("data: [DONE]\n\n".to_owned()).await
    }

    fn chunk(&self, delta: &Value, finish: Option<&str>) -> Value {
        json!({
            "id": format!("chatcmpl-{}", self.id),
            "object": "chat.completion.chunk",
            "created": self.completion.created,
            "model": self.completion.model,
            "choices": [{ "index": 0, "delta": delta, "finish_reason": finish }],
        })
    }

    async fn send_text(&mut self, text: &str) -> Result<(), ClientGone> {
        self.whole.push_str(text);
        self.send_chunk(&json!({ "content": text }), None).await
    }

    async fn send_chunk(&self, delta: &Value, finish: Option<&str>) -> Result<(), ClientGone> {
        self.send(format!("data: {}\n\n", self.chunk(delta, finish))).await
    }

    async fn send(&self, text: String) -> Result<(), ClientGone> {
        self.pieces.send(Bytes::from(text)).await.map_err(|_| ClientGone)
    }
}
