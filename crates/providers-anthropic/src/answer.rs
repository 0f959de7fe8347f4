//! An answer, from its events to what it means.

use std::collections::VecDeque;
use std::sync::Arc;

use futures_util::{StreamExt, stream};
use openclaw_core::{ChatEvent, ChatStream, EmittedCall, ModelError, ModelErrorKind};
use openclaw_transport::{EventStream, ServerError, StreamEvent};
use serde_json::Value;

use crate::assembly::{Assembly, Finished, Incomplete};
use crate::failure::{self, model_error};
use crate::learnt::Learnt;
use crate::wire::{Event, Message};

/// The kinds of events that are a part of an answer: these must be understood.
const PARTS: [&str; 6] = [
    "message_start",
    "content_block_start",
    "content_block_delta",
    "content_block_stop",
    "message_delta",
    "message_stop",
];

/// An answer being read.
pub(crate) struct Answer {
    events: EventStream,
    model: String,
    learnt: Arc<Learnt>,
    /// The bytes of a request for the size of its prompt.
    size: usize,
    assembly: Option<Box<Assembly>>,
    ready: VecDeque<Result<ChatEvent, ModelError>>,
}

/// What an event is.
#[derive(Debug)]
enum Read {
    Part(Box<Event>),
    Whole(Message),
    Said(ServerError),
}

impl Answer {
    /// An answer whose events begin, to a request of a size; `how` is what was learnt before.
    pub(crate) fn new(
        events: EventStream,
        model: &str,
        (learnt, size): (Arc<Learnt>, usize),
        how: Option<String>,
    ) -> Self {
        let adapted = how.map(|how| Ok(ChatEvent::Adapted { how }));
        Self {
            events,
            model: model.to_owned(),
            learnt,
            size,
            assembly: Some(Box::default()),
            ready: std::iter::once(Ok(ChatEvent::Accepted)).chain(adapted).collect(),
        }
    }

    pub(crate) fn into_stream(self) -> ChatStream {
        Box::pin(stream::unfold(Box::new(self), |mut answer| async move {
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
    async fn advance(&mut self, mut assembly: Box<Assembly>) {
        let event = match self.events.next().await {
            Some(Ok(event)) => event,
            // Only the end mark is lost.
            Some(Err(_)) if assembly.is_whole() => return self.end(*assembly),
            Some(Err(error)) => {
                return self.ready.push_back(Err(model_error(error, Some(&self.model))));
            }
            None => return self.end(*assembly),
        };
        match event {
            StreamEvent::Comment => self.ready.push_back(Ok(ChatEvent::Heartbeat)),
            StreamEvent::Data(data) => match self.read(&data) {
                Ok(Read::Part(event)) => {
                    let is_last = event.kind.as_deref() == Some("message_stop");
                    self.ready.extend(assembly.event(*event).into_iter().map(Ok));
                    if is_last {
                        self.events.complete();
                        return self.end(*assembly);
                    }
                    if !assembly.has_content() {
                        // Announcements and pings are not the first token.
                        self.events.wait_for_first_token();
                    }
                }
                Ok(Read::Whole(message)) => {
                    self.ready.extend(assembly.whole(message).into_iter().map(Ok));
                    return self.end(*assembly);
                }
                Ok(Read::Said(server)) => {
                    let error = failure::in_band(&server, self.events.exchange(), &self.model);
                    return self.ready.push_back(Err(error));
                }
                Err(error) => {
                    let failed =
                        self.failed(ModelErrorKind::Protocol, "read a piece of the answer");
                    return self.ready.push_back(Err(failed.with_source(error)));
                }
            },
        }
        self.assembly = Some(assembly);
    }

    fn end(&mut self, mut assembly: Assembly) {
        let message = match assembly.finish() {
            Ok(Finished { events, thoughts }) => {
                if let Some(ChatEvent::Finished { message, usage, .. }) = events.last() {
                    if let Some(usage) = usage {
                        self.learnt.note_count(self.size, usage.input);
                    }
                    if let Some(thoughts) = thoughts {
                        let ready = message.calls.iter().filter_map(|call| match call {
                            EmittedCall::Ready(call) => Some(call),
                            EmittedCall::Broken(_) => None,
                        });
                        let calls: Vec<_> = ready.collect();
                        self.learnt.thoughts.keep(&message.text, &calls, thoughts);
                    }
                }
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

    /// Reads an event. One of a kind that is not known is no part of the answer, whatever it holds.
    fn read(&self, data: &str) -> Result<Read, serde_json::Error> {
        let garbled = match serde_json::from_str::<Event>(data) {
            Ok(event) if event.kind.as_deref().is_some_and(|kind| PARTS.contains(&kind)) => {
                return Ok(Read::Part(Box::new(event)));
            }
            Ok(_) => None,
            Err(error) => Some(error),
        };
        let value = serde_json::from_str::<Value>(data)?;
        let kind = value.get("type").and_then(Value::as_str);
        if kind == Some("message") {
            return serde_json::from_value(value).map(Read::Whole);
        }
        if let Some(server) = self.events.server_error(&value) {
            return Ok(Read::Said(server));
        }
        match garbled {
            Some(error) if kind.is_none_or(|kind| PARTS.contains(&kind)) => Err(error),
            _ => Ok(Read::Part(Box::default())),
        }
    }

    fn failed(&self, kind: ModelErrorKind, message: &str) -> ModelError {
        let record = failure::record(self.events.exchange(), Some(&self.model));
        ModelError::new(kind, message).with_exchange(record)
    }
}
