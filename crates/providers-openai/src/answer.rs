//! An answer to a chat completion, from its events to what it means.

use std::collections::VecDeque;
use std::mem;
use std::sync::Arc;

use futures_util::{StreamExt, stream};
use openclaw_core::{ChatEvent, ChatRequest, ChatStream, ModelError, ModelErrorKind};
use openclaw_transport::{EventStream, Exchange, StreamEvent};

use crate::OpenAiModel;
use crate::api::{Fault, Meaning, Reader};
use crate::assembly::{Assembly, Incomplete};
use crate::failure::{self, model_error};
use crate::negotiation::Negotiation;
use crate::thinking::Habit;

/// An answer being read.
pub(crate) struct Answer {
    events: EventStream,
    model: String,
    reader: Reader,
    assembly: Option<Box<Assembly>>,
    habit: Arc<Habit>,
    ready: VecDeque<Result<ChatEvent, ModelError>>,
    /// What a piece means is put here; empty in between.
    said: Vec<ChatEvent>,
    /// Where the request may still be written anew, and what its answer teaches is kept.
    negotiation: Option<Box<Negotiation>>,
    /// A piece of the answer came.
    has_content: bool,
}

impl Answer {
    /// An answer to a request, whose events begin.
    pub(crate) fn new(model: &OpenAiModel, request: &ChatRequest, events: EventStream) -> Self {
        Self {
            events,
            model: model.id().to_owned(),
            reader: model.api().reader(),
            assembly: Some(Box::new(model.assembly(request))),
            habit: Arc::clone(model.habit()),
            ready: VecDeque::from([Ok(ChatEvent::Accepted)]),
            said: Vec::new(),
            negotiation: None,
            has_content: false,
        }
    }

    /// Goes on with the negotiation that led to the answer.
    pub(crate) fn negotiated(mut self, mut negotiation: Negotiation) -> Self {
        let notes = negotiation.take_notes();
        self.ready.extend(notes.into_iter().map(|how| Ok(ChatEvent::Adapted { how })));
        self.negotiation = Some(Box::new(negotiation));
        self
    }

    pub(crate) fn into_stream(self) -> ChatStream {
        // Boxed: to move it with every event would cost more than to read the event.
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
            // Only the count of tokens or the end mark is lost.
            Some(Err(_)) if assembly.is_whole() => return self.end(*assembly),
            Some(Err(error)) => {
                return self.ready.push_back(Err(model_error(error, Some(&self.model))));
            }
            None => return self.end(*assembly),
        };
        match event {
            StreamEvent::Comment => self.ready.push_back(Ok(ChatEvent::Heartbeat)),
            StreamEvent::Data(data) => match self.reader.read_alike(&data) {
                Some(delta) => self.take(|events| assembly.piece(delta, events)),
                None => return self.read(&data, assembly).await,
            },
        }
        self.assembly = Some(assembly);
    }

    /// Reads an event that is not like one before it.
    async fn read(&mut self, data: &str, mut assembly: Box<Assembly>) {
        match self.reader.read(data) {
            Ok(Meaning::Done) => assembly.done(),
            Ok(Meaning::Begun) => {
                self.events.wait_for_first_token();
                self.ready.push_back(Ok(ChatEvent::Heartbeat));
            }
            Ok(Meaning::Piece(chunk)) => self.take(|events| events.extend(assembly.chunk(chunk))),
            Ok(Meaning::Last(chunk)) => {
                self.events.complete();
                self.take(|events| events.extend(assembly.chunk(chunk)));
                return self.end(*assembly);
            }
            Err(fault) => return Box::pin(self.refused(self.error(fault))).await,
        }
        self.assembly = Some(assembly);
    }

    /// Passes on what a piece means. Notes that one came, and whether it has content.
    fn take(&mut self, meaning: impl FnOnce(&mut Vec<ChatEvent>)) {
        let mut events = mem::take(&mut self.said);
        meaning(&mut events);
        if !self.has_content {
            self.has_content = events.iter().any(|event| *event != ChatEvent::Heartbeat);
            if let Some(negotiation) = &mut self.negotiation {
                negotiation.accepted();
            }
        }
        self.ready.extend(events.drain(..).map(Ok));
        self.said = events;
    }

    /// Begins anew, if the error came in place of an answer and teaches how.
    async fn refused(&mut self, error: ModelError) {
        let negotiation = self.negotiation.as_mut().filter(|_| !self.has_content);
        let Some(negotiation) = negotiation else { return self.ready.push_back(Err(error)) };
        match negotiation.open(Some(error)).await {
            Ok(events) => {
                self.events = events;
                self.reader = self.reader.anew();
                self.assembly = Some(Box::new(negotiation.assembly()));
                let notes = negotiation.take_notes();
                self.ready.extend(notes.into_iter().map(|how| Ok(ChatEvent::Adapted { how })));
            }
            Err(error) => self.ready.push_back(Err(error)),
        }
    }

    fn error(&self, fault: Fault) -> ModelError {
        match fault {
            Fault::Said(value) => {
                let server = self.events.server_error(&value).unwrap_or_default();
                let known = self.negotiation.as_ref().map(|negotiation| negotiation.known());
                let known = known.unwrap_or_default();
                failure::in_band(&server, self.events.exchange(), &self.model, known)
            }
            Fault::Ended(how) => {
                let message = format!("get a whole answer: the server says that it {how}");
                self.failed(ModelErrorKind::Interrupted, &message)
            }
            Fault::Garbled(error) => {
                let failed = self.failed(ModelErrorKind::Protocol, "read a piece of the answer");
                match error {
                    Some(error) => failed.with_source(error),
                    None => failed,
                }
            }
        }
    }

    fn end(&mut self, mut assembly: Assembly) {
        let message = match assembly.finish() {
            Ok(events) => {
                self.habit.learn(assembly.in_thought());
                if let (Some(negotiation), Some(ChatEvent::Finished { usage: Some(usage), .. })) =
                    (&self.negotiation, events.last())
                {
                    let how = negotiation.finished(*usage);
                    self.ready.extend(how.map(|how| Ok(ChatEvent::Adapted { how })));
                }
                let events: Vec<_> = events.into_iter().map(|it| Ok(self.placed(it))).collect();
                return self.ready.extend(events);
            }
            Err(Incomplete::Nothing) => {
                "get an answer: the stream ended without a single piece of one"
            }
            Err(Incomplete::GivenUp) => "get a whole answer: the server says that it gave it up",
            Err(Incomplete::CutOff) => {
                "get a whole answer: the server closed the connection in the middle of it"
            }
        };
        self.ready.push_back(Err(self.failed(ModelErrorKind::Interrupted, message)));
    }

    /// Says in the message where its reasoning came from.
    fn placed(&self, mut event: ChatEvent) -> ChatEvent {
        if let (ChatEvent::Finished { message, .. }, Some(from)) =
            (&mut event, self.reader.reasoning())
            && let Some(reasoning) = &mut message.reasoning
        {
            reasoning.field = from;
        }
        event
    }

    fn failed(&self, kind: ModelErrorKind, message: &str) -> ModelError {
        let exchange: &Exchange = self.events.exchange();
        let error = ModelError::new(kind, message);
        let error = error.with_exchange(failure::record(exchange, Some(&self.model)));
        failure::advised(error, exchange)
    }
}
