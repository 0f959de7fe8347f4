//! Holds a call while its server is away, and goes on with it when the server is back.
//!
//! A server that was never there fails at once. One that served before and is lost (refused,
//! reset, a stream without an end, a dead engine, silence of a process that terminates) is asked
//! for until it lists the model again. Text that was shown is then continued; whatever cannot be
//! continued is begun anew, after [`ChatEvent::Restarted`] has declared it void.
//!
//! No tool runs twice by this: calls are acted on when [`ChatEvent::Finished`] brings them, and a
//! call has one such event however often its answer was begun.
//!
//! A connection that broke while its server was there all the time is another matter. What a
//! proxy cuts off after a minute of silence it would cut off again: such a request is not sent a
//! second time unless an answer had begun.

use std::collections::VecDeque;
use std::mem;
use std::time::Duration;

use openclaw_core::{
    AnswerOutcome, AssistantMessage, ChatEvent, ChatRequest, ModelError, ModelErrorKind,
    ModelTimeoutKind, TokenCount, TokenUsage,
};
use openclaw_transport::TimeLimit;
use tokio::time::{Instant, sleep_until};

use crate::VllmModel;
use crate::backend::VllmBackend;
use crate::continuation::strip_repeated_whitespace;
use crate::idle_monitor::{AnswerItem, IdleMonitoredStream};

/// How often one call may lose its server.
const MAX_OUTAGES: u32 = 5;

/// What a server that is gone says, in lower case.
const ENGINE_DEATH_MARKERS: [&str; 4] =
    ["enginecore", "enginedead", "background loop", "after shutdown"];

/// What is done when a server is lost that served before.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ReconnectPolicy {
    /// The longest wait for its return.
    pub max_wait: TimeLimit,
    /// From one question whether it is back to the next.
    pub poll_interval: Duration,
    /// Whether a call that the server never took is held as well; false lets it fail at once, so
    /// that another model can take it.
    pub retries_unaccepted: bool,
}

/// A call that outlives its server.
pub(crate) struct ResumableCall<M> {
    model: VllmModel<M>,
    request: ChatRequest,
    prompt: TokenCount,
    phase: CallPhase,
    pending_items: VecDeque<AnswerItem>,
    emitted: EmittedAnswer,
    outages: u32,
    is_accepted: bool,
    deadline: Option<(Instant, TimeLimit)>,
}

enum CallPhase {
    Streaming(Box<IdleMonitoredStream>),
    Disconnected(ServerOutage),
    Finished,
}

/// A server that is waited for.
struct ServerOutage {
    since: Instant,
    /// How it was lost.
    error: ModelError,
    /// Nothing says that it went away, so it is asked for at once.
    is_unconfirmed: bool,
}

/// What was shown of the answer.
#[derive(Debug, Default)]
struct EmittedAnswer {
    text: String,
    /// There is more than text: it cannot be continued.
    has_non_text: bool,
    /// The tokens of the text that is being continued.
    continued_tokens: Option<u32>,
    /// Blanks at the end of the text that its continuation may repeat.
    trailing_whitespace: String,
}

impl EmittedAnswer {
    fn is_empty(&self) -> bool {
        self.text.is_empty() && !self.has_non_text
    }
}

impl<M: VllmBackend> ResumableCall<M> {
    /// Begins a call whose prompt has so many tokens.
    pub(crate) fn new(model: VllmModel<M>, request: ChatRequest, prompt: TokenCount) -> Self {
        let total = model.total_limit();
        let deadline =
            total.and_then(|total| Some((Instant::now().checked_add(total.duration)?, total)));
        let answer = model.start_answer(request.clone(), prompt);
        Self {
            model,
            request,
            prompt,
            phase: CallPhase::Streaming(Box::new(answer)),
            pending_items: VecDeque::new(),
            emitted: EmittedAnswer::default(),
            outages: 0,
            is_accepted: false,
            deadline,
        }
    }

    /// The next item; `None` after an error or the end. Not to be cancelled but for good.
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

    /// Notes what is shown, and joins it with what was shown before.
    fn process_event(&mut self, event: ChatEvent) -> Option<ChatEvent> {
        if self.model.reconnect_policy.is_none() {
            return Some(event);
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
            // The rest of an answer is read as one of its own, with a thought at its beginning.
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

    /// Decides what a failure means: the end, a new beginning, or a wait.
    async fn handle_failure(&mut self, error: ModelError, is_server_gone: bool) {
        let is_certain = is_server_gone || is_definite_outage(&error);
        let Some(reconnect_policy) = &self.model.reconnect_policy else {
            return self.fail_call(error);
        };
        if !is_certain && !may_be_outage(&error) {
            // A refusal of a continuation says nothing of the request itself.
            let refused = self.emitted.continued_tokens.is_some() && is_refusal(error.kind());
            return if refused { self.restart_answer() } else { self.fail_call(error) };
        }
        let is_retried = self.is_accepted || reconnect_policy.retries_unaccepted;
        let limit = reconnect_policy.max_wait.duration;
        if !is_retried || !self.model.has_served() || self.outages >= MAX_OUTAGES {
            return self.fail_call(error);
        }
        let is_unconfirmed = !is_certain && self.model.is_served().await;
        if is_unconfirmed && self.emitted.is_empty() {
            return self.fail_call(error);
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

    /// Waits until the server is back, and goes on.
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

    /// Continues the text that was shown, or begins anew.
    async fn resume_answer(&mut self) {
        let text = self.emitted.text.as_str();
        if !self.emitted.has_non_text && !text.trim().is_empty() {
            let asked = (&self.request, self.prompt);
            if let Some((answer, before)) = self.model.continue_answer(asked, text).await {
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
        self.start_streaming(self.model.start_answer(self.request.clone(), self.prompt));
    }

    fn start_streaming(&mut self, answer: IdleMonitoredStream) {
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
        let message = format!(
            "finish the call within {after:?} ({}, from {source})",
            ModelTimeoutKind::Total
        );
        ModelError::new(ModelErrorKind::Timeout { kind: ModelTimeoutKind::Total, after }, message)
            .with_source(error)
    }
}

/// The error of a call whose server stayed away; its cause is how the server was lost.
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

/// Whether the server itself said that it is going, or nothing takes connections.
fn is_definite_outage(error: &ModelError) -> bool {
    let connects = matches!(
        error.kind(),
        ModelErrorKind::Connect | ModelErrorKind::Timeout { kind: ModelTimeoutKind::Connect, .. }
    );
    let server_error = error.http_exchange().and_then(|exchange| exchange.server_error.as_ref());
    let message = server_error.map(|said| said.message.to_lowercase()).unwrap_or_default();
    connects || ENGINE_DEATH_MARKERS.iter().any(|words| message.contains(words))
}

/// Whether an answer broke off without a word, or a proxy finds nobody behind it.
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
        f.debug_struct("Held").field("losses", &self.outages).finish_non_exhaustive()
    }
}
