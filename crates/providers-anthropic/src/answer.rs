//! Reads a streamed answer and turns its events into [`ChatEvent`]s.

use std::sync::Arc;

use futures_util::StreamExt;
use openclaw_core::{ChatEvent, ChatStream, EmittedToolCall, ModelError, ModelErrorKind};
use openclaw_provider::{
    AnswerLimits, AnswerReader, OverflowContext, ReadyEvents, answer_error, model_error,
    stream_answer, stream_error,
};
use openclaw_transport::{
    EventStream, LenientJsonParser, ServerErrorMessage, StreamEvent, is_end_marker,
};
use serde_json::Value;

use crate::assembly::{AnswerAssembler, FinishedAnswer};
use crate::capabilities::ServerCapabilities;
use crate::wire::{EventDelta, MessageEvent, MessageResponse};

/// Event kinds that are part of an answer: an unreadable one is an error.
const ANSWER_EVENT_KINDS: [&str; 6] = [
    "message_start",
    "content_block_start",
    "content_block_delta",
    "content_block_stop",
    "message_delta",
    "message_stop",
];

/// Reads one answer.
pub(crate) struct MessageReader {
    events: EventStream,
    model: String,
    capabilities: Arc<ServerCapabilities>,
    /// The size of the request's token counting body, in bytes.
    request_bytes: usize,
    assembler: Option<Box<AnswerAssembler>>,
    pending_events: ReadyEvents,
    /// Parses events that are not quite JSON.
    json_parser: LenientJsonParser,
    limits: AnswerLimits,
    /// The bytes of content before the last event.
    received_bytes: u64,
    /// The bytes of events without content.
    empty_event_bytes: u64,
}

/// The payload of an event.
#[derive(Debug)]
enum StreamPayload {
    Event(Box<MessageEvent>),
    Message(MessageResponse),
    Error(ServerErrorMessage),
}

impl MessageReader {
    /// Reads an answer from its stream. `request_bytes` is the size of the request's token counting
    /// body.
    pub(crate) fn new(
        events: EventStream,
        model: &str,
        capabilities: Arc<ServerCapabilities>,
        request_bytes: usize,
        adaptation: Option<String>,
    ) -> Self {
        let adapted = adaptation.map(|how| Ok(ChatEvent::RequestAdapted { message: how }));
        Self {
            events,
            model: model.to_owned(),
            capabilities,
            request_bytes,
            assembler: Some(Box::default()),
            pending_events: std::iter::once(Ok(ChatEvent::RequestAccepted))
                .chain(adapted)
                .collect(),
            json_parser: LenientJsonParser::default(),
            limits: AnswerLimits::default(),
            received_bytes: 0,
            empty_event_bytes: 0,
        }
    }

    /// Replaces the limits of the answer.
    pub(crate) fn with_limits(mut self, limits: AnswerLimits) -> Self {
        self.limits = limits;
        self
    }

    pub(crate) fn into_stream(self) -> ChatStream {
        stream_answer(self)
    }

    /// Reads one event. The assembler is put back unless the answer has ended.
    async fn read_next_event(&mut self, mut assembler: Box<AnswerAssembler>) {
        let event = match self.events.next().await {
            Some(Ok(event)) => event,
            // Only the end marker is lost.
            Some(Err(_)) if assembler.has_stop_reason() => return self.finish_answer(*assembler),
            Some(Err(error)) => {
                return self.pending_events.push_back(Err(model_error(error, Some(&self.model))));
            }
            None => return self.finish_answer(*assembler),
        };
        match event {
            StreamEvent::Comment => self.pending_events.push_back(Ok(ChatEvent::KeepAlive)),
            StreamEvent::Stray(text) if !text.trim_start().starts_with('<') => {
                self.skip_event();
            }
            StreamEvent::Error(text) | StreamEvent::Stray(text) if !assembler.has_stop_reason() => {
                let server = self.events.parse_error_text(&text).unwrap_or_default();
                return self.fail_with(&server);
            }
            StreamEvent::Error(_) | StreamEvent::Stray(_) => self.skip_event(),
            StreamEvent::Data(data) => match self.read(&data) {
                Ok(StreamPayload::Event(event)) => {
                    let is_last = event.kind.as_deref() == Some("message_stop");
                    self.pending_events.extend(assembler.apply_event(*event).into_iter().map(Ok));
                    let is_full = assembler.has_too_many_calls(self.limits.max_tool_calls);
                    if is_full {
                        assembler.stop_at_call_limit();
                        // The event of the call that is dropped.
                        self.pending_events
                            .pop_back_if(|it| matches!(it, Ok(ChatEvent::ToolCallDelta { .. })));
                    }
                    if is_last || is_full {
                        self.events.mark_complete();
                        return self.finish_answer(*assembler);
                    }
                    if !assembler.has_content() {
                        // Announcing events and pings do not count as the first token.
                        self.events.restart_first_token_timeout();
                    }
                    if let Err(error) = self.check_size(data.len(), &assembler) {
                        return self.pending_events.push_back(Err(error));
                    }
                }
                Ok(StreamPayload::Message(message)) => {
                    self.pending_events
                        .extend(assembler.apply_message(message).into_iter().map(Ok));
                    return self.finish_answer(*assembler);
                }
                Ok(StreamPayload::Error(server)) => return self.fail_with(&server),
                Err(_) if assembler.has_stop_reason() => self.skip_event(),
                Err(error) => {
                    let failed =
                        self.build_error(ModelErrorKind::Protocol, "read a piece of the answer");
                    return self.pending_events.push_back(Err(failed.with_source(error)));
                }
            },
        }
        self.assembler = Some(assembler);
    }

    /// Checks the size of the answer after an event of so many bytes, and records an event without
    /// content.
    fn check_size(
        &mut self,
        event_bytes: usize,
        assembler: &AnswerAssembler,
    ) -> Result<(), ModelError> {
        let received = assembler.received_bytes();
        if received == self.received_bytes {
            let event_bytes = u64::try_from(event_bytes).unwrap_or(u64::MAX);
            self.empty_event_bytes = self.empty_event_bytes.saturating_add(event_bytes);
            self.events.record_keep_alive();
            if let Some(Ok(event)) = self.pending_events.back_mut()
                && *event == ChatEvent::Heartbeat
            {
                *event = ChatEvent::KeepAlive;
            }
        }
        self.received_bytes = received;
        let checked = self.limits.check_bytes(received.saturating_add(self.empty_event_bytes));
        let exchange = || self.events.exchange().clone().with_model(Some(&self.model));
        checked.map_err(|error| error.with_exchange(exchange()))
    }

    /// Skips an event that was not understood.
    fn skip_event(&mut self) {
        self.events.record_unreadable_event();
        self.events.record_keep_alive();
        self.pending_events.push_back(Ok(ChatEvent::KeepAlive));
    }

    fn fail_with(&mut self, server: &ServerErrorMessage) {
        let context = OverflowContext::default();
        let error = stream_error(server, self.events.exchange(), &self.model, context);
        self.pending_events.push_back(Err(error));
    }

    fn finish_answer(&mut self, mut assembler: AnswerAssembler) {
        let message = match assembler.finish_answer() {
            Ok(FinishedAnswer { events, thinking_blocks: thoughts }) => {
                if let Some(ChatEvent::Finished { message, usage, .. }) = events.last() {
                    if let Some(usage) = usage {
                        self.capabilities
                            .record_token_count(self.request_bytes, usage.input_tokens);
                    }
                    if let Some(thoughts) = thoughts {
                        let ready = message.calls.iter().filter_map(|call| match call {
                            EmittedToolCall::Valid(call) => Some(call),
                            EmittedToolCall::Invalid(_) => None,
                        });
                        let calls: Vec<_> = ready.collect();
                        self.capabilities.thinking_cache.store_blocks(
                            &message.text,
                            &calls,
                            thoughts,
                        );
                    }
                }
                return self.pending_events.extend(events.into_iter().map(Ok));
            }
            Err(incomplete) => incomplete.error_message(),
        };
        self.pending_events.push_back(Err(self.build_error(ModelErrorKind::Interrupted, message)));
    }

    /// Parses an event. An event of an unknown kind is ignored, whatever it holds.
    fn read(&mut self, data: &str) -> Result<StreamPayload, serde_json::Error> {
        if is_end_marker(data) {
            return Ok(StreamPayload::Event(Box::default()));
        }
        let is_known = |kind: Option<&str>| kind.is_some_and(|it| ANSWER_EVENT_KINDS.contains(&it));
        if !self.json_parser.has_open_half()
            && let Ok(event) = serde_json::from_str::<MessageEvent>(data)
            && is_known(event.kind.as_deref())
        {
            return Ok(StreamPayload::Event(Box::new(event)));
        }
        if data.contains("content_block_stop")
            && let Some(event) = self.end_open_half()
        {
            return Ok(StreamPayload::Event(Box::new(event)));
        }
        let value = self.json_parser.parse(data)?;
        let kind = value.get("type").and_then(Value::as_str);
        if kind == Some("message") {
            return serde_json::from_value(value).map(StreamPayload::Message);
        }
        if let Some(server) = self.events.parse_server_error(&value) {
            return Ok(StreamPayload::Error(server));
        }
        if is_known(kind) {
            return serde_json::from_value(value).map(StreamPayload::Event);
        }
        Ok(StreamPayload::Event(Box::default()))
    }

    /// The rest of a text whose block ends within a character.
    fn end_open_half(&mut self) -> Option<MessageEvent> {
        let replacement = || Some(char::REPLACEMENT_CHARACTER.to_string());
        let mut delta = EventDelta::default();
        if self.json_parser.abandon_open_half("text") {
            delta.text = replacement();
        }
        if self.json_parser.abandon_open_half("thinking") {
            delta.thinking = replacement();
        }
        let is_open = delta.text.is_some() || delta.thinking.is_some();
        let kind = Some("content_block_delta".to_owned());
        is_open.then(|| MessageEvent { kind, delta, ..MessageEvent::default() })
    }

    fn build_error(&self, kind: ModelErrorKind, message: &str) -> ModelError {
        answer_error(kind, message, self.events.exchange(), &self.model)
    }
}

impl AnswerReader for MessageReader {
    fn ready_events(&mut self) -> &mut ReadyEvents {
        &mut self.pending_events
    }

    async fn read_next(&mut self) -> bool {
        let Some(assembler) = self.assembler.take() else { return false };
        self.read_next_event(assembler).await;
        true
    }
}
