//! One request's run through the models of a chain.

use std::sync::Arc;
use std::time::Duration;

use openclaw_core::{ChatModel, ChatRequest, ChatStream, ModelAttempt, ModelErrorKind, ModelRef};
use openclaw_transport::{Endpoint, can_connect};
use tokio::time::Instant;

use super::attempts;
use super::candidates::{CandidateOrder, ChainCandidate};
use super::decision::{FallbackDecision, decide_fallback};
use super::{ConnectedModel, SharedChain};
use crate::breaker::{BreakerFailure, Cooldown};
use crate::error::{ConnectError, SetupError, SetupErrorKind, no_model_error};
use crate::report::ConnectReport;

/// One request's run through the chain. Ends when every model was tried once.
#[derive(Debug)]
pub(super) struct FallbackRun {
    inner: Arc<SharedChain>,
    order: CandidateOrder,
    /// The failed attempts in order. `next` of the last one is not set yet.
    failed_attempts: Vec<ModelAttempt>,
    /// How many of `failed_attempts` are reported.
    reported_count: usize,
    /// The reports that were not taken yet.
    report: ConnectReport,
    /// The error of the last failed attempt.
    error: Option<ConnectError>,
    overflow: Option<OverflowAttempt>,
    /// The servers that were unreachable and probed, and whether they accept connections again.
    probed_servers: Vec<(Endpoint, bool)>,
    /// The models whose failure or cooldown is already reported.
    reported: Vec<usize>,
}

/// The time limit of a probe whether a server accepts connections again. It delays the answer, and
/// only servers on this machine or the local network are probed.
const PROBE_TIMEOUT: Duration = Duration::from_millis(50);

/// The model with the largest window among those that were too small for the prompt.
#[derive(Debug)]
struct OverflowAttempt {
    place: usize,
    window: u32,
    error: ConnectError,
    attempt: ModelAttempt,
}

/// A stream that has started.
pub(super) struct ConnectedStream {
    pub(super) connected: ConnectedModel,
    pub(super) stream: ChatStream,
    pub(super) started_at: Instant,
}

impl FallbackRun {
    /// Starts with the model at index `first`, if given.
    pub(super) fn new(inner: Arc<SharedChain>, first: Option<usize>) -> Self {
        let order = CandidateOrder::new(inner.breaker_keys.len(), first);
        let reported = std::mem::take(&mut inner.lock_state().reported);
        Self {
            inner,
            order,
            failed_attempts: Vec::new(),
            reported_count: 0,
            report: ConnectReport::default(),
            error: None,
            overflow: None,
            probed_servers: Vec::new(),
            reported,
        }
    }

    /// Returns the models whose failure or cooldown is already reported.
    pub(super) fn into_reported(self) -> Vec<usize> {
        self.reported
    }

    /// Takes the reports since the last call.
    pub(super) fn take_report(&mut self) -> ConnectReport {
        let mut report = std::mem::take(&mut self.report);
        report.warnings.extend(self.inner.connector.state_warnings.take_all());
        report
    }

    pub(super) fn shared_chain(&self) -> &SharedChain {
        &self.inner
    }

    pub(super) fn model_ref(&self, place: usize) -> Option<&ModelRef> {
        self.inner.breaker_keys.get(place).map(|circuit| &circuit.reference)
    }

    /// Connects the next model that can be reached.
    pub(super) async fn connect_next(&mut self) -> Result<ConnectedModel, ConnectError> {
        loop {
            let candidate = self.next_candidate().await?;
            if let Some(link) = self.connect_candidate(candidate).await? {
                return Ok(link);
            }
        }
    }

    /// Selects the model to try next, and reports why the ones before it were not enough.
    ///
    /// # Errors
    /// When none is left.
    pub(super) async fn next_candidate(&mut self) -> Result<ChainCandidate, ConnectError> {
        let held = self.current_cooldowns().await;
        let is_held: Vec<bool> = held.iter().map(Option::is_some).collect();
        let Some(candidate) = self.order.next_candidate(&is_held) else {
            return Err(self.finish_with_error());
        };
        // After a context overflow, a larger model is known only once it is connected.
        if self.overflow.is_none() {
            self.report_attempts(Some(candidate.place));
        }
        if !candidate.is_first {
            self.report_skipped(candidate.place, held);
        }
        Ok(candidate)
    }

    /// Connects a model; `None` when it failed and another one may be tried.
    async fn connect_candidate(
        &mut self,
        ChainCandidate { place, is_last, .. }: ChainCandidate,
    ) -> Result<Option<ConnectedModel>, ConnectError> {
        let begun = Instant::now();
        let inner = Arc::clone(&self.inner);
        match inner.connect_model(place, is_last, &mut self.report.warnings).await {
            Err(error) => {
                self.record_failure(place, error, begun)?;
                Ok(None)
            }
            Ok(link) if self.is_too_small(&link.model) => Ok(None),
            Ok(link) => {
                if let Some(overflow) = self.overflow.take() {
                    self.failed_attempts.push(overflow.attempt);
                    self.report_attempts(Some(place));
                }
                Ok(Some(link))
            }
        }
    }

    /// Sends a request to a model; `None` when it failed and another one may be tried.
    pub(super) async fn open_candidate(
        &mut self,
        candidate: ChainCandidate,
        request: &ChatRequest,
    ) -> Result<Option<ConnectedStream>, ConnectError> {
        let Some(link) = self.connect_candidate(candidate).await? else { return Ok(None) };
        let begun = Instant::now();
        self.inner.lock_state().current = Some(link.place);
        let error = match unsupported_request(&link, request) {
            Some(error) => error,
            None => match link.model.stream_chat(request.clone()).await {
                Ok(stream) => {
                    return Ok(Some(ConnectedStream {
                        connected: link,
                        stream,
                        started_at: begun,
                    }));
                }
                Err(error) => ConnectError::Model(error),
            },
        };
        self.record_failure(link.place, error, begun)?;
        Ok(None)
    }

    /// Records a failure.
    ///
    /// # Errors
    /// Returns the failure itself when no other model may be asked.
    pub(super) fn record_failure(
        &mut self,
        place: usize,
        error: ConnectError,
        begun: Instant,
    ) -> Result<(), ConnectError> {
        let inner = Arc::clone(&self.inner);
        let Some(circuit) = inner.breaker_keys.get(place) else { return Err(error) };
        self.reported.push(place);
        let attempt = ModelAttempt {
            reference: circuit.reference.clone(),
            kind: attempts::error_kind(&error).into(),
            problem: attempts::describe_problem(&error),
            hints: attempts::error_hints(&error),
            cooldown: None,
            after: begun.duration_since(inner.started_at),
            duration: begun.elapsed(),
            next: None,
        };
        let breakers = &inner.connector.breakers;
        let failure = BreakerFailure { kind: &attempt.kind, problem: &attempt.problem };
        match decide_fallback(&error, place == 0) {
            FallbackDecision::Stop => {
                let error = self.with_no_fallback_hint(error);
                self.failed_attempts.push(attempt);
                self.report_last_attempt();
                return Err(attempts::chain_error(
                    error,
                    std::mem::take(&mut self.failed_attempts),
                ));
            }
            // With a single model a breaker would not change the order.
            FallbackDecision::TryNext(_) if inner.breaker_keys.len() < 2 => {}
            FallbackDecision::TryNext(blame) => breakers.record_failure(circuit, blame, failure),
            FallbackDecision::SkipUnusable => breakers.pause_model(circuit, failure),
            FallbackDecision::TryLargerWindow => {
                let known = inner.lock_state().connected.get(place).cloned().flatten();
                let known = known.map(|link| link.model.model_info().limits.context_window);
                let window =
                    overflow_window(&error).into_iter().chain(known).min().unwrap_or_default();
                self.overflow = Some(OverflowAttempt { place, window, error, attempt });
                return Ok(());
            }
        }
        self.failed_attempts.push(attempt);
        self.error = Some(error);
        Ok(())
    }

    /// Adds a hint why no other model is asked, if one is left.
    fn with_no_fallback_hint(&self, error: ConnectError) -> ConnectError {
        let is_left = (0..self.inner.breaker_keys.len()).any(|place| self.order.is_untried(place));
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

    /// Returns the cooldown of each model. Unreachable servers on this machine or the local network
    /// are probed, so that they are used again as soon as they are back.
    async fn current_cooldowns(&mut self) -> Vec<Option<Cooldown>> {
        let inner = Arc::clone(&self.inner);
        if inner.breaker_keys.len() < 2 {
            return Vec::new();
        }
        let mut all = inner.connector.breakers.active_cooldowns(&inner.breaker_keys);
        for (place, (held, circuit)) in all.iter_mut().zip(&inner.breaker_keys).enumerate() {
            let is_absent = held.as_ref().is_some_and(|held| held.is_unreachable);
            if let Some(server) = circuit.private_endpoint.as_ref().filter(|_| is_absent)
                && self.order.is_untried(place)
                && self.probe_server(server).await
            {
                *held = None;
            }
        }
        all
    }

    async fn probe_server(&mut self, server: &Endpoint) -> bool {
        if let Some((_, is_back)) = self.probed_servers.iter().find(|(known, _)| known == server) {
            return *is_back;
        }
        let is_back = can_connect(server, PROBE_TIMEOUT).await;
        self.probed_servers.push((server.clone(), is_back));
        is_back
    }

    /// Reports the models before `place` that were skipped because of a cooldown, once each.
    fn report_skipped(&mut self, place: usize, held: Vec<Option<Cooldown>>) {
        for (other, held) in held.into_iter().enumerate().take(place) {
            let Some(held) = held.filter(|_| self.order.is_untried(other)) else { continue };
            let Some(reference) = self.model_ref(other).filter(|_| !self.reported.contains(&other))
            else {
                continue;
            };
            self.report.attempts.push(ModelAttempt {
                reference: reference.clone(),
                kind: attempts::KIND_ON_COOLDOWN.into(),
                problem: held.problem,
                hints: Vec::new(),
                cooldown: Some(held.remaining),
                after: self.inner.started_at.elapsed(),
                duration: Duration::ZERO,
                next: self.model_ref(place).cloned(),
            });
            self.reported.push(other);
        }
    }

    /// Whether a prompt that overflowed another window would overflow this one too.
    fn is_too_small(&self, model: &Arc<dyn ChatModel>) -> bool {
        let overflow = self.overflow.as_ref();
        overflow.is_some_and(|overflow| model.model_info().limits.context_window <= overflow.window)
    }

    /// Returns the final error. A context overflow comes before other errors, because a shorter
    /// prompt can avoid it.
    fn finish_with_error(&mut self) -> ConnectError {
        if let Some(overflow) = self.overflow.take() {
            self.inner.lock_state().current = Some(overflow.place);
            self.failed_attempts.push(overflow.attempt);
            self.error = Some(overflow.error);
        }
        self.report_last_attempt();
        let error = self.error.take().unwrap_or_else(no_model_error);
        attempts::chain_error(error, std::mem::take(&mut self.failed_attempts))
    }

    /// Reports the failed attempts with the model that was tried next.
    fn report_attempts(&mut self, next: Option<usize>) {
        let next = next.and_then(|place| self.model_ref(place)).cloned();
        for attempt in self.failed_attempts.iter_mut().skip(self.reported_count) {
            attempt.next.clone_from(&next);
            self.report.attempts.push(attempt.clone());
        }
        self.reported_count = self.failed_attempts.len();
    }

    /// Reports the last failure, unless it is the only one.
    fn report_last_attempt(&mut self) {
        if self.failed_attempts.len() > 1 {
            self.report_attempts(None);
        }
    }
}

/// The context window that the server named in an overflow error, in tokens.
fn overflow_window(error: &ConnectError) -> Option<u32> {
    match error {
        ConnectError::Model(error) => match error.kind() {
            ModelErrorKind::ContextOverflow { context_window: window, .. } => window,
            _ => None,
        },
        ConnectError::Setup(_) => None,
    }
}

/// Returns why the model cannot take the request; `None` when it can.
fn unsupported_request(link: &ConnectedModel, request: &ChatRequest) -> Option<ConnectError> {
    let info = link.model.model_info();
    let lacks_tools = !request.tools.is_empty() && !info.capabilities.tools;
    lacks_tools.then(|| ConnectError::Setup(no_tools_error(&info.reference)))
}

fn no_tools_error(reference: &ModelRef) -> SetupError {
    let message = format!("call tools with `{reference}`: it takes none");
    SetupError::new(SetupErrorKind::Unable, message).with_hint(
        "`compat.supportsTools` of the model is `false`; without it the server is asked.",
    )
}
