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
    AssistantMessage, ChatEvent, ChatRequest, Clock, ModelError, ModelErrorKind, Outcome,
    TokenCount, Usage,
};
use openclaw_transport::Limit;
use tokio::time::{Instant, sleep_until};

use crate::VllmModel;
use crate::continuation::without_blanks;
use crate::patience::{Item, Patient};
use crate::spoken::Spoken;

/// How often one call may lose its server.
const LOSSES: u32 = 5;

/// What a server that is gone says, in lower case.
const LAST_WORDS: [&str; 4] = ["enginecore", "enginedead", "background loop", "after shutdown"];

/// What is done when a server is lost that served before.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OnLoss {
    /// The longest wait for its return.
    pub wait: Limit,
    /// From one question whether it is back to the next.
    pub poll: Duration,
    /// Whether a call that the server never took is held as well; false lets it fail at once, so
    /// that another model can take it.
    pub holds_unaccepted: bool,
}

/// A call that outlives its server.
pub(crate) struct Held<M> {
    model: VllmModel<M>,
    request: ChatRequest,
    prompt: TokenCount,
    phase: Phase,
    ready: VecDeque<Item>,
    shown: Shown,
    losses: u32,
    is_accepted: bool,
    ends: Option<(Instant, Limit)>,
}

enum Phase {
    Reading(Box<Patient>),
    Holding(Holding),
    Over,
}

/// A server that is waited for.
struct Holding {
    since: Instant,
    /// How it was lost.
    error: ModelError,
    /// Nothing says that it went away, so it is asked for at once.
    is_doubtful: bool,
}

/// What was shown of the answer.
#[derive(Debug, Default)]
struct Shown {
    text: String,
    /// There is more than text: it cannot be continued.
    has_more: bool,
    /// The tokens of the text that is being continued.
    continued: Option<u32>,
    /// Blanks at the end of the text that its continuation may repeat.
    blanks: String,
}

impl Shown {
    fn is_empty(&self) -> bool {
        self.text.is_empty() && !self.has_more
    }
}

impl<M: Spoken> Held<M> {
    /// Begins a call whose prompt has so many tokens.
    pub(crate) fn new(model: VllmModel<M>, request: ChatRequest, prompt: TokenCount) -> Self {
        let total = model.total();
        let ends =
            total.and_then(|total| Some((Instant::now().checked_add(total.duration)?, total)));
        let answer = model.begin(request.clone(), prompt);
        Self {
            model,
            request,
            prompt,
            phase: Phase::Reading(Box::new(answer)),
            ready: VecDeque::new(),
            shown: Shown::default(),
            losses: 0,
            is_accepted: false,
            ends,
        }
    }

    /// The next item; `None` after an error or the end. Not to be cancelled but for good.
    pub(crate) async fn next(&mut self) -> Option<Item> {
        loop {
            if let Some(item) = self.ready.pop_front() {
                return Some(item);
            }
            match mem::replace(&mut self.phase, Phase::Over) {
                Phase::Over => return None,
                Phase::Holding(holding) => self.hold(holding).await,
                Phase::Reading(mut answer) => match answer.next().await {
                    None => {}
                    Some(Err(error)) => self.failed(error, answer.is_dead()).await,
                    Some(Ok(event)) => {
                        self.phase = Phase::Reading(answer);
                        if let Some(event) = self.pass(event) {
                            return Some(Ok(event));
                        }
                    }
                },
            }
        }
    }

    /// Notes what is shown, and joins it with what was shown before.
    fn pass(&mut self, event: ChatEvent) -> Option<ChatEvent> {
        if self.model.on_loss.is_none() {
            return Some(event);
        }
        match event {
            ChatEvent::Accepted => {
                self.model.note_answer();
                let again = mem::replace(&mut self.is_accepted, true);
                Some(if again { ChatEvent::Heartbeat } else { ChatEvent::Accepted })
            }
            ChatEvent::TextDelta(text) if self.shown.blanks.is_empty() => {
                self.shown.text.push_str(&text);
                Some(ChatEvent::TextDelta(text))
            }
            ChatEvent::TextDelta(text) => {
                let text = without_blanks(&mut self.shown.blanks, &text);
                self.shown.text.push_str(text);
                (!text.is_empty()).then(|| ChatEvent::TextDelta(text.to_owned()))
            }
            // The rest of an answer is read as one of its own, with a thought at its beginning.
            ChatEvent::ReasoningDelta(_) | ChatEvent::Resplit if self.shown.continued.is_some() => {
                self.begin_anew();
                None
            }
            ChatEvent::ReasoningDelta(_) | ChatEvent::Resplit | ChatEvent::ToolCallDelta { .. } => {
                self.shown.has_more = true;
                Some(event)
            }
            ChatEvent::Finished { message, outcome, usage } => {
                Some(self.finished(message, outcome, usage))
            }
            event => Some(event),
        }
    }

    fn finished(
        &mut self,
        mut message: AssistantMessage,
        mut outcome: Outcome,
        mut usage: Option<Usage>,
    ) -> ChatEvent {
        if let Some(before) = self.shown.continued {
            message.text = mem::take(&mut self.shown.text);
            outcome = match outcome {
                Outcome::Empty | Outcome::ReasoningOnly => Outcome::Reply,
                Outcome::ReasoningCut => Outcome::Truncated,
                other => other,
            };
            if let Some(usage) = &mut usage {
                usage.input = usage.input.saturating_sub(before);
                usage.output = usage.output.saturating_add(before);
            }
        }
        ChatEvent::Finished { message, outcome, usage }
    }

    /// Decides what a failure means: the end, a new beginning, or a wait.
    async fn failed(&mut self, error: ModelError, is_dead: bool) {
        let is_certain = is_dead || is_last_word(&error);
        let Some(on_loss) = &self.model.on_loss else { return self.fail(error) };
        if !is_certain && !may_be_loss(&error) {
            // A refusal of a continuation says nothing of the request itself.
            let refused = self.shown.continued.is_some() && is_refusal(error.kind());
            return if refused { self.begin_anew() } else { self.fail(error) };
        }
        let is_held = self.is_accepted || on_loss.holds_unaccepted;
        let limit = on_loss.wait.duration;
        if !is_held || !self.model.has_served() || self.losses >= LOSSES {
            return self.fail(error);
        }
        let is_doubtful = !is_certain && self.model.is_served().await;
        if is_doubtful && self.shown.is_empty() {
            return self.fail(error);
        }
        self.losses += 1;
        let left = self.ends.as_ref().map(|(at, _)| at.duration_since(Instant::now()));
        let limit = left.into_iter().chain([limit]).min().unwrap_or(limit);
        self.ready.push_back(Ok(ChatEvent::ServerLost { reason: error.to_string(), limit }));
        self.phase = Phase::Holding(Holding { since: Instant::now(), error, is_doubtful });
    }

    /// Waits until the server is back, and goes on.
    async fn hold(&mut self, holding: Holding) {
        let Some(on_loss) = self.model.on_loss.clone() else { return self.fail(holding.error) };
        let Holding { since, error, mut is_doubtful } = holding;
        let gives_up = since.checked_add(on_loss.wait.duration);
        let ends = self.ends.as_ref().map(|(at, _)| *at);
        while !is_doubtful {
            let now = Instant::now();
            if ends.is_some_and(|at| at <= now) {
                return self.fail(self.out_of_time(error));
            }
            if gives_up.is_some_and(|at| at <= now) {
                return self.fail(never_back(error, &on_loss.wait));
            }
            let asks_at = [Some(now + on_loss.poll), gives_up, ends].into_iter().flatten().min();
            sleep_until(asks_at.unwrap_or(now)).await;
            is_doubtful = self.model.is_served().await;
        }
        self.ready.push_back(Ok(ChatEvent::ServerBack { after: since.elapsed() }));
        self.go_on().await;
    }

    /// Continues the text that was shown, or begins anew.
    async fn go_on(&mut self) {
        let text = self.shown.text.as_str();
        if !self.shown.has_more && !text.trim().is_empty() {
            let asked = (&self.request, self.prompt);
            if let Some((answer, before)) = self.model.go_on(asked, text).await {
                let (_, blanks) = text.split_at(text.trim_end().len());
                self.shown.blanks = String::from(blanks);
                self.shown.continued = Some(before);
                return self.read(answer);
            }
        }
        self.begin_anew();
    }

    fn begin_anew(&mut self) {
        if !mem::take(&mut self.shown).is_empty() {
            self.ready.push_back(Ok(ChatEvent::Restarted));
        }
        self.read(self.model.begin(self.request.clone(), self.prompt));
    }

    fn read(&mut self, answer: Patient) {
        self.phase = Phase::Reading(Box::new(answer.until(self.ends.clone())));
    }

    fn fail(&mut self, error: ModelError) {
        self.phase = Phase::Over;
        self.ready.push_back(Err(error));
    }

    fn out_of_time(&self, error: ModelError) -> ModelError {
        let Some((_, Limit { duration: after, source })) = self.ends.clone() else { return error };
        let message = format!("finish the call within {after:?} ({}, from {source})", Clock::Total);
        ModelError::new(ModelErrorKind::Timeout { clock: Clock::Total, after }, message)
            .with_source(error)
    }
}

/// The error of a call whose server stayed away; its cause is how the server was lost.
fn never_back(error: ModelError, wait: &Limit) -> ModelError {
    let Limit { duration, source } = wait;
    let seconds = duration.as_secs_f64();
    let message = format!("see the lost server back within {seconds} s (from {source})");
    let hints = error.hints().to_vec();
    let failed = ModelError::new(error.kind(), message);
    let failed = match error.exchange() {
        Some(exchange) => failed.with_exchange(exchange.clone()),
        None => failed,
    };
    hints.into_iter().fold(failed, ModelError::with_hint).with_source(error)
}

/// Whether the server itself said that it is going, or nothing takes connections.
fn is_last_word(error: &ModelError) -> bool {
    let connects = matches!(
        error.kind(),
        ModelErrorKind::Connect | ModelErrorKind::Timeout { clock: Clock::Connect, .. }
    );
    let said = error.exchange().and_then(|exchange| exchange.server.as_ref());
    let said = said.map(|said| said.message.to_lowercase()).unwrap_or_default();
    connects || LAST_WORDS.iter().any(|words| said.contains(words))
}

/// Whether an answer broke off without a word, or a proxy finds nobody behind it.
fn may_be_loss(error: &ModelError) -> bool {
    let exchange = error.exchange();
    let status = exchange.and_then(|exchange| exchange.status);
    let is_silent = exchange.is_none_or(|exchange| exchange.server.is_none());
    error.kind() == ModelErrorKind::Interrupted && (is_silent || matches!(status, Some(502..=504)))
}

fn is_refusal(kind: ModelErrorKind) -> bool {
    matches!(kind, ModelErrorKind::Rejected | ModelErrorKind::ContextOverflow { .. })
}

impl<M> std::fmt::Debug for Held<M> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Held").field("losses", &self.losses).finish_non_exhaustive()
    }
}
