//! The way of one request from model to model.

use std::sync::Arc;
use std::time::Duration;

use openclaw_core::{ChatModel, ChatRequest, ChatStream, ModelErrorKind, ModelRef};
use openclaw_transport::{Endpoint, takes_connections};
use tokio::time::Instant;

use super::action::{Action, action};
use super::attempts::{self, Attempt};
use super::course::{Course, Turn};
use super::{Inner, Link};
use crate::breaker::{Failure, Held};
use crate::connect::no_model;
use crate::error::{ConnectError, SetupError, SetupErrorKind};

/// The way of one request. Ends when all models were tried, each at most once.
#[derive(Debug)]
pub(super) struct Walk {
    inner: Arc<Inner>,
    course: Course,
    /// What failed, in order. The last one's successor is not known yet.
    failed: Vec<Attempt>,
    /// How many of `failed` are in the record.
    recorded: usize,
    /// The error of the last of `failed`.
    error: Option<ConnectError>,
    overflow: Option<Overflow>,
    /// Which servers take connections again, of those that did not.
    back: Vec<(Endpoint, bool)>,
    /// The places of which it was told why they are not asked, or not now.
    told: Vec<usize>,
}

/// How long it may take to find out whether a server nearby takes connections again.
const LOOK: Duration = Duration::from_millis(50);

/// A model whose window is too small, the largest so far.
#[derive(Debug)]
struct Overflow {
    place: usize,
    window: u32,
    error: ConnectError,
    attempt: Attempt,
}

/// A stream that began.
pub(super) struct Opened {
    pub(super) link: Link,
    pub(super) stream: ChatStream,
    pub(super) begun: Instant,
}

impl Walk {
    /// Begins with the place `first`, if there is one.
    pub(super) fn new(inner: Arc<Inner>, first: Option<usize>) -> Self {
        let course = Course::new(inner.circuits.len(), first);
        let told = std::mem::take(&mut inner.links().told);
        Self {
            inner,
            course,
            failed: Vec::new(),
            recorded: 0,
            error: None,
            overflow: None,
            back: Vec::new(),
            told,
        }
    }

    /// The places of which it was told why they are not asked, or not now.
    pub(super) fn into_told(self) -> Vec<usize> {
        self.told
    }

    pub(super) fn inner(&self) -> &Inner {
        &self.inner
    }

    pub(super) fn reference(&self, place: usize) -> Option<&ModelRef> {
        self.inner.circuits.get(place).map(|circuit| &circuit.reference)
    }

    /// Connects the next model that can be.
    pub(super) async fn connect(&mut self) -> Result<Link, ConnectError> {
        loop {
            let held = self.held().await;
            let is_held: Vec<bool> = held.iter().map(Option::is_some).collect();
            let Some(Turn { place, is_last, is_first }) = self.course.next(&is_held) else {
                return Err(self.give_up());
            };
            // Whether a larger model takes over is seen when its window is known.
            let is_certain = self.overflow.is_none();
            if is_certain {
                self.record(Some(place));
            }
            if !is_first {
                self.tell_held(place, held);
            }
            let begun = Instant::now();
            match self.inner.link(place, is_last).await {
                Err(error) => self.failed(place, error, begun)?,
                Ok(link) if self.is_too_small(&link.model) => {}
                Ok(link) => {
                    if let Some(overflow) = self.overflow.take() {
                        self.failed.push(overflow.attempt);
                        self.record(Some(place));
                    }
                    return Ok(link);
                }
            }
        }
    }

    /// Sends a request to the next model that takes it.
    pub(super) async fn open(&mut self, request: &ChatRequest) -> Result<Opened, ConnectError> {
        loop {
            let link = self.connect().await?;
            let begun = Instant::now();
            self.inner.links().current = Some(link.place);
            match refused(&link, request) {
                Some(error) => self.failed(link.place, error, begun)?,
                None => match link.model.chat(request.clone()).await {
                    Ok(stream) => return Ok(Opened { link, stream, begun }),
                    Err(error) => self.failed(link.place, ConnectError::Model(error), begun)?,
                },
            }
        }
    }

    /// Notes a failure.
    ///
    /// # Errors
    /// When it stands, whatever models are left.
    pub(super) fn failed(
        &mut self,
        place: usize,
        error: ConnectError,
        begun: Instant,
    ) -> Result<(), ConnectError> {
        let inner = Arc::clone(&self.inner);
        let Some(circuit) = inner.circuits.get(place) else { return Err(error) };
        self.told.push(place);
        let attempt = Attempt {
            reference: circuit.reference.clone(),
            kind: attempts::kind(&error),
            problem: attempts::problem(&error),
            hints: attempts::hints(&error),
            held: None,
            after: begun.duration_since(inner.begun),
            duration: begun.elapsed(),
            next: None,
        };
        let breakers = &inner.connector.breakers;
        let failure = Failure { kind: attempt.kind, problem: &attempt.problem };
        match action(&error, place == 0) {
            Action::Stop => {
                let error = self.explained(error);
                self.failed.push(attempt);
                self.record_end();
                return Err(attempts::failure(error, std::mem::take(&mut self.failed)));
            }
            // With a single model there is no order that it could change.
            Action::Next(_) if inner.circuits.len() < 2 => {}
            Action::Next(blame) => breakers.failed(circuit, blame, failure),
            Action::Unusable => breakers.hold(circuit, failure),
            Action::Larger => {
                let known = inner.links().connected.get(place).cloned().flatten();
                let known = known.map(|link| link.model.info().limits.window);
                let window = window(&error).into_iter().chain(known).min().unwrap_or_default();
                self.overflow = Some(Overflow { place, window, error, attempt });
                return Ok(());
            }
        }
        self.failed.push(attempt);
        self.error = Some(error);
        Ok(())
    }

    /// Adds why no other model is asked, where one is left.
    fn explained(&self, error: ConnectError) -> ConnectError {
        let is_left = (0..self.inner.circuits.len()).any(|place| self.course.is_left(place));
        match error {
            ConnectError::Model(error) if is_left => {
                let why = match error.kind() {
                    ModelErrorKind::Timeout { .. } => {
                        "it was a limit of this program that ran out, not the server that failed"
                    }
                    _ => "what is wrong with the request would be wrong with any model",
                };
                ConnectError::Model(error.with_hint(format!("No fallback was asked: {why}.")))
            }
            error => error,
        }
    }

    /// Why models are asked after the others. A server nearby that could not be reached is looked
    /// for, so that it is used again as soon as it is back.
    async fn held(&mut self) -> Vec<Option<Held>> {
        let inner = Arc::clone(&self.inner);
        if inner.circuits.len() < 2 {
            return Vec::new();
        }
        let mut all = inner.connector.breakers.held(&inner.circuits);
        for (place, (held, circuit)) in all.iter_mut().zip(&inner.circuits).enumerate() {
            let is_absent = held.as_ref().is_some_and(|held| held.is_absence);
            if let Some(server) = circuit.near.as_ref().filter(|_| is_absent)
                && self.course.is_left(place)
                && self.is_back(server).await
            {
                *held = None;
            }
        }
        all
    }

    async fn is_back(&mut self, server: &Endpoint) -> bool {
        if let Some((_, is_back)) = self.back.iter().find(|(known, _)| known == server) {
            return *is_back;
        }
        let is_back = takes_connections(server, LOOK).await;
        self.back.push((server.clone(), is_back));
        is_back
    }

    /// Writes down who comes after `place` only because of what failed before, once each.
    fn tell_held(&mut self, place: usize, held: Vec<Option<Held>>) {
        for (other, held) in held.into_iter().enumerate().take(place) {
            let Some(held) = held.filter(|_| self.course.is_left(other)) else { continue };
            let Some(reference) = self.reference(other).filter(|_| !self.told.contains(&other))
            else {
                continue;
            };
            self.inner.attempts.push(Attempt {
                reference: reference.clone(),
                kind: attempts::HELD,
                problem: held.problem,
                hints: Vec::new(),
                held: Some(held.remaining),
                after: self.inner.begun.elapsed(),
                duration: Duration::ZERO,
                next: self.reference(place).cloned(),
            });
            self.told.push(other);
        }
    }

    /// Whether a prompt that did not fit elsewhere would not fit here either.
    fn is_too_small(&self, model: &Arc<dyn ChatModel>) -> bool {
        let overflow = self.overflow.as_ref();
        overflow.is_some_and(|overflow| model.info().limits.window <= overflow.window)
    }

    /// The end, when no model is left. A prompt that did not fit is the reason that a shorter one
    /// can do something about, so it comes before the others.
    fn give_up(&mut self) -> ConnectError {
        if let Some(overflow) = self.overflow.take() {
            self.inner.links().current = Some(overflow.place);
            self.failed.push(overflow.attempt);
            self.error = Some(overflow.error);
        }
        self.record_end();
        let error = self.error.take().unwrap_or_else(no_model);
        attempts::failure(error, std::mem::take(&mut self.failed))
    }

    /// Writes down what failed, now that its successor is known.
    fn record(&mut self, next: Option<usize>) {
        let next = next.and_then(|place| self.reference(place)).cloned();
        for attempt in self.failed.iter_mut().skip(self.recorded) {
            attempt.next.clone_from(&next);
            self.inner.attempts.push(attempt.clone());
        }
        self.recorded = self.failed.len();
    }

    /// Writes down the last failure, if it is not the only one.
    fn record_end(&mut self) {
        if self.failed.len() > 1 {
            self.record(None);
        }
    }
}

/// The window that an overflow was about, as the server said.
fn window(error: &ConnectError) -> Option<u32> {
    match error {
        ConnectError::Model(error) => match error.kind() {
            ModelErrorKind::ContextOverflow { window, .. } => window,
            _ => None,
        },
        ConnectError::Setup(_) => None,
    }
}

/// Why a model cannot be asked this; `None` when it can.
fn refused(link: &Link, request: &ChatRequest) -> Option<ConnectError> {
    let info = link.model.info();
    let lacks_tools = !request.tools.is_empty() && !info.abilities.tools;
    lacks_tools.then(|| ConnectError::Setup(no_tools(&info.reference)))
}

fn no_tools(reference: &ModelRef) -> SetupError {
    let message = format!("call tools with `{reference}`: it takes none");
    SetupError::new(SetupErrorKind::Unable, message).with_hint(
        "`compat.supportsTools` of the model is `false`; without it the server is asked.",
    )
}
