//! A streamed answer with its clocks.

use std::error::Error;
use std::fmt;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use bytes::Bytes;
use futures_core::Stream;
use futures_util::StreamExt;
use tokio::time::{Instant, Sleep, sleep_until};

use crate::clocks::{Deadline, earlier};
use crate::framing::{ContentKind, Framing};
use crate::secrets::Secrets;
use crate::{
    Clock, Clocks, Exchange, ServerError, StreamEvent, TransportError, TransportErrorKind,
};

/// The bytes of a body, from wherever they come.
pub(crate) type ByteStream =
    Pin<Box<dyn Stream<Item = Result<Bytes, Box<dyn Error + Send + Sync>>> + Send>>;

/// The events of one answer.
///
/// It ends after the event `[DONE]`, when the body ends, or after an error. A body that ends
/// early is no error here: whether an answer is whole is seen from its content. An answer in JSON
/// from a server that does not stream is one [`StreamEvent::Data`] with the whole body.
///
/// The clock `first_token` runs to the first data, `between_tokens` from then on; a comment
/// starts either anew. Both run while the server is waited for, not while the caller is busy.
///
/// Dropping it closes the connection, unless the answer was read to its end.
pub struct EventStream {
    /// `None` once there is nothing more to come.
    body: Option<ByteStream>,
    framing: Framing,
    exchange: Exchange,
    clocks: Clocks,
    total: Option<Deadline>,
    /// Which clock measures the wait for the next event.
    waiting: Clock,
    /// That clock, since the wait began.
    wait: Option<Deadline>,
    sleep: Option<Pin<Box<Sleep>>>,
    secrets: Secrets,
}

impl EventStream {
    /// Makes a stream of a body whose headers have just arrived.
    pub(crate) fn new(
        body: ByteStream,
        exchange: Exchange,
        clocks: Clocks,
        total: Option<Deadline>,
    ) -> Result<Self, TransportError> {
        match Framing::of(ContentKind::of(exchange.content_type.as_deref())) {
            Ok(framing) => Ok(Self {
                body: Some(body),
                framing,
                exchange,
                clocks,
                total,
                waiting: Clock::FirstToken,
                wait: None,
                sleep: None,
                secrets: Secrets::default(),
            }),
            Err(kind) => Err(TransportError::new(kind, exchange)),
        }
    }

    /// The `x-request-id` header of the answer.
    #[must_use]
    pub fn request_id(&self) -> Option<&str> {
        self.exchange.request_id.as_deref()
    }

    /// Which attempt was answered, from 1.
    #[must_use]
    pub fn attempt(&self) -> u32 {
        self.exchange.attempt
    }

    /// Names what must not be passed on though the server may send it back.
    pub(crate) fn keeping(mut self, secrets: Secrets) -> Self {
        self.secrets = secrets;
        self
    }

    /// Reads an event as an error in place of a piece of the answer, without the client's own
    /// secrets. `None` when it is not one.
    #[must_use]
    pub fn server_error(&self, event: &serde_json::Value) -> Option<ServerError> {
        Some(self.secrets.scrub(ServerError::in_band(event)?))
    }

    /// The exchange so far, for an error that only the reader of the events can see.
    #[must_use]
    pub fn exchange(&self) -> &Exchange {
        &self.exchange
    }

    fn deliver(&mut self, event: StreamEvent) -> StreamEvent {
        self.wait = None;
        if let StreamEvent::Data(data) = &event {
            self.waiting = Clock::BetweenTokens;
            if data == "[DONE]" {
                self.body = None;
            }
        }
        event
    }

    fn fail(&mut self, kind: TransportErrorKind) -> TransportError {
        self.body = None;
        TransportError::new(kind, self.exchange.clone())
    }

    fn expire(&mut self, clock: Clock) -> TransportError {
        self.body = None;
        self.exchange.clone().timeout(clock, &self.clocks)
    }

    /// Waits for the clocks; ready when one of them has run out.
    fn poll_clocks(&mut self, cx: &mut Context<'_>) -> Poll<Clock> {
        if self.wait.is_none() {
            self.wait = self.clocks.start(self.waiting, Instant::now());
        }
        let Some(deadline) = earlier(self.wait, self.total) else { return Poll::Pending };
        let sleep = self.sleep.get_or_insert_with(|| Box::pin(sleep_until(deadline.at)));
        if sleep.deadline() != deadline.at {
            sleep.as_mut().reset(deadline.at);
        }
        ready!(sleep.as_mut().poll(cx));
        Poll::Ready(deadline.clock)
    }
}

impl Stream for EventStream {
    type Item = Result<StreamEvent, TransportError>;

    fn poll_next(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        let this = self.get_mut();
        loop {
            let Some(body) = this.body.as_mut() else { return Poll::Ready(None) };
            match this.framing.next_event() {
                Ok(Some(event)) => return Poll::Ready(Some(Ok(this.deliver(event)))),
                Ok(None) => {}
                Err(kind) => return Poll::Ready(Some(Err(this.fail(kind)))),
            }
            // Bytes that never cease would otherwise keep the clock from being looked at.
            if this.total.is_some_and(|total| total.at <= Instant::now()) {
                return Poll::Ready(Some(Err(this.expire(Clock::Total))));
            }
            match body.poll_next_unpin(cx) {
                Poll::Ready(Some(Ok(chunk))) => {
                    if let Err(kind) = this.framing.push(chunk) {
                        return Poll::Ready(Some(Err(this.fail(kind))));
                    }
                }
                Poll::Ready(Some(Err(cause))) => {
                    let error = this.fail(TransportErrorKind::Interrupted);
                    return Poll::Ready(Some(Err(error.caused_by(cause))));
                }
                Poll::Ready(None) => {
                    this.body = None;
                    return match this.framing.finish() {
                        Ok(event) => Poll::Ready(event.map(Ok)),
                        Err(kind) => Poll::Ready(Some(Err(this.fail(kind)))),
                    };
                }
                Poll::Pending => {
                    let clock = ready!(this.poll_clocks(cx));
                    return Poll::Ready(Some(Err(this.expire(clock))));
                }
            }
        }
    }
}

impl fmt::Debug for EventStream {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("EventStream")
            .field("exchange", &self.exchange)
            .field("ended", &self.body.is_none())
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests;
