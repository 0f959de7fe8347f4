//! Converts the events of a server to a stream of chat events.

use std::collections::VecDeque;
use std::future::Future;

use futures_util::stream;
use openclaw_core::{ChatEvent, ChatStream, ModelError, ModelErrorKind};
use openclaw_transport::HttpExchange;

use crate::add_proxy_hint;

/// Chat events that are read but not yet delivered.
pub type ReadyEvents = VecDeque<Result<ChatEvent, ModelError>>;

/// Reads the events of one answer in the format of an API.
pub trait AnswerReader: Send {
    /// The events that are read but not yet delivered.
    fn ready_events(&mut self) -> &mut ReadyEvents;

    /// Reads one event of the server, and adds what it means to the ready events. Returns false
    /// when the answer has ended.
    fn read_next(&mut self) -> impl Future<Output = bool> + Send;
}

/// Streams an answer. Events are read only when all earlier ones are delivered, so dropping the
/// stream ends the reading.
pub fn stream_answer<R: AnswerReader + 'static>(reader: R) -> ChatStream {
    // Boxed: moving it with every event would cost more than reading the event.
    Box::pin(stream::unfold(Box::new(reader), |mut reader| async move {
        loop {
            if let Some(item) = reader.ready_events().pop_front() {
                return Some((item, reader));
            }
            if !reader.read_next().await {
                return None;
            }
        }
    }))
}

/// An error that the client found in an answer, with its exchange. A proxy that likely caused it is
/// named.
#[must_use]
pub fn answer_error(
    kind: ModelErrorKind,
    message: &str,
    exchange: &HttpExchange,
    model: &str,
) -> ModelError {
    let error = ModelError::new(kind, message);
    add_proxy_hint(error.with_exchange(exchange.clone().with_model(Some(model))), exchange)
}

/// A stream that ended without a usable answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum IncompleteAnswer {
    /// The stream ended properly, without content.
    NoContent,
    /// The server reports that it aborted the answer.
    Aborted,
    /// The stream broke off.
    Disconnected,
}

impl IncompleteAnswer {
    /// The message of the error: a lower-case fragment that fits "failed to {…}".
    #[must_use]
    pub fn error_message(self) -> &'static str {
        match self {
            Self::NoContent => "get an answer: the stream ended without any content",
            Self::Aborted => "get a whole answer: the server reports that it aborted it",
            Self::Disconnected => {
                "get a whole answer: the server closed the connection in the middle of it"
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use futures_util::StreamExt as _;

    use super::*;

    /// Reads so many heartbeats, two at a time.
    struct Heartbeats {
        left: usize,
        ready: ReadyEvents,
    }

    impl AnswerReader for Heartbeats {
        fn ready_events(&mut self) -> &mut ReadyEvents {
            &mut self.ready
        }

        async fn read_next(&mut self) -> bool {
            let Some(left) = self.left.checked_sub(2) else { return false };
            self.left = left;
            self.ready.extend([Ok(ChatEvent::Heartbeat), Ok(ChatEvent::Heartbeat)]);
            true
        }
    }

    #[tokio::test]
    async fn every_event_is_delivered_once_and_the_stream_ends_with_the_answer() {
        let ready = ReadyEvents::from([Ok(ChatEvent::RequestAccepted)]);
        let events: Vec<_> = stream_answer(Heartbeats { left: 4, ready }).collect().await;
        assert_eq!(events.len(), 5);
        assert_eq!(events.first().unwrap().as_ref().unwrap(), &ChatEvent::RequestAccepted);
    }
}
