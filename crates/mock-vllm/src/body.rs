//! Response bodies: whole, cut short, or a stream of events with its faults.

use std::collections::VecDeque;
use std::error::Error;
use std::fmt;
use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};

use bytes::Bytes;
use hyper::body::{Frame, SizeHint};
use tokio::sync::OwnedSemaphorePermit;
use tokio::time::{Instant, sleep_until};

use crate::chat::Usage;
use crate::engine::{Engine, Presence};
use crate::metrics::Ticket;
use crate::reply::{Ending, Faults, Pace};
use crate::turn::Finish;

/// What writes the events of an answer one by one.
pub(crate) trait EventSource: Send + fmt::Debug {
    /// The next event with its blank line; `None` after the last.
    fn next(&mut self) -> Option<Bytes>;
    /// What the answer costs.
    fn usage(&self) -> &Usage;
    /// Tokens said in the events so far.
    fn said(&self) -> u32;
    /// Why the model stopped.
    fn finish(&self) -> Finish;
    /// True when all that the model said is out.
    fn is_done(&self) -> bool;
    /// What stands at the end of every stream, whatever was in it.
    fn end_mark(&self) -> Option<&'static str>;
    /// Whether that stands behind an error too.
    fn marks_errors(&self) -> bool {
        true
    }
    /// An error in place of an event; `None` where the connection breaks off instead.
    fn error(&self, message: &str, engine_dies: bool) -> Option<Bytes>;
}

/// The body of any response.
#[derive(Debug)]
pub(crate) struct Body(Inner);

#[derive(Debug)]
enum Inner {
    Whole(Bytes),
    /// These bytes, then the connection is dropped.
    Cut {
        bytes: Bytes,
        is_flushed: bool,
    },
    Events(Box<EventBody>),
}

/// Tells the connection to end without another byte.
#[derive(Debug)]
pub(crate) struct Dropped;

impl fmt::Display for Dropped {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("connection dropped on purpose")
    }
}

impl Error for Dropped {}

impl Body {
    pub(crate) fn whole(bytes: Bytes) -> Self {
        Self(Inner::Whole(bytes))
    }

    /// The first bytes of a whole body whose length was already promised.
    pub(crate) fn cut_at(self, at: usize) -> Self {
        match self.0 {
            Inner::Whole(mut bytes) => {
                bytes.truncate(at);
                Self(Inner::Cut { bytes, is_flushed: false })
            }
            other => Self(other),
        }
    }

    pub(crate) fn events(events: EventBody) -> Self {
        Self(Inner::Events(Box::new(events)))
    }
}

impl hyper::body::Body for Body {
    type Data = Bytes;
    type Error = Dropped;

    fn poll_frame(
        self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Dropped>>> {
        match &mut self.get_mut().0 {
            Inner::Whole(bytes) if bytes.is_empty() => Poll::Ready(None),
            Inner::Whole(bytes) => Poll::Ready(Some(Ok(Frame::data(std::mem::take(bytes))))),
            Inner::Cut { bytes, .. } if !bytes.is_empty() => {
                Poll::Ready(Some(Ok(Frame::data(std::mem::take(bytes)))))
            }
            Inner::Cut { is_flushed, .. } => poll_drop(is_flushed, context),
            Inner::Events(events) => events.poll_chunk(context).map_ok(Frame::data),
        }
    }

    fn is_end_stream(&self) -> bool {
        matches!(&self.0, Inner::Whole(bytes) if bytes.is_empty())
    }

    fn size_hint(&self) -> SizeHint {
        match &self.0 {
            Inner::Whole(bytes) => SizeHint::with_exact(bytes.len() as u64),
            _ => SizeHint::default(),
        }
    }
}

/// Fails one poll late: the connection writes out what it holds when a body is not ready.
fn poll_drop<T>(
    is_flushed: &mut bool,
    context: &mut Context<'_>,
) -> Poll<Option<Result<T, Dropped>>> {
    if std::mem::replace(is_flushed, true) {
        return Poll::Ready(Some(Err(Dropped)));
    }
    context.waker().wake_by_ref();
    Poll::Pending
}

type Wait<T> = Pin<Box<dyn Future<Output = T> + Send>>;

/// A stream of events as the client gets it.
pub(crate) struct EventBody {
    events: Box<dyn EventSource>,
    faults: Faults,
    pace: Pace,
    engine: Arc<Engine>,
    ticket: Ticket,
    presence: Presence,
    seat: Option<Wait<Option<OwnedSemaphorePermit>>>,
    started: Option<Instant>,
    wait: Option<Wait<()>>,
    step: Step,
    index: usize,
    queue: VecDeque<Bytes>,
    counted: u32,
    sent: usize,
    is_flushed: bool,
}

/// What comes next for the current event.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Step {
    Comments,
    Wait,
    Event,
    Over,
    Drop,
}

/// What is needed besides the events.
pub(crate) struct Delivery {
    pub(crate) engine: Arc<Engine>,
    pub(crate) faults: Faults,
    pub(crate) ticket: Ticket,
    pub(crate) presence: Presence,
}

impl EventBody {
    pub(crate) fn new(events: Box<dyn EventSource>, delivery: Delivery) -> Self {
        let Delivery { engine, faults, ticket, presence } = delivery;
        let mut body = Self {
            pace: faults.pace.unwrap_or(engine.pace()),
            events,
            faults,
            engine,
            ticket,
            presence,
            seat: None,
            started: None,
            wait: None,
            step: Step::Comments,
            index: 0,
            queue: VecDeque::new(),
            counted: 0,
            sent: 0,
            is_flushed: false,
        };
        match body.ticket.places() {
            None => body.run(None),
            Some(places) => {
                body.seat = Some(Box::pin(async move { places.acquire_owned().await.ok() }));
            }
        }
        body
    }

    fn run(&mut self, permit: Option<OwnedSemaphorePermit>) {
        let usage = *self.events.usage();
        self.ticket.run(permit, usage.prompt, usage.cached);
    }

    fn poll_chunk(&mut self, context: &mut Context<'_>) -> Poll<Option<Result<Bytes, Dropped>>> {
        if let Some(seat) = &mut self.seat {
            let permit = ready!(seat.as_mut().poll(context));
            self.seat = None;
            self.run(permit);
        }
        loop {
            if let Some(chunk) = self.queue.pop_front() {
                if let Some(chunk) = self.within_cut(chunk) {
                    return Poll::Ready(Some(Ok(chunk)));
                }
                continue;
            }
            if let Some(wait) = &mut self.wait {
                ready!(wait.as_mut().poll(context));
                self.wait = None;
            }
            match self.step {
                Step::Comments => {
                    let count = self.faults.keep_alives_at(self.index);
                    let comment = Bytes::from_static(b": keep-alive\n\n");
                    self.queue.extend(std::iter::repeat_n(comment, count));
                    self.step = Step::Wait;
                }
                Step::Wait => {
                    self.wait = self.wait_for_event();
                    self.step = Step::Event;
                }
                Step::Event => self.take_event(),
                Step::Over => {
                    self.presence.is_served();
                    return Poll::Ready(None);
                }
                Step::Drop => {
                    self.presence.is_served();
                    return poll_drop(&mut self.is_flushed, context);
                }
            }
        }
    }

    /// Puts the current event, or what the script has in its place, into the queue.
    fn take_event(&mut self) {
        match self.faults.ending_at(self.index).cloned() {
            None => {
                let event = self.events.next();
                let said = self.events.said();
                self.ticket.said(said.saturating_sub(self.counted));
                self.counted = said;
                if self.events.is_done() {
                    self.ticket.settle(Some(self.events.finish()));
                }
                let mark = self.events.end_mark().map(str::as_bytes);
                let is_left_out = self.faults.no_done && mark.is_some() && event.as_deref() == mark;
                self.step =
                    if event.is_none() || is_left_out { Step::Over } else { Step::Comments };
                self.queue.extend(event.filter(|_| !is_left_out));
                self.index += 1;
            }
            Some(Ending::Silence) => self.wait = Some(Box::pin(std::future::pending())),
            Some(Ending::HangUp | Ending::NoResponse) => {
                self.ticket.settle(None);
                self.step = Step::Drop;
            }
            Some(Ending::Error { message, engine_dies }) => {
                if engine_dies {
                    self.engine.die();
                }
                self.ticket.settle(None);
                if let Some(event) = self.events.error(&message, engine_dies) {
                    self.queue.push_back(event);
                    if self.events.marks_errors() {
                        self.end_with_done();
                    }
                    self.step = Step::Over;
                } else {
                    self.step = Step::Drop;
                }
            }
            Some(Ending::Done) => {
                self.ticket.settle(None);
                self.end_with_done();
            }
        }
    }

    fn end_with_done(&mut self) {
        if let Some(mark) = self.events.end_mark().filter(|_| !self.faults.no_done) {
            self.queue.push_back(Bytes::from_static(mark.as_bytes()));
        }
        self.step = Step::Over;
    }

    /// What of a chunk lies before the cut.
    fn within_cut(&mut self, mut chunk: Bytes) -> Option<Bytes> {
        if let Some(cut_at) = self.faults.cut_at {
            let left = cut_at.saturating_sub(self.sent);
            if chunk.len() >= left {
                chunk.truncate(left);
                self.queue.clear();
                self.wait = None;
                self.ticket.settle(None);
                self.step = Step::Drop;
            }
        }
        self.sent += chunk.len();
        (!chunk.is_empty()).then_some(chunk)
    }

    /// The pace and the gates ahead of the current event; `None` if it may go at once.
    fn wait_for_event(&mut self) -> Option<Wait<()>> {
        let due = (self.pace != Pace::default() && !self.events.is_done()).then(|| {
            let uncached = self.events.usage().uncached();
            *self.started.get_or_insert_with(Instant::now) + self.pace.due(self.index, uncached)
        });
        let due = due.filter(|due| *due > Instant::now());
        let gates = self.faults.gates_at(self.index);
        if due.is_none() && gates.is_empty() {
            return None;
        }
        Some(Box::pin(async move {
            if let Some(due) = due {
                sleep_until(due).await;
            }
            for gate in gates {
                gate.pass().await;
            }
        }))
    }
}

impl fmt::Debug for EventBody {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("EventBody").field("index", &self.index).finish_non_exhaustive()
    }
}
