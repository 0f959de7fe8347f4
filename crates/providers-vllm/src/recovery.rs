//! Keeps a call alive while its server is down, and resumes it when the server is back.
//!
//! A server that never served fails at once. One that served before and is lost (refused, reset, a
//! stream without an end, a dead engine, a terminating process that falls silent) is polled until
//! it lists the model again. Text that was emitted is then continued; an answer that cannot be
//! continued is restarted, after [`ChatEvent::AnswerReset`] discards what was emitted.
//!
//! No tool runs twice: tool calls run when [`ChatEvent::Finished`] delivers them, and a call has
//! one such event however often its answer restarts.
//!
//! A connection that broke while its server was up is different. A proxy that ended it at its idle
//! timeout would do so again: such a request is resent only if an answer had begun.

use std::collections::VecDeque;
use std::mem;
use std::time::Duration;

use openclaw_core::{
    AnswerOutcome, AssistantMessage, ChatEvent, ChatRequest, ModelError, ModelErrorKind,
    TimeoutKind, TokenCount, TokenUsage,
};
use openclaw_transport::TimeLimit;
use tokio::time::{Instant, sleep_until};

use crate::VllmModel;
use crate::backend::{PreparedPrompt, VllmBackend};
use crate::continuation::strip_repeated_whitespace;
use crate::idle_monitor::{AnswerItem, IdleMonitoredStream};

/// The most outages that one call survives.
const MAX_OUTAGES: u32 = 5;

/// Error texts of a dead engine, in lower case.
const ENGINE_DEATH_MARKERS: [&str; 4] =
    ["enginecore", "enginedead", "background loop", "after shutdown"];

/// How to wait for a lost server that served before.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ReconnectPolicy {
    /// The longest wait for the server's return.
    pub max_wait: TimeLimit,
    /// The time between two polls.
    pub poll_interval: Duration,
    /// Whether a call that the server never accepted waits too. If false, it fails at once, so that
    /// another model can take it.
    pub retries_unaccepted: bool,
}

/// A call that survives outages of its server.
pub(crate) struct ResumableCall<M> {
    model: VllmModel<M>,
    request: ChatRequest,
    prompt: TokenCount,
    phase: CallPhase,
    pending_items: VecDeque<AnswerItem>,
    emitted: EmittedAnswer,
    outages: u32,
    /// The text of the current attempt.
    attempt_text: String,
    /// The text and the error of the last attempt that failed while the server was up.
    last_failure: Option<(String, String)>,
    is_accepted: bool,
    deadline: Option<(Instant, TimeLimit)>,
}

enum CallPhase {
    Streaming(Box<IdleMonitoredStream>),
    Disconnected(ServerOutage),
    Finished,
}

/// An outage of the server.
struct ServerOutage {
    since: Instant,
    /// The error that revealed it.
    error: ModelError,
    /// Whether the server still seems to be up, so that the answer is resumed without a wait.
    is_unconfirmed: bool,
}

/// The part of the answer that was emitted.
#[derive(Debug, Default)]
struct EmittedAnswer {
    text: String,
    /// Whether more than text was emitted, which cannot be continued.
    has_non_text: bool,
    /// The tokens of the text that is being continued, if it is.
    continued_tokens: Option<u32>,
    /// White space at the end of the text, which its continuation may repeat.
    trailing_whitespace: String,
}

impl EmittedAnswer {
    fn is_empty(&self) -> bool {
        self.text.is_empty() && !self.has_non_text
    }
}

impl<M: VllmBackend> ResumableCall<M> {
    /// Starts a call with a prepared request.
    pub(crate) fn new(model: VllmModel<M>, request: ChatRequest, prepared: M::Prepared) -> Self {
        let prompt = prepared.prompt_tokens();
        let total = model.total_limit();
        let deadline =
            total.and_then(|total| Some((Instant::now().checked_add(total.duration)?, total)));
        let answer = model.start_answer(request.clone(), prepared);
        Self {
            model,
            request,
            prompt,
            phase: CallPhase::Streaming(Box::new(answer)),
            pending_items: VecDeque::new(),
            emitted: EmittedAnswer::default(),
            outages: 0,
            attempt_text: String::new(),
            last_failure: None,
            is_accepted: false,
            deadline,
        }
    }

    /// Returns the next item; `None` after an error or the end. Not cancel-safe: after dropping the
    /// future the call must be dropped too.
    pub(crate) async fn next(&mut self) -> Option<AnswerItem> {
        loop {
            if let Some(item) = self.pending_items.pop_front() {
                return Some(item);
            }
            match mem::replace(&mut self.phase, CallPhase::Finished) {
                CallPhase::Finished => return None,
                CallPhase::Disconnected(holding) => self.wait_for_server(holding).await,
                CallPhase::Streaming(mut answer) => match answer.next().await {
                    None => {}
                    Some(Err(error)) => self.handle_failure(error, answer.is_server_gone()).await,
                    Some(Ok(event)) => {
                        self.phase = CallPhase::Streaming(answer);
                        if let Some(event) = self.process_event(event) {
                            return Some(Ok(event));
                        }
                    }
                },
            }
        }
    }

    /// Records an emitted event, and joins a continuation with the text before it.
    fn process_event(&mut self, event: ChatEvent) -> Option<ChatEvent> {
        if self.model.reconnect_policy.is_none() {
            return Some(event);
        }
        if let ChatEvent::TextDelta(text) = &event {
            self.attempt_text.push_str(text);
        }
        match event {
            ChatEvent::RequestAccepted => {
                self.model.record_answer();
                let again = mem::replace(&mut self.is_accepted, true);
                Some(if again { ChatEvent::Heartbeat } else { ChatEvent::RequestAccepted })
            }
            ChatEvent::TextDelta(text) if self.emitted.trailing_whitespace.is_empty() => {
                self.emitted.text.push_str(&text);
                Some(ChatEvent::TextDelta(text))
            }
            ChatEvent::TextDelta(text) => {
                let text = strip_repeated_whitespace(&mut self.emitted.trailing_whitespace, &text);
                self.emitted.text.push_str(text);
                (!text.is_empty()).then(|| ChatEvent::TextDelta(text.to_owned()))
            }
            // The rest was parsed as a new answer that begins with reasoning, so it does not fit
            // the text.
            ChatEvent::ReasoningDelta(_) | ChatEvent::ReasoningReclassified
                if self.emitted.continued_tokens.is_some() =>
            {
                self.restart_answer();
                None
            }
            ChatEvent::ReasoningDelta(_)
            | ChatEvent::ReasoningReclassified
            | ChatEvent::ToolCallDelta { .. } => {
                self.emitted.has_non_text = true;
                Some(event)
            }
            ChatEvent::Finished { message, outcome, usage } => {
                Some(self.finish_event(message, outcome, usage))
            }
            event => Some(event),
        }
    }

    fn finish_event(
        &mut self,
        mut message: AssistantMessage,
        mut outcome: AnswerOutcome,
        mut usage: Option<TokenUsage>,
    ) -> ChatEvent {
        if let Some(before) = self.emitted.continued_tokens {
            message.text = mem::take(&mut self.emitted.text);
            outcome = match outcome {
                AnswerOutcome::Empty | AnswerOutcome::ReasoningOnly => AnswerOutcome::Reply,
                AnswerOutcome::ReasoningTruncated => AnswerOutcome::Truncated,
                other => other,
            };
            if let Some(usage) = &mut usage {
                usage.input_tokens = usage.input_tokens.saturating_sub(before);
                usage.output_tokens = usage.output_tokens.saturating_add(before);
            }
        }
        ChatEvent::Finished { message, outcome, usage }
    }

    /// Handles a failure: ends the call, restarts the answer, or waits for the server.
    async fn handle_failure(&mut self, error: ModelError, is_server_gone: bool) {
        let is_certain = is_server_gone || is_definite_outage(&error);
        let Some(reconnect_policy) = &self.model.reconnect_policy else {
            return self.fail_call(error);
        };
        if !is_certain && !may_be_outage(&error) {
            // A refused continuation does not mean that the request itself is refused.
            let refused = self.emitted.continued_tokens.is_some() && is_refusal(error.kind());
            return if refused { self.restart_answer() } else { self.fail_call(error) };
        }
        let is_retried = self.is_accepted || reconnect_policy.retries_unaccepted;
        let limit = reconnect_policy.max_wait.duration;
        if !is_retried || !self.model.has_served() || self.outages >= MAX_OUTAGES {
            return self.fail_call(error);
        }
        let is_unconfirmed = !is_certain && self.model.is_served().await;
        if is_unconfirmed {
            let failure = Some((mem::take(&mut self.attempt_text), error.to_string()));
            // A server that is up fails in the same way again.
            if self.emitted.is_empty() || self.last_failure == failure {
                return self.fail_call(error);
            }
            self.last_failure = failure;
        }
        self.outages += 1;
        let left = self.deadline.as_ref().map(|(at, _)| at.duration_since(Instant::now()));
        let limit = left.into_iter().chain([limit]).min().unwrap_or(limit);
        self.pending_items.push_back(Ok(ChatEvent::ServerDisconnected {
            reason: error.to_string(),
            max_wait: limit,
        }));
        self.phase =
            CallPhase::Disconnected(ServerOutage { since: Instant::now(), error, is_unconfirmed });
    }

    /// Waits until the server is back, and resumes the answer.
    async fn wait_for_server(&mut self, outage: ServerOutage) {
        let Some(reconnect_policy) = self.model.reconnect_policy.clone() else {
            return self.fail_call(outage.error);
        };
        let ServerOutage { since, error, mut is_unconfirmed } = outage;
        let gives_up_at = since.checked_add(reconnect_policy.max_wait.duration);
        let ends_at = self.deadline.as_ref().map(|(at, _)| *at);
        while !is_unconfirmed {
            let now = Instant::now();
            if ends_at.is_some_and(|at| at <= now) {
                return self.fail_call(self.total_timeout_error(error));
            }
            if gives_up_at.is_some_and(|at| at <= now) {
                return self.fail_call(reconnect_timeout_error(error, &reconnect_policy.max_wait));
            }
            let next_poll_at = [Some(now + reconnect_policy.poll_interval), gives_up_at, ends_at]
                .into_iter()
                .flatten()
                .min();
            sleep_until(next_poll_at.unwrap_or(now)).await;
            is_unconfirmed = self.model.is_served().await;
        }
        self.pending_items
            .push_back(Ok(ChatEvent::ServerReconnected { downtime: since.elapsed() }));
        self.resume_answer().await;
    }

    /// Continues the emitted text, or restarts the answer.
    async fn resume_answer(&mut self) {
        let text = self.emitted.text.as_str();
        if !self.emitted.has_non_text && !text.trim().is_empty() {
            let continued = self.model.continue_answer(&self.request, self.prompt, text).await;
            if let Some((answer, before)) = continued {
                let (_, trailing_whitespace) = text.split_at(text.trim_end().len());
                self.emitted.trailing_whitespace = String::from(trailing_whitespace);
                self.emitted.continued_tokens = Some(before);
                return self.start_streaming(answer);
            }
        }
        self.restart_answer();
    }

    fn restart_answer(&mut self) {
        if !mem::take(&mut self.emitted).is_empty() {
            self.pending_items.push_back(Ok(ChatEvent::AnswerReset));
        }
        self.start_streaming(self.model.restart_answer(self.request.clone()));
    }

    fn start_streaming(&mut self, answer: IdleMonitoredStream) {
        self.attempt_text.clear();
        self.phase = CallPhase::Streaming(Box::new(answer.with_deadline(self.deadline.clone())));
    }

    fn fail_call(&mut self, error: ModelError) {
        self.phase = CallPhase::Finished;
        self.pending_items.push_back(Err(error));
    }

    fn total_timeout_error(&self, error: ModelError) -> ModelError {
        let Some((_, TimeLimit { duration: after, source })) = self.deadline.clone() else {
            return error;
        };
        let message =
            format!("finish the call within {after:?} ({}, from {source})", TimeoutKind::Total);
        ModelError::new(ModelErrorKind::Timeout { kind: TimeoutKind::Total, after }, message)
            .with_source(error)
    }
}

/// The error of a server that did not return in time; its cause is the error of the outage.
fn reconnect_timeout_error(error: ModelError, wait: &TimeLimit) -> ModelError {
    let TimeLimit { duration, source } = wait;
    let seconds = duration.as_secs_f64();
    let message = format!("see the lost server back within {seconds} s (from {source})");
    let hints = error.hints().to_vec();
    let failed = ModelError::new(error.kind(), message);
    let failed = match error.http_exchange() {
        Some(exchange) => failed.with_exchange(exchange.clone()),
        None => failed,
    };
    hints.into_iter().fold(failed, ModelError::with_hint).with_source(error)
}

/// Returns whether the server reported its shutdown, or accepts no connection.
fn is_definite_outage(error: &ModelError) -> bool {
    let connects = matches!(
        error.kind(),
        ModelErrorKind::Connect | ModelErrorKind::Timeout { kind: TimeoutKind::Connect, .. }
    );
    let server_error = error.http_exchange().and_then(|exchange| exchange.server_error.as_ref());
    let message = server_error.map(|said| said.message.to_lowercase()).unwrap_or_default();
    connects || ENGINE_DEATH_MARKERS.iter().any(|words| message.contains(words))
}

/// Returns whether an answer broke off without an error, or a proxy found no server.
fn may_be_outage(error: &ModelError) -> bool {
    let exchange = error.http_exchange();
    let status = exchange.and_then(|exchange| exchange.status);
    let is_silent = exchange.is_none_or(|exchange| exchange.server_error.is_none());
    error.kind() == ModelErrorKind::Interrupted && (is_silent || matches!(status, Some(502..=504)))
}

fn is_refusal(kind: ModelErrorKind) -> bool {
    matches!(kind, ModelErrorKind::Rejected | ModelErrorKind::ContextOverflow { .. })
}

impl<M> std::fmt::Debug for ResumableCall<M> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("ResumableCall").field("outages", &self.outages).finish_non_exhaustive()
    }
}
