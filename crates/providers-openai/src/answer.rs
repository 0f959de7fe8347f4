//! Reads a streamed answer and turns its events into [`ChatEvent`]s.

use std::mem;
use std::sync::Arc;

use futures_util::StreamExt;
use openclaw_core::{ChatEvent, ChatRequest, ChatStream, ModelError, ModelErrorKind};
use openclaw_provider::{
    AnswerLimits, AnswerReader, IncompleteAnswer, ReadyEvents, answer_error, model_error,
    stream_answer, stream_error,
};
use openclaw_transport::{EventStream, StreamEvent};

use crate::OpenAiModel;
use crate::api::{EventReader, StreamFault, StreamItem};
use crate::assembly::{AnswerAssembler, UnusableAnswer};
use crate::negotiation::RequestNegotiation;
use crate::reasoning_tags::ReasoningPrefixHabit;

/// The part of an unreadable event that its error shows, in characters.
const MAX_SHOWN_EVENT: usize = 200;

/// An answer being read.
pub(crate) struct StreamingAnswer {
    events: EventStream,
    model_id: String,
    reader: EventReader,
    assembler: Option<Box<AnswerAssembler>>,
    reasoning_habit: Arc<ReasoningPrefixHabit>,
    ready_events: ReadyEvents,
    /// A reused buffer of the events of one chunk; empty in between.
    event_buffer: Vec<ChatEvent>,
    /// The negotiation of the request, while the request may be resent and its answer adds to the
    /// known capabilities.
    negotiation: Option<Box<RequestNegotiation>>,
    limits: AnswerLimits,
    /// The bytes of content before the last event.
    received_bytes: u64,
    /// The bytes of events without content.
    empty_event_bytes: u64,
    /// Whether any content arrived.
    has_content: bool,
    /// The first event that was not understood, and why.
    unreadable_event: Option<(String, Option<serde_json::Error>)>,
}

impl StreamingAnswer {
    /// Reads the answer to a request from its stream.
    pub(crate) fn new(model: &OpenAiModel, request: &ChatRequest, events: EventStream) -> Self {
        Self {
            events,
            model_id: model.id().to_owned(),
            reader: model.chat_api().new_reader(),
            assembler: Some(Box::new(model.new_assembler(request))),
            reasoning_habit: Arc::clone(model.reasoning_habit()),
            ready_events: ReadyEvents::from([Ok(ChatEvent::RequestAccepted)]),
            event_buffer: Vec::new(),
            negotiation: None,
            limits: model.answer_limits(request),
            received_bytes: 0,
            empty_event_bytes: 0,
            has_content: false,
            unreadable_event: None,
        }
    }

    /// Continues the negotiation that led to the answer.
    pub(crate) fn with_negotiation(mut self, mut negotiation: RequestNegotiation) -> Self {
        let adaptation_notes = negotiation.take_notes();
        self.ready_events.extend(
            adaptation_notes
                .into_iter()
                .map(|note| Ok(ChatEvent::RequestAdapted { message: note })),
        );
        self.negotiation = Some(Box::new(negotiation));
        self
    }

    pub(crate) fn into_stream(self) -> ChatStream {
        stream_answer(self)
    }

    /// Reads one event. The assembler is put back unless the answer has ended.
    async fn read_next_event(&mut self, mut assembler: Box<AnswerAssembler>) {
        let event = match self.events.next().await {
            Some(Ok(event)) => event,
            // Only the token usage or the end marker is lost.
            Some(Err(_)) if assembler.has_finish_reason() => return self.finish_answer(*assembler),
            Some(Err(error)) => {
                let error = model_error(error, Some(&self.model_id));
                return self.fail_answer(&mut assembler, error);
            }
            None => return self.finish_answer(*assembler),
        };
        match event {
            StreamEvent::Comment => self.ready_events.push_back(Ok(ChatEvent::KeepAlive)),
            StreamEvent::Data(data) => match self.reader.read_by_template(&data) {
                Some(delta) => {
                    self.collect_events(|events| assembler.add_delta(delta, events));
                    return self.end_event(data.len(), assembler);
                }
                None => return self.read_full_event(&data, assembler).await,
            },
            StreamEvent::Error(text) => {
                let fault = self.reader.read_error(text.clone());
                return self.handle_fault(fault, &text, assembler).await;
            }
            StreamEvent::Stray(text) => {
                let is_page = text.trim_start().starts_with('<');
                let fault = if is_page {
                    StreamFault::ErrorText(text.clone())
                } else {
                    StreamFault::Malformed(None)
                };
                return self.handle_fault(fault, &text, assembler).await;
            }
        }
        self.assembler = Some(assembler);
    }

    /// Parses an event that does not match the template of an earlier one.
    async fn read_full_event(&mut self, data: &str, mut assembler: Box<AnswerAssembler>) {
        match self.reader.read(data) {
            Ok(StreamItem::EndMarker) => assembler.record_end_marker(),
            Ok(StreamItem::Accepted) => {
                self.events.restart_first_token_timeout();
                self.ready_events.push_back(Ok(ChatEvent::KeepAlive));
                return self.end_event(data.len(), assembler);
            }
            Ok(StreamItem::Chunk(chunk)) => {
                self.collect_events(|events| events.extend(assembler.add_chunk(chunk)));
                return self.end_event(data.len(), assembler);
            }
            Ok(StreamItem::LastChunk(chunk)) => {
                self.events.mark_complete();
                self.collect_events(|events| events.extend(assembler.add_chunk(chunk)));
                return self.finish_answer(*assembler);
            }
            Err(fault) => return self.handle_fault(fault, data, assembler).await,
        }
        self.assembler = Some(assembler);
    }

    /// Checks the answer against its limits after an event that may have added to it, and puts the
    /// assembler back.
    fn end_event(&mut self, event_bytes: usize, mut assembler: Box<AnswerAssembler>) {
        let received = assembler.received_bytes();
        if received == self.received_bytes && !assembler.has_finish_reason() {
            let event_bytes = u64::try_from(event_bytes).unwrap_or(u64::MAX);
            self.empty_event_bytes = self.empty_event_bytes.saturating_add(event_bytes);
            self.events.record_keep_alive();
            for event in self.ready_events.iter_mut().rev() {
                match event {
                    Ok(event) if *event == ChatEvent::Heartbeat => *event = ChatEvent::KeepAlive,
                    _ => break,
                }
            }
        }
        self.received_bytes = received;
        if let Err(error) = self.limits.check_bytes(received.saturating_add(self.empty_event_bytes))
        {
            let exchange = self.events.exchange().clone().with_model(Some(&self.model_id));
            return self.fail_answer(&mut assembler, error.with_exchange(exchange));
        }
        if assembler.has_too_many_calls() {
            // Closes the connection, so that the server stops generating.
            self.events.mark_complete();
            assembler.stop_at_call_limit();
            return self.finish_answer(*assembler);
        }
        self.assembler = Some(assembler);
    }

    /// Skips an event that was not understood, and whatever follows a complete answer. Fails with
    /// any other.
    async fn handle_fault(
        &mut self,
        fault: StreamFault,
        event: &str,
        mut assembler: Box<AnswerAssembler>,
    ) {
        if !assembler.is_complete() && !matches!(fault, StreamFault::Malformed(_)) {
            self.release_at_break(&mut assembler);
            return Box::pin(self.retry_or_fail(self.error_from_fault(fault))).await;
        }
        assembler.record_gap();
        self.events.record_unreadable_event();
        if let StreamFault::Malformed(error) = fault {
            self.unreadable_event.get_or_insert_with(|| (event.to_owned(), error));
        }
        self.ready_events.push_back(Ok(ChatEvent::KeepAlive));
        self.end_event(event.len(), assembler);
    }

    /// Queues the events of a chunk, and records that it came and whether it has content.
    fn collect_events(&mut self, append_events: impl FnOnce(&mut Vec<ChatEvent>)) {
        let mut events = mem::take(&mut self.event_buffer);
        append_events(&mut events);
        if !self.has_content {
            self.has_content = events.iter().any(|event| *event != ChatEvent::Heartbeat);
            if let Some(negotiation) = &mut self.negotiation {
                negotiation.confirm_assumptions();
            }
        }
        self.ready_events.extend(events.drain(..).map(Ok));
        self.event_buffer = events;
    }

    /// Ends an answer that broke off.
    fn fail_answer(&mut self, assembler: &mut AnswerAssembler, error: ModelError) {
        self.release_at_break(assembler);
        self.ready_events.push_back(Err(error));
    }

    /// Queues what the assembler holds back of an answer that breaks off.
    fn release_at_break(&mut self, assembler: &mut AnswerAssembler) {
        // An error without content proves nothing about the assumptions of the request.
        if self.has_content {
            self.collect_events(|events| assembler.release_at_break(events));
        }
    }

    /// Resends the request, if the error came in place of an answer and shows how to adapt it.
    async fn retry_or_fail(&mut self, error: ModelError) {
        let negotiation = self.negotiation.as_mut().filter(|_| !self.has_content);
        let Some(negotiation) = negotiation else { return self.ready_events.push_back(Err(error)) };
        match negotiation.open_stream(Some(error)).await {
            Ok(events) => {
                self.events = events;
                self.reader = self.reader.fresh_reader();
                self.assembler = Some(Box::new(negotiation.new_assembler()));
                self.received_bytes = 0;
                let adaptation_notes = negotiation.take_notes();
                self.ready_events.extend(
                    adaptation_notes
                        .into_iter()
                        .map(|note| Ok(ChatEvent::RequestAdapted { message: note })),
                );
            }
            Err(error) => self.ready_events.push_back(Err(error)),
        }
    }

    fn error_from_fault(&self, fault: StreamFault) -> ModelError {
        let server = match fault {
            StreamFault::ServerError(value) => self.events.parse_server_error(&value),
            StreamFault::ErrorText(text) => self.events.parse_error_text(&text),
            StreamFault::AnswerFailed(status) => {
                let message = format!("get a whole answer: the server says that it {status}");
                return self.error_with_exchange(ModelErrorKind::Interrupted, &message);
            }
            StreamFault::Malformed(_) => {
                let message = "read a piece of the answer";
                return self.error_with_exchange(ModelErrorKind::Protocol, message);
            }
        };
        let negotiation = self.negotiation.as_ref();
        let context = negotiation.map(|negotiation| negotiation.overflow_context());
        let server = server.unwrap_or_default();
        stream_error(&server, self.events.exchange(), &self.model_id, context.unwrap_or_default())
    }

    /// The error of an answer without an end, of which an event was not understood.
    fn unreadable_error(&self, event: &str, error: Option<serde_json::Error>) -> ModelError {
        let text = self.events.parse_error_text(event).map(|said| said.message).unwrap_or_default();
        let shown: String = text.chars().take(MAX_SHOWN_EVENT).collect();
        let message = format!("read the answer: the server sent `{shown}`");
        let protocol_error = self.error_with_exchange(ModelErrorKind::Protocol, &message);
        match error {
            Some(error) => protocol_error.with_source(error),
            None => protocol_error,
        }
    }

    fn finish_answer(&mut self, mut assembler: AnswerAssembler) {
        let message = match assembler.finish_answer() {
            Ok(events) => {
                self.reasoning_habit.record_start(assembler.started_in_reasoning());
                if let (Some(negotiation), Some(ChatEvent::Finished { usage: Some(usage), .. })) =
                    (&mut self.negotiation, events.last())
                {
                    let note = negotiation.check_usage(*usage);
                    self.ready_events
                        .extend(note.map(|how| Ok(ChatEvent::RequestAdapted { message: how })));
                }
                let events: Vec<_> =
                    events.into_iter().map(|it| Ok(self.with_reasoning_source(it))).collect();
                return self.ready_events.extend(events);
            }
            Err(UnusableAnswer::Incomplete(
                IncompleteAnswer::NoContent | IncompleteAnswer::Disconnected,
            )) if self.unreadable_event.is_some() => {
                let (event, error) = self.unreadable_event.take().unwrap_or_default();
                let error = self.unreadable_error(&event, error);
                return self.fail_answer(&mut assembler, error);
            }
            Err(UnusableAnswer::Incomplete(incomplete)) => incomplete.error_message(),
            Err(UnusableAnswer::UnreadableCall(call)) => {
                let error = self.error_with_exchange(ModelErrorKind::Protocol, &call.to_string());
                let error = error.with_hint(call.family.describe_server_options());
                return self.ready_events.push_back(Err(error));
            }
        };
        let error = self.error_with_exchange(ModelErrorKind::Interrupted, message);
        self.fail_answer(&mut assembler, error);
    }

    /// Records in the final message which field its reasoning came from.
    fn with_reasoning_source(&self, mut event: ChatEvent) -> ChatEvent {
        if let (ChatEvent::Finished { message, .. }, Some(source)) =
            (&mut event, self.reader.reasoning_source())
            && let Some(reasoning) = &mut message.reasoning
        {
            reasoning.field = source.into();
        }
        event
    }

    fn error_with_exchange(&self, kind: ModelErrorKind, message: &str) -> ModelError {
        answer_error(kind, message, self.events.exchange(), &self.model_id)
    }
}

impl AnswerReader for StreamingAnswer {
    fn ready_events(&mut self) -> &mut ReadyEvents {
        &mut self.ready_events
    }

    async fn read_next(&mut self) -> bool {
        let Some(assembler) = self.assembler.take() else { return false };
        self.read_next_event(assembler).await;
        true
    }
}
