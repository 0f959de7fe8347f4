//! Waits for a server that is alive and busy, and not for one that is dead.
//!
//! A long prompt on a small machine is silence for minutes, and so is a queue. A clock alone
//! cannot tell them from a server that hangs: it ends the request, and whoever sends it again
//! begins the same prompt anew, for ever. Here silence is looked into instead. A question on the
//! side (`/health`, `/metrics`) tells whether the server queues, reads, generates or is gone; the
//! clock counts only where the server is not busy. Nothing is sent a second time.

use std::error::Error;
use std::pin::Pin;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use futures_util::future::BoxFuture;
use futures_util::{FutureExt, StreamExt};
use openclaw_core::{
    ChatEvent, ChatStream, Clock, HttpExchange, ModelError, ModelErrorKind, Waiting,
};
use openclaw_transport::Limit;
use tokio::time::{Instant, Sleep, sleep_until};

use crate::liveness::{Load, Pulse};

/// How long nothing must arrive before the server is asked why.
const SILENCE: Duration = Duration::from_secs(5);

/// How silence is borne.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Patience {
    /// The longest wait for the first token while the server is not busy with anything that could
    /// be this request, or does not say; `None` waits for ever. A busy server is waited for as
    /// long as the call may take in all.
    pub first_token: Option<Limit>,
    /// The same between tokens.
    pub between_tokens: Option<Limit>,
    /// From one question on the side to the next.
    pub probe_every: Duration,
}

impl Patience {
    /// The same limit for the first token and between tokens.
    #[must_use]
    pub fn new(idle: Option<Limit>, probe_every: Duration) -> Self {
        Self { first_token: idle.clone(), between_tokens: idle, probe_every }
    }

    /// The limit for an answer that has content or not.
    fn limit(&self, has_content: bool) -> Option<&Limit> {
        if has_content { self.between_tokens.as_ref() } else { self.first_token.as_ref() }
    }
}

/// Asks a server how it is, on behalf of a request that it took or has not taken yet.
pub(crate) type Ask = Box<dyn Fn(bool) -> BoxFuture<'static, Pulse> + Send>;

/// An item of an answer.
pub(crate) type Item = Result<ChatEvent, ModelError>;

/// An answer that is waited for with patience.
pub(crate) struct Patient {
    events: Events,
    /// Without it nothing is asked and nothing ends.
    patience: Option<Patience>,
    ask: Ask,
    /// The request, for errors that only this sees.
    exchange: HttpExchange,
    /// The end of the call as a whole, where nothing below knows of it.
    until: Option<(Instant, Limit)>,
    silence: Option<Silence>,
    timer: Option<Pin<Box<Sleep>>>,
    has_content: bool,
    has_begun: bool,
    is_dead: bool,
}

enum Events {
    Opening(BoxFuture<'static, Result<ChatStream, ModelError>>),
    Open(ChatStream),
    Ended,
}

/// A time in which nothing arrives.
struct Silence {
    since: Instant,
    asks_at: Instant,
    question: Option<BoxFuture<'static, Pulse>>,
    /// What was generated when first asked.
    generated: Option<u64>,
}

impl Patient {
    /// Waits for the answer that `opening` opens; the first item is then [`ChatEvent::Accepted`].
    pub(crate) fn new(
        opening: BoxFuture<'static, Result<ChatStream, ModelError>>,
        exchange: HttpExchange,
        patience: Option<Patience>,
        ask: Ask,
    ) -> Self {
        Self {
            events: Events::Opening(opening),
            patience,
            ask,
            exchange,
            until: None,
            silence: None,
            timer: None,
            has_content: false,
            has_begun: false,
            is_dead: false,
        }
    }

    /// Ends the wait at a time, by the clock `total`.
    pub(crate) fn until(mut self, end: Option<(Instant, Limit)>) -> Self {
        self.until = end;
        self
    }

    /// Whether the server was found to be gone.
    pub(crate) fn is_dead(&self) -> bool {
        self.is_dead
    }

    /// The next item; `None` after an error or the end.
    pub(crate) async fn next(&mut self) -> Option<Item> {
        std::future::poll_fn(|cx| self.poll_next(cx)).await
    }

    fn poll_next(&mut self, cx: &mut Context<'_>) -> Poll<Option<Item>> {
        loop {
            if let Some((end, _)) = self.until
                && end <= Instant::now()
            {
                return Poll::Ready(self.end_of_time());
            }
            match self.events.poll_next(cx) {
                Poll::Ready(item) => {
                    self.silence = None;
                    self.note(item.as_ref());
                    return Poll::Ready(item);
                }
                Poll::Pending => {}
            }
            let pulse = ready!(self.poll_silence(cx));
            let Some(pulse) = pulse else { continue };
            if let Some(item) = self.judge(pulse) {
                return Poll::Ready(Some(item));
            }
        }
    }

    fn note(&mut self, item: Option<&Item>) {
        match item {
            Some(Ok(ChatEvent::Accepted)) => self.exchange.status = Some(200),
            Some(Ok(
                ChatEvent::TextDelta(_)
                | ChatEvent::ReasoningDelta(_)
                | ChatEvent::ToolCallDelta { .. },
            )) => self.has_content = true,
            _ => {}
        }
    }

    /// Waits for the next question and its answer; `None` when a timer ran out instead.
    fn poll_silence(&mut self, cx: &mut Context<'_>) -> Poll<Option<Pulse>> {
        let ends_at = self.until.as_ref().map(|(end, _)| *end);
        let mut wakes_at = ends_at;
        if let Some(patience) = &self.patience {
            let limit = patience.limit(self.has_content);
            let silence = self.silence.get_or_insert_with(|| Silence::begin(limit));
            match &mut silence.question {
                None => wakes_at = wakes_at.into_iter().chain([silence.asks_at]).min(),
                // It is bounded by itself.
                Some(question) => {
                    if let Poll::Ready(pulse) = question.poll_unpin(cx) {
                        silence.question = None;
                        return Poll::Ready(Some(pulse));
                    }
                }
            }
        }
        let Some(wakes_at) = wakes_at else { return Poll::Pending };
        let timer = self.timer.get_or_insert_with(|| Box::pin(sleep_until(wakes_at)));
        if timer.deadline() != wakes_at {
            timer.as_mut().reset(wakes_at);
        }
        ready!(timer.poll_unpin(cx));
        if let Some(silence) = &mut self.silence
            && silence.asks_at == wakes_at
        {
            let is_taken = !matches!(self.events, Events::Opening(_));
            silence.question = Some((self.ask)(is_taken));
        }
        Poll::Ready(None)
    }

    /// What an answer to a question means; `None` when the call ends elsewhere.
    fn judge(&mut self, pulse: Pulse) -> Option<Item> {
        let load = match pulse {
            Pulse::Dead { cause, .. } => return Some(Err(self.dead(cause))),
            Pulse::Alive(load) => load,
            Pulse::InLine(ahead) => {
                Load { waiting: Some(ahead.saturating_add(1)), ..Load::default() }
            }
            Pulse::Unknown => Load::default(),
        };
        let (silence, patience) = (self.silence.as_mut()?, self.patience.as_ref()?);
        let state = state(&load, self.has_content, self.has_begun, silence.generated);
        silence.generated = silence.generated.or(load.generated);
        self.has_begun |= state == Waiting::Prefilling;
        let (now, waited) = (Instant::now(), silence.since.elapsed());
        silence.asks_at = now + patience.probe_every;
        if let Some(idle) = patience.limit(self.has_content) {
            let is_busy = !matches!(state, Waiting::Stalled | Waiting::Unknown);
            if waited >= idle.duration && !is_busy {
                let idle = idle.clone();
                return Some(Err(self.timeout(state, idle)));
            }
            let runs_out = silence.since.checked_add(idle.duration);
            if let Some(runs_out) = runs_out.filter(|at| *at > now) {
                silence.asks_at = silence.asks_at.min(runs_out);
            }
        }
        Some(Ok(ChatEvent::Waiting { state, waited, ahead: others(&load) }))
    }

    fn dead(&mut self, cause: Box<dyn Error + Send + Sync>) -> ModelError {
        self.events = Events::Ended;
        self.is_dead = true;
        let message = "get a whole answer: the server is gone";
        ModelError::new(ModelErrorKind::Interrupted, message)
            .with_exchange(self.exchange.clone())
            .with_source(cause)
    }

    fn timeout(&mut self, state: Waiting, limit: Limit) -> ModelError {
        let (clock, what) = if self.has_content {
            (Clock::BetweenTokens, "next piece")
        } else {
            (Clock::FirstToken, "first token")
        };
        let hint = match state {
            Waiting::Stalled => {
                "The server is alive and says that it works on nothing that could be this request: \
                 its log may say why."
            }
            _ => {
                "The server does not say whether it is busy: where `/metrics` is within reach, a \
                 busy server is waited for."
            }
        };
        self.out_of_time(clock, &format!("get the {what} of the answer to"), limit).with_hint(hint)
    }

    fn end_of_time(&mut self) -> Option<Item> {
        let (_, limit) = self.until.take()?;
        Some(Err(self.out_of_time(Clock::Total, "finish", limit)))
    }

    fn out_of_time(&mut self, clock: Clock, task: &str, limit: Limit) -> ModelError {
        self.events = Events::Ended;
        let HttpExchange { method, url, .. } = &self.exchange;
        let Limit { duration: after, source } = limit;
        let seconds = after.as_secs_f64();
        let message = format!("{task} {method} {url} within {seconds} s ({clock}, from {source})");
        ModelError::new(ModelErrorKind::Timeout { clock, after }, message)
            .with_exchange(self.exchange.clone())
    }
}

impl Silence {
    fn begin(limit: Option<&Limit>) -> Self {
        let since = Instant::now();
        let idle = limit.map_or(SILENCE, |limit| limit.duration);
        Self { since, asks_at: since + idle.min(SILENCE), question: None, generated: None }
    }
}

impl Events {
    fn poll_next(&mut self, cx: &mut Context<'_>) -> Poll<Option<Item>> {
        loop {
            match self {
                Self::Ended => return Poll::Ready(None),
                Self::Open(stream) => {
                    let item = ready!(stream.poll_next_unpin(cx));
                    if !matches!(item, Some(Ok(_))) {
                        *self = Self::Ended;
                    }
                    return Poll::Ready(item);
                }
                Self::Opening(opening) => match ready!(opening.poll_unpin(cx)) {
                    Ok(stream) => *self = Self::Open(stream),
                    Err(error) => {
                        *self = Self::Ended;
                        return Poll::Ready(Some(Err(error)));
                    }
                },
            }
        }
    }
}

impl std::fmt::Debug for Patient {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Patient").field("patience", &self.patience).finish_non_exhaustive()
    }
}

/// How many of the requests that a server has are others'.
fn others(load: &Load) -> Option<u32> {
    let all = load.running.unwrap_or(0).saturating_add(load.waiting.unwrap_or(0));
    load.running.or(load.waiting).map(|_| all.saturating_sub(1))
}

/// What a server with this load seems to do with a request that has content or not, that was seen
/// to have begun or not, since so much was generated.
fn state(load: &Load, has_content: bool, has_begun: bool, generated: Option<u64>) -> Waiting {
    if load.running.or(load.waiting).is_none() {
        return Waiting::Unknown;
    }
    let (running, waiting) = (load.running.unwrap_or(0), load.waiting.unwrap_or(0));
    if running + waiting == 0 {
        return Waiting::Stalled;
    }
    if has_content {
        // Alone on the server, with not one token more since it was asked before.
        let alone = running + waiting == 1;
        let stands = generated.is_some() && generated == load.generated;
        return if alone && stands { Waiting::Stalled } else { Waiting::Generating };
    }
    if waiting > 0 && (running == 0 || !has_begun) { Waiting::Queued } else { Waiting::Prefilling }
}

#[cfg(test)]
mod tests;
