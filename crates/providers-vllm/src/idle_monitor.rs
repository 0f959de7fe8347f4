//! Monitors an idle stream: waits for a busy server, and gives up on a dead or stalled one.
//!
//! A long prompt on a small machine, or a queue, may keep a stream idle for minutes. A timeout
//! alone cannot tell that from a server that hangs: it ends the request, and a retry begins the
//! same prompt again. So an idle server is probed (`/health`, `/metrics`): the probe tells whether
//! it queues, reads the prompt, generates or is gone, and the idle timeout ends the call only while
//! the server is not busy. The request is never sent twice.
//!
//! Keep-alives show that something answers, not that it works: they count as long as the server
//! says that it is busy. Where it does not report its load, they extend the idle timeout up to
//! [`KEEP_ALIVE_FACTOR`] times.

mod activity;

use std::error::Error;
use std::pin::Pin;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use futures_util::future::BoxFuture;
use futures_util::{FutureExt, StreamExt};
use openclaw_core::{
    ChatEvent, ChatStream, HttpExchange, ModelError, ModelErrorKind, ServerActivity, TimeoutKind,
};
use openclaw_transport::{KEEP_ALIVE_FACTOR, TimeLimit};
use tokio::time::{Instant, Sleep, sleep_until};

use self::activity::{other_requests, server_activity};
use crate::liveness::{ServerHealth, ServerLoad};

/// How long a stream is idle before the first probe.
const FIRST_PROBE_DELAY: Duration = Duration::from_secs(5);

/// Idle timeouts of one model call, and how often a silent server is probed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct IdlePolicy {
    /// The idle timeout before the first token. It applies while the server does not work on
    /// anything that could be this request, or does not report its load; `None` waits for ever. A
    /// busy server is waited for up to the total timeout.
    pub first_token: Option<TimeLimit>,
    /// The idle timeout between tokens, applied in the same way.
    pub between_tokens: Option<TimeLimit>,
    /// The time between two probes.
    pub probe_interval: Duration,
    /// Whether each answered probe restarts the idle timeout before the first token, where the
    /// server does not report its load. That is right when nobody chose the timeout: a slow server
    /// behind a proxy that hides `/metrics` is then waited for as well.
    pub waits_while_responding: bool,
}

impl IdlePolicy {
    /// Uses one idle timeout for the first token and between tokens.
    #[must_use]
    pub fn new(idle: Option<TimeLimit>, probe_interval: Duration) -> Self {
        Self {
            first_token: idle.clone(),
            between_tokens: idle,
            probe_interval,
            waits_while_responding: false,
        }
    }

    /// The idle timeout, by whether the answer has content.
    fn idle_limit(&self, has_content: bool) -> Option<&TimeLimit> {
        if has_content { self.between_tokens.as_ref() } else { self.first_token.as_ref() }
    }
}

/// Probes a server. The argument tells whether the server has accepted the request.
pub(crate) type HealthProbeFn = Box<dyn Fn(bool) -> BoxFuture<'static, ServerHealth> + Send>;

/// An item of an answer.
pub(crate) type AnswerItem = Result<ChatEvent, ModelError>;

/// A stream whose idle time is monitored.
pub(crate) struct IdleMonitoredStream {
    stream_state: StreamState,
    /// Without a policy there are no probes and no idle timeout.
    idle_policy: Option<IdlePolicy>,
    probe: HealthProbeFn,
    /// The exchange, for errors that arise here.
    exchange: HttpExchange,
    /// The total deadline of the call, where the stream below does not enforce it.
    deadline: Option<(Instant, TimeLimit)>,
    idle_period: Option<IdlePeriod>,
    timer: Option<Pin<Box<Sleep>>>,
    has_content: bool,
    has_begun: bool,
    is_server_gone: bool,
}

enum StreamState {
    Opening(BoxFuture<'static, Result<ChatStream, ModelError>>),
    Open(ChatStream),
    Ended,
}

/// A period in which no content arrives.
struct IdlePeriod {
    since: Instant,
    /// When the last keep-alive arrived.
    last_keep_alive_at: Option<Instant>,
    /// When the server last answered a probe.
    last_response_at: Option<Instant>,
    next_probe_at: Instant,
    probe: Option<BoxFuture<'static, ServerHealth>>,
    /// The server's count of generated tokens at the first probe of the period.
    generated: Option<u64>,
}

impl IdleMonitoredStream {
    /// Monitors a response. Its stream begins with [`ChatEvent::RequestAccepted`].
    pub(crate) fn new(
        response: BoxFuture<'static, Result<ChatStream, ModelError>>,
        exchange: HttpExchange,
        idle_policy: Option<IdlePolicy>,
        probe: HealthProbeFn,
    ) -> Self {
        Self {
            stream_state: StreamState::Opening(response),
            idle_policy,
            probe,
            exchange,
            deadline: None,
            idle_period: None,
            timer: None,
            has_content: false,
            has_begun: false,
            is_server_gone: false,
        }
    }

    /// Sets the deadline of the total timeout.
    pub(crate) fn with_deadline(mut self, deadline: Option<(Instant, TimeLimit)>) -> Self {
        self.deadline = deadline;
        self
    }

    /// Returns whether a probe found the server dead.
    pub(crate) fn is_server_gone(&self) -> bool {
        self.is_server_gone
    }

    /// Returns the next item; `None` after an error or the end.
    pub(crate) async fn next(&mut self) -> Option<AnswerItem> {
        std::future::poll_fn(|cx| self.poll_next(cx)).await
    }

    fn poll_next(&mut self, cx: &mut Context<'_>) -> Poll<Option<AnswerItem>> {
        loop {
            if let Some((end, _)) = self.deadline
                && end <= Instant::now()
            {
                return Poll::Ready(self.expire_deadline());
            }
            // A server that sends keep-alives without a pause is probed too.
            if self.is_probe_due()
                && let Poll::Ready(Some(health)) = self.poll_idle_probe(cx)
                && let Some(item) = self.evaluate_probe(health)
            {
                return Poll::Ready(Some(item));
            }
            match self.stream_state.poll_next(cx) {
                Poll::Ready(Some(Ok(ChatEvent::KeepAlive))) => {
                    self.record_keep_alive();
                    return Poll::Ready(Some(Ok(ChatEvent::KeepAlive)));
                }
                Poll::Ready(item) => {
                    self.idle_period = None;
                    self.record_item(item.as_ref());
                    return Poll::Ready(item);
                }
                Poll::Pending => {}
            }
            let pulse = ready!(self.poll_idle_probe(cx));
            let Some(pulse) = pulse else { continue };
            if let Some(item) = self.evaluate_probe(pulse) {
                return Poll::Ready(Some(item));
            }
        }
    }

    fn record_keep_alive(&mut self) {
        if let Some(idle_policy) = &self.idle_policy {
            let limit = idle_policy.idle_limit(self.has_content);
            let idle_period =
                self.idle_period.get_or_insert_with(|| IdlePeriod::start_period(limit));
            idle_period.last_keep_alive_at = Some(Instant::now());
        }
    }

    /// Returns whether a probe runs or should.
    fn is_probe_due(&self) -> bool {
        self.idle_period
            .as_ref()
            .is_some_and(|period| period.probe.is_some() || period.next_probe_at <= Instant::now())
    }

    fn record_item(&mut self, item: Option<&AnswerItem>) {
        match item {
            Some(Ok(ChatEvent::RequestAccepted)) => self.exchange.status = Some(200),
            Some(Ok(
                ChatEvent::TextDelta(_)
                | ChatEvent::ReasoningDelta(_)
                | ChatEvent::ToolCallDelta { .. },
            )) => self.has_content = true,
            _ => {}
        }
    }

    /// Waits for the next probe and its result; `None` when a timer fired instead.
    fn poll_idle_probe(&mut self, cx: &mut Context<'_>) -> Poll<Option<ServerHealth>> {
        let ends_at = self.deadline.as_ref().map(|(end, _)| *end);
        let mut wakes_at = ends_at;
        if let Some(idle_policy) = &self.idle_policy {
            let limit = idle_policy.idle_limit(self.has_content);
            let idle_period =
                self.idle_period.get_or_insert_with(|| IdlePeriod::start_period(limit));
            match &mut idle_period.probe {
                None => wakes_at = wakes_at.into_iter().chain([idle_period.next_probe_at]).min(),
                // A probe has its own timeout.
                Some(probe) => {
                    if let Poll::Ready(pulse) = probe.poll_unpin(cx) {
                        idle_period.probe = None;
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
        if let Some(silence) = &mut self.idle_period
            && silence.next_probe_at == wakes_at
        {
            let is_accepted = !matches!(self.stream_state, StreamState::Opening(_));
            silence.probe = Some((self.probe)(is_accepted));
        }
        Poll::Ready(None)
    }

    /// Turns the result of a probe into an item; `None` when no period is monitored.
    fn evaluate_probe(&mut self, health: ServerHealth) -> Option<AnswerItem> {
        let load = match health {
            ServerHealth::Dead { cause, .. } => return Some(Err(self.server_gone_error(cause))),
            ServerHealth::Alive(load) => load,
            ServerHealth::QueuedLocally(ahead) => {
                ServerLoad { waiting: Some(ahead.saturating_add(1)), ..ServerLoad::default() }
            }
            ServerHealth::Unknown => ServerLoad::default(),
        };
        let (idle_period, idle_policy) = (self.idle_period.as_mut()?, self.idle_policy.as_ref()?);
        let state = server_activity(&load, self.has_content, self.has_begun, idle_period.generated);
        idle_period.generated = idle_period.generated.or(load.generated);
        self.has_begun |= state == ServerActivity::Prefilling;
        let (now, waited) = (Instant::now(), idle_period.since.elapsed());
        idle_period.next_probe_at = now + idle_policy.probe_interval;
        if load.responds && idle_policy.waits_while_responding && !self.has_content {
            idle_period.last_response_at = Some(now);
        }
        if let Some(idle) = idle_policy.idle_limit(self.has_content) {
            let idle = match idle_period.last_keep_alive_at {
                // Nobody says whether the server is busy, but something says that it lives.
                Some(at) if state == ServerActivity::Unknown && at.elapsed() < idle.duration => {
                    &extend_by_keep_alives(idle)
                }
                _ => idle,
            };
            let is_busy = !matches!(state, ServerActivity::Stalled | ServerActivity::Unknown);
            let idle_since = match idle_period.last_response_at {
                Some(at) if state == ServerActivity::Unknown => at,
                _ => idle_period.since,
            };
            if idle_since.elapsed() >= idle.duration && !is_busy {
                let idle = idle.clone();
                return Some(Err(self.idle_timeout_error(state, idle)));
            }
            let runs_out = idle_since.checked_add(idle.duration);
            if let Some(runs_out) = runs_out.filter(|at| *at > now) {
                idle_period.next_probe_at = idle_period.next_probe_at.min(runs_out);
            }
        }
        Some(Ok(ChatEvent::WaitingForServer {
            activity: state,
            idle_for: waited,
            other_requests: other_requests(&load),
        }))
    }

    fn server_gone_error(&mut self, cause: Box<dyn Error + Send + Sync>) -> ModelError {
        self.stream_state = StreamState::Ended;
        self.is_server_gone = true;
        let message = "get a whole answer: the server is gone";
        ModelError::new(ModelErrorKind::Interrupted, message)
            .with_exchange(self.exchange.clone())
            .with_source(cause)
    }

    fn idle_timeout_error(&mut self, state: ServerActivity, limit: TimeLimit) -> ModelError {
        let (clock, what) = if self.has_content {
            (TimeoutKind::BetweenTokens, "next piece")
        } else {
            (TimeoutKind::FirstToken, "first token")
        };
        let hint = match state {
            ServerActivity::Stalled => {
                "The server is alive and says that it works on nothing that could be this request: \
                 its log may say why."
            }
            _ => {
                "The server does not say whether it is busy: where `/metrics` is within reach, a \
                 busy server is waited for."
            }
        };
        self.timeout_error(clock, &format!("get the {what} of the answer to"), limit)
            .with_hint(hint)
    }

    fn expire_deadline(&mut self) -> Option<AnswerItem> {
        let (_, limit) = self.deadline.take()?;
        Some(Err(self.timeout_error(TimeoutKind::Total, "finish", limit)))
    }

    fn timeout_error(&mut self, clock: TimeoutKind, task: &str, limit: TimeLimit) -> ModelError {
        self.stream_state = StreamState::Ended;
        let HttpExchange { method, url, .. } = &self.exchange;
        let TimeLimit { duration: after, source } = limit;
        let seconds = after.as_secs_f64();
        let message = format!("{task} {method} {url} within {seconds} s ({clock}, from {source})");
        ModelError::new(ModelErrorKind::Timeout { kind: clock, after }, message)
            .with_exchange(self.exchange.clone())
    }
}

impl IdlePeriod {
    fn start_period(limit: Option<&TimeLimit>) -> Self {
        let since = Instant::now();
        let idle = limit.map_or(FIRST_PROBE_DELAY, |limit| limit.duration);
        Self {
            since,
            last_keep_alive_at: None,
            last_response_at: None,
            next_probe_at: since + idle.min(FIRST_PROBE_DELAY),
            probe: None,
            generated: None,
        }
    }
}

impl StreamState {
    fn poll_next(&mut self, cx: &mut Context<'_>) -> Poll<Option<AnswerItem>> {
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

impl std::fmt::Debug for IdleMonitoredStream {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("IdleMonitoredStream")
            .field("idle_policy", &self.idle_policy)
            .finish_non_exhaustive()
    }
}

/// The idle timeout of a server that does not report its load and sends keep-alives.
fn extend_by_keep_alives(idle: &TimeLimit) -> TimeLimit {
    let TimeLimit { duration, source } = idle;
    let source = format!("{KEEP_ALIVE_FACTOR} times {source}; nothing but keep-alives came");
    TimeLimit { duration: duration.saturating_mul(KEEP_ALIVE_FACTOR), source: source.into() }
}

#[cfg(test)]
mod tests;
